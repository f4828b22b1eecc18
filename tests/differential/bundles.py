"""Do this program and ``pymacaroons`` agree on whether discharges answer a token's caveats?

Tokens with third-party caveats, also within discharges, sent with the right discharges or with ones
that are missing, bound to something else or not at all, made with another key, or sent twice.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any, Final

from nacl.secret import SecretBox
from pymacaroons import Verifier
from pymacaroons.serializers import BinarySerializer

from l402tui.protocol.discharge import examine, read_bundle
from l402tui.protocol.errors import MacaroonError
from tests.differential.macaroon_writer import Parts, derive, sign, sign_both
from tests.differential.table import Difference, Reading, Report, Row, judge

NO_KEY: Final = bytes(32)


@dataclass
class Draft:
    """A token and its discharges while they are made."""

    rng: random.Random
    asked: list[tuple[bytes, bytes]] = field(default_factory=list)
    """The questions in the order in which they were put, each with its third party's key."""
    answers: list[Parts] = field(default_factory=list)

    def macaroon(self, key: bytes, identifier: bytes, depth: int) -> Parts:
        """A macaroon whose third-party caveats are answered in :attr:`answers`."""
        rng = self.rng
        caveats: list[tuple[bytes, bytes | None, bytes | None]] = []
        for _ in range(rng.choice((0, 1, 1, 2)) if depth else rng.randint(1, 3)):
            if rng.random() < (0.7, 0.3, 0.1)[depth]:
                caveats.append(self.question(key, identifier, tuple(caveats), depth))
            else:
                caveats.append((rng.choice((b"a=b", b"service=x", b"")), None, None))
        signature = sign(key, identifier, tuple(caveats))
        return Parts(b"here", identifier, tuple(caveats), signature)

    def question(
        self, key: bytes, identifier: bytes, before: tuple[Any, ...], depth: int
    ) -> tuple[bytes, bytes, bytes]:
        """A third-party caveat, and its answer put where it belongs."""
        rng = self.rng
        repeats = bool(self.asked) and rng.random() < 0.05
        fresh = b"question %d" % len(self.asked), rng.randbytes(16)
        cid, third = rng.choice(self.asked) if repeats else fresh
        self.asked.append((cid, third))
        box = SecretBox(sign(key, identifier, before))
        vid = bytes(box.encrypt(derive(third), nonce=rng.randbytes(24)))
        made_with = third if rng.random() < 0.95 else rng.randbytes(16)
        if depth < 2 and not repeats:
            self.answers.append(self.macaroon(made_with, cid, depth + 1))
        return cid, vid, b"https://auth.example/"


def random_bundle(rng: random.Random) -> tuple[bytes, list[bytes]]:
    """A root key and the macaroons in bytes, the token first."""
    draft, key = Draft(rng), rng.randbytes(32)
    root = draft.macaroon(key, b"root", 0)
    sent = []
    for answer in draft.answers:
        binding = root.signature if rng.random() < 0.96 else rng.randbytes(32)
        bound = replace(answer, signature=sign_both(NO_KEY, binding, answer.signature))
        sent.append(answer if rng.random() < 0.03 else bound)
    fault = rng.random()
    if fault < 0.04 and sent:
        sent.pop(rng.randrange(len(sent)))
    elif fault < 0.08 and sent:
        sent.append(rng.choice(sent))
    elif fault < 0.12:
        sent.append(Parts(b"", b"nobody asked", (), rng.randbytes(32)))
    rng.shuffle(sent)
    return key if rng.random() < 0.96 else rng.randbytes(32), [p.v2() for p in (root, *sent)]


def _ours(key: bytes, macaroons: list[bytes]) -> Reading:
    try:
        bundle = read_bundle(b"".join(macaroons))
    except MacaroonError as error:
        return Reading(None, error.why)
    return Reading({"verified": examine(bundle, key).verified})


def _theirs(key: bytes, macaroons: list[bytes]) -> Reading:
    root, *discharges = (BinarySerializer().deserialize_raw(raw) for raw in macaroons)
    return Reading({"verified": _verified(key, root, discharges)})


def _verified(key: bytes, root: Any, discharges: list[Any]) -> bool:
    verifier = Verifier()
    verifier.satisfy_general(lambda _: True)
    try:
        return bool(verifier.verify(root, key, discharges))
    except Exception:
        return False


def _asked_twice(questions: list[bytes], difference: Difference) -> bool:
    return difference.ours is False and len(set(questions)) < len(questions)


_Row = Row[list[bytes]]
TABLE: Final = (
    _Row(
        "a discharge answers once",
        "verified",
        "we do not call a bundle verified in which one discharge answers two caveats, because a "
        "verifier may take each once (Go's macaroon.v2 does)",
        _asked_twice,
    ),
)


def _questions(macaroons: list[bytes]) -> list[bytes]:
    """The identifiers of all third-party caveats."""
    read = (BinarySerializer().deserialize_raw(raw) for raw in macaroons)
    return [c.caveat_id_bytes for macaroon in read for c in macaroon.third_party_caveats()]


def compare_random(report: Report, rng: random.Random) -> None:
    """Verify one random bundle twice."""
    key, macaroons = random_bundle(rng)
    report.cases["made as: bundle"] += 1
    shown = " ".join(raw.hex() for raw in macaroons)
    ours = _ours(key, macaroons)
    report.cases["bundles that verify"] += bool(ours.values and ours.values["verified"])
    judge(
        report,
        TABLE,
        ours,
        _theirs(key, macaroons),
        lambda: _questions(macaroons),
        f"bundle {shown} key {key.hex()}",
    )

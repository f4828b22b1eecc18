"""Which discharge answers which third-party caveat, and is it bound to this token?

A third-party caveat names a question (``cid``) and holds a key for the verifier, sealed (``vid``).
The third party answers with a discharge: a macaroon whose identifier is that question, signed with
that key. Before it is sent, its signature is hashed together with the token's, so that nobody can
use it with another token.

Without the root key the names can be matched, and no more: a bound signature looks like any other.
With it the sealed keys open one after the other, and every signature can be worked out. Whether the
first-party conditions hold is not asked here; :attr:`Examination.conditions` lists them.

Source: libmacaroons ``macaroons.c`` (verification, binding); the seal is NaCl's secretbox.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from l402tui.protocol.macaroon import Caveat, Macaroon
from l402tui.protocol.macaroon_bundle import MAX_MACAROONS, Bundle, read_bundle
from l402tui.protocol.macaroon_chain import bind_signature, chain, derive_key

__all__ = [
    "MAX_MACAROONS",
    "Answer",
    "Bundle",
    "Examination",
    "Status",
    "bind",
    "compare_with_original",
    "examine",
    "open_vid",
    "read_bundle",
]

_VID_SIZE: Final = 24 + 16 + 32
"""Bytes: nonce, authenticator, key."""


class Status(Enum):
    """How a third-party caveat is answered. The values are whole sentences."""

    MISSING = "No discharge answers this caveat: the token cannot be used without one."
    ANSWERED = (
        "This discharge answers the caveat. Whether it is bound to this token can only be told "
        "with the root key."
    )
    BOUND = "This discharge answers the caveat and is bound to this token."
    UNBOUND = (
        "This discharge answers the caveat, but is not bound to this token: it has to be bound "
        "before it is sent."
    )
    EARLIER = (
        "This discharge was bound before the last caveats were added to the token: it has to be "
        "bound again, from the discharge as the third party gave it."
    )
    FOREIGN = (
        "This discharge has the right name, but its signature is none that goes with this token: "
        "it is bound to another one, was changed, or was not made with the caveat's key."
    )
    SEALED = (
        "This discharge has the right name, but the key inside the caveat does not open with the "
        "root key, so nothing can be checked."
    )
    USED = (
        "The discharge that answers this caveat has already answered another one; a verifier may "
        "accept it only once."
    )
    CIRCULAR = "This caveat is answered by the very discharge it restricts, so it never can be."


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one third-party caveat."""

    holder: int
    """Which macaroon of the bundle has the caveat: 0 is the token."""
    caveat: int
    """Its index among the caveats of that macaroon."""
    status: Status
    discharge: int | None = None
    """Which macaroon of the bundle answers it. Where several could, the first."""
    others: tuple[int, ...] = ()
    """The further ones with the same name."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What is known of a bundle."""

    bundle: Bundle
    answers: tuple[Answer, ...]
    """One for every third-party caveat that matters, each followed by those of its discharge."""
    root_verified: bool | None
    """Whether the root key made the token; None where no key was given."""

    @property
    def verified(self) -> bool | None:
        """Whether every signature is right and every third-party caveat is answered by a bound
        discharge. None where no root key was given."""
        if self.root_verified is None:
            return None
        return self.root_verified and all(a.status is Status.BOUND for a in self.answers)

    @property
    def unused(self) -> tuple[int, ...]:
        """Macaroons of the bundle that answer nothing. Some verifiers refuse a bundle with one."""
        used = self._used()
        return tuple(i for i in range(1, len(self.bundle.macaroons)) if i not in used)

    @property
    def conditions(self) -> tuple[tuple[int, Caveat], ...]:
        """Every first-party caveat that has to hold, with the index of its macaroon: a discharge
        may bring conditions of its own."""
        used = self._used()
        return tuple(
            (index, caveat)
            for index, macaroon in enumerate(self.bundle.macaroons)
            if index in used
            for caveat in macaroon.caveats
            if not caveat.third_party
        )

    def answer_to(self, holder: int, caveat: int) -> Answer | None:
        """What became of that third-party caveat; None for any other."""
        return next(
            (a for a in self.answers if (a.holder, a.caveat) == (holder, caveat)),
            None,
        )

    def answered_by(self, discharge: int) -> tuple[Answer, ...]:
        """The caveats that this macaroon of the bundle answers."""
        return tuple(a for a in self.answers if a.discharge == discharge)

    def _used(self) -> set[int]:
        return {0} | {a.discharge for a in self.answers if a.discharge is not None}


def examine(bundle: Bundle, root_key: bytes | None = None) -> Examination:
    """Match the discharges of a bundle to the third-party caveats they answer.

    With ``root_key`` (any length) all signatures are worked out too. Nested discharges are
    followed, each macaroon once, so the work is bounded by the bundle's size. Of several discharges
    with one name the first counts.
    """
    return _Examiner(bundle).examine(root_key)


def bind(root: Macaroon, discharge: Macaroon) -> Macaroon:
    """The discharge as it has to be sent with ``root``: bound to its signature.

    ``discharge`` is as the third party gave it; binding a bound one makes it useless.
    """
    return discharge.with_signature(bind_signature(root.signature, discharge.signature))


def compare_with_original(root: Macaroon, discharge: Macaroon, original: Macaroon) -> Status:
    """What can be said without any key, given the discharge as the third party gave it.

    BOUND, UNBOUND or FOREIGN, for this ``root``. Says nothing about whether the third party's key
    was the right one.
    """
    same = (discharge.identifier, *_signed(discharge)) == (original.identifier, *_signed(original))
    if same and _equal(discharge.signature, bind_signature(root.signature, original.signature)):
        return Status.BOUND
    if same and _equal(discharge.signature, original.signature):
        return Status.UNBOUND
    return Status.FOREIGN


def open_vid(signature: bytes, vid: bytes) -> bytes | None:
    """The 32-byte key inside a third-party caveat, or None where it does not open.

    ``signature`` is the signature before that caveat: only who knows the root key can work it out.
    """
    # NaCl is loaded only where there is something to open.
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    if len(vid) != _VID_SIZE:
        return None
    try:
        return bytes(SecretBox(signature).decrypt(vid))
    except CryptoError:
        return None


def _signed(macaroon: Macaroon) -> tuple[tuple[bytes, bytes | None], ...]:
    return tuple((caveat.cid, caveat.vid) for caveat in macaroon.caveats)


def _equal(first: bytes, second: bytes) -> bool:
    return hmac.compare_digest(first, second)


@dataclass(slots=True)
class _Examiner:
    """One walk through a bundle."""

    bundle: Bundle
    root_steps: Sequence[bytes] = ()
    """The chain of the token, where the key is known."""
    answers: list[Answer] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    named: dict[bytes, list[int]] = field(default_factory=dict)

    def examine(self, root_key: bytes | None) -> Examination:
        for index, discharge in enumerate(self.bundle.discharges, start=1):
            self.named.setdefault(discharge.identifier, []).append(index)
        root, verified = self.bundle.root, None
        if root_key is not None:
            self.root_steps = chain(derive_key(root_key), root.identifier, root.caveats)
            verified = _equal(self.root_steps[-1], root.signature)
        self.walk((0,), self.root_steps)
        return Examination(self.bundle, tuple(self.answers), verified)

    def walk(self, path: tuple[int, ...], steps: Sequence[bytes]) -> None:
        """Answer the third-party caveats of the last macaroon of ``path``, whose signatures are
        ``steps``, or none where no key is known."""
        for index, caveat in enumerate(self.bundle.macaroons[path[-1]].caveats):
            if caveat.vid is not None:
                signature = steps[index] if steps else None
                self.answer(path, index, caveat.cid, caveat.vid, signature)

    def answer(
        self, path: tuple[int, ...], index: int, cid: bytes, vid: bytes, signature: bytes | None
    ) -> None:
        candidates = self.named.get(cid)
        if candidates is None:
            self.answers.append(Answer(path[-1], index, Status.MISSING))
            return
        found, *others = candidates
        if found in self.used:
            status, steps = Status.CIRCULAR if found in path else Status.USED, None
        else:
            status, steps = self.check(found, vid, signature)
        self.answers.append(Answer(path[-1], index, status, found, tuple(others)))
        if steps is not None:
            self.used.add(found)
            self.walk((*path, found), steps)

    def check(
        self, found: int, vid: bytes, signature: bytes | None
    ) -> tuple[Status, Sequence[bytes]]:
        """What a discharge proves, and its own chain (empty where no key is known)."""
        if not self.root_steps:
            return Status.ANSWERED, ()
        key = None if signature is None else open_vid(signature, vid)
        if key is None:
            return Status.SEALED, ()
        discharge = self.bundle.macaroons[found]
        steps = chain(key, discharge.identifier, discharge.caveats)
        return self.binding(discharge.signature, steps[-1]), steps

    def binding(self, signature: bytes, unbound: bytes) -> Status:
        """How a discharge is bound whose own signature must be ``unbound``."""
        if _equal(signature, bind_signature(self.bundle.root.signature, unbound)):
            return Status.BOUND
        if _equal(signature, unbound):
            return Status.UNBOUND
        if any(_equal(signature, bind_signature(step, unbound)) for step in self.root_steps):
            return Status.EARLIER
        return Status.FOREIGN

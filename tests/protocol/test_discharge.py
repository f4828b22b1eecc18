"""Is it told which discharge answers which caveat, and whether it is bound to the token?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from pymacaroons import Macaroon as TheirMacaroon
from pymacaroons import Verifier
from pymacaroons.exceptions import MacaroonException
from pymacaroons.serializers import BinarySerializer, JsonSerializer

from l402tui.protocol.discharge import (
    MAX_MACAROONS,
    Bundle,
    Status,
    bind,
    compare_with_original,
    examine,
    open_vid,
    read_bundle,
)
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import MAX_BYTES, Format, Macaroon, Spelling
from tests.protocol.test_macaroon_fuzz import refusal_is_tellable
from tests.protocol.tokens import KEY, VALID, mint

AUTH = b"key of the third party, shared with the bank"
FORMATS = list(Format)


def theirs(
    key: bytes = KEY, identifier: str = "root", version: int = 2, location: str = "bank"
) -> TheirMacaroon:
    return TheirMacaroon(location=location, identifier=identifier, key=key, version=version)


def token(*asked: str, version: int = 2, first: str = "account=1") -> TheirMacaroon:
    """A token of theirs whose holder has to get every one of ``asked`` confirmed."""
    made = theirs(version=version)
    made.add_first_party_caveat(first)
    for cid in asked:
        made.add_third_party_caveat("http://auth", AUTH + cid.encode(), cid)
    return made


def discharge(cid: str, *asked: str, version: int = 2) -> TheirMacaroon:
    made = theirs(AUTH + cid.encode(), cid, version, "auth")
    made.add_first_party_caveat(f"time<{cid}")
    for further in asked:
        made.add_third_party_caveat("http://more", AUTH + further.encode(), further)
    return made


def ours(macaroon: TheirMacaroon) -> Macaroon:
    return Macaroon.decode(BinarySerializer().serialize_raw(macaroon))


def bundle(root: TheirMacaroon, *others: TheirMacaroon) -> Bundle:
    return Bundle(tuple(map(ours, (root, *others))))


def they_verify(root: TheirMacaroon, others: list[TheirMacaroon], key: bytes = KEY) -> bool:
    verifier = Verifier()
    verifier.satisfy_general(lambda _: True)
    try:
        return bool(verifier.verify(root, key, others))
    except (MacaroonException, CryptoError):
        return False


def statuses(*macaroons: TheirMacaroon, key: bytes | None = KEY) -> list[Status]:
    return [answer.status for answer in examine(bundle(*macaroons), key).answers]


# --- one discharge --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
def test_a_bound_discharge(version: int) -> None:
    root, made = token("asked", version=version), discharge("asked", version=version)
    bound = root.prepare_for_request(made)
    seen = examine(bundle(root, bound), KEY)
    assert seen.verified
    assert seen.root_verified
    (answer,) = seen.answers
    assert (answer.holder, answer.caveat, answer.discharge) == (0, 1, 1)
    assert answer.status is Status.BOUND
    assert seen.answer_to(0, 1) == answer
    assert seen.answer_to(0, 0) is None
    assert seen.answered_by(1) == (answer,)
    assert seen.unused == ()
    assert [(index, caveat.cid) for index, caveat in seen.conditions] == [
        (0, b"account=1"),
        (1, b"time<asked"),
    ]
    assert they_verify(root, [bound])


def test_without_the_key_only_names_can_be_matched() -> None:
    root = token("asked", "never answered")
    for made in (discharge("asked"), root.prepare_for_request(discharge("asked"))):
        seen = examine(bundle(root, made))
        assert seen.verified is None
        assert seen.root_verified is None
        assert [a.status for a in seen.answers] == [Status.ANSWERED, Status.MISSING]


def test_with_the_original_binding_is_known_without_a_key() -> None:
    root, original = ours(token("asked")), ours(discharge("asked"))
    bound = bind(root, original)
    assert compare_with_original(root, bound, original) is Status.BOUND
    assert compare_with_original(root, original, original) is Status.UNBOUND
    assert compare_with_original(root.with_caveat(b"a=1"), bound, original) is Status.FOREIGN
    other = ours(discharge("else"))
    assert compare_with_original(root, bound, other) is Status.FOREIGN
    # The same signature under another name is not the same discharge.
    renamed = Macaroon.decode(original.raw.replace(b"asked", b"liked"))
    assert compare_with_original(root, renamed, original) is Status.FOREIGN


def rebound(root: TheirMacaroon) -> TheirMacaroon:
    return token("something else").prepare_for_request(discharge("asked"))


def of_a_wrong_key(root: TheirMacaroon) -> TheirMacaroon:
    return root.prepare_for_request(theirs(b"guessed", "asked"))


def with_a_caveat_cut_off(root: TheirMacaroon) -> TheirMacaroon:
    made = root.prepare_for_request(discharge("asked"))
    made.caveats.pop()
    return made


def bound_twice(root: TheirMacaroon) -> TheirMacaroon:
    return root.prepare_for_request(root.prepare_for_request(discharge("asked")))


@pytest.mark.parametrize("make", [rebound, of_a_wrong_key, with_a_caveat_cut_off, bound_twice])
def test_a_foreign_discharge(make: Callable[[TheirMacaroon], TheirMacaroon]) -> None:
    root = token("asked")
    made = make(root)
    assert statuses(root, made) == [Status.FOREIGN]
    assert not examine(bundle(root, made), KEY).verified
    assert not they_verify(root, [made])


def test_an_unbound_discharge() -> None:
    root, made = token("asked"), discharge("asked")
    assert statuses(root, made) == [Status.UNBOUND]
    assert not they_verify(root, [made])
    assert examine(Bundle((ours(root), bind(ours(root), ours(made)))), KEY).verified


def test_a_discharge_bound_before_the_last_caveat() -> None:
    root = token("asked")
    bound = root.prepare_for_request(discharge("asked"))
    root.add_first_party_caveat("method=GET")
    assert statuses(root, bound) == [Status.EARLIER]
    assert not they_verify(root, [bound])
    again = root.prepare_for_request(discharge("asked"))
    assert statuses(root, again) == [Status.BOUND]


def test_a_missing_discharge() -> None:
    root = token("asked")
    assert statuses(root) == [Status.MISSING]
    assert statuses(root, root.prepare_for_request(discharge("else"))) == [Status.MISSING]
    assert not they_verify(root, [])


def test_a_wrong_root_key_opens_nothing() -> None:
    root = token("asked")
    bound = root.prepare_for_request(discharge("asked", "more"))
    nested = root.prepare_for_request(discharge("more"))
    seen = examine(bundle(root, bound, nested), b"wrong")
    assert (seen.root_verified, seen.verified) == (False, False)
    assert [a.status for a in seen.answers] == [Status.SEALED, Status.SEALED]
    assert not they_verify(root, [bound, nested], b"wrong")


def test_a_token_that_asks_nobody() -> None:
    seen = examine(Bundle((mint(b"a=1"),)), KEY)
    assert seen.verified
    assert seen.answers == ()
    assert not examine(Bundle((mint(b"a=1"),)), b"wrong").verified


def test_own_vector() -> None:
    vector = VALID["third-party-zero-nonce"]
    made = vector["discharge"]
    pair = read_bundle(f"{vector['v2_b64']},{made['v2_b64']}")
    key = bytes.fromhex(vector["root_key_hex"])
    (answer,) = examine(pair, key).answers
    assert answer.status is Status.UNBOUND
    assert examine(Bundle((pair.root, bind(pair.root, pair.discharges[0]))), key).verified


@pytest.mark.parametrize("vid", [b"", bytes(71), bytes(72), bytes(73), bytes(4000)])
def test_a_seal_that_does_not_open(vid: bytes) -> None:
    assert open_vid(bytes(32), vid) is None


def test_a_sealed_key_has_32_bytes() -> None:
    box = SecretBox(KEY)
    assert open_vid(KEY, box.encrypt(bytes(32))) == bytes(32)
    assert open_vid(KEY, box.encrypt(bytes(31))) is None
    assert open_vid(KEY, box.encrypt(bytes(33))) is None


# --- more than one --------------------------------------------------------------------------------


def test_nested_discharges_are_bound_to_the_token() -> None:
    root = token("one", "two")
    made = [discharge("two"), discharge("one", "three"), discharge("three")]
    bound = [root.prepare_for_request(each) for each in made]
    seen = examine(bundle(root, *bound), KEY)
    assert seen.verified
    assert [(a.holder, a.caveat, a.discharge) for a in seen.answers] == [
        (0, 1, 2),
        (2, 1, 3),
        (0, 2, 1),
    ]
    assert they_verify(root, bound)
    # Bound to the discharge that asked for it, it is of no use.
    bound[2] = bound[1].prepare_for_request(made[2])
    assert statuses(root, *bound) == [Status.BOUND, Status.FOREIGN, Status.BOUND]
    assert not they_verify(root, bound)


def test_what_answers_nothing_is_listed() -> None:
    root = token("asked")
    more = [root.prepare_for_request(discharge(name)) for name in ("else", "asked")]
    seen = examine(bundle(root, *more), KEY)
    assert seen.verified
    assert seen.unused == (1,)
    assert [index for index, _ in seen.conditions] == [0, 2]


def test_of_two_with_one_name_the_first_counts() -> None:
    root = token("asked")
    good, bad = root.prepare_for_request(discharge("asked")), discharge("asked")
    assert examine(bundle(root, good, bad), KEY).verified
    seen = examine(bundle(root, bad, good), KEY)
    assert not seen.verified
    assert (seen.answers[0].discharge, seen.answers[0].others) == (1, (2,))
    assert they_verify(root, [good, bad])
    assert not they_verify(root, [bad, good])


def test_a_discharge_answers_once() -> None:
    root = token("asked")
    root.add_third_party_caveat("http://auth", AUTH + b"asked", "asked")
    bound = root.prepare_for_request(discharge("asked"))
    assert statuses(root, bound) == [Status.BOUND, Status.USED]


def test_circles_end() -> None:
    root = token("one")
    made = [discharge("one", "two"), discharge("two", "one"), discharge("three", "three")]
    bound = [root.prepare_for_request(each) for each in made]
    for key in (KEY, None):
        seen = examine(bundle(root, *bound), key)
        assert seen.answers[-1].status is Status.CIRCULAR
        assert not seen.verified
        assert seen.unused == (3,)


def test_the_work_does_not_double_with_every_level() -> None:
    root = token("0")
    made = [discharge(str(n), str(n + 1), str(n + 1)) for n in range(MAX_MACAROONS - 2)]
    bound = [root.prepare_for_request(each) for each in made]
    seen = examine(bundle(root, *bound), KEY)
    assert len(seen.answers) == 1 + 2 * len(made)
    assert [a.status for a in seen.answers].count(Status.BOUND) == len(made)


@pytest.mark.parametrize("format", FORMATS)
def test_binding_keeps_the_format(format: Format) -> None:
    root = token("asked")
    made = Macaroon.mint(AUTH + b"asked", b"asked", b"auth", [b"a=1"], format)
    bound = bind(ours(root), made)
    assert bound.format is format
    assert bound == Macaroon.decode(bound.raw)
    assert examine(Bundle((ours(root), bound)), KEY).verified
    if format.json:
        read = JsonSerializer().deserialize(bound.raw.decode())
    else:
        read = BinarySerializer().deserialize_raw(bound.raw)
    assert they_verify(root, [read])


@dataclass
class Play:
    """A bundle of theirs, made at random and damaged at random."""

    root: TheirMacaroon
    others: list[TheirMacaroon] = field(default_factory=list)


@st.composite
def plays(draw: st.DrawFn) -> Play:
    version = draw(st.sampled_from([1, 2]))
    names = [f"n{number}" for number in range(draw(st.integers(0, 5)))]
    # Every name is asked for by the token or by a discharge before it: a tree.
    asks: dict[int, list[str]] = {number: [] for number in range(-1, len(names))}
    for number, name in enumerate(names):
        asks[draw(st.integers(-1, number - 1))].append(name)
    root = token(*asks[-1], version=version)
    made = [discharge(n, *asks[i], version=version) for i, n in enumerate(names)]
    bound = draw(st.lists(st.booleans(), min_size=len(made), max_size=len(made)))
    if draw(st.booleans()):
        bound = [True] * len(made)
    others = [root.prepare_for_request(m) if b else m for m, b in zip(made, bound, strict=True)]
    match draw(st.sampled_from(["whole", "whole", "lost", "attenuated", "changed"])):
        case "lost" if others:
            others.pop(draw(st.integers(0, len(others) - 1)))
        case "attenuated":
            root.add_first_party_caveat("late=1")
        case "changed" if others:
            draw(st.sampled_from([root, *others])).add_first_party_caveat("more=1")
    return Play(root, draw(st.permutations(others)))


@given(plays(), st.booleans())
def test_we_agree_with_pymacaroons(play: Play, right: bool) -> None:
    key = KEY if right else b"wrong"
    seen = examine(bundle(play.root, *play.others), key)
    assert seen.verified == they_verify(play.root, play.others, key)
    assert {a.discharge for a in seen.answers if a.discharge} | set(seen.unused) == set(
        range(1, 1 + len(play.others))
    )


# --- reading a bundle -----------------------------------------------------------------------------

PARTS = [mint(b"a=1"), mint(b"b=2", format=Format.V1), mint(identifier=b"x")]
IN_JSON = [mint(b"a=1", format=Format.JSON_V2), mint(format=Format.JSON_V1, identifier=b"x")]
TEXTS = [Spelling.STANDARD.spell(part.raw) for part in PARTS]


@pytest.mark.parametrize(
    "data",
    [
        b"".join(part.raw for part in PARTS),
        ",".join(TEXTS),
        "  " + " ,\n".join(TEXTS) + "\t",
        "\n".join(TEXTS),
        Spelling.URL_SAFE_UNPADDED.spell(b"".join(part.raw for part in PARTS)),
        f"{TEXTS[0]} {Spelling.HEX.spell(PARTS[1].raw + PARTS[2].raw)}",
        json.dumps(TEXTS),
        json.dumps(TEXTS).encode(),
        Spelling.STANDARD.spell(json.dumps(TEXTS).encode()),
    ],
)
def test_bundles_are_read(data: bytes | str) -> None:
    assert read_bundle(data).macaroons == tuple(PARTS)


def test_lists_in_json_are_read() -> None:
    raw = b"[" + b" , ".join(part.raw for part in IN_JSON) + b"]\n"
    for data in (raw, raw.decode(), Spelling.STANDARD.spell(raw)):
        assert read_bundle(data).macaroons == tuple(IN_JSON)
    mixed = raw.decode().replace("]\n", f',"{TEXTS[1]}"]')
    assert read_bundle(mixed).macaroons == (*IN_JSON, PARTS[1])
    assert read_bundle(IN_JSON[0].raw).discharges == ()
    assert read_bundle(IN_JSON[0].raw.decode()).root == IN_JSON[0]


GOOD = PARTS[0].raw


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"", 0),
        ("", 0),
        (" \n", 2),
        (GOOD + b"\0", len(GOOD)),
        (GOOD + GOOD[:-1], 2 * len(GOOD) - 1),
        (GOOD + b"0000 ", len(GOOD)),
        (GOOD + b"\x02\x03", len(GOOD) + 1),
        (f"{TEXTS[0]},,{TEXTS[1]}", len(TEXTS[0]) + 1),
        (f",{TEXTS[0]}", 0),
        (f"{TEXTS[0]},", len(TEXTS[0]) + 1),
        (f"{TEXTS[0]};{TEXTS[1]}", 0),
        (f"{TEXTS[0]} {TEXTS[1][:-4]}", len(TEXTS[0]) + 1),
        ("[]", 1),
        (f'["{TEXTS[0]}",]', len(TEXTS[0]) + 4),
        (f'["{TEXTS[0]}"', len(TEXTS[0]) + 3),
        (f'["{TEXTS[0]} "]', 2),
        (f'["{TEXTS[0]}"] x', len(TEXTS[0]) + 5),
        (f'["\\u0041{TEXTS[0][1:]}"]', 2),
        ("[[]]", 1),
        ("[1]", 1),
        ('["\ud800"]', 2),
        (GOOD * (MAX_MACAROONS + 1), len(GOOD) * MAX_MACAROONS),
        (" ".join(TEXTS[:1] * (MAX_MACAROONS + 1)), (len(TEXTS[0]) + 1) * MAX_MACAROONS),
        (bytes(MAX_BYTES + 1), MAX_BYTES),
        ("A" * (2 * MAX_BYTES + 1), MAX_BYTES),
    ],
    ids=range(25),
)
def test_what_is_no_bundle_is_refused(data: bytes | str, offset: int) -> None:
    with pytest.raises(MacaroonError) as refused:
        read_bundle(data)
    assert refused.value.offset == offset, refused.value.why


PIECES = st.sampled_from(
    [*TEXTS, ",", " ", "[", "]", '"', "{", "\n", *(p.raw.decode() for p in IN_JSON)]
)


@given(st.lists(PIECES | st.text(max_size=4), max_size=12), st.booleans())
def test_any_text(pieces: list[str], as_bytes: bool) -> None:
    text = "".join(pieces)
    data = text.encode() if as_bytes else text
    try:
        read = read_bundle(data)
    except MacaroonError as error:
        refusal_is_tellable(error, len(text.encode()))
    else:
        assert all(Macaroon.decode(one.raw) == one for one in read.macaroons)


@given(st.lists(st.sampled_from([part.raw for part in PARTS]), max_size=4), st.binary(max_size=20))
def test_any_bytes(whole: list[bytes], rest: bytes) -> None:
    raw = b"".join(whole)
    if raw:
        assert b"".join(one.raw for one in read_bundle(raw).macaroons) == raw
    try:
        read = read_bundle(raw + rest)
    except MacaroonError as error:
        refusal_is_tellable(error, len(raw + rest))
    else:
        assert raw + rest == b"".join(one.raw for one in read.macaroons)

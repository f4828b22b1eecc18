"""Does whatever a server sends end in a macaroon or in MacaroonError, and in nothing else?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pymacaroons import Macaroon as TheirMacaroon
from pymacaroons.serializers import BinarySerializer, JsonSerializer

from l402tui.protocol.dissect import dissect_macaroon
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import Format, Macaroon, Spelling, Token
from tests.protocol.tokens import BOTH, KEY, VALID

SEEDS = [
    Token.read(vector[name]).macaroon.raw
    for vector in VALID.values()
    for name in ("v1_b64", "v2_b64")
    if name in vector
]
VALUES = st.binary(max_size=200)
BINARY = [spelling for spelling in Spelling if spelling is not Spelling.JSON]


def refusal_is_tellable(error: MacaroonError, size: int) -> None:
    assert error.offset is None or 0 <= error.offset <= size
    assert str(error).isprintable()


def decode_or_refuse(raw: bytes) -> None:
    try:
        macaroon = Macaroon.decode(raw)
    except MacaroonError as error:
        refusal_is_tellable(error, len(raw))
        return
    if not macaroon.format.json:
        assert macaroon.encode() == macaroon.raw == raw
    for node in dissect_macaroon(macaroon).walk():
        assert node.value.text.isprintable()
        assert node.span is None or 0 <= node.span.start <= node.span.end <= len(raw)


@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    decode_or_refuse(raw)
    decode_or_refuse(b"\x02" + raw)
    decode_or_refuse(b"0011location loc\n" + raw)


@given(st.sampled_from(SEEDS), st.data())
def test_damaged_macaroons(raw: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 8)))
    decode_or_refuse(raw[:start] + data.draw(st.binary(max_size=4)) + raw[end:])


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    try:
        token = Token.read(text)
    except MacaroonError as error:
        refusal_is_tellable(error, len(text))
    else:
        assert token.spelling.spell(token.macaroon.raw) == text


@given(
    VALUES,
    st.none() | VALUES,
    st.lists(VALUES, max_size=6),
    st.sampled_from(BOTH),
    st.sampled_from(BINARY),
)
def test_what_is_minted_is_read_back(
    identifier: bytes,
    location: bytes | None,
    caveats: list[bytes],
    format: Format,
    spelling: Spelling,
) -> None:
    macaroon = Macaroon.mint(KEY, identifier, location, caveats, format)
    read = Token.read(spelling.spell(macaroon.raw)).macaroon
    assert read == macaroon
    assert [c.cid for c in read.caveats] == caveats
    assert read.identifier == identifier
    assert (read.location or b"") == (location or b"")
    assert read.verify_signature(KEY)
    child = read
    for caveat in caveats:
        child = child.with_caveat(caveat)
    assert child == Macaroon.mint(KEY, identifier, location, caveats * 2, format)


TEXTS = st.text(min_size=1, max_size=40) | st.sampled_from(["a\nb", "\n", "x" * 244, "y" * 5000])


@given(
    st.text(st.characters(codec="ascii"), min_size=1, max_size=40),
    st.lists(st.tuples(TEXTS, st.booleans()), max_size=5),
    TEXTS,
    st.sampled_from(Format),
)
def test_same_as_pymacaroons(
    identifier: str, caveats: list[tuple[str, bool]], cid: str, format: Format
) -> None:
    theirs = TheirMacaroon(location="lsat", identifier=identifier, key=KEY, version=format.version)
    for text, third_party in caveats:
        if third_party:
            theirs.add_third_party_caveat("http://third", "its key", text)
        else:
            theirs.add_first_party_caveat(text)
    ours = from_theirs(theirs, format)
    assert ours.verify_signature(KEY)
    assert [(c.cid.decode(), c.third_party) for c in ours.caveats] == caveats
    for caveat in ours.caveats:
        start, end = ours.caveat_spans(caveat).cid
        assert caveat.start < start == caveat.cid_start <= end < caveat.end
    theirs.add_first_party_caveat(cid)
    child, again = ours.with_caveat(cid.encode()), from_theirs(theirs, format)
    assert child.signature == again.signature
    assert [c[:3] for c in child.caveats] == [c[:3] for c in again.caveats]
    assert format.json or child == again


def from_theirs(theirs: TheirMacaroon, format: Format) -> Macaroon:
    if format.json:
        raw = JsonSerializer().serialize(theirs).encode()
    else:
        raw = BinarySerializer().serialize_raw(theirs)
    macaroon = Macaroon.decode(raw)
    assert macaroon.format is format
    return macaroon

"""Is a macaroon in JSON read for what it says, kept as it was, and refused when in doubt?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymacaroons import Macaroon as TheirMacaroon
from pymacaroons.serializers import JsonSerializer

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import MAX_BYTES, Format, Macaroon, Range, Spelling, Token
from tests.protocol.test_macaroon import UPSTREAM, content, expected, named, needs_upstream
from tests.protocol.test_macaroon_fuzz import refusal_is_tellable
from tests.protocol.tokens import CAVEATS, IDENTIFIER, KEY, VALID

JSONS = (Format.JSON_V1, Format.JSON_V2)
LISTED = [vector for vector in VALID.values() if "json_v2" in vector]
SIGNATURE = "ab" * 32
V1 = '{"identifier":"id","signature":"' + SIGNATURE + '"}'
S64 = Spelling.URL_SAFE_UNPADDED.spell(bytes(range(224, 256)))
V2 = '{"v":2,"i":"id","c":[{"i":"a=1"}],"s64":"' + S64 + '"}'


def their_json(version: int, *caveats: str, location: str = "lsat") -> str:
    theirs = TheirMacaroon(location=location, identifier="an id\u00e9", key=KEY, version=version)
    for caveat in caveats:
        theirs.add_first_party_caveat(caveat)
    return str(theirs.serialize(JsonSerializer()))


def text_at(macaroon: Macaroon, where: Range | None) -> str:
    assert where is not None
    return macaroon.raw[where[0] : where[1]].decode()


@pytest.mark.parametrize("vector", LISTED, ids=named)
def test_own_vectors(vector: dict[str, Any]) -> None:
    for text in (json.dumps(vector["json_v2"]), json.dumps(vector["json_v2"], indent=3)):
        macaroon = Macaroon.decode(text.encode())
        assert macaroon.format is Format.JSON_V2
        assert macaroon.raw == text.encode()
        assert content(macaroon) == expected(vector)
        assert macaroon.verify_signature(bytes.fromhex(vector["root_key_hex"]))
        again = Macaroon.decode(macaroon.encode())
        assert content(again) == expected(vector)
        assert again.encode() == again.raw


@pytest.mark.parametrize("spelling", Spelling)
def test_a_token_may_be_json_in_any_spelling(spelling: Spelling) -> None:
    raw = Macaroon.mint(KEY, IDENTIFIER, b"lsat", CAVEATS, Format.JSON_V2).raw
    token = Token.read(spelling.spell(raw))
    assert token.macaroon.raw == raw
    child = token.attenuate(b"method=PUT")
    assert Token.read(child.text).macaroon.verify_signature(KEY)
    assert child.spelling is token.spelling
    assert (spelling is Spelling.JSON) == child.text.startswith("{")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (V1, '{"caveats":[],' + V1[1:]),
        (V2, V2),
        (V2.replace('"i":"id"', '"i64":"aWQ="'), V2),
        (V2.replace("2,", '"2" , ').replace('"i":"id"', '"\\u0069":"\\u0069d"'), V2),
        (V2.replace('"v":2,', ""), V2),
        (" " + V2 + "\n", V2),
        (V2.replace('"a=1"', '"a\\tb"'), V2.replace('"i":"a=1"', '"i64":"YQli"')),
        (V2.replace('"v":2,', '"l64":"bG9j",'), V2.replace('2,"i', '2,"l":"loc","i')),
    ],
)
def test_one_spelling_is_written(text: str, canonical: str) -> None:
    macaroon = Macaroon.decode(text.encode())
    assert macaroon.raw == text.encode()
    assert macaroon.encode() == canonical.encode()


def test_a_signature_may_be_text() -> None:
    text = V2.replace(f'"s64":"{S64}"', '"s": "' + "x" * 32 + '"')
    macaroon = Macaroon.decode(text.encode())
    assert macaroon.signature == b"x" * 32
    child = macaroon.with_caveat(b"b=2")
    assert child.raw.startswith(b'{"v":2,"i":"id","c":[{"i":"a=1"},{"i":"b=2"}],"s64": "')


def test_every_part_has_its_place() -> None:
    theirs = TheirMacaroon(location="loc", identifier=IDENTIFIER, key=KEY, version=2)
    theirs.add_first_party_caveat("gr\u00fc\u00dfe")
    theirs.add_third_party_caveat("http://third", "its key", "asked")
    macaroon = Macaroon.decode(theirs.serialize(JsonSerializer()).encode())
    spans = macaroon.spans
    assert text_at(macaroon, spans.location) == "loc"
    assert text_at(macaroon, spans.identifier) == Spelling.URL_SAFE_UNPADDED.spell(IDENTIFIER)
    assert text_at(macaroon, spans.signature) == Spelling.URL_SAFE_UNPADDED.spell(
        macaroon.signature
    )
    assert (macaroon.location_start, macaroon.identifier_start, macaroon.signature_start) == (
        spans.location and spans.location[0],
        spans.identifier[0],
        spans.signature[0],
    )
    first, third = macaroon.caveats
    assert text_at(macaroon, macaroon.caveat_spans(first).cid) == "gr\\u00fc\\u00dfe"
    where = macaroon.caveat_spans(third)
    assert text_at(macaroon, where.cid) == "asked"
    assert text_at(macaroon, where.location) == "http://third"
    assert text_at(macaroon, where.vid) == Spelling.URL_SAFE_UNPADDED.spell(third.vid or b"")
    for caveat in macaroon.caveats:
        assert macaroon.raw[caveat.start : caveat.end].startswith(b"{")
        assert macaroon.raw[caveat.start : caveat.end].endswith(b"}")
        assert caveat.cid_start == macaroon.caveat_spans(caveat).cid[0]


def test_a_part_of_a_value_has_its_place() -> None:
    macaroon = Macaroon.mint(KEY, IDENTIFIER, b"lsat", [b"a=1"], Format.JSON_V2)
    whole = macaroon.spans.identifier
    hashed = macaroon.part(whole, IDENTIFIER, 3, 33)
    assert text_at(macaroon, hashed) == Spelling.URL_SAFE_UNPADDED.spell(IDENTIFIER[3:33])
    assert macaroon.part(whole, IDENTIFIER, 0, 66) == whole
    cid = macaroon.caveat_spans(macaroon.caveats[0]).cid
    assert text_at(macaroon, macaroon.part(cid, b"a=1", 2, 3)) == "1"
    escaped = Macaroon.decode(V1.replace('"id"', '"i\\u0064"').encode())
    assert escaped.part(escaped.spans.identifier, b"id", 1, 2) == escaped.spans.identifier


@pytest.mark.parametrize("format", [Format.V1, Format.V2, *JSONS])
def test_places_are_told_the_same_way_in_every_format(format: Format) -> None:
    macaroon = Macaroon.mint(KEY, b"an id", b"loc", [b"a=1", b"b=2"], format)
    spans = macaroon.spans
    assert text_at(macaroon, spans.location) == "loc"
    assert text_at(macaroon, spans.identifier) == "an id"
    assert [text_at(macaroon, macaroon.caveat_spans(c).cid) for c in macaroon.caveats] == [
        "a=1",
        "b=2",
    ]


# --- adding a caveat ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (V1, '{"identifier":"id","caveats":[{"cid":"x"}],"signature":"%s"}'),
        (
            '{"caveats":[ ],' + V1[1:],
            '{"caveats":[{"cid":"x"} ],"identifier":"id","signature":"%s"}',
        ),
        (
            '{ "signature": "' + SIGNATURE.upper() + '"\n, "caveats" : [ {"cid": "a"} ]'
            ' , "identifier":"i\\u0064" } ',
            '{ "signature": "%S"\n, "caveats" : [ {"cid": "a"},{"cid":"x"} ]'
            ' , "identifier":"i\\u0064" } ',
        ),
    ],
)  # fmt: skip
def test_a_new_caveat_leaves_the_other_text_alone(before: str, after: str) -> None:
    old = Macaroon.decode(before.encode())
    new = old.with_caveat(b"x")
    signature = new.signature.hex()
    assert new.raw.decode() == after.replace("%s", signature).replace("%S", signature.upper())
    assert new.caveats[-1].cid == b"x"
    assert new == Macaroon.decode(new.raw)


def test_the_signature_keeps_its_kind_of_base64() -> None:
    for spelling in (Spelling.STANDARD, Spelling.URL_SAFE, Spelling.STANDARD_UNPADDED):
        raw = V2.replace(S64, spelling.spell(bytes(range(224, 256)))).encode()
        child = Macaroon.decode(raw).with_caveat(b"b=2")
        assert spelling.spell(child.signature).encode() in child.raw


def test_json_v1_holds_no_bytes() -> None:
    macaroon = Macaroon.decode(V1.encode())
    with pytest.raises(MacaroonError, match="UTF-8"):
        macaroon.with_caveat(b"\xff")
    with pytest.raises(MacaroonError, match="UTF-8"):
        Macaroon.mint(KEY, b"\xff", None, (), Format.JSON_V1)
    with pytest.raises(MacaroonError, match="64 KiB"):
        macaroon.with_caveat(b"x" * MAX_BYTES)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("location", ["", "lsat"])
@pytest.mark.parametrize("cid", ["method=GET", 'gr\u00fc\u00dfe "\\/\x01', "\U0001f511"])
def test_a_new_caveat_is_the_one_pymacaroons_adds(version: int, location: str, cid: str) -> None:
    ours = Macaroon.decode(their_json(version, "a=1", location=location).encode())
    assert ours.format is JSONS[version - 1]
    child = ours.with_caveat(cid.encode())
    theirs = Macaroon.decode(their_json(version, "a=1", cid, location=location).encode())
    assert content(child) == content(theirs)
    read = JsonSerializer().deserialize(child.raw.decode())
    assert read.signature == child.signature.hex()
    assert [c.caveat_id_bytes for c in read.caveats] == [b"a=1", cid.encode()]


# --- what is refused ------------------------------------------------------------------------------

REFUSED = {
    "nothing in it": ("{}", 1),
    "a list": ("[" + V1 + "]", 0),
    "cut in a string": (V2[:14], 14),
    "cut after a comma": (V2[:7], 7),
    "no signature": ('{"identifier":"id"}', 19),
    "no identifier": ('{"signature":"' + SIGNATURE + '"}', 80),
    "a name of the other form": (V2.replace('"v":2', '"identifier":"id"'), 19),
    "a name nobody knows": (V2.replace('"v"', '"w"'), 1),
    "an upper-case name": (V1.replace("signature", "Signature"), 19),
    "a name twice": (V2.replace('"v":2', '"i":"id"'), 10),
    "one value in two spellings": (V2.replace('"v":2', '"i64":"aWQ"'), 13),
    "one caveat in two spellings": (V2.replace('"i":"a=1"', '"i":"a","i64":"YQ"'), 30),
    "a number for text": (V2.replace('"id"', "1"), 11),
    "null for text": (V2.replace('"id"', "null"), 11),
    "no number": (V2.replace('"id"', "NaN"), 11),
    "an object for text": (V2.replace('"id"', '{"a":1}'), 11),
    "a list too deep": (V2.replace('{"i":"a=1"}', "[]"), 21),
    "a caveat as text": (V2.replace('{"i":"a=1"}', '"a=1"'), 21),
    "a caveat of another kind": (V2.replace('{"i":"a=1"}', '{"key":"a","value":"1"}'), 22),
    "an empty caveat": (V2.replace('{"i":"a=1"}', "{}"), 21),
    "a comma too many": (V2.replace('"a=1"}', '"a=1"},'), 33),
    "a comma missing": (V2.replace('"a=1"}', '"a=1"}{}'), 32),
    "version 3": (V2.replace("2", "3", 1), 5),
    "version 2.0": (V2.replace("2", "2.0", 1), 6),
    "half a pair": (V2.replace('"id"', '"\\ud800"'), 12),
    "the wrong half": (V2.replace('"id"', '"a\\udc00\\ud800"'), 13),
    "a bare control": (V2.replace('"id"', '"a\n"'), 13),
    "an escape of no kind": (V2.replace('"id"', '"a\\x41"'), 13),
    "no base64": (V2.replace('"i":"id"', '"i64":"a!b"'), 15),
    "left-over bits": (V2.replace('"i":"id"', '"i64":"aWR"'), 16),
    "a short signature": (V2.replace(S64, S64[:-3]), 41),
    "a long signature": (V1.replace(SIGNATURE, SIGNATURE + "ab"), 32),
    "no hex": (V1.replace(SIGNATURE, "x" * 64), 32),
    "something behind it": (V2 + "x", len(V2)),
    "two of them": (V2 + V2, len(V2)),
    "a location without a third party": (V2.replace('"a=1"', '"a=1","l":"x"'), 32),
    "an empty key": (V2.replace('"a=1"', '"a=1","v64":""'), 39),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_in_doubt_is_refused(name: str) -> None:
    text, offset = REFUSED[name]
    with pytest.raises(MacaroonError) as refused:
        Macaroon.decode(text.encode())
    assert refused.value.offset == offset, refused.value.why


@pytest.mark.parametrize(
    ("raw", "offset"),
    [(V2.encode().replace(b"id", b"\xff"), 12), (b'{"i":"\xed\xa0\x80"}', 6)],
    ids=["no UTF-8", "a surrogate"],
)
def test_what_is_not_utf8_is_refused(raw: bytes, offset: int) -> None:
    with pytest.raises(MacaroonError, match="UTF-8") as refused:
        Macaroon.decode(raw)
    assert refused.value.offset == offset


def test_hostile_json_is_refused_at_once() -> None:
    for raw in (
        b"{" * MAX_BYTES,
        b'{"c":' + b"[" * 65_000,
        b'{"i":"' + b"\\" * 65_000,
        b" " * MAX_BYTES,
    ):
        with pytest.raises(MacaroonError):
            Macaroon.decode(raw)
    with pytest.raises(MacaroonError, match="64 KiB"):
        Macaroon.decode(V2.encode() + b" " * MAX_BYTES)
    with pytest.raises(MacaroonError):
        Token.read('{"i":"\ud800"}')


# --- any input ------------------------------------------------------------------------------------

TEXTS = st.text(max_size=60)
PIECES = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"', '"i"', '"i64"', '"c"', '"s64"', '"v"', "2", '"l"', " ",
     '"identifier"', '"signature"', '"caveats"', '"cid"', "\\u00", "\\ud800", "null", "\u00e9"]
)  # fmt: skip


def decode_or_refuse(raw: bytes) -> None:
    try:
        macaroon = Macaroon.decode(raw)
    except MacaroonError as error:
        refusal_is_tellable(error, len(raw))
        return
    again = Macaroon.decode(macaroon.encode())
    assert content(again) == content(macaroon)
    assert (again.location, again.encode()) == (macaroon.location, again.raw)


@given(st.lists(PIECES | TEXTS, max_size=30))
def test_any_text(pieces: list[str]) -> None:
    decode_or_refuse("".join(pieces).encode())


@given(st.sampled_from([V1, V2, their_json(1, "a"), their_json(2, "a")]), st.data())
def test_damaged_json(text: str, data: st.DataObject) -> None:
    raw = text.encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 8)))
    decode_or_refuse(raw[:start] + data.draw(PIECES).encode() + raw[end:])


@given(TEXTS, st.none() | TEXTS, st.lists(TEXTS, max_size=5), st.sampled_from(JSONS))
def test_what_is_minted_is_read_back(
    identifier: str, location: str | None, caveats: list[str], format: Format
) -> None:
    cids = [caveat.encode() for caveat in caveats]
    place = None if location is None else location.encode()
    macaroon = Macaroon.mint(KEY, identifier.encode(), place, cids, format)
    assert macaroon.encode() == macaroon.raw
    assert (macaroon.identifier, macaroon.location) == (identifier.encode(), place)
    assert [c.cid for c in macaroon.caveats] == cids
    assert macaroon.verify_signature(KEY)
    child = macaroon
    for cid in cids:
        child = child.with_caveat(cid)
    assert child == Macaroon.mint(KEY, identifier.encode(), place, cids * 2, format)


@given(
    st.text(min_size=1, max_size=40),
    st.lists(st.text(min_size=1, max_size=40), max_size=4),
    st.text(min_size=1, max_size=40),
    st.sampled_from([1, 2]),
)
def test_json_of_pymacaroons(identifier: str, caveats: list[str], cid: str, version: int) -> None:
    theirs = TheirMacaroon(location="lsat", identifier=identifier, key=KEY, version=version)
    for caveat in caveats:
        theirs.add_first_party_caveat(caveat)
    ours = Macaroon.decode(theirs.serialize(JsonSerializer()).encode())
    assert ours.signature.hex() == theirs.signature
    assert ours.identifier == identifier.encode()
    theirs.add_first_party_caveat(cid)
    child = ours.with_caveat(cid.encode())
    assert content(child) == content(Macaroon.decode(theirs.serialize(JsonSerializer()).encode()))
    back = JsonSerializer().deserialize(child.encode().decode())
    assert back.signature == child.signature.hex()
    assert [c.caveat_id_bytes for c in back.caveats] == [c.cid for c in child.caveats]


# --- vectors of go-macaroon, where they are -------------------------------------------------------


@needs_upstream
def test_upstream_json() -> None:
    go = UPSTREAM["go-macaroon"]
    binary = Token.read(go["binary_v2_b64"]).macaroon
    for vector in go["json_all_equal_to_binary"]:
        text = vector["data"].strip('"')
        assert content(Token.read(text).macaroon) == content(binary), vector["about"]
    for vector in go["json_must_reject"]:
        with pytest.raises(MacaroonError):
            Macaroon.decode(vector["data"].encode())

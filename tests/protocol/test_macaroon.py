"""Is every macaroon read byte for byte, and everything that is none refused?"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64decode
from hashlib import sha256
from typing import Any

import pytest
from pymacaroons import Macaroon as TheirMacaroon
from pymacaroons import Verifier
from pymacaroons.serializers import BinarySerializer

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import MAX_BYTES, Format, Macaroon, Spelling, Token
from tests.protocol.invoice_writer import shared_vectors
from tests.protocol.tokens import BOTH, CAVEATS, IDENTIFIER, KEY, VALID, VECTORS, mint, spelled

LISTED = [v for v in VALID.values() if "v2_b64" in v]
UPSTREAM: dict[str, Any] = shared_vectors("macaroon-upstream.json") or {}
needs_upstream = pytest.mark.skipif(
    not UPSTREAM, reason="the shared vectors are not on this machine (L402TUI_SHARED_VECTORS)"
)


BINARY = [spelling for spelling in Spelling if spelling is not Spelling.JSON]


def named(vector: dict[str, Any]) -> str:
    return str(vector.get("name") or vector.get("about"))


def content(macaroon: Macaroon) -> tuple[object, ...]:
    caveats = tuple(
        (c.cid.hex(), (c.vid or b"").hex(), (c.location or b"").decode()) for c in macaroon.caveats
    )
    return macaroon.identifier.hex(), caveats, macaroon.signature.hex()


def expected(vector: dict[str, Any]) -> tuple[object, ...]:
    caveats = tuple((c["cid_hex"], c["vid_hex"], c["location"]) for c in vector["caveats"])
    return vector["identifier_hex"], caveats, vector["signature_hex"]


@pytest.mark.parametrize("spelling", ["v2_b64", "v2_b64url_nopad", "v1_b64"])
@pytest.mark.parametrize("vector", LISTED, ids=named)
def test_own_vectors(vector: dict[str, Any], spelling: str) -> None:
    token = Token.read(vector[spelling])
    macaroon = token.macaroon
    assert content(macaroon) == expected(vector)
    assert (macaroon.location or b"").decode() == vector["location"]
    assert macaroon.format is (Format.V1 if spelling == "v1_b64" else Format.V2)
    assert macaroon.encode() == macaroon.raw
    assert token.spelling.spell(macaroon.raw) == token.text == vector[spelling]


@pytest.mark.parametrize("vector", LISTED, ids=named)
def test_own_vectors_signature_chain(vector: dict[str, Any]) -> None:
    macaroon = Token.read(vector["v2_b64"]).macaroon
    key = bytes.fromhex(vector["root_key_hex"])
    assert [s.hex() for s in macaroon.signature_chain(key)] == vector["signature_chain_hex"]
    assert macaroon.verify_signature(key)
    assert not macaroon.verify_signature(key + b"x")


@pytest.mark.parametrize("format", BOTH)
@pytest.mark.parametrize(
    "vector", [v for v in LISTED if not any(c["vid_hex"] for c in v["caveats"])], ids=named
)
def test_minting_gives_the_vectors_bytes(vector: dict[str, Any], format: Format) -> None:
    minted = Macaroon.mint(
        bytes.fromhex(vector["root_key_hex"]),
        bytes.fromhex(vector["identifier_hex"]),
        vector["location"].encode() or None,
        [bytes.fromhex(c["cid_hex"]) for c in vector["caveats"]],
        format,
    )
    assert minted.raw == b64decode(vector[f"{format.name.lower()}_b64"])


def test_three_hundred_caveats() -> None:
    vector = VALID["300-caveats"]
    parts = bytes.fromhex(vector["root_key_hex"]), bytes.fromhex(vector["identifier_hex"])
    caveats = [f"c{i}={i}".encode() for i in range(300)]
    for format in BOTH:
        macaroon = Macaroon.mint(*parts, vector["location"].encode(), caveats, format)
        assert sha256(macaroon.raw).hexdigest() == vector[f"{format.name.lower()}_sha256"]
        assert macaroon.signature.hex() == vector["signature_hex"]
        assert len(macaroon.caveats) == 300


@pytest.mark.parametrize("vector", VECTORS["invalid_binary"], ids=named)
def test_malformed_bytes_are_refused(vector: dict[str, Any]) -> None:
    raw = b64decode(vector["b64"])
    with pytest.raises(MacaroonError) as refused:
        Macaroon.decode(raw)
    assert refused.value.offset is not None
    assert 0 <= refused.value.offset <= len(raw)


SPELLINGS = {
    "std-padded": Spelling.STANDARD,
    "std-unpadded": Spelling.STANDARD_UNPADDED,
    "url-padded": Spelling.URL_SAFE,
    "url-unpadded": Spelling.URL_SAFE_UNPADDED,
    "hex": Spelling.HEX,
}


@pytest.mark.parametrize("vector", VECTORS["base64"], ids=named)
def test_spellings(vector: dict[str, Any]) -> None:
    if vector["name"] in SPELLINGS:
        token = Token.read(vector["text"])
        assert token.spelling is SPELLINGS[vector["name"]]
        assert token.text == vector["text"]
        assert content(token.macaroon) == expected(VALID["l402-aperture-style"])
    else:
        with pytest.raises(MacaroonError):
            Token.read(vector["text"])


@pytest.mark.parametrize("wide", [b"\x82\x00", b"\x82\x80\x00"])
@pytest.mark.parametrize("before", [b"\x02\x01", b"\x02\x02", b"\x02\x02\x01a\x00\x02"])
def test_a_length_has_one_spelling(before: bytes, wide: bytes) -> None:
    plain = mint(b"ab", identifier=b"ab").raw
    short = plain.replace(b"\x02ab", wide + b"ab")
    for raw in (short, before + wide + b"ab" + plain[-37:]):
        with pytest.raises(MacaroonError, match="shortest"):
            Macaroon.decode(raw)


def test_mixed_alphabets_are_named() -> None:
    with pytest.raises(MacaroonError, match="mixes"):
        Token.read("AgE+_w==")


def test_attenuating_is_the_vectors_child() -> None:
    vector = VALID["l402-attenuated-twice"]
    token = Token.read(VALID[vector["parent"]]["v2_b64"])
    for caveat in vector["caveats"][3:]:
        token = token.attenuate(bytes.fromhex(caveat["cid_hex"]))
    assert token.text == vector["v2_b64"]


def test_a_discharge_is_a_macaroon_of_its_own() -> None:
    discharge = VALID["third-party-zero-nonce"]["discharge"]
    macaroon = Token.read(discharge["v2_b64"]).macaroon
    assert macaroon.signature.hex() == discharge["unbound_signature_hex"]
    assert macaroon.verify_signature(bytes.fromhex(discharge["root_key_hex"]))


@pytest.mark.parametrize("format", BOTH)
def test_every_part_has_its_place(format: Format) -> None:
    macaroon = mint(*CAVEATS, format=format)
    raw = macaroon.raw
    assert raw[macaroon.location_start :].startswith(b"lsat")
    assert raw[macaroon.identifier_start :].startswith(IDENTIFIER)
    assert raw[macaroon.signature_start :].startswith(macaroon.signature)
    for caveat in macaroon.caveats:
        assert raw[caveat.cid_start :].startswith(caveat.cid)
        assert caveat.start < caveat.cid_start < caveat.end
    ends = [caveat.end for caveat in macaroon.caveats]
    assert [caveat.start for caveat in macaroon.caveats[1:]] == ends[:-1]


@pytest.mark.parametrize("format", BOTH)
@pytest.mark.parametrize("cid", [b"", b"method=GET", b"\xff\n\x00", b"x" * 300])
def test_adding_a_caveat_equals_reading_it(format: Format, cid: bytes) -> None:
    child = mint(*CAVEATS, format=format).with_caveat(cid)
    read = Macaroon.decode(child.raw)
    assert child == read
    assert (child.caveats, child.signature) == (read.caveats, read.signature)
    assert child.raw == mint(*CAVEATS, cid, format=format).raw
    assert child.verify_signature(KEY)


@pytest.mark.parametrize("format", BOTH)
def test_a_caveat_that_does_not_fit_is_refused(format: Format) -> None:
    with pytest.raises(MacaroonError):
        mint(format=format).with_caveat(bytes(MAX_BYTES - 20))
    with pytest.raises(MacaroonError):
        Macaroon.decode(b"\x02" + bytes(MAX_BYTES))


@pytest.mark.parametrize("spelling", BINARY)
@pytest.mark.parametrize("size", range(4))
def test_an_attenuated_token_is_spelled_as_before(spelling: Spelling, size: int) -> None:
    # The location makes sure that both alphabets differ in it.
    macaroon = Macaroon.mint(KEY, b"x" * size, b"\xff\xef\xbe\xff\xef\xbe", [b"a=1"])
    token = Token.read(spelling.spell(macaroon.raw))
    child = token.attenuate(b"method=GET")
    assert child.text == token.spelling.spell(macaroon.with_caveat(b"method=GET").raw)
    assert Token.read(child.text).macaroon.verify_signature(KEY)
    if len(macaroon.raw) % 3:
        assert token.spelling is spelling


@pytest.mark.parametrize(
    "text", ["", " ", "AgE\n", spelled() + "\n", " " + spelled(), "é" * 8, "A" * 200_000, "Ag=="]
)
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(MacaroonError):
        Token.read(text)


def test_left_over_bits_are_refused() -> None:
    text = spelled(b"a=12")
    assert text.endswith("=")
    kept = text.rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    changed = alphabet[alphabet.index(kept[-1]) | 1]
    with pytest.raises(MacaroonError, match="left over"):
        Token.read(kept[:-1] + changed + text[len(kept) :])


def test_equality_is_of_bytes_and_nothing_is_printed() -> None:
    macaroon = mint(*CAVEATS)
    assert macaroon == Macaroon.decode(macaroon.raw)
    assert macaroon != mint()
    assert len({macaroon, Macaroon.decode(macaroon.raw)}) == 1
    assert macaroon.signature.hex() not in repr(macaroon)
    assert spelled() not in repr(Token.read(spelled()))


# --- the other implementation ---------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
def test_what_pymacaroons_mints_is_verified(version: int) -> None:
    theirs = TheirMacaroon(location="lsat", identifier="an identifier", key=KEY, version=version)
    for caveat in CAVEATS:
        theirs.add_first_party_caveat(caveat.decode())
    token = Token.read(theirs.serialize())
    assert token.macaroon.format.value == version
    assert token.macaroon.signature.hex() == theirs.signature
    assert token.macaroon.verify_signature(KEY)
    theirs.add_first_party_caveat("method=GET")
    assert token.attenuate(b"method=GET").macaroon == Token.read(theirs.serialize()).macaroon


@pytest.mark.parametrize("format", BOTH)
def test_what_we_mint_is_verified_by_pymacaroons(format: Format) -> None:
    ours = Macaroon.mint(KEY, b"an identifier", b"lsat", CAVEATS, format).with_caveat(b"a=1")
    theirs = BinarySerializer().deserialize_raw(ours.raw)
    verifier = Verifier()
    for caveat in (*CAVEATS, b"a=1"):
        verifier.satisfy_exact(caveat.decode())
    assert verifier.verify(theirs, KEY)


# --- vectors of libmacaroons and go-macaroon, where they are --------------------------------------


@needs_upstream
def test_upstream_signatures() -> None:
    vectors = UPSTREAM["libmacaroons"]["verify"]
    assert len(vectors) == 16
    for vector in vectors:
        macaroon = Token.read(vector["b64"]).macaroon
        # Whether the caveats hold is not asked here: one of their keys is simply wrong.
        right = vector["key"] == "this is the key"
        assert macaroon.verify_signature(vector["key"].encode()) is right, vector["name"]
        assert right or not vector["authorized"]


@needs_upstream
def test_upstream_serialisation() -> None:
    for vector in UPSTREAM["libmacaroons"]["serialization"]:
        first, second = (Token.read(vector[name]) for name in ("v1_b64", "v2_b64"))
        assert content(first.macaroon) == content(second.macaroon)
        for token in (first, second):
            assert token.macaroon.encode() == token.macaroon.raw
    go = UPSTREAM["go-macaroon"]
    assert Token.read(go["binary_v2_b64"]).macaroon.verify_signature(go["secret"].encode())


@needs_upstream
def test_upstream_base64() -> None:
    for text, plain in UPSTREAM["go-macaroon"]["base64"]:
        with pytest.raises(MacaroonError) as refused:
            Token.read(text)
        # None of them is a macaroon; those that are base64 get as far as being told that.
        assert ("begin" in refused.value.why) is (plain is not None)
        if plain is not None:
            padded = text + "=" * (-len(text) % 4)
            assert urlsafe_b64decode(padded.replace("+", "-")).decode() == plain

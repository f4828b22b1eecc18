"""Has a child what was added and nothing else, and is the rest refused with reasons?"""

from __future__ import annotations

import base64
import json
from hashlib import sha256

import pytest
from pymacaroons import Macaroon as OtherMacaroon
from pymacaroons import Verifier

from l402tui.protocol.attenuation import (
    MAX_CAVEAT,
    MAX_CAVEATS,
    CannotAttenuate,
    attenuate,
    read_parent,
)
from l402tui.protocol.kinship import Kinship, relate
from l402tui.protocol.macaroon import Format, Macaroon, Token

KEY = b"the server's own key"
PREIMAGE = sha256(b"a preimage of attenuation").digest()
HASH = sha256(PREIMAGE).digest()
IDENTIFIER = bytes(2) + HASH + sha256(b"token id").digest()
ISSUED = (b"services=weather:0,hour:0", b"weather_valid_until=1900000000")
BINARY = (Format.V1, Format.V2)


def minted(format: Format = Format.V2, *caveats: bytes) -> Macaroon:
    return Macaroon.mint(KEY, IDENTIFIER, b"lsat", caveats or ISSUED, format)


def text_of(macaroon: Macaroon) -> str:
    return base64.b64encode(macaroon.raw).decode()


PARENT = Token.read(text_of(minted()))


def why(token: Token, *caveats: bytes) -> str:
    with pytest.raises(CannotAttenuate) as refused:
        attenuate(token, caveats)
    return refused.value.why.text


# --- children -------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", BINARY)
def test_pymacaroons_verifies_what_we_make(format: Format) -> None:
    # It reads identifiers in v1 as text only.
    macaroon = Macaroon.mint(KEY, b"an identifier", b"lsat", ISSUED, format)
    child = attenuate(Token.read(text_of(macaroon)), [b"services=weather:0", b"agent=anna"])
    assert child.token.macaroon.format is format
    other = OtherMacaroon.deserialize(child.token.text.rstrip("="))
    verifier = Verifier()
    for caveat in (*ISSUED, b"services=weather:0", b"agent=anna"):
        verifier.satisfy_exact(caveat.decode())
    assert verifier.verify(other, KEY)


@pytest.mark.parametrize("format", BINARY)
def test_we_verify_what_pymacaroons_makes(format: Format) -> None:
    other = OtherMacaroon(location="lsat", identifier="an id", key=KEY, version=format.value)
    for caveat in ISSUED:
        other.add_first_party_caveat(caveat.decode())
    parent = Token.read(other.serialize())
    other.add_first_party_caveat("services=weather:0")
    child = attenuate(parent, [b"services=weather:0"])
    assert child.token.macaroon.verify_signature(KEY)
    assert Token.read(other.serialize()).macaroon.signature == child.token.macaroon.signature


@pytest.mark.parametrize("format", [*BINARY, Format.JSON_V1, Format.JSON_V2])
def test_format_and_spelling_stay_as_they_were(format: Format) -> None:
    raw = Macaroon.mint(KEY, b"an identifier", b"lsat", ISSUED, format).raw
    for text in (
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
        *([raw.decode()] if format.json else []),
    ):
        parent = Token.read(text)
        child = attenuate(parent, [b"services=weather:0"])
        assert child.token.spelling is parent.spelling
        assert child.token.macaroon.format is format
        assert child.token.macaroon.verify_signature(KEY)
        assert child.parent.text == text


def test_the_chain_goes_on_from_the_parent() -> None:
    child = attenuate(PARENT, [b"services=weather:0", b"agent=anna"])
    assert [step.caveat for step in child.steps] == list(child.added)
    assert child.steps[-1].signature == child.token.macaroon.signature
    assert child.steps[0].signature == attenuate(PARENT, child.added[:1]).token.macaroon.signature
    assert child.first_added == 2
    assert relate(PARENT.macaroon, child.token.macaroon).kinship is Kinship.CHILD


def test_a_grandchild() -> None:
    child = attenuate(PARENT, [b"services=weather:0"])
    grandchild = attenuate(child.token, [b"weather_valid_until=1899999999"])
    assert grandchild.token.macaroon.verify_signature(KEY)
    assert len(grandchild.token.macaroon.caveats) == 4


def test_the_size_of_the_header_that_carries_it() -> None:
    child = attenuate(PARENT, [b"agent=anna"])
    line = f"Authorization: L402 {child.token.text}:{PREIMAGE.hex()}"
    assert child.header_size == len(line)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caveat", "words"),
    [
        (b"services=weather:0,hour:0,gold:0", "adds gold"),
        (b"weather_valid_until=1900000001", "later"),
    ],
)
def test_widening_is_refused_with_the_reason(caveat: bytes, words: str) -> None:
    told = why(PARENT, caveat)
    assert words in told
    assert "may only restrict" in told


def test_widening_among_the_added_ones_is_refused() -> None:
    assert "later" in why(
        PARENT, b"weather_valid_until=1800000000", b"weather_valid_until=1800000001"
    )


def test_a_parent_that_widened_itself_can_be_narrowed() -> None:
    parent = Token.read(text_of(minted(Format.V2, b"services=a", b"services=a,b")))
    assert attenuate(parent, [b"services=a"]).added == (b"services=a",)


@pytest.mark.parametrize(
    ("caveat", "words"),
    [
        (b"", "empty"),
        (b"  ", "empty"),
        (b"a=\x1b]52;c;b3duZWQ=\x07", r"\x1b"),
        (b"a=1\nb=2", r"\x0a"),
        ("a=\u202egnp.txt".encode(), "U+202E"),
        (b"a=\xff", "UTF-8"),
        (b"a=" + b"x" * MAX_CAVEAT, "1026 bytes"),
    ],
)
def test_a_caveat_that_nobody_could_read(caveat: bytes, words: str) -> None:
    assert words in why(PARENT, caveat)


def test_nothing_and_too_many() -> None:
    assert "one caveat at least" in why(PARENT)
    assert f"{MAX_CAVEATS} are the most" in why(PARENT, *[b"a=1"] * (MAX_CAVEATS - 1))


def test_a_token_that_becomes_too_long() -> None:
    parent = Token.read(text_of(minted(Format.V2, *[b"n=" + b"x" * 1000] * 63)))
    assert "64 KiB" in why(parent, *[b"n=" + b"x" * 900] * 3)


# --- what a person has ----------------------------------------------------------------------------


CREDENTIAL = f"L402 {PARENT.text}:{PREIMAGE.hex()}"


@pytest.mark.parametrize(
    "given",
    [
        CREDENTIAL,
        f"Authorization: {CREDENTIAL}",
        f"authorization: {CREDENTIAL}\n",
        f"{PARENT.text}:{PREIMAGE.hex()}",
        f"$ curl -H 'Authorization: {CREDENTIAL}' https://shop.example/\nsunny\n",
    ],
)
def test_a_credential_in_any_dress(given: str) -> None:
    parent = read_parent(given.encode())
    assert parent.token == PARENT
    assert parent.preimage is not None
    assert parent.preimage.reveal() == PREIMAGE
    assert parent.payment_hash == HASH


@pytest.mark.parametrize(
    "given",
    [
        PARENT.text,
        f"  {PARENT.text}\n",
        f'macaroon="{PARENT.text}"',
        f'L402 macaroon="{PARENT.text}", invoice="lnbcrt1"',
        f'WWW-Authenticate: L402 macaroon="{PARENT.text}", invoice="lnbcrt1"',
        f"LSAT {PARENT.text}",
    ],
)
def test_a_token_without_its_preimage(given: str) -> None:
    parent = read_parent(given.encode())
    assert parent.token == PARENT
    assert parent.preimage is None
    assert not parent.binary


@pytest.mark.parametrize("format", BINARY)
def test_the_bytes_themselves(format: Format) -> None:
    raw = Macaroon.mint(KEY, b"\x03\x0a\x10node", b"lnd", (), format).raw
    parent = read_parent(raw)
    assert parent.binary
    assert parent.token.macaroon.raw == raw


BROKEN = minted().raw[:-1]
UNSIGNED = base64.b64encode(json.dumps({"hash": HASH.hex(), "exp": 1}).encode())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (BROKEN, "broken"),
        (base64.b64encode(BROKEN), "broken"),
        (b"\xff\xfe\x00", "neither text"),
        (UNSIGNED, "no macaroon"),
        (b"eyJhbGciOiJub25lIn0.e30.", "no macaroon"),
        (b"hello there\nnothing here", "no token"),
        (f"L402 {PARENT.text}:{'0' * 63}x".encode(), "preimage"),
        (f"L402 {PARENT.text},{PARENT.text}:{PREIMAGE.hex()}".encode(), "2 tokens"),
        (f"{CREDENTIAL}\n\nL402 {text_of(minted(Format.V2, b'a=1'))}".encode(), "2 tokens"),
        (b"A" * 200_000, "KiB"),
    ],
)
def test_what_is_no_parent_is_told_apart(given: bytes, words: str) -> None:
    with pytest.raises(CannotAttenuate) as refused:
        read_parent(given)
    told = refused.value.why.text
    assert words in told
    assert PREIMAGE.hex() not in told
    assert PARENT.text not in told

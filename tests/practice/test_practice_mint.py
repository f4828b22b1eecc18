"""Which credentials the practice server takes; tokens are read and changed by our own code."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest

from l402tui.practice.goods import FORECAST, WEATHER
from l402tui.practice.mint import CredentialRefused, Mint
from l402tui.protocol.identifier import read_identifier
from l402tui.protocol.macaroon import Token

NOON = 1_800_000_000.0
PREIMAGE = bytes(range(32))
HASH = sha256(PREIMAGE).digest()


@pytest.fixture
def mint() -> Mint:
    return Mint(b"seed")


def narrowed(token: str, *caveats: bytes) -> str:
    read = Token.read(token)
    for caveat in caveats:
        read = read.attenuate(caveat)
    return read.text


def check(mint: Mint, token: str, service: str = "weather", preimage: bytes = PREIMAGE) -> bytes:
    return mint.check(f"L402 {token}:{preimage.hex()}", service, NOON)


def test_a_token_is_what_aperture_makes(mint: Mint) -> None:
    macaroon = Token.read(mint.token(HASH, WEATHER.caveats())).macaroon
    identifier = read_identifier(macaroon.identifier)
    assert macaroon.location == b"lsat"
    assert (identifier.version, identifier.payment_hash) == (0, HASH)
    assert [caveat.cid for caveat in macaroon.caveats] == [
        b"services=weather:0",
        b"weather_capabilities=read",
    ]


def test_every_token_is_another(mint: Mint) -> None:
    assert mint.token(HASH, ()) != mint.token(HASH, ())


@pytest.mark.parametrize("scheme", ["L402", "LSAT"])
def test_both_schemes_are_taken(mint: Mint, scheme: str) -> None:
    token = mint.token(HASH, WEATHER.caveats())
    assert mint.check(f"{scheme} {token}:{PREIMAGE.hex()}", "weather", NOON) == HASH


@pytest.mark.parametrize(
    "caveats",
    [
        (b"services=weather:0",),
        (b"weather_capabilities=",),
        (b"something=else",),
        (b"no condition",),
        (b"weather_valid_until=1800000001",),
        (b"weather_valid_until=1800000009", b"weather_valid_until=1800000009"),
        (b"forecast_valid_until=1",),
    ],
)
def test_narrower_and_unknown_caveats_are_taken(mint: Mint, caveats: tuple[bytes, ...]) -> None:
    assert check(mint, narrowed(mint.token(HASH, WEATHER.caveats()), *caveats)) == HASH


@pytest.mark.parametrize(
    ("caveats", "why"),
    [
        ((b"services=forecast:0",), "adds a service"),
        ((b"services=weather:0,forecast:0",), "adds a service"),
        ((b"services=",), "name:tier"),
        ((b"services=weather",), "name:tier"),
        ((b"services=weather:0,",), "name:tier"),
        ((b"weather_valid_until=1800000000",), "has ended"),
        ((b"weather_valid_until=1800000001", b"weather_valid_until=1800000002"), "live longer"),
        ((b"weather_valid_until=soon",), "not a time"),
        ((b"weather_valid_until=-1",), "not a time"),
        ((b"\xff\xfe",), "signature"),
    ],
)
def test_wider_ended_and_unreadable_caveats_are_refused(
    mint: Mint, caveats: tuple[bytes, ...], why: str
) -> None:
    token = narrowed(mint.token(HASH, WEATHER.caveats()), *caveats)
    with pytest.raises(CredentialRefused, match=why):
        check(mint, token)


@pytest.mark.parametrize("caveat", [b"agent=anna", b"no condition", b"valid_until=1", b"services"])
def test_where_it_is_strict_a_caveat_it_does_not_know_is_refused(mint: Mint, caveat: bytes) -> None:
    token = narrowed(mint.token(HASH, WEATHER.caveats()), caveat)
    value = f"L402 {token}:{PREIMAGE.hex()}"
    assert mint.check(value, "weather", NOON) == HASH
    with pytest.raises(CredentialRefused, match="not known here"):
        mint.check(value, "weather", NOON, strict=True)


def test_where_it_is_strict_its_own_words_stay_good(mint: Mint) -> None:
    words = (b"services=weather:0", b"weather_valid_until=1800000001", b"hour_valid_until=1")
    token = narrowed(mint.token(HASH, FORECAST.caveats()), *words, b"weather_capabilities=")
    value = f"L402 {token}:{PREIMAGE.hex()}"
    assert mint.check(value, "weather", NOON, strict=True) == HASH


def test_a_token_for_two_services_can_be_narrowed_to_one(mint: Mint) -> None:
    token = mint.token(HASH, FORECAST.caveats())
    assert check(mint, token, "weather") == check(mint, token, "forecast") == HASH
    child = narrowed(token, b"services=weather:0")
    assert check(mint, child, "weather") == HASH
    with pytest.raises(CredentialRefused, match="another service"):
        check(mint, child, "forecast")


def test_the_preimage_must_be_of_the_hash(mint: Mint) -> None:
    with pytest.raises(CredentialRefused, match="preimage"):
        check(mint, mint.token(HASH, WEATHER.caveats()), preimage=bytes(32))


def test_every_changed_byte_is_noticed(mint: Mint) -> None:
    raw = base64.b64decode(mint.token(HASH, WEATHER.caveats()))
    location_end = 2 + 1 + len(b"lsat")  # nobody signs the location
    for place in [0, *range(location_end, len(raw))]:
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(CredentialRefused):
            check(mint, base64.b64encode(changed).decode())


def test_bytes_that_belong_to_nothing_are_refused(mint: Mint) -> None:
    raw = base64.b64decode(mint.token(HASH, WEATHER.caveats()))
    for longer in (raw + b"\0", raw + raw, raw.replace(b"\x01\x04lsat", b"\x01\x84\0lsat")):
        with pytest.raises(CredentialRefused):
            check(mint, base64.b64encode(longer).decode())


def test_a_token_of_another_mint_is_refused(mint: Mint) -> None:
    with pytest.raises(CredentialRefused, match="signature"):
        check(mint, Mint(b"other").token(HASH, WEATHER.caveats()))


def test_a_token_without_services_is_refused(mint: Mint) -> None:
    with pytest.raises(CredentialRefused, match="names no service"):
        check(mint, mint.token(HASH, ()))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer abc",
        "L402 abc",
        "l402 YWJj:" + "00" * 32,
        "L402 YWJj:" + "00" * 31,
        "L402 YWJj:" + "AA" * 32,
        "L402 YWJj,YWJj:" + "00" * 32,
        "L402 YWJj:" + "00" * 32,
        "L402 =:" + "00" * 32,
        "L402 AgE:" + "00" * 32,
    ],
)
def test_what_is_no_credential_is_refused(mint: Mint, value: str) -> None:
    with pytest.raises(CredentialRefused):
        mint.check(value, "weather", NOON)

"""Are credentials made, taken apart and kept secret?"""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.credential import (
    Credential,
    preimage_matches,
    read_credential,
    read_preimage,
)
from l402tui.protocol.errors import CredentialError
from l402tui.protocol.secret import Secret
from tests.protocol.tokens import PAYMENT_HASH, PREIMAGE, TOKEN

VALUE = f"L402 {TOKEN.text}:{PREIMAGE.hex()}"


def test_a_header_is_the_token_byte_for_byte() -> None:
    credential = Credential(Secret(TOKEN.text), Secret(PREIMAGE))
    assert credential.header_value().reveal() == VALUE.encode()
    assert credential.header_value("LSAT").reveal() == VALUE.replace("L402", "LSAT").encode()
    with pytest.raises(CredentialError):
        credential.header_value("Bearer")


def test_nothing_of_it_is_printed() -> None:
    credential = Credential(Secret(TOKEN.text), Secret(PREIMAGE))
    for thing in (credential, credential.header_value(), read_credential(VALUE)):
        assert PREIMAGE.hex() not in repr(thing)
        assert TOKEN.text not in f"{thing} {thing!r}"


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "a\0", "é"])
def test_a_token_that_could_break_the_header_is_refused(token: str) -> None:
    with pytest.raises(CredentialError):
        Credential(Secret(token), Secret(PREIMAGE))


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_preimage_has_32_bytes(size: int) -> None:
    with pytest.raises(CredentialError):
        Credential(Secret("token"), Secret(bytes(size)))
    assert not preimage_matches(bytes(size), sha256(bytes(size)).digest())


def test_a_preimage_proves_its_payment_hash() -> None:
    assert preimage_matches(PREIMAGE, PAYMENT_HASH)
    assert preimage_matches(Secret(PREIMAGE), PAYMENT_HASH)
    assert not preimage_matches(PAYMENT_HASH, PAYMENT_HASH)
    assert not preimage_matches(bytes(32), PAYMENT_HASH)


def test_a_pasted_preimage() -> None:
    assert read_preimage(f"  {PREIMAGE.hex().upper()}\n") == Secret(PREIMAGE)
    for wrong in ("", "00", "zz" * 32, PREIMAGE.hex() + "0", "0x" + PREIMAGE.hex()[2:], "٠" * 64):
        with pytest.raises(CredentialError):
            read_preimage(wrong)


@pytest.mark.parametrize("scheme", ["L402", "LSAT", "l402", "Lsat"])
@pytest.mark.parametrize("preimage", [PREIMAGE.hex(), PREIMAGE.hex().upper()])
def test_taking_apart(scheme: str, preimage: str) -> None:
    value = f"{scheme}  {TOKEN.text}:{preimage} "
    read = read_credential(value)
    assert read.scheme == scheme
    (part,) = read.tokens
    assert part.text == Secret(TOKEN.text)
    assert value[part.start : part.end] == TOKEN.text
    assert value[read.preimage_start :].startswith(preimage)
    assert read.credential == Credential(Secret(TOKEN.text), Secret(PREIMAGE))


def test_several_tokens_are_kept() -> None:
    read = read_credential(f"L402 one,two,three:{PREIMAGE.hex()}")
    assert [part.text.reveal() for part in read.tokens] == [b"one", b"two", b"three"]
    assert read.credential.token == Secret("one,two,three")


@pytest.mark.parametrize(("value", "colon"), [("LSAT abc:", True), ("L402 abc", False)])
def test_a_missing_preimage_is_named(value: str, colon: bool) -> None:
    read = read_credential(value)
    assert read.preimage is None
    assert read.colon is colon
    with pytest.raises(CredentialError, match="preimage is missing"):
        _ = read.credential


@pytest.mark.parametrize(
    "value",
    [
        "",
        "L402",
        "L402 ",
        "L402abc:" + "00" * 32,
        "Bearer abc",
        "L402 :" + "00" * 32,
        "L402 abc:00",
        "L402 abc:" + "0" * 65,
        "L402 abc:" + "zz" * 32,
        "L402 a b:" + "00" * 32,
        "L402 a,,b:" + "00" * 32,
        "L402 abc:" + "00" * 32 + " x",
        "L402 \x1b[31m:" + "00" * 32,
        "L402 " + "a" * 20_000,
    ],
)
def test_what_is_no_credential_is_refused(value: str) -> None:
    with pytest.raises(CredentialError) as refused:
        read_credential(value)
    assert str(refused.value).isprintable()


@given(st.text(max_size=200), st.text(max_size=80))
def test_any_text(token: str, preimage: str) -> None:
    for value in (token, f"L402 {token}", f"L402 {token}:{preimage}", f"LSAT a:{preimage}"):
        try:
            read = read_credential(value)
        except CredentialError:
            continue
        assert value[read.tokens[0].start : read.tokens[0].end].encode() in (
            read.tokens[0].text.reveal(),
        )

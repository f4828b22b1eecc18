"""Is the payment hash read only where an identifier certainly has one?"""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from l402tui.protocol.errors import IdentifierError
from l402tui.protocol.identifier import Form, Identifier, read_identifier
from tests.protocol.tokens import IDENTIFIER, PAYMENT_HASH, TOKEN_ID, VALID

# Written by Go's encoding/gob: a structure with a uint16 Version, a 32-byte PaymentHash (once as a
# named type) and a 32-byte TokenId; the hashes are the SHA-256 of the words below.
GOB_HASH = sha256(b"l402tui gob").digest()
GOB_TOKEN_ID = sha256(b"l402tui gob token").digest()
GOB_TYPES = bytes.fromhex(
    "497f030101124d616361726f6f6e4964656e74696669657201ff80000103010756657273696f6e010600010b5061"
    "796d656e744861736801ff82000107546f6b656e496401ff8400000014ff81010101044861736801ff8200010601"
    "40000019ff83010101095b33325d75696e743801ff840001060140000067ff80"
)
GOB_VALUE = bytes.fromhex(
    "02203719ff8d0216ff9c334d0fff8dffdbff8effadffb4ff8cffc2304fffd116fff2ff9c7922ffc669ff8e68ffb3"
    "1a79340120ffb1fff4200bffff7d32fff2fff2ffa4124fffe57dff9549ff9bfffc0affcaffebffe03f20ffddffeb"
    "35fff35fffcd550f00"
)
GOB = GOB_TYPES + GOB_VALUE
GOB_ONE_TYPE = bytes.fromhex(
    "39ff85030101014201ff86000103010756657273696f6e010600010b5061796d656e744861736801ff8400010754"
    "6f6b656e494401ff8400000019ff83010101095b33325d75696e743801ff840001060140000067ff8602203719ff"
    "8d0216ff9c334d0fff8dffdbff8effadffb4ff8cffc2304fffd116fff2ff9c7922ffc669ff8e68ffb31a79340120"
    "ffb1fff4200bffff7d32fff2fff2ffa4124fffe57dff9549ff9bfffc0affcaffebffe03f20ffddffeb35fff35fff"
    "cd550f00"
)
"""Both arrays have the same type, and the last field is called TokenID."""
GOB_VERSION_1 = GOB_TYPES[:-3] + b"\x69\xff\x80\x01\x01\x01" + GOB_VALUE[1:]


def fields(raw: bytes) -> dict[str, bytes]:
    return {span.name: raw[span.start : span.end] for span in read_identifier(raw).spans}


def refusal_is_tellable(error: IdentifierError, raw: bytes) -> None:
    assert error.offset is None or 0 <= error.offset <= len(raw)
    assert str(error).isprintable()


# --- the forms ------------------------------------------------------------------------------------


def test_the_form_of_the_specification() -> None:
    assert read_identifier(IDENTIFIER) == Identifier(0, PAYMENT_HASH, TOKEN_ID, Form.L402)
    assert fields(IDENTIFIER) == {
        "version": b"\0\0",
        "payment hash": PAYMENT_HASH,
        "token id": TOKEN_ID,
    }


def test_a_hash_alone() -> None:
    read = read_identifier(PAYMENT_HASH)
    assert read == Identifier(None, PAYMENT_HASH, None, Form.RAW_HASH)
    assert [tuple(span) for span in read.spans] == [("payment hash", 0, 32)]


def test_a_hash_behind_a_mark() -> None:
    raw = b"\xff" + PAYMENT_HASH
    assert read_identifier(raw) == Identifier(None, PAYMENT_HASH, None, Form.MARKED_HASH)
    assert fields(raw) == {"payment hash": PAYMENT_HASH}


@pytest.mark.parametrize("spell", [str.lower, str.upper])
def test_the_same_as_hex(spell: type[str]) -> None:
    raw = str(spell(IDENTIFIER.hex())).encode()
    assert len(raw) == 132
    assert read_identifier(raw) == Identifier(0, PAYMENT_HASH, TOKEN_ID, Form.HEX_L402)
    read = fields(raw)
    assert bytes.fromhex(read["payment hash"].decode()) == PAYMENT_HASH
    assert bytes.fromhex(read["token id"].decode()) == TOKEN_ID
    assert read["version"] == b"0000"


def test_a_hash_as_hex() -> None:
    raw = PAYMENT_HASH.hex().encode()
    assert read_identifier(raw) == Identifier(None, PAYMENT_HASH, None, Form.HEX_HASH)
    assert fields(raw) == {"payment hash": raw}


@pytest.mark.parametrize("raw", [GOB, GOB_ONE_TYPE])
def test_go_gob(raw: bytes) -> None:
    read = read_identifier(raw)
    assert read == Identifier(0, GOB_HASH, GOB_TOKEN_ID, Form.GOB)
    spelled = fields(raw)
    # 0x37, 0x19, then 0x8d: from 0x80 on a byte is written with 0xff before it.
    assert spelled["payment hash"].startswith(b"\x37\x19\xff\x8d")
    assert [len(spelled[name]) for name in ("payment hash", "token id")] == [47, 49]
    assert "version" not in spelled


# --- what commits to nothing ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["identifier-version-1", "identifier-65-bytes", "no-caveats"])
def test_own_vectors_that_commit_to_nothing(name: str) -> None:
    with pytest.raises(IdentifierError):
        read_identifier(bytes.fromhex(VALID[name]["identifier_hex"]))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "empty"),
        (b"contract-number-0042", "free text"),
        ("Rechnung für Ünal".encode(), "free text"),
        (b"a-name-of-exactly-32-characters!", "free text"),
        (b"one name that happens to be exactly sixty-six characters long, yes", "free text"),
        (b'{"paymentHash":"00"}', "JSON"),
        (PAYMENT_HASH.hex()[:32].encode(), "32 hex characters"),
        (PAYMENT_HASH.hex().title().encode(), "free text"),
        (("0001" + IDENTIFIER.hex()[4:]).encode(), "version 1"),
        (b"\0\1" + IDENTIFIER[2:], "version 1"),
        (b"\xfe" + PAYMENT_HASH, "33 bytes"),
        (b"\x08\x01\x12\x20" + PAYMENT_HASH, "protobuf"),
        (b"\x03\x0a\x10" + bytes(16) + b"\x12\x010\x1a\x0c\x0a\x04info\x12\x04read", "node's own"),
        (bytes(65), "65 bytes"),
        (GOB_VERSION_1, "version 1"),
        (GOB + b"\0", "after the gob value"),
        (GOB[:-1], "longer than what is there"),
        (GOB.replace(b"PaymentHash", b"PaymentHush"), "neither"),
        (GOB.replace(b"TokenId", b"Tokenid"), "no identifier"),
        (GOB.replace(b"\x01\x06\x01\x40\x00\x00\x19", b"\x01\x06\x01\x3e\x00\x00\x19"), "32 bytes"),
        (GOB.replace(b"\xff\x8d\x02", b"\xff\x0d\x02"), "shortest form"),
        (GOB.replace(b"\x02\x20\x37", b"\x02\x1f\x37"), "32 bytes"),
        (GOB_TYPES[:-3] + GOB, "described twice"),
        (GOB[GOB.index(b"\x67\xff\x80") :], "longer than|33 bytes|neither"),
        (
            GOB.replace(b"\x67\xff\x80", b"\x68\xff\x80").replace(
                b"\xff\x8d\x02", b"\xfe\x01\x8d\x02"
            ),
            "more than bytes",
        ),
        (GOB + bytes(2_000), "longer than such"),
    ],
)
def test_what_it_looks_like_instead(raw: bytes, why: str) -> None:
    with pytest.raises(IdentifierError, match=why) as caught:
        read_identifier(raw)
    refusal_is_tellable(caught.value, raw)


# --- whatever comes -------------------------------------------------------------------------------


@given(st.binary(max_size=140) | st.binary(min_size=32, max_size=34))
@example(b"\xff" + bytes(32))
def test_any_bytes(raw: bytes) -> None:
    try:
        read = read_identifier(raw)
    except IdentifierError as error:
        refusal_is_tellable(error, raw)
        right = len(raw) == 66 and raw[:2] == b"\0\0"
        assert not right
    else:
        assert len(read.payment_hash) == 32
        for span in read.spans:
            assert 0 <= span.start < span.end <= len(raw)
        assert read.payment_hash in raw or read.form is Form.HEX_HASH


@given(st.sampled_from([GOB, GOB_ONE_TYPE]), st.data())
def test_damaged_gob(raw: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 4)))
    damaged = raw[:start] + data.draw(st.binary(max_size=4)) + raw[end:]
    try:
        read = read_identifier(damaged)
    except IdentifierError as error:
        refusal_is_tellable(error, damaged)
        return
    assert read.form is Form.GOB
    # Only names of types and bytes of the hashes can be changed and still be read for certain.
    for span, value in zip(read.spans, (read.payment_hash, read.token_id), strict=True):
        spelled = b"".join(
            bytes([byte]) if byte < 0x80 else b"\xff" + bytes([byte]) for byte in value or b""
        )
        assert damaged[span.start : span.end] == spelled


@pytest.mark.parametrize(
    "raw",
    [
        b"myservice".ljust(32, b"\0"),
        b"one sentence with a newline in\n.",
        "thirty-one letters and one éa".encode().ljust(32, b"!"),
        b"\0\0" + b"a" * 64,
        b"\xff" + bytes(32),
        b"00" * 32,
    ],
)
def test_what_somebody_wrote_is_no_hash(raw: bytes) -> None:
    with pytest.raises(IdentifierError):
        read_identifier(raw)


def test_real_hashes_look_like_none_of_these() -> None:
    for number in range(20_000):
        raw = sha256(number.to_bytes(4, "big")).digest()
        assert read_identifier(raw).payment_hash == raw

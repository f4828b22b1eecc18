"""Is the payment hash read only where an identifier certainly has one?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.errors import IdentifierError
from l402tui.protocol.identifier import Form, Identifier, read_identifier
from tests.protocol.tokens import IDENTIFIER, PAYMENT_HASH, TOKEN_ID, VALID


def test_the_form_of_the_specification() -> None:
    read = read_identifier(IDENTIFIER)
    assert read == Identifier(0, PAYMENT_HASH, TOKEN_ID, Form.L402)
    fields = {span.name: IDENTIFIER[span.start : span.end] for span in read.spans}
    assert fields == {"version": b"\0\0", "payment hash": PAYMENT_HASH, "token id": TOKEN_ID}


def test_a_hash_alone() -> None:
    read = read_identifier(PAYMENT_HASH)
    assert read == Identifier(None, PAYMENT_HASH, None, Form.RAW_HASH)
    assert [tuple(span) for span in read.spans] == [("payment hash", 0, 32)]


@pytest.mark.parametrize("name", ["identifier-version-1", "identifier-65-bytes", "no-caveats"])
def test_own_vectors_that_commit_to_nothing(name: str) -> None:
    with pytest.raises(IdentifierError):
        read_identifier(bytes.fromhex(VALID[name]["identifier_hex"]))


@given(st.binary(max_size=140))
def test_any_bytes(raw: bytes) -> None:
    right = len(raw) == 32 or (len(raw) == 66 and raw[:2] == b"\0\0")
    try:
        read = read_identifier(raw)
    except IdentifierError:
        assert not right
    else:
        assert right
        assert read.payment_hash in raw

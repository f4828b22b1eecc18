"""Money is exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.amount import MAX_MSAT, format_msat, hrp_amount, parse_amount, sat
from l402tui.protocol.errors import AmountError


@pytest.mark.parametrize(
    ("text", "msat"),
    [
        ("10", 10_000),
        ("10 sat", 10_000),
        ("10sats", 10_000),
        ("1 500 sat", 1_500_000),
        ("1_500", 1_500_000),
        ("2500 msat", 2_500),
        ("0.001 btc", 100_000_000),
        ("0.5 sat", 500),
        ("0", 0),
    ],
)
def test_what_a_person_types(text: str, msat: int) -> None:
    assert parse_amount(text) == msat


@pytest.mark.parametrize(
    "text",
    ["", "sat", "-1", "1e3", "0.5 msat", "0.0001 sat", "1,5", "21000001 btc", "١٠", "1 BTC x"],
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(AmountError):
        parse_amount(text)


@pytest.mark.parametrize(
    ("text", "msat"),
    [("1", 10**11), ("20m", 2 * 10**9), ("2500u", 250_000_000), ("10n", 1_000), ("10p", 1)],
)
def test_invoice_amounts(text: str, msat: int) -> None:
    assert hrp_amount(text) == msat


@pytest.mark.parametrize("text", ["", "0", "01", "1p", "15p", "0u", "1x", "21000001", "1 m"])
def test_invoice_amounts_that_cannot_be(text: str) -> None:
    with pytest.raises(AmountError):
        hrp_amount(text)


@given(st.integers(0, MAX_MSAT))
def test_what_is_written_is_read_as_the_same(msat: int) -> None:
    assert parse_amount(format_msat(msat)) == msat


def test_formats() -> None:
    assert format_msat(sat(1_234_567)) == "1 234 567 sat"
    assert format_msat(2_500) == "2.5 sat"
    assert format_msat(1) == "0.001 sat"
    assert format_msat(-1_500) == "-1.5 sat"

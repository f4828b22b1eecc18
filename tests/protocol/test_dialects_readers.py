"""Do the small readers beneath the dialects say what stands where, and where they had to stop?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.dialects.amounts import (
    bitcoin_words,
    chain,
    currency_words,
    decimal,
    token_words,
)
from l402tui.protocol.dialects.canonical import not_canonical
from l402tui.protocol.dialects.cbor import read_cbor
from l402tui.protocol.dialects.inside import from_base64
from l402tui.protocol.dialects.located import MAX_DEPTH, MAX_ITEMS, Item, Number, plain, read_json
from l402tui.protocol.dialects.tlv import read_tlv
from tests.protocol.dialect_samples import base64url, cbor, entry


def every(item: Item) -> Iterator[Item]:
    yield item
    for inner in (*item.members.values(), *item.elements):
        yield from every(inner)


def why(raw: bytes) -> tuple[str, int | None]:
    _, error = read_json(raw)
    assert error is not None
    return error.why, error.offset


# --- JSON -----------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**70), 10**70) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_json_is_what_the_standard_library_reads(value: Any, indent: Any, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    raw = text.encode("utf-8", "surrogatepass")
    item, error = read_json(raw)
    if error is not None:  # only what is no UTF-8 at all may be refused
        with pytest.raises(UnicodeDecodeError):
            raw.decode()
        return
    assert item is not None
    assert plain(item) == value
    for inner in every(item):
        assert json.loads(raw[inner.start : inner.end]) == plain(inner)


@given(
    st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0e1-. tfn', max_size=60).map(str.encode)
)
def test_json_that_is_none_is_refused_where_the_library_refuses_it(raw: bytes) -> None:
    _, error = read_json(raw)
    try:
        pairs: list[Any] = []
        json.loads(raw.decode(), parse_constant=pairs.append, object_pairs_hook=once)
        valid = not pairs
    except ValueError:
        valid = False
    assert (error is None) == valid


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


@pytest.mark.parametrize(
    ("raw", "told", "offset"),
    [
        (b'{"a":1,"a":2}', "this name is given twice", 7),
        (b'{"a":1,}', "a name in quotes should stand here", 7),
        (b'{"a" 1}', "a colon should stand here", 5),
        (b'{"a":1 "b":2}', "a comma or } should stand here", 7),
        (b"[1 2]", "a comma or ] should stand here", 3),
        (b'{"a":"x', "this text is not closed", 5),
        (b'{"a":"\\q"}', "a wrong escape", 5),
        (b'{"a":"\x00"}', "a control character", 5),
        (b'{"a":"\xff"}', "this is no UTF-8", 6),
        (b'{"a":NaN}', "a JSON value should stand here", 5),
        (b'{"a":tru}', "a JSON value should stand here", 5),
        (b"{} x", "something follows the JSON value", 3),
        (b"", "a JSON value should stand here", 0),
        (b"[" * 40, f"nested more than {MAX_DEPTH} deep", MAX_DEPTH),
        (b"[" + b"1," * MAX_ITEMS + b"1]", "more than 4,096 values", 1 + 2 * (MAX_ITEMS - 1)),
    ],
)
def test_where_json_breaks(raw: bytes, told: str, offset: int) -> None:
    reason, at = why(raw)
    assert told in reason
    assert at == offset


def test_what_stood_before_a_break_is_kept() -> None:
    item, error = read_json(b'{"v":2,"list":[{"a":"x","b":')
    assert item is not None
    assert error is not None
    assert plain(item) == {"v": 2, "list": [{"a": "x"}]}


def test_numbers_that_are_no_amounts_stay_as_written() -> None:
    item, _ = read_json(b"[1.50, 1e999999999, -0, " + b"9" * 79 + b", 12]")
    assert item is not None
    values = [element.value for element in item.elements]
    assert values == ["1.50", "1e999999999", "-0", "9" * 79, 12]
    assert [isinstance(value, Number) for value in values] == [True, True, True, True, False]


# --- canonical JSON -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":"1","b":[true,null,{}]}',
        b"[0,-7,4.5,1e+30,1e-7,0.000001,100000000000000000000,9007199254740991]",
        '{"\u20ac":"\\u0001\\n\\"","\U0001f600":1,"\ufb33":2}'.encode(),
    ],
)
def test_canonical(raw: bytes) -> None:
    item, error = read_json(raw)
    assert error is None
    assert item is not None
    assert not_canonical(raw, item) is None


@pytest.mark.parametrize(
    ("raw", "told", "offset"),
    [
        (b'{"a": 1}', "white space", 5),
        (b'{"b":1,"a":2}', "not in the order", 2),
        (b'{"a":1.0}', "written differently", 6),
        (b'{"a":1E2}', "written differently", 6),
        (b'{"a":-0}', "written differently", 5),
        (b'{"a":9007199254740993}', "written differently", 20),
        (b'{"a":"\\u0041"}', "written differently", 6),
        (b'{"a":"\\/"}', "written differently", 6),
        (b'{"a":1e999}', "no writing", 0),
        (b'{"a":"\\ud800"}', "no writing", 0),
        ('{"\ufb33":2,"\U0001f600":1}'.encode(), "not in the order", 2),
    ],
)
def test_not_canonical(raw: bytes, told: str, offset: int) -> None:
    item, error = read_json(raw)
    assert error is None
    assert item is not None
    fault = not_canonical(raw, item)
    assert fault is not None
    assert told in fault.why
    assert fault.offset == offset


@given(st.dictionaries(st.text(alphabet="abcxyz", max_size=4), st.integers(0, 2**53 - 1)))
def test_sorted_compact_json_is_canonical(value: dict[str, int]) -> None:
    raw = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    item, _ = read_json(raw)
    assert item is not None
    assert not_canonical(raw, item) is None


# --- CBOR -----------------------------------------------------------------------------------------

CBOR_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]))
    | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(alphabet=st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


def unlocated(item: Item) -> Any:
    value = item.value
    if isinstance(value, dict):
        return {name: unlocated(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [unlocated(element) for element in value]
    return value


@given(CBOR_VALUES)
def test_cbor_comes_back(value: Any) -> None:
    raw = cbor(value)
    item, error = read_cbor(raw)
    assert error is None
    assert item is not None
    assert unlocated(item) == value
    for inner in every(item):
        again, _ = read_cbor(raw[inner.start : inner.end])
        assert again is not None
        assert unlocated(again) == unlocated(inner)


@pytest.mark.parametrize(
    ("raw", "told", "offset"),
    [
        (b"", "ends too early", 0),
        (b"\x19\x01", "ends too early", 2),
        (b"\x63ab", "longer than what is there", 0),
        (b"\xa1\x61a", "ends too early", 3),
        (b"\xa1\x01\x02", "a name as text", 1),
        (cbor({"a": 1})[:3].replace(b"\xa1", b"\xa2") + b"\x01\x61a\x02", "given twice", 4),
        (b"\xc0\x01", "a tag", 0),
        (b"\x9f\x01\xff", "indefinite length", 0),
        (b"\x1c", "no such value", 0),
        (b"\xf8\x20", "no such value", 0),
        (b"\x61\xff", "no UTF-8", 1),
        (b"\x01\x01", "something follows", 1),
        (b"\x81" * 40, "nested more than 32 deep", MAX_DEPTH),
        (b"\x9a\xff\xff\xff\xff" + b"\x01" * 5_000, "more than 4,096 values", 5 + MAX_ITEMS - 1),
    ],
)
def test_where_cbor_breaks(raw: bytes, told: str, offset: int) -> None:
    _, error = read_cbor(raw)
    assert error is not None
    assert told in error.why
    assert error.offset == offset


def test_a_float_is_kept_as_written() -> None:
    item, error = read_cbor(b"\xfb\x40\x35\x00\x00\x00\x00\x00\x00")
    assert error is None
    assert item is not None
    assert item.value == "21.0"
    assert isinstance(item.value, Number)


# --- types, lengths and values --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "told", "offset"),
    [
        (b"\x01\x00\x05ab", "longer than what is there", 0),
        (b"\x01\x00", "longer than what is there", 0),
        (entry(1, b"a") + entry(1, b"b"), "given twice", 4),
        (entry(2, b"\x01"), "8 bytes", 3),
        (entry(4, b"\x02"), "0 or 1", 3),
        (entry(6, b"a\xff"), "no UTF-8", 4),
        (entry(7, entry(1, b"\0\0")), "one byte long", 6),
        (entry(8, entry(3, b"\x09ab")), "longer than what is there", 6),
    ],
)
def test_where_types_and_lengths_break(raw: bytes, told: str, offset: int) -> None:
    _, error = read_tlv(raw)
    assert error is not None
    assert told in error.why
    assert error.offset == offset


# --- base64, amounts, chains ----------------------------------------------------------------------


@given(st.binary(max_size=40))
def test_every_writing_of_base64(data: bytes) -> None:
    bare = base64url(data)
    padded = bare + b"=" * (-len(bare) % 4)
    for raw in (bare, padded, padded.translate(bytes.maketrans(b"-_", b"+/"))):
        assert from_base64(raw) == (data, ())


@pytest.mark.parametrize(
    ("raw", "data", "told", "offset"),
    [
        (b"YWJj!ZGVm", b"abc", "no character of base64", 4),
        (b"YWJjZ", b"abc", "one character over", 5),
        (b"YWI==", b"ab", "the padding", 3),
        (b"YW=I", b"a", "no character of base64", 2),
    ],
)
def test_base64_that_is_none(raw: bytes, data: bytes, told: str, offset: int) -> None:
    read, (problem,) = from_base64(raw)
    assert read == data
    assert told in problem.why
    assert problem.offset == offset


@pytest.mark.parametrize(
    ("amount", "places", "text"),
    [(10_000, 6, "0.01"), (0, 6, "0"), (1_234_567_890, 3, "1 234 567.89"), (7, 0, "7")],
)
def test_decimal(amount: int, places: int, text: str) -> None:
    assert decimal(amount, places).text == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (2_500, "sat", "2 500 sat"),
        (1, "msat", "0.001 sat"),
        (150, "usd", "1.50 USD"),
        (5, "EUR", "0.05 EUR"),
        (500, "jpy", "500 JPY"),
        (9_000, "BTC", "0.00009 BTC (9 000 sat)"),
        (9, "doubloon", "9 base units of doubloon"),
        (9, "x\x1b[2J", "9 base units of x\\x1b[2J"),
    ],
)
def test_currency_words(amount: int, currency: str, text: str) -> None:
    assert currency_words(amount, currency).text == text


def test_usdc_is_only_what_has_its_contract() -> None:
    base = chain("eip155:8453")
    contract = "0x833589FCD6eDb6E08f4c7C32D4f71b54bdA02913"
    assert token_words(10_000, base, contract, "").text == "0.01 USDC"
    assert token_words(10_000, chain("base"), contract.lower(), "").text == "0.01 USDC"
    # The same address on another chain is another token.
    assert token_words(10_000, chain("eip155:1"), contract, "").text == "10 000 base units"
    claims = token_words(10_000, base, "0x00", "USDC").text
    assert claims == "10 000 base units (0.01 if the token is USDC, as it says)"


def test_bitcoin_words() -> None:
    assert bitcoin_words(1_500).text == "1.5 sat"


@pytest.mark.parametrize(
    ("text", "word", "test"),
    [
        ("eip155:8453", "Base", False),
        ("base-sepolia", "Base's test network Sepolia", True),
        ("lightning:mainnet", "the Lightning network", False),
        ("lightning:regtest", "the Lightning network (test)", True),
        ("bip122:000000000019d6689c085ae165831e93", "Bitcoin", False),
        ("eip155:9999999", "", False),
    ],
)
def test_chains(text: str, word: str, test: bool) -> None:
    assert (chain(text).word, chain(text).test) == (word, test)

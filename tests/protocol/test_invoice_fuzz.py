"""Does whatever a server sends end in an invoice or in InvoiceError, and in nothing else?"""

from __future__ import annotations

from bech32 import CHARSET, bech32_encode
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.invoice import Invoice, strip_uri
from tests.protocol.invoice_writer import BASIC, N, number, own_vectors, write

INVOICES = [vector["invoice"] for vector in own_vectors()["valid"]]
TAGS = st.sampled_from("pshdnxcfr9mz2")
QUINTETS = st.lists(st.integers(0, 31), max_size=60)
FIELDS = st.lists(st.tuples(TAGS, QUINTETS), max_size=6)


def refusal_is_tellable(text: str, error: InvoiceError) -> None:
    assert error.offset is None or 0 <= error.offset <= len(text)
    assert str(error).isprintable()


def decode_or_refuse(text: str) -> None:
    try:
        invoice = Invoice.decode(text, lenient_features=True)
    except InvoiceError as error:
        refusal_is_tellable(text, error)
        return
    assert "".join(invoice.text[f.start : f.end] for f in invoice.fields) == text.lower()
    tree = dissect_invoice(invoice)
    assert all(node.label for node in tree.walk())


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    decode_or_refuse(text)
    decode_or_refuse(strip_uri(text))


@given(st.text(alphabet=CHARSET + "1lnbcrt0123456789munp", max_size=300))
def test_text_of_the_right_letters(text: str) -> None:
    decode_or_refuse("lnbc" + text)


@given(st.sampled_from(INVOICES), st.data())
def test_mutated_invoice(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 8)))
    decode_or_refuse(text[:start] + data.draw(st.text(max_size=8)) + text[end:])


@given(
    st.sampled_from(["lnbc", "lnbcrt25u", "lntbs1m", "lnsb10p"]),
    st.lists(st.integers(0, 31), min_size=100, max_size=400),
)
def test_noise_with_a_right_checksum(prefix: str, values: list[int]) -> None:
    decode_or_refuse(bech32_encode(prefix, values))


@given(FIELDS, st.booleans())
def test_any_fields_rightly_signed(fields: list[tuple[str, list[int]]], name: bool) -> None:
    basic = (*BASIC, N) if name else BASIC
    decode_or_refuse(write(*basic, *fields))
    decode_or_refuse(write(*fields, *basic))


@given(st.integers(0, 2**70), st.integers(0, 2**70))
def test_any_numbers(expiry: int, cltv: int) -> None:
    decode_or_refuse(write(*BASIC, ("x", number(expiry)), ("c", number(cltv))))

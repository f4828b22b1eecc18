"""Is every invoice read as BOLT-11 says, and refused where it cannot be read for certain?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.invoice import FieldState, Invoice, Network, strip_uri
from tests.protocol.invoice_writer import (
    BASIC,
    CREATED,
    HASH,
    NINE,
    PAYEE,
    SECRET,
    D,
    FieldSpec,
    N,
    P,
    S,
    bits,
    number,
    own_vectors,
    quintets,
    resealed,
    shared_vectors,
    write,
)

OWN = own_vectors()
SPEC: dict[str, Any] = shared_vectors("bolt11-spec.json") or {"valid": [], "invalid": []}
VALID = [*OWN["valid"], *SPEC["valid"]]
INVALID = [*OWN["invalid"], *SPEC["invalid"]]


def named(vectors: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(v, id=v.get("name") or v["about"][:50]) for v in vectors]


def refused(text: str, *, why: str) -> InvoiceError:
    with pytest.raises(InvoiceError, match=why) as caught:
        Invoice.decode(text)
    return caught.value


@pytest.mark.parametrize("vector", named(VALID))
def test_valid_vector_has_the_expected_fields(vector: dict[str, Any]) -> None:
    invoice = Invoice.decode(vector["invoice"])
    expect = vector["expect"]

    def given(name: str) -> bytes | None:
        return bytes.fromhex(expect[name]) if name in expect else None

    assert invoice.network.value == expect["currency"]
    assert invoice.amount == expect["amount_msat"]
    assert invoice.created == expect["timestamp"]
    assert invoice.expiry == expect.get("expiry", 3600)
    assert invoice.expires_at == invoice.created + invoice.expiry
    assert invoice.min_final_cltv_expiry == expect.get("min_final_cltv", 18)
    assert invoice.payment_hash == given("payment_hash")
    assert invoice.payment_secret == given("payment_secret")
    assert invoice.description == (
        expect["description"].encode() if "description" in expect else None
    )
    assert invoice.description_hash == given("description_hash")
    assert invoice.metadata == given("metadata")
    assert list(invoice.features.bits) == expect["features"]
    assert invoice.payee == given("payee")
    assert invoice.signature == given("signature")
    assert invoice.recovery_id == expect["recid"]
    assert [[f.version, f.program.hex()] for f in invoice.fallbacks] == expect["fallbacks"]
    assert [
        [[h.node_id.hex(), h.channel, h.fee_base_msat, h.fee_ppm, h.cltv_delta] for h in hint]
        for hint in invoice.route_hints
    ] == expect["route_hints"]
    skipped = [f.tag for f in invoice.fields if f.state is FieldState.SKIPPED]
    assert skipped == expect["unknown"]


@pytest.mark.parametrize("vector", named(VALID))
def test_fields_cover_every_character_once(vector: dict[str, Any]) -> None:
    invoice = Invoice.decode(vector["invoice"])
    assert invoice.text == vector["invoice"].lower()
    assert invoice.fields[0].start == 0
    assert invoice.fields[-1].end == len(invoice.text)
    assert all(before.end == after.start for before, after in pairwise(invoice.fields))
    for field in invoice.fields:
        assert field.start < field.end
        assert invoice.text[: field.end].endswith(field.data)


@pytest.mark.parametrize("vector", named(INVALID))
def test_invalid_vector_is_refused(vector: dict[str, Any]) -> None:
    if vector.get("our_reference_rejects", True):
        with pytest.raises(InvoiceError):
            Invoice.decode(vector["invoice"])
    else:
        Invoice.decode(vector["invoice"])


def test_the_spec_vectors_are_there() -> None:
    if not SPEC["valid"]:
        pytest.skip("the shared vectors are not on this machine (L402TUI_SHARED_VECTORS)")
    assert (len(SPEC["valid"]), len(SPEC["invalid"])) == (15, 10)
    assert (len(OWN["valid"]), len(OWN["invalid"])) == (33, 24)


def test_own_writer_makes_what_the_reader_reads() -> None:
    invoice = Invoice.decode(write())
    assert (invoice.network, invoice.amount) == (Network.REGTEST, 2_500_000)
    assert (invoice.created, invoice.payee, invoice.payee_named) == (CREATED, PAYEE, False)
    assert (invoice.payment_hash, invoice.payment_secret) == (HASH, SECRET)


@pytest.mark.parametrize("network", Network)
@pytest.mark.parametrize("amount", ["", "1", "25m"])
def test_network_is_matched_whole(network: Network, amount: str) -> None:
    invoice = Invoice.decode(write(prefix=f"ln{network.value}{amount}"))
    assert invoice.network is network
    assert (invoice.amount is None) is not bool(amount)


def test_network_words() -> None:
    words = [network.word for network in Network]
    assert words == ["bitcoin", "testnet", "signet", "regtest", "simnet"]


@pytest.mark.parametrize("prefix", ["lnb25u", "lnbcr25u", "lnbcrtx25u", "lntbsb", "lnb"])
def test_unknown_network_is_refused(prefix: str) -> None:
    assert refused(write(prefix=prefix), why="network").offset == 2


@pytest.mark.parametrize("amount", ["0", "01", "0u", "25x", "25uu", "u", "11p", "25u!", "22000000"])
def test_wrong_amount_is_refused(amount: str) -> None:
    prefix = f"lnbcrt{amount}"
    if amount == "u":
        refused(write(prefix=prefix), why="network")
    else:
        assert refused(write(prefix=prefix), why="amount").offset == 6


def test_upper_case_is_the_same_invoice() -> None:
    text = write(*BASIC, N)
    assert Invoice.decode(text.upper()) == Invoice.decode(text)


@pytest.mark.parametrize("change", [str.title, str.swapcase])
def test_mixed_case_is_refused_where_it_begins(change: Callable[[str], str]) -> None:
    text = write()
    mixed = text[:40] + change(text[40:])
    assert (refused(mixed, why="case").offset or 0) >= 40


@pytest.mark.parametrize("around", [" {}", "{}\n", "lightning:{}", "LIGHTNING://{} "])
def test_nothing_may_stand_around_it_but_strip_uri_takes_it_off(around: str) -> None:
    text = write()
    with pytest.raises(InvoiceError):
        Invoice.decode(around.format(text))
    assert strip_uri(around.format(text)) == text


def test_strip_uri_leaves_everything_else() -> None:
    assert strip_uri("lightningx:lnbc1") == "lightningx:lnbc1"
    assert strip_uri(" lightning:lightning:x ") == "lightning:x"


def test_changed_character_breaks_the_checksum() -> None:
    text = write()
    other = "q" if text[60] != "q" else "p"
    refused(text[:60] + other + text[61:], why="checksum")


@pytest.mark.parametrize(
    ("text", "why", "offset"),
    [
        ("", "begin like", 0),
        ("hello", "begin like", 0),
        ("bc1qqqqqq", "begin like", 0),
        ("lno1" + "q" * 40, "BOLT-12", 0),
        ("lnurl1" + "q" * 40, "LNURL", 0),
        ("lnbc1" + "q" * 116, "too short", 121),
        ("lnbc1" + "q" * 50 + "b" + "q" * 70, "do not use", 55),
        ("lnbc1" + "q" * 50 + "é" + "q" * 70, "ASCII", 55),
        ("lnbc1" + "q" * 7_085, "longer than 7089", 7_089),
    ],
)
def test_refusal_says_what_and_where(text: str, why: str, offset: int | None) -> None:
    assert refused(text, why=why).offset == offset


@pytest.mark.parametrize("missing", [P, S, D])
def test_missing_field_is_refused(missing: FieldSpec) -> None:
    refused(write(*(field for field in BASIC if field is not missing)), why="has no|neither")


def test_first_of_a_repeated_field_counts_and_the_others_are_listed() -> None:
    again = ("p", quintets(bytes(32)))
    invoice = Invoice.decode(write(*BASIC, again, again, ("d", quintets(b"other"))))
    assert (invoice.payment_hash, invoice.description) == (HASH, b"a test")
    assert invoice.repeated == ("p", "p", "d")
    assert Invoice.decode(write()).repeated == ()


@pytest.mark.parametrize("tag", ["p", "s", "h", "n"])
@pytest.mark.parametrize("length", [0, 51, 54])
def test_field_of_a_wrong_length_is_passed_over(tag: str, length: int) -> None:
    wrong = (tag, [1] * length)
    invoice = Invoice.decode(write(wrong, *BASIC))
    assert (invoice.payment_hash, invoice.payment_secret) == (HASH, SECRET)
    assert [f.tag for f in invoice.fields if f.state is FieldState.SKIPPED] == [tag]
    assert invoice.repeated == ()


@pytest.mark.parametrize("tag", ["p", "s", "d", "m"])
def test_padding_must_be_zero(tag: str) -> None:
    values = {"p": HASH, "s": SECRET, "d": b"a test", "m": b"mm"}[tag]
    padded = quintets(values)
    padded[-1] |= 1
    others = tuple(field for field in BASIC if field[0] != tag)
    error = refused(write((tag, padded), *others), why="spare bits")
    assert error.offset == len("lnbcrt25u1") + 7


def test_a_quintet_too_many_is_refused() -> None:
    refused(write(*BASIC, ("m", [*quintets(b"12345"), 0])), why="spare bits")


def test_numbers_may_be_as_big_as_64_bits() -> None:
    invoice = Invoice.decode(write(*BASIC, ("x", number(2**64 - 1)), ("c", number(144))))
    assert invoice.expires_at == CREATED + 2**64 - 1
    assert invoice.min_final_cltv_expiry == 144
    refused(write(*BASIC, ("x", number(2**64))), why="64 bits")
    refused(write(*BASIC, ("c", [31] * 1023)), why="64 bits")


def test_number_without_digits_is_zero() -> None:
    assert Invoice.decode(write(*BASIC, ("x", []))).expiry == 0
    assert Invoice.decode(write(*BASIC, ("x", [0, 0, 1]))).expiry == 1


def test_unknown_required_feature_is_only_for_looking() -> None:
    text = write(P, S, D, ("9", bits(8, 14, 30, 100, 131)))
    error = refused(text, why="bits 30, 100")
    assert error.offset == text.index("9qm")
    invoice = Invoice.decode(text, lenient_features=True)
    assert invoice.features.unknown_required == (30, 100)
    assert invoice.features.bits == (8, 14, 30, 100, 131)
    assert invoice.features.names[-1] == "feature 130 (optional)"


def test_features_need_not_be_there() -> None:
    assert Invoice.decode(write(P, S, D)).features.bits == ()
    assert Invoice.decode(write(P, S, D, ("9", []))).features.bits == ()
    assert Invoice.decode(write(P, S, D, ("9", [0, 0, 1]))).features.bits == (0,)


@pytest.mark.parametrize("size", [0, 50, 52, 101])
def test_route_hint_is_made_of_whole_hops(size: int) -> None:
    refused(write(*BASIC, ("r", quintets(bytes(size)))), why="whole hops")


def test_field_may_not_run_into_the_signature() -> None:
    refused(write(*BASIC, stray=(1,)), why="runs into")
    refused(write(*BASIC, stray=(1, 0, 1)), why="runs into")
    assert Invoice.decode(write(*BASIC, stray=(2, 0, 0))).fields[-3].name == "unknown"


def test_description_must_be_utf8_and_one_of_two() -> None:
    refused(write(P, S, NINE, ("d", quintets(b"\xff"))), why="UTF-8")
    refused(write(*BASIC, ("h", quintets(HASH))), why="both")


def test_named_payee_must_have_signed() -> None:
    invoice = Invoice.decode(write(*BASIC, N))
    assert (invoice.payee, invoice.payee_named) == (PAYEE, True)
    refused(write(*BASIC, ("n", quintets(b"\x02" + b"\x07" * 31 + b"\x03"))), why="names")
    refused(write(*BASIC, ("n", quintets(b"\x05" + PAYEE[1:]))), why="is no key")
    refused(write(*BASIC, N, high_s=True), why="not by the payee")


def test_recovery_takes_either_s_and_only_four_ids() -> None:
    assert Invoice.decode(write(*BASIC, high_s=True)).payee == PAYEE
    refused(write(*BASIC, recovery_id=4), why="recovery id")
    refused(write(*BASIC, N, recovery_id=4), why="recovery id")
    refused(write(*BASIC, recovery_id=2), why="fits no key")


def test_raised_amount_shows_only_as_another_payee_or_where_one_is_named() -> None:
    honest, raised = write(prefix="lnbcrt25u"), resealed(write(prefix="lnbcrt25u"), "lnbcrt25m")
    assert Invoice.decode(raised).amount == 1_000 * (Invoice.decode(honest).amount or 0)
    assert Invoice.decode(raised).payee != Invoice.decode(honest).payee == PAYEE
    refused(resealed(write(*BASIC, N), "lnbcrt25m"), why="not by the payee")


def test_reading_the_module_does_not_load_the_curve() -> None:
    code = "import sys, l402tui.protocol.dissect.invoice; print('coincurve' in sys.modules, end='')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False"

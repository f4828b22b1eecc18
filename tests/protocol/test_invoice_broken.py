"""Does a broken invoice say where and why it broke, and still show the rest?"""

from __future__ import annotations

import pytest
from bech32 import CHARSET, bech32_encode
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.dissect.invoice_broken import dissect_invoice_text
from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.tree import Mark, Node
from tests.protocol.invoice_writer import (
    BASIC,
    HASH,
    PAYEE,
    D,
    N,
    P,
    S,
    number,
    own_vectors,
    quintets,
    resealed,
    write,
)

OWN = own_vectors()
BROKEN = {v["name"]: v["invoice"] for v in OWN["invalid"] if v["our_reference_rejects"]}


def wrong(root: Node) -> list[tuple[str, str]]:
    """Label and characters of what is marked wrong below the root."""
    found = [node for node in root.children if node.mark is Mark.BAD]
    return [(n.label.text, n.span.bytes().decode() if n.span else "") for n in found]


@pytest.mark.parametrize("vector", OWN["valid"], ids=lambda v: v["name"])
def test_a_whole_invoice_gives_its_own_tree(vector: dict[str, str]) -> None:
    text = vector["invoice"]
    whole = dissect_invoice(Invoice.decode(text))
    read = dissect_invoice_text(text)
    assert [(n.label, n.value, n.meaning, n.mark) for n in read.walk()] == [
        (n.label, n.value, n.meaning, n.mark) for n in whole.walk()
    ]


@pytest.mark.parametrize("name", BROKEN)
def test_every_refused_vector_says_why(name: str) -> None:
    text = BROKEN[name]
    with pytest.raises(InvoiceError) as caught:
        Invoice.decode(text)
    root = dissect_invoice_text(text)
    if "feature" in name:  # that one may be looked at
        assert root.find("features").mark is Mark.BAD
        return
    assert root.mark is Mark.BAD
    assert caught.value.why in root.meaning.text
    assert root.copy == text.encode()


def test_wrong_checksum_is_marked_and_all_fields_are_there() -> None:
    text = write(*BASIC, N, ("x", number(60)))
    root = dissect_invoice_text(text[:-1] + ("q" if text[-1] != "q" else "p"))
    assert [label for label, _ in wrong(root)] == ["checksum"]
    assert root.find("payment hash").value.text == HASH.hex()
    assert root.find("payee").value.text == PAYEE.hex()
    assert root.find("amount").value.text.startswith("2 500 sat")
    assert root.find("expiry").value.text == "1 minute, until 2026-01-01T00:01:00Z"
    assert root.find("signature").meaning.text.startswith("Whatever stands here was not checked")


def test_field_that_broke_is_marked_and_the_others_are_read() -> None:
    hint = quintets(bytes(50))
    root = dissect_invoice_text(write(P, S, ("r", hint), D))
    assert wrong(root) == [("route hint", "rzs" + "q" * 80)]
    assert "not made of whole hops" in root.find("route hint").meaning.text
    assert root.find("description").value.text == "a test"


def test_every_field_that_cannot_be_read_is_marked() -> None:
    bad = (("d", quintets(b"\xff")), ("x", number(2**64)), ("f", [0, *quintets(bytes(5))]))
    root = dissect_invoice_text(write(P, S, *bad))
    assert [label for label, _ in wrong(root)] == ["description", "expiry", "fallback address"]


def test_hops_features_and_addresses_are_read_as_in_a_whole_invoice() -> None:
    fields = (
        ("r", quintets(PAYEE + bytes(18))),
        ("f", [0, *quintets(bytes(20))]),
        ("c", number(40)),
        ("9", [1, 0, 0]),
        ("m", quintets(b"mm")),
        ("z", [1]),
        P,
    )
    text = write(P, S, D, *fields)
    whole = dissect_invoice_text(text)
    broken = dissect_invoice_text(text[:-1] + ("q" if text[-1] != "q" else "p"))
    for label in ("hop 1", "fallback address", "features", "metadata", "unknown field z"):
        one, other = whole.find(label), broken.find(label)
        assert (one.value, one.meaning, one.mark) == (other.value, other.meaning, other.mark)
    assert broken.find("repeated payment hash").mark is Mark.WARN


def test_missing_field_has_no_place() -> None:
    root = dissect_invoice_text(write(P, D))
    assert wrong(root) == []
    assert root.value.text.endswith("it has no payment secret (field s)")


@pytest.mark.parametrize(
    ("prefix", "label", "chars"),
    [
        ("lnxx25u", "network", "lnxx"),
        ("lnbc25x", "amount", "25x"),
        ("lnbc11p", "amount", "11p"),
        ("lnbc025u", "amount", "025u"),
    ],
)
def test_wrong_beginning_is_marked(prefix: str, label: str, chars: str) -> None:
    root = dissect_invoice_text(resealed(write(), prefix))
    assert wrong(root) == [(label, chars)]
    assert root.find("payment hash").value.text == HASH.hex()


def test_address_on_an_unknown_network_is_not_guessed() -> None:
    text = write(*BASIC, ("f", [17, *quintets(bytes(20))]), prefix="lnxx25u")
    assert dissect_invoice_text(text).find("fallback address").value.text.startswith("3qqq")


def test_what_was_cut_off_leaves_the_beginning() -> None:
    text = write()
    root = dissect_invoice_text(text[:130])
    assert root.find("payment hash").value.text == HASH.hex()
    assert root.find("rest").value.text == text[127:130]
    assert wrong(root) == []
    assert "signature" not in [node.label.text for node in root.children]


def test_what_is_too_short_says_where_it_ends() -> None:
    text = write()[:100]
    root = dissect_invoice_text(text)
    assert root.find("payment hash").value.text == HASH.hex()
    assert root.find("character 100").value.text == "(the end)"


def test_field_that_runs_into_the_signature_begins_the_rest() -> None:
    root = dissect_invoice_text(write(*BASIC, stray=(1,)))
    assert [label for label, _ in wrong(root)] == ["rest"]
    assert "runs into the signature" in root.find("rest").meaning.text


@pytest.mark.parametrize("char", ["é", "\U0001f600", "b", " ", "\udc80"])
def test_character_that_does_not_belong_is_pointed_at(char: str) -> None:
    text = write()
    root = dissect_invoice_text(text[:100] + char + text[101:])
    assert root.find("payment hash").value.text == HASH.hex()
    place = root.find("character 100")
    assert place.span is not None
    assert place.span.bytes() == char.encode("utf-8", "surrogatepass")


def test_mixed_case_is_read_and_marked_where_it_begins() -> None:
    text = write()
    root = dissect_invoice_text(text[:60] + text[60:].upper())
    assert [label for label, _ in wrong(root)] == ["payment hash"]
    assert root.find("payment hash").value.text == HASH.hex()


@pytest.mark.parametrize("text", ["", "1", "hello", "lnbc", "lno1qqq", "ln1q", "\x1b[2J" * 9])
def test_what_is_no_invoice_at_all(text: str) -> None:
    root = dissect_invoice_text(text)
    assert root.mark is Mark.BAD
    assert all(node.value.text.isprintable() for node in root.walk())


def test_an_endless_text_costs_little() -> None:
    root = dissect_invoice_text("lnbc1" + "q" * 1_000_000)
    assert len(list(root.walk())) < 3_000
    assert "longer than 7089" in root.value.text


def walkable(text: str) -> None:
    root = dissect_invoice_text(text)
    size = len(root.copy)
    for node in root.walk():
        assert node.label
        assert all(t.text.isprintable() for t in (node.label, node.value, node.meaning))
        assert "{" not in node.meaning.text or "{" in text
        assert node.span is None or 0 <= node.span.start <= node.span.end <= size


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    walkable(text)
    walkable("lnbc1" + text)


@given(st.sampled_from([v["invoice"] for v in OWN["valid"]]), st.data())
def test_mutated_invoice(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 8)))
    walkable(text[:start] + data.draw(st.text(CHARSET, max_size=8)) + text[end:])


@given(
    st.sampled_from(["lnbc", "lnxx25u", "lntbs1m", "lnsb11p"]),
    st.lists(st.integers(0, 31), max_size=400),
)
def test_noise_with_a_right_checksum(prefix: str, values: list[int]) -> None:
    walkable(bech32_encode(prefix, values))

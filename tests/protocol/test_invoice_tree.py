"""Does the tree of an invoice say everything that is in it, and point at the right characters?"""

from __future__ import annotations

import pytest

from l402tui.protocol.dissect import dissect
from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.dissect.invoice_broken import dissect_invoice_text
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.text import shown
from l402tui.protocol.tree import Mark, Node
from tests.protocol.invoice_writer import (
    BASIC,
    CREATED,
    HASH,
    NINE,
    PAYEE,
    D,
    FieldSpec,
    N,
    P,
    S,
    bits,
    number,
    own_vectors,
    quintets,
    shared_vectors,
    write,
)
from tests.protocol.tokens import TOKEN

SPEC = (shared_vectors("bolt11-spec.json") or {"valid": []})["valid"]
VECTORS = {
    **{vector["name"]: vector["invoice"] for vector in own_vectors()["valid"]},
    **{f"spec-{number}": vector["invoice"] for number, vector in enumerate(SPEC)},
}
HOP = PAYEE + bytes.fromhex("0aae600000010002 000003e8 000009c4 0028")


def tree(*fields: FieldSpec, prefix: str = "lnbcrt25u") -> Node:
    return dissect_invoice(
        Invoice.decode(write(*(fields or BASIC), prefix=prefix), lenient_features=True)
    )


def chars(node: Node) -> str:
    assert node.span is not None
    return node.span.bytes().decode()


@pytest.mark.parametrize("name", VECTORS)
def test_top_fields_cover_every_character_and_explain_themselves(name: str) -> None:
    invoice = Invoice.decode(VECTORS[name])
    root = dissect_invoice(invoice)
    assert chars(root) == invoice.text
    assert "".join(chars(node) for node in root.children if node.span) == invoice.text
    assert all(node.meaning for node in root.children)
    assert all("{" not in node.meaning.text for node in root.walk())
    for node in root.walk():
        for child in node.children:
            assert child.span is None or node.span is None or node.span.holds(child.span)


@pytest.mark.parametrize("name", VECTORS)
def test_every_character_leads_to_a_field(name: str) -> None:
    root = dissect_invoice(Invoice.decode(VECTORS[name]))
    assert root.span is not None
    found = [root.at(root.span.buffer, place) for place in range(len(root.span))]
    assert all(node is not None and node is not root for node in found)


@pytest.mark.parametrize("name", VECTORS)
def test_every_field_has_its_characters_and_its_value(name: str) -> None:
    invoice = Invoice.decode(VECTORS[name])
    nodes = [node for node in dissect_invoice(invoice).children if node.span]
    for field, node in zip(invoice.fields, nodes, strict=True):
        assert chars(node) == invoice.text[field.start : field.end]
        assert node.value or field.tag == "d"
    hints = [node for node in nodes if node.label.text == "route hint"]
    for hint, node in zip(invoice.route_hints, hints, strict=True):
        shown_hops = [[part.value.text for part in hop.children] for hop in node.children]
        assert len(shown_hops) == len(hint)
        for hop, parts in zip(hint, shown_hops, strict=True):
            assert parts[:2] == [hop.node_id.hex(), hop.channel]
            assert parts[2].endswith(f"({hop.fee_base_msat:,} msat)".replace(",", " "))
            assert parts[3].startswith(f"{hop.fee_ppm:,} millionths".replace(",", " "))
            assert parts[4] == f"{hop.cltv_delta} blocks"
    addresses = [node.value.text for node in nodes if node.label.text == "fallback address"]
    assert addresses == [fallback.address for fallback in invoice.fallbacks]


def test_values_are_in_words() -> None:
    root = tree(*BASIC, ("x", number(5_400)), ("c", number(144)))
    assert root.value.text == "2 500 sat (2 500 000 msat) on regtest"
    assert root.find("network").value.text == "regtest (lnbcrt)"
    assert root.find("amount").value.text == "2 500 sat (2 500 000 msat)"
    assert "25u stands for 25 millionths of a bitcoin" in root.find("amount").meaning.text
    assert root.find("created").value.text == "2026-01-01T00:00:00Z"
    assert root.find("expiry").value.text == "1 hour 30 minutes, until 2026-01-01T01:30:00Z"
    assert root.find("min final CLTV expiry").value.text == "144 blocks"
    assert root.find("payment hash").value.text == HASH.hex()
    assert root.find("payment hash").meaning.text.startswith(
        "Paying reveals the preimage whose SHA-256 is this."
    )
    assert root.find("description").value.text == "a test"
    assert chars(root.find("payment hash")).startswith("pp5")


def test_defaults_have_no_characters() -> None:
    root = tree()
    for label, value in (
        ("expiry", "1 hour (the default), until 2026-01-01T01:00:00Z"),
        ("min final CLTV expiry", "18 blocks (the default)"),
    ):
        assert (root.find(label).value.text, root.find(label).span) == (value, None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (61, "1 minute 1 second"),
        (604_800, "7 days"),
        (90_061, "1 day 1 hour 1 minute 1 second"),
        (86_400_000, "1 000 days"),
        (2**64 - 1, "more than 213 503 982 334 601 days"),
    ],
)
def test_durations(seconds: int, words: str) -> None:
    value = tree(*BASIC, ("x", number(seconds))).find("expiry").value.text
    assert value.startswith(f"{words}, until ")


def test_dates_beyond_the_calendar() -> None:
    value = tree(*BASIC, ("x", number(2**60))).find("expiry").value.text
    assert value.endswith("until beyond the year 9999")


def test_amount_may_be_open_and_mainnet_is_real_money() -> None:
    root = tree(prefix="lnbc")
    assert root.value.text == "any amount on bitcoin"
    amount = root.find("amount")
    assert (amount.value.text, amount.span, amount.mark) == ("any amount", None, Mark.NOTE)
    assert "real money" in root.find("network").meaning.text


def test_payee_recovered_or_named() -> None:
    recovered = tree().find("signature").find("payee")
    assert recovered.value.text == f"{PAYEE.hex()} (recovered)"
    named = tree(*BASIC, N)
    assert named.find("payee").value.text == PAYEE.hex()
    with pytest.raises(KeyError):
        named.find("signature").find("payee")


def test_route_hints_whole_with_the_characters_of_each_part() -> None:
    hint = tree(*BASIC, ("r", quintets(HOP * 2))).find("route hint")
    assert hint.value.text == "2 hops"
    for hop in hint.children:
        assert [part.value.text for part in hop.children] == [
            PAYEE.hex(),
            "700000x1x2",
            "1 sat (1 000 msat)",
            "2 500 millionths (0.25 %)",
            "40 blocks",
        ]
    first, second = hint.children
    assert first.span is not None
    assert second.span is not None
    assert hint.span is not None
    assert (first.span.start, second.span.end) == (hint.span.start + 3, hint.span.end)
    # A hop is 81.6 characters, so neighbours share one.
    assert second.span.start == first.span.end - 1


def test_fallback_addresses() -> None:
    root = dissect_invoice(Invoice.decode(VECTORS["two-fallbacks"]))
    shown = [node for node in root.children if node.label.text == "fallback address"]
    kinds = [node.find("type").value.text for node in shown]
    assert kinds == ["pay to public key hash", "pay to script hash"]
    assert [node.value.text[0] for node in shown] == ["1", "3"]


def test_features_bit_by_bit() -> None:
    root = tree(P, S, D, ("9", bits(8, 14, 17, 99)))
    features = root.find("features")
    assert features.value.text == (
        "var_onion_optin (required), payment_secret (required), basic_mpp (optional), "
        "feature 98 (optional)"
    )
    assert features.mark is Mark.PLAIN
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    for node, bit in zip(features.children, (8, 14, 17, 99), strict=True):
        assert alphabet.index(chars(node)) >> bit % 5 & 1


def test_unknown_required_feature_is_marked_wrong() -> None:
    features = tree(P, S, D, ("9", bits(8, 14, 100))).find("features")
    assert features.mark is Mark.BAD
    assert [node.mark for node in features.children] == [Mark.PLAIN, Mark.PLAIN, Mark.BAD]


def test_features_of_lnd_have_a_name_and_are_still_unknown_to_a_payer() -> None:
    features = tree(P, S, D, ("9", bits(8, 14, 30, 55))).find("features")
    assert features.value.text.endswith("amp (required), keysend (optional)")
    assert features.mark is Mark.BAD
    assert features.find("amp").mark is Mark.BAD
    assert features.find("keysend").mark is Mark.PLAIN


def test_a_thousand_features_do_not_make_a_thousand_lines() -> None:
    features = tree(P, S, D, ("9", [31] * 1_000)).find("features")
    assert len(features.children) == 65
    assert features.find("more").value.text == "4936 more bits are set"
    assert features.value.cut


def test_description_is_made_safe_and_copied_as_it_is() -> None:
    raw = "\x1b]0;x\x07\u202e[b]".encode()
    node = tree(P, S, NINE, ("d", quintets(raw))).find("description")
    assert node.value.text == shown(raw).text
    assert node.value.text.startswith("\\x1b]0;x\\x07")
    assert node.copy == raw
    assert "seller" in node.meaning.text


def test_skipped_and_repeated_fields_say_so() -> None:
    root = tree(*BASIC, P, ("h", [1, 2]), ("z", [3]), ("f", [22]))
    assert root.find("repeated payment hash").mark is Mark.WARN
    for label in ("skipped description hash", "unknown field z", "skipped fallback address"):
        assert root.find(label).mark is Mark.NOTE
    assert chars(root.find("unknown field z")) == "zqpr"


def test_long_metadata_is_cut_for_the_eye_only() -> None:
    node = tree(*BASIC, ("m", quintets(bytes(300)))).find("metadata")
    assert node.value.cut == 400
    assert node.copy == bytes(300).hex().encode()


# --- the clock ----------------------------------------------------------------------------------

X = ("x", number(600))


@pytest.mark.parametrize(
    ("fields", "until"), [((*BASIC, X), CREATED + 600), (BASIC, CREATED + 3_600)]
)
def test_an_invoice_past_its_expiry_says_so(fields: tuple[FieldSpec, ...], until: int) -> None:
    invoice = Invoice.decode(write(*fields))
    for now in (None, float(CREATED), until - 1.0):
        root = dissect_invoice(invoice, now=now)
        assert root.value.text == "2 500 sat (2 500 000 msat) on regtest"
        assert root.find("expiry").mark is Mark.PLAIN
    for now in (float(until), until + 1e9):
        root = dissect_invoice(invoice, now=now)
        assert root.value.text == "2 500 sat (2 500 000 msat) on regtest, expired"
        assert root.find("expiry").mark is Mark.WARN
        assert root.find("expiry").value.text.endswith(": expired")
        assert "That is over" in root.find("expiry").meaning.text


def test_an_expiry_that_is_broken_besides_says_so_too() -> None:
    broken = dissect_invoice_text(write(P, D, NINE, X), now=CREATED + 600.0)
    assert broken.mark is Mark.BAD
    assert broken.find("expiry").mark is Mark.WARN
    assert dissect_invoice_text(write(P, D, NINE, X), now=0.0).find("expiry").mark is Mark.PLAIN


TOKEN_TEXT = TOKEN.text
EVERYWHERE: dict[str, str] = {
    "alone": "{}",
    "with lightning:": "lightning:{}",
    "in a log": "pay {} soon",
    "in a challenge": f'L402 macaroon="{TOKEN_TEXT}", invoice="{{}}"',
    "in a header": f'WWW-Authenticate: L402 macaroon="{TOKEN_TEXT}", invoice="{{}}"',
    "in a body": f'{{{{"macaroon": "{TOKEN_TEXT}", "invoice": "{{}}"}}}}',
    "in a bare body": '{{"invoice": "{}"}}',
    "in a message": "HTTP/1.1 402 Payment Required\r\nWWW-Authenticate: L402 "
    f'macaroon="{TOKEN_TEXT}", invoice="{{}}"\r\n\r\n',
    "in the Payment scheme": 'Payment method="lightning", invoice="{}"',
}


@pytest.mark.parametrize("name", EVERYWHERE)
def test_inspect_says_it_wherever_the_invoice_stands(name: str) -> None:
    thing = EVERYWHERE[name].format(write(*BASIC))
    for now, mark in ((CREATED + 3_600.0, Mark.WARN), (CREATED + 1.0, Mark.PLAIN)):
        assert {n.mark for n in dissect(thing, now=now).walk() if n.label.text == "expiry"} == {
            mark
        }

"""Is L402 material found wherever it stands, and nothing else?"""

from __future__ import annotations

import html
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.find import MAX_FOUND, Found, Sort, find, find_in_json
from l402tui.protocol.macaroon import Format, Spelling
from tests.protocol.invoice_writer import D, P, S, write
from tests.protocol.tokens import INVOICE, PREIMAGE, TOKEN, mint, spelled

BILL = f'L402 macaroon="{TOKEN.text}", invoice="{INVOICE}"'
OTHER = 'Payment id="7", method="lightning"'
PAID = f"L402 {TOKEN.text}:{PREIMAGE.hex()}"
V1 = spelled(b"a=1", format=Format.V1)
WRONG = INVOICE[:-1] + ("q" if INVOICE[-1] != "q" else "p")
MAINNET = write(prefix="lnbc25u")

BINARY = [spelling for spelling in Spelling if spelling is not Spelling.JSON]


def only(text: str) -> Found:
    finds = find(text)
    (found,) = finds.found
    assert not finds.more
    return found


def sorts(text: str) -> list[Sort]:
    return [found.sort for found in find(text).found]


# --- challenges ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"WWW-Authenticate: {BILL}",
        f"it said:\r\n< www-authenticate: {BILL}\r\n< x: y",
        f"  {BILL}  ",
        f"2026-01-01 INFO answer {BILL} status=402 path=/x",
        f"<p>It gives {html.escape(BILL)} and no more.</p>",
        f"<p>It gives {html.escape(BILL).replace('&quot;', '&#34;')}</p>",
        json.dumps({"headers": {"www-authenticate": BILL}}) + "\n{}",
        "outer " + json.dumps(json.dumps({"challenge": BILL})),
        f"He wrote {BILL.replace(chr(34), chr(0x201C), 1).replace(chr(34), chr(0x201D), 1)}!",
        f"{{'WWW-Authenticate': '{BILL}'}}",
        f'curl -H "x: {BILL.replace(chr(34), "")}" u',
    ],
)
def test_a_challenge_in_any_surroundings(text: str) -> None:
    found = only(text)
    assert found.sort is Sort.CHALLENGE
    assert found.text.replace('"', "") == BILL.replace('"', "")
    place = found.places[0]
    line = text.split("\n")[place.line - 1]
    assert line[place.column - 1 :].lower().lstrip("< ").startswith(("l402", "www-auth"))


@pytest.mark.parametrize(
    "value",
    [
        f'L402 version="0", token="{TOKEN.text}", invoice="{INVOICE}"',
        f"lsat macaroon='{TOKEN.text}' invoice='{INVOICE}'",
        f"L402 macaroon={TOKEN.text}, invoice={INVOICE}",
        f'L402 macaroon = "{TOKEN.text}", invoice= "{INVOICE}"',
        f'L402 invoice="{INVOICE}", id="a, b", macaroon="{TOKEN.text}"',
        f'LSAT {TOKEN.text}, invoice="{INVOICE}"',
        f'L402 macaroon="no macaroon at all", invoice="{INVOICE}"',
        f'L402 macaroon="{TOKEN.text}", invoice="{WRONG}"',
    ],
)
def test_every_way_to_write_one(value: str) -> None:
    found = only(f"see: ({value})")
    assert (found.sort, found.text) == (Sort.CHALLENGE, value)


def test_header_lines_of_one_response_stay_together() -> None:
    lines = [BILL.replace("L402", "LSAT"), BILL, OTHER]
    found = only("".join(f"www-authenticate: {line}\r\n" for line in lines) + "x: y\r\n")
    assert found.text.split("\n") == lines


def test_a_whole_header_line_keeps_its_other_challenges() -> None:
    value = f'Basic realm="x", {BILL}'
    assert only(f"WWW-Authenticate: {value}\n").text == value


# --- credentials ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (f'curl -H "Authorization: {PAID}" https://h.example/x', 25),
        (f"authorization: {PAID}", 16),
        (f"sent {PAID}, got 200", 6),
        (json.dumps({"Authorization": PAID}) + " x", 20),
    ],
)
def test_a_credential(text: str, column: int) -> None:
    found = only(text)
    assert (found.sort, found.text, found.name) == (Sort.CREDENTIAL, PAID, "Authorization")
    assert found.places[0][:2] == (1, column)


@pytest.mark.parametrize("tail", ["", ":", ":abc"])
def test_half_a_credential_needs_its_header(tail: str) -> None:
    half = f"L402 {TOKEN.text}{tail}"
    assert only(f"Authorization: {half}").text == half
    assert only(f"sent {half}").sort is Sort.TOKEN


@pytest.mark.parametrize("name", ["Macaroon", "Grpc-Metadata-macaroon"])
def test_headers_that_carry_a_macaroon(name: str) -> None:
    raw = mint(b"preimage=" + PREIMAGE.hex().encode()).raw.hex()
    found = only(f"curl --header '{name}: {raw}' u")
    assert (found.sort, found.text, found.name) == (Sort.CREDENTIAL, raw, name)


def test_x_payment() -> None:
    value = PAID.removeprefix("L402 ")
    found = only(f"> X-Payment: {value}\n")
    assert (found.sort, found.text, found.name) == (Sort.CREDENTIAL, value, "X-Payment")


# --- invoices, tokens, preimages -----------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["lnbc", "lntb", "lntbs20m", "lnbcrt1", "lnsb7p", "lnbc11"])
def test_invoices_of_every_network(prefix: str) -> None:
    invoice = write(P, S, D, prefix=prefix)
    for text in (f"pay {invoice}.", f'<a href="lightning:{invoice.upper()}">', f"({invoice})"):
        found = only(text)
        assert found.sort is Sort.INVOICE
        assert found.text.lower() == invoice


@pytest.mark.parametrize("text", [WRONG, INVOICE[:-9], INVOICE[:40] + INVOICE[40:].upper()])
def test_what_only_looks_like_an_invoice(text: str) -> None:
    assert only(f"pay {text} now").sort is Sort.NEARLY_INVOICE


@pytest.mark.parametrize(
    "token",
    [
        *(spelling.spell(TOKEN.macaroon.raw) for spelling in BINARY),
        V1,
        Spelling.HEX.spell(mint(format=Format.V1).raw),
    ],
)
def test_tokens(token: str) -> None:
    assert (only(f"and {token} here").sort, only(f"and {token} here").name) == (Sort.TOKEN, "")
    named = only(f'"my_macaroon": "{token}",')
    assert (named.text, named.name) == (token, "my_macaroon")


def test_a_broken_macaroon_counts_only_where_it_is_called_one() -> None:
    broken = TOKEN.text[:-8]
    assert only(f"macaroon={broken}").sort is Sort.TOKEN
    assert sorts(f"and {broken} here") == []


def test_a_preimage_needs_its_name() -> None:
    found = only(f'{{"payment_preimage": "{PREIMAGE.hex()}"}} x')
    assert (found.sort, found.text) == (Sort.PREIMAGE, PREIMAGE.hex())
    assert sorts(f"hash {PREIMAGE.hex()}") == []


@pytest.mark.parametrize(
    "text",
    [
        "L402 macaroon=\"<base64>\", invoice=\"<bolt11>\"",
        "Send Authorization: L402 <token>:<preimage> with it, or $TOKEN:$PREIMAGE.",
        "L402 is a protocol, and LSAT is what it was called before; invoice=1, token=2.",
        "lnbc1500n1p... and lntb20m1pvjluez",
        '{"token": "ghp_abcdefghijklmnopqrstuvwxyz0123456789"}',
        "macaroon = /home/me/.lnd/data/chain/bitcoin/mainnet/admin.macaroon",
        "AgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgEAgE",
        "WWW-Authenticate: Basic realm=\"x\"",
        "",
    ],
)  # fmt: skip
def test_no_false_alarm(text: str) -> None:
    assert find(text) == ((), 0)


# --- many things, and where they stand -----------------------------------------------------------


def test_places_and_repeats() -> None:
    text = f"one\n  {INVOICE}\n{PAID}\r\nagain {INVOICE}\nmacaroon: {V1}\n"
    invoice, paid, token = find(text).found
    assert [place[:2] for place in invoice.places] == [(2, 3), (4, 7)]
    assert paid.places[0][:2] == (3, 1)
    assert (token.places[0][:2], token.name) == ((5, 11), "macaroon")


def test_parts_of_a_challenge_are_not_told_again() -> None:
    body = json.dumps({"macaroon": TOKEN.text, "invoice": INVOICE})
    for bill in (BILL, BILL.replace('"', "")):
        assert sorts(f"{bill}\n\n{body} x") == [Sort.CHALLENGE]
    assert sorts(f"{BILL}\n{MAINNET}") == [Sort.CHALLENGE, Sort.INVOICE]


def test_so_many_and_no_more() -> None:
    lines = [f"preimage={number:064x}" for number in range(MAX_FOUND + 7)]
    finds = find("\n".join(lines))
    assert (len(finds.found), finds.more) == (MAX_FOUND, 7)


def test_paths_in_a_json_document() -> None:
    document = {
        "a b": [{"challenge": BILL}, {"www-authenticate": [BILL, f"{BILL}, {OTHER}"]}],
        "pay": {"invoice": MAINNET, "preimage": PREIMAGE.hex(), "text": f"see {WRONG}"},
        "lnd": {"macaroon": TOKEN.macaroon.raw.hex()},
    }
    found = find_in_json(document).found
    assert [(f.sort, f.name, [place.path for place in f.places]) for f in found] == [
        (Sort.CHALLENGE, "", ['$["a b"][0].challenge', '$["a b"][1]["www-authenticate"][0]']),
        (Sort.CHALLENGE, "www-authenticate", ['$["a b"][1]["www-authenticate"][1]']),
        (Sort.INVOICE, "invoice", ["$.pay.invoice"]),
        (Sort.PREIMAGE, "preimage", ["$.pay.preimage"]),
        (Sort.NEARLY_INVOICE, "", ["$.pay.text"]),
        (Sort.TOKEN, "macaroon", ["$.lnd.macaroon"]),
    ]


def nested(depth: int, inside: object) -> object:
    for _ in range(depth):
        inside = {"k" * 60: inside}
    return inside


def test_a_deep_document_takes_no_memory_for_paths() -> None:
    document = nested(500, ["x" * 40] * 20_000)  # each path would be 30 KB long
    tracemalloc.start()
    try:
        assert find_in_json(document).found == ()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_a_long_path_is_written_with_its_beginning_and_its_end() -> None:
    found = find_in_json(nested(500, {"pay": [{"invoice": INVOICE}]})).found
    path = found[0].places[0].path
    assert path.startswith(f"$.{'k' * 60}.")
    assert path.endswith(".pay[0].invoice")
    assert "…" in path
    assert len(path) < 2_000


# --- anything ------------------------------------------------------------------------------------

_PIECES = [
    BILL, PAID, INVOICE, WRONG, TOKEN.text, V1, "L402 ", "LSAT ", "macaroon=", 'invoice="', '"',
    "'", "\\", "&quot;", "“", ":", ", ", "\n", "WWW-Authenticate: ", "Authorization: ", "Macaroon:",
    "preimage:", PREIMAGE.hex(), "AgE", "MDA", "0201", "lnbc1", "q" * 117, "=", "{", "a" * 40,
]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=8), max_size=20).map("".join))
def test_any_text(text: str) -> None:
    lines = text.split("\n")
    for found in find(text).found:
        assert found.text
        for place in found.places:
            assert 1 <= place.line <= len(lines)
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1


_JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=9) | st.sampled_from(_PIECES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=10,
)


@given(_JSON)
def test_any_document(document: object) -> None:
    for found in find_in_json(document).found:
        assert all(place.path.startswith("$") for place in found.places)

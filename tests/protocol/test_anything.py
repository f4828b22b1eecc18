"""Does whatever a person pastes get the right answer, and no preimage come through in clear?"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.dissect import dissect
from l402tui.protocol.dissect.anything import MAX_INPUT
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.macaroon import Format, Spelling
from l402tui.protocol.tree import Mark, Node
from tests.protocol.test_dissect import check
from tests.protocol.tokens import INVOICE, PAYMENT_HASH, PREIMAGE, TOKEN, mint, spelled

BILL = f'L402 macaroon="{TOKEN.text}", invoice="{INVOICE}"'
SECRET = PREIMAGE.hex()
PAID = f"L402 {TOKEN.text}:{SECRET}"
RAW = TOKEN.macaroon.raw
WRONG = INVOICE[:-1] + ("q" if INVOICE[-1] != "q" else "p")
ANSWER = f"HTTP/1.1 402 Payment Required\nWWW-Authenticate: {BILL}\n\npay\n"
UNSIGNED = {"hash": PAYMENT_HASH.hex(), "exp": 1_767_225_600_000}
HAR = {"log": {"entries": [{"request": {"url": "/"}, "response": {"status": 402}}]}}


def b64(thing: object) -> str:
    return b64encode(json.dumps(thing).encode()).decode()


# What is pasted, and the label of the tree and its mark.
PASTED: dict[str, tuple[str | bytes, str, Mark]] = {
    "a credential without scheme": (PAID.removeprefix("L402 "), "credential", Mark.PLAIN),
    "a broken credential": ("L402 abc:00", "credential", Mark.BAD),
    "a header of gRPC": (f"Grpc-Metadata-Macaroon: {RAW.hex()}", "credential", Mark.PLAIN),
    "another credential": ("Authorization: Bearer x", "no L402 credential", Mark.PLAIN),
    "a JSON macaroon": (mint(format=Format.JSON_V2).raw, "macaroon", Mark.PLAIN),
    "unsigned JSON": (b64(UNSIGNED), "unsigned JSON", Mark.PLAIN),
    "a token and its name": (f"macaroon={TOKEN.text}", "macaroon", Mark.PLAIN),
    "a broken macaroon": (TOKEN.text[:-8], "macaroon", Mark.BAD),
    "a broken binary macaroon": (RAW + b"x", "macaroon", Mark.BAD),
    "a broken invoice": (WRONG, "invoice", Mark.BAD),
    "an invoice of two lines": (f"{INVOICE[:90]}\r\n  {INVOICE[90:]}", "invoice", Mark.PLAIN),
    "a token of two lines": (f"{TOKEN.text[:120]}\n{TOKEN.text[120:]}", "macaroon", Mark.PLAIN),
    "32 bytes": (SECRET.upper(), "32 bytes", Mark.PLAIN),
    "a body": (json.dumps({"macaroon": TOKEN.text, "invoice": INVOICE}), "challenge in the body",
               Mark.WARN),
    "another body": ('{"x402Version": 1, "accepts": []}', "protocol", Mark.NOTE),
    "another header": ("PAYMENT-REQUIRED: " + b64({"x402Version": 2}), "protocol", Mark.NOTE),
    "its value alone": (b64({"x402Version": 2}), "protocol", Mark.NOTE),
    "another challenge": ('Payment id="7", request="e30"', "protocol", Mark.NOTE),
    "a response": (ANSWER, "response", Mark.PLAIN),
    "a response with CRLF": (ANSWER.replace("\n", "\r\n"), "response", Mark.PLAIN),
    "a binary response": (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n\xff\xfe", "response", Mark.PLAIN),
    "two responses": (ANSWER + ANSWER, "found", Mark.PLAIN),
    "a broken response": (f"HTTP/1.1 402 Pay\nsee {BILL}", "found", Mark.PLAIN),
    "a recording": (json.dumps(HAR), "found", Mark.PLAIN),
    "headers alone": (f"content-type: x\nwww-authenticate: {BILL}\n", "found", Mark.PLAIN),
    "a shell line": (f"curl -H 'Authorization: {PAID}' http://h", "found", Mark.PLAIN),
    "two invoices": (f"{INVOICE}\n{WRONG}", "found", Mark.PLAIN),
    "JSON with one inside": (json.dumps([{"x": BILL}]), "found", Mark.PLAIN),
    "Latin-1 with one inside": (b"caf\xe9 " + INVOICE.encode(), "found", Mark.PLAIN),
    "UTF-16": (BILL.encode("utf-16"), "WWW-Authenticate", Mark.PLAIN),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + INVOICE.encode(), "invoice", Mark.PLAIN),
}  # fmt: skip


@pytest.mark.parametrize("name", PASTED)
def test_what_it_is(name: str) -> None:
    thing, label, mark = PASTED[name]
    tree = dissect(thing)
    check(tree)
    assert tree.label.text == label
    if mark is Mark.BAD or label == "found":
        assert tree.mark is mark


def test_where_things_were_found() -> None:
    tree = dissect(f"\n\n  {INVOICE}\r\n\nand {PAID}, {WRONG}, {INVOICE}")
    assert tree.value.text == "1 invoice, 1 credential, 1 text that looks like an invoice"
    assert [child.label.text for child in tree.children] == [
        "invoice",
        "credential",
        "looks like an invoice",
    ]
    places = [child.children[0] for child in tree.children]
    assert {place.label.text for place in places} == {"where"}
    column = len(f"and {PAID}, {WRONG}, ") + 1
    assert places[0].value.text == f"line 3, column 3; line 5, column {column}"
    assert places[1].value.text == "line 5, column 5, behind Authorization"
    assert tree.children[2].mark is Mark.WARN


def test_each_message_says_where_it_stands() -> None:
    answer = "\n< ".join(ANSWER.splitlines()[:-1])
    tree = dissect(f"* x\n> GET / HTTP/1.1\n> Authorization: {PAID}\n>\n< {answer}\npay\n")
    assert tree.value.text == "1 request, 1 response"
    assert [child.find("where").value.text for child in tree.children] == ["line 2", "line 5"]
    assert tree.children[1].find("token id").span is not None
    assert tree.children[1].find("body").copy == b"pay\n"


def test_a_recording_without_payment_shows_what_there_is() -> None:
    entry = {"request": {"url": "http://h/x"}, "response": {"status": 200}}
    tree = dissect(json.dumps({"log": {"entries": [entry] * 70}}))
    assert tree.value.text == "0 of 70 exchanges"
    assert tree.children[0].value.text == "GET http://h/x HTTP/1.1"
    assert tree.children[-1].value.text == "6 more exchanges"


def test_a_body_that_is_left_out() -> None:
    content = {"text": "x" * 300_000}
    entry = {"response": {"status": 402, "content": content}}
    tree = dissect(json.dumps({"log": {"entries": [entry]}}))
    assert "300,000 bytes" in tree.find("left out").value.text


def test_32_bytes_alone_are_secret() -> None:
    tree = dissect(f" {SECRET}\n")
    assert tree.secret
    assert tree.span is not None
    assert tree.span.buffer.secret
    assert tree.find("SHA-256").value.text == PAYMENT_HASH.hex()
    assert not tree.find("SHA-256").secret


@pytest.mark.parametrize(
    "text",
    [
        "L402 macaroon=x\nor else",
        "L402 is what I use.",
        "{}",
        '{"a": "b"}',
        "[1]",
        "eyJ",
        "x" * 300,
    ],
)
def test_what_was_tried_is_told(text: str) -> None:
    with pytest.raises(DecodeError):
        dissect(text)


def test_only_a_recording_may_be_long() -> None:
    with pytest.raises(DecodeError, match=r"256 KiB .* 16 MiB"):
        dissect(f"{INVOICE} ".ljust(MAX_INPUT + 1))
    assert dissect(json.dumps(HAR).ljust(MAX_INPUT + 1)).label.text == "found"
    with pytest.raises(DecodeError, match="16 MiB"):
        dissect(json.dumps(HAR).ljust(16 * 2**20 + 1))


# --- preimages -----------------------------------------------------------------------------------


def in_clear(tree: Node) -> list[str]:
    """Labels of the nodes that show the preimage, or would copy it without asking."""
    raw = SECRET.encode()
    return [
        node.label.text
        for node in tree.walk()
        if raw[:40] in b"".join(t.raw + t.text.encode() for t in (node.value, node.meaning))
        or (raw in node.copy and not node.secret)
        or (node.span is not None and raw in node.span.bytes()
            and not (node.secret and node.span.buffer.secret))
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        PAID,
        f"{TOKEN.text}:{SECRET}",
        f'Payment method="lightning", preimage="{SECRET}"',
        f'Payment method="lightning", invoice="{INVOICE}", preimage="{SECRET}"',
        "Authorization: Payment "
        + urlsafe_b64encode(json.dumps({"payload": {"preimage": SECRET}}).encode()).decode(),
        f'{BILL}, preimage="{SECRET}"',
        f"L402 token={TOKEN.text}:{SECRET}",
        f"L402 {TOKEN.text} {SECRET}",
        json.dumps({"invoice": INVOICE, "preimage": SECRET}),
        json.dumps({"macaroon": TOKEN.text, "invoice": INVOICE, "preimage": SECRET}),
        b64({"preimage": SECRET, **UNSIGNED}),
        spelled(b"preimage=" + SECRET.encode()),
        f"GET /x?preimage={SECRET} HTTP/1.1\nHost: h\n\n",
        f"HTTP/1.1 200 OK\n\n{json.dumps({'x': 'y' * 150, 'payment_preimage': SECRET})}",
        json.dumps({"log": {"entries": [{"request": {"postData": {"text": f"preimage={SECRET}"}}}]}}
        ),
        f"see preimage: {SECRET} and {PAID}",
    ],
)  # fmt: skip
def test_a_preimage_is_never_in_clear(text: str) -> None:
    tree = dissect(text)
    check(tree)
    assert in_clear(tree) == []


def test_a_hash_is_no_preimage() -> None:
    digest = PAYMENT_HASH.hex()
    tree = dissect(json.dumps({"invoice": INVOICE, "payment_hash": digest}))
    assert not any(node.secret for node in tree.walk())
    tree = dissect(f'L402 token="x", invoice="{INVOICE}", requirement_hash="sha256:{digest}"')
    assert not any(node.secret for node in tree.walk())


@given(
    st.sampled_from([PAID, f"{TOKEN.text}:{SECRET}", f"> Authorization: {PAID}\n"]),
    st.sampled_from(["", " ", "\n", "x ", "é", "HTTP/1.1 402 Pay\n", "{", '"', "L402 "]),
    st.sampled_from(["", " ", "\n", " x", "\n\n", "}", '"', ",", ":"]),
)
def test_a_credential_among_other_text(paid: str, before: str, after: str) -> None:
    try:
        tree = dissect(before + paid + after)
    except DecodeError as error:
        assert SECRET not in str(error)  # noqa: PT017
    else:
        assert in_clear(tree) == []


# --- anything ------------------------------------------------------------------------------------

_PARTS = st.sampled_from(
    [BILL, PAID, INVOICE, WRONG, TOKEN.text, SECRET, ANSWER, json.dumps(HAR), b64(UNSIGNED), "\n",
     "WWW-Authenticate: ", "Authorization: ", "HTTP/1.1 402 Pay\n", "< ", "> ", "{", "}", "[", '"',
     ":", "=", ", ", "# ", "lightning:", "Payment ", "creqA", "Macaroon: ",
     Spelling.HEX.spell(RAW)]
)  # fmt: skip


@given(st.lists(_PARTS | st.text(max_size=6), max_size=8).map("".join))
def test_any_mixture(text: str) -> None:
    try:
        tree = dissect(text)
    except DecodeError as error:
        told = str(error)
    else:
        told = ""
        check(tree)
    assert told.isprintable()


# --- small things --------------------------------------------------------------------------------


@pytest.mark.parametrize("format", [Format.V1, Format.V2])
@pytest.mark.parametrize("space", [b"\n", b"\r\n", b" \n\n"])
def test_white_space_behind_a_binary_macaroon_is_passed_over(format: Format, space: bytes) -> None:
    macaroon = mint(format=format)
    tree = dissect(macaroon.raw + space)
    assert tree.mark is not Mark.BAD
    assert tree.find("signature").value.text == macaroon.signature.hex()
    assert tree.find("white space").value.text.startswith(str(len(space)))
    assert "white space" not in {node.label.text for node in dissect(macaroon.raw).walk()}


def test_a_signature_that_ends_in_a_line_break_is_whole() -> None:
    ends = (mint(b"n=%d" % number) for number in range(5_000))
    macaroon = next(one for one in ends if one.signature.endswith(b"\n"))
    for raw in (macaroon.raw, macaroon.raw + b"\n"):
        assert dissect(raw).find("signature").value.text == macaroon.signature.hex()


def test_what_else_stands_behind_a_binary_macaroon_is_an_error() -> None:
    assert dissect(mint().raw + b"\nx").mark is Mark.BAD
    assert dissect(mint().raw + b"\n" * 20).mark is Mark.BAD


REQUEST = urlsafe_b64encode(b'{"amount":"1000","currency":"sat"}').decode().rstrip("=")
PAYMENT = f'Payment id="a", realm="b", method="lightning", intent="charge", request="{REQUEST}"'
ECASH = 'Cashu mint="https://mint.example", amount="10", unit="sat"'


@pytest.mark.parametrize("asked", [PAYMENT, ECASH])
@pytest.mark.parametrize("before", ["", "WWW-Authenticate: "])
def test_what_another_scheme_asks_for_is_told_once(before: str, asked: str) -> None:
    tree = dissect(before + asked)
    labels = [node.label.text for node in tree.walk()]
    assert labels.count("amount") == 1
    assert "WWW-Authenticate" not in labels


def test_the_rest_of_such_a_line_is_still_told() -> None:
    tree = dissect(f'WWW-Authenticate: {ECASH}, Bearer realm="x"')
    assert [node.label.text for node in tree.walk()].count("mint") == 1
    assert tree.find("WWW-Authenticate").find("realm").value.text == "x"


@pytest.mark.parametrize(
    ("headers", "body", "words"),
    [
        ("", "", "0 headers, 0 bytes of body."),
        ("Host: a\r\n", "x", "1 header, 1 byte of body."),
        ("Host: a\r\nA: b\r\n", "xy", "2 headers, 2 bytes of body."),
    ],
)
def test_numbers_agree_with_their_words(headers: str, body: str, words: str) -> None:
    assert dissect(f"HTTP/1.1 200 OK\r\n{headers}\r\n{body}").meaning.text == words


@pytest.mark.parametrize(
    "around", ["bitcoin:bcrt1q?amount=0.1&lightning={}", "({})", "invoice={}", "http://x/?a=1&b={}"]
)
def test_an_invoice_is_found_in_a_text_without_blanks(around: str) -> None:
    tree = dissect(around.format(INVOICE))
    assert tree.label.text == "found"
    assert [child.label.text for child in tree.children] == ["invoice"]


@pytest.mark.parametrize("body", ["payment required", "Payment Required.\n"])
def test_the_body_of_a_402_alone_says_where_the_bill_is(body: str) -> None:
    with pytest.raises(DecodeError, match="curl -i"):
        dissect(body)

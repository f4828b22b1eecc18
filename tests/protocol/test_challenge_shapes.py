"""Is every shape in which challenges are sent read, or refused with its parts shown?

The numbers are those of the table of shapes. Every token, invoice and header here is our own.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256

import pytest

from l402tui.protocol.challenge import Deviation, Reading, read_challenges
from l402tui.protocol.dissect import dissect, dissect_challenge, dissect_message
from l402tui.protocol.errors import ChallengeError
from l402tui.protocol.macaroon import Format, Macaroon, Spelling
from l402tui.protocol.tree import Mark, Node
from tests.protocol.invoice_writer import HASH, NINE, D, P, write
from tests.protocol.tokens import CAVEATS, IDENTIFIER, INVOICE, KEY, PAYMENT_HASH, spelled

URL = Spelling.URL_SAFE_UNPADDED
HEX_ID = IDENTIFIER.hex().encode()


def blob(*fields: tuple[str, object]) -> str:
    return b64encode(json.dumps(dict(fields)).encode()).decode()


def sealed(*fields: tuple[str, object]) -> str:
    payload = urlsafe_b64encode(json.dumps(dict(fields)).encode()).decode().rstrip("=")
    return f"{payload}.{sha256(payload.encode()).hexdigest()}"


M = spelled()
NO_MACAROON = b64encode(b"twenty-one bytes here").decode()
EMPTY_CAPABILITIES = spelled(b"services=weather:0", b"weather_capabilities=")
BOLTWALL = spelled(b"expiration=1924991999000", spelling=URL, identifier=HEX_ID)
HOST_PORT = Spelling.STANDARD.spell(Macaroon.mint(KEY, IDENTIFIER, b"192.0.2.7:8443", ()).raw)
V1_RAW = spelled(b"RequestPath = /w", format=Format.V1, identifier=PAYMENT_HASH)
V1_FF = spelled(b"Realm = weather", format=Format.V1, identifier=b"\xff" + PAYMENT_HASH)
NOT_UTF8 = spelled(b"weather_capabiliti\x95s=read")
BODY_HASH = spelled(b"bodyHash=" + b"ab" * 32, b"expiration=1924991999000", identifier=HEX_ID)
RUNE = URL.spell(bytes(range(32)) + b"paymentHash=" + PAYMENT_HASH.hex().encode())
V1_TEXT = spelled(*CAVEATS, format=Format.V1, identifier=b"ch_weather_001")
UNSIGNED = blob(("hash", PAYMENT_HASH.hex()), ("exp", 1924991999000))
CHAINLESS = blob(
    ("id", "w-1"), ("location", "example.com"),
    ("caveats", [{"key": "service", "value": "settlegrid:weather"}]), ("signature", "ab" * 32),
)  # fmt: skip
PAYLOAD_MAC = sealed(("url", "https://example.com/w"), ("paymentHash", PAYMENT_HASH.hex()))
TPP = sealed(("paymentHash", PAYMENT_HASH.hex()), ("resource", "w"), ("expiresAt", 1924991999000))
CASHU_BLOB = blob(("payload", json.dumps({"identifier": "w", "caveats": []})), ("sig", "cd" * 32))
HEX64 = spelled(b"resource_id = w", spelling=URL, format=Format.V1,
                identifier=PAYMENT_HASH.hex().encode())  # fmt: skip
MOCK = "lnbc100n1p0practice" + "00ff" * 8


@dataclass(frozen=True)
class Shape:
    """What is sent, and what has to come of it."""

    lines: list[str]
    token: str = M
    param: str = "macaroon"
    scheme: str = "L402"
    deviations: set[Deviation] = field(default_factory=set)
    invoice: str = INVOICE
    others: tuple[str, ...] = ()


def pair(token: str = M, invoice: str = INVOICE, name: str = "macaroon") -> str:
    return f'{name}="{token}", invoice="{invoice}"'


PAYMENT = 'Payment id="w1", realm="example.com", method="lightning", intent="charge", request="e30"'

READ: dict[str, Shape] = {
    "1": Shape([f'L402 version="0", {pair(name="token")}'], param="token"),
    "1 token is no macaroon": Shape(
        [f'L402 version="0", {pair(NO_MACAROON, name="token")}'], NO_MACAROON, "token"),
    "2": Shape([f"LSAT {pair()}", f"L402 {pair()}"]),
    "2 with a third": Shape([f"LSAT {pair()}", f"L402 {pair()}", PAYMENT], others=("Payment",)),
    "3": Shape([f"LSAT {pair(EMPTY_CAPABILITIES)}"], EMPTY_CAPABILITIES, scheme="LSAT"),
    "4 space only": Shape(
        [f'LSAT macaroon="{BOLTWALL}" invoice="{INVOICE}"'], BOLTWALL, scheme="LSAT",
        deviations={Deviation.NO_COMMA}),
    "4 no space": Shape(
        [f'LSAT macaroon="{BOLTWALL}",invoice="{INVOICE}"'], BOLTWALL, scheme="LSAT"),
    "5": Shape([f"LSAT {pair(HOST_PORT)}"], HOST_PORT, scheme="LSAT"),
    "6": Shape([f"LSAT macaroon={M}, invoice={INVOICE}"], scheme="LSAT",
               deviations={Deviation.UNQUOTED}),
    "6 v1, raw hash": Shape([f"L402 macaroon={V1_RAW}, invoice={INVOICE}"], V1_RAW,
                            deviations={Deviation.UNQUOTED}),
    "6 v1, ff and hash": Shape([f"L402 macaroon={V1_FF}, invoice={INVOICE}"], V1_FF,
                               deviations={Deviation.UNQUOTED}),
    "6 nothing that needs quotes": Shape(
        [f"L402 macaroon={BOLTWALL}, invoice={INVOICE}"], BOLTWALL, deviations={Deviation.BARE}),
    "7": Shape([f"LSAT macaroon='{M}', invoice='{INVOICE}'"], scheme="LSAT",
               deviations={Deviation.SINGLE_QUOTED}),
    "7 not UTF-8": Shape([f"L402 {pair(NOT_UTF8)}"], NOT_UTF8),
    "8": Shape([f'L402 macaroon = "{M}", invoice = "{INVOICE}"'],
               deviations={Deviation.SPACES_AROUND_EQUALS}),
    "8 before": Shape([f'L402 macaroon ="{M}", invoice="{INVOICE}"'],
                      deviations={Deviation.SPACES_AROUND_EQUALS}),
    "8 behind": Shape([f'L402 macaroon= "{M}", invoice="{INVOICE}"'],
                      deviations={Deviation.SPACES_AROUND_EQUALS}),
    "9": Shape([f"l402 {pair()}"], deviations={Deviation.LOWER_CASE_SCHEME}),
    "9 lsat": Shape([f"lsat {pair()}"], scheme="LSAT", deviations={Deviation.LOWER_CASE_SCHEME}),
    "9 Lsat": Shape([f"Lsat {pair()}"], scheme="LSAT", deviations={Deviation.LOWER_CASE_SCHEME}),
    "10": Shape([f'L402 version="0", token="{M}", {pair()}', PAYMENT], param="both",
                others=("Payment",)),
    "11": Shape([f"L402 {pair(BODY_HASH, name='token')}"], BODY_HASH, "token"),
    "12 as its program writes it": Shape([f"L402 {pair(RUNE, name='token')}"], RUNE, "token"),
    "13": Shape([f'LSAT {M}, invoice="{INVOICE}"'], param="positional", scheme="LSAT",
                deviations={Deviation.POSITIONAL}),
    "13 not quoted": Shape([f"LSAT macaroon={BOLTWALL}, invoice={INVOICE}"], BOLTWALL,
                           scheme="LSAT", deviations={Deviation.BARE}),
    "14 an address": Shape([f'L402 {pair()}, address="bcrt1qexample"']),
    "14 a contract": Shape(
        [f'L402 {pair(V1_TEXT)}, id="ch_weather_001", requirement_hash="sha256:{"ab" * 32}"'],
        V1_TEXT),
    "15": Shape([f"L402 {pair(UNSIGNED)}"], UNSIGNED),
    "15 its other header": Shape(
        [f'L402 price=100sat invoice="{INVOICE}" macaroon="{UNSIGNED}"'], UNSIGNED,
        deviations={Deviation.NO_COMMA}),
    "16": Shape([f"L402 {pair(CHAINLESS)}"], CHAINLESS),
    "16 mock invoice": Shape([f"L402 {pair(CHAINLESS, MOCK)}"], CHAINLESS, invoice=MOCK),
    "17": Shape([f"L402 {pair(PAYLOAD_MAC, name='token')}"], PAYLOAD_MAC, "token"),
    "18": Shape([f"L402 {pair(TPP)}"], TPP),
    "19": Shape(
        [f'Cashu mint="https://mint.example/a,", amount="10", unit="sat", L402 {pair(CASHU_BLOB)}'],
        CASHU_BLOB, others=("Cashu",)),
    "20": Shape([f"L402 {pair(HEX64)}"], HEX64),
    "21": Shape([f"LSAT {pair()}, L402 {pair()}"]),
    "21 behind Payment": Shape([f"{PAYMENT}, L402 {pair()}"], others=("Payment",)),
    "21 behind Bearer": Shape([f'Bearer realm="x", L402 {pair()}'], others=("Bearer",)),
    "23 a token that is no base64": Shape([f'L402 {pair("not-base64!!!")}'], "not-base64!!!"),
    "23 an invoice that is none": Shape([f'L402 {pair(M, "not-a-bolt11")}'],
                                        invoice="not-a-bolt11"),
    "24 two values of trailers": Shape([f"LSAT {pair()}", f"L402 {pair()}"]),
}  # fmt: skip


def read(lines: list[str]) -> Reading:
    return read_challenges([line.encode() for line in lines])


@pytest.mark.parametrize("number", READ)
def test_read(number: str) -> None:
    shape = READ[number]
    reading = read(shape.lines)
    bill = reading.chosen()
    assert (bill.token, bill.token_param, bill.invoice) == (shape.token, shape.param, shape.invoice)
    assert bill.scheme == shape.scheme
    assert set(bill.deviations) == shape.deviations
    assert tuple(challenge.scheme for challenge in reading.others) == shape.others
    assert reading.problems == ()


@pytest.mark.parametrize("number", READ)
def test_shown(number: str) -> None:
    shape = READ[number]
    header = "".join(f"WWW-Authenticate: {line}\n" for line in shape.lines)
    tree = dissect(header)
    bills = [n for n in tree.walk() if n.label.text in ("L402 challenge", "LSAT challenge",
             "l402 challenge", "lsat challenge", "Lsat challenge")]  # fmt: skip
    assert bills
    for node in bills:
        assert node.find("specification").children
        assert node.find("who can read it").children
        told = {n.value.text for n in node.children if n.label.text == "written differently"}
        assert told == {deviation.value for deviation in shape.deviations}
        copies = {n.copy for n in node.children}
        assert shape.token.encode() in copies
        assert shape.invoice.encode() in copies


# What is refused: the lines, a word of the reason, and the values that are shown all the same.
REFUSED: dict[str, tuple[list[str], str, tuple[str, ...]]] = {
    "12": ([f'L402 "token={RUNE}, invoice={INVOICE}'], "stray quote", (RUNE, INVOICE)),
    "12 closed at the end": (
        [f'L402 "token={RUNE}, invoice={INVOICE}"'], "stray quote", (RUNE, INVOICE)),
    "12 before the invoice": (
        [f'L402 token="{M}", "invoice={INVOICE}'], "stray quote", (M, INVOICE)),
    "22": (["L402"], "name alone", ()),
    "22 beside another": (["L402", 'Basic realm="x"'], "name alone", ()),
    "23 no invoice": ([f'L402 macaroon="{M}"'], "no invoice", (M,)),
    "23 no token": ([f'L402 invoice="{INVOICE}"'], "no token", (INVOICE,)),
    "23 nothing": ([], "no challenge", ()),
    "23 an empty token": ([f'L402 {pair("")}'], "token is empty", (INVOICE,)),
    "10 that differ": (
        [f'L402 token="{M}", macaroon="{V1_RAW}", invoice="{INVOICE}"'], "different",
        (M, V1_RAW, INVOICE)),
    "2 that differ": ([f"LSAT {pair()}", f"L402 {pair(V1_RAW)}"], "two different bills",
                      (M, V1_RAW)),
    "21 that differ": ([f"LSAT {pair()}, L402 {pair(M, MOCK)}"], "two different bills",
                       (INVOICE, MOCK)),
}  # fmt: skip


@pytest.mark.parametrize("number", REFUSED)
def test_refused(number: str) -> None:
    lines, reason, parts = REFUSED[number]
    reading = read(lines)
    with pytest.raises(ChallengeError, match=reason):
        reading.chosen()
    tree = dissect_challenge(reading)
    told = [node.value.text for node in tree.walk() if node.mark is Mark.BAD]
    assert any(reason in text for text in told)
    copies = {node.copy.decode() for node in tree.walk()}
    assert set(parts) <= copies


def test_a_stray_quote_is_named_and_has_a_place() -> None:
    reading = read([f'L402 "token={RUNE}, invoice={INVOICE}'])
    assert reading.usable == ()
    (trouble,) = reading.troubles
    assert trouble.source is not None
    assert Deviation.STRAY_QUOTE in trouble.source.deviations
    assert trouble.error.offset == len('L402 "') - 1
    assert [param.name for param in trouble.source.params] == ["token", "invoice"]
    told = dissect_challenge(reading).find("written differently")
    assert told.value.text == Deviation.STRAY_QUOTE.value
    assert "not used" in told.meaning.text


# --- lists of challenges: RFC 9110 section 11.6.1, and section 5.6.1 on lists ---------------------

LISTS: dict[str, tuple[list[str], list[tuple[str, list[str]]]]] = {
    "commas without spaces": (
        ['Bearer realm="x",scope="a",L402 macaroon="bQ==",invoice="ln"'],
        [("Bearer", ["realm", "scope"]), ("L402", ["macaroon", "invoice"])]),
    "empty elements": (
        [', ,, Bearer realm="x", ,,L402 ,macaroon="bQ==",,invoice="ln", ,'],
        [("Bearer", ["realm"]), ("L402", ["macaroon", "invoice"])]),
    "a scheme's name in quotes": (
        ['Basic realm="say L402 macaroon=x, L402 y", charset="UTF-8"'],
        [("Basic", ["realm", "charset"])]),
    "quotes in quotes": (
        [r'Basic realm="a \", L402 macaroon=\"x", L402 macaroon="bQ==", invoice="ln"'],
        [("Basic", ["realm"]), ("L402", ["macaroon", "invoice"])]),
    "a token68 in the middle": (
        ['Basic realm="x", Negotiate YWJj+/==, L402 macaroon="bQ==", invoice="ln"'],
        [("Basic", ["realm"]), ("Negotiate", []), ("L402", ["macaroon", "invoice"])]),
    "names alone": (
        ["Negotiate, NTLM, L402"], [("Negotiate", []), ("NTLM", []), ("L402", [])]),
    "several lines": (
        ['Basic realm="x"', 'L402 macaroon="bQ==", invoice="ln"', "Negotiate"],
        [("Basic", ["realm"]), ("L402", ["macaroon", "invoice"]), ("Negotiate", [])]),
    "the invoice belongs to the other": (
        ['Payment invoice="ln", L402 macaroon="bQ=="'],
        [("Payment", ["invoice"]), ("L402", ["macaroon"])]),
    "a list behind": (
        ['L402 macaroon="bQ==", invoice="ln", Payment invoice="x", macaroon="eA=="'],
        [("L402", ["macaroon", "invoice"]), ("Payment", ["invoice", "macaroon"])]),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_lists(name: str) -> None:
    lines, expected = LISTS[name]
    reading = read(lines)
    found = [(c.scheme, [param.name for param in c.params]) for c in reading.challenges]
    assert found == expected
    for bill in reading.usable:
        assert (bill.token, bill.invoice) == ("bQ==", "ln")


def test_parameters_of_another_scheme_complete_nothing() -> None:
    assert read(['Payment invoice="ln", L402 macaroon="bQ=="']).usable == ()
    assert read(['L402 invoice="ln", Payment macaroon="bQ=="']).usable == ()


# --- bounds -------------------------------------------------------------------------------------


def test_lines_have_a_most() -> None:
    reading = read(['"'] * 1_000 + [f"L402 {pair()}"])
    assert reading.usable == ()
    assert len(reading.troubles) == 65
    assert len(list(dissect_challenge(reading).walk())) < 300


def test_bytes_of_all_lines_have_a_most() -> None:
    reading = read(['"' + "a" * 16_000] * 10)
    assert len(reading.troubles) == 5
    assert "64 KiB" in reading.troubles[-1].error.why


def test_parameters_have_a_most() -> None:
    reading = read(["L402 " + ", ".join(f"a{n}=b" for n in range(101))])
    assert len(reading.challenges[0].params) == 100
    assert reading.usable == ()
    assert "100 parameters" in reading.problems[0].why


# --- an invoice that is refused -------------------------------------------------------------------

OLD = write(P, D, NINE)
"""As invoices were before payment secrets."""
FOR_OLD = spelled(identifier=b"\0\0" + HASH + bytes(32))
DAMAGED = OLD[:-1] + ("q" if OLD[-1] != "q" else "p")


@pytest.mark.parametrize("where", ["header", "body"])
def test_an_invoice_that_is_refused_is_shown_and_held_against_its_token(where: str) -> None:
    def tree(token: str, invoice: str) -> Node:
        if where == "header":
            return dissect(f"L402 {pair(token, invoice)}")
        return dissect(json.dumps({"macaroon": token, "invoice": invoice}))

    def hash_of(tree: Node) -> Node:
        return tree.find("macaroon").find("payment hash")

    invoice = tree(FOR_OLD, OLD).find("invoice")
    assert invoice.mark is Mark.BAD
    assert "must not be paid: it has no payment secret" in invoice.meaning.text
    assert invoice.copy == OLD.encode()
    assert invoice.find("amount").value.text.startswith("2 500 sat")
    assert invoice.find("description").value.text == "a test"
    matching = hash_of(tree(FOR_OLD, OLD))
    assert matching.value.text == f"MATCH with the invoice: {HASH.hex()}"
    assert matching.mark is Mark.NOTE
    assert "The invoice itself is refused" in matching.meaning.text
    assert hash_of(tree(M, OLD)).value.text.startswith("MISMATCH")
    assert hash_of(tree(M, OLD)).mark is Mark.BAD
    # Where a character is wrong that may be one of the hash.
    assert "MATCH" not in hash_of(tree(FOR_OLD, DAMAGED)).value.text
    assert hash_of(tree(M, INVOICE)).mark is Mark.GOOD
    nothing = tree(M, "not-a-bolt11").find("invoice")
    assert nothing.value.text == "not-a-bolt11"


# --- a challenge without a bill ------------------------------------------------------------------


@pytest.mark.parametrize("line", ["L402", "lsat", 'L402 realm="weather"', 'L402 version="0"'])
def test_a_challenge_without_a_bill_is_right_in_a_401_alone(line: str) -> None:
    headers = [(b"WWW-Authenticate", line.encode())]
    tree = dissect_message(b"HTTP/1.1 401 Unauthorized", headers, b"")
    assert Mark.BAD not in {node.mark for node in tree.walk()}
    assert tree.find("bill").value.text == "none"
    assert "With a 401 that is no mistake" in tree.find("bill").meaning.text
    wanted = dissect_message(b"HTTP/1.1 402 Payment Required", headers, b"")
    assert wanted.find("bill").mark is Mark.BAD
    assert wanted.find("problem").mark is Mark.BAD


@pytest.mark.parametrize("line", [f'L402 macaroon="{M}"', 'L402 invoice="ln', "L402 YWJj"])
def test_half_a_bill_is_a_mistake_in_a_401_too(line: str) -> None:
    headers = [(b"WWW-Authenticate", b"L402"), (b"WWW-Authenticate", line.encode())]
    tree = dissect_message(b"HTTP/1.1 401 Unauthorized", headers, b"")
    assert tree.find("problem").mark is Mark.BAD
    assert Mark.BAD in {n.mark for n in tree.children if n.label.text == "bill"}

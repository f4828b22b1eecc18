"""Which readers are fuzzed, and how is each made to read?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from bech32 import CHARSET, bech32_encode

from l402tui.protocol import caveats as conditions
from l402tui.protocol.body_challenge import agree, read_body_challenge
from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.clients import judge
from l402tui.protocol.commitment import committed_hash
from l402tui.protocol.credential import read_credential_header
from l402tui.protocol.dialects import recognise
from l402tui.protocol.discharge import examine, read_bundle
from l402tui.protocol.dissect import dissect
from l402tui.protocol.dissect.challenge import dissect_body_challenge, dissect_challenge
from l402tui.protocol.dissect.credential import dissect_credential_header
from l402tui.protocol.dissect.dialect import dissect_dialect
from l402tui.protocol.dissect.invoice_broken import dissect_invoice_text
from l402tui.protocol.dissect.macaroon import dissect_macaroon
from l402tui.protocol.dissect.message import dissect_message
from l402tui.protocol.dissect.pair import dissect_pair
from l402tui.protocol.dissect.parts import Place
from l402tui.protocol.dissect.token import dissect_token
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.find import find
from l402tui.protocol.har import is_har, read_har
from l402tui.protocol.http_text import has_http, read_http
from l402tui.protocol.identifier import read_identifier
from l402tui.protocol.invoice import FieldState, Invoice, strip_uri
from l402tui.protocol.macaroon import Caveat, Macaroon, Token
from l402tui.protocol.node_macaroon import read_node_identifier
from l402tui.protocol.text import say, shown
from l402tui.protocol.token import read_token, trust_of
from l402tui.protocol.tree import Buffer
from tests.fuzz import seeds
from tests.fuzz.checks import drawable, printable, refused, walkable
from tests.protocol.invoice_writer import FieldSpec, write

NOW: Final = 1_900_000_000.0
KEY: Final = b"a key"


class Target(NamedTuple):
    """One reader and where its fuzzer begins."""

    about: str
    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def challenge(data: bytes) -> None:
    """The WWW-Authenticate lines of a response, one a line."""
    reading = read_challenges(data.split(b"\n"))
    for trouble in reading.troubles:
        refused(trouble.error, len(data))
    judge(reading)
    walkable(dissect_challenge(reading, now=NOW))


def body(data: bytes) -> None:
    """The JSON body of a 402."""
    read = read_body_challenge(data)
    if read is None:
        return
    for error in read.troubles:
        refused(error, len(data))
    for sentence in agree(None, read):
        printable(sentence)
    walkable(dissect_body_challenge(read, Place(Buffer(say("body"), data))))


def credential(data: bytes) -> None:
    """A header's name, a newline, its value."""
    name, _, value = data.decode("latin-1").partition("\n")
    for keep_going in (False, True):
        try:
            read_credential_header(name, value, keep_going=keep_going)
        except DecodeError as error:
            refused(error, len(value))
    try:
        walkable(dissect_credential_header(name, value, now=NOW))
    except DecodeError as error:
        refused(error, len(value))


def macaroon(data: bytes) -> None:
    """A macaroon in any format."""
    try:
        read = Macaroon.decode(data)
    except DecodeError as error:
        refused(error, len(data))
        walkable(dissect_token(data, now=NOW))
        return
    assert read.raw == data
    emitted = read.encode()
    if not read.format.json:
        assert emitted == data
    again = Macaroon.decode(emitted)
    assert again.encode() == emitted
    assert (again.identifier, again.location, again.signature) == (
        read.identifier,
        read.location,
        read.signature,
    )
    assert [caveat[:3] for caveat in again.caveats] == [caveat[:3] for caveat in read.caveats]
    assert data[slice(*read.spans.signature)]
    narrowed = read.with_caveat(b"one more")
    assert Macaroon.decode(narrowed.raw).caveats[-1].cid == b"one more"
    read.verify_signature(KEY)
    walkable(dissect_macaroon(read, invoice_hash=bytes(32), now=NOW))


def bundle(data: bytes) -> None:
    """A macaroon with its discharges, in bytes and in text."""
    for thing in (data, data.decode("latin-1")):
        try:
            read = read_bundle(thing)
        except DecodeError as error:
            refused(error, len(thing if isinstance(thing, bytes) else thing.encode()))
            continue
        for key in (None, KEY):
            examination = examine(read, key)
            assert all(answer.holder < len(read.macaroons) for answer in examination.answers)


def token(data: bytes) -> None:
    """A token of any kind, as text."""
    text = data.decode("utf-8", "surrogateescape")
    walkable(dissect_token(text, invoice_hash=bytes(32), now=NOW))
    walkable(dissect_token(data, now=NOW, secret=True))
    try:
        read = read_token(text)
    except DecodeError as error:
        refused(error, max(len(text), len(data)))
        return
    trust_of(read)
    found = committed_hash(read)
    assert found is None or len(found) == 32
    if isinstance(read, Token):
        assert read.spelling.spell(read.macaroon.raw) == text
        narrowed = read.attenuate(b"one more")
        assert Token.read(narrowed.text) == narrowed


def identifier(data: bytes) -> None:
    """The identifier of a macaroon."""
    for read in (read_identifier, read_node_identifier):
        try:
            read(data)
        except DecodeError as error:
            refused(error, len(data))
    walkable(dissect_macaroon(Macaroon.mint(KEY, data[:60_000]), now=NOW))


def caveats(data: bytes) -> None:
    """The caveats of a macaroon, one a line."""
    lines = data[:60_000].split(b"\n")[:200]
    read = tuple(Caveat(line, None, None, 0, 0, 0) for line in lines)
    conditions.effective_expiry(read)
    conditions.services(read)
    for widening in conditions.widenings(read):
        printable(widening.why)
    for line in conditions.effective(read):
        printable(line.value)
        printable(line.why)
    walkable(dissect_macaroon(Macaroon.mint(KEY, b"id", None, lines), now=NOW))


def invoice(data: bytes) -> None:
    """An invoice as text, any fields with a right checksum, or any fields rightly signed.

    The first byte says which, because no fuzzer finds checksums and signatures by itself.
    """
    mark, rest = data[:1], data[1:]
    if mark == b"\1":
        prefix = ("lnbc", "lntb25u", "lnbcrt1m", "lntbs10p", "lnsb")[rest[0] % 5 if rest else 0]
        text = str(bech32_encode(prefix, [byte & 31 for byte in rest[1:3_000]]))
    elif mark == b"\2":
        text = write(*_fields(rest))
    else:
        text = strip_uri(rest.decode("utf-8", "surrogateescape"))
    walkable(dissect_invoice_text(text))
    try:
        read = Invoice.decode(text, lenient_features=True)
    except DecodeError as error:
        refused(error, len(text))
        return
    assert "".join(read.text[f.start : f.end] for f in read.fields) == text.lower()
    assert Invoice.decode(text.upper(), lenient_features=True) == read
    assert len(read.payment_hash) == len(read.payment_secret) == 32
    tags = [
        f.tag for f in read.fields if f.state is FieldState.READ and f.tag not in ("", "r", "f")
    ]
    assert len(tags) == len(set(tags))


def _fields(data: bytes) -> list[FieldSpec]:
    """Fields out of bytes: a letter, how long it is, its values."""
    fields: list[FieldSpec] = []
    while len(data) > 1 and len(fields) < 30:
        letter = chr(data[0]) if chr(data[0]) in CHARSET else CHARSET[data[0] & 31]
        size = 52 if letter in "psh" else 53 if letter == "n" else data[1]
        values = [byte & 31 for byte in data[2 : 2 + size]]
        fields.append((letter, values))
        data = data[2 + size :]
    return fields or [("d", [])]


def _message(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]], bytes]:
    """A start line, headers and a body, however broken."""
    head, _, rest = data.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    return start, headers, rest


def dialects(data: bytes) -> None:
    """A response that asks for payment in any protocol."""
    _, headers, rest = _message(data)
    recognise(402, headers, rest)
    tree = dissect_dialect(402, headers, rest, now=NOW)
    if tree is not None:
        walkable(tree)


def message(data: bytes) -> None:
    """One HTTP message."""
    start, headers, rest = _message(data)
    cut = len(headers) if len(data) % 2 else 1
    tree = dissect_message(start, headers[:cut], rest, trailers=headers[cut:], now=NOW)
    walkable(tree)


def http(data: bytes) -> None:
    """Messages as curl prints them."""
    has_http(data)
    try:
        read = read_http(data)
    except DecodeError as error:
        refused(error, len(data))
        return
    for each in read:
        assert 0 <= each.start <= each.end <= len(data)


def finding(data: bytes) -> None:
    """Any text in which L402 material may stand, and HAR files."""
    text = data.decode("utf-8", "replace")
    for found in find(text).found:
        assert all(place.line >= 1 for place in found.places)
    is_har(data)
    try:
        read_har(data)
    except DecodeError as error:
        refused(error, len(data))


def anything(data: bytes) -> None:
    """Whatever a person pastes, as bytes and as text."""
    for thing in (data, data.decode("utf-8", "surrogateescape")):
        try:
            drawable(dissect(thing, now=NOW))
        except DecodeError as error:
            refused(error, 4 * len(data) + 1)


def pair(data: bytes) -> None:
    """Two things that may belong together, with an empty byte between them."""
    first, _, second = data.partition(b"\0")
    try:
        walkable(dissect_pair(first, second, now=NOW))
    except DecodeError as error:
        refused(error, 4 * len(data) + 1)


def showing(data: bytes) -> None:
    """Any string on its way to a screen."""
    for raw in (data, data.decode("utf-8", "surrogateescape")):
        for limit in (0, 10, 200):
            text = shown(raw, limit)
            printable(text)
            whole = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
            assert text.raw == whole
            assert len(text.text) <= 12 * limit + 32
            printable(say("{}: {}", text, len(data)))


TARGETS: Final = {
    "challenge": Target("WWW-Authenticate lines", challenge, seeds.challenges),
    "body": Target("the JSON body of a 402", body, seeds.bodies),
    "credential": Target("headers that show a payment", credential, seeds.credentials),
    "macaroon": Target("macaroons in all four formats", macaroon, seeds.macaroons),
    "bundle": Target("macaroons with their discharges", bundle, seeds.macaroons),
    "token": Target("tokens of any kind", token, seeds.tokens),
    "identifier": Target("identifiers of macaroons", identifier, seeds.identifiers),
    "caveats": Target("conditions and what they come to", caveats, seeds.caveats),
    "invoice": Target(
        "BOLT-11 invoices, right checksums and signatures too", invoice, seeds.invoices
    ),
    "dialects": Target("other protocols of status 402", dialects, seeds.dialects),
    "message": Target("HTTP messages", message, seeds.messages),
    "http": Target("what curl prints", http, seeds.pages),
    "find": Target("L402 material in any text, and HAR files", finding, seeds.pages),
    "dissect": Target("whatever is pasted", anything, seeds.everything),
    "pair": Target("whether two things belong together", pair, seeds.pairs),
    "shown": Target("strings on their way to a screen", showing, seeds.texts),
}
"""By name, as ``--list`` prints them."""

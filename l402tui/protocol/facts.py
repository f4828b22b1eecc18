"""What is in this thing that could be compared with another one?

Anything from the L402 world names payment hashes, holds preimages, tokens or invoices. This module
finds out what a thing is and gathers those through its decoder. It judges nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from l402tui.protocol.auth_header import AuthChallenge
from l402tui.protocol.body_challenge import Means, read_body_challenge
from l402tui.protocol.challenge import Reading, read_challenges
from l402tui.protocol.commitment import committed_hash
from l402tui.protocol.credential import (
    CREDENTIAL_HEADERS,
    read_credential_header,
)
from l402tui.protocol.credential_forms import payment_request, preimages_inside
from l402tui.protocol.credential_parts import HEX_PREIMAGE, preimage_of
from l402tui.protocol.errors import (
    CredentialError,
    DecodeError,
    InvoiceError,
    MacaroonError,
)
from l402tui.protocol.find import Sort, find
from l402tui.protocol.invoice import Invoice, strip_uri
from l402tui.protocol.macaroon import MAX_BYTES, Macaroon, Token
from l402tui.protocol.macaroon_bundle import read_bundle
from l402tui.protocol.pasted import unwrap
from l402tui.protocol.secret import Secret
from l402tui.protocol.token import Foreign, TokenKind, read_token

__all__ = ["Facts", "Held", "Named", "gather"]

MAX_INPUT: Final = 4 * MAX_BYTES
"""Bytes of input that are looked at: a token of 64 KiB in hex, and room for more."""
_MOST_TOKENS: Final = 16
_TEXT: Final = "text that holds it"
_BINARY: Final = re.compile(rb"\x02[\x01\x02]|[0-9a-f]{4}location ")
_HEADER: Final = re.compile(r"([\w-]+)[ \t]*:[ \t]*(.*)", re.ASCII)
_OURS: Final = re.compile(r"(?:L402|LSAT)(?:[ \t]|$)", re.ASCII | re.IGNORECASE)
_PARAM: Final = re.compile(
    r"[ \t,](?:token|macaroon|invoice|version)[ \t]*=[ \t]*[^:,=\s]", re.ASCII | re.IGNORECASE
)
_PAYMENT: Final = re.compile(r"Payment[ \t]+", re.ASCII | re.IGNORECASE)
_BILL_PARAM: Final = re.compile(r"[ \t,](?:request|invoice)[ \t]*=", re.ASCII | re.IGNORECASE)
_ANY_SCHEME: Final = re.compile(r"[\w-]+[ \t]+[\w-]+[ \t]*=[ \t]*\"", re.ASCII)
_PAID: Final = re.compile(r"[^\s:]+:[0-9a-fA-F]{64}", re.ASCII)
"""Token and preimage with nothing before them."""
_INVOICE: Final = re.compile(r"ln(?:bc|tb|sb)[0-9a-z]", re.ASCII | re.IGNORECASE)


class Named(NamedTuple):
    """32 bytes, and which part of the thing named them (a literal of ours)."""

    name: str
    value: Secret


@dataclass(frozen=True, slots=True)
class Held:
    """A token, and the exact text it came as; no text where it came in binary."""

    text: bytes = field(repr=False)
    token: Token | Foreign | Macaroon | None
    """None: it cannot be read."""

    @property
    def macaroon(self) -> Macaroon | None:
        """The macaroon that it is, if it is one."""
        if isinstance(self.token, Token):
            return self.token.macaroon
        return self.token if isinstance(self.token, Macaroon) else None

    @property
    def payment_hash(self) -> bytes | None:
        """What it commits to, where that can be read."""
        return committed_hash(self.token)


@dataclass(slots=True)
class Facts:
    """What one thing says that another could say too."""

    what: str
    """What the thing is, as a noun of ours."""
    hashes: list[Named] = field(default_factory=list)
    """Payment hashes that stand outside of tokens and invoices."""
    preimages: list[Named] = field(default_factory=list)
    either: list[Secret] = field(default_factory=list)
    """32 bytes that may be a preimage or a payment hash."""
    tokens: list[Held] = field(default_factory=list)
    """Each text once; at most 16."""
    more_tokens: bool = False
    """There were more of them."""
    invoices: list[Invoice] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    """Why a part of it could not be used, as sentences that are safe to show."""

    @property
    def word(self) -> str | None:
        """The text, where it is one word of which nothing could be read; any word would do."""
        token = self.tokens[0].token if self.what == "token" and self.tokens else None
        opaque = isinstance(token, Foreign) and token.kind is TokenKind.OPAQUE
        return self.tokens[0].text.decode("latin-1") if opaque else None

    @property
    def text(self) -> bool:
        """Whether it is text that holds several things, which need not belong to each other."""
        return self.what == _TEXT

    def add_token(self, text: bytes) -> None:
        """A token as it travels. Preimages among its caveats count as well."""
        if any(held.text == text for held in self.tokens):
            return
        if len(self.tokens) >= _MOST_TOKENS:
            self.more_tokens = True
            return
        try:
            token: Token | Foreign | None = read_token(text.decode("latin-1"))
        except MacaroonError as error:
            token = None
            self.troubles.append(str(error))
        self.add_held(Held(text, token))

    def add_held(self, held: Held) -> None:
        """A token that has been read."""
        self.tokens.append(held)
        if held.macaroon is None:
            return
        for value, _ in preimages_inside(held.macaroon):
            try:
                inside = preimage_of(value.decode("latin-1"))
            except DecodeError as error:
                self.troubles.append(str(error))
            else:
                self.preimages.append(Named("preimage caveat", inside))

    def add_invoice(self, text: str) -> None:
        """An invoice as it travels; one that cannot be read for certain is a trouble."""
        try:
            invoice = Invoice.decode(strip_uri(text), lenient_features=True)
        except InvoiceError as error:
            self.troubles.append(str(error))
        else:
            if all(invoice.text != other.text for other in self.invoices):
                self.invoices.append(invoice)


def gather(thing: bytes) -> Facts:
    """What ``thing`` is and what it says.

    A challenge, a credential (each with or without the name of its header), the JSON body of a
    402, a token, an invoice, 64 hex characters, or text that holds some of these.
    Raises a DecodeError where it is nothing that can be read.
    """
    if len(thing) > MAX_INPUT:
        raise DecodeError("it is longer than 256 KiB", MAX_INPUT)
    if _BINARY.match(thing):
        facts = Facts("token")
        facts.add_held(Held(b"", Macaroon.decode(thing)))
        return facts
    try:
        text = thing.decode().strip()
    except UnicodeDecodeError as error:
        raise DecodeError("it is neither text nor a binary macaroon", error.start) from None
    if not text:
        raise DecodeError("there is nothing in it")
    if HEX_PREIMAGE.fullmatch(text):
        return Facts("32 bytes in hex", either=[Secret(bytes.fromhex(text))])
    return _headers(text) or _bare(text)


def _headers(text: str) -> Facts | None:
    """Header lines with their names; None where there is none that says anything."""
    found = [match for line in text.splitlines() if (match := _HEADER.fullmatch(line.strip()))]
    bills = [m[2] for m in found if m[1].lower() == "www-authenticate"]
    paid = [(m[1], m[2]) for m in found if m[1].lower() in CREDENTIAL_HEADERS]
    if not bills and not paid:
        return None
    facts = _challenge(bills) if bills else Facts("credential")
    if bills and paid:
        facts.what = "challenge and credential"
    for name, value in paid:
        _credential(facts, name, value)
    return facts


def _bare(text: str) -> Facts:
    """Something without the name of a header before it."""
    first = text.splitlines()[0]
    if _OURS.match(text):
        if _PARAM.search(text) or " " not in text:
            return _challenge(text.splitlines())
        return _credential(Facts("credential"), "Authorization", text)
    if _PAYMENT.match(text) and not _BILL_PARAM.search(first):
        return _credential(Facts("credential"), "Authorization", text)
    if _ANY_SCHEME.match(text):
        return _challenge(text.splitlines())
    if _PAID.fullmatch(text):
        return _credential(Facts("credential"), "X-Payment", text)
    bare = strip_uri(text)
    if bare != text or _INVOICE.match(bare):
        # Alone it has to be right: there is nothing else to go by.
        return Facts("invoice", invoices=[Invoice.decode(bare, lenient_features=True)])
    return _body(text) or _token(text)


def _token(text: str) -> Facts:
    text, _ = unwrap(text)
    facts = Facts("token")
    single = len(text.split()) == 1
    try:
        token = read_token(text)
    except MacaroonError:
        several = _bundle(text)
        if several is not None:
            return several
        if single or (found := _found(text)) is None:
            raise
        return found
    loose = not single or text.startswith("{")
    if loose and isinstance(token, Foreign) and token.payment_hash is None:
        found = _found(text)
        if found is not None:
            return found
        if token.kind is TokenKind.OPAQUE:
            raise DecodeError("it is no challenge, credential, invoice, token or preimage")
    facts.add_held(Held(text.encode(), token))
    return facts


def _bundle(text: str) -> Facts | None:
    """A token and its discharges; None where it is no such thing."""
    try:
        bundle = read_bundle(text)
    except MacaroonError:
        return None
    if not bundle.discharges:
        return None
    facts = Facts("token and discharges")
    for macaroon in bundle.macaroons:
        facts.add_held(Held(macaroon.raw, macaroon))
    return facts


def _found(text: str) -> Facts | None:
    """What stands amid other text; None where nothing does."""
    finds = find(text).found
    if not finds:
        return None
    facts = Facts(_TEXT)
    for found in finds:
        if found.sort is Sort.CHALLENGE:
            _challenge(found.text.splitlines(), facts)
        elif found.sort is Sort.CREDENTIAL:
            try:
                _credential(facts, found.name, found.text)
            except CredentialError as error:
                facts.troubles.append(str(error))
        elif found.sort is Sort.TOKEN:
            facts.add_token(found.text.encode())
        elif found.sort is Sort.PREIMAGE:
            facts.preimages.append(Named("preimage", preimage_of(found.text)))
        else:
            facts.add_invoice(found.text)
    return facts


def _body(text: str) -> Facts | None:
    """The JSON body of a 402; None where it is none."""
    body = read_body_challenge(text.encode())
    if body is None:
        return None
    facts = Facts("body of a 402", troubles=[str(error) for error in body.troubles])
    for found in body.fields:
        if found.means is Means.TOKEN and found.raw:
            facts.add_token(found.raw)
        elif found.means is Means.INVOICE:
            facts.add_invoice(found.raw.decode("latin-1"))
    _answered(facts, body.payment_hash, None)
    return facts


def _challenge(lines: list[str], facts: Facts | None = None) -> Facts:
    reading = read_challenges([line.strip().encode("utf-8", "surrogatepass") for line in lines])
    facts = facts or Facts("challenge")
    for bill in reading.usable:
        facts.add_token(bill.token.encode())
        facts.add_invoice(bill.invoice)
    for challenge in reading.others:
        if challenge.scheme.lower() == "payment":
            _payment_challenge(facts, challenge)
    facts.troubles += [str(error) for error in reading.problems]
    _halves(facts, reading)
    return facts


def _halves(facts: Facts, reading: Reading) -> None:
    """A challenge that is no bill, because a part is missing or contradicts itself, still names
    what it names."""
    if reading.usable:
        return
    for challenge in reading.challenges:
        if challenge.scheme.lower() not in ("l402", "lsat"):
            continue
        for param in challenge.params:
            name = param.name.lower()
            if name in ("token", "macaroon") and param.value:
                facts.add_token(param.value)
            elif name == "invoice":
                facts.add_invoice(param.value.decode("latin-1"))


def _payment_challenge(facts: Facts, challenge: AuthChallenge) -> None:
    for param in challenge.named("request"):
        due, invoice = payment_request(param.value.decode("latin-1"))
        _answered(facts, due, invoice)
    for param in challenge.named("invoice"):
        facts.add_invoice(param.value.decode("latin-1"))


def _credential(facts: Facts, name: str, value: str) -> Facts:
    read = read_credential_header(name, value, keep_going=True)
    if read.problem is not None:
        facts.troubles.append(str(read.problem))
    for part in read.tokens:
        facts.add_token(part.text.reveal())
    known = [named.value for named in facts.preimages]
    if read.preimage is not None and read.preimage not in known:
        facts.preimages.append(Named("preimage", read.preimage))
    if read.payment_hash is not None:
        # Whatever the header is called: a preimage in the wrong place must not be shown.
        facts.either.append(Secret(read.payment_hash))
    _answered(facts, read.due, read.invoice)
    return facts


def _answered(facts: Facts, due: bytes | None, invoice: str | None) -> None:
    if due is not None:
        facts.hashes.append(Named("payment hash", Secret(due)))
    if invoice is not None:
        facts.add_invoice(invoice)

"""What does a whole HTTP message say about payment?

One tree over one buffer of the message's bytes: start line, headers, body, and behind it the
trailers. A challenge and a credential hang under the header they came in, each down to the bytes of
its macaroon; a bill in a JSON body hangs under the body, held against that of the header; and what
is asked for in other protocols has a branch of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from l402tui.protocol.body_challenge import Means, read_body_challenge
from l402tui.protocol.challenge import MAX_HEADER, L402Challenge, Reading, read_challenges
from l402tui.protocol.credential import CREDENTIAL_HEADERS
from l402tui.protocol.dialects.evidence import Evidence
from l402tui.protocol.dialects.inside import json_from_base64
from l402tui.protocol.dialects.named import accept_payment
from l402tui.protocol.dissect import message_words, words
from l402tui.protocol.dissect.challenge import dissect_body_challenge, dissect_line, verdict
from l402tui.protocol.dissect.credential import dissect_credential_header
from l402tui.protocol.dissect.dialect import dissect_dialect
from l402tui.protocol.dissect.grpc import (
    asks_for_payment,
    dissect_grpc,
    is_grpc,
    status_words,
)
from l402tui.protocol.dissect.grpc import (
    message_words as grpc_message_words,
)
from l402tui.protocol.dissect.items import ItemTree
from l402tui.protocol.dissect.parts import Place, hidden, named, why
from l402tui.protocol.dissect.redact import redacted
from l402tui.protocol.dissect.verdict import dissect_readers
from l402tui.protocol.errors import ChallengeError, CredentialError
from l402tui.protocol.leaks import names_preimage
from l402tui.protocol.masking import is_secret_name, masked_fields, masked_header
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Mark, Node

__all__ = ["dissect_message"]

_ONLY_SENT: Final = ("token", "x-cashu")
"""Of those, the ones that are something else in a response."""
_BODY_SHOWN: Final = 400
_BODY_JUDGED: Final = 256 * 1024
"""Bytes in which fields are looked for."""
_SENT: Final = "The content that goes with the request."
_GOT: Final = "The content that was asked for."
_FAULT: Final = "What the server says about why it gives nothing else."
"""What a body is, where it does not come with a bill."""


def dissect_message(
    start_line: bytes,
    headers: Sequence[tuple[bytes, bytes]],
    body: bytes,
    *,
    trailers: Sequence[tuple[bytes, bytes]] = (),
    now: float | None = None,
) -> Node:
    """The tree of one request or response.

    ``headers`` and ``trailers`` in the order and spelling of the wire; ``body`` as received. Never
    raises: whatever cannot be read stays as it came, with the reason. With ``now`` (unix seconds)
    what has expired says so. Preimages are hidden wherever they are named.
    """
    return redacted(_Dissection(start_line, headers, body, trailers, now).tree())


class _Dissection:
    """One message, its buffer, and where its parts begin in it."""

    def __init__(
        self,
        start_line: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        trailers: Sequence[tuple[bytes, bytes]],
        now: float | None,
    ) -> None:
        self._start_line, self._body, self._now = start_line, body, now
        self._lines = (*headers, *trailers)
        self._headers_only = len(headers)
        self._kind = "response" if start_line.startswith(b"HTTP/") else "request"
        secret = any(self._is_secret(name, value) for name, value in self._lines)
        # What the query of an address may open stands in the hex view, too.
        self._start_told = masked_header(b"", start_line)
        # So does what a body calls a password; a bill's fields are taken apart instead.
        self._body_told = body
        if self._kind == "request" or self._status() is None:
            self._body_told = _told_body(body)
        secret = secret or self._start_told != start_line or self._body_told is not body
        head = [start_line, *(name + b": " + value for name, value in headers)]
        tail = b"".join(b"\r\n" + name + b": " + value for name, value in trailers)
        data = b"".join(line + b"\r\n" for line in head) + b"\r\n"
        self._body_start = len(data)
        self._place = Place(Buffer(say(self._kind), data + body + tail, secret))
        self._places = self._value_places()
        self._bill_is_in_body = False
        self._reading: Reading = read_challenges(
            [value for name, value in self._lines if name.lower() == b"www-authenticate"]
        )

    def _value_places(self) -> list[Place]:
        """Where each header's value begins, trailers included."""
        places = []
        offset = len(self._start_line) + 2
        for number, (name, value) in enumerate(self._lines):
            if number == self._headers_only:
                offset = self._body_start + len(self._body) + 2
            places.append(Place(self._place.buffer, offset + len(name) + 2))
            offset += len(name) + 2 + len(value) + 2
        return places

    def tree(self) -> Node:
        nodes = self._header_nodes()
        children = [
            self._start_node(),
            *nodes[: self._headers_only],
            *self._judgement(),
            self._body_node(),
            *nodes[self._headers_only :],
        ]
        size = len(self._place.buffer.data)
        return Node(
            say(self._kind),
            shown(self._start_told),
            say(
                "{} {}, {} {} of body.",
                len(self._lines),
                say("header" if len(self._lines) == 1 else "headers"),
                len(self._body),
                say("byte" if len(self._body) == 1 else "bytes"),
            ),
            self._place.span(0, size),
            tuple(children),
            copy=self._place.buffer.data,
            secret=self._place.buffer.secret,
        )

    def _start_node(self) -> Node:
        line = self._start_line
        meaning = words.START_LINE[self._kind]
        if self._kind == "response" and self._status() == 401 and self._reading.usable:
            meaning = message_words.UNAUTHORIZED
        told, span = self._start_told, self._place.span(0, len(line))
        name, secret = say("start line"), told != line
        return Node(name, shown(told), say(meaning), span, copy=line, secret=secret)

    def _header_nodes(self) -> list[Node]:
        nodes: list[Node] = []
        challenges = 0
        for (name, value), at in zip(self._lines, self._places, strict=True):
            if name.lower() == b"www-authenticate":
                node = dissect_line(self._reading, challenges, at, self._now, self._status())
                node = replace(node, label=named(name))
                challenges += 1
            elif self._is_secret(name, value):
                node = self._secret_header(name, value, at)
            else:
                node = self._plain_header(name, value)
            start, end = at.offset - len(name) - 2, at.offset + len(value)
            nodes.append(replace(node, span=self._place.span(start, end)))
        return nodes

    def _plain_header(self, name: bytes, value: bytes) -> Node:
        low = name.lower()
        masked = masked_header(b"", value)  # the name is no secret's
        if masked != value:
            why_not = say(words.HIDDEN_HEADER)
            return Node(named(name), shown(masked), why_not, copy=value, secret=True)
        told = shown(value)
        if self._kind == "response" and is_grpc(self._lines):
            if low == b"grpc-status":
                told = status_words(value)
            elif low == b"grpc-message":
                told = grpc_message_words(value)
        meaning = say(words.HEADER.get(low, "") or message_words.HEADER.get(low, ""))
        repeated = self._repeats(name, value) if low == b"accept-payment" else None
        if repeated is not None:
            told_so = say(message_words.REPEATED if repeated else message_words.CONTRADICTED)
            mark = Mark.PLAIN if repeated else Mark.WARN
            return Node(named(name), told, told_so, mark=mark, copy=value)
        if low in message_words.RECEIPTS and len(value) <= MAX_HEADER:
            return Node(named(name), told, meaning, None, _receipt(value), copy=value)
        return Node(named(name), told, meaning, copy=value)

    def _repeats(self, name: bytes, value: bytes) -> bool | None:
        """Whether a response's ``Accept-Payment`` says the same as its challenge; None where one
        of them is none."""
        bill = self._bill()
        if bill is None or self._kind == "request":
            return None
        found = accept_payment(Evidence.of(402, [(name, value)], b""))
        if found is None or found.token is None or found.invoice is None:
            return None
        return (found.token, found.invoice.text) == (bill.token, bill.invoice)

    def _secret_header(self, name: bytes, value: bytes, at: Place) -> Node:
        label, text = named(name), value.decode("latin-1")
        told = hidden(len(value), "bytes")
        low = name.decode("latin-1").lower()
        if self._kind == "response" and low == "x-cashu":
            return Node(label, told, say(message_words.ECASH), copy=value, secret=True)
        scheme = text.split(" ")[0]
        if low == "authorization":
            told = say("{} {}", shown(scheme, 20), hidden(len(value) - len(scheme), "bytes"))
        if low in CREDENTIAL_HEADERS:
            try:
                node = dissect_credential_header(low, text, place=at, now=self._now)
                return replace(node, label=label)
            except CredentialError as error:
                if low == "authorization" and scheme.upper() in ("L402", "LSAT"):
                    bad = say(words.BAD_CREDENTIAL, why(error))
                    return Node(label, told, bad, None, (), Mark.BAD, value, secret=True)
        return Node(label, told, say(words.HIDDEN_HEADER), copy=value, secret=True)

    def _is_secret(self, name: bytes, value: bytes) -> bool:
        low = name.decode("latin-1").lower()
        if self._kind == "response" and low in _ONLY_SENT:
            return low == "x-cashu" and value.lstrip()[:4].lower() != b"creq"
        if self._kind == "request" and "macaroon" in low:
            return True
        return low in CREDENTIAL_HEADERS or is_secret_name(low) or names_preimage(low)

    def _judgement(self) -> list[Node]:
        """What is wrong with the bill as a whole, who can read it, and what else is asked for."""
        if self._kind == "request":
            return []
        told = [dissect_grpc(self._lines)]
        ours = bool(self._reading.usable or self._reading.problems)
        if ours:
            told += [verdict(self._reading, self._status()), dissect_readers(self._reading)]
        status = self._status()
        if status is not None or self._body or self._lines:
            other = self._dialect(status or 0)
            told.append(other)
            body = self._place.span(self._body_start, self._body_start + len(self._body))
            parts = () if other is None else other.children
            self._bill_is_in_body = any(p.span is not None and body.holds(p.span) for p in parts)
        return [node for node in told if node is not None]

    def _dialect(self, status: int) -> Node | None:
        ours = any(c.scheme.lower() in ("l402", "lsat") for c in self._reading.challenges)
        places: dict[str, list[Place]] = {}
        for (name, _), place in zip(self._lines, self._places, strict=True):
            places.setdefault(name.decode("latin-1").lower(), []).append(place)
        return dissect_dialect(
            status,
            self._lines,
            self._body,
            places=places,
            body_place=Place(self._place.buffer, self._body_start),
            beside_l402=ours,
            now=self._now,
        )

    def _status(self) -> int | None:
        """402 or 401, where it is one of them; 402 also for gRPC's way of saying so."""
        parts = self._start_line.split(b" ", 2)
        if len(parts) > 1 and parts[1] in (b"402", b"401"):
            return int(parts[1])
        return 402 if self._kind == "response" and asks_for_payment(self._lines) else None

    def _body_node(self) -> Node:
        if not self._body:
            return Node(say("body"), say("empty"), say(words.EMPTY_BODY))
        span = self._place.span(self._body_start, self._body_start + len(self._body))
        value: Shown = shown(self._body_told, _BODY_SHOWN)
        children, about = self._bill_in_body(), say(self._about_body())
        secret = self._body_told is not self._body
        return Node(say("body"), value, about, span, children, copy=self._body, secret=secret)

    def _bill_in_body(self) -> tuple[Node, ...]:
        """The bill that a JSON body carries besides the header, or alone."""
        if self._kind == "request" or self._status() is None:
            return ()
        kinds = [value for name, value in self._lines if name.lower() == b"content-type"]
        challenge = read_body_challenge(self._body, kinds[0] if kinds else None)
        if challenge is None:
            return ()
        header = self._bill()
        if header is None and challenge.fields and challenge.meaning(Means.TOKEN) is None:
            return ()  # an invoice alone: that is another protocol, and has its own branch
        place = Place(self._place.buffer, self._body_start)
        return (dissect_body_challenge(challenge, place, header, self._now),)

    def _bill(self) -> L402Challenge | None:
        try:
            return self._reading.chosen()
        except ChallengeError:
            return None

    def _about_body(self) -> str:
        if self._kind == "request":
            return _SENT
        if self._bill_is_in_body:
            return message_words.BODY_BILL
        if self._status() is not None:
            return words.BODY
        return _FAULT if self._start_line.split(b" ")[1:2] >= [b"400"] else _GOT


def _told_body(body: bytes) -> bytes:
    """The body as it may be told: itself, or its beginning without secrets that have a name."""
    text = body[:_BODY_JUDGED].decode("utf-8", "backslashreplace")
    told = masked_fields(text)
    return body if told == text else told.encode()


def _receipt(value: bytes) -> tuple[Node, ...]:
    """What a receipt's JSON says, or why it cannot be read."""
    data, item, problems = json_from_base64(value)
    place = Place(Buffer(say("receipt, decoded"), data))
    nodes = () if item is None else ItemTree(place, message_words.RECEIPT).members(item)
    wrong = tuple(Node(say("problem"), why(e), mark=Mark.BAD) for e in problems)
    return (*nodes, *wrong)

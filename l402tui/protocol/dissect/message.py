"""What does a whole HTTP message say about payment?

One tree over one buffer of the message's bytes: start line, headers, body. A challenge and a
credential hang under the header they came in, each down to the bytes of its macaroon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from l402tui.protocol.challenge import Reading, read_challenges
from l402tui.protocol.dialects import recognise
from l402tui.protocol.dissect import words
from l402tui.protocol.dissect.challenge import dissect_line, verdict
from l402tui.protocol.dissect.credential import dissect_credential
from l402tui.protocol.dissect.parts import Place, hidden, named, why
from l402tui.protocol.errors import CredentialError
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Mark, Node

__all__ = ["dissect_message"]

_SECRET_HEADERS: Final = frozenset(
    b"authorization proxy-authorization cookie set-cookie macaroon grpc-metadata-macaroon x-cashu "
    b"x-payment payment-signature x-api-key x-session-token".split()
)
"""Headers whose values may open something. In a response ``X-Cashu`` is only a bill."""
_BODY_SHOWN: Final = 400
_SENT: Final = "The content that goes with the request."
_GOT: Final = "The content that was asked for."
_FAULT: Final = "What the server says about why it gives nothing else."
"""What a body is, where it does not come with a bill."""


def dissect_message(
    start_line: bytes,
    headers: Sequence[tuple[bytes, bytes]],
    body: bytes,
    *,
    now: float | None = None,
) -> Node:
    """The tree of one request or response.

    ``headers`` in the order and spelling of the wire; ``body`` as received. Never raises: whatever
    cannot be read stays as it came, with the reason. With ``now`` (unix seconds) caveats that have
    expired say so.
    """
    return _Dissection(start_line, headers, body, now).tree()


class _Dissection:
    """One message, its buffer, and where its parts begin in it."""

    def __init__(
        self,
        start_line: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        now: float | None,
    ) -> None:
        self._start_line, self._headers, self._body, self._now = start_line, headers, body, now
        self._kind = "response" if start_line.startswith(b"HTTP/") else "request"
        lines = [start_line, *(name + b": " + value for name, value in headers)]
        secret = any(self._is_secret(name) for name, _ in headers)
        data = b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body
        self._place = Place(Buffer(say(self._kind), data, secret))
        values = [value for name, value in headers if name.lower() == b"www-authenticate"]
        self._reading: Reading = read_challenges(values)

    def tree(self) -> Node:
        line = self._start_line
        children = [
            Node(
                say("start line"),
                shown(line),
                say(words.START_LINE[self._kind]),
                self._place.span(0, len(line)),
                copy=line,
            ),
            *self._header_nodes(),
            *self._judgement(),
            self._body_node(),
        ]
        size = len(self._place.buffer.data)
        return Node(
            say(self._kind),
            shown(line),
            say("{} headers, {} bytes of body.", len(self._headers), len(self._body)),
            self._place.span(0, size),
            tuple(children),
            copy=self._place.buffer.data,
            secret=self._place.buffer.secret,
        )

    def _header_nodes(self) -> list[Node]:
        nodes: list[Node] = []
        challenges = 0
        offset = len(self._start_line) + 2
        for name, value in self._headers:
            end = offset + len(name) + 2 + len(value)
            at = Place(self._place.buffer, offset + len(name) + 2)
            if name.lower() == b"www-authenticate":
                node = dissect_line(self._reading, challenges, at, self._now)
                node = replace(node, label=named(name))
                challenges += 1
            elif self._is_secret(name):
                node = self._secret_header(name, value, at)
            else:
                meaning = say(words.HEADER.get(name.lower(), ""))
                node = Node(named(name), shown(value), meaning, copy=value)
            nodes.append(replace(node, span=self._place.span(offset, end)))
            offset = end + 2
        return nodes

    def _secret_header(self, name: bytes, value: bytes, at: Place) -> Node:
        label, text = named(name), value.decode("latin-1")
        told = hidden(len(value), "bytes")
        meaning, mark = words.HIDDEN_HEADER, Mark.PLAIN
        if name.lower() == b"authorization":
            scheme = text.split(" ")[0]
            told = say("{} {}", shown(scheme, 20), hidden(len(value) - len(scheme), "bytes"))
            if scheme.upper() in ("L402", "LSAT"):
                try:
                    return replace(dissect_credential(text, place=at, now=self._now), label=label)
                except CredentialError as error:
                    bad = say(words.BAD_CREDENTIAL, why(error))
                    return Node(label, told, bad, None, (), Mark.BAD, value, secret=True)
        return Node(label, told, say(meaning), None, (), mark, value, secret=True)

    def _is_secret(self, name: bytes) -> bool:
        bill = self._kind == "response" and name.lower() == b"x-cashu"
        return name.lower() in _SECRET_HEADERS and not bill

    def _judgement(self) -> list[Node]:
        """What is wrong with the bill as a whole, or what this 402 is instead of L402."""
        if self._kind == "request":
            return []
        if self._reading.usable or self._reading.problems:
            judged = verdict(self._reading)
            return [] if judged is None else [judged]
        if self._status() != 402:
            return []
        dialect = recognise(402, self._headers, self._body)
        return [Node(say("protocol"), dialect.name, dialect.sentence, mark=Mark.NOTE)]

    def _status(self) -> int | None:
        parts = self._start_line.split(b" ", 2)
        return int(parts[1]) if len(parts) > 1 and parts[1] in (b"402", b"401") else None

    def _body_node(self) -> Node:
        size = len(self._place.buffer.data)
        if not self._body:
            return Node(say("body"), say("empty"), say(words.EMPTY_BODY))
        span = self._place.span(size - len(self._body), size)
        value: Shown = shown(self._body, _BODY_SHOWN)
        return Node(say("body"), value, say(self._about_body()), span, copy=self._body)

    def _about_body(self) -> str:
        if self._kind == "request":
            return _SENT
        if self._status() is not None:
            return words.BODY
        return _FAULT if self._start_line.split(b" ")[1:2] >= [b"400"] else _GOT

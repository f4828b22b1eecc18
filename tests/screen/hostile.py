"""How does everything that a face can be given look, when it is full of payloads?

:class:`Supply` makes any value of the flow (events, endings, findings, wallets) by its type, and
puts a payload of its batch into every field that holds text or bytes. So an event that is new
tomorrow is in the tests without a line. Invoices, tokens and addresses are real ones: what the
decoders take is what the faces get. What is declared as safe text is made safe as the program does.
"""

from __future__ import annotations

import itertools
import json
import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

from l402tui.flow import events as e
from l402tui.flow.bill import read_bill
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Bill, Held, Intent, Limits, Quote, Request, Response, WalletFacts
from l402tui.protocol.network import Network
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span
from l402tui.protocol.url import Url
from tests.flow import makers

from .payloads import Payload

__all__ = ["EVENTS", "Supply"]

EVENTS: Final = tuple(
    one for one in vars(e).values()
    if isinstance(one, type) and issubclass(one, e.Event) and one is not e.Event
)  # fmt: skip
"""Every event there is."""

_OURS: Final = frozenset({"check", "title", "digest", "reason", "version", "what"})
"""Fields of type ``str`` that hold words of this program, or a sentence that is safe already."""
_IN_AN_ADDRESS: Final = "!$&'()*+,;=:@/?[]-._~"


class Supply:
    """Values with the payloads of one batch, in turn."""

    def __init__(self, batch: Sequence[Payload]) -> None:
        self.batch = batch
        self._turn = itertools.cycle(batch)

    @property
    def text(self) -> str:
        """The next one, as Python holds it."""
        return next(self._turn).text

    @property
    def raw(self) -> bytes:
        """The next one, as it is on the wire."""
        return next(self._turn).raw

    def shown(self, limit: int = 400) -> Shown:
        """The next one, made safe where it came in."""
        return shown(self.raw, limit)

    @property
    def ours(self) -> str:
        """In a place where a literal of the program stands."""
        return self.shown().text

    # --- real things -----------------------------------------------------------------------------

    @property
    def url(self) -> Url:
        """An address that has them in path and query."""
        # An address with %00 in it is refused before anybody shows it.
        path, query = (quote(self.raw.replace(b"\0", b""), safe=_IN_AN_ADDRESS) for _ in range(2))
        return Url.parse(f"https://api.example/{path.replace('?', '%3F')}?{query}")

    @property
    def request(self) -> Request:
        """What a person asked for."""
        return Request(self.url, self.text, ((self.text, self.text),), self.raw)

    def challenge(self) -> bytes:
        """A real one, for an invoice and a token that hold them."""
        bill = makers.invoice(1, description="".join(self.text for _ in range(3)).encode(
            "utf-8", "backslashreplace").decode()[:200])  # fmt: skip
        token = makers.token(bill.payment_hash, [b"services=weather:0", self.raw, b"x=" + self.raw])
        return f'L402 macaroon="{token}", invoice="{bill.text}"'.encode()

    def response(self, status: int = 200) -> Response:
        """An answer with them in every place."""
        told = json.dumps({self.text: self.text, "detail": [self.text, self.text]})
        body = (
            told.encode("utf-8", "surrogatepass") if status == 402 else self.raw + b"\n" + self.raw
        )
        headers = (
            (b"WWW-Authenticate", self.challenge()),
            (b"WWW-Authenticate", b'L402 token="' + self.raw + b'", invoice="' + self.raw + b'"'),
            (b"WWW-Authenticate", b'Payment method="' + self.raw + b'", realm="' + self.raw + b'"'),
            (self.raw, self.raw),
            (b"X-Price", self.raw),
            (b"Content-Type", b"application/json" if status == 402 else self.raw),
            (b"Retry-After", self.raw),
        )
        return Response(status, self.raw, self.ours, headers, body, self.url)

    @property
    def bill(self) -> Bill:
        """A bill that can be read."""
        answer = makers.answer(402, [(b"WWW-Authenticate", self.challenge())], self.raw)
        return read_bill(answer)

    @property
    def wallet(self) -> WalletFacts:
        """What a wallet says about itself."""
        return WalletFacts(self.text, Network.REGTEST, alias=self.shown(), trouble=self.shown(),
                           ready=False)  # fmt: skip

    @property
    def quote(self) -> Quote:
        """What a person is asked."""
        return replace(
            makers.QUOTE, request=self.request, description=self.shown(), wallet=self.wallet
        )

    @property
    def intent(self) -> Intent:
        """A payment."""
        return replace(makers.SENDING, request=self.request, reason=self.ours, wallet=self.text,
                       token=Secret(self.raw), challenge=self.raw)  # fmt: skip

    @property
    def held(self) -> Held:
        """A credential."""
        return replace(makers.HELD, path=self.url.path, token=Secret(self.raw))

    def findings(self, count: int) -> tuple[Finding, ...]:
        """What checks found."""
        severities = itertools.cycle(Severity)
        return tuple(
            Finding(f"C{number:02}", self.ours, next(severities), self.shown(), self.shown())
            for number in range(count)
        )

    def events(self) -> list[e.Event]:
        """One of every kind, in the order in which they are declared."""
        return [self.event(kind, float(at)) for at, kind in enumerate(EVENTS)]

    def event(self, kind: type[e.Event], at: float = 0.0) -> e.Event:
        """One of this kind."""
        made = self.made(kind)
        assert isinstance(made, e.Event)
        return replace(made, at=at)

    def node(self, children: Iterable[Node] = ()) -> Node:
        """A field of something that was decoded."""
        data = b"\n".join(one.raw for one in self.batch)
        buffer = Buffer(self.shown(), data)
        return Node(self.shown(), self.shown(2_000), self.shown(2_000), Span(buffer, 0, len(data)),
                    tuple(children), Mark.WARN, copy=data)  # fmt: skip

    def fields(self) -> list[Node]:
        """One field for each payload."""
        return [
            Node(shown(one.raw, 400), shown(one.raw, 2_000), shown(one.raw)) for one in self.batch
        ]

    # --- by type ---------------------------------------------------------------------------------

    def made(self, kind: Any, name: str = "") -> Any:
        """A value of this type, with payloads in it."""
        if kind in _REAL:
            return _REAL[kind](self)
        if kind is str:
            return self.ours if name in _OURS else self.text
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, types.UnionType):
            return self.made(next(one for one in arguments if one is not type(None)), name)
        if origin is tuple:
            some = arguments[:1] * 3 if arguments[-1] is ... else arguments
            return tuple(self.made(one, name) for one in some)
        if origin in (list, Sequence, frozenset, set):
            made = [self.made(arguments[0], name) for _ in range(3)]
            return frozenset(made) if origin in (frozenset, set) else made
        if isinstance(kind, type) and issubclass(kind, Enum):
            return next(iter(kind))
        if isinstance(kind, type) and is_dataclass(kind):
            hints = typing.get_type_hints(kind)
            given = {one.name: self.made(hints[one.name], one.name) for one in fields(kind)}
            return kind(**given)
        if origin is None and isinstance(kind, typing.NewType):
            return self.made(kind.__supertype__, name)
        raise AssertionError(f"no way to make {kind} for {name}")


_REAL: Final[dict[Any, Any]] = {
    bytes: lambda supply: supply.raw,
    Shown: lambda supply: supply.shown(),
    int: lambda supply: 1,
    float: lambda supply: makers.NOW,
    bool: lambda supply: True,
    Secret: lambda supply: Secret(supply.raw),
    Url: lambda supply: supply.url,
    Request: lambda supply: supply.request,
    Response: lambda supply: supply.response(402),
    Bill: lambda supply: supply.bill,
    Intent: lambda supply: supply.intent,
    Held: lambda supply: supply.held,
    Quote: lambda supply: supply.quote,
    WalletFacts: lambda supply: supply.wallet,
    Limits: lambda supply: makers.LIMITS,
}

"""When does the practice server ask for money, and when does it deliver?

As aperture does: without a good credential every request gets 402, two ``WWW-Authenticate`` lines
(LSAT first, then L402) with a new token and a new invoice, and no reason. The switches change one
thing each.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from l402tui.practice import others
from l402tui.practice.answers import answer
from l402tui.practice.closing import Closing
from l402tui.practice.goods import Good
from l402tui.practice.invoices import PracticeInvoice
from l402tui.practice.mint import CredentialRefused, Mint
from l402tui.practice.node import PracticeNode
from l402tui.practice.switches import Switch, Switches
from l402tui.protocol.amount import Msat, sat

__all__ = ["MAX_BODY", "Paywall"]

MAX_BODY: Final = 64 * 1024
"""Bytes of a request's body that are read."""
_MAX_CITY: Final = 60
_ERRORS_FIRST: Final = 2
_OVERPRICED: Final = sat(1_000_000)
_HOUR: Final = 3600

# Clear the screen, set the title, write to the clipboard, a link, an 8-bit control sequence,
# reversed text, and an action in markup: none of it may happen on the reader's screen.
_HOSTILE: Final = (
    "\x1b[2J\x1b[31mFREE\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x9b31m"
    "\u202e tas 0 \u2066[@click=app.quit]Pay nothing[/] [bold red]yours[/]"
)


class Paywall:
    """Stands before the goods."""

    def __init__(self, node: PracticeNode, mint: Mint, closing: Closing) -> None:
        self._node = node
        self._mint = mint
        self._closing = closing
        self._errors: dict[bytes, int] = {}
        """How often a paid credential has met an error."""

    async def serve(self, request: Request, good: Good, switches: Switches) -> Response:
        """Deliver, or ask for payment."""
        if request.method not in good.methods:
            allow = (b"Allow", ", ".join(good.methods).encode())
            return answer(405, "method not allowed\n", headers=(allow,))
        if Switch.SLOW in switches:
            await self._closing.pause(switches.slow_seconds)
        given = request.headers.getlist("authorization")
        paid = self._paid(given, good, switches)
        if paid is None or Switch.REJECT_AFTER_PAYMENT in switches:
            status = 401 if given and Switch.MODE_401 in switches else 402
            rail = request.headers.get("x-settlegrid-protocol", "")
            if Switch.RAILS in switches and rail.lower() != "l402":
                return others.rails(status, good)
            return self._ask(status, good, switches)
        return await self._deliver(request, good, switches, paid)

    def _paid(self, given: list[str], good: Good, switches: Switches) -> bytes | None:
        """The payment hash of a good credential; of several lines the last one counts."""
        if not given:
            return None
        try:
            strict = Switch.STRICT_CAVEATS in switches
            return self._mint.check(given[-1], good.service, self._node.clock.now(), strict=strict)
        except CredentialRefused:
            return None

    async def _deliver(
        self, request: Request, good: Good, switches: Switches, paid: bytes
    ) -> Response:
        met = self._errors.get(paid, 0)
        failing = Switch.ERROR_AFTER_PAYMENT in switches and met < _ERRORS_FIRST
        if failing or Switch.ALWAYS_ERROR_AFTER_PAYMENT in switches:
            self._errors[paid] = met + 1
            return answer(503, "the service behind the paywall is down\n")
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                return answer(413, f"at most {MAX_BODY} bytes, please\n")
        city = request.query_params.get("city", "Oslo")[:_MAX_CITY]
        content = good.make(city, body)
        extra: tuple[tuple[bytes, bytes], ...] = ()
        if Switch.HOSTILE_TEXT in switches:
            content += f"{_HOSTILE}\n".encode()
            extra = ((b"X-Note", _HOSTILE.encode()),)
        return answer(200, content, good.content_type.encode(), extra)

    def _ask(self, status: int, good: Good, switches: Switches) -> Response:
        if Switch.NO_CHALLENGE in switches:
            return answer(status, "payment required\n")
        if Switch.NOT_L402 in switches:
            return others.x402(status, good)
        if Switch.CASHU in switches:
            return others.cashu(status, good)
        invoice = self._invoice(good, switches)
        token = self._token(invoice, good, switches)
        text = _broken(invoice.text) if Switch.BROKEN_INVOICE in switches else invoice.text
        if Switch.TOKEN_PARAM in switches:
            lines = [f'L402 version="0", token="{token}", invoice="{text}"'.encode()]
        else:
            pair = f'macaroon="{token}", invoice="{text}"'
            lines = [f"{scheme} {pair}".encode() for scheme in ("LSAT", "L402")]
        if Switch.BODY_ONLY in switches:
            return others.body_only(status, good, token, text)
        if Switch.RAILS in switches:
            return others.one_rail(status, good, token, invoice)
        if Switch.GRPC in switches:
            return others.grpc(token, text)
        if Switch.PAYMENT_TOO in switches:
            lines.append(others.payment_line(good, invoice))
        headers = [(b"Www-Authenticate", line) for line in lines]
        headers.append((b"Cache-Control", b"no-store"))
        body = "payment required\n"
        if Switch.HOSTILE_TEXT in switches:
            headers.append((b"X-Note", _HOSTILE.encode()))
            body += f"{_HOSTILE}\n"
        return answer(status, body, headers=tuple(headers))

    def _invoice(self, good: Good, switches: Switches) -> PracticeInvoice:
        price: Msat = _OVERPRICED if Switch.OVERPRICED in switches else good.price
        words = good.description
        if Switch.HOSTILE_TEXT in switches:
            words += f" {_HOSTILE}"
        age = 2 * _HOUR if Switch.EXPIRED in switches else 0
        return self._node.invoice(price, words, expiry=_HOUR, age=age)

    def _token(self, invoice: PracticeInvoice, good: Good, switches: Switches) -> str:
        if Switch.GARBAGE_TOKEN in switches:
            return "dGhpcyBpcyBubyBtYWNhcm9vbg=="
        payment_hash = invoice.payment_hash
        if Switch.WRONG_HASH in switches:
            payment_hash = self._node.invoice(good.price, "Another invoice").payment_hash
        caveats = good.caveats()
        if Switch.SHORT_LIVED in switches:
            until = int(self._node.clock.now()) + switches.short_seconds
            caveats.append(f"{good.service}_valid_until={until}")
        if Switch.HOSTILE_TEXT in switches:
            caveats.append(f"note={_HOSTILE}")
        return self._mint.token(payment_hash, caveats)


def _broken(invoice: str) -> str:
    """The same invoice with one wrong character at the end."""
    return invoice[:-1] + ("q" if invoice[-1] != "q" else "p")

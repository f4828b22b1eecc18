"""Somebody who asks the practice server and pays it, one step at a time."""

from __future__ import annotations

from dataclasses import dataclass

from l402tui.flow.bill import read_bill
from l402tui.flow.events import Answered, Challenged, PaymentSettled, WalletEvent
from l402tui.flow.model import Bill, Intent, IntentState, Request, Response
from l402tui.practice.run import PracticeServer
from l402tui.protocol.amount import sat
from l402tui.protocol.credential import Credential
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.wallets.practice import PracticeWallet
from l402tui.web.transport import HttpTransport


@dataclass
class Customer:
    """Asks, pays and holds credentials."""

    server: PracticeServer
    transport: HttpTransport
    wallet: PracticeWallet

    @classmethod
    async def at(cls, server: PracticeServer) -> Customer:
        return cls(server, HttpTransport(), PracticeWallet(server.url))

    async def leave(self) -> None:
        await self.transport.close()
        await self.wallet.close()

    def request(self, path: str, method: str = "GET", body: bytes = b"") -> Request:
        return Request(Url.parse(self.server.url + path), method, body=body)

    async def get(
        self, path: str, credential: Secret | None = None, method: str = "GET", body: bytes = b""
    ) -> Response:
        event = await self.transport.send(self.request(path, method, body), credential)
        assert isinstance(event, Challenged | Answered), event
        return event.response

    async def bill(self, path: str) -> Bill:
        response = await self.get(path)
        assert response.wants_payment
        return read_bill(response)

    def intent(self, bill: Bill) -> Intent:
        assert bill.challenge
        assert bill.invoice
        assert bill.invoice.amount
        return Intent(
            payment_hash=bill.invoice.payment_hash,
            state=IntentState.SENDING,
            request=Request(bill.response.url),
            scheme=bill.challenge.scheme,
            token=Secret(bill.challenge.token),
            invoice=bill.challenge.invoice,
            amount=bill.invoice.amount,
            fee_cap=sat(10),
            wallet="practice:-",
            created=0.0,
            expires=0.0,
        )

    async def events(self, bill: Bill) -> list[WalletEvent]:
        return [event async for event in self.wallet.pay(self.intent(bill))]

    async def buy(self, path: str) -> Credential:
        """Ask, pay, and hold the credential."""
        bill = await self.bill(path)
        assert bill.challenge
        last = (await self.events(bill))[-1]
        assert isinstance(last, PaymentSettled), last
        return Credential(Secret(bill.challenge.token), last.preimage)

"""Looking and paying from a cell, against the practice server."""

from collections.abc import AsyncIterator

import pytest

from l402tui import notebook
from l402tui.flow.events import PaymentSent, PaymentSettled
from l402tui.flow.model import Intent, Money, Outcome
from l402tui.notebook import display
from l402tui.protocol.errors import AmountError
from l402tui.settings import SettingsError
from l402tui.wallets.practice import PracticeWallet


@pytest.fixture
async def lab() -> AsyncIterator[notebook.Lab]:
    lab = await notebook.practice()
    yield lab
    await lab.close()


async def test_looking_cannot_pay(lab: notebook.Lab) -> None:
    flow = await notebook.explore(lab.url)
    assert flow.ending.outcome is Outcome.PREVIEWED
    assert flow.ending.money is Money.NONE
    assert not lab.server.node.payments()
    assert flow.quote is not None
    assert flow.quote.amount == 10_000


async def test_at_most_includes_the_fee_and_holds(lab: notebook.Lab) -> None:
    flow = await notebook.explore(lab.url)
    cheap = await flow.pay("practice", at_most="9 sat")
    assert cheap.ending.outcome in (Outcome.REFUSED, Outcome.DECLINED)
    assert not lab.server.node.payments()
    # 10 sat for the weather leave nothing for the node's routing fee.
    exact = await flow.pay("practice", at_most="10 sat")
    assert exact.ending.money is Money.NONE
    assert not [one for one in exact.events if isinstance(one, PaymentSent)] or (
        exact.ending.outcome is Outcome.NOT_PAID
    )


async def test_hostile_text_is_escaped_in_html(lab: notebook.Lab) -> None:
    flow = await notebook.explore(lab.wrong("hostile-text"))
    bundle = flow._repr_mimebundle_()
    for text in bundle.values():
        assert not set(text) & set("\x1b\x9b\x07\u202e\u2066")
    assert "<script" not in bundle["text/html"]
    assert "<img" not in bundle["text/html"]


async def test_an_amount_that_is_none_and_a_wallet_that_is_none(lab: notebook.Lab) -> None:
    flow = await notebook.explore(lab.url)
    with pytest.raises(AmountError):
        await flow.pay("practice", at_most="a lot")
    with pytest.raises(SettingsError, match="no wallet"):
        await flow.pay("cash", at_most="20 sat")


async def test_an_invoice_that_was_paid_elsewhere_is_redeemed(lab: notebook.Lab) -> None:
    flow = await notebook.explore(lab.url)
    bill = display.payable(flow.events)
    assert bill is not None
    assert bill.invoice is not None
    with pytest.raises(ValueError, match="another hash"):
        await flow.redeem("00" * 32)
    assert flow.quote is not None
    elsewhere = PracticeWallet(lab.server.url)
    intent = Intent.of(flow.request, bill, flow.quote, 0.0)
    settled = [event async for event in elsewhere.pay(intent)][-1]
    await elsewhere.close()
    assert isinstance(settled, PaymentSettled)
    redeemed = await flow.redeem(settled.preimage.reveal().hex())
    assert redeemed.ending.outcome is Outcome.PAID
    assert redeemed.ending.money is Money.EARLIER
    assert "Oslo" in redeemed.text
    assert len(lab.server.node.payments()) == 1
    again = await notebook.explore(lab.url)
    assert again.ending.outcome is Outcome.REUSED


async def test_a_bill_that_a_check_blocks_has_no_qr_code(lab: notebook.Lab) -> None:
    good, bad = [
        (await notebook.explore(url))._repr_mimebundle_()["text/html"]
        for url in (lab.url, lab.wrong("wrong-hash"))
    ]
    assert "<svg" in good
    assert "<svg" not in bad
    with pytest.raises(ValueError, match="passed the checks"):
        await (await notebook.explore(lab.wrong("wrong-hash"))).redeem("00" * 32)

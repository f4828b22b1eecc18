"""H81-H86: what if the node says one thing and does another, or is another node by now?"""

from __future__ import annotations

from typing import Any

import pytest
import trustme

from l402tui.cli.exits import Exit
from l402tui.vault import SqliteVault
from l402tui.wallets import lnd_calls
from tests.wallets.lnd_fake import FAILED, IN_FLIGHT, SUCCEEDED, Abort, Hang, info, payment
from tests.wallets.lnd_rest_fake import Cut, Http, Raw, line

from .verdicts import EARLIER, NO_MONEY, PERHAPS, SPENT, paid, refused
from .world import AUTHORITY, FEE, GOODS, NODE_CERTIFICATE, Bill, Shop, World

SEND, TRACK = "SendPaymentV2", "TrackPaymentV2"
EXPIRED = "invoice expired. Valid until 2026-01-02 03:04:05 +0000 UTC"
NEVER_SEEN = Abort("NOT_FOUND", "payment isn't initiated")
AWAY = Abort("UNAVAILABLE", "the node is away")
HOUR = 3_600


def under_way(sold: Bill) -> Any:
    return payment(IN_FLIGHT, payment_hash=sold.payment_hash.hex())


def done(sold: Bill, fee: int = FEE) -> Any:
    named = sold.payment_hash.hex()
    return payment(SUCCEEDED, sold.preimage.hex(), payment_hash=named, fee_msat=fee)


def failed(sold: Bill) -> Any:
    return payment(FAILED, payment_hash=sold.payment_hash.hex(), failure_reason=1)


def standing(world: World) -> tuple[Shop, Bill]:
    shop = world.shop()
    return shop, shop.sells(world.bill())


def left_sending(world: World) -> tuple[Shop, Bill]:
    """A payment of which nobody knows whether the node ever heard."""
    shop, sold = standing(world)
    world.node.sends.append([Cut()])
    world.node.tracks.extend([[AWAY]] * 8)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED, told.text
    assert world.paid == ["sending"]
    world.node.tracks.clear()
    return shop, sold


def orders(world: World) -> set[str]:
    """The different invoices that the node was asked to pay."""
    return {order.payment_request for order in world.node.requests(SEND)}


def debit(world: World) -> int:
    """What the limits count in all, in msat."""
    with SqliteVault.open(world.home) as vault:
        return vault.spending("", 0.0).total


def log(world: World, sold: Bill) -> list[str]:
    with SqliteVault.open(world.home) as vault:
        return [line.state.value for line in vault.log(sold.payment_hash)]


# --- H81: "expired", said of a payment that is on its way -----------------------------------------

REFUSALS = [
    Abort("UNKNOWN", EXPIRED),
    Abort("INVALID_ARGUMENT", EXPIRED),
    Abort("FAILED_PRECONDITION", "the order cannot be carried out"),
    Abort("OUT_OF_RANGE", "no"),
    Abort("PERMISSION_DENIED", "permission denied"),
]


@pytest.mark.parametrize("word", REFUSALS, ids=lambda word: word.code)
@pytest.mark.parametrize("first", [True, False])
def test_h081_a_refusal_of_what_is_on_its_way_is_no_failure(
    world: World, word: Abort, first: bool
) -> None:
    """Only what the node says about the hash counts, not how it refuses an order."""
    shop, sold = standing(world)
    world.node.sends.append([word])
    world.node.tracks.append([under_way(sold), done(sold)] if first else [done(sold)])
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert "failed" not in log(world, sold)


@pytest.mark.parametrize("word", REFUSALS, ids=lambda word: word.code)
def test_h081_nor_when_it_is_sent_again_after_a_crash(world: World, word: Abort) -> None:
    """The same invoice to the same node: it cannot be paid twice, and was in flight all along."""
    shop, sold = left_sending(world)
    world.later(6)
    world.node.sends.append([word])
    world.node.tracks.extend([[NEVER_SEEN], [under_way(sold), done(sold)]])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS), told.text
    assert orders(world) == {sold.invoice}
    assert world.paid == ["active"]
    assert "failed" not in log(world, sold)
    assert debit(world) == 10_000 + FEE


def test_h081_a_refusal_and_silence_afterwards_is_an_open_question(world: World) -> None:
    shop, _ = standing(world)
    world.node.sends.append([Abort("UNKNOWN", EXPIRED)])
    world.node.tracks.extend([[AWAY]] * 8)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    assert world.paid == ["sending"]
    assert world.sends == 1


@pytest.mark.parametrize("word", REFUSALS[:4], ids=lambda word: word.code)
def test_h081_a_refusal_of_what_was_never_begun_is_one(world: World, word: Abort) -> None:
    """The twin: refused, and the node has never begun to pay it."""
    shop, _ = standing(world)
    world.node.sends.append([word])
    world.node.tracks.append([NEVER_SEEN])
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.NOT_PAID
    assert NO_MONEY in told.text
    assert world.paid == ["failed"]
    assert not shop.credentials


def test_h081_but_not_of_what_it_has_just_said_that_it_has(world: World) -> None:
    shop, sold = standing(world)
    world.node.sends.append([under_way(sold), Abort("UNKNOWN", EXPIRED)])
    world.node.tracks.extend([[NEVER_SEEN]] * 8)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    assert world.paid == ["unknown"]
    assert world.sends == 1


# --- H82: the stream ends -------------------------------------------------------------------------


def begun(sold: Bill) -> bytes:
    return line(under_way(sold))


ENDS: dict[str, Any] = {
    "before a word": lambda sold: [],
    "after the first word": lambda sold: [under_way(sold)],
    "after many words": lambda sold: [under_way(sold)] * 5,
    "cut off": lambda sold: [under_way(sold), Cut()],
    "cut off at once": lambda sold: [Cut()],
    "in the middle of the last word": lambda sold: [Raw(begun(sold) + line(done(sold))[:60])],
    "with an empty line": lambda sold: [Raw(begun(sold) + b"\n\n")],
    "with something else": lambda sold: [Raw(begun(sold) + b"<html>gone</html>\n")],
    "with an empty answer": lambda sold: [Http(b"HTTP/1.1 200 -\r\nContent-Length: 0\r\n\r\n")],
    "with a gateway's error": lambda sold: [
        Http(b"HTTP/1.1 502 -\r\nContent-Length: 4\r\n\r\nbad\n")
    ],
    "with an error of the node": lambda sold: [under_way(sold), Abort("INTERNAL", "oops")],
}


@pytest.mark.parametrize("end", ENDS)
def test_h082_a_stream_that_ends_without_a_result_is_asked_about(world: World, end: str) -> None:
    shop, sold = standing(world)
    world.node.sends.append(ENDS[end](sold))
    world.node.tracks.append([under_way(sold), done(sold)])
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert [asked.payment_hash for asked in world.node.requests(TRACK)] == [sold.payment_hash]


@pytest.mark.parametrize("end", ENDS)
def test_h082_and_where_that_ends_too_nothing_is_paid_again(world: World, end: str) -> None:
    shop, sold = standing(world)
    world.node.sends.append(ENDS[end](sold))
    world.node.tracks.extend([ENDS[end](sold)] * 8)
    told = world.get(f"{shop.url}/weather", person=["yes", "yes"])
    assert told.code == Exit.UNSETTLED, told.text
    assert PERHAPS in told.text
    assert world.sends == 1
    assert not shop.credentials
    world.node.tracks.clear()
    world.node.tracks.append([done(sold)])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1
    assert world.paid == ["active"]


# --- H83: late, twice, and one thing after the other ----------------------------------------------


@pytest.mark.parametrize(
    "order",
    {
        "the result twice": lambda sold, other: [done(sold), done(sold)],
        "the result and then a failure": lambda sold, other: [done(sold), failed(sold)],
        "the result and then on its way": lambda sold, other: [done(sold), under_way(sold)],
        "the result and then nonsense": lambda sold, other: [done(sold), Raw(b"nonsense\n")],
        "the result and then an error": lambda sold, other: [done(sold), Abort("INTERNAL", "no")],
        "the result and then another's": lambda sold, other: [done(sold), done(other)],
    }.values(),
)
def test_h083_the_first_proof_counts_once(world: World, order: Any) -> None:
    """This program has no wallet that answers by messages (NWC): the rules are those for every
    wallet, tried with LND."""
    shop, sold = standing(world)
    world.node.sends.append(order(sold, world.bill()))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert debit(world) == 10_000 + FEE
    assert world.paid == ["active"]


def test_h083_a_proof_with_the_word_failed_is_a_proof(world: World) -> None:
    shop, sold = standing(world)
    named = sold.payment_hash.hex()
    world.node.sends.append(
        [payment(FAILED, sold.preimage.hex(), payment_hash=named, fee_msat=FEE)]
    )
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


@pytest.mark.parametrize("word", [done, failed, under_way])
def test_h083_an_answer_about_another_payment_says_nothing(world: World, word: Any) -> None:
    shop, sold = standing(world)
    other = world.bill()
    world.node.sends.append([word(other)])
    world.node.tracks.extend([[word(other)]] * 8)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    assert "The node answered about another payment" in told.text
    assert world.paid == ["sending"]
    assert not shop.credentials
    world.node.tracks.clear()
    world.node.tracks.append([done(sold)])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1


def test_h083_already_paid_in_an_internal_error_is_looked_up(world: World) -> None:
    shop, sold = standing(world)
    world.node.sends.append([Abort("INTERNAL", "this invoice has already been paid")])
    world.node.tracks.append([done(sold)])
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert debit(world) == 10_000 + FEE


@pytest.mark.parametrize("where", ["sends", "tracks"])
def test_h083_silence_is_no_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Ten minutes are shortened to a tenth of a second; what the program says is the same."""
    monkeypatch.setattr(lnd_calls, "ASK_SECONDS", 0.1)
    shop, _ = standing(world)
    world.node.sends.append([Hang()] if where == "sends" else [])
    world.node.tracks.extend([[Hang()]] * 8)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    assert "The node does not answer in time." in told.text
    assert world.sends == 1


def test_h083_what_is_heard_late_is_heard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, sold = standing(world)
    with monkeypatch.context() as patched:
        patched.setattr(lnd_calls, "ASK_SECONDS", 0.1)
        world.node.sends.append([Hang()])
        world.node.tracks.extend([[Hang()]] * 8)
        assert world.get(f"{shop.url}/weather").code == Exit.UNSETTLED
    world.node.tracks.clear()
    world.later(600)
    world.node.tracks.append([done(sold)])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert EARLIER in told.text
    assert world.sends == 1
    assert debit(world) == 10_000 + FEE


def test_h083_failed_and_settled_after_all(world: World) -> None:
    """The node's failure is its final word, so its money is free again; the proof that turns up all
    the same is taken, counted once, and opens what was bought. The invoice is never paid again."""
    shop, sold = standing(world)
    world.node.sends.append([failed(sold)])
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.NOT_PAID
    assert debit(world) == 0
    again = world.get(f"{shop.url}/weather", person=["yes"])
    assert again.code == Exit.REFUSED
    assert "Refused by check C14: This invoice was tried before and failed." in again.text
    proof = world.home / "preimage"
    proof.write_text(sold.preimage.hex())
    handle = sold.payment_hash.hex()[:12]
    for _ in range(2):
        told = world.run("payments", "settle", handle, "--preimage-file", str(proof))
        assert told.code == Exit.OK, told.text
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1
    # Nobody has told what the routing cost, so it counts with the most that it can have cost.
    assert debit(world) == 10_000 + 10_000


# --- H84: a fee above its cap ---------------------------------------------------------------------


@pytest.mark.parametrize("fee", [10_001, 100_000, 10**9])
def test_h084_a_fee_over_its_cap_is_told_and_counted(world: World, fee: int) -> None:
    """Nothing here can call it back. It is what the payment cost, also where a limit is passed by
    it, and until there is room again nothing is paid."""
    world.settings(limits="day = '100 sat'")
    shop, sold = standing(world)
    world.node.sends.append([done(sold, fee)])
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    (intent,) = world.intents
    assert intent.fee == fee
    assert debit(world) == 10_000 + fee
    assert "The fee is more than the limit of 10 sat" in told.text
    other = world.shop("other.example")
    other.sells(world.bill("790n" if fee == 10_001 else "100n"))
    told = world.get(f"{other.url}/weather", person=["yes"])
    assert told.code == Exit.REFUSED
    assert "Refused by check C20" in told.text
    assert world.sends == 1


@pytest.mark.parametrize("fee", [0, 1, 10_000])
def test_h084_a_fee_within_its_cap_is_not_remarked_upon(world: World, fee: int) -> None:
    world.settings(limits="day = '100 sat'")
    shop, sold = standing(world)
    world.node.sends.append([done(sold, fee)])
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert debit(world) == 10_000 + fee
    assert "more than the limit" not in told.text


def test_h084_a_fee_that_is_no_number_counts_with_its_cap(world: World) -> None:
    shop, sold = standing(world)
    told = line(done(sold)).replace(b'"fee_msat": "1000"', b'"fee_msat": "-5"')
    assert b'"-5"' in told
    world.node.sends.append([Raw(told)])
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert debit(world) == 10_000 + 10_000


# --- H85: another certificate ---------------------------------------------------------------------


def changed(world: World, certificate: trustme.LeafCert) -> None:
    """The same address, held by somebody with this certificate."""

    async def swap() -> None:
        port = world.node.port
        await world.node.stop()
        await world.node.start(certificate, port)

    world.loop.run(swap())
    world.node.received = b""


def old(authority: trustme.CA) -> trustme.LeafCert:
    from datetime import UTC, datetime

    return authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 2, tzinfo=UTC))


CERTIFICATES: dict[str, Any] = {
    "from the same authority": lambda: AUTHORITY.issue_cert("127.0.0.1"),
    "from another authority": lambda: trustme.CA().issue_cert("127.0.0.1"),
    "for another name": lambda: AUTHORITY.issue_cert("node.example"),
    "an old one": lambda: old(AUTHORITY),
}


@pytest.mark.parametrize("which", CERTIFICATES)
def test_h085_another_certificate_gets_no_byte(world: World, which: str) -> None:
    """Not the macaroon, not the invoice, not even the question who it is."""
    shop, _ = standing(world)
    changed(world, CERTIFICATES[which]())
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C26", shop)
    assert "It got no macaroon." in told.text
    assert world.node.received == b""


@pytest.mark.parametrize("which", CERTIFICATES)
def test_h085_nor_while_a_payment_is_under_way(world: World, which: str) -> None:
    shop, sold = left_sending(world)
    changed(world, CERTIFICATES[which]())
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    assert world.node.received == b""
    assert world.sends == 1
    changed(world, NODE_CERTIFICATE)
    world.node.tracks.append([done(sold)])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1


def test_h085_the_same_certificate_from_a_new_start_is_the_same_node(world: World) -> None:
    shop, sold = standing(world)
    changed(world, NODE_CERTIFICATE)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


def test_h085_a_node_that_was_renewed_is_believed_once_the_person_gives_its_certificate(
    world: World,
) -> None:
    shop, sold = standing(world)
    fresh = AUTHORITY.issue_cert("127.0.0.1")
    changed(world, fresh)
    assert world.get(f"{shop.url}/weather").code == Exit.REFUSED
    (world.home / "tls.cert").write_bytes(fresh.cert_chain_pems[0].bytes())
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H86: another node ----------------------------------------------------------------------------

OTHER = (b"\x03" + bytes(31) + b"\x07").hex()


@pytest.mark.parametrize("word", ["in flight", "sending"])
def test_h086_a_payment_under_way_is_frozen_when_another_node_answers(
    world: World, word: str
) -> None:
    """With the same certificate and macaroon, but another key: it is neither asked nor believed."""
    shop, sold = standing(world)
    world.node.sends.append([under_way(sold)] if word == "in flight" else [Cut()])
    world.node.tracks.extend([[AWAY]] * 8)
    assert world.get(f"{shop.url}/weather").code == Exit.UNSETTLED
    assert world.paid == [word]
    world.node.tracks.clear()
    asked = len(world.node.requests(TRACK))
    mine, world.node.info = world.node.info, info(identity_pubkey=OTHER)
    told = world.get(f"{shop.url}/weather", person=["yes", "yes"])
    assert told.code == Exit.UNSETTLED
    assert "The node behind this wallet is another one now" in told.text
    assert "It is frozen: nothing is sent again." in told.text
    assert PERHAPS in told.text
    assert len(world.node.requests(TRACK)) == asked
    assert world.sends == 1
    assert world.paid == [word]
    world.node.info = mine
    world.node.tracks.append([done(sold)])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1


@pytest.mark.parametrize("deed", ["resume", "give-up"])
def test_h086_nor_is_it_asked_by_hand(world: World, deed: str) -> None:
    shop, sold = standing(world)
    world.node.sends.append([under_way(sold)])
    world.node.tracks.extend([[AWAY]] * 8)
    assert world.get(f"{shop.url}/weather").code == Exit.UNSETTLED
    world.node.tracks.clear()
    asked = len(world.node.requests(TRACK))
    world.node.info = info(identity_pubkey=OTHER)
    chosen = ("--yes",) if deed == "resume" else ()
    handle = sold.payment_hash.hex()[:12]
    told = world.run("payments", deed, handle, "--wallet", "lnd", *chosen, person=["give up"])
    assert told.code == Exit.UNSETTLED, told.text
    assert PERHAPS in told.text
    assert len(world.node.requests(TRACK)) == asked
    assert world.paid == ["in flight"]


@pytest.mark.parametrize("key", ["", "xyz", "02ff", "04" + "11" * 32, "02" + "11" * 33])
def test_h086_a_node_that_does_not_say_who_it_is_pays_nothing(world: World, key: str) -> None:
    shop, _ = standing(world)
    world.node.info = info(identity_pubkey=key)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C26", shop)
    assert "The node does not say which key it has." in told.text


def test_h086_what_is_paid_does_not_depend_on_the_node(world: World) -> None:
    """The twin: nothing is under way, so another node is simply another wallet."""
    shop, sold = standing(world)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    world.node.info = info(identity_pubkey=OTHER)
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert EARLIER in told.text
    later = world.shop("later.example")
    fresh = later.sells(world.bill())
    told = world.get(f"{later.url}/weather")
    paid(world, told, later, fresh, sends=2)
    assert SPENT in told.text

"""H76-H80: what counts as a proof of payment, whoever brings it, and what if there is none?"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from l402tui.cli.exits import Exit
from l402tui.vault import SqliteVault
from tests.wallets.lnd_fake import IN_FLIGHT, SUCCEEDED, Abort, payment
from tests.wallets.lnd_rest_fake import Cut

from .verdicts import EARLIER, NO_MONEY, PERHAPS, SPENT, paid
from .world import FEE, GOODS, Asked, Bill, Shop, Told, World, answer, wants

TRACK = "TrackPaymentV2"
NEVER_SEEN = Abort("NOT_FOUND", "payment isn't initiated")
AWAY = Abort("UNAVAILABLE", "the node is away")
NO_PROOF = "The wallet says that it paid 10 sat, and has no proof of it."
ANOTHER = sha256(b"the preimage of something else").digest()


def standing(world: World) -> tuple[Shop, Bill]:
    shop = world.shop()
    return shop, shop.sells(world.bill())


def says_paid(sold: Bill, preimage: str, fee: int = FEE) -> Any:
    named = sold.payment_hash.hex()
    return payment(SUCCEEDED, preimage, payment_hash=named, fee_msat=fee)


def under_way(sold: Bill) -> Any:
    return payment(IN_FLIGHT, payment_hash=sold.payment_hash.hex())


def debit(world: World) -> int:
    """What the limits count in all, in msat."""
    with SqliteVault.open(world.home) as vault:
        return vault.spending("", 0.0).total


def open_payment(world: World) -> tuple[Shop, Bill]:
    """A payment that was sent, and of which nobody knows how it stands."""
    shop, sold = standing(world)
    world.node.sends.append([under_way(sold), Cut()])
    world.node.tracks.extend([[AWAY]] * 8)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED, told.text
    assert world.paid == ["in flight"]
    world.node.tracks.clear()
    return shop, sold


def settle(world: World, sold: Bill, words: str, folder: Path) -> Told:
    """Bring a preimage, as a person does who has been given one."""
    file = folder / "preimage"
    file.write_text(words)
    handle = sold.payment_hash.hex()[:12]
    return world.run("payments", "settle", handle, "--preimage-file", str(file))


# --- H76: brought by somebody else ----------------------------------------------------------------

WRONG: dict[str, Callable[[Bill], bytes]] = {
    "of another payment": lambda sold: ANOTHER,
    "zeros": lambda sold: bytes(32),
    "the payment hash itself": lambda sold: sold.payment_hash,
    "nearly the right one": lambda sold: sold.preimage[:-1] + bytes((sold.preimage[-1] ^ 1,)),
}


@pytest.mark.parametrize("which", WRONG)
def test_h076_a_preimage_that_proves_nothing_is_not_taken(
    world: World, which: str, tmp_path: Path
) -> None:
    shop, sold = open_payment(world)
    wrong, handle = WRONG[which](sold).hex(), sold.payment_hash.hex()[:12]
    told = settle(world, sold, wrong, tmp_path)
    assert told.code == Exit.REFUSED
    assert "Nothing was changed, and nothing was paid." in told.text
    assert world.paid == ["in flight"]
    assert debit(world) == 20_000
    assert not shop.credentials
    told = world.run("payments", "settle", handle, person=[wrong])
    assert told.code == Exit.REFUSED
    assert world.sends == 1


@pytest.mark.parametrize(
    "words", ["", "preimage", "00" * 31, "00" * 33, "zz" * 32, "{}", "\x1b[2J" * 16]
)
def test_h076_nor_what_is_no_preimage(world: World, words: str, tmp_path: Path) -> None:
    _, sold = open_payment(world)
    told = settle(world, sold, words, tmp_path)
    assert told.code == Exit.USAGE
    assert "Nothing was changed." in told.text
    assert "\x1b" not in told.err
    assert world.paid == ["in flight"]
    assert world.sends == 1


@pytest.mark.parametrize("spelling", [str.lower, str.upper, "  {}\n".format])
def test_h076_the_right_one_is_taken_from_anybody(
    world: World, spelling: Any, tmp_path: Path
) -> None:
    """Whoever brings it, it is the proof; the wallet is not asked, and nothing is paid again."""
    shop, sold = open_payment(world)
    told = settle(world, sold, spelling(sold.preimage.hex()), tmp_path)
    assert told.code == Exit.OK, told.text
    assert "Money was spent earlier, none now." in told.text
    assert world.paid == ["paid"]
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert EARLIER in told.text
    assert shop.credentials == [sold.authorization]
    assert world.sends == 1


def test_h076_the_right_one_for_another_payment_settles_neither(
    world: World, tmp_path: Path
) -> None:
    """It is held against the one payment that the person names."""
    _, first = open_payment(world)
    second = world.shop("second.example")
    bought = second.sells(world.bill())
    world.node.sends.append([under_way(bought), Cut()])
    world.node.tracks.extend([[AWAY]] * 8)
    assert world.get(f"{second.url}/news").code == Exit.UNSETTLED
    world.node.tracks.clear()
    told = settle(world, first, bought.preimage.hex(), tmp_path)
    assert told.code == Exit.REFUSED
    assert world.paid == ["in flight", "in flight"]


def test_h076_one_for_a_payment_that_is_not_ours_is_for_nothing(
    world: World, tmp_path: Path
) -> None:
    stranger = world.bill()
    told = settle(world, stranger, stranger.preimage.hex(), tmp_path)
    assert told.code == Exit.USAGE
    assert world.paid == []
    assert world.sends == 0


@pytest.mark.parametrize("place", ["header", "body", "challenge"])
def test_h076_a_server_that_brings_it_itself_changes_nothing(world: World, place: str) -> None:
    """It knows the preimage, as every seller does. Nothing that comes with a 402 is a proof."""
    shop, sold = world.shop(), world.bill()
    given = sold.preimage.hex()

    def reply(asked: Asked) -> bytes:
        if asked.authorization == sold.authorization:
            return answer()
        if place == "header":
            return wants(sold, ("Preimage", given), ("X-Payment-Preimage", given))
        if place == "body":
            body = json.dumps({"preimage": given, "paid": True}).encode()
            return wants(sold, ("Content-Type", "application/json"), body=body)
        return wants(Bill(f'{sold.token}", preimage="{given}', sold.invoice, b"", b""))

    shop.reply = reply
    told = world.get(f"{shop.url}/weather", person=["no"])
    assert told.code == Exit.DECLINED
    assert NO_MONEY in told.text
    assert world.paid == []
    assert given not in told.terminal + told.err
    assert not shop.credentials
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H77, H78: the wallet says so, and shows nothing ----------------------------------------------

NONE = {"zeros": "00" * 32, "nothing": "", "of another payment": ANOTHER.hex()}


@pytest.mark.parametrize("what", NONE)
def test_h077_paid_without_a_preimage_is_told_as_that(
    world: World, what: str, tmp_path: Path
) -> None:
    """No credential can be made of it, the money stays counted, and it is never paid again."""
    shop, sold = standing(world)
    world.node.sends.append([says_paid(sold, NONE[what])])
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert NO_PROOF in told.text
    assert PERHAPS in told.text
    assert "This invoice is not paid again." in told.text
    assert "has the preimage" not in told.text
    assert world.paid == ["paid, no preimage"]
    assert world.intents[0].preimage is None
    assert not shop.credentials
    assert debit(world) == 20_000
    assert "LOOK AT THIS" in world.run("payments").out.decode()
    told = settle(world, sold, sold.preimage.hex(), tmp_path)
    assert told.code == Exit.OK
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1


@pytest.mark.parametrize("what", NONE)
@pytest.mark.parametrize("then", ["the same again", "never seen", "failed", "away"])
def test_h077_whatever_it_says_next_it_is_not_paid_again(
    world: World, what: str, then: str
) -> None:
    shop, sold = standing(world)
    world.node.sends.append([says_paid(sold, NONE[what])])
    world.get(f"{shop.url}/weather")
    failed = payment(3, payment_hash=sold.payment_hash.hex(), failure_reason=1)
    says = {
        "the same again": says_paid(sold, NONE[what]),
        "never seen": NEVER_SEEN,
        "failed": failed,
        "away": AWAY,
    }
    world.node.tracks.extend([[says[then]]] * 9)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    assert world.paid == ["paid, no preimage"]
    assert debit(world) == 20_000
    assert world.sends == 1
    assert not shop.credentials


@pytest.mark.parametrize("what", NONE)
def test_h077_and_a_new_bill_of_the_same_shop_is_not_paid_either(world: World, what: str) -> None:
    shop, sold = standing(world)
    world.node.sends.append([says_paid(sold, NONE[what])])
    world.get(f"{shop.url}/weather")
    shop.sells(world.bill())
    world.node.tracks.extend([[NEVER_SEEN]] * 9)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert world.sends == 1


@pytest.mark.parametrize("what", NONE)
def test_h078_it_gets_its_preimage_in_the_end(world: World, what: str) -> None:
    """The wallet had it all along and told something else: asked again, it is believed by proof."""
    shop, sold = standing(world)
    world.node.sends.append([says_paid(sold, NONE[what])])
    assert world.get(f"{shop.url}/weather").code == Exit.UNSETTLED
    world.node.tracks.append([says_paid(sold, sold.preimage.hex())])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS), told.text
    assert world.paid == ["active"]
    assert debit(world) == 10_000 + FEE
    assert shop.credentials == [sold.authorization]
    assert world.sends == 1


@pytest.mark.parametrize("words", ["AB" * 32, "ab" * 31, "zz" * 32, "\x1b[2J", "0x" + "ab" * 31])
def test_h078_a_preimage_of_something_else_is_never_stored_or_sent(
    world: World, words: str
) -> None:
    shop, sold = standing(world)
    world.node.sends.append([says_paid(sold, words)])
    world.node.tracks.extend([[says_paid(sold, words)]] * 9)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED, told.text
    assert PERHAPS in told.text
    assert "\x1b" not in told.err
    assert world.intents[0].preimage is None
    assert not shop.credentials
    assert world.sends == 1


@pytest.mark.parametrize("status", [IN_FLIGHT, SUCCEEDED, 3])
def test_h078_an_answer_about_another_payment_says_nothing(world: World, status: int) -> None:
    """Even with a preimage that proves that other one."""
    shop, _ = standing(world)
    other = world.bill()
    named = other.payment_hash.hex()
    world.node.sends.append([payment(status, other.preimage.hex(), payment_hash=named)])
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert "The node answered about another payment" in told.text
    assert PERHAPS in told.text
    assert world.paid == ["sending"]
    assert not shop.credentials
    assert world.sends == 1


@pytest.mark.parametrize("status", [0, IN_FLIGHT, SUCCEEDED, 3, 4, 9])
def test_h078_the_proof_counts_whatever_is_said_about_it(world: World, status: int) -> None:
    shop, sold = standing(world)
    named = sold.payment_hash.hex()
    world.node.sends.append([payment(status, sold.preimage.hex(), payment_hash=named)])
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H79, H80: it is there already ----------------------------------------------------------------

PAID_ALREADY = Abort("ALREADY_EXISTS", "invoice is already paid")
IN_TRANSITION = Abort("ALREADY_EXISTS", "payment is in transition")


def log(world: World, sold: Bill) -> list[str]:
    with SqliteVault.open(world.home) as vault:
        return [line.state.value for line in vault.log(sold.payment_hash)]


def test_h079_already_paid_is_looked_up_and_counted_once(world: World) -> None:
    shop, sold = standing(world)
    world.node.sends.append([PAID_ALREADY])
    world.node.tracks.append([says_paid(sold, sold.preimage.hex())])
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert debit(world) == 10_000 + FEE
    assert len(world.node.requests(TRACK)) == 1


def test_h079_after_a_run_that_was_cut_off(world: World) -> None:
    """The order had arrived: what is asked for afterwards is how it stands, not payment."""
    shop, sold = standing(world)
    world.node.sends.append([Cut()])
    world.node.tracks.extend([[AWAY]] * 8)
    assert world.get(f"{shop.url}/weather").code == Exit.UNSETTLED
    world.node.tracks.clear()
    world.node.tracks.append([says_paid(sold, sold.preimage.hex())])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1
    assert debit(world) == 10_000 + FEE
    assert SPENT in told.text or EARLIER in told.text


@pytest.mark.parametrize("word", [PAID_ALREADY, IN_TRANSITION], ids=["paid", "in transition"])
def test_h079_there_already_and_then_never_seen_is_a_matter_for_a_person(
    world: World, word: Abort
) -> None:
    """The node has lost what it said that it has: that is no proof that nothing was paid, and the
    invoice is not sent once more."""
    shop, sold = standing(world)
    world.node.sends.append([word])
    world.node.tracks.extend([[NEVER_SEEN]] * 9)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    told = world.get(f"{shop.url}/weather", person=["yes", "yes"])
    assert told.code == Exit.UNSETTLED
    assert world.sends == 1
    assert world.paid == ["unknown"]
    assert debit(world) == 20_000
    assert "failed" not in log(world, sold)


def test_h080_in_transition_is_in_flight(world: World) -> None:
    shop, sold = standing(world)
    world.node.sends.append([IN_TRANSITION])
    world.node.tracks.extend([[AWAY]] * 9)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert world.paid == ["in flight"]
    assert PERHAPS in told.text
    world.node.tracks.clear()
    world.node.tracks.append([under_way(sold), says_paid(sold, sold.preimage.hex())])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1
    assert debit(world) == 10_000 + FEE


@pytest.mark.parametrize("ends", ["paid", "failed"])
def test_h080_it_is_followed_to_its_end(world: World, ends: str) -> None:
    shop, sold = standing(world)
    failed = payment(3, payment_hash=sold.payment_hash.hex(), failure_reason=1)
    world.node.sends.append([IN_TRANSITION])
    last = says_paid(sold, sold.preimage.hex()) if ends == "paid" else failed
    world.node.tracks.append([under_way(sold), last])
    told = world.get(f"{shop.url}/weather")
    if ends == "paid":
        paid(world, told, shop, sold)
        return
    assert told.code == Exit.NOT_PAID
    assert NO_MONEY in told.text
    assert world.paid == ["failed"]
    assert debit(world) == 0
    assert world.sends == 1

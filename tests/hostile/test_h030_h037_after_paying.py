"""H30-H37: is a server in trouble, or one that pretends to be, ever paid twice or for nothing?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.utils import formatdate
from itertools import chain, repeat
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit

from .verdicts import EARLIER, NO_MONEY, SPENT, paid, refused, unpaid
from .world import GOODS, Asked, Bill, Cut, Drip, Hurried, Reply, Shop, Told, World, answer, wants

TROUBLE = (500, 502, 503, 504, 500, 502, 503)
"""Seven answers: the eighth attempt is the last that is made by itself."""
CHANGES = ("POST", "PUT", "PATCH", "DELETE")
"""Methods that must not be sent twice without asking."""


def then(shop: Shop, sold: Bill, *replies: Reply) -> None:
    """What the shop says to each request with the credential; the goods after that."""
    script: Iterator[Reply] = chain(replies, repeat(answer()))
    shop.sells(sold, then=lambda asked: next(script))


def undelivered(world: World, told: Told, state: str = "paid, not delivered") -> None:
    """Paid once, and told so; the credential is kept for the next time."""
    assert (told.code, told.out) == (Exit.UNDELIVERED, b""), told.text
    assert SPENT in told.text
    assert world.paid == [state]
    assert world.sends == 1
    assert world.intents[0].preimage is not None


def comes_later(world: World, shop: Shop, url: str) -> None:
    """The same request again brings what was paid for, and costs nothing."""
    told = world.get(url)
    assert (told.code, told.out) == (Exit.OK, GOODS), told.text
    assert EARLIER in told.text
    assert world.sends == 1
    assert len(set(shop.credentials)) == 1


# --- H30: 5xx after the payment -------------------------------------------------------------------


@pytest.mark.parametrize(
    "statuses", [TROUBLE, TROUBLE[:1], (429, 429), (599,) * 7, (507, 429, 520, 530)]
)
def test_h030_trouble_and_then_the_goods(world: World, statuses: tuple[int, ...]) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, *(answer(status, b"sorry\n") for status in statuses))
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert shop.credentials == [sold.authorization] * (len(statuses) + 1)
    assert world.paid == ["active"]
    assert world.pauses == [2.0**n for n in range(len(statuses))]


def test_h030_trouble_that_does_not_end(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, *[answer(503)] * 8)
    told = world.get(f"{shop.url}/weather")
    undelivered(world, told)
    assert "Paid, but not delivered: the server answered 503" in told.text
    assert "the credential is kept and used, not bought again" in told.text
    assert shop.credentials == [sold.authorization] * 8
    comes_later(world, shop, f"{shop.url}/weather")


def test_h030_trouble_in_which_new_bills_are_shown(world: World) -> None:
    """The 5xx brings a bill of its own: nobody reads it."""
    shop, sold = world.shop(), world.bill()
    bait = ("WWW-Authenticate", world.bill().challenge)
    then(shop, sold, *[answer(503, b"", bait)] * 7)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


@pytest.mark.parametrize("method", CHANGES)
def test_h030_a_request_that_changes_something_is_not_repeated_after_5xx(
    world: World, method: str
) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, answer(500))
    told = world.get(f"{shop.url}/order", "-X", method, "-d", "one=1")
    undelivered(world, told, "being delivered")
    assert "it is not sent again by itself" in told.text
    assert shop.credentials == [sold.authorization]


# --- H31: Retry-After -----------------------------------------------------------------------------


def busy(after: str) -> bytes:
    return answer(503, b"", ("Retry-After", after))


def dated(seconds: float) -> str:
    """An HTTP date so far from now."""
    return formatdate(Hurried().now() + seconds, usegmt=True)


@pytest.mark.parametrize("after", ["60", "300"])
def test_h031_a_short_pause_is_kept(world: World, after: str) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, busy(after))
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert "The server asks for a pause." in told.text
    assert world.pauses == [float(after)]


def test_h031_a_short_pause_until_a_date(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, busy(dated(60)))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    (pause,) = world.pauses
    assert 50 <= pause <= 60


LONG: dict[str, Callable[[], str]] = {
    "a day": lambda: "86400",
    "a little more than is waited for": lambda: "301",
    "a year": lambda: "31536000",
    "more than any calendar has": lambda: "9" * 40,
    "tomorrow, as a date": lambda: dated(86_400),
    "in a century, as a date": lambda: "Fri, 31 Dec 2125 23:59:59 GMT",
}


@pytest.mark.parametrize("after", LONG)
def test_h031_a_long_pause_is_told_and_left_to_the_person(world: World, after: str) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, busy(LONG[after]()))
    told = world.get(f"{shop.url}/weather")
    undelivered(world, told)
    assert "The server asks to come back in" in told.text
    assert world.pauses == []
    assert shop.credentials == [sold.authorization]
    comes_later(world, shop, f"{shop.url}/weather")


@pytest.mark.parametrize(
    "after", ["", "-5", "soon", "1.5", "0", "Thu, 01 Jan 1970 00:00:00 GMT", "\xb2", "0x10"]
)
def test_h031_a_pause_that_is_none_changes_nothing(world: World, after: str) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, busy(after))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert world.pauses == [1.0]


# --- H32: the connection is reset -----------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Le"


@pytest.mark.parametrize("part", [[Cut()], [b"", Cut()], [HEAD, Cut()]])
def test_h032_a_get_is_sent_again(world: World, part: list[bytes | Cut]) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, part)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert shop.credentials == [sold.authorization] * 2


def test_h032_a_server_that_only_ever_resets(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, *[[Cut()]] * 8)
    undelivered(world, world.get(f"{shop.url}/weather"))
    assert len(shop.credentials) == 8
    comes_later(world, shop, f"{shop.url}/weather")


@pytest.mark.parametrize("method", CHANGES)
def test_h032_what_changes_something_asks(world: World, method: str) -> None:
    """The order may have been taken: only a person decides that it goes out again."""
    shop, sold = world.shop(), world.bill()
    then(shop, sold, [Cut()])
    order = (f"{shop.url}/order", "-X", method, "-d", "one=1")
    told = world.get(*order)
    undelivered(world, told, "being delivered")
    assert "The server may have acted on it all the same" in told.text
    assert shop.credentials == [sold.authorization]
    told = world.get(*order)
    assert told.code == Exit.UNDELIVERED
    assert "Find that out first." in told.text
    assert shop.credentials == [sold.authorization]
    handle = sold.payment_hash.hex()[:12]
    told = world.run("payments", "resume", handle, "--wallet", "lnd", person=["yes"])
    assert shop.credentials == [sold.authorization]
    told = world.run("payments", "resume", handle, "--wallet", "lnd", person=["send again"])
    assert (told.code, told.out) == (Exit.OK, GOODS), told.text
    assert shop.credentials == [sold.authorization] * 2
    assert shop.heard[-1].body == b"one=1"
    assert world.sends == 1


def test_h032_an_idempotency_key_makes_a_post_repeatable(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, [Cut()], answer(500))
    told = world.get(f"{shop.url}/order", "-d", "one=1", "-H", "Idempotency-Key: k-1")
    paid(world, told, shop, sold)
    keys = [asked.headers["idempotency-key"] for asked in shop.heard]
    assert keys == ["k-1"] * 4
    assert [asked.body for asked in shop.heard] == [b"one=1"] * 4


def test_h032_before_the_payment_a_reset_is_the_end(world: World) -> None:
    shop = world.shop()
    shop.says([Cut()])
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNREACHABLE
    unpaid(world, told, shop)
    assert len(shop.heard) == 1


# --- H33: half an answer --------------------------------------------------------------------------

HALVES: dict[str, Reply] = {
    "less than it said": [answer(200, GOODS[:9], length=len(GOODS))],
    "less than it said, then a reset": [answer(200, GOODS[:9], length=10**6), Cut()],
    "a chunk that never comes": [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n" + GOODS[:9]
    ],
    "a last chunk that never comes": [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n" + GOODS[:9] + b"\r\n",
        Cut(),
    ],
}


@pytest.mark.parametrize("half", HALVES)
def test_h033_half_an_answer_is_told_and_the_credential_kept(world: World, half: str) -> None:
    shop, sold = world.shop(), world.bill()
    then(shop, sold, HALVES[half])
    told = world.get(f"{shop.url}/weather")
    undelivered(world, told, "active")
    assert "Paid, but the answer ended early." in told.text
    comes_later(world, shop, f"{shop.url}/weather")


def test_h033_an_answer_that_trickles_is_ended(world: World) -> None:
    world.settings("timeout_seconds = 1")
    shop, sold = world.shop(), world.bill()
    then(shop, sold, [answer(200, b"", length=10**6), Drip(b"sun", endless=True)])
    told = world.get(f"{shop.url}/weather")
    undelivered(world, told, "active")
    comes_later(world, shop, f"{shop.url}/weather")


def test_h033_more_than_it_said_is_cut_off(world: World) -> None:
    """What comes after the length it named is no part of the answer, nor of the next one."""
    shop, sold = world.shop(), world.bill()
    extra = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake"
    then(shop, sold, [answer() + extra])
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)


BIG = bytes(range(256)) * 400
ETAG = ("ETag", '"v1"')


def from_the_middle(asked: Asked) -> Reply:
    """The first half, and whoever asks for the rest gets it."""
    if "range" not in asked.headers:
        return [answer(200, BIG[:50_000], ETAG, ("Accept-Ranges", "bytes"), length=len(BIG)), Cut()]
    start = int(asked.headers["range"].removeprefix("bytes=").removesuffix("-"))
    span = f"bytes {start}-{len(BIG) - 1}/{len(BIG)}"
    return answer(206, BIG[start:], ETAG, ("Content-Range", span))


def test_h033_a_file_goes_on_where_it_broke_off(world: World, tmp_path: Path) -> None:
    shop, file = world.shop(), tmp_path / "big"
    sold = shop.sells(world.bill(), then=from_the_middle)
    told = world.get(f"{shop.url}/big", "-o", str(file))
    undelivered(world, told, "active")
    assert "bytes are kept in" in told.text
    assert not file.exists()
    told = world.get(f"{shop.url}/big", "-o", str(file), "-c")
    assert told.code == Exit.OK, told.text
    assert file.read_bytes() == BIG
    assert EARLIER in told.text
    assert world.sends == 1
    assert shop.credentials == [sold.authorization] * 2


def test_h033_and_anew_where_the_server_has_something_else_by_now(
    world: World, tmp_path: Path
) -> None:
    """The rest of another thing is never put behind the first half."""
    shop, file, other = world.shop(), tmp_path / "big", BIG[::-1]
    sold = shop.sells(world.bill(), then=from_the_middle)
    undelivered(world, world.get(f"{shop.url}/big", "-o", str(file)), "active")
    span = ("Content-Range", f"bytes 50000-{len(BIG) - 1}/{len(BIG)}")

    def changed(asked: Asked) -> Reply:
        if "range" in asked.headers:
            return answer(206, other[50_000:], ("ETag", '"v2"'), span)
        return answer(200, other, ("ETag", '"v2"'))

    shop.sells(sold, then=changed)
    told = world.get(f"{shop.url}/big", "-o", str(file), "-c")
    assert told.code == Exit.OK, told.text
    assert file.read_bytes() == other
    assert world.sends == 1


# --- H34: nothing for the money -------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 206])
def test_h034_an_empty_answer_is_told(world: World, status: int) -> None:
    shop, sold = world.shop(), world.bill()
    shop.sells(sold, then=lambda asked: answer(status, b""))
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, b"")
    assert "The answer is empty." in told.text
    assert SPENT in told.text
    assert world.paid == ["active"]
    assert world.sends == 1


@pytest.mark.parametrize("reply", [answer(200, b"\n"), b"HTTP/1.1 204 No Content\r\n\r\n"])
def test_h034_an_answer_that_is_meant_to_be_short_is_none(world: World, reply: bytes) -> None:
    shop, sold = world.shop(), world.bill()
    shop.sells(sold, then=lambda asked: [reply])
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.OK
    assert "empty" not in told.text
    assert world.paid == ["active"]


# --- H35: nothing to pay --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 404, 500, 503, 401, 403])
def test_h035_what_is_free_is_not_paid_and_gets_no_credential(world: World, status: int) -> None:
    other, shop = world.shop("other.example"), world.shop()
    sold = other.sells(world.bill())
    paid(world, world.get(f"{other.url}/weather"), other, sold)
    shop.says(answer(status))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert (told.code, told.out) == (Exit.OK if status < 400 else Exit.HTTP_ERROR, GOODS)
    assert NO_MONEY in told.text
    assert world.sends == 1
    assert len(shop.heard) == 1
    assert not shop.credentials


# --- H36, H37: a 402 without a bill, and a bill without a 402 -------------------------------------

NO_BILL: dict[str, bytes] = {
    "nothing": answer(402, b""),
    "a page": answer(402, b"<html>Pay at our desk</html>", ("Content-Type", "text/html")),
    "words": answer(402, b'{"error":"payment required"}', ("Content-Type", "application/json")),
    "another scheme": answer(402, b"", ("WWW-Authenticate", 'Basic realm="shop"')),
    "a bearer": answer(402, b"", ("WWW-Authenticate", "Bearer")),
    "an empty header": answer(402, b"", ("WWW-Authenticate", "")),
}


@pytest.mark.parametrize("reply", NO_BILL)
def test_h036_a_402_without_a_bill_is_shown_and_not_paid(world: World, reply: str) -> None:
    shop = world.shop()
    shop.says(NO_BILL[reply])
    told = world.get(f"{shop.url}/weather", person=["yes", "yes"])
    assert told.code == Exit.NOT_PAYABLE, told.text
    assert "Pay this?" not in told.text
    unpaid(world, told, shop)


@pytest.mark.parametrize(
    "value", ["L402", "LSAT", 'L402 realm="shop"', 'L402 macaroon="", invoice=""']
)
def test_h036_the_schemes_name_alone_is_no_bill(world: World, value: str) -> None:
    shop = world.shop()
    shop.says(answer(402, b"", ("WWW-Authenticate", value)))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C06", shop)


@pytest.mark.parametrize("status", [200, 201, 204, 400, 403, 404, 409, 429, 500, 503])
def test_h037_a_bill_on_another_answer_is_never_paid(world: World, status: int) -> None:
    shop = world.shop()
    shop.says(answer(status, b"", ("WWW-Authenticate", world.bill().challenge)))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == (Exit.OK if status < 400 else Exit.HTTP_ERROR)
    assert "Pay this?" not in told.text
    unpaid(world, told, shop)


def test_h037_nor_one_on_a_redirect(world: World) -> None:
    shop = world.shop()
    away = ("Location", "/elsewhere"), ("WWW-Authenticate", world.bill().challenge)
    shop.reply = lambda asked: answer(302, b"", *away) if asked.number == 0 else answer()
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert (told.code, told.out) == (Exit.OK, GOODS)
    unpaid(world, told, shop)


def test_h037_a_401_with_an_l402_bill_is_a_402(world: World) -> None:
    """The specification has servers answer 401 as well, so it is read like a 402, by the same
    checks; a 401 of another scheme is none (H35)."""
    shop, sold = world.shop(), world.bill()
    bill = ("WWW-Authenticate", sold.challenge)
    shop.reply = lambda asked: answer() if asked.authorization else answer(401, b"", bill)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


def test_h037_and_its_amount_is_held_to_the_same_limit(world: World) -> None:
    shop = world.shop()
    shop.says(answer(401, b"", ("WWW-Authenticate", world.bill("1").challenge)))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C20", shop)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_h037_a_402_to_a_mere_look_is_not_paid(world: World, method: str) -> None:
    shop = world.shop()
    challenge = wants(world.bill()).partition(b"Content-Length")[0] + b"Content-Length: 0\r\n\r\n"
    shop.says([challenge])
    told = world.get(f"{shop.url}/weather", "-X", method, person=["yes"])
    assert told.code == Exit.OK
    assert "is only ever a look" in told.text
    unpaid(world, told, shop)

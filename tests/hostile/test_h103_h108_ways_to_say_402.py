"""H103-H108: other ways to say 402, other schemes, and requests that only look."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from l402tui.cli.exits import Exit
from l402tui.vault import SqliteVault
from tests.protocol.dialect_samples import payment as payment_scheme
from tests.wallets.lnd_fake import IN_FLIGHT, SUCCEEDED, Abort, payment
from tests.wallets.lnd_rest_fake import Cut

from .verdicts import PERHAPS, SPENT, paid, refused, unpaid
from .world import FEE, GOODS, Bill, Shop, World, answer, wants

SEND = "SendPaymentV2"
NEVER_SEEN = Abort("NOT_FOUND", "payment isn't initiated")
AWAY = Abort("UNAVAILABLE", "the node is away")


def under_way(sold: Bill) -> Any:
    return payment(IN_FLIGHT, payment_hash=sold.payment_hash.hex())


def done(sold: Bill) -> Any:
    named = sold.payment_hash.hex()
    return payment(SUCCEEDED, sold.preimage.hex(), payment_hash=named, fee_msat=FEE)


def standing(world: World) -> tuple[Shop, Bill]:
    shop = world.shop()
    return shop, shop.sells(world.bill())


def counted(world: World) -> int:
    """What the limits count in all, in msat."""
    with SqliteVault.open(world.home) as vault:
        return vault.spending("", 0.0).total


# --- H103: sent again, and there already ----------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["payment is in transition", "payment already exists", "invoice is already paid", ""]
)
@pytest.mark.parametrize("later", ["in flight", "away"])
def test_h103_there_already_is_no_failure_of_what_is_sent_again(
    world: World, words: str, later: str
) -> None:
    """The row stays open and its money reserved, until the node says how the payment ended."""
    shop, sold = standing(world)
    world.node.sends.append([Cut()])
    world.node.tracks.extend([[AWAY]] * 8)
    assert world.get(f"{shop.url}/weather").code == Exit.UNSETTLED
    world.node.tracks.clear()
    world.later(6)
    world.node.sends.append([Abort("ALREADY_EXISTS", words)])
    stands = [under_way(sold)] if later == "in flight" else [AWAY]
    world.node.tracks.extend([[NEVER_SEEN], *[stands] * 8])
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    assert world.paid == ["in flight"]
    assert counted(world) == 20_000
    assert {order.payment_request for order in world.node.requests(SEND)} == {sold.invoice}
    assert world.sends == 2
    world.node.tracks.clear()
    world.node.tracks.append([done(sold)])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 2
    assert counted(world) == 10_000 + FEE


# --- H104: cookies --------------------------------------------------------------------------------


def cookies(count: int) -> list[tuple[str, str]]:
    return [("Set-Cookie", f"c{n}={'x' * 20}; Path=/") for n in range(count)]


def test_h104_a_thousand_cookies_are_more_than_is_read(world: World) -> None:
    shop = world.shop()
    shop.says(wants(world.bill(), *cookies(1_000)))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNREACHABLE
    assert "are too long" in told.text
    unpaid(world, told, shop)


@pytest.mark.parametrize("count", [1, 20, 21, 200])
def test_h104_of_many_cookies_a_few_go_back(world: World, count: int) -> None:
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: answer() if asked.authorization else wants(sold, *cookies(count))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    first, second = shop.heard
    assert "cookie" not in first.headers
    sent = second.headers["cookie"].split("; ")
    assert sent == [f"c{n}={'x' * 20}" for n in range(min(count, 20))]


@pytest.mark.parametrize("domain", ["", "; Domain=example", "; Domain=.example", "; Domain=other"])
def test_h104_a_cookie_is_for_one_flow_and_one_origin(world: World, domain: str) -> None:
    """The next command knows nothing of it, nor does another server, whatever its Domain says. So
    no two users of one program can be told apart, or taken for each other, by a cookie."""
    shop, other = world.shop(), world.shop("other.example")
    mark = ("Set-Cookie", f"agent=A; Path=/{domain}")
    sold = world.bill()
    shop.reply = lambda asked: (
        answer(200, GOODS, mark) if asked.authorization else wants(sold, mark)
    )
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert shop.heard[1].headers["cookie"] == "agent=A"
    assert world.get(f"{shop.url}/weather").code == Exit.OK
    assert "cookie" not in shop.heard[2].headers
    other.says(answer())
    assert world.get(f"{other.url}/weather").code == Exit.OK
    assert "cookie" not in other.heard[0].headers


@pytest.mark.parametrize(
    "line", ["a=b\tc", "a b=c", "=c", "a", 'a="', "a=" + "x" * 5_000, "a=b,c", "a=\xe9"]
)
def test_h104_what_is_no_cookie_goes_nowhere(world: World, line: str) -> None:
    shop, sold = world.shop(), world.bill()
    mark = ("Set-Cookie", line)
    shop.reply = lambda asked: answer() if asked.authorization else wants(sold, mark)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert "cookie" not in shop.heard[1].headers


# --- H105, H106: gRPC -----------------------------------------------------------------------------

GRPC = ("Content-Type", "application/grpc")
WAYS: dict[str, list[tuple[str, str]]] = {
    "as aperture does": [("grpc-status", "13"), ("grpc-message", "payment required")],
    "encoded": [("grpc-status", "13"), ("grpc-message", "payment%20required")],
    "in capitals": [("Grpc-Status", "13"), ("Grpc-Message", "Payment Required")],
    "unauthenticated": [("grpc-status", "16"), ("grpc-message", "no")],
    "without words": [("grpc-status", "13")],
    "with a number of its own": [("grpc-status", "402"), ("grpc-message", "payment required")],
}


@pytest.mark.parametrize("way", WAYS)
def test_h105_a_200_that_is_a_402_is_paid(world: World, way: str) -> None:
    shop, sold = world.shop(), world.bill()
    ask = answer(200, b"", GRPC, *WAYS[way], ("WWW-Authenticate", sold.challenge))
    shop.reply = lambda asked: answer() if asked.authorization else ask
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


@pytest.mark.parametrize("way", WAYS)
def test_h105_and_held_to_the_same_checks(world: World, way: str) -> None:
    shop = world.shop()
    dear = ("WWW-Authenticate", world.bill("1").challenge)
    shop.says(answer(200, b"", GRPC, *WAYS[way], dear))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C20", shop)


@pytest.mark.parametrize("way", ["as aperture does", "encoded", "in capitals"])
def test_h105_nor_without_a_bill_is_it_a_success(world: World, way: str) -> None:
    shop = world.shop()
    shop.says(answer(200, b"", GRPC, *WAYS[way]))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.NOT_PAYABLE
    unpaid(world, told, shop)


def test_h105_after_the_payment_it_is_not_taken_for_the_goods(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    bill = ("WWW-Authenticate", sold.challenge)
    shop.says(answer(200, b"", GRPC, *WAYS["as aperture does"], bill))
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNDELIVERED
    assert SPENT in told.text
    assert world.paid == ["rejected"]
    assert world.sends == 1


def test_h105_a_call_that_came_through_is_not_paid(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    bill = ("WWW-Authenticate", sold.challenge)
    shop.says(answer(200, b"\0\0\0\0\0", GRPC, ("grpc-status", "0"), bill))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert (told.code, told.out) == (Exit.OK, b"\0\0\0\0\0")
    unpaid(world, told, shop)


def test_h105_what_stands_behind_the_body_is_not_read_and_that_is_said(world: World) -> None:
    """Trailers come with HTTP/2, which this program does not speak; a status that might stand there
    is no bill, and the answer is no success either."""
    shop, sold = world.shop(), world.bill()
    shop.says(
        [
            b"HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n"
            b"Trailer: grpc-status\r\n\r\n0\r\ngrpc-status: 13\r\ngrpc-message: payment required"
            b"\r\nwww-authenticate: " + sold.challenge.encode() + b"\r\n\r\n"
        ]
    )
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert "how that ended stands behind it, where it is not read" in told.text
    assert "It may have failed, or want payment" in told.text
    unpaid(world, told, shop)


@pytest.mark.parametrize(
    "kind",
    ["application/grpc", "application/grpc+proto", "application/grpc-web", "image/png", "", "?"],
)
@pytest.mark.parametrize("body", [b"", b"\0\0\0\0\x05hello", b"{}"])
def test_h106_the_kind_of_a_402s_body_hides_no_bill(world: World, kind: str, body: bytes) -> None:
    shop, sold = world.shop(), world.bill()
    ask = wants(sold, ("Content-Type", kind), body=body)
    shop.reply = lambda asked: answer() if asked.authorization else ask
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H107: many schemes in one 402 ----------------------------------------------------------------

SCHEMES = ("Basic", "Negotiate", "Payment", "L402", "LSAT")


def challenges(sold: Bill) -> dict[str, str]:
    pair = sold.challenge.removeprefix("L402 ")
    asked = {"amount": "10", "currency": "sat", "methodDetails": {"invoice": sold.invoice}}
    ((_, offer),) = payment_scheme(asked)
    return {
        "Basic": 'Basic realm="all, of it", charset="UTF-8"',
        "Negotiate": "Negotiate YII=",
        "Payment": offer.decode(),
        "L402": f"L402 {pair}",
        "LSAT": f"LSAT {pair}",
    }


@pytest.mark.parametrize("folded", [True, False], ids=["one line", "lines"])
@pytest.mark.parametrize(
    "order", list(permutations(SCHEMES))[::11], ids=lambda order: " ".join(order)
)
def test_h107_of_many_schemes_l402_is_chosen(
    world: World, order: Sequence[str], folded: bool
) -> None:
    shop, sold = world.shop(), world.bill()
    told = [challenges(sold)[scheme] for scheme in order]
    lines = [", ".join(told)] if folded else told
    ask = answer(402, b"", *(("WWW-Authenticate", line) for line in lines))
    shop.reply = lambda asked: answer() if asked.authorization else ask
    token = sold.authorization.partition(" ")[2]
    said = world.get(f"{shop.url}/weather")
    assert (said.code, said.out) == (Exit.OK, GOODS), said.text
    (sent,) = shop.credentials
    assert sent in (f"L402 {token}", f"LSAT {token}")
    assert world.sends == 1
    for asked in shop.heard:
        names = set(asked.headers)
        assert not {"payment", "x-payment", "proxy-authorization", "cookie"} & names


@pytest.mark.parametrize("others", [("Basic",), ("Negotiate", "Basic"), ("Basic", "Payment")])
@pytest.mark.parametrize("status", [401, 402])
def test_h107_without_l402_nothing_is_sent_or_paid(
    world: World, others: tuple[str, ...], status: int
) -> None:
    shop, sold = world.shop(), world.bill()
    told = [("WWW-Authenticate", challenges(sold)[scheme]) for scheme in others]
    shop.says(answer(status, b"", *told))
    said = world.get(f"{shop.url}/weather", person=["yes"])
    unpaid(world, said, shop)
    assert len(shop.heard) == 1


# --- H108: requests that only look ----------------------------------------------------------------

PREFLIGHT = ("-H", "Origin: https://a.example", "-H", "Access-Control-Request-Method: GET")


@pytest.mark.parametrize("person", [None, ["yes", "yes"]])
@pytest.mark.parametrize(
    "words",
    [
        ("-X", "HEAD"),
        ("-X", "head"),
        ("-X", "OPTIONS"),
        ("-X", "OPTIONS", *PREFLIGHT),
        ("-X", "TRACE"),
    ],
    ids=" ".join,
)
def test_h108_a_request_that_only_looks_never_pays(
    world: World, words: tuple[str, ...], person: list[str] | None
) -> None:
    """TRACE too: the server sends back what it gets, so no credential may be in it."""
    shop, sold = world.shop(), world.bill()
    ask = wants(sold)
    if words[1].upper() == "HEAD":
        ask = ask.partition(b"Content-Length")[0] + b"Content-Length: 0\r\n\r\n"
    shop.says([ask])
    told = world.get(f"{shop.url}/weather", *words, person=person)
    assert told.code == Exit.OK
    assert "is only ever a look. Use GET to buy." in told.text
    unpaid(world, told, shop)


def test_h108_nor_does_trace_carry_what_was_bought(world: World) -> None:
    shop, sold = standing(world)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    told = world.get(f"{shop.url}/weather", "-X", "TRACE")
    assert told.code == Exit.OK
    assert not shop.heard[-1].authorization
    told = world.get(f"{shop.url}/weather", "-X", "OPTIONS")
    assert shop.heard[-1].authorization == sold.authorization

"""H38-H41: does what was paid for, or who asks, ever get to another server?"""

from __future__ import annotations

import pytest

from l402tui.cli.exits import Exit

from .verdicts import EARLIER, NO_MONEY, SPENT, paid, refused, unpaid
from .world import GOODS, Asked, Bill, Shop, Told, World, answer, wants

REDIRECTS = (301, 302, 303, 307, 308)
PRIVATE = (
    ("Macaroon", "0201046c736174"),
    ("Grpc-Metadata-Macaroon", "0201046c736174"),
    ("X-Api-Key", "key-of-the-first"),
    ("X-Payment", "payment-of-the-first"),
    ("Cookie", "session=of-the-first"),
    ("Proxy-Authorization", "Basic b2Y6Zmlyc3Q="),
    ("Referer", "https://shop.example/private"),
    ("From", "person@shop.example"),
)
"""Headers that a person gives to one server, and to no other."""


def to(place: str, status: int = 302, *headers: tuple[str, str]) -> bytes:
    return answer(status, b"", ("Location", place), *headers)


def headers_of(*pairs: tuple[str, str]) -> list[str]:
    return [word for name, value in pairs for word in ("-H", f"{name}: {value}")]


def bought(world: World, shop: Shop, path: str = "weather") -> Bill:
    """A credential of this shop is held."""
    sold = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/{path}"), shop, sold)
    shop.heard.clear()
    return sold


def told_nothing(stranger: Shop, *secrets: str) -> None:
    """What a server got that the person did not name holds none of this."""
    for asked in stranger.heard:
        assert set(asked.headers) <= {"host", "user-agent", "accept", "accept-encoding"}
        assert asked.body == b""
        for secret in secrets:
            assert secret.encode() not in asked.raw


# --- H38: from https to http ----------------------------------------------------------------------


@pytest.mark.parametrize("status", REDIRECTS)
def test_h038_a_held_credential_is_not_taken_to_http(world: World, status: int) -> None:
    shop, open_line = world.shop(), world.shop(tls=False)
    sold = bought(world, shop)
    shop.says(to(f"{open_line.url}/weather", status))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNREACHABLE
    assert "where anyone on the way can read along" in told.text
    assert NO_MONEY in told.text
    assert shop.credentials == [sold.authorization]
    assert not open_line.heard
    assert world.sends == 1


@pytest.mark.parametrize("status", REDIRECTS)
def test_h038_nor_right_after_the_payment(world: World, status: int) -> None:
    """The flow ends there: the credential is kept, and asking again would lead to the same."""
    shop, open_line = world.shop(), world.shop(tls=False)
    away = to(f"{open_line.url}/weather", status)
    sold = shop.sells(world.bill(), then=lambda asked: away)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNDELIVERED
    assert "where anyone on the way can read along" in told.text
    assert SPENT in told.text
    assert shop.credentials == [sold.authorization]
    assert not open_line.heard
    assert world.sends == 1
    assert world.intents[0].preimage is not None


def test_h038_a_first_request_is_not_taken_to_http_either(world: World) -> None:
    shop, open_line = world.shop(), world.shop(tls=False)
    shop.says(to(f"{open_line.url}/weather"))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNREACHABLE
    unpaid(world, told, shop, open_line)
    assert not open_line.heard


@pytest.mark.parametrize("status", REDIRECTS)
def test_h038_within_the_origin_it_goes_along(world: World, status: int) -> None:
    shop = world.shop()
    sold = bought(world, shop)

    def reply(asked: Asked) -> bytes:
        return to("/today", status) if asked.target == "/weather" else answer()

    shop.reply = reply
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert EARLIER in told.text
    assert [asked.target for asked in shop.heard] == ["/weather", "/today"]
    assert shop.credentials == [sold.authorization] * 2


# --- H39: to another origin -----------------------------------------------------------------------


@pytest.mark.parametrize("status", REDIRECTS)
def test_h039_nothing_private_goes_to_another_origin(world: World, status: int) -> None:
    shop, stranger = world.shop(), world.shop("stranger.example")
    sold = bought(world, shop)
    shop.says(to(f"{stranger.url}/weather", status, ("Set-Cookie", "visitor=1; Path=/")))
    told = world.get(f"{shop.url}/weather", *headers_of(*PRIVATE))
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert len(stranger.heard) == 1
    told_nothing(stranger, *(value for _, value in PRIVATE), sold.token, sold.preimage.hex())
    (asked,) = shop.heard
    assert asked.authorization == sold.authorization
    assert asked.headers.items() >= {(name.lower(), value) for name, value in PRIVATE}
    assert world.sends == 1


@pytest.mark.parametrize("port", [8443, 80])
def test_h039_another_port_is_another_origin(world: World, port: int) -> None:
    shop, neighbour = world.shop(), world.shop(port=port)
    sold = bought(world, shop)
    shop.says(to(f"https://shop.example:{port}/weather"))
    told = world.get(f"{shop.url}/weather", *headers_of(*PRIVATE[:5]))
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert len(neighbour.heard) == 1
    told_nothing(neighbour, sold.token, sold.preimage.hex())


@pytest.mark.parametrize("name", ["www.shop.example", "example", "shop.example.evil.example"])
def test_h039_so_is_another_name_that_looks_related(world: World, name: str) -> None:
    shop, other = world.shop(), world.shop(name)
    sold = bought(world, shop)
    shop.says(to(f"{other.url}/weather"))
    assert world.get(f"{shop.url}/weather").out == GOODS
    told_nothing(other, sold.token, sold.preimage.hex())
    told = world.get(f"{other.url}/weather")
    assert told.code == Exit.OK
    assert not other.credentials


def test_h039_right_after_the_payment(world: World) -> None:
    shop, stranger = world.shop(), world.shop("stranger.example")
    sold = shop.sells(world.bill(), then=lambda asked: to(f"{stranger.url}/goods"))
    told = world.get(f"{shop.url}/weather", *headers_of(*PRIVATE))
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert "redirected (302) to https://stranger.example/goods" in told.text
    assert len(stranger.heard) == 1
    told_nothing(stranger, *(value for _, value in PRIVATE), sold.token, sold.preimage.hex())
    assert world.sends == 1


def test_h039_a_stranger_that_wants_money_gets_none(world: World) -> None:
    """Neither before a payment, nor with one for the first server in hand."""
    shop, stranger = world.shop(), world.shop("stranger.example")
    stranger.says(wants(world.bill()))
    shop.says(to(f"{stranger.url}/weather"))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C04", shop, stranger)
    assert "You asked https://shop.example, which led to https://stranger.example" in told.text
    told_nothing(stranger)


def test_h039_a_stranger_that_wants_money_after_the_payment(world: World) -> None:
    shop, stranger = world.shop(), world.shop("stranger.example")
    stranger.says(wants(world.bill()))
    sold = shop.sells(world.bill(), then=lambda asked: to(f"{stranger.url}/weather"))
    told = world.get(f"{shop.url}/weather", person=["yes", "yes"])
    assert told.code == Exit.UNDELIVERED
    assert SPENT in told.text
    assert world.sends == 1
    told_nothing(stranger, sold.token, sold.preimage.hex())
    assert set(shop.credentials) <= {
        sold.authorization,
        sold.authorization.replace("L402", "LSAT", 1),
    }


def test_h039_a_detour_takes_the_credential_off_for_good(world: World) -> None:
    """First, stranger, first: whoever sends it on chooses the address, so it comes back bare."""
    shop, stranger = world.shop(), world.shop("stranger.example")
    sold = bought(world, shop)
    stranger.says(to(f"{shop.url}/gift-to-somebody"))

    def reply(asked: Asked) -> bytes:
        if asked.target == "/weather":
            return to(f"{stranger.url}/x", 302, ("Set-Cookie", "visitor=1; Path=/"))
        return to("/thanks") if asked.target == "/gift-to-somebody" else answer()

    shop.reply = reply
    told = world.get(f"{shop.url}/weather", *headers_of(*PRIVATE[:4]))
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert shop.credentials == [sold.authorization]
    _, *back = shop.heard
    assert [asked.target for asked in back] == ["/gift-to-somebody", "/thanks"]
    for asked in back:
        assert not {"authorization", "cookie", "macaroon", "x-api-key"} & set(asked.headers)


@pytest.mark.parametrize("cookie", ["a=1", "a=1; Domain=example", "a=1; Domain=stranger.example"])
def test_h039_a_cookie_stays_where_it_was_set(world: World, cookie: str) -> None:
    """Within this one flow, whatever domain it names."""
    shop, stranger = world.shop(), world.shop("stranger.example")

    def reply(asked: Asked) -> bytes:
        if asked.target == "/":
            return to("/next", 302, ("Set-Cookie", cookie))
        return to(f"{stranger.url}/weather")

    shop.reply = reply
    told = world.get(f"{shop.url}/")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    told_nothing(stranger)
    assert shop.heard[1].headers["cookie"] == "a=1"
    assert world.get(f"{stranger.url}/").code == Exit.OK
    told_nothing(stranger)


# --- H40: a body that would be passed on ----------------------------------------------------------

ORDER = b"card=4111&name=Person"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", REDIRECTS)
def test_h040_a_body_is_not_passed_on_to_another_origin(
    world: World, status: int, method: str
) -> None:
    """Not even as a GET without it: where an order goes, only the person says."""
    shop, stranger = world.shop(), world.shop("stranger.example")
    shop.says(to(f"{stranger.url}/order", status))
    told = world.get(f"{shop.url}/order", "-X", method, "-d", ORDER.decode(), person=["yes"])
    assert told.code == Exit.UNREACHABLE
    assert f"a {method} is not passed on to another place by itself" in told.text
    assert "ask for that address yourself" in told.text
    unpaid(world, told, shop, stranger)
    assert not stranger.heard
    assert len(shop.heard) == 1


@pytest.mark.parametrize("status", [307, 308])
def test_h040_nor_once_it_is_paid(world: World, status: int) -> None:
    shop, stranger = world.shop(), world.shop("stranger.example")
    away = to(f"{stranger.url}/order", status)
    sold = shop.sells(world.bill(), then=lambda asked: away)
    told = world.get(f"{shop.url}/order", "-d", ORDER.decode())
    assert told.code == Exit.UNDELIVERED
    assert SPENT in told.text
    assert not stranger.heard
    assert shop.credentials == [sold.authorization]
    assert world.sends == 1


@pytest.mark.parametrize(("status", "method"), [(307, "POST"), (308, "POST"), (303, "GET")])
def test_h040_within_the_origin_it_is_passed_on(world: World, status: int, method: str) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(), then=lambda asked: place(asked))

    def place(asked: Asked) -> bytes:
        return to("/placed", status) if asked.target == "/order" else answer()

    told = world.get(f"{shop.url}/order", "-d", ORDER.decode())
    paid(world, told, shop, sold)
    last = shop.heard[-1]
    assert (last.method, last.target) == (method, "/placed")
    assert last.body == (ORDER if method == "POST" else b"")


# --- H41: a credential belongs to one origin ------------------------------------------------------


def asked_bare(world: World, shop: Shop, url: str) -> Told:
    """Ask there; no credential may go along."""
    told = world.get(url)
    assert shop.heard
    assert not shop.credentials
    return told


def test_h041_a_credential_for_https_is_not_sent_to_http(world: World) -> None:
    shop, open_line = world.shop(), world.shop(tls=False)
    bought(world, shop)
    told = asked_bare(world, open_line, f"{open_line.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert NO_MONEY in told.text
    assert not shop.heard


def test_h041_nor_is_anything_paid_there(world: World) -> None:
    shop, open_line = world.shop(), world.shop(tls=False)
    bought(world, shop)
    open_line.says(wants(world.bill()))
    told = world.get(f"{open_line.url}/weather", person=["yes"])
    assert told.code == Exit.REFUSED
    assert "Refused by check C02: No encryption" in told.text
    assert NO_MONEY in told.text
    assert not open_line.credentials
    assert world.sends == 1


def test_h041_nor_the_other_way_round(world: World) -> None:
    """What was bought on this machine without encryption is not for another port of it."""
    first, second = world.local_shop(), world.shop("second.example", tls=False)
    second.name = f"127.0.0.1:{second.port}"
    bought(world, first)
    told = asked_bare(world, second, f"{second.url}/weather")
    assert told.out == GOODS


@pytest.mark.parametrize(
    "place",
    [
        "https://shop.example:8443/weather",
        "https://www.shop.example/weather",
        "https://shop.example.evil.example/weather",
        "https://evil.example/weather?https://shop.example/",
        "https://evil.example/#@shop.example/weather",
    ],
)
def test_h041_nor_to_another_port_or_name(world: World, place: str) -> None:
    shop = world.shop()
    others = [
        world.shop(port=8443),
        *map(world.shop, ("www.shop.example", "shop.example.evil.example", "evil.example")),
    ]
    bought(world, shop)
    told = world.get(place)
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert sum(len(other.heard) for other in others) == 1
    assert not [sent for other in others for sent in other.credentials]
    assert not shop.heard


@pytest.mark.parametrize(
    "place",
    [
        "https://shop.example:443/weather",
        "HTTPS://SHOP.example/weather",
        "https://shop.example/weather#today",
        "https://shop.example/./weather",
    ],
)
def test_h041_another_spelling_of_the_same_origin_is_the_same(world: World, place: str) -> None:
    shop = world.shop()
    sold = bought(world, shop)
    told = world.get(place)
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert EARLIER in told.text
    assert shop.credentials == [sold.authorization]
    assert world.sends == 1

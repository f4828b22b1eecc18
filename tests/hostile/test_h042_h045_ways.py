"""H42-H45: can a server lead the person's program to a place of its own choosing?"""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit

from .verdicts import NO_MONEY, SPENT, paid, unpaid
from .world import GOODS, Asked, Shop, Told, World, answer, wants

REDIRECTS = (301, 302, 303, 307, 308)


def to(place: str, status: int = 302) -> bytes:
    return answer(status, b"", ("Location", place))


def not_led(world: World, told: Told, shop: Shop, *inner: Shop) -> None:
    """The shop was asked once, nothing followed, and nothing was paid."""
    assert (told.code, told.out) == (Exit.UNREACHABLE, b""), told.text
    unpaid(world, told, shop, *inner)
    assert len(shop.heard) == 1
    assert not [asked for one in inner for asked in one.heard]


def stays_outside(world: World) -> None:
    """No connection went anywhere but to a shop with a public address."""
    assert {host.rpartition(".")[0] for host, _ in world.street.dialed} <= {"11.22.33"}


# --- H42: inside ----------------------------------------------------------------------------------

INSIDE: dict[str, str] = {
    "127.0.0.1": "this machine itself",
    "127.8.9.10": "this machine itself",
    "0.0.0.0": "this machine itself",
    "[::1]": "this machine itself",
    "[::]": "this machine itself",
    "[::ffff:127.0.0.1]": "this machine itself",
    "[::ffff:7f00:1]": "this machine itself",
    "[::127.0.0.1]": "this machine itself",
    "[64:ff9b::127.0.0.1]": "this machine itself",
    "[2002:7f00:1::]": "this machine itself",
    "169.254.169.254": "the metadata of a cloud's machine",
    "[::ffff:169.254.169.254]": "the metadata of a cloud's machine",
    "[fd00:ec2::254]": "the metadata of a cloud's machine",
    "100.100.100.200": "the metadata of a cloud's machine",
    "169.254.1.1": "the local link",
    "[fe80::1]": "the local link",
    "10.0.0.1": "a private network",
    "172.16.0.1": "a private network",
    "192.168.1.1": "a private network",
    "[fc00::1]": "a private network",
    "100.64.0.1": "a provider's own network",
    "224.0.0.1": "many machines at once",
    "255.255.255.255": "a private network",
}


@pytest.mark.parametrize("address", INSIDE)
def test_h042_a_redirect_to_an_address_inside(world: World, address: str) -> None:
    """Only the person may go there; it is the same for an agent, who asks through the person."""
    shop = world.shop()
    shop.says(to(f"https://{address}/latest/meta-data/"))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    not_led(world, told, shop)
    assert f"which is {INSIDE[address]}" in told.text
    assert "Only you may go there, by asking for it." in told.text
    stays_outside(world)


@pytest.mark.parametrize(
    "number",
    [
        "0x7f000001",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
    ],
)
def test_h042_an_address_in_disguise(world: World, number: str) -> None:
    """Numbers that only some programs read as an address are refused whatever they would mean."""
    shop = world.shop()
    shop.says(to(f"https://{number}/".encode().decode("latin-1")))
    not_led(world, world.get(f"{shop.url}/weather", person=["yes"]), shop)
    stays_outside(world)


@pytest.mark.parametrize("status", REDIRECTS)
def test_h042_what_really_listens_there_hears_nothing(world: World, status: int) -> None:
    shop, inner = world.shop(), world.shop("127.0.0.1")
    shop.says(to(f"https://127.0.0.1:{inner.port}/admin", status))
    not_led(world, world.get(f"{shop.url}/weather", person=["yes"]), shop, inner)
    told = world.get(f"https://127.0.0.1:{inner.port}/admin")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert len(inner.heard) == 1


def test_h042_the_person_who_is_inside_may_be_led_on_there(world: World) -> None:
    """Whoever asked for this machine may be redirected on this machine, within the host."""
    first, second = world.local_shop(), world.shop("second.example", tls=False)
    first.says(to(f"http://127.0.0.1:{second.port}/weather"))
    told = world.get(f"{first.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert len(second.heard) == 1


@pytest.mark.parametrize("status", [302, 307])
def test_h042_nor_with_a_credential_in_hand(world: World, status: int) -> None:
    shop, inner = world.shop(), world.shop("127.0.0.1")
    away = to(f"https://127.0.0.1:{inner.port}/admin", status)
    sold = shop.sells(world.bill(), then=lambda asked: away)
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.UNDELIVERED, b"")
    assert "which is this machine itself" in told.text
    assert SPENT in told.text
    assert not inner.heard
    assert shop.credentials == [sold.authorization]
    assert world.sends == 1
    assert world.intents[0].preimage is not None


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["11.22.33.1", "127.0.0.1"],
        ["127.0.0.1", "11.22.33.1"],
        ["::ffff:10.0.0.1"],
        ["169.254.169.254"],
    ],
)
def test_h042_a_public_name_that_leads_inside(world: World, addresses: list[str]) -> None:
    """The name is looked at by what it resolves to, and one address inside is enough."""
    shop = world.shop()
    world.street.names[shop.name] = addresses
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNREACHABLE
    assert f"The name {shop.name} leads to" in told.text
    assert "If you mean that, ask for the address itself, or write the name" in told.text
    unpaid(world, told, shop)
    assert not shop.heard
    assert not world.street.dialed


@pytest.mark.parametrize("name", ["inner.example", "localhost", "intranet", "router.local"])
def test_h042_a_redirect_to_a_name_that_leads_inside(world: World, name: str) -> None:
    shop = world.shop()
    world.street.names[name] = ["127.0.0.1"]
    shop.says(to(f"https://{name}/"))
    not_led(world, world.get(f"{shop.url}/weather", person=["yes"]), shop)
    stays_outside(world)


def test_h042_a_name_that_the_person_has_let_lead_inside(world: World) -> None:
    """It is the person who may go there; a server that redirects there still may not."""
    world.settings('private_hosts = ["inner.example"]')
    shop, inner = world.shop(), world.shop("inner.example")
    world.street.names["inner.example"] = ["127.0.0.1"]
    place = f"https://inner.example:{inner.port}/weather"
    shop.says(to(place))
    not_led(world, world.get(f"{shop.url}/weather", person=["yes"]), shop, inner)
    sold = inner.sells(world.bill())
    paid(world, world.get(place), inner, sold)


def test_h042_a_name_that_changes_its_mind(world: World) -> None:
    """Asked once for a connection, and the connection goes to what was looked at. The next
    connection asks again, looks again, and does not go inside."""
    shop, asked = world.shop(), 0
    sold = shop.sells(world.bill())
    (public,) = world.street.names[shop.name]

    class Fickle(dict[str, list[str]]):
        def __getitem__(self, name: str) -> list[str]:
            nonlocal asked
            asked += 1
            return [public] if asked == 1 else ["127.0.0.1"]

    world.street.names = Fickle(world.street.names)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert asked == 1
    heard = len(shop.heard)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNREACHABLE
    assert "leads to 127.0.0.1, which is this machine itself" in told.text
    assert len(shop.heard) == heard
    assert world.sends == 1


# --- H43: without end -----------------------------------------------------------------------------


def hops(count: int, last: bytes | None = None) -> list[bytes]:
    return [to(f"/{number}") for number in range(count)] + [last or answer()]


@pytest.mark.parametrize("places", [["/weather"], ["/a", "/b"], ["/a", "/b", "/c", "/weather"]])
def test_h043_a_circle(world: World, places: list[str]) -> None:
    shop, onward = world.shop(), cycle(places)
    shop.reply = lambda asked: to(next(onward))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert (told.code, told.out) == (Exit.UNREACHABLE, b"")
    assert "The server redirected more than 5 times." in told.text
    unpaid(world, told, shop)
    assert len(shop.heard) == 6


@pytest.mark.parametrize(("count", "followed"), [(5, True), (6, False), (25, False)])
def test_h043_so_many_and_no_more(world: World, count: int, followed: bool) -> None:
    shop = world.shop()
    replies = hops(count)
    shop.reply = lambda asked: replies[asked.number]
    told = world.get(f"{shop.url}/weather")
    assert told.code == (Exit.OK if followed else Exit.UNREACHABLE)
    assert told.out == (GOODS if followed else b"")
    assert NO_MONEY in told.text
    assert len(shop.heard) == 6


def test_h043_a_bill_at_the_end_of_a_long_way_is_paid(world: World) -> None:
    shop, sold = world.shop(), world.bill()

    def reply(asked: Asked) -> bytes:
        if asked.target != "/5":
            number = int(asked.target[1:]) if asked.target[1:].isdigit() else 0
            return to(f"/{number + 1}")
        return answer() if asked.authorization == sold.authorization else wants(sold)

    shop.reply = reply
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


def test_h043_a_circle_between_two_origins(world: World) -> None:
    shop, other = world.shop(), world.shop("other.example")
    shop.says(to(f"{other.url}/weather"))
    other.says(to(f"{shop.url}/weather"))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNREACHABLE
    assert "more than 5 times" in told.text
    unpaid(world, told, shop, other)
    assert len(shop.heard) + len(other.heard) == 6


def test_h043_a_circle_for_one_who_has_paid(world: World) -> None:
    """It ends after the same five, and is not begun again by itself."""
    shop = world.shop()
    shop.sells(world.bill(), then=lambda asked: to("/weather"))
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNDELIVERED
    assert "more than 5 times" in told.text
    assert SPENT in told.text
    assert len(shop.credentials) == 6
    assert world.sends == 1
    assert world.intents[0].preimage is not None


# --- H44: what is no place on the web -------------------------------------------------------------

NO_PLACE = (
    "file:///etc/passwd",
    "file://shop.example/etc/passwd",
    "gopher://shop.example/_GET",
    "javascript:alert(1)",
    "data:text/html,paid",
    "ftp://shop.example/",
    "lightning:lnbcrt100n1invoice",
    "ws://shop.example/",
    "unix:/var/run/docker.sock",
    "https://person:secret@shop.example/",
    "https://shop.example@evil.example/",
    "https://shop.example:99999/",
    "https://shop.example:0x50/",
    "https://shop.example\\@evil.example/",
    "https://[::1/",
    "https://[v1.fe80]/",
    "//evil.example:port/",
    "https://exa mple/",
    "https://-evil-.example/",
    "/weather%00.html",
    "/wea\tther",
    "/wea\x1b[2Jther",
    "/wetter/\xe4",
)


@pytest.mark.parametrize("place", NO_PLACE)
def test_h044_a_place_that_is_not_opened(world: World, place: str) -> None:
    shop, evil = world.shop(), world.shop("evil.example")
    shop.says(to(place))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    not_led(world, told, shop, evil)
    assert "The redirect's address" in told.text or "redirect leads" in told.text
    assert "\x1b" not in told.terminal + told.err


def test_h044_several_places_at_once(world: World) -> None:
    shop, evil = world.shop(), world.shop("evil.example")
    shop.says(answer(302, b"", ("Location", "/today"), ("Location", f"{evil.url}/")))
    not_led(world, world.get(f"{shop.url}/weather", person=["yes"]), shop, evil)


@pytest.mark.parametrize("place", NO_PLACE[:4])
def test_h044_nor_after_a_payment(world: World, place: str) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(), then=lambda asked: to(place))
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.UNDELIVERED, b"")
    assert SPENT in told.text
    assert shop.credentials == [sold.authorization]
    assert world.sends == 1


@pytest.mark.parametrize(
    "place", ["/today", "today", "?day=1", "//shop.example/today", "HTTPS://SHOP.EXAMPLE:443/today"]
)
def test_h044_a_place_in_any_spelling_that_the_web_has(world: World, place: str) -> None:
    shop, sold = world.shop(), world.bill()

    def reply(asked: Asked) -> bytes:
        if asked.target == "/weather":
            return to(place)
        return answer() if asked.authorization == sold.authorization else wants(sold)

    shop.reply = reply
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H45: the surroundings ------------------------------------------------------------------------

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.mark.parametrize("names", [*((name,) for name in PROXIES), PROXIES])
@pytest.mark.parametrize("tls", [True, False])
def test_h045_a_proxy_of_the_environment_hears_nothing(
    world: World, names: tuple[str, ...], tls: bool
) -> None:
    """Neither what goes to the shop nor what goes to the node; without encryption it would get
    the credential."""
    proxy = world.local_shop()
    for name in names:
        world.monkeypatch.setenv(name, proxy.url)
    world.monkeypatch.setenv("NO_PROXY", "")
    shop = world.shop() if tls else world.local_shop()
    sold = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert not proxy.heard


@pytest.mark.parametrize("how", ["HOME", "NETRC"])
def test_h045_passwords_of_the_surroundings_stay_there(
    world: World, how: str, tmp_path: Path
) -> None:
    file = tmp_path / ".netrc"
    file.write_text("machine shop.example login person password secret\ndefault login a password b")
    file.chmod(0o600)
    world.monkeypatch.setenv(how, str(tmp_path if how == "HOME" else file))
    shop = world.shop()
    sold = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert shop.credentials == [sold.authorization]
    assert not [asked for asked in shop.heard if b"secret" in asked.raw]


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_h045_who_is_trusted_is_not_a_matter_of_the_environment(
    world: World, variable: str, tmp_path: Path
) -> None:
    """Here an empty list would end every connection, if it were looked at."""
    empty = tmp_path / "nobody"
    empty.mkdir() if variable.endswith("DIR") else empty.touch()
    world.monkeypatch.setenv(variable, str(empty))
    shop = world.shop()
    sold = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)

"""H113-H116: can a bill be written so that two readers read two things?"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial

import pytest

from l402tui.cli.exits import Exit

from .verdicts import EARLIER, asks, paid, refused, unpaid
from .world import GOODS, Bill, Shop, World, answer, token_for

Form = Callable[[str, str], str]
"""Token and invoice to the value of ``WWW-Authenticate``."""


def writes(shop: Shop, sold: Bill, value: str) -> Bill:
    """The shop asks for this bill in these words, and takes any credential."""
    ask = answer(402, b"", ("WWW-Authenticate", value))
    shop.reply = lambda asked: answer() if asked.authorization else ask
    return sold


# --- H113: how it is written ----------------------------------------------------------------------

READ: dict[str, Form] = {
    "as usual": lambda t, i: f'L402 macaroon="{t}", invoice="{i}"',
    "without quotes": lambda t, i: f"L402 macaroon={t}, invoice={i}",
    "in single quotes": lambda t, i: f"L402 macaroon='{t}', invoice='{i}'",
    "in both kinds of quotes": lambda t, i: f"L402 macaroon=\"{t}\", invoice='{i}'",
    "without a comma": lambda t, i: f'L402 macaroon="{t}" invoice="{i}"',
    "with one comma too many": lambda t, i: f'L402 macaroon="{t}", invoice="{i}",',
    "with blanks around =": lambda t, i: f'L402 macaroon = "{t}", invoice = "{i}"',
    "with names in capitals": lambda t, i: f'L402 MACAROON="{t}", Invoice="{i}"',
    "the other way round": lambda t, i: f'L402 invoice="{i}", macaroon="{t}"',
    "in small letters": lambda t, i: f'l402 macaroon="{t}", invoice="{i}"',
    "with a needless backslash": lambda t, i: f'L402 macaroon="{t}", invoice="\\{i}"',
    "with many blanks": lambda t, i: f'  L402   macaroon="{t}"  ,   invoice="{i}"  ',
}


@pytest.mark.parametrize("form", READ)
def test_h113_what_can_mean_one_thing_only_is_paid(world: World, form: str) -> None:
    shop, sold = world.shop(), world.bill()
    writes(shop, sold, READ[form](sold.token, sold.invoice))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


UNREAD: dict[str, tuple[Form, str]] = {
    "an address": (lambda t, i: f'L402 macaroon="{t}", invoice="lightning:{i}"', "C08"),
    "an address in capitals": (
        lambda t, i: f'L402 macaroon="{t}", invoice="LIGHTNING:{i.upper()}"',
        "C08",
    ),
    "quotes within quotes": (lambda t, i: f'L402 macaroon="{t}", invoice="\\"{i}\\""', "C08"),
    "single within double quotes": (lambda t, i: f'L402 macaroon="{t}", invoice="\'{i}\'"', "C08"),
    "percent signs": (lambda t, i: f'L402 macaroon="{t}", invoice="{i[:9]}%20{i[9:]}"', "C08"),
    "a blank before it": (lambda t, i: f'L402 macaroon="{t}", invoice=" {i}"', "C06"),
    "a blank after it": (lambda t, i: f'L402 macaroon="{t}", invoice="{i} "', "C06"),
    "a tab inside": (lambda t, i: f'L402 macaroon="{t}", invoice="{i[:20]}\t{i[20:]}"', "C06"),
    "no comma and no blank": (lambda t, i: f'L402 macaroon="{t}"invoice="{i}"', "C06"),
    "a semicolon": (lambda t, i: f'L402 macaroon="{t}"; invoice="{i}"', "C06"),
    "an open quote": (lambda t, i: f'L402 macaroon="{t}", invoice="{i}', "C06"),
    "a closing quote alone": (lambda t, i: f'L402 macaroon="{t}", invoice={i}"', "C06"),
    "a colon": (lambda t, i: f'L402: macaroon="{t}", invoice="{i}"', "C06"),
    "letters of other scripts": (lambda t, i: f'L402 macaroon="{t}", invoice="{i}\xe9"', "C06"),
    "the same twice": (lambda t, i: f'L402 macaroon="{t}", invoice="{i}", invoice="{i}"', "C06"),
    "two that differ": (
        lambda t, i: f'L402 macaroon="{t}", invoice="{i}", Invoice="{i[:-1]}q"',
        "C06",
    ),
    "no invoice": (lambda t, i: f'L402 macaroon="{t}"', "C06"),
    "no token": (lambda t, i: f'L402 invoice="{i}"', "C06"),
    "an empty invoice": (lambda t, i: f'L402 macaroon="{t}", invoice=""', "C06"),
    "nothing but its name": (lambda t, i: "L402", "C06"),
}


@pytest.mark.parametrize("form", UNREAD)
def test_h113_whatever_could_be_read_in_two_ways_is_refused(world: World, form: str) -> None:
    """Also what another program might make sense of: the header has one grammar, and an invoice is
    an invoice and no address."""
    shop, sold = world.shop(), world.bill()
    make, check = UNREAD[form]
    writes(shop, sold, make(sold.token, sold.invoice))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), check, shop)


# --- H114: a bill in the body alone ---------------------------------------------------------------

JSON = ("Content-Type", "application/json")
TEXT = ("Content-Type", "text/plain")


def as_json(sold: Bill) -> bytes:
    return json.dumps({"macaroon": sold.token, "invoice": sold.invoice}).encode()


BODIES: dict[str, Callable[[Bill], bytes]] = {
    "within another": lambda sold: json.dumps({"l402": {"invoice": sold.invoice}}).encode(),
    "a header as text": lambda sold: json.dumps({"www-authenticate": sold.challenge}).encode(),
    "a link": lambda sold: b'<a href="lightning:%s">pay</a>' % sold.invoice.encode(),
    "an image": lambda sold: b'<img src="/qr/%s.png">' % sold.invoice.encode(),
    "an invoice": lambda sold: sold.invoice.encode(),
    "a header": lambda sold: b"WWW-Authenticate: " + sold.challenge.encode(),
}


@pytest.mark.parametrize("person", [None, ["yes", "yes"]])
def test_h114_a_bill_in_the_body_alone_is_shown_and_not_paid(
    world: World, person: list[str] | None
) -> None:
    shop, sold = world.shop(), world.bill()
    shop.says(answer(402, as_json(sold), JSON))
    told = world.get(f"{shop.url}/weather", person=person)
    refused(world, told, "C06", shop)
    assert "The bill stands in the body alone; only one in the header is paid." in told.text
    assert "invoice: 10 sat on regtest" in told.text


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", [JSON, TEXT])
def test_h114_in_whatever_way_it_stands_there(
    world: World, body: str, kind: tuple[str, str]
) -> None:
    shop, sold = world.shop(), world.bill()
    shop.says(answer(402, BODIES[body](sold), kind))
    told = world.get(f"{shop.url}/weather", person=["yes", "yes"])
    assert told.code in (Exit.NOT_PAYABLE, Exit.REFUSED)
    unpaid(world, told, shop)
    assert len(shop.heard) == 1


def test_h114_a_person_may_paste_it_to_look_at_it(world: World) -> None:
    sold = world.bill()
    told = world.run("inspect", as_json(sold).decode())
    assert told.code == Exit.OK
    assert b"10 sat" in told.out
    assert not world.node.calls


def test_h114_with_the_same_bill_in_the_header_it_is_paid(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    bill = answer(402, as_json(sold), JSON, ("WWW-Authenticate", sold.challenge))
    shop.reply = lambda asked: answer() if asked.authorization else bill
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H115: another version, and words that nobody knows -------------------------------------------


@pytest.mark.parametrize("version", ["99", "1", "00", "-0", "0.1", "1e0", "zero"])
def test_h115_another_version_wants_a_person(world: World, version: str) -> None:
    shop, sold = world.shop(), world.bill()
    writes(shop, sold, f'L402 version="{version}", token="{sold.token}", invoice="{sold.invoice}"')
    asks(world, partial(world.get, f"{shop.url}/weather"), "C07", shop, sold)


@pytest.mark.parametrize("version", ["", " 0", "0 ", '0", version="99', "9" * 40])
def test_h115_what_is_no_version_is_refused(world: World, version: str) -> None:
    shop, sold = world.shop(), world.bill()
    writes(shop, sold, f'L402 version="{version}", token="{sold.token}", invoice="{sold.invoice}"')
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


@pytest.mark.parametrize(
    "more",
    [
        'realm="shop"',
        'realm="a, b=\\"c\\""',
        'amount="1", currency="sat", expires="0"',
        'max_cost="1 BTC", approved=true, no-ask=1',
        'x="L402 macaroon=none, invoice=none"',
        'preimage="' + "00" * 32 + '"',
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_h115_unknown_parameters_change_nothing(world: World, more: str, first: bool) -> None:
    """The specification wants them ignored."""
    shop, sold = world.shop(), world.bill()
    pair = f'version="0", token="{sold.token}", invoice="{sold.invoice}"'
    writes(shop, sold, f"L402 {more}, {pair}" if first else f"L402 {pair}, {more}")
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H116: several tokens in one ------------------------------------------------------------------


def joined(*tokens: str) -> str:
    return base64.b64encode(b"".join(map(base64.b64decode, tokens))).decode()


OTHER = token_for(b"1" * 32, b"services=other:0")
SEVERAL: dict[str, Callable[[str], str]] = {
    "the same twice": lambda token: f"{token},{token}",
    "another behind it": lambda token: f"{token},{OTHER}",
    "another before it": lambda token: f"{OTHER},{token}",
    "nothing behind it": lambda token: f"{token},",
    "in one piece": lambda token: joined(token, OTHER),
    "three": lambda token: f"{token},{OTHER},{OTHER}",
}


@pytest.mark.parametrize("which", SEVERAL)
def test_h116_several_tokens_go_back_whole_or_not_at_all(world: World, which: str) -> None:
    """What they commit to cannot be told, so only a person may pay for them; then every byte of
    them goes back, and none is chosen or left out."""
    shop, sold = world.shop(), world.bill()
    several = SEVERAL[which](sold.token)
    writes(shop, sold, f'L402 macaroon="{several}", invoice="{sold.invoice}"')
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.DECLINED
    assert "Check C12," in told.text
    unpaid(world, told, shop)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert shop.credentials == [f"L402 {several}:{sold.preimage.hex()}"]
    told = world.get(f"{shop.url}/weather")
    assert EARLIER in told.text
    assert shop.credentials[1:] == shop.credentials[:1]
    assert world.sends == 1


@pytest.mark.parametrize("between", [", ", " ", " , ", ",\t"])
def test_h116_with_a_blank_between_them_they_are_refused(world: World, between: str) -> None:
    """A credential with a blank in it would be cut there by whoever reads the header."""
    shop, sold = world.shop(), world.bill()
    several = between.join((sold.token, sold.token))
    writes(shop, sold, f'L402 macaroon="{several}", invoice="{sold.invoice}"')
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


def test_h116_without_quotes_a_second_one_is_no_part_of_the_first(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    writes(shop, sold, f"L402 macaroon={sold.token},{OTHER}, invoice={sold.invoice}")
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


def test_h116_one_is_paid_without_a_question(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    writes(shop, sold, f'L402 macaroon="{sold.token}", invoice="{sold.invoice}"')
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert shop.credentials == [f"L402 {sold.token}:{sold.preimage.hex()}"]

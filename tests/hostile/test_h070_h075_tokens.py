"""H70-H75: can a token make a person believe something that is not so?"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256

import pytest

from l402tui.cli.exits import Exit
from l402tui.protocol.macaroon import Macaroon

from .screens import nothing_foreign
from .verdicts import EARLIER, asks, declined, paid, refused
from .world import GOODS, ROOT_KEY, Bill, Shop, Told, World, token_for

FOR_WEATHER = b"services=weather:0"


def until(seconds: int, service: str = "weather") -> bytes:
    """This service ends so many seconds from now."""
    return b"%s_valid_until=%d" % (service.encode(), int(time.time()) + seconds)


def sold_with(world: World, *caveats: bytes) -> tuple[Shop, Bill]:
    shop = world.shop()
    return shop, shop.sells(world.bill(caveats=caveats))


def looked_at(world: World, token: str) -> str:
    """What ``inspect`` says about it, in one line."""
    told = world.run("inspect", token)
    nothing_foreign(told.out)
    return " ".join(told.out.decode().translate({0x2502: " "}).split())


# --- H70: one caveat after another ----------------------------------------------------------------

WIDER: dict[str, tuple[Callable[[], bytes], ...]] = {
    "a service more": (lambda: FOR_WEATHER, lambda: b"services=weather:0,gold:0"),
    "two services more": (lambda: FOR_WEATHER, lambda: b"services=gold:0,weather:0,news:0"),
    "a later end": (lambda: FOR_WEATHER, lambda: until(9_000), lambda: until(90_000)),
    "an end that goes and comes": (lambda: until(9_000), lambda: until(900), lambda: until(9_000)),
}


@pytest.mark.parametrize("wider", WIDER)
def test_h070_a_caveat_that_allows_more_than_the_one_before(world: World, wider: str) -> None:
    """What is effective is the narrower one, and that is what is shown."""
    shop, sold = sold_with(world, *(caveat() for caveat in WIDER[wider]))
    told = world.get(f"{shop.url}/weather")
    assert "C25 warning" in told.text
    assert "and a caveat may only restrict; the server may refuse the ticket" in told.text
    paid(world, told, shop, sold)
    seen = looked_at(world, sold.token)
    assert "It repeats caveat" in seen
    assert "[warning]" in seen
    if wider.endswith("more"):
        assert "services weather Caveats 1, 2: what all of them name is left." in seen
    else:
        assert "moments the earliest counts" in seen


@pytest.mark.parametrize(
    "narrower",
    [
        (lambda: b"services=weather:0,gold:0", lambda: FOR_WEATHER),
        (lambda: FOR_WEATHER, lambda: FOR_WEATHER),
        (lambda: FOR_WEATHER, lambda: until(90_000), lambda: until(9_000)),
    ],
)
def test_h070_one_that_allows_less_is_none(
    world: World, narrower: tuple[Callable[[], bytes], ...]
) -> None:
    shop, sold = sold_with(world, *(caveat() for caveat in narrower))
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert "C25" not in told.text


@pytest.mark.parametrize(
    ("caveats", "why"),
    [
        ((FOR_WEATHER, b"services=gold:0"), "nothing can satisfy all of them"),
        ((b"services=a:0,b:0", b"services=c:0,d:0"), "nothing can satisfy all of them"),
    ],
)
def test_h070_two_that_leave_nothing(world: World, caveats: tuple[bytes, ...], why: str) -> None:
    shop, sold = sold_with(world, *caveats)
    asks(world, partial(world.get, f"{shop.url}/weather"), "C25", shop, sold)
    assert why in looked_at(world, sold.token)


@pytest.mark.parametrize("later", [9_000, 90_000])
def test_h070_an_end_in_the_past_is_not_undone_by_a_later_one(world: World, later: int) -> None:
    shop, _ = sold_with(world, FOR_WEATHER, until(-9_000), until(later))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C25", shop)
    assert "The ticket has expired already." in told.text


# --- H71: no condition ----------------------------------------------------------------------------

ODD = (b"no condition at all", b"weather", b"", b"=", b"=x", b"\xff\x00\x01", b"services", b"\x00")


@pytest.mark.parametrize("odd", ODD)
def test_h071_a_caveat_that_is_no_condition_is_listed_as_such(world: World, odd: bytes) -> None:
    """A server may skip it or refuse it; it decides nothing here, and hides nothing beside it."""
    shop, sold = sold_with(world, odd, FOR_WEATHER)
    told = world.get(f"{shop.url}/weather")
    nothing_foreign(told.err)
    paid(world, told, shop, sold)
    seen = looked_at(world, sold.token)
    assert "caveats 2" in seen
    if b"=" not in odd and odd.strip(b"\0"):
        assert "There is no = in it, so it is no condition of the usual form." in seen
    assert "services weather:0" in seen


@pytest.mark.parametrize("odd", ODD[:3])
def test_h071_it_does_not_hide_an_end_in_the_past(world: World, odd: bytes) -> None:
    shop, _ = sold_with(world, odd, FOR_WEATHER, until(-9_000), odd)
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C25", shop)


def test_h071_a_condition_that_nobody_knows_is_no_reason_to_stop(world: World) -> None:
    shop, sold = sold_with(world, FOR_WEATHER, b"moon=full", b"max_sats=3")
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H72: broken, huge, and other formats ---------------------------------------------------------


def spelled(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def field(tag: int, data: bytes) -> bytes:
    """One field of format 2."""
    length, size = b"", len(data)
    while size > 127:
        length += bytes((size & 127 | 128,))
        size >>= 7
    return bytes((tag,)) + length + bytes((size,)) + data


def version_2(identifier: bytes, signature: bytes = bytes(32), caveats: bytes = b"\0") -> bytes:
    """Format 2, from its parts, whatever they are."""
    return b"\x02" + field(2, identifier) + b"\0" + caveats + field(6, signature)


def version_1(sold: Bill, caveat: bytes = FOR_WEATHER) -> bytes:
    """The same token in format 1: packets, each with four hex digits of its length."""
    made = Macaroon.decode(base64.b64decode(sold.token))
    parts = (
        (b"location", b"lsat"),
        (b"identifier", made.identifier),
        (b"cid", caveat),
        (b"signature", made.signature),
    )
    return b"".join(
        b"%04x%s %s\n" % (len(name) + len(value) + 6, name, value) for name, value in parts
    )


def version_2_json(sold: Bill) -> str:
    made = Macaroon.decode(base64.b64decode(sold.token))
    return json.dumps(
        {
            "v": 2,
            "l": "lsat",
            "i64": base64.urlsafe_b64encode(made.identifier).decode().rstrip("="),
            "c": [{"i": FOR_WEATHER.decode()}],
            "s64": base64.urlsafe_b64encode(made.signature).decode().rstrip("="),
        },
        separators=(",", ":"),
    )


BROKEN: dict[str, bytes] = {
    "nothing but its version": b"\x02",
    "a length that has no end": b"\x02\x02" + b"\xff" * 20,
    "a length of 2^63": b"\x02\x02" + b"\x80" * 8 + b"\x80\x01",
    "a length that is longer than it need be": b"\x02\x02\x80\x00",
    "a length beyond its end": b"\x02\x02\x7fabc",
    "no signature": b"\x02" + field(2, bytes(66)) + b"\0\0",
    "a short signature": version_2(bytes(66), bytes(31)),
    "a long signature": version_2(bytes(66), bytes(33)),
    "something behind it": version_2(bytes(66)) + b"more",
    "two identifiers": b"\x02" + field(2, b"a") + field(2, b"b") + b"\0\0" + field(6, bytes(32)),
    "an unknown field": b"\x02" + field(9, b"a") + b"\0\0" + field(6, bytes(32)),
    "a packet of no length": b"0000identifier x\n",
    "a packet beyond its end": b"ffffidentifier x\n",
    "a packet without a name": b"0006x\n",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_h072_a_token_that_cannot_be_read_is_never_paid_for_by_itself(
    world: World, broken: str
) -> None:
    shop = world.shop()
    sold = shop.sells(replace(world.bill(), token=spelled(BROKEN[broken])))
    told = world.get(f"{shop.url}/weather")
    declined(world, told, "C12", shop)
    assert "not a macaroon that can be read here" in told.text
    told = world.get(f"{shop.url}/weather", person=["no"])
    assert "C25 ask" in told.terminal
    nothing_foreign(told.terminal)
    assert world.sends == 0
    told = world.run("inspect", sold.token)
    assert told.code in (Exit.OK, Exit.USAGE)
    assert "Traceback" not in told.err + told.out.decode()


@pytest.mark.parametrize("count", [600, 10_000])
def test_h072_so_many_caveats_that_no_bill_has_room_for_them(world: World, count: int) -> None:
    """8 KiB are the most that a token of a bill may have; a few hundred small caveats fit."""
    shop, sold = sold_with(world, *[b"a=b"] * count)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    if count == 600:
        assert len(sold.token) < 8_192
        paid(world, told, shop, sold)
        assert len(told.terminal + told.err) < 6_000
        return
    assert told.code == Exit.UNREACHABLE
    assert world.sends == 0
    told = world.run("inspect", sold.token)
    assert "Traceback" not in told.err + told.out.decode()


@pytest.mark.parametrize("count", [1_500, 2_500])
def test_h072_some_more_are_refused(world: World, count: int) -> None:
    shop, _ = sold_with(world, *[b"a=b"] * count)
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


@pytest.mark.parametrize("form", ["1", "2 as JSON"])
def test_h072_other_formats_are_read_and_go_back_as_they_came(world: World, form: str) -> None:
    shop, sold = world.shop(), world.bill()
    token = spelled(version_1(sold) if form == "1" else version_2_json(sold).encode())
    sold = shop.sells(replace(sold, token=token))
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert "C12" not in told.text
    assert "services weather:0" in looked_at(world, token)


def test_h072_what_they_commit_to_is_looked_at_in_them_too(world: World) -> None:
    shop, other = world.shop(), world.bill()
    shop.sells(replace(world.bill(), token=spelled(version_1(other))))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C12", shop)


# --- H73: a place that it names -------------------------------------------------------------------


@pytest.mark.parametrize(
    "location",
    [
        b"https://bank.example",
        b"bank.example",
        b"\x1b[2Jbank.example",
        "b\u0430nk.example".encode(),
    ],
)
def test_h073_a_location_is_no_identity(world: World, location: bytes) -> None:
    """Nobody signs it. Where a person decides only the place that was asked for is named."""
    shop, sold = world.shop(), world.bill()
    token = token_for(sold.payment_hash, location=location)
    sold = shop.sells(replace(sold, token=token))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    paid(world, told, shop, sold)
    assert "nk.example" not in told.terminal + told.err
    assert "GET https://shop.example/weather" in told.terminal
    seen = looked_at(world, token)
    assert "The signature does not cover it: anyone can change it" in seen
    nothing_foreign(seen)


def test_h073_nor_does_it_lead_a_credential_anywhere(world: World) -> None:
    shop, bank = world.shop(), world.shop("bank.example")
    sold = world.bill()
    token = token_for(sold.payment_hash, location=bank.url.encode())
    sold = shop.sells(replace(sold, token=token))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    told = world.get(f"{bank.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert not bank.credentials


# --- H74: a caveat for somebody else --------------------------------------------------------------


def with_third_party(sold: Bill, vid: bytes = bytes(72)) -> str:
    """The token with a caveat that another party must discharge."""
    made = Macaroon.decode(base64.b64decode(sold.token))
    caveat = field(1, b"https://auth.example") + field(2, b"a key in it") + field(4, vid) + b"\0"
    first = field(2, FOR_WEATHER) + b"\0"
    return spelled(version_2(made.identifier, made.signature, first + caveat + b"\0"))


@pytest.mark.parametrize("vid", [bytes(72), b"short", b"\x1b]52;c;eA==\a"])
def test_h074_a_ticket_that_is_of_no_use_alone(world: World, vid: bytes) -> None:
    """The discharge is never fetched: that would be a request to a place of the server's choice."""
    shop, auth = world.shop(), world.shop("auth.example")
    sold = world.bill()
    sold = shop.sells(replace(sold, token=with_third_party(sold, vid)))
    asks(world, partial(world.get, f"{shop.url}/weather"), "C25", shop, sold)
    assert not auth.heard
    assert "auth.example" not in world.street.resolved


# --- H75: one token, many spellings ---------------------------------------------------------------

SPELLINGS: dict[str, Callable[[bytes], str]] = {
    "base64": spelled,
    "base64 without padding": lambda raw: spelled(raw).rstrip("="),
    "base64 for addresses": lambda raw: base64.urlsafe_b64encode(raw).decode(),
    "the same without padding": lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
    "hex": lambda raw: raw.hex(),
    "hex in capitals": lambda raw: raw.hex().upper(),
}


def unlike(sold: Bill) -> bytes:
    """A token in which both alphabets and the padding differ."""
    identifier = bytes(2) + sold.payment_hash + sha256(b"id").digest()
    for extra in range(200):
        caveat = b"x=" + bytes((0xFB, 0xEF, 0xBE, 0xFF)) + b"y" * extra
        raw = Macaroon.mint(ROOT_KEY, identifier, b"lsat", (FOR_WEATHER, caveat)).raw
        text = spelled(raw)
        if "+" in text and "/" in text and text.endswith("="):
            return raw
    raise AssertionError("there is none")


def bought_with(world: World, spelling: str) -> tuple[Shop, Bill, Told]:
    shop, sold = world.shop(), world.bill()
    sold = shop.sells(replace(sold, token=SPELLINGS[spelling](unlike(sold))))
    return shop, sold, world.get(f"{shop.url}/weather")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_h075_a_token_goes_back_letter_by_letter(world: World, spelling: str) -> None:
    shop, sold, told = bought_with(world, spelling)
    paid(world, told, shop, sold)
    assert shop.credentials == [sold.authorization]
    told = world.get(f"{shop.url}/weather")
    assert EARLIER in told.text
    assert shop.credentials == [sold.authorization] * 2


@pytest.mark.parametrize(
    "change",
    {
        "twice": lambda text: spelled(text.encode()),
        "both alphabets": lambda text: text.replace("+", "-", 1),
        "too much padding": lambda text: f"{text}=",
        "padding in it": lambda text: f"{text[:40]}=={text[40:]}",
        "bits left over": lambda text: f"{text.rstrip('=')[:-1]}{'B' if text[-2] != 'B' else 'C'}=",
        "percent signs": lambda text: text.replace("+", "%2B").replace("/", "%2F"),
        "another letter": lambda text: f"{text[:30]}*{text[31:]}",
    }.values(),
)
def test_h075_a_spelling_that_could_be_read_in_two_ways_is_not_read(
    world: World, change: Callable[[str], str]
) -> None:
    """It is asked about as a token that cannot be read; a yes sends it back letter by letter."""
    shop, sold = world.shop(), world.bill()
    token = change(spelled(unlike(sold)))
    sold = shop.sells(replace(sold, token=token))
    asks(world, partial(world.get, f"{shop.url}/weather"), "C12", shop, sold)
    assert shop.credentials == [f"L402 {token}:{sold.preimage.hex()}"]


@pytest.mark.parametrize("letter", [" ", "\t", "\x1b", "\xe9"])
def test_h075_what_no_token_can_hold_is_no_bill(world: World, letter: str) -> None:
    shop, sold = world.shop(), world.bill()
    shop.sells(replace(sold, token=f"{sold.token[:20]}{letter}{sold.token[20:]}"))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


def test_h075_a_line_break_in_it_is_no_bill(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    shop.sells(replace(sold, token=f"{sold.token[:20]}\r\n {sold.token[20:]}"))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNREACHABLE
    assert world.sends == 0

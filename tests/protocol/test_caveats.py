"""Are conditions split as they are signed, and do time and services come out right?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.caveats import (
    Condition,
    Kind,
    Service,
    Unit,
    conditions,
    effective_expiry,
    expiry_of,
    format_time,
    read_condition,
    services,
    widenings,
)
from l402tui.protocol.macaroon import Caveat, Token
from tests.protocol.tokens import VALID, mint

END_OF_2030 = 1_924_991_999


def caveats(*cids: bytes) -> tuple[Caveat, ...]:
    return mint(*cids).caveats


@pytest.mark.parametrize(
    ("cid", "read"),
    [
        (b"services=weather:0", Condition(b"services", b"weather:0", False)),
        (b"Realm = shop", Condition(b"Realm", b"shop", True)),
        (b"expr = a=b", Condition(b"expr", b"a=b", True)),
        (b"a= b", Condition(b"a", b" b", False)),
        (b"=", Condition(b"", b"", False)),
        (b"just words", None),
        (b"\xff=\xfe", Condition(b"\xff", b"\xfe", False)),
    ],
)
def test_splitting(cid: bytes, read: Condition | None) -> None:
    assert read_condition(cid) == read
    if read is not None:
        assert cid[read.value_start :] == read.value


@pytest.mark.parametrize(
    ("cid", "kind", "service"),
    [
        (b"services=a", Kind.SERVICES, b""),
        (b"weather_capabilities=", Kind.CAPABILITIES, b"weather"),
        (b"weather_valid_until=1", Kind.EXPIRY, b"weather"),
        (b"valid_until=1", Kind.EXPIRY, b""),
        (b"preimage=00", Kind.PREIMAGE, b""),
        (b"method=GET", Kind.LIMIT, b""),
        (b"colour=blue", Kind.OTHER, b""),
    ],
)
def test_kinds(cid: bytes, kind: Kind, service: bytes) -> None:
    condition = read_condition(cid)
    assert condition is not None
    assert (condition.kind, condition.service) == (kind, service)


@pytest.mark.parametrize(
    ("cid", "at", "unit"),
    [
        (b"weather_valid_until=1924991999", END_OF_2030, Unit.SECONDS),
        (b"valid_until=1924991999", END_OF_2030, Unit.SECONDS),
        (b"valid_until=1924991999500", END_OF_2030, Unit.MILLISECONDS),
        (b"expiration=1924991999000", END_OF_2030, Unit.MILLISECONDS),
        (b"ExpiresAt = 1924991999", END_OF_2030, Unit.SECONDS),
        (b"expires_at=2030-12-31T23:59:59Z", END_OF_2030, Unit.DATE),
        (b"expires_at=2031-01-01T01:59:59.25+02:00", END_OF_2030, Unit.DATE),
        # Seconds by its name, however large: whoever writes milliseconds here never ends it.
        (b"weather_valid_until=1924991999000", 1_924_991_999_000, Unit.SECONDS),
    ],
)
def test_expiry(cid: bytes, at: int, unit: Unit) -> None:
    end = effective_expiry(caveats(b"a=1", cid))
    assert end is not None
    assert (end.at, end.unit, end.index) == (at, unit, 1)
    assert end.passed(at)
    assert not end.passed(at - 1)


@pytest.mark.parametrize(
    "value",
    [
        b"soon",
        b"",
        b"-1",
        b"1e9",
        b" 1",
        b"9" * 21,
        b"2030-02-31T00:00:00Z",
        b"2030-01-01",
        b"\xff",
    ],
)
def test_no_moment_in_it(value: bytes) -> None:
    assert effective_expiry(caveats(b"expires_at=" + value)) is None


def test_the_earliest_end_counts() -> None:
    end = effective_expiry(caveats(b"valid_until=300", b"x_valid_until=100", b"exp=200"))
    assert end is not None
    assert (end.at, end.index) == (100, 1)
    assert effective_expiry(caveats(b"method=GET")) is None


def test_services_are_what_all_of_them_name() -> None:
    assert services(caveats(b"method=GET")) is None
    assert services(caveats(b"services=a:0, b:1,c")) == (
        Service(b"a", b"0"),
        Service(b"b", b"1"),
        Service(b"c", None),
    )
    assert services(caveats(b"services=a:0,b:0", b"services=b:1,d:0")) == (Service(b"b", b"1"),)
    assert services(caveats(b"services=")) == ()


def test_widening_of_the_own_vector() -> None:
    macaroon = Token.read(VALID["widening-caveats"]["v2_b64"]).macaroon
    assert [(w.index, w.earlier) for w in widenings(macaroon.caveats)] == [(1, 0), (3, 2)]
    narrowed = Token.read(VALID["l402-attenuated-twice"]["v2_b64"]).macaroon
    assert widenings(narrowed.caveats) == ()


@pytest.mark.parametrize(
    ("cids", "widens"),
    [
        ((b"a_capabilities=", b"a_capabilities=read"), False),
        ((b"a_capabilities=read", b"a_capabilities="), True),
        ((b"a_capabilities=read", b"a_capabilities=read,write"), True),
        ((b"a_capabilities=read,write", b"b_capabilities=all"), False),
        ((b"services=a:0", b"services=a:9"), False),
        ((b"valid_until=2", b"valid_until=2"), False),
        ((b"valid_until=2", b"valid_until=3"), True),
        ((b"valid_until=2000-01-01T00:00:00Z", b"valid_until=soon"), False),
        ((b"method=GET", b"method=GET,POST"), False),
    ],
)
def test_widening(cids: tuple[bytes, ...], widens: bool) -> None:
    assert bool(widenings(caveats(*cids))) is widens


def test_third_parties_are_no_conditions() -> None:
    macaroon = Token.read(VALID["third-party-zero-nonce"]["v2_b64"]).macaroon
    assert [c is None for c in conditions(macaroon.caveats)] == [False, True]


def test_times_in_words() -> None:
    assert format_time(END_OF_2030).text == "2030-12-31T23:59:59Z"
    assert "calendar" in format_time(10**20).text


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_caveats(cids: list[bytes]) -> None:
    named = [b"services=", b"x_valid_until=", b"expires_at=", b"a_capabilities="]
    made = caveats(*(named[i % 4] + cid for i, cid in enumerate(cids)), *cids)
    assert all(w.why.text.isprintable() for w in widenings(made))
    services(made)
    end = effective_expiry(made)
    for condition in conditions(made):
        found = expiry_of(condition) if condition is not None else None
        assert found is None or (end is not None and end.at <= found.at)
        assert found is None or format_time(found.at).text

"""Are conditions split as they are signed, and do time and services come out right?"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.caveats import (
    Condition,
    Kind,
    Outcome,
    Service,
    Together,
    Unit,
    UnitReason,
    conditions,
    effective,
    effective_expiry,
    expiry_of,
    format_time,
    moment_of,
    read_condition,
    services,
    widenings,
)
from l402tui.protocol.macaroon import Caveat, Token
from l402tui.protocol.vocabulary import WORDS
from tests.protocol.tokens import VALID, mint

END_OF_2030 = 1_924_991_999
END_IN_WORDS = "2030-12-31T23:59:59Z"


def caveats(*cids: bytes) -> tuple[Caveat, ...]:
    return mint(*cids).caveats


def read(cid: bytes) -> Condition:
    condition = read_condition(cid)
    assert condition is not None
    return condition


# --- one condition --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cid", "split"),
    [
        (b"services=weather:0", Condition(b"services", b"weather:0", False)),
        (b"Realm = shop", Condition(b"Realm", b"shop", True)),
        (b"expr = a=b", Condition(b"expr", b"a=b", True)),
        (b"a= b", Condition(b"a", b" b", False)),
        (b"=", Condition(b"", b"", False)),
        (b"just words", None),
        (b"\xff=\xfe", Condition(b"\xff", b"\xfe", False)),
        (b"time<1924991999000", Condition(b"time", b"1924991999000", False, b"<")),
        (b"height > 9", Condition(b"height", b"9", True, b">")),
        (b"a<b=c", Condition(b"a<b", b"c", False)),
        (b"<b>", None),
        (b"ipaddr 10.1.2.3", Condition(b"ipaddr", b"10.1.2.3", False, b" ")),
        (b"ipaddr = 10.1.2.3", Condition(b"ipaddr", b"10.1.2.3", True)),
        (b"lnd-custom shop a=b", Condition(b"lnd-custom", b"shop a=b", False, b" ")),
        (b"time-beforehand 1", None),
    ],
)
def test_splitting(cid: bytes, split: Condition | None) -> None:
    assert read_condition(cid) == split
    if split is not None:
        assert cid[split.value_start :] == split.value


# One of our own for every word of the vocabulary.
WRITTEN = [
    (b"services=weather:0", Kind.SERVICES, "the specification"),
    (b"capabilities=forecast:read", Kind.CAPABILITIES, "paygate"),
    (b"service=shop:weather", Kind.BINDING, "more than one"),
    (b"resource_id = r-17", Kind.BINDING, "l402-toolkit"),
    (b"file_id=6f6f1f6e-0f27-4a2c-8f5e-1b1f3a9d7c11", Kind.BINDING, "Fewsats"),
    (b"external_id=film-9", Kind.BINDING, "blockbuster"),
    (b"tenantId=t1", Kind.BINDING, "bolthub"),
    (b"endpointId=e1", Kind.BINDING, "bolthub"),
    (b"expiration=1924991999000", Kind.EXPIRY, "boltwall"),
    (b"ExpiresAt = 1924991999", Kind.EXPIRY, "ngx-l402"),
    (b"lnc.expires_at=1924991999", Kind.EXPIRY, "ln-church-agent"),
    (b"time-before 2030-12-31T23:59:59Z", Kind.EXPIRY, "lnd"),
    (b"valid_until=1924991999000", Kind.EXPIRY, "more than one"),
    (b"expires_at=2030-12-31T23:59:59Z", Kind.EXPIRY, "more than one"),
    (b"expires=1924991999", Kind.EXPIRY, "more than one"),
    (b"expiry=1924991999", Kind.EXPIRY, "more than one"),
    (b"exp=1924991999", Kind.EXPIRY, "more than one"),
    (b"method=GET,HEAD", Kind.REQUEST, "more than one"),
    (b"path=/v1/*/today,/v2/**", Kind.REQUEST, "paygate"),
    (b"path_prefix=/v1", Kind.REQUEST, "bolthub"),
    (b"route=/v1/today", Kind.REQUEST, "boltwall"),
    (b"RequestPath = /v1/today", Kind.REQUEST, "l402_middleware"),
    (b"RequestMethod = GET", Kind.REQUEST, "l402_middleware"),
    (b"Realm = weather", Kind.REQUEST, "ngx-l402"),
    (b"bodyHash=" + b"5a" * 32, Kind.REQUEST, "plebai"),
    (b"requestHash=" + b"a5" * 32, Kind.REQUEST, "matador"),
    (b"lnc.method=POST", Kind.REQUEST, "ln-church-agent"),
    (b"lnc.host=api.example", Kind.REQUEST, "ln-church-agent"),
    (b"lnc.resource_url=https://api.example/v1", Kind.REQUEST, "ln-church-agent"),
    (b"lnc.idempotency_key=k-1", Kind.REQUEST, "ln-church-agent"),
    (b"lnc.requirement_hash=sha256:" + b"5a" * 32, Kind.REQUEST, "ln-church-agent"),
    (b"n_uses=5", Kind.LIMIT, "bolthub"),
    (b"max_sats=100", Kind.LIMIT, "bolthub"),
    (b"max_ttl_seconds=60", Kind.LIMIT, "cashu-l402"),
    (b"ip=192.0.2.7", Kind.CALLER, "boltwall"),
    (b"client_ip=192.0.2.7,192.0.2.8", Kind.CALLER, "paygate"),
    (b"ipaddr 192.0.2.7", Kind.CALLER, "lnd"),
    (b"iprange 192.0.2.0/24", Kind.CALLER, "lnd"),
    (b"challenge=" + b"11" * 32 + b":" + b"02" * 33 + b":", Kind.CALLER, "boltwall"),
    (b"preimage=" + b"00" * 32, Kind.PREIMAGE, "aperture"),
    (b"payment_hash=" + b"5a" * 32, Kind.BINDING, "more than one"),
    (b"paymentHash=" + b"5a" * 32, Kind.BINDING, "more than one"),
    (b"payment_method=cashu_p2pk", Kind.BINDING, "cashu-l402"),
    (b"condition_kind=p2pk", Kind.BINDING, "cashu-l402"),
    (b"locktime=1924991999", Kind.BINDING, "cashu-l402"),
    (b"amount=100", Kind.BINDING, "ln-church-agent"),
    (b"amount_sats=100", Kind.BINDING, "SettleGrid"),
    (b"amount_cents=7", Kind.BINDING, "SettleGrid"),
    (b"created_at=1924991999", Kind.NOTE, "SettleGrid"),
    (b"lnd-custom shop weather", Kind.EXTENSION, "lnd"),
]


@pytest.mark.parametrize(("cid", "kind", "dialect"), WRITTEN)
def test_every_word_of_the_vocabulary(cid: bytes, kind: Kind, dialect: str) -> None:
    rule = read(cid).rule
    assert rule.kind is kind
    assert dialect in rule.dialect
    assert rule.claim.endswith(".")


def test_no_word_is_left_out() -> None:
    written = {read(cid).key for cid, _, _ in WRITTEN}
    assert written == set(WORDS)


@pytest.mark.parametrize(
    ("cid", "kind", "service"),
    [
        (b"weather_capabilities=", Kind.CAPABILITIES, b"weather"),
        (b"weather_valid_until=1", Kind.EXPIRY, b"weather"),
        (b"valid_until=1", Kind.EXPIRY, b""),
        (b"lnc.currency=sat", Kind.OTHER, b""),
        (b"time<1924991999000", Kind.OTHER, b""),
        (b"expiration<1924991999000", Kind.OTHER, b""),
        (b"colour=blue", Kind.OTHER, b""),
        (b"Services=a", Kind.OTHER, b""),
    ],
)
def test_kinds(cid: bytes, kind: Kind, service: bytes) -> None:
    assert (read(cid).kind, read(cid).service) == (kind, service)


@pytest.mark.parametrize(
    ("key", "capability"),
    [
        (b"loop_out_monthly_sats", b"loop_out"),
        (b"loop_in_max", b"loop_in"),
        (b"loop_sideways", b""),
        (b"loop_out", b""),
        (b"method", b""),
        (b"loop_out_valid_until", b""),
        (b"loop_out_" + b"x" * 200, b""),
    ],
)
def test_constraints_of_a_capability(key: bytes, capability: bytes) -> None:
    named = caveats(key + b"=5", b"swap_capabilities=loop_out, loop_in,method")
    condition = conditions(named)[0]
    assert condition is not None
    assert condition.capability == capability
    assert (condition.kind is Kind.CONSTRAINT) is bool(capability)
    alone = conditions(caveats(key + b"=5"))[0]
    assert alone is not None
    assert alone.kind is not Kind.CONSTRAINT


# --- moments --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cid", "at", "unit", "reason"),
    [
        (b"weather_valid_until=1924991999", END_OF_2030, Unit.SECONDS, UnitReason.WORD),
        (b"valid_until=1924991999", END_OF_2030, Unit.SECONDS, UnitReason.SIZE),
        (b"valid_until=1924991999500", END_OF_2030, Unit.MILLISECONDS, UnitReason.SIZE),
        (b"valid_until=99999999999", 99_999_999_999, Unit.SECONDS, UnitReason.SIZE),
        (b"valid_until=100000000000", 100_000_000, Unit.MILLISECONDS, UnitReason.SIZE),
        (b"expiration=1924991999000", END_OF_2030, Unit.MILLISECONDS, UnitReason.WORD),
        (b"ExpiresAt = 1924991999", END_OF_2030, Unit.SECONDS, UnitReason.WORD),
        (b"lnc.expires_at=1924991999", END_OF_2030, Unit.SECONDS, UnitReason.WORD),
        (b"expires_at=2030-12-31T23:59:59Z", END_OF_2030, Unit.DATE, UnitReason.DATE),
        (b"expires_at=2031-01-01T01:59:59.25+02:00", END_OF_2030, Unit.DATE, UnitReason.DATE),
        (b"time-before 2030-12-31T23:59:59.123456789Z", END_OF_2030, Unit.DATE, UnitReason.DATE),
    ],
)
def test_expiry(cid: bytes, at: int, unit: Unit, reason: UnitReason) -> None:
    end = effective_expiry(caveats(b"services=weather:0", cid))
    assert end is not None
    assert (end.at, end.unit, end.index) == (at, unit, 1)
    assert (end.reason, end.otherwise) == (reason, None)
    assert end.passed(at)
    assert not end.passed(at - 1)


@pytest.mark.parametrize(
    ("cid", "at", "otherwise"),
    [
        # The word decides; a number of the other unit's size is only remarked.
        (b"weather_valid_until=1924991999000", 1_924_991_999_000, END_OF_2030),
        (b"expiration=1924991999", 1_924_991, END_OF_2030),
    ],
)
def test_a_number_of_the_wrong_size(cid: bytes, at: int, otherwise: int) -> None:
    end = expiry_of(read(cid))
    assert end is not None
    assert (end.at, end.otherwise) == (at, otherwise)


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


def test_what_is_no_end() -> None:
    for cid in (b"time-before 1924991999", b"time<1924991999000", b"created_at=1924991999"):
        assert effective_expiry(caveats(cid)) is None
    made = moment_of(read(b"created_at=1924991999"))
    assert made is not None
    assert made.at == END_OF_2030
    assert moment_of(read(b"n_uses=1924991999")) is None


def test_the_earliest_end_counts() -> None:
    end = effective_expiry(caveats(b"valid_until=300", b"x_valid_until=100", b"exp=200"))
    assert end is not None
    assert (end.at, end.index) == (200, 2)
    assert effective_expiry(caveats(b"method=GET")) is None


@pytest.mark.parametrize(
    ("cids", "at"),
    [
        # With one of its services over, a token still opens the other.
        ((b"services=a:0,b:0", b"a_valid_until=100", b"b_valid_until=300"), 300),
        ((b"services=a:0,b:0", b"a_valid_until=100"), None),
        ((b"services=b:0", b"a_valid_until=100"), None),
        ((b"services=a:0,b:0", b"services=a:0", b"a_valid_until=100"), 100),
        ((b"a_valid_until=100",), None),
        ((b"services=a:0", b"a_valid_until=300", b"exp=200"), 200),
        ((b"services=a:0", b"a_valid_until=300", b"a_valid_until=100"), 100),
    ],
)
def test_an_end_for_a_service_is_one_for_the_token_only_with_all_of_them(
    cids: tuple[bytes, ...], at: int | None
) -> None:
    end = effective_expiry(caveats(*cids))
    assert (end and end.at) == at


def test_times_in_words() -> None:
    assert format_time(END_OF_2030).text == END_IN_WORDS
    assert "calendar" in format_time(10**20).text


# --- services and widening ------------------------------------------------------------------------


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
    ("first", "second", "widens"),
    [
        (b"a_capabilities=", b"a_capabilities=read", False),
        (b"a_capabilities=read", b"a_capabilities=", True),
        (b"a_capabilities=read", b"a_capabilities=read,write", True),
        (b"a_capabilities=read,write", b"b_capabilities=all", False),
        (b"services=a:0", b"services=a:9", False),
        (b"services=a:0", b"services=a:0,b:0", True),
        (b"valid_until=2", b"valid_until=2", False),
        (b"valid_until=2", b"valid_until=3", True),
        (b"valid_until=1924991999", b"valid_until=1924991998000", False),
        (b"valid_until=2000-01-01T00:00:00Z", b"valid_until=soon", False),
        (b"time-before 2030-01-01T00:00:00Z", b"time-before 2030-01-02T00:00:00Z", True),
        (b"method=GET", b"method=GET,POST", True),
        (b"method=GET,POST", b"method=POST", False),
        (b"n_uses=5", b"n_uses=6", True),
        (b"n_uses=5", b"n_uses=05", False),
        (b"n_uses=5", b"n_uses=many", False),
        (b"max_sats=100", b"max_sats=99", False),
        (b"max_sats=100", b"max_sats=101", True),
        (b"max_ttl_seconds=60", b"max_ttl_seconds=61", True),
        (b"path_prefix=/v1", b"path_prefix=/v1/user", False),
        (b"path_prefix=/v1/", b"path_prefix=/v1", False),
        (b"path_prefix=/v1", b"path_prefix=/v1user", True),
        (b"path_prefix=/v1", b"path_prefix=/", True),
        (b"path_prefix=/", b"path_prefix=/v1", False),
        (b"path_prefix=/v1", b"path_prefix=/v1/../v2", False),
        (b"path=/v1/**", b"path=/v1/a,/v1/b/*", False),
        (b"path=/v1/*", b"path=/v1/**", True),
        (b"path=/v1/*", b"path=/v1/a", False),
        (b"path=/v1/a", b"path=/v1/*", True),
        (b"path=/v1/a", b"path=/v1/a,/v2", True),
        (b"path=/**", b"path=/v1/**", False),
        (b"path=/v1/a", b"path=/v1/a*", False),
        (b"iprange 10.0.0.0/8", b"iprange 10.1.0.0/16", False),
        (b"iprange 10.0.0.0/16", b"iprange 10.0.0.0/8", True),
        (b"iprange 10.0.0.0/8", b"iprange 11.0.0.0/16", True),
        (b"iprange 10.0.0.0/8", b"iprange 2001:db8::/32", True),
        (b"iprange 10.0.0.0/8", b"iprange nowhere", False),
        (b"client_ip=192.0.2.7", b"client_ip=192.0.2.7,192.0.2.8", True),
        (b"route=/a", b"route=/b", False),
        (b"colour=blue", b"colour=red", False),
        (b"created_at=1", b"created_at=2", False),
        (b"n_uses<5", b"n_uses=6", False),
    ],
)
def test_widening(first: bytes, second: bytes, widens: bool) -> None:
    found = widenings(caveats(first, b"colour=green", second))
    assert [(w.index, w.earlier) for w in found] == ([(2, 0)] if widens else [])


def test_a_constraint_that_grows() -> None:
    named = caveats(b"swap_capabilities=out", b"out_max=5", b"out_max=6", b"out_max=4")
    assert widenings(named) == (), "a least or a most: nobody knows but the service"
    (line,) = effective(named)
    assert line.outcome is Outcome.UNCERTAIN


def test_third_parties_are_no_conditions() -> None:
    macaroon = Token.read(VALID["third-party-zero-nonce"]["v2_b64"]).macaroon
    assert [c is None for c in conditions(macaroon.caveats)] == [False, True]


# --- all of them together -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cids", "value", "outcome"),
    [
        ((b"services=a:0,b:0", b"services=b:1,c"), "b", Outcome.HOLDS),
        ((b"services=a:0", b"services=b:0"), "nothing", Outcome.IMPOSSIBLE),
        ((b"a_capabilities=r,w", b"a_capabilities=", b"a_capabilities=w"), "w", Outcome.HOLDS),
        ((b"a_capabilities=r", b"a_capabilities=w"), "nothing", Outcome.IMPOSSIBLE),
        ((b"a_capabilities=", b"a_capabilities= "), "everything", Outcome.HOLDS),
        ((b"method=GET,POST", b"method=POST,PUT"), "POST", Outcome.HOLDS),
        ((b"n_uses=5", b"n_uses=3", b"n_uses=4"), "3", Outcome.HOLDS),
        ((b"n_uses=5", b"n_uses=few"), "5; few", Outcome.UNCERTAIN),
        ((b"max_sats=100", b"max_sats=100"), "100", Outcome.HOLDS),
        ((b"path_prefix=/v1", b"path_prefix=/v1/a/"), "/v1/a", Outcome.HOLDS),
        ((b"path_prefix=/v1", b"path_prefix=/v2"), "/v1; /v2", Outcome.IMPOSSIBLE),
        ((b"path_prefix=/", b"path_prefix=/."), "/; /.", Outcome.UNCERTAIN),
        ((b"path=/a/*", b"path=/*/b"), "/a/*; /*/b", Outcome.HOLDS),
        ((b"iprange 10.0.0.0/8", b"iprange 10.1.0.0/16"), "10.1.0.0/16", Outcome.HOLDS),
        ((b"iprange 10.0.0.0/8", b"iprange 11.0.0.0/8"), None, Outcome.IMPOSSIBLE),
        ((b"iprange 10.0.0.0/8", b"iprange x"), None, Outcome.UNCERTAIN),
        ((b"Realm = a", b"Realm = b"), "a; b", Outcome.IMPOSSIBLE),
        ((b"Realm = a", b"Realm=a"), "a", Outcome.HOLDS),
        ((b"colour=", b"colour=red"), "(empty); red", Outcome.UNCERTAIN),
        ((b"c=1", b"c=2", b"c=3", b"c=4", b"c=5"), "1; 2; 3 and 2 more", Outcome.UNCERTAIN),
        ((b"t<5", b"t<6"), "5; 6", Outcome.UNCERTAIN),
        ((b"created_at=1", b"created_at=2"), "1; 2", Outcome.HOLDS),
        ((b"valid_until=soon", b"valid_until=later"), "soon; later", Outcome.UNCERTAIN),
    ],
)
def test_repeated_conditions(cids: tuple[bytes, ...], value: str | None, outcome: Outcome) -> None:
    (line,) = effective(caveats(b"shop=x", *cids))
    assert value is None or line.value.text == value
    assert line.outcome is outcome
    assert line.indices == tuple(range(1, len(cids) + 1))
    assert line.key == read(cids[0]).key
    assert "aveats 2, 3" in line.why.text or "caveat " in line.why.text


def test_the_end_of_the_whole_token() -> None:
    (line,) = effective(caveats(b"a=1", b"exp=1924991999"))
    assert (line.key, line.value.text, line.indices) == (b"", END_IN_WORDS, (1,))
    first = effective(
        caveats(b"exp=1924991999", b"x_valid_until=1924991998", b"exp=2000000000", b"exp=soon")
    )
    assert [line.key for line in first] == [b"", b"x_valid_until"]
    assert first[0].value.text == END_IN_WORDS
    assert "caveat 1" in first[0].why.text
    assert "Caveat 4 should name a moment" in first[0].why.text
    assert first[0].outcome is Outcome.UNCERTAIN
    assert first[1].value.text == "2030-12-31T23:59:58Z"
    assert "for the service x" in first[1].why.text
    each = effective(caveats(b"services=a,b", b"a_valid_until=1", b"b_valid_until=1924991999"))
    assert [line.key for line in each] == [b"", b"a_valid_until", b"b_valid_until"]
    assert "the last of them" in each[0].why.text
    # The same caveats are not told twice.
    assert len(effective(caveats(b"exp=1", b"exp=2"))) == 1


def test_nothing_to_put_together() -> None:
    assert effective(caveats()) == ()
    assert effective(caveats(b"services=a", b"a_capabilities=", b"n_uses=1", b"n_uses<1")) == ()
    assert effective(caveats(b"exp=soon")) == ()


def test_many_numbers_are_counted() -> None:
    (line,) = effective(caveats(*[b"Realm = a"] * 20))
    assert line.why.text == "Caveats 1, 2, 3, 4, 5, 6, 7, 8 and 12 more say the same."


@pytest.mark.parametrize("second", [b"ab" * 32, b"cd" * 32])
def test_a_preimage_is_never_told(second: bytes) -> None:
    (line,) = effective(caveats(b"preimage=" + b"ab" * 32, b"preimage=" + second))
    assert line.kind is Kind.PREIMAGE
    for text in (line.value, line.why):
        assert b"abab" not in text.text.encode() + text.raw


# --- whatever comes -------------------------------------------------------------------------------

KEYS = st.sampled_from([*sorted({read(cid).key for cid, _, _ in WRITTEN}), b"x_valid_until"])
SIGNS = st.sampled_from([b"=", b" = ", b" ", b"<", b" > "])
VALUES = st.binary(max_size=40) | st.sampled_from(
    [b"1", b"1924991999", b"/v1", b"/v1/*", b"10.0.0.0/8", b"::/0", b"a,b", b"", b"9" * 20]
)
WHOLE = st.builds(lambda key, sign, value: key + sign + value, KEYS, SIGNS, VALUES)


@given(st.lists(WHOLE | st.binary(max_size=60), max_size=8))
def test_any_caveats(cids: list[bytes]) -> None:
    made = caveats(*cids)
    assert all(w.why.text.isprintable() for w in widenings(made))
    services(made)
    end = effective_expiry(made)
    for condition in conditions(made):
        found = expiry_of(condition) if condition is not None else None
        whole = found is not None and condition is not None and not condition.service
        assert not whole or (found and end is not None and end.at <= found.at)
        assert found is None or format_time(found.at).text
    lines = effective(made)
    told = [line for line in lines if line.kind is Kind.EXPIRY and not line.key]
    assert len(told) == (end is not None)
    for line in lines:
        assert line.value.text.isprintable()
        assert line.why.text.isprintable()


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=6))
def test_the_smallest_number_and_what_grows(numbers: list[int]) -> None:
    made = caveats(*(b"n_uses=%d" % number for number in numbers))
    (line,) = effective(made)
    assert line.value.text == str(min(numbers))
    grown = sum(later > earlier for earlier, later in pairwise(numbers))
    assert len(widenings(made)) == grown


def test_every_way_of_adding_up_is_used() -> None:
    used = {rule.together for rule in WORDS.values()}
    assert used == set(Together)

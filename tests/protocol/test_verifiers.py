"""What does each profile say about a caveat, and about a request with it?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from l402tui.protocol.macaroon import Caveat, Macaroon
from l402tui.protocol.verifiers import (
    PROFILES,
    Effect,
    Meaning,
    Prediction,
    Profile,
    Proof,
    Spacing,
    Target,
    predict,
)

NOW = 1_800_000_000.0
IGNORED, ENFORCED, BREAKS, UNKNOWN = (
    Effect.IGNORED,
    Effect.ENFORCED,
    Effect.BREAKS,
    Effect.UNKNOWN,
)
AT_NOON = Target(NOW, service=b"weather", method="GET", path="/weather/oslo", address="10.1.2.3")


def caveats(*words: bytes) -> tuple[Caveat, ...]:
    return Macaroon.mint(b"key", b"id", b"lsat", words).caveats


def predicted(name: str, words: Sequence[bytes], target: Target = AT_NOON) -> Prediction:
    return predict(PROFILES[name], caveats(*words), target)


ISSUED = b"services=weather:0"

# The verifier, the caveats before, the one that is added, what becomes of it, whether the request
# of AT_NOON would pass.
TABLE: list[tuple[str, tuple[bytes, ...], bytes, Effect, bool | None]] = [
    ("aperture", (ISSUED,), b"weather_capabilities=read", IGNORED, True),
    ("aperture", (ISSUED,), b"weather_valid_until=1", ENFORCED, False),
    ("aperture", (ISSUED,), b"weather_valid_until=1800000000", ENFORCED, False),
    ("aperture", (ISSUED,), b"weather_valid_until=1800000001", ENFORCED, True),
    ("aperture", (ISSUED,), b"weather_valid_until=tomorrow", ENFORCED, False),
    ("aperture", (ISSUED,), b"hour_valid_until=1", IGNORED, True),
    ("aperture", (ISSUED,), b"valid_until=1", IGNORED, True),
    ("aperture", (ISSUED,), b"services=weather:0", ENFORCED, True),
    ("aperture", (ISSUED,), b"services=weather:9", ENFORCED, True),
    ("aperture", (ISSUED,), b"services=hour:0", ENFORCED, False),
    ("aperture", (ISSUED,), b"services=weather:0,hour:0", ENFORCED, False),
    ("aperture", (ISSUED,), b"services=weather", ENFORCED, False),
    ("aperture", (ISSUED,), b"services=weather:x", ENFORCED, False),
    ("aperture", (ISSUED,), b"services=weather:0:0", ENFORCED, False),
    ("aperture", (ISSUED,), b"services=weather:0,", ENFORCED, False),
    ("aperture", (ISSUED,), b"services= weather:0", ENFORCED, False),
    ("aperture", (ISSUED,), b"services=weather:0, weather:0", ENFORCED, False),
    ("aperture", (), b"services=hour:0,weather:0", ENFORCED, True),
    ("aperture", (ISSUED,), b"weather_valid_until=+1900000000", ENFORCED, None),
    ("aperture", (ISSUED,), b"weather_valid_until=9223371974719179007", ENFORCED, True),
    ("aperture", (ISSUED,), b"weather_valid_until=9223371974719179008", ENFORCED, None),
    ("aperture", (ISSUED,), b"weather_valid_until= 1900000000", ENFORCED, False),
    ("aperture", (ISSUED,), b"method=POST", IGNORED, True),
    ("aperture", (ISSUED,), b"path=/nowhere", IGNORED, True),
    ("aperture", (ISSUED,), b"max_sats=1", IGNORED, True),
    ("aperture", (ISSUED,), b"weather_valid_until = 1", IGNORED, True),
    ("aperture", (ISSUED,), b"no condition at all", IGNORED, True),
    ("spec", (ISSUED,), b"weather_capabilities=read", ENFORCED, None),
    ("spec", (ISSUED,), b"hour_capabilities=read", IGNORED, True),
    ("spec", (ISSUED,), b"method=POST", IGNORED, True),
    ("lnd", (), b"time-before 2020-01-01T00:00:00Z", ENFORCED, False),
    ("lnd", (), b"time-before 2099-01-01T00:00:00Z", ENFORCED, True),
    ("lnd", (), b"time-before 2099-01-01T02:00:00.1234567890+02:00", ENFORCED, True),
    ("lnd", (), b"time-before 2099-01-01 00:00:00Z", ENFORCED, False),
    ("lnd", (), b"time-before 2099-01-01t00:00:00z", ENFORCED, False),
    ("lnd", (), b"time-before 2099-01-01T00:00:00", ENFORCED, False),
    ("lnd", (), b"time-before", BREAKS, False),
    ("lnd", (), b"ipaddr 10.1.2.3", ENFORCED, True),
    ("lnd", (), b"ipaddr 10.1.2.3,10.1.2.4", ENFORCED, False),
    ("lnd", (), b"ipaddr  10.1.2.3", ENFORCED, False),
    ("lnd", (), b"ipaddr ::ffff:10.1.2.3", ENFORCED, None),
    ("lnd", (), b"ipaddr 10.1.2.4", ENFORCED, False),
    ("lnd", (), b"iprange 10.1.0.0/16", ENFORCED, True),
    ("lnd", (), b"iprange 10.2.0.0/16", ENFORCED, False),
    ("lnd", (), b"iprange 10.1.2.3", ENFORCED, False),
    ("lnd", (), b"iprange 10.1.0.0/255.255.0.0", ENFORCED, False),
    ("lnd", (), b"iprange ::ffff:10.1.0.0/112", ENFORCED, None),
    ("lnd", (), b"iprange 2001:db8::/32", ENFORCED, False),
    ("lnd", (), b"lnd-custom shop anything", BREAKS, False),
    ("lnd", (), b"foo bar", BREAKS, False),
    ("lnd", (), b"foo", BREAKS, False),
    ("lnd", (), b"a = b", BREAKS, False),
    ("lnd", (), b" ipaddr 10.1.2.3", BREAKS, False),
    ("lnd", (), b"error whatever", BREAKS, False),
    ("lnd", (), b"declared user a=b", UNKNOWN, None),
    ("lnd", (), b"services=weather:0", BREAKS, False),
    ("boltwall", (), b"expiration=1800000000001", ENFORCED, False),
    ("boltwall", (), b"expiration=1800000001000", ENFORCED, True),
    ("boltwall", (), b"ip=10.1.2.4", ENFORCED, False),
    ("boltwall", (), b"route=/weather/oslo", ENFORCED, True),
    ("boltwall", (), b"route=/weather", ENFORCED, False),
    ("boltwall", (), b"method=POST", IGNORED, True),
    ("ngx-l402", (), b"RequestPath = /weather/oslo", ENFORCED, True),
    ("ngx-l402", (), b"RequestPath=/weather/oslo", BREAKS, False),
    ("ngx-l402", (), b"RequestMethod = POST", ENFORCED, False),
    ("ngx-l402", (), b"ExpiresAt = 1800000001", ENFORCED, True),
    ("ngx-l402", (), b"foo = bar", BREAKS, False),
    ("bolthub", (), b"path_prefix=/weather", ENFORCED, True),
    ("bolthub", (), b"path_prefix=/weath", ENFORCED, False),
    ("bolthub", (b"path_prefix=/weather",), b"path_prefix=/", ENFORCED, False),
    ("bolthub", (b"n_uses=3",), b"n_uses=4", ENFORCED, False),
    ("bolthub", (), b"n_uses=3", ENFORCED, None),
    ("bolthub", (), b"valid_until=1800000000000", ENFORCED, False),
    ("bolthub", (), b"foo=bar", UNKNOWN, None),
    ("paygate", (ISSUED,), b"path=/weather/*", ENFORCED, True),
    ("paygate", (ISSUED,), b"path=/other/**", ENFORCED, False),
    ("paygate", (b"path=/weather/*",), b"path=/**", ENFORCED, False),
    ("paygate", (ISSUED,), b"method=GET,POST", ENFORCED, True),
    ("paygate", (b"method=GET",), b"method=GET,POST", ENFORCED, False),
    ("paygate", (ISSUED,), b"client_ip=10.9.9.9,10.1.2.3", ENFORCED, True),
    ("paygate", (ISSUED,), b"foo=bar", IGNORED, True),
    ("fewsats", (), b"services=weather:0", BREAKS, False),
    ("blockbuster", (), b"expires_at=2020-01-01T00:00:00Z", IGNORED, True),
    ("plebai-l402", (), b"expiration=1", ENFORCED, False),
]


@pytest.mark.parametrize(("name", "before", "added", "effect", "passes"), TABLE)
def test_a_caveat_at_a_verifier(
    name: str, before: tuple[bytes, ...], added: bytes, effect: Effect, passes: bool | None
) -> None:
    found = predicted(name, (*before, added))
    last = found.verdicts[-1]
    assert (last.index, last.effect, found.passes) == (len(before), effect, passes)
    assert last.why.text


def test_the_reason_names_the_first_caveat_that_decides() -> None:
    found = predicted("aperture", (ISSUED, b"foo=bar", b"weather_valid_until=1", b"services=x"))
    assert found.passes is False
    assert found.why.text == "Caveat 3: It ended on 1970-01-01T00:00:01Z."


def test_what_would_widen_is_told() -> None:
    ends = (ISSUED, b"weather_valid_until=1900000000", b"weather_valid_until=1900000001")
    last = predicted("aperture", ends).verdicts[-1]
    assert last.widens is not None
    assert "later" in last.widens.text
    assert last.holds is False


def test_the_service_is_taken_from_a_token_that_names_one() -> None:
    anywhere = Target(NOW)
    ends = (ISSUED, b"weather_valid_until=1")
    assert predicted("aperture", ends, anywhere).passes is False
    assert predicted("aperture", ends, anywhere).target.service == b"weather"


def test_a_service_with_two_tiers_is_one_service() -> None:
    words = (b"services=weather:0,weather:1", b"weather_valid_until=1")
    assert predicted("aperture", words, Target(NOW)).target.service == b"weather"


def test_without_a_service_nothing_is_claimed() -> None:
    words = (b"services=weather:0,hour:0", b"hour_valid_until=1")
    found = predicted("aperture", words, Target(NOW))
    assert found.passes is None
    assert [each.effect for each in found.verdicts] == [ENFORCED, UNKNOWN]
    assert predicted("aperture", words, Target(NOW, b"weather")).passes is True
    assert predicted("aperture", words, Target(NOW, b"hour")).passes is False


def test_an_address_that_is_not_known_is_not_guessed() -> None:
    here = Target(NOW)
    assert predicted("lnd", [b"ipaddr 10.1.2.3"], here).passes is None
    assert predicted("lnd", [b"iprange 10.0.0.0/8"], here).passes is None


@pytest.mark.parametrize("value", [b"a b", b"10.0.0.0/99", b"10.0.0.0/8/8", b""])
def test_a_range_that_is_none_lets_nobody_in(value: bytes) -> None:
    assert predicted("lnd", [b"iprange " + value]).passes is False


def test_a_third_party_caveat_breaks_the_token_at_aperture() -> None:
    other = Caveat(b"question", b"v" * 72, b"there", 0, 0, 0)
    found = predict(PROFILES["aperture"], (*caveats(ISSUED), other), AT_NOON)
    assert found.passes is False
    assert found.verdicts[-1].effect is BREAKS


def test_a_token_that_cannot_be_narrowed_is_never_promised() -> None:
    for profile in PROFILES.values():
        if profile.attenuates:
            found = predict(profile, (), AT_NOON)
            assert found.passes is None
            assert found.why.text == profile.attenuates


def test_thousands_of_caveats() -> None:
    words = [b"weather_valid_until=%d" % (1_900_000_000 - number) for number in range(900)]
    found = predicted("aperture", (ISSUED, *words))
    assert found.passes is True
    assert len(found.having(ENFORCED)) == 901


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_every_profile_says_where_it_is_from_and_is_whole(profile: Profile) -> None:
    assert profile.source
    assert profile.title
    assert profile.proof is not Proof.WRITTEN
    for row in profile.rows:
        assert (row.meaning is not None) == (row.effect is ENFORCED), row
        if row.effect is IGNORED:
            assert row.why, "a person who relies on it should know why it does nothing"
    for pattern in profile.templates.values():
        sign = {Spacing.WORD: " ", Spacing.SPACED: " = "}.get(profile.spacing, "=")
        assert sign in pattern


def test_every_meaning_is_used_by_somebody() -> None:
    used = {row.meaning for profile in PROFILES.values() for row in profile.rows}
    assert used - {None} == set(Meaning)

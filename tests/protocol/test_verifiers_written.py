"""Is a person's own profile read as it is meant, and are its mistakes told?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.verifiers import (
    PROFILES,
    Effect,
    Meaning,
    NoWord,
    Profile,
    ProfileError,
    Proof,
    Repeat,
    Spacing,
    Template,
    Wish,
    read_profile,
    write,
    write_profile,
)

MINE = """
name = "my-gateway"
title = "the gateway of the weather shop"
source = "its manual"
unknown = "ignored"
bare = "breaks the token"
third_party = "breaks the token"
spacing = "key = value"
header_limit = 4096
notes = ["Ask its owner."]

[templates]
expiry = "ends = {date}"
uses = "n = {number}"

[[caveat]]
word = "ends"
effect = "enforced"
meaning = "an RFC 3339 date"
repeat = "may only narrow"
why = "seen in May"

[[caveat]]
word = "*_note"
effect = "ignored"
"""


def test_every_part_is_read() -> None:
    mine = read_profile(MINE, {})
    assert (mine.name, mine.title, mine.source) == (
        "my-gateway", "the gateway of the weather shop", "its manual",
    )  # fmt: skip
    assert mine.proof is Proof.WRITTEN
    assert (mine.unknown, mine.bare, mine.third_party) == (
        Effect.IGNORED, Effect.BREAKS, Effect.BREAKS,
    )  # fmt: skip
    assert (mine.spacing, mine.header_limit, mine.notes) == (
        Spacing.SPACED, 4096, ("Ask its owner.",),
    )  # fmt: skip
    ends, note = mine.rows
    assert (ends.word, ends.meaning, ends.repeat, ends.why) == (
        "ends", Meaning.DATE, Repeat.NARROWS, "seen in May",
    )  # fmt: skip
    assert (note.word, note.effect, note.meaning) == ("*_note", Effect.IGNORED, None)
    assert write(mine, Wish(Template.EXPIRY, number=1_900_000_000), ()) == (
        b"ends = 2030-03-17T17:46:40Z"
    )


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_what_is_written_is_read_again(profile: Profile) -> None:
    read = read_profile(write_profile(profile), {})
    assert replace(read, proof=profile.proof) == profile


def test_odd_text_survives_being_written() -> None:
    odd = replace(PROFILES["aperture"], name="odd", title='a "quoted" \\ title', notes=("é ☕",))
    assert read_profile(write_profile(odd), {}).title == 'a "quoted" \\ title'
    assert read_profile(write_profile(odd), {}).notes == ("é ☕",)


def test_a_correction_comes_before_what_it_corrects() -> None:
    mine = read_profile(
        'name = "mine"\nbased_on = "aperture"\n'
        '[[caveat]]\nword = "services"\neffect = "ignored"\nwhy = "it is so"\n',
        PROFILES,
    )
    assert mine.rows[0].effect is Effect.IGNORED
    assert mine.rows[1:] == PROFILES["aperture"].rows
    assert mine.templates == PROFILES["aperture"].templates
    assert mine.proof is Proof.WRITTEN


def test_what_is_shown_of_it_moves_no_terminal() -> None:
    mine = read_profile('name = "mine"\ntitle = "\\u001b[31mred\\u202e"\n', {})
    assert "\x1b" not in mine.title
    assert "\u202e" not in mine.title


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "no TOML"),
        ("", "name must be"),
        ('name = "Mine"', "name must be"),
        ('name = "../mine"', "name must be"),
        ('name = "mine"\ncolour = "red"', "no colour here"),
        ('name = "mine"\nunknown = "skipped"', "unknown must be one of: enforced, ignored"),
        ('name = "mine"\nspacing = "k=v"', "spacing must be one of"),
        ('name = "mine"\ntitle = 3', "title must be text"),
        ('name = "mine"\nheader_limit = 0', "positive"),
        ('name = "mine"\nheader_limit = true', "positive"),
        ('name = "mine"\nnotes = "one"', "list of texts"),
        ('name = "mine"\nbased_on = "nobody"', "no profile nobody"),
        ('name = "mine"\ntemplates = 1', "templates must be a table"),
        ('name = "mine"\n[templates]\nlunch = "x"', "no lunch in [templates]"),
        ('name = "mine"\n[templates]\nexpiry = "{moment}"', "no part moment"),
        ('name = "mine"\n[templates]\nexpiry = "{seconds"', "brace too many"),
        ('name = "mine"\n[caveat]\nword = "a"', "[[caveat]] must come"),
        ('name = "mine"\n[[caveat]]\neffect = "ignored"', "needs a word"),
        ('name = "mine"\n[[caveat]]\nword = "a"\neffect = "enforced"', "needs a meaning"),
        ('name = "mine"\n[[caveat]]\nword = "a"\nunit = "s"', "no unit in [[caveat]]"),
        ('name = "mine"\n' + "#" * 70_000, "64 KiB"),
        ("header_limit = " + "9" * 5_000, "no TOML"),
        ("a = " + "[" * 5_000, "no TOML"),
    ],
)
def test_a_mistake_is_told_with_the_cure(text: str, words: str) -> None:
    with pytest.raises(ProfileError) as error:
        read_profile(text, PROFILES)
    assert words in error.value.why.text


# --- wishes ---------------------------------------------------------------------------------------

ONE = (Caveat(b"services=weather:0", None, None, 0, 0, 0),)
TWO = (Caveat(b"services=weather:1,hour", None, None, 0, 0, 0),)
APERTURE = PROFILES["aperture"]


def test_services_keep_the_tiers_of_the_token() -> None:
    assert write(APERTURE, Wish(Template.SERVICES, "weather"), TWO) == b"services=weather:1"
    assert write(APERTURE, Wish(Template.SERVICES, "hour, weather"), TWO) == (
        b"services=hour,weather:1"
    )
    assert write(APERTURE, Wish(Template.SERVICES, "any"), ()) == b"services=any:0"


def test_a_tier_that_is_no_text_goes_back_as_it_was() -> None:
    odd = (Caveat(b"services=weather:\xff", None, None, 0, 0, 0),)
    assert write(APERTURE, Wish(Template.SERVICES, "weather"), odd) == b"services=weather:\xff"


def test_the_service_of_an_end() -> None:
    wish = Wish(Template.EXPIRY, number=5)
    assert write(APERTURE, wish, ONE) == b"weather_valid_until=5"
    assert write(APERTURE, wish, TWO, b"hour") == b"hour_valid_until=5"


@pytest.mark.parametrize(
    ("wish", "caveats", "words"),
    [
        (Wish(Template.EXPIRY, number=0), ONE, "positive"),
        (Wish(Template.EXPIRY, number=5), TWO, "several: weather, hour"),
        (Wish(Template.EXPIRY, number=5), (), "names none"),
        (Wish(Template.SERVICES, ""), ONE, "one at least"),
        (Wish(Template.SERVICES, "gold"), ONE, "does not open gold"),
        (Wish(Template.METHOD, "GET"), ONE, "no caveat for methods"),
    ],
)
def test_a_wish_that_cannot_be_written(wish: Wish, caveats: tuple[Caveat, ...], words: str) -> None:
    with pytest.raises(NoWord) as error:
        write(APERTURE, wish, caveats)
    assert words in error.value.why.text


@pytest.mark.parametrize(
    ("name", "wish", "words"),
    [
        ("bolthub", Wish(Template.PATH, "weather"), "begins with a slash"),
        ("bolthub", Wish(Template.METHOD, "GET /"), "one word of letters"),
        ("bolthub", Wish(Template.USES, number=-1), "positive"),
        ("lnd", Wish(Template.ADDRESS, "localhost"), "no IP address"),
    ],
)
def test_a_wish_that_means_nothing(name: str, wish: Wish, words: str) -> None:
    with pytest.raises(NoWord) as error:
        write(PROFILES[name], wish, ())
    assert words in error.value.why.text

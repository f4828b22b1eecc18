"""Nothing from outside does anything on a screen."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.text import Shown, say, shown


@given(st.binary(max_size=400) | st.text(max_size=400))
def test_only_printable_characters_come_out(raw: bytes | str) -> None:
    text = shown(raw).text
    for char in text:
        assert char.isprintable(), f"U+{ord(char):04X}"
        assert unicodedata.bidirectional(char) not in {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI"}


@given(st.binary(max_size=400))
def test_the_raw_bytes_are_kept_whole(raw: bytes) -> None:
    assert shown(raw, limit=10).raw == raw


@given(st.text(max_size=50))
def test_what_is_shown_stays_the_same_when_it_is_shown_again(text: str) -> None:
    once = shown(text).text
    assert shown(once, limit=10_000).text == once


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"\x1b]0;x\x07", "\\x1b]0;x\\x07"),
        (b"\xc2\x9b31m", "\\x9b31m"),
        (b"\x9b31m", "\\x9b31m"),
        ("\u202etas", "‹U+202E›tas"),
        ("a\u200bb\u200dc", "a‹U+200B›b‹U+200D›c"),
        ("a\u00a0b\u3000c", "a\\xa0b‹U+3000›c"),
        ("a\r\nb\tc\x00", "a\\x0d\\x0ab\\x09c\\x00"),
        ("\U000e0041", "‹U+E0041›"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("été 日本", "été 日本"),
    ],
)
def test_each_trick_is_visible(raw: bytes | str, text: str) -> None:
    assert shown(raw).text == text


INVISIBLE = (
    *range(0xE0100, 0xE01F0), *range(0xE0000, 0xE0080), *range(0xFE00, 0xFE10),
    *(0x16FE4, 0x1D159, 0xFFFC, 0x13441, 0x13442, 0xAD, 0x34F, 0x61C, 0x3164, 0x1BCA0, 0x1D173),
)  # fmt: skip
"""What Unicode lets a screen leave out, and signs that are drawn as nothing."""


@pytest.mark.parametrize("code", INVISIBLE)
def test_what_cannot_be_seen_is_written_out(code: int) -> None:
    char = chr(code)
    assert char not in shown(f"a{char}b").text
    assert char not in say(f"a{char}b").text


def test_a_pile_of_marks_does_not_climb() -> None:
    text = shown("e" + "\u0301" * 50).text
    assert text.count("\u0301") == 2
    assert text.count("‹U+0301›") == 48


@pytest.mark.parametrize("pile", ["\u093f", "\u1161", "\ud7cb", "\u0301\u0903", "\u1161\u11ab"])
def test_a_pile_of_what_is_drawn_beside_a_letter_ends(pile: str) -> None:
    text = shown("a" + pile * 30).text
    assert sum(text.count(char) for char in set(pile)) == 3


def test_words_of_many_scripts_stay_as_they_are() -> None:
    for word in ("बड़ीं", "பொழுது", "น้ำ", "ᄒ\u1161\u11ab", "한국", "Việt", "e\u0301\u0323", "😀"):
        assert shown(word).text == word


@pytest.mark.parametrize("char", ["\U0001f1f3", "\U0001f3fd"])
def test_what_terminals_give_different_room_is_written_out(char: str) -> None:
    assert shown(f"a{char}b").text == f"a‹U+{ord(char):04X}›b"


def test_what_is_cut_is_counted() -> None:
    long = shown("x" * 250)
    assert long.cut == 50
    assert long.text == "x" * 200 + "… +50"


def test_say_inserts_values_and_never_reads_them_as_templates() -> None:
    assert say("{} and {name}", shown("{0}"), name=shown("{name}")).text == "{0} and {name}"
    assert say("a brace { alone").text == "a brace { alone"


def test_shown_is_no_str() -> None:
    assert not isinstance(Shown("x"), str)

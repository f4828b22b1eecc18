"""The oracle sees what it is there for: each payload, when somebody lets it through."""

from __future__ import annotations

import pytest
from textual.content import Content

from .leaking import BY_WIDGET, DIRECTLY, HARMLESS, MARKUP
from .oracle import Foreign, Part, judge, kinds_of, mark, parts, read
from .payloads import PAYLOADS, Effect, Payload
from .terminal import capture

_SIZE = (80, 24)
_FOR_TERMINALS = (Effect.CONTROL, Effect.SEQUENCE, Effect.INVISIBLE, Effect.BROKEN)
_DROPPED = (b"\a", b"\b", b"\v", b"\f", b"\r")
"""What Textual itself takes out of a line."""


@pytest.fixture(scope="module")
def leaked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[int]]:
    """For each way of leaking, the payloads about which the oracle complains."""
    home = tmp_path_factory.mktemp("leaks")
    code, written = capture(["-m", "tests.screen.leaking"], home, _SIZE)
    assert code == 0, written[-3_000:]
    found = parts(written)
    ours = kinds_of(
        piece for part in found if part.name in ("begin", HARMLESS) for piece in part.pieces
    )
    # Seen with the eyes of the explorer's run, in which a page is drawn and the bell may ring.
    ours |= {"C0 0a", "C0 0d", "C0 07", "CSI position H", "SGR 0"}
    told: dict[str, set[int]] = {BY_WIDGET: set(), DIRECTLY: set(), MARKUP: set()}
    for part in found:
        way, _, number = part.name.partition(";")
        if number and judge([part], ours, PAYLOADS, _SIZE).foreign:
            told[way].add(int(number))
    return told


def _numbers(*effects: Effect) -> set[int]:
    return {payload.number for payload in PAYLOADS if payload.effect in effects}


def test_every_payload_that_is_written_is_seen(leaked: dict[str, set[int]]) -> None:
    missed = _numbers(*_FOR_TERMINALS) - leaked[DIRECTLY]
    assert not missed, [PAYLOADS[number].name for number in missed]


def test_every_payload_that_a_widget_draws_is_seen(leaked: dict[str, set[int]]) -> None:
    drawn = {
        number
        for number in _numbers(Effect.SEQUENCE, Effect.CONTROL, Effect.INVISIBLE)
        if not any(dropped in PAYLOADS[number].core for dropped in (*_DROPPED, b"\n"))
    }
    missed = drawn - leaked[BY_WIDGET]
    assert len(drawn) > 250
    assert not missed, [PAYLOADS[number].name for number in missed]


def test_markup_that_a_widget_obeys_is_seen(leaked: dict[str, set[int]]) -> None:
    obeyed = {number for number in _numbers(Effect.MARKUP) if _obeyed(PAYLOADS[number])}
    assert len(obeyed) > 15
    assert obeyed <= leaked[MARKUP]


def _obeyed(payload: Payload) -> bool:
    try:
        return Content.from_markup(payload.text).plain != payload.text
    except Exception:
        return False


def test_harmless_text_is_not_complained_about(leaked: dict[str, set[int]]) -> None:
    assert not _numbers(Effect.WIDE, Effect.ELSEWHERE) & leaked[BY_WIDGET]


@pytest.mark.parametrize(
    ("raw", "kinds"),
    [
        (b"plain \xe6\xb0\xb4\xc3\xa9", [""] * 3),
        (b"\x1b[1;31m", ["SGR 1;31"]),
        (b"\x1b[38;2;1;2;3;1m", ["SGR 38#;1"]),
        (b"\x1b[3;7H", ["CSI position H"]),
        (b"\x1b[?1049h\x1b[>1u", ["CSI ?1049h", "CSI >1u"]),
        (b"\x1b]0;a\x07b", ["OSC 0;a", ""]),
        (b"\x1b]8;;x\x1b\\b", ["OSC 8;;x", ""]),
        (b"\x1bPq\x1b\\\x1b_G\x1b\\\x1b^x\x1b\\\x1bXx\x1b\\", ["DCS q", "APC G", "PM x", "SOS x"]),
        (b"\x1b(0\x1b%@\x1bc", ["ESC (0", "ESC %@", "ESC c"]),
        (b"\xc2\x9b31m", ["C1 9b", ""]),
        (b"\x9b\xc0\xaf", ["no UTF-8: 9b", "no UTF-8: c0", "no UTF-8: af"]),
        (b"\xed\xa0\x80", ["no UTF-8: ed", "no UTF-8: a0", "no UTF-8: 80"]),
        (b"\xe2\x80\xae\xe2\x80\x8b", ["hidden U+202E", "hidden U+200B"]),
        (b"\a\r\n\x00\x7f", ["C0 07", "C0 0d", "C0 0a", "C0 00", "C0 7f"]),
        (b"\x1b]0;never ends", ["OSC cut", ""]),
        (b"\x1b[", ["CSI cut"]),
        (b"\x1b", ["ESC cut"]),
    ],
)  # fmt: skip
def test_a_stream_is_taken_apart(raw: bytes, kinds: list[str]) -> None:
    pieces = list(read(raw))
    assert [piece.kind for piece in pieces] == kinds
    assert b"".join(piece.raw for piece in pieces) == raw


def test_parts_are_cut_at_the_marks() -> None:
    found = parts(b"a" + mark("one;2").encode() + b"b\x1b[0m" + mark("end").encode())
    assert [(part.name, part.raw) for part in found] == [
        ("begin", b"a"), ("one;2", b"b\x1b[0m"), ("end", b""),
    ]  # fmt: skip
    assert found[1].text == "b"


def _judged(raw: bytes) -> list[Foreign]:
    part = Part("here", raw, list(read(raw)))
    return judge([part], {"CSI position H", "SGR 0", "C0 0a", "C0 0d"}, PAYLOADS, _SIZE).foreign


def test_a_position_outside_of_the_screen_is_not_ours() -> None:
    assert _judged(b"\x1b[24;80H") == []
    assert _judged(b"\x1b[25;1H")[0].why.startswith("position")
    assert _judged(b"\x1b[1;81H")[0].why.startswith("position")


def test_our_own_kinds_of_sequence_are_no_hiding_place() -> None:
    reset = next(one for one in PAYLOADS if one.core == b"\x1b[0m")
    line = next(one for one in PAYLOADS if one.core == b"\n")
    assert [one.payload for one in _judged(reset.raw)] == [reset.number]
    assert [one.payload for one in _judged(line.raw.replace(b"\n", b"\r\n"))] == [line.number]
    assert _judged(reset.before.encode() + b"\x1b[0m") == []  # cut there, and ours

"""Which texts would do something, if they reached a screen as they are?

Every control byte, every family of escape sequences in its 7-bit and 8-bit spelling, characters
that hide or turn other ones, broken UTF-8, the markup of Textual and Rich, and what a notebook or a
spreadsheet would take for code. Each stands between two words of its own (``z017_`` and
``_y017``), so that whatever reaches the screen can be traced back to its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final

__all__ = ["BENIGN", "PAYLOADS", "Effect", "Payload", "batches"]


class Effect(Enum):
    """What it would do on a terminal, were it written as it is."""

    CONTROL = "a control character"
    SEQUENCE = "an escape sequence"
    INVISIBLE = "a character that cannot be seen"
    BROKEN = "bytes that are no UTF-8"
    MARKUP = "markup that is obeyed"
    WIDE = "cells that may be counted wrongly"
    ELSEWHERE = "nothing here: it is meant for a notebook or a spreadsheet"


@dataclass(frozen=True)
class Payload:
    """One hostile text."""

    number: int
    name: str
    effect: Effect
    core: bytes
    """What is hostile about it, as a server would send it."""

    @property
    def before(self) -> str:
        """The word in front of it."""
        return f"z{self.number:03}_"

    @property
    def after(self) -> str:
        """The word behind it."""
        return f"_y{self.number:03}"

    @cached_property
    def raw(self) -> bytes:
        """The whole text."""
        return self.before.encode() + self.core + self.after.encode()

    @cached_property
    def text(self) -> str:
        """The same where Python has made a string of it."""
        return self.raw.decode("utf-8", "surrogateescape")


def batches(payloads: Sequence[Payload], size: int) -> Iterator[Sequence[Payload]]:
    """So many at a time."""
    for start in range(0, len(payloads), size):
        yield payloads[start : start + size]


_Row = tuple[str, Effect, bytes]

# Numbers that no program of ours would use: a sequence with one of them is not ours.
_FAR: Final = 7_000

_CSI: Final = (
    ("cursor up", "{n}A"), ("cursor home", "{n};{n}H"), ("cursor column", "{n}G"),
    ("cursor row", "{n}d"), ("erase screen", "2J"), ("erase scrollback", "3J"),
    ("erase line", "2K"), ("insert lines", "{n}L"), ("delete characters", "{n}P"),
    ("scroll up", "{n}S"), ("repeat", "{n}b"), ("scroll region", "2;5r"),
    ("save cursor", "s"), ("restore cursor", "u"), ("red", "31m"), ("hidden", "8m"),
    ("true colour", "38;2;1;2;3m"), ("reset colours", "0m"),
    ("device attributes", "c"), ("secondary attributes", ">c"), ("tertiary attributes", "=c"),
    ("status report", "5n"), ("cursor report", "6n"), ("extended cursor report", "?6n"),
    ("title report", "21t"), ("icon report", "20t"), ("size report", "18t"), ("iconify", "2t"),
    ("mode report", "?2026$p"), ("terminal name", ">q"), ("checksum", "1;1;1;1;9;9*y"),
    ("mouse on", "?1003h"), ("mouse off", "?1000l"), ("pixel mouse", "?1016h"),
    ("bracketed paste off", "?2004l"), ("focus reports", "?1004h"),
    ("alternate screen", "?1049h"), ("main screen", "?1049l"), ("cursor hidden", "?25l"),
    ("reverse screen", "?5h"), ("wrap off", "?7l"), ("columns", "?3h"), ("insert mode", "4h"),
    ("keyboard protocol", ">31u"), ("soft reset", "!p"), ("cursor shape", "5 q"),
)  # fmt: skip
_OSC: Final = (
    ("title and icon", "0;{w}"), ("icon", "1;{w}"), ("title", "2;{w}"),
    ("folder", "7;file:///{w}"), ("link", "8;;https://evil.example/{w}"),
    ("link end", "8;;"), ("notification", "9;{w}"), ("foreground query", "10;?"),
    ("background query", "11;?"), ("palette query", "4;1;?"), ("palette", "4;1;rgb:ff/00/00"),
    ("pointer", "22;wait"), ("font", "50;{w}"), ("clipboard", "52;c;b3duZWQ="),
    ("clipboard query", "52;c;?"), ("prompt mark", "133;A"), ("notify", "777;notify;{w};{w}"),
    ("file", "1337;File=name=eA==;inline=1:eA=="),
)  # fmt: skip
_STRINGS: Final = (
    ("device control: settings", "P", "$q\"p"), ("device control: capability", "P", "+q544e"),
    ("device control: sixel", "P", "q#0;2;0;0;0~"),
    ("device control: tmux", "P", "tmux;\x1b\x1b]0;x\x07"),
    ("device control: keys", "P", "0;1|17/6c73"),
    ("application: picture", "_", "Ga=T,f=24;AAAA"), ("application: query", "_", "Ga=q,i=31;AAAA"),
    ("privacy message", "^", "{w}"), ("string", "X", "{w}"), ("tmux title", "k", "{w}"),
)  # fmt: skip
_INVISIBLE: Final = (
    "\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
    "\u2066", "\u2067", "\u2068", "\u2069",
    "\u00ad", "\u034f", "\u115f", "\u1160", "\u17b4", "\u180e", "\u200b", "\u200c", "\u200d",
    "\u2028", "\u2029", "\u2060", "\u2061", "\u2063", "\u206a", "\u206f", "\u2800", "\u3164",
    "\ufeff", "\uffa0", "\ufff9", "\ufffb", "\ufffc", "\U0001d173", "\U00013430",
    "\u00a0", "\u2003", "\u202f", "\u3000",
    "\ufe00", "\ufe0e", "\ufe0f", "\U000e0100", "\U000e01ef",
    "\U000e0001", "\U000e0041", "\U000e007f", "\ue000", "\U0010fffd", "\ufdd0", "\U0001ffff",
)  # fmt: skip
_FLOODS: Final = (
    ("marks", "a" + "\u0301" * 40), ("marks below", "a" + "\u0323" * 40),
    ("marks of many kinds", "e" + "\u0300\u0316\u0334\u20dd\u0489" * 8),
    ("marks on a blank", " " + "\u0338" * 30), ("enclosing", "o" + "\u20e3" * 9),
    ("spacing marks", "\u0915" + "\u093f" * 30), ("in turn", "a" + "\u0301\u0903" * 20),
    ("joined vowels", "\u1112" + "\u1161" * 30),
)  # fmt: skip
_BROKEN: Final = (
    ("continuation alone", b"\xbf"), ("no such byte", b"\xff"), ("no such byte", b"\xfe"),
    ("first of two alone", b"\xc3"), ("first of three alone", b"\xe2\x80"),
    ("overlong slash", b"\xc0\xaf"), ("overlong escape", b"\xc0\x9b"),
    ("overlong escape, three", b"\xe0\x80\x9b"), ("overlong escape, four", b"\xf0\x80\x80\x9b"),
    ("overlong NUL", b"\xc0\x80"), ("surrogate", b"\xed\xa0\x80"),
    ("surrogate pair", b"\xed\xa0\xbd\xed\xb8\x80"), ("surrogate, low", b"\xed\xb0\x80"),
    ("beyond Unicode", b"\xf4\x90\x80\x80"), ("five bytes", b"\xf8\x88\x80\x80\x80"),
    ("cut, then an escape", b"\xe2\x80\x1b[31m"), ("cut, then C1", b"\xf0\x9f\x9b[31m"),
)  # fmt: skip
_TRICKS: Final = (
    ("overwritten line", "\rPaid: 1 sat"), ("line and return", "\r\nPaid: 1 sat"),
    ("new line", "\nApproved"), ("rubbed out", "evil\b\b\b\bgood"), ("tab", "\t\t\tok"),
    ("form feed", "\fPaid"), ("vertical tab", "\vPaid"), ("index", "\x84Paid"),
    ("next line", "\x85Paid"), ("bell", "\a\a\a"), ("shift out", "\x0e{w}\x0f"),
    ("enquiry", "\x05"), ("reset", "\x1bc"), ("line drawing", "\x1b(0lqqk"),
    ("UTF-8 off", "\x1b%@"), ("screen test", "\x1b#8"), ("keypad", "\x1b="),
    ("reverse index", "\x1bM"), ("save", "\x1b7"), ("cut sequence", "\x1b["),
    ("cut string", "\x1b]0;"), ("escape twice", "\x1b\x1b[31m"),
)  # fmt: skip
_MARKUP: Final = (
    "[@click=app.leave]", "[@click=app.do('leave')]", "[@click='app.leave']", "[@click=app.quit]",
    "[@click=screen.dismiss]", "[@click=app.bell]x[/]", "[@hover=app.leave]", "[b]", "[/]", "[/b]",
    "[bold red]", "[red on white]", "[reverse]", "[blink]", "[link=https://evil.example]",
    "[link='https://evil.example/']x[/link]", "[conceal]", "[$error]", "[on $error 50%]",
    "[not bold]", "[#ff0000]", "[rgb(1,2,3)]", "[bold]x[/bold]", "[\\[bold]", "\\[bold]",
    "[[bold]]",
    "[", "]", "[/", "[]", "[[", "[=", "[type=x, v={'a[0]'}]", "[b", "\\", "[bold]\\", "\\\\[b]",
    "[@click=", "[']", "[\"x]", "[a=[b=]c]", "$variable [$x]", ":warning:", ":smile:", ":link:",
)  # fmt: skip
_WIDE: Final = (
    "\U0001f600", "\U0001f468\U0001f469", "\U0001f1f3\U0001f1f4", "\U0001f1f3",
    "\u6c34\u6c34\u6c34",
    "\uff21\uff22", "\U0001f44d\U0001f3fd", "\u26a1", "\u2714 Approved 1 sat", "\u2588\u2588\u2588",
    "\U0001f9d1\u200d\U0001f680", "\ud55c\uae00", "\u0e01\u0e33", "\u1112\u1161\u11ab",
)  # fmt: skip
_ELSEWHERE: Final = (
    "<script>alert(1)</script>", "<ScRiPt src=//evil.example/x>", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<svg><use href='#x'/></svg>",
    "<a href=\"javascript:alert(1)\">x</a>", "<iframe srcdoc='<script>1</script>'>",
    "<details open ontoggle=alert(1)>", "</details></div></span>", "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)", "\"><b>", "--><script>1</script>", "]]><script>1</script>",
    "<style>@import '//evil.example'</style>", "<link rel=stylesheet href=//evil.example>",
    "<base href=//evil.example>", "<meta http-equiv=refresh content=0>", "&lt;b&gt;", "&#60;b&#62;",
    "&#x1b;[31m", "<math><mtext></mtext></math>", "<template><b>", "<!--", "<?xml", "<![CDATA[",
    "![x](https://evil.example/x.png)", "[x](javascript:alert(1))", "<https://evil.example>",
    "# heading", "```\ncode", "| a | b |", "$$\\href{javascript:alert(1)}{x}$$",
    "\\(\\unicode{x1b}\\)",
    "$\\require{action}$", "\\input{/etc/passwd}", "=cmd|' /C calc'!A0", "+1+cmd|x", "-2+3",
    "@SUM(1)", "=HYPERLINK(\"//evil.example\")", "%s%n", "{0.__class__}", "{}", "${HOME}",
    "$(id)", "`id`", "'; DROP TABLE intents; --", "\\u001b[31m", "\\x1b[31m", "%1b[31m",
)  # fmt: skip


def _rows() -> Iterator[_Row]:
    for code in (*range(0x20), 0x7F):
        yield f"byte {code:02x}", Effect.CONTROL, bytes([code])
    for code in range(0x80, 0xA0):
        yield f"C1 {code:02x}", Effect.CONTROL, chr(code).encode()
    for code in range(0x80, 0xA0):
        yield f"C1 {code:02x} as a byte", Effect.BROKEN, bytes([code])
    for code in range(0x40, 0x60):
        yield f"C1 {code + 0x40:02x} as ESC", Effect.SEQUENCE, bytes([0x1B, code])
    yield from _sequences()
    for char in _INVISIBLE:
        yield f"U+{ord(char):04X}", Effect.INVISIBLE, char.encode()
    for name, text in _FLOODS:
        yield f"flood: {name}", Effect.INVISIBLE, text.encode()
    for name, data in _BROKEN:
        yield f"UTF-8: {name}", Effect.BROKEN, data
    for name, text in _TRICKS:
        yield f"trick: {name}", Effect.CONTROL, text.encode()
    for text in _MARKUP:
        yield f"markup {text}", Effect.MARKUP, text.encode()
    for text in _WIDE:
        hidden = re.search("[\u200d\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]", text)
        yield f"wide {text}", Effect.INVISIBLE if hidden else Effect.WIDE, text.encode()
    for text in _ELSEWHERE:
        effect = Effect.CONTROL if "\n" in text else Effect.ELSEWHERE
        yield f"elsewhere {text}", effect, text.encode()


def _sequences() -> Iterator[_Row]:
    """Both spellings of each: ESC and a letter, or one character above 0x7f."""
    for name, body in _CSI:
        for intro in ("\x1b[", "\x9b"):
            yield f"CSI {name}", Effect.SEQUENCE, (intro + body.format(n=_FAR)).encode()
    for name, body in _OSC:
        for intro, end in (("\x1b]", "\a"), ("\x1b]", "\x1b\\"), ("\x9d", "\x9c")):
            text = intro + body.format(w="owned") + end
            yield f"OSC {name}", Effect.SEQUENCE, text.encode()
    for name, letter, body in _STRINGS:
        inside = body.format(w="owned")
        yield name, Effect.SEQUENCE, f"\x1b{letter}{inside}\x1b\\".encode()
        if letter != "k":
            short = chr(ord(letter) + 0x40)
            yield f"{name}, 8 bits", Effect.SEQUENCE, f"{short}{inside}\x9c".encode()


PAYLOADS: Final[tuple[Payload, ...]] = tuple(
    Payload(number, name, effect, core) for number, (name, effect, core) in enumerate(_rows())
)
"""The table."""

BENIGN: Final[tuple[Payload, ...]] = tuple(
    Payload(payload.number, "harmless", Effect.ELSEWHERE, b"seven words") for payload in PAYLOADS
)
"""As many, with nothing hostile about them: what is written for these is our own."""

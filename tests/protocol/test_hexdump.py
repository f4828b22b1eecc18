"""Does the dump show every byte, name what begins where, and keep secrets?"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.ascii_text import in_ascii
from l402tui.protocol.dissect import dissect, dissect_macaroon, dissect_message
from l402tui.protocol.hexdump import buffers_of, hexdump, masked_bytes
from l402tui.protocol.outline import outline
from l402tui.protocol.text import say, shown
from l402tui.protocol.tree import Buffer, Node, Span
from tests.protocol.tokens import INVOICE, PREIMAGE, TOKEN

PAID = f"L402 {TOKEN.text}:{PREIMAGE.hex()}"
ROW = re.compile(r"([0-9a-f]{4,})  ((?:(?:[0-9a-f]{2}|··|\*\*) {1,2})+) *(.*)")


def field(label: str, buffer: Buffer, start: int, end: int, *children: Node) -> Node:
    return Node(shown(label), span=Span(buffer, start, end), children=children)


def secret(label: str, buffer: Buffer, start: int, end: int, *children: Node) -> Node:
    return Node(shown(label), span=Span(buffer, start, end), children=children, secret=True)


def cells(rows: list[str]) -> str:
    """The hex of all rows."""
    return "".join(m[2] for row in rows if (m := ROW.fullmatch(row))).replace(" ", "")


def test_the_classic_rows() -> None:
    buffer = Buffer(say("some bytes"), bytes(range(0x3A, 0x3A + 20)) + b"\x00\xff")
    tree = field("all", buffer, 0, 22, field("one", buffer, 0, 3), field("two", buffer, 17, 18))
    assert list(hexdump(tree)) == [
        "",
        "some bytes, 22 bytes",
        "0000  3a 3b 3c 3d 3e 3f 40 41  42 43 44 45 46 47 48 49  :;<=>?@ABCDEFGHI  one",
        "0010  4a 4b 4c 4d 00 ff                                 JKLM..            two",
    ]
    assert list(hexdump(tree, width=80))[2:4] == [
        "0000  3a 3b 3c 3d 3e 3f 40 41  :;<=>?@A  one",
        "0008  42 43 44 45 46 47 48 49  BCDEFGHI",
    ]


def test_names_that_have_no_room_are_counted() -> None:
    buffer = Buffer(say("x"), bytes(16))
    fields = [field(f"field-number-{number}", buffer, number, number + 1) for number in range(4)]
    rows = list(hexdump(field("all", buffer, 0, 16, *fields)))
    assert rows[2].endswith("................  field-number-0 +3")
    long = field("all", buffer, 0, 16, field("n" * 60, buffer, 0, 1), fields[3])
    for width in (80, 100, 120):
        row = list(hexdump(long, width=width))[2]
        assert len(row) <= width
        assert row.endswith("n… +1")


def test_a_byte_is_masked_where_its_deepest_field_is_secret() -> None:
    buffer = Buffer(say("x"), b"abcdefgh", secret=True)
    tree = secret("all", buffer, 0, 6, field("open", buffer, 0, 4, secret("shut", buffer, 1, 2)))
    assert masked_bytes(buffer, list(tree.walk())) == bytes([0, 1, 0, 0, 1, 1, 1, 1])
    assert "61 ·· 63 64 ·· ·· ·· ··" in list(hexdump(tree))[2]
    assert "a·cd····" in list(hexdump(tree))[2]
    assert "61 ** 63 64 ** ** ** **" in list(hexdump(tree, ascii_only=True))[2]
    assert "61 62 63 64 65 66 67 68" in list(hexdump(tree, reveal=True))[2]


def test_rows_that_are_all_secret_are_drawn_once() -> None:
    buffer = Buffer(say("x"), bytes(90), secret=True)
    rows = list(hexdump(field("begin", buffer, 0, 2, field("x", buffer, 64, 65))))
    assert [row[:4] for row in rows[2:]] == ["0000", "0010", "*", "0040", "0050"]


def test_two_buffers_of_one_name() -> None:
    buffers = [Buffer(say("x"), b"a"), Buffer(say("x"), b"ab")]
    tree = Node(say("all"), children=tuple(field("f", b, 0, 1) for b in buffers))
    assert [row for row in hexdump(tree) if row.startswith("x")] == ["x, 1 byte", "x (2), 2 bytes"]


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [80, 100, 120])
def test_nothing_secret_is_in_it(width: int, ascii_only: bool) -> None:
    request = dissect_message(b"GET / HTTP/1.1", [(b"Authorization", PAID.encode())], b"")
    inside = dissect(f"preimage: {PREIMAGE.hex()} and {PAID}")
    for tree in (dissect(PAID), request, dissect(PREIMAGE.hex()), inside):
        rows = list(hexdump(tree, width=width, ascii_only=ascii_only))
        assert all(len(row) <= width for row in rows)
        dumped = cells(rows)
        for hidden in (PREIMAGE.hex().encode(), TOKEN.text.encode(), TOKEN.macaroon.signature):
            assert hidden[:12].hex() not in dumped
        told = cells(list(hexdump(tree, width=width, reveal=True)))
        assert PREIMAGE.hex().encode().hex() in told


def test_every_byte_is_in_it() -> None:
    for tree in (dissect(INVOICE), dissect_macaroon(TOKEN)):
        for width in (80, 120):
            text = cells(list(hexdump(tree, width=width)))
            assert text == "".join(buffer.data.hex() for buffer in buffers_of(tree))


# --- ASCII ---------------------------------------------------------------------------------------


def test_our_words_and_others_words_in_ascii() -> None:
    assert in_ascii(say("‹hidden: {} bytes›… “so” – no → 2 × 3", 3)) == (
        '<hidden: 3 bytes>... "so" - no -> 2 x 3'
    )
    assert in_ascii(shown("é…☕\x1b‹x›")) == "<U+00E9><U+2026><U+2615>\\x1b<U+2039>x<U+203A>"
    assert in_ascii(shown(b"\xff\xc3\xa9")) == "\\xff<U+00E9>"
    assert in_ascii(shown("é" * 9, 2)) == "<U+00E9><U+00E9>... +7"
    assert in_ascii(say("{}!", shown("é"))) == "<U+00E9>!"
    assert in_ascii(shown("plain")) == "plain"


@given(st.text(max_size=30) | st.binary(max_size=30), st.integers(0, 20))
def test_any_text_in_ascii(raw: str | bytes, limit: int) -> None:
    for text in (shown(raw, limit), say("{} ›", shown(raw, limit))):
        told = in_ascii(text)
        assert told.isascii()
        assert told.isprintable()


def test_a_tree_in_ascii() -> None:
    tree = dissect(f"‹ {PAID} › é {INVOICE}")
    lines = list(outline(tree, width=80, ascii_only=True))
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert any("<hidden: " in line for line in lines)
    assert lines[3].startswith("|- ") or lines[3].startswith("`- ")

"""What is this challenge, token, credential or invoice, and does it belong to that other one?

Decoded offline and shown as the tree that every face shows. Secrets are masked unless ``--reveal``
asks for them; a thing that is secret is better read from a file or stdin than given as an argument.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from typing import Final

from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.cli.repeating import looks_secret, repeated
from l402tui.cli.trouble import Trouble
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.outline import outline
from l402tui.protocol.text import shown
from l402tui.protocol.tree import Mark, Node

__all__ = ["inspect", "without_comments"]

_MOST: Final = 16 * 1024 * 1024 + 1
"""Bytes that are read: one more than the longest thing that is looked at, a HAR file."""
_WIDTH: Final = 100
"""Characters of a line where there is no terminal."""
_ENDING: Final = re.compile(r"\.[A-Za-z]\w{0,9}$", re.ASCII)
"""Of a file's name."""
_BROKEN: Final = ("invoice", "macaroon", "credential")


def inspect(options: Options) -> Exit:
    """Print the tree. Raises Trouble where it cannot be read, and, behind what can still be told of
    it, where it is broken."""
    tree = _pair(options) if options.other is not None else _one(options)
    if options.json:
        _print_json(tree, options)
    else:
        _print_lines(tree, options)
    if tree.mark is Mark.BAD and tree.label.text in _BROKEN:
        sys.stdout.flush()
        raise Trouble(Exit.USAGE, f"This {tree.label} is broken; what is above is not certain.")
    return Exit.OK


def _one(options: Options) -> Node:
    from l402tui.protocol.dissect import dissect

    thing = "-" if options.thing is None else options.thing
    try:
        return dissect(without_comments(_given(thing)), now=time.time())
    except DecodeError as error:
        raise Trouble(Exit.USAGE, _unreadable([thing], error)) from None


def _pair(options: Options) -> Node:
    from l402tui.protocol.dissect import dissect_pair
    from l402tui.protocol.dissect.redact import redacted

    things = [options.thing, options.other]
    if things == ["-", "-"]:
        raise Trouble(Exit.USAGE, "Only one of the two can come from stdin; name a file instead.")
    for thing in things:  # any word would do for an opaque token
        if _names_no_file(thing) and _ENDING.search(thing):
            raise Trouble(Exit.USAGE, f"There is no file of the name {repeated(thing)}.")
    first, second = (without_comments(_given(thing)) for thing in things)
    try:
        return redacted(dissect_pair(first, second, now=time.time()))
    except DecodeError as error:
        raise Trouble(Exit.USAGE, _unreadable(things, error)) from None


# --- printing ------------------------------------------------------------------------------------


def _print_lines(tree: Node, options: Options) -> None:
    width, ascii_only = min(_width(), 120), options.ascii or not _can_draw()
    for line in outline(tree, width=width, meanings=not options.brief, ascii_only=ascii_only):
        print(line)
    if options.hex:
        from l402tui.protocol.hexdump import hexdump

        for line in hexdump(tree, width=width, reveal=options.reveal, ascii_only=ascii_only):
            print(line)
    if options.reveal:
        for line in _revealed(tree):
            print(line)


def _width() -> int:
    if not sys.stdout.isatty():
        return _WIDTH
    import shutil

    return shutil.get_terminal_size().columns


def _can_draw() -> bool:
    """Whether stdout takes the branches of the tree."""
    try:
        "├─ …›".encode(sys.stdout.encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def _print_json(tree: Node, options: Options) -> None:
    import json

    told = _as_json(tree, options.reveal)
    if options.hex:
        told["buffers"] = _buffers(tree, options.reveal)
    print(json.dumps(told, ensure_ascii=True))


def _buffers(tree: Node, reveal: bool) -> list[dict[str, object]]:
    """The bytes themselves; ``**`` in place of a masked byte."""
    from l402tui.protocol.hexdump import buffers_of, masked_bytes

    told: list[dict[str, object]] = []
    for buffer, nodes in buffers_of(tree).items():
        mask = bytes(len(buffer.data)) if reveal else masked_bytes(buffer, nodes)
        cells = [
            "**" if hidden else f"{byte:02x}"
            for byte, hidden in zip(buffer.data, mask, strict=True)
        ]
        told.append({"of": buffer.name.text, "size": len(buffer.data), "hex": "".join(cells)})
    return told


def _given(thing: str) -> bytes:
    """``-``, the name of a file that exists, or the thing itself."""
    if thing == "-":
        return sys.stdin.buffer.read(_MOST)
    if thing.lower().startswith(("http://", "https://")):
        raise Trouble(
            Exit.USAGE,
            "That is an address, and inspect works offline. To fetch it: l402tui get --no-pay "
            f"{_address(thing)}",
        )
    try:
        if len(thing) < 1_000 and os.path.isdir(thing):
            raise Trouble(Exit.USAGE, f"{shown(thing, 200)} is a folder; name a file in it.")
        if len(thing) < 1_000 and os.path.exists(thing):
            with open(thing, "rb") as file:
                return file.read(_MOST)
    except OSError as error:
        why = shown(error.strerror or "it cannot be read")
        raise Trouble(Exit.USAGE, f"{shown(thing, 200)}: {why}.") from None
    return thing.encode("utf-8", "surrogateescape")


def _address(thing: str) -> str:
    """An address, if nothing in it could be a secret."""
    if looks_secret(thing) or set(thing) & set("?#@"):
        return "ADDRESS"
    return shown(thing, 200).text


def _unreadable(things: list[str], error: DecodeError) -> str:
    """Why it cannot be read; first what is most likely the reason."""
    why, nothing = f"This cannot be read: {error}.", "Nothing was sent; inspect works offline."
    odd = [thing for thing in things if _names_no_file(thing)]
    if not odd:
        return f"{why} {nothing}"
    which = "of that name" if len(things) == 1 else f"{repeated(odd[0])}"
    if "/" in odd[0] or _ENDING.search(odd[0]):
        return f"There is no file {which}. {why} {nothing}"
    return f"{why} There is no file {which} either. {nothing}"


def _names_no_file(thing: str) -> bool:
    """Whether it could be meant as the name of a file, and there is none."""
    return not (thing == "-" or len(thing) >= 1_000 or " " in thing or os.path.exists(thing))


def without_comments(data: bytes) -> bytes:
    """The same without the lines at its beginning that explain it, as the samples have them. Empty
    lines stay in their place, so that the numbers of the others are right."""
    lines = 0
    while data.startswith(b"#"):
        data = data.partition(b"\n")[2]
        lines += 1
    return b"\n" * lines + data if lines and not data.startswith(b"\x02") else data


def _revealed(tree: Node) -> Iterator[str]:
    secrets = [node for node in tree.walk() if node.secret and _plain(node)]
    if secrets:
        yield ""
        yield "Revealed, because --reveal asks for it. Whoever reads this can use it:"
    for node in secrets:
        yield f"  {node.label}: {shown(_plain(node), 100_000)}"


def _plain(node: Node) -> bytes:
    return node.copy or (node.span.bytes() if node.span is not None else b"")


def _as_json(node: Node, reveal: bool) -> dict[str, object]:
    told: dict[str, object] = {
        "label": node.label.text,
        "value": node.value.text,
        "meaning": node.meaning.text,
    }
    if node.mark.value:
        told["mark"] = node.mark.value
    if node.span is not None:
        told["bytes"] = [node.span.start, node.span.end]
        told["of"] = node.span.buffer.name.text
    if node.secret:
        told["secret"] = True
        if reveal:
            told["revealed"] = _plain(node).decode("utf-8", "backslashreplace")
    told["children"] = [_as_json(child, reveal) for child in node.children]
    return told

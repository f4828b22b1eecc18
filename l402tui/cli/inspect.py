"""What is this challenge, token, credential or invoice?

Decoded offline and shown as the tree that every face shows. Secrets are masked unless ``--reveal``
asks for them; a thing that is secret is better read from a file or stdin than given as an argument.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator

from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.cli.trouble import Trouble
from l402tui.protocol.dissect import dissect
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.outline import outline
from l402tui.protocol.text import shown
from l402tui.protocol.tree import Node

__all__ = ["inspect"]

_MOST = 1_000_000
_ENDING = re.compile(r"\.[A-Za-z]\w{0,9}$", re.ASCII)
"""Of a file's name."""


def inspect(options: Options) -> Exit:
    """Print the tree. Raises Trouble where it cannot be read."""
    data = _without_comments(_given(options.thing))
    try:
        tree = dissect(data)
    except DecodeError as error:
        raise Trouble(Exit.USAGE, _unreadable(options.thing, error)) from None
    if options.json:
        print(json.dumps(_as_json(tree, options.reveal), ensure_ascii=True))
        return Exit.OK
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    for line in outline(tree, width=min(width, 120), meanings=not options.brief):
        print(line)
    if options.reveal:
        for line in _revealed(tree):
            print(line)
    return Exit.OK


def _given(thing: str) -> bytes:
    """``-``, the name of a file that exists, or the thing itself."""
    if thing == "-":
        return sys.stdin.buffer.read(_MOST)
    if thing.lower().startswith(("http://", "https://")):
        raise Trouble(
            Exit.USAGE,
            "That is an address, and inspect works offline. To fetch it: l402tui get --no-pay "
            f"{shown(thing, 200)}",
        )
    try:
        if len(thing) < 1_000 and os.path.isdir(thing):
            raise Trouble(Exit.USAGE, f"{shown(thing, 200)} is a folder; name a file in it.")
        if len(thing) < 1_000 and os.path.isfile(thing):
            with open(thing, "rb") as file:
                return file.read(_MOST)
    except OSError as error:
        why = shown(error.strerror or "it cannot be read")
        raise Trouble(Exit.USAGE, f"{shown(thing, 200)}: {why}.") from None
    return thing.encode("utf-8", "surrogateescape")


def _unreadable(thing: str, error: DecodeError) -> str:
    """Why it cannot be read; first what is most likely the reason."""
    why, nothing = f"This cannot be read: {error}.", "Nothing was sent; inspect works offline."
    if thing == "-" or len(thing) >= 1_000 or " " in thing or os.path.isfile(thing):
        return f"{why} {nothing}"
    if "/" in thing or _ENDING.search(thing):
        return f"There is no file of that name. {why} {nothing}"
    return f"{why} There is no file of that name either. {nothing}"


def _without_comments(data: bytes) -> bytes:
    """The same without the lines at its beginning that explain it, as the samples have them."""
    while data.startswith(b"#"):
        data = data.partition(b"\n")[2]
    return data


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

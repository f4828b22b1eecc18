"""Which request do these arguments describe?

The options mean what they mean to curl. Mistakes are found here, before anything is sent.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.cli.repeating import repeated
from l402tui.cli.trouble import Trouble
from l402tui.flow.model import Request
from l402tui.protocol.text import shown
from l402tui.protocol.url import Url, UrlError

__all__ = ["asked"]

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FORM: Final = ("Content-Type", "application/x-www-form-urlencoded")


def asked(options: Options) -> Request:
    """The request of ``get``. Raises Trouble, which names the option."""
    stdin = _Stdin()
    url = (
        stdin.read("URL -").decode("utf-8", "replace").strip()
        if options.url == "-"
        else options.url
    )
    headers = tuple(_header(line) for text in options.headers for line in _lines(text, stdin))
    body = b"&".join(_data(text, whole, stdin) for text, whole in options.data or ())
    if options.data and not any(name.lower() == "content-type" for name, _ in headers):
        headers = (*headers, _FORM)
    method = options.method or ("POST" if options.data else "GET")
    if _NAME.fullmatch(method) is None:
        raise Trouble(
            Exit.USAGE, f"-X {repeated(method, 40)}: a method is letters only, as in POST."
        )
    return Request(_url(url), method.upper(), headers, body)


class _Stdin:
    """What came on stdin. There is one, and only one option can have it."""

    def __init__(self) -> None:
        self._taken_by = ""

    def read(self, option: str) -> bytes:
        """All of it. Raises Trouble where another option has it already."""
        if self._taken_by:
            raise Trouble(
                Exit.USAGE, f"{self._taken_by} and {option} both want stdin: put one into a file."
            )
        self._taken_by = option
        return sys.stdin.buffer.read()


def _lines(text: str, stdin: _Stdin) -> list[str]:
    """The headers that one -H stands for: itself, or those of a file, one a line."""
    if not text.startswith("@"):
        return [text]
    data = _file(text[1:], "-H", stdin).decode("utf-8", "surrogateescape")
    return [line.rstrip("\r") for line in data.split("\n") if line.strip()]


def _file(name: str, option: str, stdin: _Stdin) -> bytes:
    try:
        return stdin.read(f"{option} @-") if name == "-" else Path(name).read_bytes()
    except OSError as error:
        why = shown(error.strerror or "it cannot be read")
        raise Trouble(
            Exit.USAGE, f"{option} @{repeated(name, 200)}: {why}. Nothing was sent."
        ) from None


def _url(text: str) -> Url:
    try:
        return Url.parse(text)
    except UrlError as error:
        more = ""
        if "://" not in text:
            more = f" Did you mean {_scheme(text)}://{repeated(text, 100)}?"
        raise Trouble(
            Exit.USAGE, f"The address {repeated(text, 200)} is not opened: {error}.{more}"
        ) from None


def _scheme(text: str) -> str:
    """What an address without a scheme most likely wants: this machine has no certificates."""
    try:
        return "http" if Url.parse(f"http://{text}").loopback else "https"
    except UrlError:
        return "https"


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise Trouble(
            Exit.USAGE, f"-H {repeated(text)}: write it as -H 'Name: value', with a colon."
        )
    if _NAME.fullmatch(name) is None:
        raise Trouble(
            Exit.USAGE,
            f"-H {repeated(name)}: a header's name is letters, digits and dashes, no blanks.",
        )
    if _CONTROL.search(value):
        # The value is not quoted: it may be a secret.
        raise Trouble(Exit.USAGE, f"-H {name}: the value holds a control character or a newline.")
    return name, value.strip(" \t")


def _data(text: str, whole: bool, stdin: _Stdin) -> bytes:
    if not text.startswith("@"):
        return text.encode("utf-8", "surrogateescape")
    data = _file(text[1:], "-d", stdin)
    return data if whole else data.translate(None, b"\r\n\0")

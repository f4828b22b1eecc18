"""How is a third party asked, answered for, and its answer bound, on the command line?

The key that the third party shares is a secret: it comes from a file or from stdin. Nothing is
sent; and L402 servers do not use such caveats, which is said every time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from l402tui.cli.arguments import Options
from l402tui.cli.chosen_token import chosen_token
from l402tui.cli.configure import configured
from l402tui.cli.exits import Exit
from l402tui.cli.ink import Pen
from l402tui.cli.trouble import Trouble
from l402tui.protocol.attenuation import CannotAttenuate
from l402tui.protocol.macaroon import Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.spelling import Spelling
from l402tui.protocol.text import shown
from l402tui.protocol.third_party import add_question, answer_question, bound_bundle
from l402tui.settings import Settings

__all__ = ["third_party"]

_MOST: Final = 4_096
"""Bytes of a key that are read."""
_UNCHECKED: Final = (
    "Whether a discharge was made with the key that is sealed in the caveat can only be told with "
    "the server's root key: that was not checked."
)
_UNUSED: Final = (
    "L402 servers do not use third-party caveats: at aperture a token with one opens nothing. This "
    "is for learning, and for servers of your own."
)


def third_party(options: Options) -> Exit:
    """Run ``third-party``. Raises Trouble and VaultError."""
    settings = configured(options)
    try:
        text = _DEEDS[options.deed](settings, options)
    except CannotAttenuate as error:
        raise Trouble(Exit.USAGE, f"{error.why} Nothing was made.") from None
    Pen().words(_UNUSED)
    if options.deed == "bind":
        Pen().words(_UNCHECKED)
    print(text)
    return Exit.OK


def _add(settings: Settings, options: Options) -> str:
    if options.thing == options.key_file == "-":
        raise Trouble(Exit.USAGE, "Only one of token and key can come from stdin.")
    parent = chosen_token(settings, options.thing)
    return add_question(
        parent.token,
        location=options.location,
        question=options.question.encode("utf-8", "surrogateescape"),
        key=_key(options.key_file),
    ).text


def _discharge(_: Settings, options: Options) -> str:
    discharge = answer_question(
        options.question.encode("utf-8", "surrogateescape"),
        _key(options.key_file),
        location=options.location or "",
        caveats=[caveat.encode("utf-8", "surrogateescape") for caveat in options.caveats],
    )
    return Spelling.STANDARD.spell(discharge.raw)


def _bind(settings: Settings, options: Options) -> str:
    token = chosen_token(settings, options.thing).token
    discharges = [chosen_token(settings, each).token for each in options.discharges]
    _answer_something(token, discharges)
    bundle = bound_bundle(token, [each.macaroon for each in discharges])
    return ",".join([token.text, *(token.spelling.spell(each.raw) for each in bundle[1:])])


def _answer_something(token: Token, discharges: Iterable[Token]) -> None:
    """A discharge of another question would make the whole bundle useless. Raises Trouble."""
    asked = {each.cid for each in token.macaroon.caveats if each.third_party}
    if not asked:
        raise Trouble(Exit.USAGE, "The token has no third-party caveat. Nothing was made.")
    for number, each in enumerate(discharges, 1):
        identifier = each.macaroon.identifier
        if identifier not in asked:
            raise Trouble(
                Exit.USAGE,
                f"Discharge {number} answers “{shown(identifier, 80)}”, which the token does not "
                "ask. Nothing was made.",
            )


def _key(name: str) -> Secret:
    """The key's bytes without the newline at their end. Raises Trouble."""
    try:
        if name == "-":
            return Secret(sys.stdin.buffer.read(_MOST).rstrip(b"\r\n"))
        with open(name, "rb") as file:
            return Secret(file.read(_MOST).rstrip(b"\r\n"))
    except OSError as error:
        why = shown(error.strerror or "it cannot be read")
        raise Trouble(Exit.USAGE, f"{shown(name, 200)}: {why}. Nothing was made.") from None


_DEEDS: Final = {"add": _add, "discharge": _discharge, "bind": _bind}

"""How does a token come to need somebody else's word, and how is that word given?

A third-party caveat asks a question that a third party answers: "is this one of your customers?".
Whoever adds it shares a key with that party and seals it into the caveat for the verifier. The
party answers with a discharge, a macaroon that is signed with that key; before it is sent it is
bound to the token. ``pymacaroons`` makes seal and signature; what they came to is examined by
:mod:`~l402tui.protocol.discharge`, which knows nothing of it.

L402 servers do not use third-party caveats: at aperture a token with one opens nothing.

Source: libmacaroons ``macaroons.c``; the seal is NaCl's secretbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from l402tui.protocol.attenuation import MAX_CAVEAT, CannotAttenuate
from l402tui.protocol.discharge import bind
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import Format, Macaroon, Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say, shown

__all__ = ["SHORTEST_KEY", "add_question", "answer_question", "bound_bundle"]

SHORTEST_KEY: Final = 16
"""Bytes. What is shorter could be guessed by whoever sees the caveat."""


def add_question(token: Token, *, location: str, question: bytes, key: Secret) -> Token:
    """The token with a third-party caveat more, in the same format and spelling.

    ``location`` says where the third party is, ``question`` is what it is asked (the caveat's id,
    which only that party has to understand), ``key`` what it shares with whoever adds this, of any
    length from 16 bytes on. Raises CannotAttenuate.
    """
    # Loaded here: whoever only reads tokens does without NaCl.
    from pymacaroons import Macaroon as Other

    _look(question, key)
    macaroon = token.macaroon
    other = Other(signature=macaroon.signature.hex(), version=_version(macaroon.format))
    other.add_third_party_caveat(location, key.reveal(), question)
    vid = bytes(other.caveats[0].verification_key_id)
    try:
        grown = macaroon.with_third_party_caveat(question, vid, location.encode())
    except MacaroonError as error:
        raise CannotAttenuate(say("No child can be made: {}.", shown(error.why))) from None
    return Token(token.spelling.spell(grown.raw), token.spelling, grown)


def answer_question(
    question: bytes,
    key: Secret,
    *,
    location: str = "",
    caveats: Sequence[bytes] = (),
    format: Format = Format.V2,
) -> Macaroon:
    """The discharge: the third party's answer, with conditions of its own. Not bound yet.

    ``question`` and ``key`` are those of the caveat. Raises CannotAttenuate.
    """
    _look(question, key)
    try:
        return Macaroon.mint(key.reveal(), question, location.encode(), caveats, format)
    except MacaroonError as error:
        raise CannotAttenuate(say("No discharge can be made: {}.", shown(error.why))) from None


def bound_bundle(token: Token, discharges: Sequence[Macaroon]) -> tuple[Macaroon, ...]:
    """The token and its discharges as they have to be sent: each discharge bound to the token.

    A discharge is as the third party gave it; one that is bound already becomes useless.
    """
    return (token.macaroon, *(bind(token.macaroon, discharge) for discharge in discharges))


def _look(question: bytes, key: Secret) -> None:
    if not question:
        raise CannotAttenuate(say("The question is empty."))
    if len(question) > MAX_CAVEAT:
        raise CannotAttenuate(say("The question has more than {} bytes.", MAX_CAVEAT))
    if len(key) < SHORTEST_KEY:
        raise CannotAttenuate(
            say("The key has {} bytes; {} are the least.", len(key), SHORTEST_KEY)
        )


def _version(format: Format) -> int:
    return 1 if format in (Format.V1, Format.JSON_V1) else 2

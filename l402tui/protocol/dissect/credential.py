"""What does each part of a credential say, and what does it prove?

Token and preimage together are as good as cash. Their values are redacted in the tree, and the
nodes whose bytes or copies give them away are marked ``secret``.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from l402tui.protocol.credential import ReadCredential, TokenPart, preimage_matches, read_credential
from l402tui.protocol.dissect import words
from l402tui.protocol.dissect.macaroon import dissect_macaroon
from l402tui.protocol.dissect.parts import Place, hidden, joined, why
from l402tui.protocol.errors import DecodeError, MacaroonError
from l402tui.protocol.identifier import read_identifier
from l402tui.protocol.macaroon import Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say, shown
from l402tui.protocol.tree import Buffer, Mark, Node

__all__ = ["dissect_credential"]


def dissect_credential(
    value: str | Secret, *, place: Place | None = None, now: float | None = None
) -> Node:
    """The tree of an ``Authorization`` value for L402 or LSAT.

    ``place`` says where the value begins in a larger buffer; without it the tree gets one of its
    own, marked secret. Raises CredentialError where it cannot be taken apart.
    """
    text = value.reveal().decode("latin-1") if isinstance(value, Secret) else value
    read = read_credential(text)
    raw = text.encode("utf-8", "surrogatepass")
    if place is None:
        place = Place(Buffer(say("Authorization"), raw, secret=True))
    tokens = [_read_token(part) for part in read.tokens]
    scheme_span = place.span(0, len(read.scheme))
    children = [Node(say("scheme"), shown(read.scheme), say(words.SCHEME), scheme_span)]
    children += [
        _token(part, token, place, now) for part, token in zip(read.tokens, tokens, strict=True)
    ]
    children.append(_preimage(read, _payment_hash(tokens), place))
    return Node(
        say("credential"),
        say("{}, {}", shown(read.scheme), hidden(len(text), "characters")),
        say(words.CREDENTIAL),
        place.span(0, len(raw)),
        tuple(children),
        copy=raw,
        secret=True,
    )


def _read_token(part: TokenPart) -> Token | MacaroonError:
    try:
        return Token.read(part.text.reveal().decode("latin-1"))
    except MacaroonError as error:
        return error


def _payment_hash(tokens: list[Token | MacaroonError]) -> bytes | None:
    """The payment hash the first token commits to, if it can be read."""
    first = tokens[0]
    if isinstance(first, MacaroonError):
        return None
    try:
        return read_identifier(first.macaroon.identifier).payment_hash
    except DecodeError:
        return None


def _token(part: TokenPart, token: Token | MacaroonError, place: Place, now: float | None) -> Node:
    span = place.span(part.start, part.end)
    if isinstance(token, MacaroonError):
        meaning = joined(say(words.PAID_BEARER), say(words.NOT_A_MACAROON, why(token)))
        value, text = hidden(part.end - part.start, "characters"), part.text.reveal()
        return Node(say("token"), value, meaning, span, (), Mark.BAD, text, secret=True)
    tree = dissect_macaroon(token, now=now, secret=True)
    meaning = joined(say(words.PAID_BEARER), tree.meaning)
    return replace(tree, label=say("token"), meaning=meaning, span=span)


def _preimage(read: ReadCredential, payment_hash: bytes | None, place: Place) -> Node:
    if read.preimage is None:
        value = say("missing") if read.colon else say("missing, and the colon before it")
        return Node(say("preimage"), value, say(words.NO_PREIMAGE), mark=Mark.WARN)
    raw = read.preimage.reveal()
    proof = None if payment_hash is None else preimage_matches(raw, payment_hash)
    told, mark = {
        None: ("{}", Mark.NOTE),
        True: ("MATCH with the token: {}", Mark.GOOD),
        False: ("MISMATCH with the token: {}", Mark.BAD),
    }[proof]
    digest = shown(sha256(raw).hexdigest())
    checked = Node(
        say("SHA-256"), say(told, digest), say(words.PROOF[proof]), mark=mark, copy=digest.raw
    )
    return Node(
        say("preimage"),
        hidden(2 * len(raw), "hex characters"),
        say(words.PREIMAGE),
        place.span(read.preimage_start, read.preimage_start + 2 * len(raw)),
        (checked,),
        copy=raw.hex().encode(),
        secret=True,
    )

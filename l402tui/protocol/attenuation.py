"""How is a token narrowed, and what came of it?

Whoever holds a macaroon can add caveats, and each one signs the next step of the chain. So a parent
makes a child without asking anybody; and the child's holder makes another one. :func:`attenuate`
does it and keeps the steps; :func:`read_parent` finds the token in whatever a person has: the token
itself, a credential, a challenge, a node's macaroon file. What would allow more than before is
refused: a caveat may only restrict, and a careful server turns such a token away.

Nothing here is promised for any server: that is what
:mod:`~l402tui.protocol.verifiers` predicts.

Sources: libmacaroons ``macaroons.c`` (the chain); L402 protocol specification, "macaroons".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from l402tui.protocol.caveats import Kind, conditions, read_condition, widenings
from l402tui.protocol.challenge import MAX_HEADER, read_challenges
from l402tui.protocol.commitment import committed_hash
from l402tui.protocol.credential import (
    PREIMAGE_SIZE,
    preimage_matches,
    read_credential,
    read_credential_header,
    read_preimage,
)
from l402tui.protocol.errors import CredentialError, DecodeError, MacaroonError
from l402tui.protocol.find import Sort, find
from l402tui.protocol.foreign import Foreign
from l402tui.protocol.macaroon import MAX_BYTES, Caveat, Macaroon, Token
from l402tui.protocol.macaroon_chain import next_signature
from l402tui.protocol.pasted import unwrap
from l402tui.protocol.secret import Secret
from l402tui.protocol.spelling import Spelling
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.token import read_token

__all__ = [
    "MAX_CAVEAT",
    "MAX_CAVEATS",
    "CannotAttenuate",
    "Child",
    "Parent",
    "Step",
    "attenuate",
    "caveat_words",
    "read_parent",
]

MAX_CAVEAT: Final = 1_024
"""Bytes of a caveat that is added."""
MAX_CAVEATS: Final = 1_000
"""Caveats that a token may have in the end."""

_BINARY: Final = re.compile(rb"\x02[\x01\x02]|[0-9a-f]{4}(?:location|identifier) ")
_HEADER: Final = re.compile(r"([A-Za-z0-9-]{1,40}):[ \t]*(.+)", re.ASCII | re.DOTALL)
_SCHEME: Final = re.compile(r"(?:L402|LSAT)[ \t]", re.ASCII | re.IGNORECASE)
_CHALLENGE: Final = re.compile(r"(?:macaroon|token|invoice)[ \t]*=", re.ASCII | re.IGNORECASE)


class CannotAttenuate(ValueError):
    """No child can be made; :attr:`why` says why, in a sentence. The parent is as it was."""

    def __init__(self, why: Shown) -> None:
        super().__init__(why.text)
        self.why = why


@dataclass(frozen=True, slots=True)
class Parent:
    """What a person begins with."""

    token: Token
    preimage: Secret | None = None
    """32 bytes; None: what came was the token alone."""
    scheme: str = "L402"
    binary: bool = False
    """It came as the macaroon's bytes themselves, as in a node's file."""

    @property
    def payment_hash(self) -> bytes | None:
        """What the token commits to, where it says so in a known way."""
        return committed_hash(self.token)


@dataclass(frozen=True, slots=True)
class Step:
    """One caveat and the signature after it."""

    caveat: bytes
    signature: bytes
    """32 bytes: HMAC-SHA256(signature before, caveat)."""


@dataclass(frozen=True)
class Child:
    """A token and what was added to its parent."""

    parent: Token
    token: Token
    added: tuple[bytes, ...]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """How the chain went on from the parent's signature, caveat by caveat."""
        signature, steps = self.parent.macaroon.signature, []
        for caveat in self.added:
            signature = next_signature(signature, caveat)
            steps.append(Step(caveat, signature))
        return tuple(steps)

    @property
    def first_added(self) -> int:
        """The index of the first caveat that the parent has not."""
        return len(self.parent.macaroon.caveats)

    @property
    def header_size(self) -> int:
        """Bytes of the ``Authorization`` line that carries it with a preimage."""
        return len("Authorization: L402 ") + len(self.token.text) + 1 + 2 * PREIMAGE_SIZE


def attenuate(parent: Token, caveats: Sequence[bytes]) -> Child:
    """A child of ``parent`` with these caveats more, in the same format and spelling.

    Raises CannotAttenuate for a caveat that is empty, too long or holds control characters, for one
    that allows more than an earlier one with the same word, and where the token would become too
    long.
    """
    if not caveats:
        raise CannotAttenuate(say("Nothing was added: a child needs one caveat at least."))
    have = parent.macaroon.caveats
    if len(have) + len(caveats) > MAX_CAVEATS:
        raise CannotAttenuate(
            say("It would have {} caveats; {} are the most.", len(have) + len(caveats), MAX_CAVEATS)
        )
    for number, caveat in enumerate(caveats, 1):
        _look(caveat, number)
    _refuse_widening(have, caveats)
    token = parent
    try:
        for caveat in caveats:
            token = token.attenuate(caveat)
    except MacaroonError as error:
        raise CannotAttenuate(say("No child can be made: {}.", shown(error.why))) from None
    return Child(parent, token, tuple(caveats))


def _refuse_widening(have: Sequence[Caveat], caveats: Sequence[bytes]) -> None:
    """Raise CannotAttenuate for a caveat that allows more than an earlier one."""
    # Only what begins with the same word can be the same condition.
    words = tuple({_WORD.split(caveat, 1)[0] for caveat in caveats})
    near = [index for index, caveat in enumerate(have) if caveat.cid.startswith(words)]
    if not near and len(caveats) == 1:
        return
    added = [Caveat(caveat, None, None, 0, 0, 0) for caveat in caveats]
    for widening in widenings((*(have[index] for index in near), *added)):
        if widening.index < len(near):
            continue  # the parent came like this
        earlier = widening.earlier
        raise CannotAttenuate(
            say(
                "“{}” would allow more than caveat {}: {}. A caveat may only restrict, and a "
                "careful server refuses a token with this one.",
                shown(caveats[widening.index - len(near)], 80),
                (near[earlier] if earlier < len(near) else earlier - len(near) + len(have)) + 1,
                widening.why,
            )
        )


_WORD: Final = re.compile(rb"[=<> ]")
"""What stands behind the first word of a condition."""


def caveat_words(caveat: Caveat, limit: int = 100) -> Shown:
    """A caveat as a person may read it: a preimage in it is a secret, and is masked."""
    if caveat.third_party:
        return say("(third party) {}", shown(caveat.cid, limit))
    condition = read_condition(caveat.cid)
    if condition is not None and condition.kind is Kind.PREIMAGE:
        return say("{}=‹secret›", shown(condition.key, limit))
    return shown(caveat.cid, limit)


def _look(caveat: bytes, number: int) -> None:
    if not caveat.strip():
        raise CannotAttenuate(say("Caveat {} is empty.", number))
    if len(caveat) > MAX_CAVEAT:
        raise CannotAttenuate(
            say("Caveat {} has {} bytes; {} are the most.", number, len(caveat), MAX_CAVEAT)
        )
    try:
        text = caveat.decode("utf-8")
    except UnicodeDecodeError:
        raise CannotAttenuate(say("Caveat {} is no UTF-8 text.", number)) from None
    if shown(text, MAX_CAVEAT).text != text:
        raise CannotAttenuate(
            say(
                "Caveat {} has characters that cannot be seen or that move the text: {}. Nobody "
                "could tell what it says.",
                number,
                shown(text, 80),
            )
        )


# --- what a person has ----------------------------------------------------------------------------


def read_parent(given: bytes) -> Parent:
    """The token in what a person gives: a token in any spelling, ``L402 token:preimage``, a header
    with one of them, a challenge, or a macaroon's bytes themselves.

    A preimage that stands inside the token as a caveat counts as one that came along. Raises
    CannotAttenuate, which never quotes a secret.
    """
    parent = _read(given)
    if parent.preimage is None:
        parent = replace(parent, preimage=_preimage_inside(parent))
    return parent


def _preimage_inside(parent: Parent) -> Secret | None:
    payment_hash = parent.payment_hash
    for condition in conditions(parent.token.macaroon.caveats):
        if condition is None or condition.kind is not Kind.PREIMAGE or payment_hash is None:
            continue
        try:
            preimage = read_preimage(condition.value.decode("ascii"))
        except (CredentialError, UnicodeDecodeError):
            continue
        if preimage_matches(preimage, payment_hash):
            return preimage
    return None


def _read(given: bytes) -> Parent:
    if _BINARY.match(given) and not _is_text(given):
        return _of_bytes(given)
    if len(given) > 2 * MAX_BYTES:
        raise CannotAttenuate(say("It is longer than 128 KiB."))
    try:
        text = given.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise CannotAttenuate(say("It is neither text nor a macaroon's bytes.")) from None
    if not text:
        raise CannotAttenuate(say("It is empty."))
    if "\n" in text and not text.startswith("{"):
        text = _only_one(text)
    header = _HEADER.fullmatch(text)
    if header is not None and header[1].lower() in ("www-authenticate", "authorization"):
        text = header[2].strip()
        header = None
    if _SCHEME.match(text):
        return _of_challenge(text) if _CHALLENGE.search(text) else _of_credential(text)
    if header is not None:
        return _of_header(header[1], header[2].strip())
    if "," in text and not text.startswith("{"):
        raise CannotAttenuate(
            say(
                "There is a comma in it, as between a token and its discharges. Give the token "
                "alone: what is in front of the first comma."
            )
        )
    token, colon, rest = text.rpartition(":")
    if colon and re.fullmatch(r"[0-9a-fA-F]{64}", rest) and not text.startswith("{"):
        return _of_credential(f"L402 {token}:{rest}")
    return Parent(_token(unwrap(text)[0]))


def _only_one(text: str) -> str:
    """The one thing with a token in a longer text. Raises CannotAttenuate."""
    whole = unwrap(text)[0]
    if "\n" not in whole:
        return whole
    sorts = (Sort.CREDENTIAL, Sort.TOKEN, Sort.CHALLENGE)
    found = [one for one in find(text).found if one.sort in sorts]
    if len(found) != 1:
        raise CannotAttenuate(
            say("There are {} tokens in this text. Give the one to be narrowed.", len(found))
            if found
            else say("There is no token in this text.")
        )
    return found[0].text


def _is_text(given: bytes) -> bool:
    return all(32 <= byte < 127 or byte in b"\t\r\n" for byte in given)


def _of_bytes(raw: bytes) -> Parent:
    try:
        macaroon = Macaroon.decode(raw)
    except MacaroonError as error:
        raise CannotAttenuate(_broken(error)) from None
    return Parent(Token(raw.hex(), Spelling.HEX, macaroon), binary=True)


def _of_credential(text: str) -> Parent:
    try:
        read = read_credential(text, keep_going=True)
    except CredentialError as error:
        raise CannotAttenuate(say("It is no credential: {}.", shown(error.why))) from None
    if read.problem is not None:
        raise CannotAttenuate(say("Its preimage cannot be read: {}.", shown(read.problem.why)))
    if len(read.tokens) != 1:
        why = say("It holds {} tokens. Give the one that is to be narrowed.", len(read.tokens))
        raise CannotAttenuate(why)
    scheme = read.scheme.upper() or "L402"
    return Parent(_token(read.tokens[0].text.reveal().decode()), read.preimage, scheme)


def _of_header(name: str, value: str) -> Parent:
    try:
        read = read_credential_header(name, value)
    except CredentialError:
        return Parent(_token(unwrap(f"{name}:{value}")[0]))
    if len(read.tokens) != 1:
        raise CannotAttenuate(say("The header {} holds no single token.", shown(name, 40)))
    return Parent(_token(read.tokens[0].text.reveal().decode()), read.preimage)


def _of_challenge(text: str) -> Parent:
    if len(text) > MAX_HEADER:
        raise CannotAttenuate(say("It is a header of more than 16 KiB."))
    try:
        challenge = read_challenges([text.encode()]).chosen()
    except DecodeError as error:
        raise CannotAttenuate(say("It is no single challenge: {}.", shown(error.why))) from None
    return replace(Parent(_token(challenge.token)), scheme=challenge.scheme)


def _token(text: str) -> Token:
    try:
        read = read_token(text)
    except MacaroonError as error:
        raise CannotAttenuate(_broken(error)) from None
    if isinstance(read, Foreign):
        raise CannotAttenuate(
            say(
                "It is no macaroon, so nothing can be added to it: {} ({}).",
                Shown(read.kind.value),
                Shown(read.trust.value),
            )
        )
    return read


def _broken(error: MacaroonError) -> Shown:
    where = say(" at byte {}", error.offset) if error.offset is not None else say("")
    return say("It begins as a macaroon and is broken{}: {}.", where, shown(error.why))

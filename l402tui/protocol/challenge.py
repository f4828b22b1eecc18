"""Which bill does a 402 present?

The header lines are read as RFC 9110 challenges first (see
:mod:`~l402tui.protocol.auth_header`), then those of scheme L402 or LSAT are looked at: a token, an
invoice, perhaps a version. Whatever could be read two ways is not read: a parameter given twice,
``token=`` and ``macaroon=`` that differ, two challenges with different bills. A person is told why.

Sources: L402 protocol specification (``token``, ``version``); aperture (``macaroon``, one LSAT and
one L402 line with the same content); RFC 9110 section 11.6.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from l402tui.protocol.auth_header import AuthChallenge, AuthParam, Deviation, Quoting, read_line
from l402tui.protocol.errors import ChallengeError

__all__ = [
    "MAX_CHALLENGES",
    "MAX_HEADER",
    "MAX_INVOICE",
    "MAX_LINES",
    "MAX_TOKEN",
    "MAX_TOTAL",
    "AuthChallenge",
    "AuthParam",
    "Deviation",
    "L402Challenge",
    "Problem",
    "Quoting",
    "Reading",
    "Scheme",
    "TokenParam",
    "read_challenges",
    "sendable",
]

MAX_HEADER: Final = 16_384
"""Bytes of one header value that are read; a longer one is refused whole."""
MAX_LINES: Final = 64
"""Header lines of one response that are read."""
MAX_TOTAL: Final = 65_536
"""Bytes that are read of all lines of one response together."""
MAX_TOKEN: Final = 8_192
"""Characters of a token in a challenge."""
MAX_INVOICE: Final = 7_089
"""Characters of an invoice: what fits into one QR code, and what lnd reads."""
MAX_CHALLENGES: Final = 8
"""Challenges that are read in one response."""

Scheme: TypeAlias = Literal["L402", "LSAT"]
TokenParam: TypeAlias = Literal["token", "macaroon", "both", "positional"]

_SCHEMES: Final[dict[str, Scheme]] = {"l402": "L402", "lsat": "LSAT"}
_BILL: Final = ("token", "macaroon", "invoice")
_MEANT: Final = (*_BILL, "version")
_OURS: Final = re.compile(rb"(?:l402|lsat)[ \t,]", re.IGNORECASE)
"""Where a challenge of ours could begin."""
_OURS_OR_PART: Final = re.compile(
    rb"(?:l402|lsat)[ \t,]|(?:token|macaroon|invoice)\b", re.IGNORECASE
)
"""The same, or a parameter of one; for text that belongs to no scheme that can be told."""


@dataclass(frozen=True, slots=True)
class L402Challenge:
    """A token, and the invoice that has to be paid before it opens anything."""

    scheme: Scheme
    token: str = field(repr=False)
    """The token's text, exactly as the server gave it."""
    token_param: TokenParam
    """Under which name it came; ``both`` only where the two were equal."""
    invoice: str
    """The invoice's text, exactly as the server gave it; not yet decoded."""
    version: str | None
    other: tuple[AuthParam, ...]
    """Parameters the specification does not know. They change nothing."""
    deviations: tuple[Deviation, ...]
    source: AuthChallenge
    """Where it was read from. Its ``line`` is ``IN_BODY`` where that was no header."""


class Problem(NamedTuple):
    """Something in a header line that cannot be used, and why."""

    line: int
    """Which header line, from 0."""
    error: ChallengeError
    """Its offset is a byte of that line."""
    source: AuthChallenge | None = None
    """The challenge it concerns, perhaps half read; None where it concerns none."""
    contradiction: bool = False
    """The server says two things at once: then nothing may be paid, whatever else is there."""
    stopped: bool = False
    """Reading stopped there: the rest of the line is unread, and ``source`` is half read."""
    limit: bool = False
    """Nothing is wrong there: it is more than is read."""

    @property
    def names_no_bill(self) -> bool:
        """Whether it is an L402 or LSAT challenge that has neither token nor invoice. On a 402 it
        says too little; on a 401 that is one of the forms a server may use."""
        source = self.source
        if source is None or self.stopped or source.scheme.lower() not in _SCHEMES:
            return False
        return source.token68 is None and not any(p.name.lower() in _BILL for p in source.params)


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that stood in a response's ``WWW-Authenticate`` lines."""

    lines: tuple[bytes, ...]
    """The header values as received."""
    challenges: tuple[AuthChallenge, ...]
    """Every challenge of every scheme, in order, those that are only half there included."""
    usable: tuple[L402Challenge, ...]
    """The L402 and LSAT challenges that have all they need."""
    others: tuple[AuthChallenge, ...]
    """Challenges of other schemes."""
    troubles: tuple[Problem, ...]

    @property
    def problems(self) -> tuple[ChallengeError, ...]:
        """The errors alone, in order."""
        return tuple(trouble.error for trouble in self.troubles)

    def chosen(self) -> L402Challenge:
        """The one bill the server presents; L402 rather than LSAT where both carry it.

        Raises ChallengeError where there is none, where a challenge contradicts itself, where two
        challenges have different tokens or invoices, and where another bill could stand in what
        was not read: in an L402 or LSAT challenge that is not whole, in text of which it is not
        certain whose it is, behind a limit. A challenge of another scheme that cannot be read is no
        reason.
        """
        for trouble in self.troubles:
            if trouble.contradiction:
                raise trouble.error
        if not self.usable:
            raise self.problems[0] if self.problems else self._none()
        first = self.usable[0]
        for other in self.usable[1:]:
            if (other.token, other.invoice) != (first.token, first.invoice):
                raise ChallengeError("the server sent two different bills")
        for trouble in self.troubles:
            if self._may_hide_a_bill(trouble, first):
                why = f"another bill could stand where it cannot be read: {trouble.error.why}"
                raise ChallengeError(why, trouble.error.offset)
        return next((bill for bill in self.usable if bill.scheme == "L402"), first)

    def _may_hide_a_bill(self, trouble: Problem, bill: L402Challenge) -> bool:
        """Whether what ``trouble`` is about could be another bill than this one."""
        source = trouble.source
        if trouble.limit:
            return True
        if not trouble.stopped:
            # Read whole, and no bill: it names the same token or invoice, or another one.
            named = set() if source is None else _named(self.lines[trouble.line], source)
            return not named <= {bill.token.encode(), bill.invoice.encode()}
        if source is not None:
            words = _OURS
            if source.scheme.lower() in _SCHEMES:
                return True
        else:
            words = _OURS_OR_PART
            before = [c for c in self.challenges if c.line == trouble.line]
            if before and before[-1].scheme.lower() in _SCHEMES:
                return True  # It could be a parameter of that one.
        # A quote that is not closed may have swallowed a challenge, also in front of the place
        # where reading stopped. Only what was read whole as this very bill does not count.
        unread = bytearray(self.lines[trouble.line])
        for source in (whole.source for whole in self.usable):
            if source.line == trouble.line:
                unread[source.start : source.end] = b" " * (source.end - source.start)
        return words.search(unread) is not None

    def _none(self) -> ChallengeError:
        if self.others:
            return ChallengeError("there is no L402 challenge among those the server sent")
        return ChallengeError("the server sent no challenge")


def read_challenges(lines: Sequence[bytes]) -> Reading:
    """Read the values of all ``WWW-Authenticate`` lines of a response, in order.

    Never raises: what cannot be read is in :attr:`Reading.troubles`.
    """
    challenges: list[AuthChallenge] = []
    usable: list[L402Challenge] = []
    others: list[AuthChallenge] = []
    troubles: list[Problem] = []
    total = 0
    for number, raw in enumerate(lines):
        enough = _enough(len(challenges), number, total + min(len(raw), MAX_HEADER))
        if enough is not None:
            error = ChallengeError(f"{enough}: the rest is not read", 0)
            troubles.append(Problem(number, error, limit=True))
            break
        total += min(len(raw), MAX_HEADER)
        if len(raw) > MAX_HEADER:
            error = ChallengeError("the header is longer than 16 KiB", MAX_HEADER)
            troubles.append(Problem(number, error, limit=True))
            continue
        found, stopped = read_line(raw, number, MAX_CHALLENGES - len(challenges))
        challenges += found
        if stopped is not None:
            error, partial, limit = stopped
            troubles.append(Problem(number, error, partial, stopped=True, limit=limit))
            challenges += [] if stopped.partial is None else [stopped.partial]
        for challenge in found:
            scheme = _SCHEMES.get(challenge.scheme.lower())
            if scheme is None:
                others.append(challenge)
                continue
            try:
                usable.append(_read_l402(raw, scheme, challenge))
            except _ContradictionError as error:
                troubles.append(Problem(number, error.plain(), challenge, contradiction=True))
            except ChallengeError as error:
                troubles.append(Problem(number, error, challenge))
    return Reading(tuple(lines), tuple(challenges), tuple(usable), tuple(others), tuple(troubles))


def _enough(challenges: int, lines: int, size: int) -> str | None:
    """Why no further line is read: the work for one response has an end."""
    if challenges >= MAX_CHALLENGES:
        return f"more than {MAX_CHALLENGES} challenges"
    if lines >= MAX_LINES:
        return f"more than {MAX_LINES} header lines"
    return "more than 64 KiB in all header lines" if size > MAX_TOTAL else None


class _ContradictionError(ChallengeError):
    """The challenge says two things at once."""

    def plain(self) -> ChallengeError:
        return ChallengeError(self.why, self.offset)


def _read_l402(raw: bytes, scheme: Scheme, challenge: AuthChallenge) -> L402Challenge:
    if not challenge.params and challenge.token68 is None:
        raise ChallengeError("it is the scheme's name alone, without a bill", challenge.start)
    deviations = list(challenge.deviations)
    if challenge.scheme != scheme:
        deviations.append(Deviation.LOWER_CASE_SCHEME)
    if Deviation.UNQUOTED not in deviations and _is_bare(challenge):
        deviations.append(Deviation.BARE)
    _refuse_repeats(challenge)
    invoice = _only(challenge, "invoice")
    token, name = _token(raw, challenge)
    if name == "positional":
        deviations.append(Deviation.POSITIONAL)
    if token is None or invoice is None:
        missing = [what for what, have in (("token", token), ("invoice", invoice)) if have is None]
        raise ChallengeError(f"it has no {' and no '.join(missing)}", challenge.start)
    version = _only(challenge, "version")
    return L402Challenge(
        scheme,
        sendable(token, "token", MAX_TOKEN, challenge.start),
        name,
        sendable(invoice.value, "invoice", MAX_INVOICE, challenge.start),
        None if version is None else sendable(version.value, "version", 32, challenge.start),
        tuple(param for param in challenge.params if param.name.lower() not in _MEANT),
        tuple(deviations),
        challenge,
    )


def _named(raw: bytes, challenge: AuthChallenge) -> set[bytes]:
    """Every token and invoice that a challenge names, whatever they are called."""
    named = {param.value for param in challenge.params if param.name.lower() in _BILL}
    if challenge.token68 is not None:
        start, end = challenge.token68
        named.add(raw[start:end])
    return named


def _is_bare(challenge: AuthChallenge) -> bool:
    meant = (param for param in challenge.params if param.name.lower() in _MEANT)
    return any(param.quoting is Quoting.NONE for param in meant)


def _refuse_repeats(challenge: AuthChallenge) -> None:
    """RFC 9110 section 11.2: a parameter's name must not come twice in one challenge."""
    seen: set[str] = set()
    for param in challenge.params:
        name = param.name.lower()
        if name in seen:
            raise _ContradictionError("a parameter is given twice", param.start)
        seen.add(name)


def _only(challenge: AuthChallenge, name: str) -> AuthParam | None:
    found = challenge.named(name)
    return found[0] if found else None


def _token(raw: bytes, challenge: AuthChallenge) -> tuple[bytes | None, TokenParam]:
    token, macaroon = _only(challenge, "token"), _only(challenge, "macaroon")
    if challenge.token68 is not None:
        if token is not None or macaroon is not None:
            raise _ContradictionError("a token without a name and one with", challenge.start)
        start, end = challenge.token68
        return raw[start:end], "positional"
    if token is not None and macaroon is not None:
        if token.value != macaroon.value:
            raise _ContradictionError("token= and macaroon= are different", macaroon.value_start)
        return token.value, "both"
    if token is not None:
        return token.value, "token"
    return (None, "macaroon") if macaroon is None else (macaroon.value, "macaroon")


def sendable(value: bytes, what: str, limit: int, offset: int) -> str:
    """The value as text that can go back into a header: visible ASCII and nothing else.

    ``what`` it is, is a literal of ours. Raises ChallengeError at ``offset``.
    """
    if not value:
        raise ChallengeError(f"its {what} is empty", offset)
    if len(value) > limit:
        raise ChallengeError(f"its {what} is longer than {limit:,} characters", offset)
    if any(not 0x21 <= byte <= 0x7E for byte in value):
        raise ChallengeError(f"its {what} holds other characters than visible ASCII", offset)
    return value.decode("ascii")

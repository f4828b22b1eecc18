"""Who can read this challenge?

Clients differ in how they take a challenge apart: some parse it by RFC 9110, some look for the one
text they know. A family is described by what it reads. There are readers (how the parameters are
found) and habits (what a client asks for besides); a client is one reader with any number of
habits. Each is a pure question to a challenge that was read here, so what is said is a prediction
from the way the challenge is written, and no statement about a program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

from l402tui.protocol.auth_header import AuthParam, Quoting, is_token
from l402tui.protocol.challenge import L402Challenge, Reading
from l402tui.protocol.commitment import readable_token
from l402tui.protocol.conformance import Point, points
from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.invoice_glimpse import lacks_secret
from l402tui.protocol.macaroon import Format, Token

__all__ = [
    "FAMILIES",
    "HABITS",
    "READERS",
    "ChallengeVerdict",
    "Family",
    "Opinion",
    "Reads",
    "Verdict",
    "able",
    "judge",
    "judge_challenge",
]


class Reads(Enum):
    """What becomes of a challenge in a client of some family."""

    CAN = "reads it"
    CANNOT = "cannot read it"
    WRONG_READING = "would take another value"
    """It goes on with something else than the token or invoice that is meant."""


class Opinion(NamedTuple):
    """What one family makes of a challenge, or of a whole response."""

    reads: Reads
    why: str = ""
    """A sentence of ours; empty where it can read it."""


_L402_SIZE: Final = 66
"""Bytes of an identifier that holds a version, a payment hash and a token id."""

_CAN: Final = Opinion(Reads.CAN)


def _cannot(why: str) -> Opinion:
    return Opinion(Reads.CANNOT, why)


def _wrong(why: str) -> Opinion:
    return Opinion(Reads.WRONG_READING, why)


@dataclass(frozen=True)
class _Seen:
    """A challenge as a family looks at it: what stands where."""

    bill: L402Challenge
    line: bytes
    behind: tuple[str, ...]
    """Schemes (lower case) of the challenges before it in its line."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters in order; a token without a name is ``""``."""
        nameless = ("",) if self.bill.source.token68 is not None else ()
        return (*nameless, *(param.name.lower() for param in self.bill.source.params))

    @cached_property
    def gaps(self) -> tuple[bytes, ...]:
        """What stands between one parameter and the next."""
        source = self.bill.source
        spans = [(param.start, param.end) for param in source.params]
        if source.token68 is not None:
            spans.insert(0, source.token68)
        return tuple(self.line[before[1] : after[0]] for before, after in pairwise(spans))

    @cached_property
    def spaced(self) -> bool:
        """Whether something stands beside the = of the token or the invoice."""
        return any(
            param.value_start - param.start
            != len(param.name) + 1 + len(param.quoting.value)
            for param in self.bill.source.params
            if param.name.lower() in ("token", "macaroon", "invoice")
        )  # fmt: skip

    @cached_property
    def binary(self) -> bool:
        """Whether the token is a macaroon in a binary format, with an identifier of 66 bytes."""
        token = readable_token(self.bill.token)
        if not isinstance(token, Token):
            return False
        macaroon = token.macaroon
        return macaroon.format in (Format.V1, Format.V2) and len(macaroon.identifier) == _L402_SIZE

    @cached_property
    def bolt11(self) -> bool:
        """Whether the invoice can be read as one."""
        try:
            Invoice.decode(self.bill.invoice, lenient_features=True)
        except InvoiceError:
            return lacks_secret(self.bill.invoice)
        return True

    def first(self, *names: str) -> AuthParam | None:
        """The first parameter that has one of these names."""
        return next((p for p in self.bill.source.params if p.name.lower() in names), None)

    def escaped(self, param: AuthParam) -> bool:
        """Whether the value stands there with backslashes."""
        return self.line[param.value_start : param.value_end] != param.value


@dataclass(frozen=True, slots=True)
class Family:
    """Clients that have one thing in common."""

    name: str
    """What they read, or what they need."""
    look: Callable[[_Seen], Opinion] = field(repr=False)


def _values(seen: _Seen, params: Iterable[AuthParam | None], bare: bool, single: bool) -> Opinion:
    """Whether the quotes around the token and the invoice are those a family knows."""
    for param in params:
        if param is None:
            return _cannot("A parameter it looks for is not there.")
        if seen.escaped(param):
            return _wrong("It would keep the backslashes in a value.")
        if param.quoting is Quoting.SINGLE and not single:
            if bare:
                return _wrong("It would take the single quotes as part of the value.")
            return _cannot("It knows no single quotes.")
        if param.quoting is Quoting.NONE and not bare:
            return _cannot("It needs quotes around values.")
    return _CAN


def _by_name(*names: str, bare: bool = False, single: bool = False) -> Callable[[_Seen], Opinion]:
    """A reader that finds its parameters by their names, in any order."""

    def look(seen: _Seen) -> Opinion:
        token = seen.first(*names)
        if token is None:
            return _cannot(f"It looks for {'= or '.join(names)}=, which is not there.")
        return _values(seen, (token, seen.first("invoice")), bare, single)

    return look


def _pair(*, bare: bool) -> Callable[[_Seen], Opinion]:
    """A reader that knows one order: macaroon=, then invoice=, and nothing before or between."""

    def look(seen: _Seen) -> Opinion:
        if seen.names[:2] != ("macaroon", "invoice"):
            return _cannot("It needs macaroon= first and invoice= right behind it.")
        found = _values(seen, seen.bill.source.params[:2], bare, single=False)
        if found is _CAN and bare and b"," not in seen.gaps[0]:
            return _wrong("Without a comma it would read past the end of the token.")
        return found

    return look


def _exact(seen: _Seen) -> Opinion:
    """A reader that knows one text, and takes what stands between its parts."""
    params = seen.bill.source.params
    if seen.names[:1] != ("macaroon",) or params[0].quoting is not Quoting.DOUBLE or seen.spaced:
        return _cannot('It needs macaroon=" right behind the scheme.')
    at = seen.names.index("invoice")
    if seen.gaps[at - 1] != b", " or params[at].quoting is not Quoting.DOUBLE:
        return _cannot('It needs ", invoice=" behind the token: one comma, one space.')
    if at > 1:
        return _wrong("It would take what stands between as part of the token.")
    return _values(seen, params[:2], bare=False, single=False)


def _positional(seen: _Seen) -> Opinion:
    """A reader that takes what stands behind the scheme as the token, and then an invoice."""
    if seen.names[1:2] != ("invoice",):
        return _cannot("It needs the token first and invoice= right behind it.")
    if seen.names[0] not in ("", "macaroon"):
        return _wrong(f"It would take {seen.names[0]}= as part of the token.")
    named = 2 if seen.names[0] else 1
    return _values(seen, seen.bill.source.params[:named], bare=True, single=False)


def _rfc9110(seen: _Seen) -> Opinion:
    """A reader of the grammar of RFC 9110 section 11, without exceptions."""
    if any(b"," not in gap for gap in seen.gaps):
        return _cannot("The grammar needs a comma between parameters.")
    token, invoice = seen.first("token", "macaroon"), seen.first("invoice")
    if token is None or invoice is None or "" in seen.names:
        return _cannot("The grammar has no token without a name beside parameters.")
    for param in seen.bill.source.params:
        whole = param.quoting.value.encode() + param.value + param.quoting.value.encode()
        if param.quoting is not Quoting.DOUBLE and not is_token(whole):
            return _cannot("The grammar needs double quotes around such a value.")
    if Quoting.SINGLE in (token.quoting, invoice.quoting):
        return _wrong("To the grammar single quotes are part of the value.")
    return _CAN


def _needs(question: Callable[[_Seen], bool], why: str) -> Callable[[_Seen], Opinion]:
    """A habit: without this a client gives up."""
    return lambda seen: _CAN if question(seen) else _cannot(why)


def _splits_at_spaces(seen: _Seen) -> Opinion:
    if any(not gap.endswith((b" ", b"\t")) for gap in seen.gaps):
        return _wrong("Without a space it would read on into the next parameter.")
    return _CAN


READERS: Final = (
    Family("token= or macaroon=, by the grammar of RFC 9110", _rfc9110),
    Family("token= or macaroon=, any order, in double quotes", _by_name("token", "macaroon")),
    Family("token= or macaroon=, any order, any quotes or none",
           _by_name("token", "macaroon", bare=True, single=True)),
    Family("macaroon=, any order, in double quotes", _by_name("macaroon")),
    Family("macaroon=, any order, quoted or not", _by_name("macaroon", bare=True)),
    Family("macaroon= then invoice=, in double quotes", _pair(bare=False)),
    Family("macaroon= then invoice=, quoted or not", _pair(bare=True)),
    Family('the text macaroon="…", invoice="…", as aperture writes it', _exact),
    Family("the token, named macaroon= or not, then invoice=", _positional),
)  # fmt: skip
"""How parameters are found."""

HABITS: Final = (
    Family("allows nothing beside =", _needs(lambda s: not s.spaced, "There is a space beside =.")),
    Family("needs a comma between parameters",
           _needs(lambda s: all(b"," in gap for gap in s.gaps), "A comma is missing.")),
    Family("splits parameters at spaces", _splits_at_spaces),
    Family("needs the scheme in capitals",
           _needs(lambda s: s.bill.source.scheme.isupper(), "The scheme is not in capitals.")),
    Family("knows LSAT only", _needs(lambda s: s.bill.scheme == "LSAT", "The scheme is L402.")),
    Family("looks at the first header line only",
           _needs(lambda s: s.bill.source.line == 0, "It stands in a later line.")),
    Family("looks at the first challenge of a line only",
           _needs(lambda s: not s.behind, "Another challenge stands before it in its line.")),
    Family("finds it behind Payment or another L402, not behind other schemes",
           _needs(lambda s: {"payment", "l402", "lsat"}.issuperset(s.behind),
                  "A challenge of another scheme stands before it in its line.")),
    Family("needs a binary macaroon with a 66-byte identifier",
           _needs(lambda s: s.binary, "The token is something else.")),
    Family("needs an invoice of BOLT 11",
           _needs(lambda s: s.bolt11, "The invoice cannot be read as one.")),
)  # fmt: skip
"""What a client needs besides, whatever its reader."""

FAMILIES: Final = (*READERS, *HABITS)


@dataclass(frozen=True, slots=True)
class ChallengeVerdict:
    """What is to be said about how one challenge is written."""

    challenge: L402Challenge
    points: tuple[Point, ...]
    """What the specification asks, and whether it is followed."""
    opinions: tuple[tuple[Family, Opinion], ...]
    """Every one of :data:`FAMILIES`, in that order."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said about how a response writes its challenges."""

    challenges: tuple[ChallengeVerdict, ...]
    """Those that could be read whole, in order; of others nothing can be predicted."""
    opinions: tuple[tuple[Family, Opinion], ...]
    """What a client of each family makes of the whole response; empty without challenges."""


def judge(reading: Reading) -> Verdict:
    """Who can read these challenges, and what the specification says about them. Never raises."""
    judged = tuple(judge_challenge(reading, bill) for bill in reading.usable)
    whole = tuple((family, able(reading, family)) for family in FAMILIES) if judged else ()
    return Verdict(judged, whole)


def judge_challenge(reading: Reading, bill: L402Challenge) -> ChallengeVerdict:
    """The same for one of the usable challenges of a reading."""
    seen = _look_at(reading, bill)
    opinions = tuple((family, family.look(seen)) for family in FAMILIES)
    return ChallengeVerdict(bill, points(bill), opinions)


def able(reading: Reading, *families: Family) -> Opinion:
    """What a client that has all these traits makes of a response.

    It is taken to try the challenges in their order and to go on with the first it does not reject.
    """
    rejected = _cannot("There is no L402 challenge that can be read whole.")
    for place, bill in enumerate(reading.usable):
        seen = _look_at(reading, bill)
        opinions = [family.look(seen) for family in families]
        worst = max(opinions, key=lambda opinion: _WORSE[opinion.reads], default=_CAN)
        if worst.reads is not Reads.CANNOT:
            return worst
        rejected = worst if place == 0 else rejected
    return rejected


_WORSE: Final = {Reads.CAN: 0, Reads.WRONG_READING: 1, Reads.CANNOT: 2}


def _look_at(reading: Reading, bill: L402Challenge) -> _Seen:
    before = (
        challenge.scheme.lower()
        for challenge in reading.challenges
        if challenge.line == bill.source.line and challenge.start < bill.source.start
    )
    return _Seen(bill, reading.lines[bill.source.line], tuple(before))

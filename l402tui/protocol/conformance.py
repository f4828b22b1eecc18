"""What does the L402 specification say about the way a challenge is written?

Each point of the specification that can be seen in a challenge, and whether this one follows it.
The form it asks for is ``L402 version="0", token="T", invoice="P"``; clients and servers that are
older than this form are in use, so not following a point says nothing about whether a challenge
can be paid.

Source: L402 protocol specification as of 2026, by the names of its sections.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from l402tui.protocol.auth_header import AuthChallenge, Deviation, Quoting
from l402tui.protocol.challenge import L402Challenge
from l402tui.protocol.commitment import committed_hash, readable_token
from l402tui.protocol.errors import InvoiceError, MacaroonError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.invoice_glimpse import glimpsed_hash, lacks_secret
from l402tui.protocol.spelling import Spelling, unspell

__all__ = ["Point", "points"]

_FORM: Final = "HTTP Protocol Flow, Server Flow, step 4"
_COMMIT: Final = "HTTP Protocol Flow, Server Flow, step 2.1"
_SCHEME: Final = "Specification"
_OLDER: Final = "Clients should read it all the same (Backwards Compatibility)."


class Point(NamedTuple):
    """One thing the specification asks of a challenge."""

    level: Literal["MUST", "SHOULD"]
    rule: str
    """What it asks, in a sentence of ours."""
    section: str
    """Where it says so."""
    follows: bool | None
    """None where that cannot be seen in the challenge."""
    why: str = ""
    """What is there instead."""


def points(challenge: L402Challenge) -> tuple[Point, ...]:
    """The points of the specification, in its order, for a challenge that was read whole."""
    invoice = _invoice(challenge)
    return (
        _scheme(challenge),
        _version(challenge),
        _token_name(challenge),
        _quotes(challenge.source),
        _commas(challenge),
        _base64(challenge),
        _bolt11(challenge, invoice),
        _commits(challenge, invoice),
    )


def _scheme(challenge: L402Challenge) -> Point:
    why = "" if challenge.scheme == "L402" else f"LSAT is its former name. {_OLDER}"
    return Point("MUST", "the scheme is L402, in any letters", _SCHEME, not why, why)


def _version(challenge: L402Challenge) -> Point:
    why = "It does not say its version, as challenges before 2026 did not."
    if challenge.version is not None:
        why = "" if challenge.version == "0" else "It says another version than 0."
    return Point("MUST", 'version="0"', _FORM, not why, why)


def _token_name(challenge: L402Challenge) -> Point:
    why = {
        "token": "",
        "both": "",
        "macaroon": f"It is called macaroon=, its former name. {_OLDER}",
        "positional": "It has no name.",
    }[challenge.token_param]
    return Point("MUST", "the token is called token=", _FORM, not why, why)


def _quotes(source: AuthChallenge) -> Point:
    bare = [param for param in source.params if param.quoting is not Quoting.DOUBLE]
    why = "Others have no quotes or single ones." if bare or source.token68 is not None else ""
    return Point("MUST", "values stand in double quotes", _FORM, not why, why)


def _commas(challenge: L402Challenge) -> Point:
    odd = {Deviation.NO_COMMA, Deviation.SPACES_AROUND_EQUALS}.intersection(challenge.deviations)
    why = "A comma is missing, or there is a space beside =." if odd else ""
    return Point(
        "MUST", "a comma stands between parameters, and nothing beside =", _FORM, not why, why
    )


def _base64(challenge: L402Challenge) -> Point:
    try:
        spelling, _ = unspell(challenge.token)
        why = "" if spelling is Spelling.STANDARD else f"It is {spelling.value}."
    except MacaroonError as error:
        why = f"It cannot be read as that: {error.why}."
    rule = "the token is base64 (RFC 3548 section 3: + and /, padded)"
    return Point("MUST", rule, f"{_SCHEME}; {_FORM}", not why, why)


def _bolt11(challenge: L402Challenge, invoice: Invoice | None) -> Point:
    rule = "the invoice is a BOLT 11 payment request"
    if invoice is None and lacks_secret(challenge.invoice):
        return Point("MUST", rule, _FORM, None, "It is one as they were before payment secrets.")
    why = "" if invoice is not None else "It cannot be read as one."
    return Point("MUST", rule, _FORM, not why, why)


def _commits(challenge: L402Challenge, invoice: Invoice | None) -> Point:
    rule = "the token commits to the invoice's payment hash"
    named = committed_hash(readable_token(challenge.token))
    asked = glimpsed_hash(challenge.invoice) if invoice is None else invoice.payment_hash
    if asked is None or named is None:
        missing = [what for what, have in (("token", named), ("invoice", asked)) if have is None]
        which = " or the ".join(missing)
        return Point("MUST", rule, _COMMIT, None, f"No hash can be read in the {which}.")
    why = "" if named == asked else "It commits to another hash."
    return Point("MUST", rule, _COMMIT, not why, why)


def _invoice(challenge: L402Challenge) -> Invoice | None:
    try:
        return Invoice.decode(challenge.invoice, lenient_features=True)
    except InvoiceError:
        return None

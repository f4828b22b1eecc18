"""What does this 402 ask for?

Puts the decoders of ``protocol`` together over one response. Whatever cannot be read stays in
``Bill.problems``, and the checks turn it into sentences; nothing is raised.
"""

from __future__ import annotations

import re
from typing import Final

from l402tui.flow.model import Bill, Intent, Response
from l402tui.protocol.body_challenge import read_body_challenge
from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.dialects import recognise
from l402tui.protocol.errors import ChallengeError, DecodeError
from l402tui.protocol.identifier import read_identifier
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.macaroon import Token

__all__ = ["read_bill", "remembered_bill"]

_QUOTED: Final = re.compile(r'["\\]')
"""What needs a backslash inside quotes (RFC 9110 section 5.6.4)."""


def read_bill(response: Response) -> Bill:
    """Decode everything that a response says about payment."""
    reading = read_challenges(response.values(b"www-authenticate"))
    in_body = False
    if not reading.usable and not reading.problems:
        line = _line_of_body(response)
        if line is None:
            dialect = recognise(response.status, response.headers, response.body)
            return Bill(response, reading, dialect=dialect)
        reading, in_body = read_challenges([line]), True
    try:
        challenge = reading.chosen()
    except DecodeError as problem:
        return Bill(response, reading, problems=(problem,), in_body=in_body)
    problems: list[DecodeError] = []
    token = identifier = invoice = None
    try:
        token = Token.read(challenge.token)
        identifier = read_identifier(token.macaroon.identifier)
    except DecodeError as problem:
        problems.append(problem)
    try:
        invoice = Invoice.decode(challenge.invoice)
    except DecodeError as problem:
        problems.append(problem)
    return Bill(
        response, reading, challenge, token, identifier, invoice, tuple(problems), in_body=in_body
    )


def _line_of_body(response: Response) -> bytes | None:
    """A bill that stands in the JSON body alone, as the header line it should have been; None where
    there is none, and where it says two things."""
    if response.status != 402:
        return None
    types = response.values(b"content-type")
    body = read_body_challenge(response.body, types[0] if types else None)
    if body is None:
        return None
    try:
        challenge = body.as_challenge()
    except ChallengeError:
        return None
    token, invoice = _escaped(challenge.token), _escaped(challenge.invoice)
    return f'L402 macaroon="{token}", invoice="{invoice}"'.encode("ascii")


def _escaped(text: str) -> str:
    return _QUOTED.sub(r"\\\g<0>", text)


def remembered_bill(intent: Intent) -> Bill:
    """The bill of an intent as the vault keeps it: only the challenge of the response is left."""
    lines = tuple((b"WWW-Authenticate", line) for line in intent.challenge.split(b"\n"))
    return read_bill(Response(402, b"", "HTTP/1.1", lines, b"", intent.request.url))

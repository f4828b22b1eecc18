"""What does this 402 ask for?

Puts the decoders of ``protocol`` together over one response. Whatever cannot be read stays in
``Bill.problems``, and the checks turn it into sentences; nothing is raised.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from l402tui.flow.model import Bill, Intent, Response
from l402tui.protocol.body_challenge import read_body_challenge
from l402tui.protocol.challenge import Reading, read_challenges
from l402tui.protocol.dialects import Kind, recognise
from l402tui.protocol.errors import ChallengeError, DecodeError
from l402tui.protocol.identifier import read_identifier
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.macaroon import Token

__all__ = ["read_bill", "remembered_bill"]

_QUOTED: Final = re.compile(r'["\\]')
"""What needs a backslash inside quotes (RFC 9110 section 5.6.4)."""


def read_bill(response: Response) -> Bill:
    """Decode everything that a response says about payment.

    A bill in the body alone keeps what the response asks for besides as its dialect, so that a
    header of another protocol is what it ends with.
    """
    reading = read_challenges(response.values(b"www-authenticate"))
    if reading.usable or reading.problems:
        return _bill(response, reading)
    dialect = recognise(response.status, response.headers, response.body)
    line = _line_of_body(response)
    if line is None:
        return Bill(response, reading, dialect=dialect)
    bill = _bill(response, read_challenges([line]))
    other = dialect.demand is not None and dialect.kind is not Kind.INVOICE_ONLY
    return replace(bill, in_body=True, dialect=dialect if other else None)


def _bill(response: Response, reading: Reading) -> Bill:
    try:
        challenge = reading.chosen()
    except DecodeError as problem:
        return Bill(response, reading, problems=(problem,))
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
    return Bill(response, reading, challenge, token, identifier, invoice, tuple(problems))


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

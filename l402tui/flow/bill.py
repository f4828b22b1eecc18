"""What does this 402 ask for?

Puts the decoders of ``protocol`` together over one response. Whatever cannot be read stays in
``Bill.problems``, and the checks turn it into sentences; nothing is raised.
"""

from __future__ import annotations

from l402tui.flow.model import Bill, Intent, Response
from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.dialects import recognise
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.identifier import read_identifier
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.macaroon import Token

__all__ = ["read_bill", "remembered_bill"]


def read_bill(response: Response) -> Bill:
    """Decode everything that a response says about payment."""
    reading = read_challenges(response.values(b"www-authenticate"))
    if not reading.usable and not reading.problems:
        dialect = recognise(response.status, response.headers, response.body)
        return Bill(response, reading, dialect=dialect)
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


def remembered_bill(intent: Intent) -> Bill:
    """The bill of an intent as the vault keeps it: only the challenge of the response is left."""
    lines = tuple((b"WWW-Authenticate", line) for line in intent.challenge.split(b"\n"))
    return read_bill(Response(402, b"", "HTTP/1.1", lines, b"", intent.request.url))

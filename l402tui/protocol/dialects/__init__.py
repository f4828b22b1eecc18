"""This server wants money, but not by L402: what does it speak, and what could pay it?

Status 402 says only "payment required". Several protocols share it; this package names the one at
hand by the marks it puts into headers and body, decodes what it says, and holds the sentences of
what could pay it and what makes it different from L402. It decides nothing: whatever it names is
not paid by this program.

One module a dialect: :mod:`x402`, :mod:`mpp`, :mod:`cashu`, :mod:`offers`, :mod:`rails`,
:mod:`bare`, :mod:`mcp`, :mod:`named`. Each has a ``decode`` that returns a
:class:`~l402tui.protocol.dialects.kinds.Demand`, or None where the response is not its own.

Everything is bounded: headers to 16 KiB, bodies to 64 KiB, JSON to 32 levels and 4,096 values.
"""

from __future__ import annotations

from collections.abc import Sequence

from l402tui.protocol.dialects.inside import MAX_BODY
from l402tui.protocol.dialects.kinds import Demand, Dialect, DialectError, Difference, Kind, Words

__all__ = [
    "MAX_BODY",
    "Demand",
    "Dialect",
    "DialectError",
    "Difference",
    "Kind",
    "Words",
    "recognise",
    "survey",
]

# The decoders are loaded with the first 402 that is no L402: a run that never meets one goes
# without them.


def recognise(status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Dialect:
    """Name the protocol of a response that wants payment, and decode what it says.

    ``headers`` in the order and spelling of the wire. Never raises.
    """
    from l402tui.protocol.dialects import order

    return order.first(status, headers, body)


def survey(
    status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes
) -> tuple[Dialect, tuple[Dialect, ...]]:
    """What :func:`recognise` says, and everything in other protocols that a response asks for, the
    most explicit first. Never raises."""
    from l402tui.protocol.dialects import order

    return order.survey(status, headers, body)

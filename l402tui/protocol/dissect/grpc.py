"""How does gRPC say that a call was not paid for?

Over HTTP/2 a failed call has status 200; how it ended stands in ``grpc-status`` and
``grpc-message``, among the headers or behind the body (the trailers). A proxy such as aperture puts
its challenge beside them under ``www-authenticate``.

Source: gRPC over HTTP/2 (Responses, Percent-encoding).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node

__all__ = ["asks_for_payment", "dissect_grpc", "grpc_message", "is_grpc", "status_words"]

_STATUS: Final = (
    "OK", "cancelled", "unknown", "invalid argument", "deadline exceeded", "not found",
    "already exists", "permission denied", "resource exhausted", "failed precondition", "aborted",
    "out of range", "unimplemented", "internal", "unavailable", "data loss", "unauthenticated",
)  # fmt: skip
INTERNAL: Final = 13
UNAUTHENTICATED: Final = 16

_PAYMENTS: Final = ("l402", "lsat", "payment", "mpp", "cashu")
"""Schemes of challenges that ask for money."""
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_ASKS: Final = (
    "This is gRPC's way of a 402: HTTP itself says 200, because the call came through; that it was "
    "not paid for stands in grpc-status and grpc-message, and the challenge beside them."
)
_PROBABLY: Final = (
    "A gRPC call that ended so often was not paid for, but there is no challenge in it: there is "
    "nothing here that could be paid."
)


def is_grpc(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether a response is gRPC's: only there the two names mean what they say."""
    return any(name.lower() == b"grpc-status" for name, _ in headers)


def asks_for_payment(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether a gRPC call failed for want of payment: by its words, or by a challenge in it that
    asks for one.

    13 and 16 are the codes that come with it, but they come with other failures too.
    """
    if not is_grpc(headers) or _code(headers) == 0:
        return False
    return b"payment required" in grpc_message(headers).lower() or _challenged(headers)


def _challenged(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether a challenge of a scheme for payments is in it; others want a name and a password."""
    lines = [value for name, value in headers if name.lower() == b"www-authenticate"]
    reading = read_challenges(lines)
    return any(challenge.scheme.lower() in _PAYMENTS for challenge in reading.challenges)


def _status(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The last one: that of the trailers, where it is there twice."""
    values = [value.strip() for name, value in headers if name.lower() == b"grpc-status"]
    return values[-1] if values else b""


def _code(headers: Sequence[tuple[bytes, bytes]]) -> int | None:
    status = _status(headers)
    return int(status) if status.isdigit() and len(status) <= 3 else None


def grpc_message(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The message with its percent-encoding undone. A percent sign that begins no code stays."""
    values = [value for name, value in headers if name.lower() == b"grpc-message"]
    return _undone(values[-1]) if values else b""


def _undone(value: bytes) -> bytes:
    return _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), value)


def status_words(value: bytes) -> Shown:
    """``13`` with its word."""
    text = value.strip()
    if text.isdigit() and len(text) <= 3 and int(text) < len(_STATUS):
        return say("{} ({})", shown(text), say(_STATUS[int(text)]))
    return shown(value)


def dissect_grpc(headers: Sequence[tuple[bytes, bytes]]) -> Node | None:
    """What a response says as a gRPC call that was not paid for; None where it is none."""
    if not asks_for_payment(headers):
        return None
    challenged = _challenged(headers)
    told = grpc_message(headers)
    return Node(
        say("gRPC"),
        say("status {}: {}", status_words(_status(headers)), shown(told) or say("no message")),
        say(_ASKS if challenged else _PROBABLY),
        mark=Mark.NOTE if challenged else Mark.WARN,
    )


def message_words(value: bytes) -> Shown:
    """A grpc-message as it is meant."""
    return shown(_undone(value))

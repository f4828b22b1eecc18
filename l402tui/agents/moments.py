"""Which moment does a person mean: ``1h``, ``7d``, ``2031-01-01T00:00:00Z``?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["moment"]

_SPAN: Final = re.compile(r"([0-9]{1,6}) ?(s|m|h|d|w)", re.ASCII)
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SECONDS: Final = re.compile(r"[0-9]{9,11}", re.ASCII)


def moment(text: str, now: float) -> int:
    """Unix seconds of a stretch from ``now``, of a date (UTC where it names no zone), or of unix
    seconds. Raises ValueError, in words of ours."""
    span = _SPAN.fullmatch(text.strip())
    if span is not None:
        return int(now) + int(span[1]) * _UNITS[span[2]]
    if _SECONDS.fullmatch(text):
        return int(text)
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("write 90s, 15m, 1h, 7d or a date such as 2031-01-01T00:00:00Z") from None
    if read.tzinfo is None:
        read = read.replace(tzinfo=UTC)
    return int(read.timestamp())

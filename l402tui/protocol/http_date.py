"""When is a date in an HTTP header?

The three spellings of RFC 9110 section 5.6.7, and whatever else mail programs take for a date.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = ["http_date"]


def http_date(raw: bytes) -> float | None:
    """The moment in unix seconds; None where it is no date. One that names no zone is UTC."""
    try:
        date = parsedate_to_datetime(raw.decode("ascii"))
        # Written -0000, it is UTC by a server that does not say where it is.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None

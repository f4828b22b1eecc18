"""Dates of HTTP headers, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.http_date import http_date

ONE_MOMENT = 784_111_777.0


@pytest.mark.parametrize(
    "written",
    [
        b"Sun, 06 Nov 1994 08:49:37 GMT",
        b"Sunday, 06-Nov-94 08:49:37 GMT",
        b"Sun Nov  6 08:49:37 1994",
        b"Sun, 06 Nov 1994 08:49:37 -0000",
        b"Sun, 06 Nov 1994 09:49:37 +0100",
    ],
)
def test_a_date_is_a_moment(written: bytes) -> None:
    assert http_date(written) == ONE_MOMENT


@pytest.mark.parametrize("written", [b"", b"0", b"soon", b"-1", b"Sun, 99 Nov 1994", b"\xff"])
def test_what_is_no_date_is_none(written: bytes) -> None:
    assert http_date(written) is None


@given(st.binary(max_size=60))
def test_nothing_breaks_it(written: bytes) -> None:
    assert http_date(written) is None or isinstance(http_date(written), float)

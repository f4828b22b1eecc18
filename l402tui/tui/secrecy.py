"""What must not be in a picture?

Somebody who takes one shows it around. Fields and panes that show a secret because the person asked
for it go back to masks first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol, runtime_checkable

from textual.screen import Screen
from textual.widgets import Input

from l402tui.protocol.masking import masked_url

__all__ = ["mask_secrets", "masked_addresses"]


@runtime_checkable
class _Masking(Protocol):
    """A screen that shows secrets on request."""

    masked: bool

    def do_secrets(self) -> None:
        """Masked, or not."""


def mask_secrets(screen: Screen[Any]) -> bool:
    """Mask what this screen shows; whether there was anything."""
    found = False
    if isinstance(screen, _Masking) and not screen.masked:
        screen.do_secrets()
        found = True
    for field in screen.query("#preimage").results(Input):
        found = found or bool(field.value and not field.password)
        field.password = True
    return found


@contextmanager
def masked_addresses(screens: Sequence[Screen[Any]]) -> Iterator[None]:
    """For a moment, what was typed as an address stands there without what its query may open."""
    with ExitStack() as stack:
        for screen in screens:
            for field in screen.query("#url").results(Input):
                masked = masked_url(field.value)
                if masked != field.value:
                    stack.callback(_put, field, field.value, field.cursor_position)
                    _put(field, masked, 0)
        yield


def _put(field: Input, value: str, cursor: int) -> None:
    with field.prevent(Input.Changed):
        field.value = value
    field.cursor_position = cursor

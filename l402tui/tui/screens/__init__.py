"""What fills the terminal. :data:`SCREENS` names those there are, in the order of their numbers."""

from __future__ import annotations

from typing import Final

__all__ = ["SCREENS"]

SCREENS: Final = ("Flow", "Inspect", "Payments", "Delegate")
"""Screens with a number."""

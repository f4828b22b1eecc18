"""A keyring that is only in memory, for the rules about keyrings.

What a real one does is in test_keyring_for_real.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keyring
import pytest
from keyring import backend, errors

from l402tui.vault import keyrings


class Ring(backend.KeyringBackend):
    """Keeps what it is given, and counts how often it is asked."""

    priority = -5  # never chosen by itself

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.locked = False
        self.forgetful = False

    def get_password(self, service: str, username: str) -> str | None:
        self._ask("get")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._ask("set")
        if not self.forgetful:
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._ask("delete")
        del self.kept[service, username]

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.locked:
            raise errors.KeyringLocked("a password for 'l402tui' that nobody should see")


class Writes(Ring):
    """One that is derived from an allowed one, and may do as it likes."""


def name_of(kind: type[object]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def use(ring: backend.KeyringBackend, patch: pytest.MonkeyPatch) -> None:
    """Make it the keyring of this process, as a person's settings would."""
    patch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    patch.setattr("keyring.core._keyring_backend", ring)
    assert keyring.get_keyring() is ring


@contextmanager
def ring_of_this_test() -> Iterator[Ring]:
    """Allowed, empty, and with nothing remembered of another test's."""
    made = Ring()
    with pytest.MonkeyPatch.context() as patch:
        use(made, patch)
        patch.setitem(keyrings.ALLOWED, name_of(Ring), "the ring of this test")
        patch.setattr(keyrings, "_fetched", {})
        yield made


def forget() -> None:
    """Like a new process: it has fetched no key yet."""
    keyrings._fetched.clear()

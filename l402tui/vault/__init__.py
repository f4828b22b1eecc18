"""What is remembered? Payments, credentials and the history, in one SQLite file that only its owner
can read.

:class:`~l402tui.vault.store.SqliteVault` is the ``Vault`` port of :mod:`l402tui.flow.ports`. What
it has written is on disk when it returns, two processes may use one vault at a time, and the rules
about money are written down twice: in :mod:`~l402tui.vault.intents` and as triggers in
:mod:`~l402tui.vault.schema`.
"""

from __future__ import annotations

from l402tui.vault.store import SqliteVault

__all__ = ["SqliteVault"]

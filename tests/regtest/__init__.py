"""Does l402tui work against real Lightning nodes and a real L402 proxy?

The rule: everything runs on 127.0.0.1, is built from versions pinned here, and needs no account.

- ``go/`` pins the versions; ``build`` turns them into binaries, once, outside the checkout;
- ``network`` starts btcd, three lnd nodes (alice -> carol -> bob) and aperture, in ten seconds;
- ``till`` asks for any invoice that a test hands it, and ``customer`` runs the program;
- ``conftest`` gives a test the fixtures: ``network``, ``alice``, ``carol``, ``bob``, ``service``,
  ``till``, ``customer``, ``purse``.

Once, and again after a version changed (about seven minutes on two cores)::

    python -m tests.regtest.build

Then ``pytest tests/regtest``. Without the binaries these tests skip with one line that says so;
with ``L402TUI_REQUIRE_REGTEST=1`` they fail instead.
"""

"""The key table holds only keys that every terminal sends, and everything is made from it."""

from __future__ import annotations

import re

from l402tui.tui.app import ExplorerApp
from l402tui.tui.keymap import KEYS, Where, bindings, markdown
from l402tui.tui.modals.approve import Approve
from l402tui.tui.screens.delegate import DelegateScreen
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.screens.inspect import InspectScreen
from l402tui.tui.screens.payments import PaymentsScreen
from l402tui.tui.screens.welcome import Welcome

_SAFE = re.compile(
    r"[a-z0-9]|f([1-9]|10)|enter|escape|tab|shift\+tab|space|slash|colon|question_mark|backslash"
    r"|up|down|left|right|ctrl\+[pqc]"
)


def test_only_keys_that_arrive_as_themselves() -> None:
    for key in KEYS:
        for name in key.keys:
            assert _SAFE.fullmatch(name), name


def test_no_key_means_two_things_in_one_place() -> None:
    for place in Where:
        names = [n for key in KEYS if key.where in (place, Where.EVERYWHERE) for n in key.keys]
        assert len(names) == len(set(names)), place


def test_every_bound_key_has_a_deed() -> None:
    homes = {
        Where.FLOW: FlowScreen,
        Where.INSPECT: InspectScreen,
        Where.PAYMENTS: PaymentsScreen,
        Where.DELEGATE: DelegateScreen,
        Where.WELCOME: Welcome,
        Where.APPROVAL: Approve,
    }
    for key in KEYS:
        if key.bound:
            home = homes.get(key.where, ExplorerApp)
            assert hasattr(home, f"do_{key.action}"), key.action


def test_bindings_are_made_of_the_table() -> None:
    made = {binding.key for binding in bindings(Where.FLOW)}
    assert made == {",".join(key.keys) for key in KEYS if key.where is Where.FLOW and key.bound}


def test_the_readme_table_has_every_key() -> None:
    table = markdown()
    assert table.startswith("| Where | Key | What it does |\n|---|---|---|\n")
    assert len(table.splitlines()) == 2 + len(KEYS)
    assert "| Flow | `n` `Space` | Take the next step (step mode). |" in table

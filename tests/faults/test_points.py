"""Is there a point wherever something can go wrong?

The names are those that a run comes past, so a new await or write has one by itself. What has to be
held on to is that the scenarios come past everything: every call of every port, every statement
that writes, every state of a payment, every event.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import l402tui.vault
from l402tui.flow import events as e
from l402tui.flow import ports
from l402tui.flow.commands import Command
from l402tui.flow.model import IntentState

from .disk import named
from .points import FAULTS_OF, Fault, Kind
from .table import Table, printed

NO_AWAIT: Final = {
    "Clock.now": "looks at the time and nothing else",
    "Transport.prepare": "only composes bytes",
    "Transport.for_one_flow": "only makes an object",
    "Vault.missing_since": "for a person's own deed, in no flow",
    "Vault.reconciled": "a person's own deed, in no flow: tests/cli/test_cli_reconcile.py",
}
ELSEWHERE: Final = {
    "Declined": "a no is the end, and nothing was begun",
    "Outstanding": "two processes at the same moment: tests/flow/test_together.py",
    "Failed": "comes of the faults themselves",
    "Unreachable": "comes of the faults themselves",
}

NO_FLOW: Final = ("schema", "sealing", "resealing", "care")
"""Modules that make a vault, or seal one: nothing is paid meanwhile."""
NO_MONEY: Final = {
    "delegations": "what was handed to others; no flow writes it",
    "rehearsals": "what a delegation was tried on; no flow writes it",
}
_WRITE: Final = re.compile(r'"\s*((?:INSERT INTO|UPDATE|DELETE FROM) \w+)')


def test_without_a_fault_every_scenario_goes_well(table: Table, count: Callable[..., None]) -> None:
    assert {name: wrong for name, wrong in table.wrong.items() if wrong} == {}
    faults = {fault for point in table.points for fault in FAULTS_OF[point.kind]}
    assert len(table.points) >= 60
    assert faults == set(Fault)
    count(points=len(table.points), faults=len(faults))
    assert len(list(printed(table))) == len(table.points) + 2
    assert {case.point for case in table.cases()} == set(table.points)


def test_every_call_of_a_port_has_a_point(table: Table) -> None:
    names = {point.name for point in table.points}
    missing = []
    for port in (
        ports.Clock,
        ports.Transport,
        ports.Wallet,
        ports.Approver,
        ports.Turns,
        ports.Vault,
    ):
        for call, _ in inspect.getmembers(port, inspect.isfunction):
            path = f"{port.__name__}.{call}"
            begins = re.compile(rf"{port.__name__.lower()}\.{call}\b")
            if call.startswith("_") or path in NO_AWAIT:
                continue
            if not any(begins.match(name) for name in names):
                missing.append(path)
    assert missing == []


def test_every_write_has_a_point(table: Table) -> None:
    """Whatever the vault's sources write to a table, some scenario comes past."""
    names = {point.name for point in table.points}
    passed = {name.rpartition("/")[2] for name in names}
    wanted = set()
    for source in Path(l402tui.vault.__file__).parent.glob("*.py"):
        if source.stem.startswith(NO_FLOW):
            continue
        wanted |= {named(found)[0] for found in _WRITE.findall(source.read_text())}
    assert len(wanted) >= 8
    unseen = wanted - passed
    assert {one for one in unseen if one.split()[1] not in NO_MONEY} == set()


def test_every_state_and_event_has_a_point(table: Table) -> None:
    names = {point.name for point in table.points}
    states = {state.value for state in IntentState}
    recorded = {name[len("vault.record[") : name.index("]")] for name in names if "record[" in name}
    # A reservation and a proof have calls of their own.
    assert states - recorded == {"reserved", "paid"}
    told = {name.removeprefix("told:") for name in names if name.startswith("told:")}
    events = {kind.__name__ for kind in e.Event.__subclasses__()}
    assert events - told == set(ELSEWHERE)
    gates = {name.removeprefix("gate:") for name in names if name.startswith("gate:")}
    assert {kind.__name__ for kind in Command.__subclasses__() if kind.shown} == gates


def test_statements_are_named_by_what_they_do() -> None:
    assert named("BEGIN IMMEDIATE") == ("BEGIN IMMEDIATE", Kind.WRITE)
    assert named("\n  INSERT INTO intents (a) VALUES (?)") == ("INSERT intents", Kind.WRITE)
    assert named("-- why\nUPDATE exchanges SET a = 1") == ("UPDATE exchanges", Kind.WRITE)
    assert named("DELETE FROM bills_seen WHERE x") == ("DELETE bills_seen", Kind.WRITE)
    assert named("SELECT a FROM intents i JOIN b") == ("SELECT intents", Kind.READ)
    assert named("PRAGMA synchronous = FULL") == ("PRAGMA synchronous", Kind.READ)
    assert named("CREATE INDEX one ON two (x)") == ("CREATE INDEX", Kind.WRITE)

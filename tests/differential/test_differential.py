"""Do both comparisons find nothing unexplained? And would they, if there were something?

The inputs are the same in every run; ``python -m tests.differential`` takes more, and new ones.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from tests.differential import invoices, macaroons
from tests.differential.invoice_facts import Facts
from tests.differential.invoice_readings import read_ours, read_theirs
from tests.differential.running import Compare, run
from tests.differential.table import ACCEPTED, Reading, Report, Row, judge
from tests.protocol.invoice_writer import BASIC, HASH, number, own_vectors, quintets, write

KINDS = [
    pytest.param(invoices.compare_random, invoices.TABLE, id="invoices"),
    pytest.param(macaroons.compare_random, macaroons.TABLE, id="macaroons"),
]


@pytest.mark.parametrize(("compare", "table"), KINDS)
def test_every_difference_is_explained(compare: Compare, table: Sequence[Row[Any]]) -> None:
    report = run(compare, 1_000, seed=4, jobs=1)
    assert report.failures == []
    assert report.cases["read alike"] > 300
    assert report.cases["refused by both"] > 50
    assert set(report.rows) <= {row.name for row in table}
    assert len(report.rows) > len(table) / 2


@pytest.mark.parametrize("vector", own_vectors()["valid"], ids=lambda v: v["name"])
def test_own_vectors_differ_in_nothing_unexplained(vector: dict[str, Any]) -> None:
    report = Report()
    invoices.compare(report, "own vector", vector["invoice"], None)
    assert report.failures == []


def test_the_same_seed_is_the_same_run_in_any_number_of_processes() -> None:
    one = run(macaroons.compare_random, 600, seed=7, jobs=1)
    two = run(macaroons.compare_random, 600, seed=7, jobs=2)
    assert (one.cases, one.rows) == (two.cases, two.rows)
    assert run(macaroons.compare_random, 600, seed=8, jobs=1).cases != one.cases


def test_a_table_without_a_row_is_a_failure_with_a_reproducer() -> None:
    text = write(*BASIC, ("h", quintets(HASH)))
    report = Report()
    ours, theirs = read_ours(text), read_theirs(text)
    table = [row for row in invoices.TABLE if row.name != "one description"]
    judge(report, table, ours, theirs, lambda: Facts(text), f"invoice {text}")
    assert report.failed == 1
    assert text in report.failures[0]
    assert "both a description" in report.failures[0]
    judge(report, invoices.TABLE, ours, theirs, lambda: Facts(text), text)
    assert (report.failed, report.rows["one description"]) == (1, 1)


def test_a_row_needs_our_reason_and_the_thing_itself() -> None:
    described = write(*BASIC, ("h", quintets(HASH)))
    row = next(row for row in invoices.TABLE if row.name == "one description")
    theirs = Reading({"amount": 1})
    for text, why, explained in (
        (described, "it has both a description and a description hash", True),
        (described, "the checksum is wrong", False),
        (write(), "it has both a description and a description hash", False),
    ):
        report = Report()
        judge(report, [row], Reading(None, why), theirs, partial(Facts, text), text)
        assert report.failed == (not explained), (text, why)


def test_a_value_that_differs_is_not_explained_by_rows_about_others() -> None:
    report = Report()
    text = write(*BASIC, ("x", number(60)))
    right = read_ours(text)
    assert right.values is not None
    wrong = Reading({**right.values, "expiry": 61})
    judge(report, invoices.TABLE, wrong, right, lambda: Facts(text), text)
    assert report.failed == 1
    assert "expiry" in report.failures[0]


def test_what_was_written_on_purpose_must_be_read() -> None:
    report = Report()
    invoices.compare(report, "right", write(), {"expiry": 61})
    assert report.failed == 1


def test_what_we_accept_against_our_own_rule_is_a_failure() -> None:
    text = write(*BASIC, ("h", quintets(HASH)))
    both = Reading({"amount": 1})
    for look in (True, False):
        report = Report()
        judge(report, invoices.TABLE, both, both, partial(Facts, text), text, look=look)
        assert report.failed == look


def test_rows_speak_of_our_rules_and_are_named_once() -> None:
    for table in (invoices.TABLE, macaroons.TABLE):
        rows: Sequence[Row[Any]] = table
        assert len({row.name for row in rows}) == len(rows)
        assert all(row.rule.startswith(("we ", "our ")) for row in rows)
        assert all(row.why is None or row.about == ACCEPTED for row in rows)


def test_a_person_can_run_it() -> None:
    words = [sys.executable, "-m", "tests.differential", "macaroons", "60", "--seed", "1"]
    ran = subprocess.run([*words, "--jobs", "1"], capture_output=True, text=True, check=True)
    assert "macaroons: 60 inputs, seed 1, 1 processes" in ran.stdout
    assert "0  unexplained" in ran.stdout

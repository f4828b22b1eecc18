"""Is nothing lost and nothing paid twice, however a run is ended?"""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from tests.cli.command import PATIENCE, Commands, paid

PAY = ("--wallet", "practice", "--yes")


def _rows(l402tui: Commands) -> list[dict[str, Any]]:
    """The history as JSON, oldest first."""
    return [json.loads(line) for line in l402tui.run("history", "--json").out.splitlines()]


@pytest.mark.parametrize("moment", ["payment_sent", "payment_progressed", "result_stored"])
def test_killed_between_sent_and_stored_is_paid_once_and_delivered(
    l402tui: Commands, server: PracticeServer, moment: str
) -> None:
    server.node.hold = True
    run = l402tui.begin("get", f"{server.url}/weather", *PAY, "--json")
    run.until(moment)
    run.signal(signal.SIGKILL)
    assert run.end().code == -signal.SIGKILL
    server.node.hold = False
    for payment in server.node.payments():
        server.node.settle(payment.payment_hash)

    done = l402tui.run("get", f"{server.url}/weather", *PAY, "--json")
    assert done.code == Exit.OK
    assert done.events[0]["unfinished"]["state"] in ("sending", "in flight")
    assert done.names.count("approval_asked") == 0
    assert done.names[-1] == "finished"
    assert "answered" in done.names
    assert len(paid(server)) == 1
    first, second = _rows(l402tui)
    assert (first["outcome"], second["outcome"]) == (None, "paid")
    assert first["payment_hash"] == second["payment_hash"] == done.events[-1]["payment_hash"]
    assert {first["cost_msat"], second["cost_msat"]} == {0, 11_000}
    if moment == "result_stored":  # the wallet had it: it is the first run that paid
        assert (first["cost_msat"], first["money"]) == (11_000, "spent")
        assert second["money"] == "earlier"
        assert b"stopped, paid  11 sat" in l402tui.run("history").out


def test_ctrl_c_while_paying_says_so_and_the_next_run_follows(
    l402tui: Commands, server: PracticeServer
) -> None:
    server.node.hold = True
    run = l402tui.begin("get", f"{server.url}/weather", *PAY, "--json")
    run.until("result_stored")
    run.signal(signal.SIGINT)
    stopped = run.end()
    assert stopped.code == Exit.STOPPED
    assert "a payment of 10 sat is under way" in stopped.err
    assert "never paid twice" in stopped.err
    assert "Traceback" not in stopped.err
    assert stopped.events[-1]["event"] == "stopped"
    assert stopped.events[-1]["money"] == "perhaps"

    (payment,) = server.node.payments()
    assert stopped.events[-1]["payment_hash"] == payment.payment_hash.hex()
    assert stopped.events[-1]["amount_msat"] == 10_000
    (row,) = _rows(l402tui)
    assert (row["cost_msat"], row["at_stake_msat"], row["money"]) == (0, 10_000, "perhaps")
    assert (row["payment_hash"], row["payment_state"]) == (
        payment.payment_hash.hex(),
        "in flight",
    )
    assert b"stopped, in flight  10 sat ?" in l402tui.run("history").out
    server.node.settle(payment.payment_hash)
    done = l402tui.run("get", f"{server.url}/weather", *PAY)
    assert done.code == Exit.OK
    assert b"Oslo" in done.out
    assert len(paid(server)) == 1


def test_ctrl_c_while_the_earlier_payment_is_followed(
    l402tui: Commands, server: PracticeServer
) -> None:
    server.node.hold = True
    for moment in ("result_stored", "payment_progressed"):
        run = l402tui.begin("get", f"{server.url}/weather", *PAY, "--json")
        run.until(moment)
        run.signal(signal.SIGINT)
        stopped = run.end()
        assert stopped.code == Exit.STOPPED
        assert "under way" in stopped.err
    assert len(paid(server)) == 1
    assert [row["at_stake_msat"] for row in _rows(l402tui)] == [10_000, 0]


def test_ctrl_c_before_anything_is_paid(l402tui: Commands, server: PracticeServer) -> None:
    run = l402tui.begin("get", f"{server.url}/with/slow/weather", *PAY, "--json")
    run.until("requested")
    run.signal(signal.SIGINT)
    stopped = run.end()
    assert stopped.code == Exit.STOPPED
    assert "No money was spent" in stopped.err
    assert stopped.events[-1]["money"] == "none"
    assert stopped.events[-1]["payment_hash"] is None
    assert l402tui.run("history").out.count(b"stopped") == 1


def test_ctrl_c_while_waiting_for_a_server_that_was_paid(
    l402tui: Commands, server: PracticeServer
) -> None:
    url = f"{server.url}/with/always-error-after-payment/weather"
    run = l402tui.begin("get", url, *PAY, "--json")
    run.until("answered")
    run.signal(signal.SIGINT)
    stopped = run.end()
    assert stopped.code == Exit.STOPPED
    assert "Money was spent, and the credential is kept" in stopped.err
    assert stopped.events[-1]["payment_hash"] == paid(server)[0].payment_hash.hex()
    assert len(paid(server)) == 1
    (row,) = _rows(l402tui)
    assert (row["cost_msat"], row["payment_state"]) == (11_000, "paid, not delivered")


def test_a_reader_that_has_seen_enough(l402tui: Commands, server: PracticeServer) -> None:
    run = l402tui.begin("get", f"{server.url}/weather", *PAY)
    assert run.process.stdout is not None
    run.process.stdout.close()
    assert run.process.stderr is not None
    words = run.process.stderr.read().decode()
    assert run.process.wait(timeout=30) in (Exit.OK, Exit.BROKEN)
    assert "Traceback" not in words
    assert "Money was spent." in words


def test_a_reader_who_leaves_does_not_stop_a_payment(
    l402tui: Commands, server: PracticeServer
) -> None:
    """As in ``l402tui get --json URL | grep -m1 payment_sent``: the end is told on stderr."""
    server.node.hold = True
    run = l402tui.begin("get", f"{server.url}/weather", *PAY, "--json")
    run.until("result_stored")
    assert run.process.stdout is not None
    assert run.process.stderr is not None
    run.process.stdout.close()
    (payment,) = server.node.payments()
    server.node.settle(payment.payment_hash)
    words = run.process.stderr.read().decode()
    assert run.process.wait(timeout=PATIENCE) == Exit.OK
    assert "Money was spent." in words
    assert "Traceback" not in words
    assert len(paid(server)) == 1

"""Payments without an end: listed, followed, settled with a preimage, and given up."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from tests.cli.command import Commands, Done, paid

PAY = ("--yes", "--wallet", "practice")
SHOW = "Type yes to see it, anything else to stop: "


def rows(l402tui: Commands, *more: str) -> list[dict[str, Any]]:
    done = l402tui.run("payments", "--json", *more)
    assert done.code == Exit.OK
    return done.events


def held_up(l402tui: Commands, server: PracticeServer, path: str = "/weather") -> str:
    """A payment that its run was killed under; its hash."""
    server.node.hold = True
    run = l402tui.begin("get", f"{server.url}{path}", *PAY, "--json")
    run.until("result_stored")
    run.signal(signal.SIGKILL)
    run.end()
    return str(rows(l402tui)[-1]["payment_hash"])


def arrives(server: PracticeServer, payment_hash: str) -> None:
    server.node.hold = False
    server.node.settle(bytes.fromhex(payment_hash))


def shown_elsewhere(l402tui: Commands, server: PracticeServer) -> tuple[str, str]:
    """An invoice that was shown to a person, who stopped: its hash and itself."""
    get = ("get", f"{server.url}/weather", "--wallet", "external", "--network", "regtest")
    with l402tui.at_terminal(*get) as screen:
        screen.until(SHOW)
        screen.type("yes\n")
        screen.until("Preimage: ")
        screen.type("\n")
        assert screen.end() == Exit.UNSETTLED
        found = re.search(r"lightning:(\w+)", screen.text)
    assert found is not None
    (row,) = rows(l402tui)
    assert row["state"] == "unknown"
    return str(row["payment_hash"]), found[1]


def preimage_of(l402tui: Commands, server: PracticeServer, invoice: str) -> str:
    done = l402tui.run("practice", "--port", server.url.rpartition(":")[2], "--pay", invoice)
    assert done.code == Exit.OK
    return done.out.decode().strip()


# --- the list ----------------------------------------------------------------------------------


def test_with_nothing_open_it_says_so(l402tui: Commands) -> None:
    done = l402tui.run("payments")
    assert (done.code, done.out) == (Exit.OK, b"")
    assert "No payment is unfinished." in done.err


def test_the_list_says_how_each_stands_and_what_happens_next(
    l402tui: Commands, server: PracticeServer
) -> None:
    payment = held_up(l402tui, server)
    text = l402tui.run("payments").out.decode()
    head, line, sentence = text.splitlines()
    assert head.split() == ["Payment", "Age", "State", "Amount", "Fee", "For"]
    for part in (payment[:12], "in flight", "10 sat", "≤ 10 sat", f"GET {server.url}/weather"):
        assert part in line
    assert "resume follows it" in sentence
    (row,) = rows(l402tui)
    assert (row["amount_msat"], row["money"], row["fee_msat"]) == (10_000, "perhaps", None)
    assert [step["state"] for step in row["log"]] == ["reserved", "sending", "in flight"]


def test_what_has_ended_is_listed_on_request(l402tui: Commands, server: PracticeServer) -> None:
    assert l402tui.run("get", f"{server.url}/weather", *PAY).code == Exit.OK
    assert rows(l402tui) == []
    (row,) = rows(l402tui, "--all")
    assert (row["state"], row["money"], row["fee_msat"]) == ("active", "spent", 1_000)
    assert b"Paid and delivered" in l402tui.run("payments", "--all").out


def test_what_is_under_way_for_ten_minutes_is_listed_as_held(
    l402tui: Commands, server: PracticeServer
) -> None:
    held_up(l402tui, server)
    with sqlite3.connect(l402tui.home / "vault.db") as db:
        db.execute("UPDATE intents SET sent = sent - 601")
    db.close()
    (row,) = rows(l402tui)
    assert row["state"] == "held"


# --- resume ------------------------------------------------------------------------------------


def test_resume_follows_a_payment_to_its_end_and_prints_what_it_bought(
    l402tui: Commands, server: PracticeServer
) -> None:
    payment = held_up(l402tui, server)
    run = l402tui.begin("payments", "resume", payment[:6], "--json")
    run.until("payment_progressed")
    arrives(server, payment)
    done = run.end()
    assert done.code == Exit.OK
    assert done.events[-1]["money"] == "earlier"
    assert len(paid(server)) == 1
    assert rows(l402tui) == []


def test_resume_delivers_to_stdout_as_get_does(l402tui: Commands, server: PracticeServer) -> None:
    payment = held_up(l402tui, server)
    arrives(server, payment)
    done = l402tui.run("payments", "resume", payment)
    assert done.code == Exit.OK
    assert json.loads(done.out)["city"] == "Oslo"
    assert "No money was spent now" in done.err


def test_resume_of_a_payment_that_failed_buys_nothing_else(
    l402tui: Commands, server: PracticeServer
) -> None:
    payment = held_up(l402tui, server)
    server.node.cancel(bytes.fromhex(payment))
    server.node.hold = False
    done = l402tui.run("payments", "resume", payment, "--yes")
    assert done.code == Exit.NOT_PAID
    assert "No money was spent" in done.err
    assert paid(server) == []
    done = l402tui.run("payments", "resume", payment)
    assert done.code == Exit.NOT_PAID
    assert "nothing to follow" in done.err


def test_a_proven_payment_needs_no_wallet_to_be_handed_in(
    l402tui: Commands, server: PracticeServer
) -> None:
    payment = held_up(l402tui, server)
    arrives(server, payment)
    run = l402tui.begin("get", f"{server.url}/weather", *PAY, "--json")
    run.until("paid_stored")
    run.signal(signal.SIGKILL)
    run.end()
    done = l402tui.run("payments", "resume", payment, "--json")
    assert done.code == Exit.OK
    assert "payment_progressed" not in done.names


def test_a_post_whose_answer_was_lost_is_sent_again_only_after_a_word(
    l402tui: Commands, server: PracticeServer
) -> None:
    post = ("get", "-d", "hello", f"{server.url}/with/slow/forecast", *PAY, "--json")
    run = l402tui.begin(*post)
    run.until("retried")
    run.signal(signal.SIGKILL)
    run.end()
    (row,) = rows(l402tui)
    assert row["state"] == "being delivered"
    done = l402tui.run(*post)
    assert done.code == Exit.UNDELIVERED
    assert "retried" not in done.names
    resume = ("payments", "resume", str(row["payment_hash"]))
    assert l402tui.run(*resume).code == Exit.UNDELIVERED
    with l402tui.at_terminal(*resume) as screen:
        screen.until("may do it twice")
        screen.until("Type send again")
        screen.type("send again\n")
        screen.until("You sent 5 bytes")
        assert screen.end() == Exit.OK
    assert len(paid(server)) == 1


@pytest.mark.parametrize("deed", ["resume", "settle", "give-up"])
@pytest.mark.parametrize(
    ("digits", "words"),
    [("abc", "at least 6"), ("nothex", "no payment hash"), ("00000000", "No payment here")],
)
def test_a_payment_is_named_by_the_beginning_of_its_hash(
    l402tui: Commands, deed: str, digits: str, words: str
) -> None:
    done = l402tui.run("payments", deed, digits)
    assert done.code == Exit.USAGE
    assert words in done.err


# --- settle ------------------------------------------------------------------------------------


def test_a_preimage_from_stdin_settles_it(l402tui: Commands, server: PracticeServer) -> None:
    payment, invoice = shown_elsewhere(l402tui, server)
    preimage = preimage_of(l402tui, server, invoice)
    settle = ("payments", "settle", payment[:8], "--preimage-file", "-")
    done = l402tui.run(*settle, stdin=preimage.encode() + b"\n")
    assert done.code == Exit.OK
    assert preimage not in done.err
    assert [row["state"] for row in rows(l402tui)] == ["paid"]
    done = l402tui.run("payments", "resume", payment[:8])
    assert done.code == Exit.OK
    assert json.loads(done.out)["city"] == "Oslo"
    assert l402tui.run(*settle, stdin=preimage.encode()).code == Exit.OK  # once more: no harm


def test_a_preimage_from_a_file_or_the_terminal_settles_it(
    l402tui: Commands, server: PracticeServer, tmp_path: Path
) -> None:
    payment, invoice = shown_elsewhere(l402tui, server)
    preimage = preimage_of(l402tui, server, invoice)
    file = tmp_path / "preimage"
    file.write_text("0" * 64)
    done = l402tui.run("payments", "settle", payment, "--preimage-file", str(file))
    assert done.code == Exit.REFUSED
    assert "another hash" in done.err
    assert "nothing was paid" in done.err
    with l402tui.at_terminal("payments", "settle", payment) as screen:
        screen.until("Preimage")
        screen.type(preimage + "\n")
        assert screen.end() == Exit.OK
        assert preimage not in screen.text


def test_what_is_no_preimage_is_not_quoted(l402tui: Commands, server: PracticeServer) -> None:
    payment, _ = shown_elsewhere(l402tui, server)
    done = l402tui.run("payments", "settle", payment, "--preimage-file", "-", stdin=b"hush")
    assert done.code == Exit.USAGE
    assert "hush" not in done.err
    assert l402tui.run("payments", "settle", payment).code == Exit.DECLINED  # nobody to ask
    done = l402tui.run("payments", "settle", payment, "--preimage-file", "/nowhere/at/all")
    assert done.code == Exit.USAGE


# --- give up -----------------------------------------------------------------------------------


def gives_up(l402tui: Commands, payment: str, word: str) -> int:
    with l402tui.at_terminal("payments", "give-up", payment) as screen:
        screen.until("10 sat and its fee are gone")
        screen.until("Type give up")
        screen.type(word + "\n")
        return screen.end()


def test_what_nobody_can_tell_about_is_given_up_by_its_person(
    l402tui: Commands, server: PracticeServer
) -> None:
    payment, invoice = shown_elsewhere(l402tui, server)
    assert gives_up(l402tui, payment, "no") == Exit.DECLINED
    assert [row["state"] for row in rows(l402tui)] == ["unknown"]
    assert gives_up(l402tui, payment, "give up") == Exit.OK
    assert rows(l402tui) == []
    (row,) = rows(l402tui, "--all")
    assert (row["state"], row["log"][-1]["state"]) == ("failed", "failed")
    assert "given up by a person" in row["log"][-1]["reason"]
    # It was paid all the same: the proof still counts.
    preimage = preimage_of(l402tui, server, invoice).encode()
    settle = ("payments", "settle", payment, "--preimage-file", "-")
    assert l402tui.run(*settle, stdin=preimage).code == Exit.OK
    assert l402tui.run("payments", "resume", payment).code == Exit.OK


def test_without_a_terminal_nothing_is_given_up(l402tui: Commands, server: PracticeServer) -> None:
    payment, _ = shown_elsewhere(l402tui, server)
    done = l402tui.run("payments", "give-up", payment)
    assert done.code == Exit.DECLINED
    assert [row["state"] for row in rows(l402tui)] == ["unknown"]


def refused(done: Done, code: Exit, *words: str) -> None:
    assert done.code == code
    for word in ("Not given up.", *words):
        assert word in " ".join(done.err.split())


def test_what_is_under_way_or_paid_is_not_given_up(
    l402tui: Commands, server: PracticeServer
) -> None:
    payment = held_up(l402tui, server)
    give_up = ("payments", "give-up", payment)
    refused(l402tui.run(*give_up), Exit.UNSETTLED, "nobody can call it back", "may have been spent")
    arrives(server, payment)
    refused(l402tui.run(*give_up), Exit.UNDELIVERED, "It is paid", "Money was spent.")
    assert [row["state"] for row in rows(l402tui)] == ["paid"]
    refused(l402tui.run(*give_up), Exit.UNDELIVERED, "never thrown away")


def test_what_the_wallet_calls_failed_needs_no_giving_up(
    l402tui: Commands, server: PracticeServer
) -> None:
    payment = held_up(l402tui, server)
    server.node.cancel(bytes.fromhex(payment))
    done = l402tui.run("payments", "give-up", payment)
    refused(done, Exit.NOT_PAID, "not paid", "No money was spent.")
    assert rows(l402tui) == []


def test_a_wallet_that_does_not_answer_says_nothing(
    l402tui: Commands,
) -> None:
    with PracticeServer.in_thread() as server:
        payment = held_up(l402tui, server)
    done = l402tui.run("payments", "give-up", payment)
    refused(done, Exit.UNSETTLED, "under way when it was last asked")

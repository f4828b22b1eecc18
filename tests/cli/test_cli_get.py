"""Does ``l402tui get`` pay, reuse, refuse and say so, as a real process?"""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from l402tui.flow.model import Outcome
from l402tui.practice.node import Failure
from l402tui.practice.run import PracticeServer
from tests.cli.command import Commands, paid

PAY = ("--wallet", "practice", "--yes")


def test_it_pays_and_the_second_run_uses_the_credential(
    l402tui: Commands, server: PracticeServer
) -> None:
    first = l402tui.run("get", f"{server.url}/weather", *PAY)
    assert first.code == Exit.OK
    assert json.loads(first.out)["city"] == "Oslo"
    assert "Money was spent." in first.err
    assert "It cost 11 sat" in first.err
    second = l402tui.run("get", f"{server.url}/weather", *PAY)
    assert second.code == Exit.OK
    assert second.out == first.out
    assert "No money was spent now" in second.err
    assert len(paid(server)) == 1


@pytest.mark.parametrize(
    ("switch", "code", "words", "payments"),
    [
        ("wrong-hash", Exit.REFUSED, "C12", 0),
        ("overpriced", Exit.REFUSED, "C20", 0),
        ("expired", Exit.REFUSED, "C16", 0),
        ("broken-invoice", Exit.REFUSED, "C08", 0),
        ("garbage-token", Exit.DECLINED, "C12", 0),
        ("no-challenge", Exit.NOT_PAYABLE, "not by L402", 0),
        ("not-l402", Exit.NOT_PAYABLE, "x402", 0),
        ("cashu", Exit.NOT_PAYABLE, "Cashu", 0),
        ("body-only", Exit.REFUSED, "C06", 0),
        ("payment-too", Exit.OK, "Money was spent", 1),
        ("grpc", Exit.OK, "Money was spent", 1),
        ("reject-after-payment", Exit.UNDELIVERED, "Money was spent", 1),
        ("mode-401,reject-after-payment", Exit.UNDELIVERED, "Money was spent", 1),
        ("error-after-payment", Exit.OK, "Money was spent", 1),
        ("token-param", Exit.OK, "Money was spent", 1),
        ("short-lived", Exit.OK, "Money was spent", 1),
    ],
)
def test_each_mistake_of_a_server_has_its_exit_code(
    l402tui: Commands, server: PracticeServer, switch: str, code: Exit, words: str, payments: int
) -> None:
    done = l402tui.run("get", f"{server.url}/with/{switch}/weather", *PAY)
    assert done.code == code
    assert words in done.err
    assert len(paid(server)) == payments
    assert bool(done.out) == (code is Exit.OK)


def test_a_rail_is_asked_for_with_a_header_and_a_post(
    l402tui: Commands, server: PracticeServer
) -> None:
    asked = ("-X", "POST", "-d", "hello", "-H", "x-settlegrid-protocol: l402")
    url = f"{server.url}/with/rails/forecast"
    without = l402tui.run("get", url, *asked[:4], *PAY)
    assert without.code == Exit.NOT_PAYABLE
    assert "x-settlegrid-protocol" in without.err
    done = l402tui.run("get", url, *asked, *PAY)
    assert done.code == Exit.OK
    assert b"You sent 5 bytes: hello" in done.out
    assert len(paid(server)) == 1


def test_a_server_that_is_not_there(l402tui: Commands) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        done = l402tui.run("get", f"http://127.0.0.1:{taken.getsockname()[1]}/", "--no-pay")
    assert done.code == Exit.UNREACHABLE
    assert "No money was spent." in done.err


def test_a_wallet_that_cannot_pay(l402tui: Commands, server: PracticeServer) -> None:
    server.node.failure = Failure.NO_ROUTE
    done = l402tui.run("get", f"{server.url}/weather", *PAY)
    assert done.code == Exit.NOT_PAID
    assert "No money was spent." in done.err
    assert "--max-fee" in done.err


def test_a_fee_cap_that_is_too_low(l402tui: Commands, server: PracticeServer) -> None:
    done = l402tui.run("get", f"{server.url}/weather", *PAY, "--max-fee", "500 msat")
    assert done.code == Exit.NOT_PAID
    assert not paid(server)


def test_a_limit_of_the_command_line(l402tui: Commands, server: PracticeServer) -> None:
    done = l402tui.run("get", f"{server.url}/weather", *PAY, "--max-cost", "9999 msat")
    assert done.code == Exit.REFUSED
    assert "over your limit of 9.999 sat" in done.err
    assert not paid(server)


def test_a_limit_of_the_settings(l402tui: Commands, server: PracticeServer) -> None:
    l402tui.settings('wallet = "practice"\n[limits]\nday = "15 sat"\n')
    done = l402tui.run("get", f"{server.url}/weather", "--yes")
    assert done.code == Exit.REFUSED
    assert "24 hours" in done.err


def test_no_pay_shows_the_price(l402tui: Commands, server: PracticeServer) -> None:
    done = l402tui.run("get", f"{server.url}/weather", "--no-pay")
    assert done.code == Exit.OK
    assert "It would cost 10 sat" in done.err
    assert done.out == b""
    assert not paid(server)


def test_without_a_terminal_and_without_yes_nothing_is_paid(
    l402tui: Commands, server: PracticeServer
) -> None:
    done = l402tui.run("get", f"{server.url}/weather", "--wallet", "practice", stdin=b"yes\n")
    assert done.code == Exit.DECLINED
    assert "--yes" in done.err
    assert not paid(server)


def test_yes_does_not_answer_what_a_person_must_see(
    l402tui: Commands, server: PracticeServer
) -> None:
    url = f"{server.url}/with/reject-after-payment/weather"
    assert l402tui.run("get", url, *PAY).code == Exit.UNDELIVERED
    done = l402tui.run("get", url, *PAY)
    assert done.code == Exit.DECLINED
    assert "C22" in done.err
    assert len(paid(server)) == 1


def test_an_external_wallet_needs_a_screen(l402tui: Commands, server: PracticeServer) -> None:
    l402tui.settings('network = "regtest"\n')
    done = l402tui.run("get", f"{server.url}/weather", "--yes")
    assert done.code == Exit.DECLINED
    assert "terminal" in done.err


def test_a_status_that_is_an_error_is_told(l402tui: Commands, server: PracticeServer) -> None:
    done = l402tui.run("get", f"{server.url}/nothing-here", "--no-pay")
    assert done.code == Exit.HTTP_ERROR
    assert b"nothing here" in done.out


def test_json_lines_are_the_flow_in_order(l402tui: Commands, server: PracticeServer) -> None:
    done = l402tui.run("get", f"{server.url}/weather", *PAY, "--json")
    assert done.code == Exit.OK
    assert done.out.isascii()
    wanted = ["found", "requested", "challenged", "decoded", "checked", "approval_asked"]
    wanted += ["approved", "reserved", "payment_sent", "payment_settled", "paid_stored"]
    wanted += ["retried", "answered", "finished"]
    places = [done.names.index(name) for name in wanted]
    assert places == sorted(places)
    for line, event in zip(done.out.splitlines(), done.events, strict=True):
        assert line.startswith(b'{"event": "')
        assert list(event)[1] == "at"
    (answered,) = (event for event in done.events if event["event"] == "answered")
    assert json.loads(answered["body"])["city"] == "Oslo"
    assert done.events[-1]["cost_msat"] == 11_000
    assert done.err == ""
    preimage = server.node.payments()[0].preimage
    assert preimage is not None
    assert preimage.reveal().hex().encode() not in done.out


# --- the request ---------------------------------------------------------------------------------


def test_data_makes_it_a_post(l402tui: Commands, server: PracticeServer, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"two\nlines\r\n")
    url = f"{server.url}/forecast"
    text = l402tui.run("get", url, *PAY, "-d", "a=1", "-d", "b=2")
    assert b"You sent 7 bytes: a=1&b=2" in text.out
    file = l402tui.run("get", url, *PAY, "-d", f"@{body}")
    assert b"You sent 8 bytes: twolines" in file.out
    whole = l402tui.run("get", url, *PAY, "--data-binary", f"@{body}")
    assert b"You sent 11 bytes: two\nlines\r\n" in whole.out
    stdin = l402tui.run("get", url, *PAY, "-d", "@-", stdin=b"piped")
    assert b"You sent 5 bytes: piped" in stdin.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("example.com/x",), "Did you mean https://example.com/x?"),
        (("127.0.0.1:8402/x",), "Did you mean http://127.0.0.1:8402/x?"),
        (("localhost:8402/x",), "Did you mean http://localhost:8402/x?"),
        (("https://example.com", "-H", "authorization: foo"), "--no-pay. Nothing was sent."),
        (("ftp://example.com",), "only http"),
        (("https://good.example@evil.example/",), "hides the real host"),
        (("https://example.com", "-H", "no colon"), "with a colon"),
        (("https://example.com", "-H", "a b: c"), "no blanks"),
        (("https://example.com", "-H", "a: b\nc: d"), "newline"),
        (("https://example.com", "-X", "GET /"), "-X"),
        (("https://example.com", "-d", "@/no/such/file"), "Nothing was sent"),
        (("https://example.com", "-o", "/no/such/folder/x"), "no such folder"),
        (("https://example.com", "--max-cost", "cheap"), "--max-cost"),
        (("https://example.com", "--max-fee", "-1"), "--max-fee"),
        (("https://example.com", "--yes", "--no-pay"), "contradict"),
        (("https://example.com", "--wallet", "mine"), "--wallet"),
        (("https://example.com", "--wallet", "practice"), "on this machine"),
        (("https://example.com", "--json", "--plain"), "not allowed with"),
        ((), "URL"),
    ],
)
def test_mistakes_on_the_command_line(
    l402tui: Commands, arguments: tuple[str, ...], words: str
) -> None:
    done = l402tui.run("get", *arguments)
    assert done.code == Exit.USAGE
    assert words in done.err
    assert "Traceback" not in done.err
    assert done.out == b""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wallet = ", "settings.toml cannot be read"),
        ("walet = 1\n", "there is no setting 'walet'"),
        ('[limits]\npayment = "much"\n', "settings.toml: limits.payment: write"),
        ('network = "moon"\n', "settings.toml: network must be one of bitcoin,"),
    ],
)
def test_mistakes_in_the_settings(l402tui: Commands, text: str, words: str) -> None:
    l402tui.settings(text)
    done = l402tui.run("get", "http://127.0.0.1:9/")
    assert done.code == Exit.USAGE
    assert words in done.err
    assert "Traceback" not in done.err


def test_a_vault_that_is_damaged(l402tui: Commands, server: PracticeServer) -> None:
    l402tui.settings("")
    (l402tui.home / "vault.db").write_bytes(b"no database" * 100)
    os.chmod(l402tui.home / "vault.db", 0o600)
    done = l402tui.run("get", f"{server.url}/weather", *PAY)
    assert done.code == Exit.BROKEN
    assert "damaged" in done.err
    assert "nothing was paid" in done.err
    assert not paid(server)


def test_a_second_authorization_is_never_sent(l402tui: Commands, server: PracticeServer) -> None:
    get = ("get", f"{server.url}/weather", "--no-pay", "-H", "AUTHORIZATION: mine")
    sent = l402tui.run(*get, "--json").events[1]
    assert sent["event"] == "requested"
    assert [name for name, _ in sent["headers"]].count("AUTHORIZATION") == 1
    l402tui.run("get", f"{server.url}/weather", *PAY)
    done = l402tui.run(*get)
    assert done.code == Exit.USAGE
    assert "a paid credential is kept" in done.err
    again = l402tui.run("replay", "1", *PAY)
    assert again.code == Exit.USAGE
    assert "Authorization" in again.err


def test_a_vault_that_others_can_read_names_a_command_to_paste(l402tui: Commands) -> None:
    l402tui.settings("")
    l402tui.home.chmod(0o755)
    done = l402tui.run("history")
    assert done.code == Exit.BROKEN
    assert f"`chmod 700 {l402tui.home}` closes it. Nothing" in done.err


# --- the body ------------------------------------------------------------------------------------


def test_output_goes_to_a_file_whole(
    l402tui: Commands, server: PracticeServer, tmp_path: Path
) -> None:
    target = tmp_path / "answer.json"
    target.write_text("old")
    target.chmod(0o640)
    done = l402tui.run("get", f"{server.url}/weather", *PAY, "-o", str(target))
    assert done.code == Exit.OK
    assert done.out == b""
    assert json.loads(target.read_bytes())["city"] == "Oslo"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir() if path != l402tui.home] == ["answer.json"]


def test_a_refused_bill_leaves_the_file_alone(
    l402tui: Commands, server: PracticeServer, tmp_path: Path
) -> None:
    target = tmp_path / "answer.json"
    target.write_text("old")
    url = f"{server.url}/with/wrong-hash/weather"
    assert l402tui.run("get", url, *PAY, "-o", str(target)).code == Exit.REFUSED
    assert target.read_text() == "old"


def test_output_to_a_device(l402tui: Commands, server: PracticeServer) -> None:
    assert l402tui.run("get", f"{server.url}/weather", *PAY, "-o", "/dev/null").code == Exit.OK
    assert Path("/dev/null").is_char_device()


# --- history and replay ------------------------------------------------------------------------


def test_history_and_replay(l402tui: Commands, server: PracticeServer) -> None:
    assert "Nothing was done yet" in l402tui.run("history").err
    l402tui.run("get", f"{server.url}/weather?city=Rome", *PAY)
    l402tui.run("get", f"{server.url}/free", "--no-pay")
    listed = l402tui.run("history")
    assert listed.code == Exit.OK
    rows = listed.out.decode().splitlines()
    assert rows[0].split() == ["No", "When", "Outcome", "Cost", "Request"]
    assert "paid" in rows[1]
    assert "11 sat" in rows[1]
    assert f"GET {server.url}/weather?city=Rome" in rows[1]
    assert "free" in rows[2]
    first, _ = (json.loads(line) for line in l402tui.run("history", "--json").out.splitlines())
    assert (first["number"], first["outcome"], first["cost_msat"]) == (1, "paid", 11_000)

    again = l402tui.run("replay", "1", "--wallet", "practice")
    assert again.code == Exit.OK
    assert b"Rome" in again.out
    before, _, after = again.err.partition("Request ")
    assert "no cost" in before
    assert "No money was spent now" in after
    assert len(paid(server)) == 1


def test_history_on_a_narrow_terminal_breaks_between_the_columns(
    l402tui: Commands, server: PracticeServer
) -> None:
    l402tui.run("get", f"{server.url}/weather?city=a-long-name-of-a-city", "--no-pay")
    with l402tui.at_terminal("history", columns=40) as screen:
        assert screen.end() == Exit.OK
    lines = screen.text.splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 40
    assert lines[2].split() == ["1", "previewed", "-"]
    assert lines[3].endswith("…")
    with l402tui.at_terminal("history", columns=100) as screen:
        assert screen.end() == Exit.OK
    assert len(screen.text.splitlines()) == 2


def test_replay_says_first_that_it_may_cost_money(
    l402tui: Commands, server: PracticeServer
) -> None:
    l402tui.run("get", f"{server.url}/weather", "--no-pay")
    done = l402tui.run("replay", "1", *PAY)
    assert "may cost money" in done.err.partition("Request ")[0]
    assert done.code == Exit.OK
    assert len(paid(server)) == 1


def test_replay_of_nothing(l402tui: Commands) -> None:
    done = l402tui.run("replay", "7")
    assert done.code == Exit.USAGE
    assert "no entry 7" in done.err


def test_every_outcome_has_an_exit_code() -> None:
    from l402tui.cli.exits import exit_of
    from l402tui.flow.model import Ending, Money
    from l402tui.protocol.text import say

    for outcome in Outcome:
        assert exit_of(Ending(outcome, Money.NONE, say("so")), None) in Exit

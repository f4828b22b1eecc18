"""What does a person at a real terminal see, and can what they are shown move it?"""

from __future__ import annotations

import json
import re

import httpx

from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from tests.cli.command import Commands, paid

ASK = ("--wallet", "practice")
QUESTION = "Type yes to pay"
SHOW = "Type yes to see it"
_OUR_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_MOVES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def test_a_person_sees_everything_and_types_yes(l402tui: Commands, server: PracticeServer) -> None:
    url = f"{server.url}/weather"
    with l402tui.at_terminal("get", url, *ASK, "--plain") as screen:
        screen.until(QUESTION)
        screen.type("yes\n")
        assert screen.end() == Exit.OK
        text = " ".join(screen.text.split())
    node = server.node.node_id.hex()
    for shown in (
        "10 sat (play money)",
        "at most 10 sat",
        f"GET {url}",
        node,
        "“Weather report”",
        "24 passed",
        "Approved by you",
        '"city": "Oslo"',
    ):
        assert shown in text
    assert len(paid(server)) == 1


def test_anything_else_is_no(l402tui: Commands, server: PracticeServer) -> None:
    for answer in ("y\n", "\n", "no\n", "\x04"):
        with l402tui.at_terminal("get", f"{server.url}/weather", *ASK) as screen:
            screen.until(QUESTION)
            screen.type(answer)
            assert screen.end() == Exit.DECLINED
            assert "No money was spent." in screen.text
    assert not paid(server)


def test_what_was_typed_before_the_question_does_not_answer_it(
    l402tui: Commands, server: PracticeServer
) -> None:
    with l402tui.at_terminal("get", f"{server.url}/with/slow/weather", *ASK) as screen:
        screen.until("Request")  # the answer takes its time, and somebody is impatient
        screen.type("yes\nyes\n")
        screen.until(QUESTION)
        screen.type("no\n")
        assert screen.end() == Exit.DECLINED
    assert not paid(server)


def test_ctrl_c_at_the_question(l402tui: Commands, server: PracticeServer) -> None:
    with l402tui.at_terminal("get", f"{server.url}/weather", *ASK) as screen:
        screen.until(QUESTION)
        screen.type("\x03")
        assert screen.end() == Exit.STOPPED
        assert "No money was spent" in screen.text
    assert not paid(server)


def test_hostile_text_does_not_move_the_terminal(l402tui: Commands, server: PracticeServer) -> None:
    url = f"{server.url}/with/hostile-text/weather"
    with l402tui.at_terminal("get", url, *ASK) as screen:
        screen.until(QUESTION)
        screen.type("yes\n")
        assert screen.end() == Exit.OK
        text = screen.text
    assert "\\x1b]52" in text  # it is there, and can be read
    assert "[@click=app.quit]" in text
    left = _OUR_COLOURS.sub("", text)
    assert not _MOVES.findall(left)
    assert "\x1b[31mFREE" not in text


def test_hostile_text_in_the_demo(l402tui: Commands) -> None:
    with l402tui.at_terminal("demo", "--plain", "--switch", "hostile-text") as screen:
        assert screen.end() == Exit.OK
        text = screen.text
    assert "\\x1b]52" in text
    assert not _MOVES.findall(text)


def test_an_external_wallet_shows_the_invoice_and_takes_the_preimage(
    l402tui: Commands, server: PracticeServer
) -> None:
    l402tui.settings('network = "regtest"\n')
    with l402tui.at_terminal("get", f"{server.url}/weather", "--wallet", "external") as screen:
        screen.until("Show the invoice?")
        screen.until("up to your wallet")
        screen.until("You need the preimage")
        screen.until(SHOW)
        screen.type("yes\n")
        screen.until("lightning:")
        screen.until("Preimage: ")
        found = re.search(r"lightning:(\w+)", screen.text)
        assert found is not None
        assert "█" in screen.text  # the QR code
        preimage = _pay_elsewhere(server, found[1])
        screen.type("abc\n")
        screen.until("64 hex characters")
        screen.until("Preimage: ")
        screen.type("0" * 64 + "\n")
        screen.until("not the preimage of this invoice")
        screen.until("Preimage: ")
        screen.type(preimage + "\n")
        assert screen.end() == Exit.OK
        assert '"city": "Oslo"' in screen.text
        assert preimage not in screen.text


def test_an_invoice_that_was_shown_stays_open_until_it_is_settled(
    l402tui: Commands, server: PracticeServer
) -> None:
    l402tui.settings('network = "regtest"\n')
    get = ("get", f"{server.url}/weather", "--wallet", "external")
    with l402tui.at_terminal(*get) as screen:
        screen.until(SHOW)
        screen.type("yes\n")
        screen.until("Preimage: ")
        screen.type("\n")
        assert screen.end() == Exit.UNSETTLED
        assert "Money may have been spent" in screen.text
        first = re.search(r"lightning:(\w+)", screen.text)
    with l402tui.at_terminal(*get) as screen:
        screen.until("Preimage: ")
        again = re.search(r"lightning:(\w+)", screen.text)
        assert first is not None
        assert again is not None
        assert first[1] == again[1]
        screen.type(_pay_elsewhere(server, first[1]) + "\n")
        assert screen.end() == Exit.OK


def test_a_narrow_terminal_gets_no_half_qr_code(l402tui: Commands, server: PracticeServer) -> None:
    l402tui.settings('network = "regtest"\n')
    get = ("get", f"{server.url}/weather", "--wallet", "external")
    with l402tui.at_terminal(*get, columns=40) as screen:
        screen.until(SHOW)
        screen.type("yes\n")
        screen.until("terminal has 40")
        assert "█" not in screen.text
        screen.until("Preimage: ")
        words = screen.text[screen.text.index("Paste the") :]
        assert max(map(len, words.splitlines())) <= 40
        assert "the same command asks again later." in " ".join(words.split())


def test_the_way_to_learn_an_external_wallet_with_play_money(
    l402tui: Commands, server: PracticeServer
) -> None:
    get = ("get", f"{server.url}/forecast", "--wallet", "external", "--network", "regtest")
    port = server.url.rpartition(":")[2]
    with l402tui.at_terminal(*get) as screen:
        screen.until(SHOW)
        screen.type("yes\n")
        screen.until("Preimage: ")
        found = re.search(r"lightning:(\w+)", screen.text)
        assert found is not None
        paid_elsewhere = l402tui.run("practice", "--port", port, "--pay", found[1])
        assert paid_elsewhere.code == Exit.OK
        screen.type(paid_elsewhere.out.decode())
        assert screen.end() == Exit.OK
    assert "Money was spent." in screen.text
    assert "25 sat" in l402tui.run("history").out.decode()


def test_not_paid_is_the_end_also_when_it_is_asked_again(
    l402tui: Commands, server: PracticeServer
) -> None:
    get = ("get", f"{server.url}/weather", "--wallet", "external", "--network", "regtest")
    with l402tui.at_terminal(*get) as screen:
        screen.until(SHOW)
        screen.type("yes\n")
        screen.until("Preimage: ")
        screen.type("\n")
        assert screen.end() == Exit.UNSETTLED
    with l402tui.at_terminal(*get) as screen:
        screen.until("Preimage: ")
        screen.type("not paid\n")
        assert screen.end() == Exit.NOT_PAID
        assert "No money was spent." in screen.text
    rows = l402tui.run("history").out.decode().splitlines()
    assert "unsettled, not paid" in rows[1]


def test_the_last_words_after_ctrl_c_are_broken_between_words(
    l402tui: Commands, server: PracticeServer
) -> None:
    server.node.hold = True
    pay = ("get", f"{server.url}/weather", *ASK, "--yes")
    with l402tui.at_terminal(*pay, columns=60) as screen:
        screen.until("on its way")
        screen.type("\x03")
        assert screen.end() == Exit.STOPPED
    words = screen.text[screen.text.index("Stopped while") :]
    assert max(map(len, words.splitlines())) <= 60
    assert "never paid twice." in " ".join(words.split())


def _pay_elsewhere(server: PracticeServer, invoice: str) -> str:
    """Somebody else's wallet pays, and shows the preimage."""
    question = {"invoice": invoice, "fee_cap_msat": 10_000, "payer": "phone"}
    lines = httpx.post(f"{server.url}/_node/pay", json=question, trust_env=False).text.splitlines()
    preimage: str = json.loads(lines[-1])["payment_preimage"]
    return preimage

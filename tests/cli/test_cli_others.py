"""Do the commands that need no flow do what they say: help, version, demo, practice, inspect?"""

from __future__ import annotations

import json
import signal
import socket
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from l402tui import __version__
from l402tui.cli.arguments import NETWORKS
from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from l402tui.practice.switches import Switch
from l402tui.protocol.amount import sat
from l402tui.protocol.network import Network
from tests.cli.command import Commands
from tests.flow import makers as m
from tests.protocol.invoice_writer import write

MAINNET = write(prefix="lnbc25u")
CREDENTIAL = f"L402 {m.HELD.token.reveal().decode()}:{m.PREIMAGE.reveal().hex()}"


def test_version(l402tui: Commands) -> None:
    assert l402tui.run("--version").out.decode() == f"l402tui {__version__}\n"


def test_help_prints_every_exit_code(l402tui: Commands) -> None:
    for words in (["--help"], ["get", "--help"], ["replay", "--help"]):
        text = l402tui.run(*words).out.decode()
        for code in Exit:
            assert f"{code.value:>3}  {code.sentence}" in text


def test_help_of_a_command_that_fetches_nothing_names_only_its_exit_codes(
    l402tui: Commands,
) -> None:
    text = l402tui.run("history", "--help").out.decode()
    _, _, codes = text.partition("exit codes:")
    assert [line.split()[0] for line in codes.splitlines() if line] == ["0", "1", "2"]


def test_help_says_how_to_explore_with_play_money(l402tui: Commands) -> None:
    assert "l402tui URL --wallet practice\n" in l402tui.run("--help").out.decode()


def test_help_says_what_steps_do(l402tui: Commands) -> None:
    for command in ("open", "demo"):
        text = " ".join(l402tui.run(command, "--help").out.decode().split())
        assert "the first sending still waits for you, and the rest runs without stopping" in text


def test_the_networks_are_those_of_invoices() -> None:
    assert {network.word for network in Network} == set(NETWORKS)


@pytest.mark.parametrize(
    "arguments", [["get"], ["replay", "x"], ["replay", "1", "--yes", "--no-pay"]]
)
def test_a_mistake_names_a_command_that_can_be_pasted(
    l402tui: Commands, arguments: list[str]
) -> None:
    done = l402tui.run(*arguments)
    assert done.err.startswith(f"l402tui {arguments[0]}: ")
    assert done.err.endswith(f"\nTry: l402tui {arguments[0]} --help\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dmeo"], "did you mean demo?"),
        (["frobnicate"], "neither a command nor an address"),
        ([], "needs a terminal"),
        (["https://example.com"], "needs a terminal"),
        (["demo", "--switch", "nonsense"], "there is no switch"),
        (["practice", "--port", "99999"], "--port"),
        (["history", "-n", "0"], "-n"),
        (["replay", "x"], "'x' is not a whole number"),
        (["history", "-n", "1.5"], "'1.5' is not a whole number"),
        (["practice", "--pay", "nonsense"], "this is no invoice"),
        (["practice", "--pay", MAINNET], "for bitcoin, with a real payee"),
    ],
)
def test_mistakes(l402tui: Commands, arguments: list[str], words: str) -> None:
    done = l402tui.run(*arguments)
    assert done.code == Exit.USAGE
    assert words in done.err
    assert "Traceback" not in done.err


# --- demo --------------------------------------------------------------------------------------


def test_the_demo_shows_every_step_and_ends_with_what_was_paid_for(l402tui: Commands) -> None:
    done = l402tui.run("demo", "--plain")
    assert done.code == Exit.OK
    text = done.out.decode()
    steps = ["1. Request", "2. 402", "3. Decode", "4. Check", "5. Pay", "6. Retry", "7. Result"]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)
    for words in (
        "> GET /weather HTTP/1.1",
        "< HTTP/1.1 402 Payment Required",
        "< Www-Authenticate: L402 macaroon=",
        "payment hash  MATCH with the invoice",
        "C12 ok",
        "because it is play money",
        "> Authorization: L402 ",
        "< HTTP/1.1 200 OK",
        "It cost 11 sat",
    ):
        assert words in text
    assert text.count("Why: ") == 7
    assert json.loads(text[text.rindex("{\n") :])["city"] == "Oslo"
    assert "\x1b" not in text
    assert not l402tui.home.exists()  # nothing of the demo is kept
    assert "kept until the demo ends" in text[: places[0]]


def test_the_demo_with_a_mistake_ends_as_get_would(l402tui: Commands) -> None:
    done = l402tui.run("demo", "--plain", "--switch", "wrong-hash", "--switch", "mode-401")
    assert done.code == Exit.REFUSED
    assert "C12 block" in done.out.decode()


def test_the_switches_are_listed(l402tui: Commands) -> None:
    for command in ("demo", "practice"):
        listed = l402tui.run(command, "--switch", "list").out.decode()
        assert all(switch.value in listed for switch in Switch)


def test_the_demo_waits_for_enter(l402tui: Commands) -> None:
    with l402tui.at_terminal("demo", "--plain", "--step") as screen:
        for step in ("1. Request", "3. Decode", "4. Check", "5. Pay", "(enter", "6. Retry"):
            screen.until(step)
            if step != "(enter":
                screen.until("(enter goes on)")
            screen.type("\n")
        assert screen.end() == Exit.OK


# --- practice ----------------------------------------------------------------------------------


def test_the_practice_server_runs_until_ctrl_c(l402tui: Commands) -> None:
    run = l402tui.begin("practice", "--switch", "token-param")
    assert run.process.stdout is not None
    url = run.process.stdout.readline().decode().strip()
    response = httpx.get(f"{url}/weather", trust_env=False)
    assert response.status_code == 402
    assert 'L402 version="0"' in response.headers["www-authenticate"]
    paid = l402tui.run("get", f"{url}/weather", "--wallet", "practice", "--yes")
    assert paid.code == Exit.OK
    run.signal(signal.SIGINT)
    ended = run.end()
    assert ended.code == Exit.OK
    assert "has ended" in ended.err


def test_a_port_that_is_taken(l402tui: Commands, server: PracticeServer) -> None:
    done = l402tui.run("practice", "--port", server.url.rpartition(":")[2])
    assert done.code == Exit.USAGE
    assert "cannot be used" in done.err


def test_the_words_of_the_practice_server_are_broken_between_words(l402tui: Commands) -> None:
    for columns in (40, 80, 100):
        with l402tui.at_terminal("practice", columns=columns) as screen:
            screen.until("ctrl+c ends it.")
            assert "or try in another terminal:" in " ".join(screen.text.split())
            lines = screen.text.splitlines()
            examples = [line for line in lines if line.startswith((" ", "http"))]
            words = [line for line in lines if line not in examples]
            assert max(map(len, words)) <= columns
            assert len(examples) == 4  # the address, and three whole commands
            screen.type("\x03")
            assert screen.end() == Exit.OK


def test_pay_gives_the_preimage_and_the_same_again(
    l402tui: Commands, server: PracticeServer
) -> None:
    invoice = server.node.invoice(sat(25), "Forecast")
    port = server.url.rpartition(":")[2]
    direct = l402tui.run("practice", "--port", port, "--pay", invoice.text)
    assert direct.code == Exit.OK
    assert sha256(bytes.fromhex(direct.out.decode())).digest() == invoice.payment_hash
    assert "Paid 25 sat of play money" in direct.err
    pasted = f"lightning:{invoice.text.upper()}\n".encode()
    again = l402tui.run("practice", "--port", port, "--pay", "-", stdin=pasted)
    assert again.out == direct.out
    assert not server.node.payments()  # the practice wallet's own money is untouched


def test_pay_of_an_invoice_that_is_not_from_here(l402tui: Commands, server: PracticeServer) -> None:
    port = server.url.rpartition(":")[2]
    done = l402tui.run("practice", "--port", port, "--pay", m.INVOICE.text)
    assert done.code == Exit.NOT_PAID
    assert "its own practice server" in done.err
    assert done.out == b""


def test_pay_without_a_server(l402tui: Commands) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        port = str(taken.getsockname()[1])
        done = l402tui.run("practice", "--port", port, "--pay", m.INVOICE.text)
    assert done.code == Exit.UNREACHABLE
    assert f"`l402tui practice --port {port}`" in done.err


# --- inspect -----------------------------------------------------------------------------------


def test_inspect_takes_a_thing_a_file_and_stdin(l402tui: Commands, tmp_path: Path) -> None:
    file = tmp_path / "invoice.txt"
    file.write_text(m.INVOICE.text + "\n")
    direct = l402tui.run("inspect", m.INVOICE.text)
    assert direct.code == Exit.OK
    assert b"10 sat" in direct.out
    assert l402tui.run("inspect", str(file)).out == direct.out
    assert l402tui.run("inspect", "-", stdin=m.INVOICE.text.encode()).out == direct.out


def test_inspect_masks_secrets_until_they_are_asked_for(l402tui: Commands) -> None:
    preimage = m.PREIMAGE.reveal().hex().encode()
    for more in ((), ("--json",)):
        masked = l402tui.run("inspect", "-", *more, stdin=CREDENTIAL.encode())
        assert masked.code == Exit.OK
        assert preimage not in masked.out
        assert m.HELD.token.reveal() not in masked.out
        revealed = l402tui.run("inspect", "-", "--reveal", *more, stdin=CREDENTIAL.encode())
        assert preimage in revealed.out


def test_inspect_as_json_is_a_tree(l402tui: Commands) -> None:
    tree = json.loads(l402tui.run("inspect", "--json", m.INVOICE.text).out)
    labels = {child["label"] for child in tree["children"]}
    assert {"amount", "payment hash", "description"} <= labels


def test_inspect_of_nonsense(l402tui: Commands) -> None:
    done = l402tui.run("inspect", "-", stdin=b"\xff\xfe nonsense")
    assert done.code == Exit.USAGE
    assert "cannot be read" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("thing", "begins"),
    [
        ("/no/such/file", "There is no file of that name. This cannot be read"),
        ("token.txt", "There is no file of that name. This cannot be read"),
        ("nonsense", "This cannot be read"),
        ("/", "/ is a folder"),
        ("https://example.com/x", "That is an address"),
        ("HTTP://example.com", "That is an address"),
    ],
)
def test_inspect_says_first_what_is_most_likely_wrong(
    l402tui: Commands, thing: str, begins: str
) -> None:
    done = l402tui.run("inspect", thing)
    assert done.code == Exit.USAGE
    assert done.err.startswith(f"l402tui: {begins}")


def test_inspect_of_hostile_text(l402tui: Commands) -> None:
    hostile = m.invoice(description="\x1b]52;c;aGk=\x07\u202e\x9b31m").text
    for more in ((), ("--json",), ("--reveal",)):
        out = l402tui.run("inspect", *more, hostile).out.decode()
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "\x9b" not in out

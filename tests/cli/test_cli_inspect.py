"""Does inspect show what a person hands it, in the form asked for, and say what it cannot read?"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from l402tui.cli.exits import Exit
from l402tui.cli.inspect import without_comments
from l402tui.practice.samples import samples
from l402tui.protocol.dissect import dissect
from l402tui.protocol.hexdump import hexdump
from l402tui.protocol.outline import outline
from tests.cli.command import Commands
from tests.protocol.tokens import INVOICE, PAYMENT_HASH, PREIMAGE, TOKEN, mint, spelled
from tests.test_imports import HEAVY, loaded

BILL = f'L402 macaroon="{TOKEN.text}", invoice="{INVOICE}"'
PAID = f"L402 {TOKEN.text}:{PREIMAGE.hex()}"
ANSWER = f"HTTP/1.1 402 Payment Required\r\nWWW-Authenticate: {BILL}\r\n\r\npay\n"
LOG = f"first\n2026-01-01 sent {PAID}\nlast\n"
SAMPLES = Path(__file__).parents[2] / "sample_tokens"
ROW = re.compile(r"[0-9a-f]{4}  (?:[0-9a-f]{2}|··|\*\*) ")


def exchange(status: int) -> dict[str, Any]:
    bill = [{"name": "WWW-Authenticate", "value": BILL}]
    return {
        "request": {"method": "GET", "url": "http://h/x", "headers": []},
        "response": {"status": status, "headers": bill if status == 402 else []},
    }


HAR = json.dumps({"log": {"entries": [exchange(200), exchange(402)]}})


# --- what it reads -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "first", "also"),
    [
        (ANSWER, "response  HTTP/1.1 402 Payment Required", "MATCH with the invoice"),
        (ANSWER + ANSWER, "found  2 responses", "where  line 5"),
        (f"< HTTP/2 402\n< x: {BILL}\n<\npay\n", "response  HTTP/2 402", "body  pay"),
        (HAR, "found  1 of 2 exchanges", "where  log.entries[1].response"),
        (LOG, "found  1 credential", "where  line 2, column 17"),
        (f"# why\n#\n{LOG}", "found  1 credential", "where  line 4, column 17"),
        (json.dumps({"a": [LOG]}), "found  1 credential", "where  $.a[0]"),
        (PREIMAGE.hex(), "32 bytes  either a preimage or a payment hash", PAYMENT_HASH.hex()),
    ],
    ids=("answer", "answers", "transcript", "har", "log", "comments", "json", "hex"),
)
def test_what_stdin_holds(l402tui: Commands, given: str, first: str, also: str) -> None:
    done = l402tui.run("inspect", "--brief", "-", stdin=given.encode())
    assert done.code == Exit.OK
    lines = done.out.decode().splitlines()
    assert lines[0] == first
    assert also in done.out.decode()
    assert PREIMAGE.hex() not in done.out.decode()


def test_a_binary_file(l402tui: Commands, tmp_path: Path) -> None:
    file = tmp_path / "admin.macaroon"
    file.write_bytes(mint(b"time-before 2026-01-01T00:00:00Z").raw)
    done = l402tui.run("inspect", "--brief", str(file))
    assert done.code == Exit.OK
    assert done.out.startswith(b"macaroon  v2")


def test_what_has_ended_says_so(l402tui: Commands) -> None:
    for end, told in ((1, b"EXPIRED"), (4_102_444_800, b"in date")):
        token = spelled(f"x_valid_until={end}".encode())
        assert told in l402tui.run("inspect", token).out


@pytest.mark.parametrize("name", ["answer.txt", "invoice-damaged.txt", "recording.har"])
def test_a_sample_at_a_narrow_terminal(l402tui: Commands, name: str) -> None:
    with l402tui.at_terminal("inspect", "--hex", f"{SAMPLES}/{name}", columns=80) as screen:
        code = screen.end()
        text = screen.text
    assert code == (Exit.USAGE if "damaged" in name else Exit.OK)
    rows = [line for line in text.splitlines() if ROW.match(line)]
    assert rows
    assert all(len(row) <= 80 for row in rows)
    # Meanings are broken into lines; a value is not, so that it can be copied.
    meanings = [line for line in text.splitlines() if re.match(r"[│ ]*(?:│  |   )\w", line)]
    assert meanings
    assert all(len(line) <= 80 for line in meanings)


def test_every_sample_can_be_read() -> None:
    for file in sorted(SAMPLES.iterdir()):
        tree = dissect(without_comments(file.read_bytes()))
        lines = [*outline(tree, width=80, ascii_only=True), *hexdump(tree, width=80)]
        assert len(lines) > 3, file.name


def test_what_is_broken_is_shown_and_refused(l402tui: Commands) -> None:
    broken = INVOICE[:-1] + ("q" if INVOICE[-1] != "q" else "p")
    for more in ((), ("--json",)):
        done = l402tui.run("inspect", *more, broken)
        assert done.code == Exit.USAGE
        assert b"checksum" in done.out
        assert PAYMENT_HASH.hex().encode() in done.out
        assert "This invoice is broken" in done.err


def test_what_is_nothing_is_refused(l402tui: Commands) -> None:
    done = l402tui.run("inspect", "-", stdin=b"Dear Sir or Madam, please find attached.")
    assert (done.code, done.out) == (Exit.USAGE, b"")
    for word in ("challenge", "credential", "invoice", "token", "curl -i", "HAR", "JSON"):
        assert word in done.err


def test_too_much_is_refused(l402tui: Commands) -> None:
    done = l402tui.run("inspect", "-", stdin=b"a " * 140_000)
    assert done.code == Exit.USAGE
    assert "256 KiB" in done.err
    assert "16 MiB" in done.err


# --- two things ----------------------------------------------------------------------------------


def test_two_things(l402tui: Commands, tmp_path: Path) -> None:
    file = tmp_path / "answer.txt"
    file.write_text(f"# why\n{ANSWER}")
    good = l402tui.run("inspect", str(file), "-", stdin=PAID.encode())
    assert good.code == Exit.OK
    assert good.out.startswith(b"two things  they belong together")
    assert PREIMAGE.hex().encode() not in good.out
    bad = l402tui.run("inspect", "--json", str(file), "00" * 32)
    assert bad.code == Exit.OK
    assert json.loads(bad.out)["mark"] == "wrong"


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("-", "-", "Only one of the two"),
        (INVOICE, "no-such.txt", "no file of the name no-such.txt"),
        (INVOICE, "", "the second cannot be read"),
        ("lnbc1", INVOICE, "the first cannot be read"),
        ("/", INVOICE, "is a folder"),
    ],
)
def test_two_things_of_which_one_is_none(
    l402tui: Commands, first: str, second: str, why: str
) -> None:
    done = l402tui.run("inspect", first, second)
    assert (done.code, done.out) == (Exit.USAGE, b"")
    assert why in done.err


# --- how it is shown -----------------------------------------------------------------------------


def test_hex_stands_behind_the_tree(l402tui: Commands) -> None:
    done = l402tui.run("inspect", "--hex", "--brief", "-", stdin=PAID.encode())
    text = done.out.decode()
    tree, _, dump = text.partition("\n\n")
    assert "preimage" in tree
    assert dump.startswith(f"Authorization, {len(PAID)} bytes\n0000  4c 34 30 32 ·· ")
    assert "scheme, token" in dump.splitlines()[1]
    revealed = l402tui.run("inspect", "--hex", "--reveal", "-", stdin=PAID.encode()).out.decode()
    assert "0000  4c 34 30 32 20 41 67" in revealed
    assert PREIMAGE.hex() in revealed


def test_hex_as_json(l402tui: Commands) -> None:
    masked = json.loads(l402tui.run("inspect", "--hex", "--json", "-", stdin=PAID.encode()).out)
    assert masked["buffers"][0]["hex"].startswith("4c343032****")
    assert masked["buffers"][0]["of"] == masked["of"]
    command = ("inspect", "--hex", "--json", "--reveal", "-")
    whole = json.loads(l402tui.run(*command, stdin=PAID.encode()).out)
    assert bytes.fromhex(whole["buffers"][0]["hex"]) == PAID.encode()


@pytest.mark.parametrize("more", [(), ("--hex",), ("--reveal",), ("--json", "--hex")])
def test_ascii_is_ascii(l402tui: Commands, more: tuple[str, ...]) -> None:
    given = f"é “{PAID}” ☕ {BILL.replace('L402', 'LSAT')} preimage={'0' * 64}"
    done = l402tui.run("inspect", "--ascii", *more, "-", stdin=given.encode())
    assert done.code == Exit.OK
    assert done.out.isascii()
    assert b"hidden: " in done.out


def test_it_stays_light() -> None:
    for given in (INVOICE, BILL, LOG, ANSWER, HAR, PREIMAGE.hex()):
        assert not loaded("inspect", "--hex", given) & set(HEAVY)
    light = loaded("inspect", INVOICE)
    assert not light & {
        "l402tui.protocol.find",
        "l402tui.protocol.har",
        "l402tui.protocol.http_text",
        "l402tui.protocol.dialects",
        "l402tui.protocol.macaroon",
    }


def test_help_names_what_it_reads(l402tui: Commands) -> None:
    text = l402tui.run("inspect", "--help").out.decode()
    for word in ("HAR", "curl -i", "--hex", "--ascii", "--json", "belong together", "256 KiB"):
        assert word in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_without_a_thing_and_without_a_terminal_it_reads_stdin(l402tui: Commands) -> None:
    done = l402tui.run("inspect", stdin=samples()["token.txt"].content.encode())
    assert done.code == Exit.OK
    assert b"weather_capabilities" in done.out


def test_a_pipe_is_a_file_too(l402tui: Commands, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=(samples()["credential.txt"].content,))
    writer.start()
    file = tmp_path / "challenge.txt"
    file.write_text(samples()["challenge.txt"].file)
    done = l402tui.run("inspect", str(file), str(pipe))
    writer.join()
    assert done.code == Exit.OK
    assert b"they belong together" in done.out

"""What the command line writes: words, JSON lines, the log, listings, side files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from tests.cli.command import Commands, Done, paid
from tests.wallets.lnd_fake import MACAROON

from .canaries import Canaries
from .conftest import Search
from .world import Errand, Shop, node_files, shopping

PAY = ("--wallet", "practice", "--yes")


@pytest.fixture
def shop(canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with shopping(canaries, monkeypatch) as opened:
        yield opened


@pytest.fixture
def errand(canaries: Canaries, tmp_path: Path) -> Errand:
    return Errand(canaries, tmp_path)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def l402tui(tmp_path: Path, temporary: Path) -> Iterator[Commands]:
    commands = Commands(tmp_path / "home")
    yield commands
    commands.end()


def buy(l402tui: Commands, shop: Shop, errand: Errand, *more: str) -> Done:
    """``get``, with everything that is secret from files and stdin."""
    done = l402tui.run(
        "get", *errand.options, *PAY, *more, stdin=f"{shop.url}{errand.target}".encode()
    )
    assert done.code == Exit.OK, done.err
    assert len(paid(shop.server)) == 1
    return done


def everything(done: Done) -> bytes:
    return done.out + done.err.encode()


@pytest.mark.parametrize("more", [(), ("--plain",)], ids=["get", "get --plain"])
def test_words(
    l402tui: Commands,
    shop: Shop,
    errand: Errand,
    canaries: Canaries,
    search: Search,
    more: tuple[str, ...],
) -> None:
    told = everything(buy(l402tui, shop, errand, *more))
    again = l402tui.run("replay", "1", *more)
    assert again.code == Exit.OK, again.err
    moved = l402tui.run("get", f"{shop.url}/moved", "--no-pay")
    assert "redirected (307)" in moved.err
    assert "paid: preimage" in canaries.values
    search("words", canaries, told + everything(again) + everything(moved))


def test_words_of_a_question_and_of_a_node(
    l402tui: Commands,
    shop: Shop,
    errand: Errand,
    canaries: Canaries,
    search: Search,
    tmp_path: Path,
) -> None:
    node = node_files(canaries, tmp_path, MACAROON)
    address = f"{shop.url}{errand.sending}".encode()
    refused = l402tui.run("get", *errand.with_body, *node, "--yes", stdin=address)
    assert refused.code == Exit.REFUSED, refused.err
    as_json = l402tui.run("get", *errand.with_body, *node, "--yes", "--json", stdin=address)
    mistyped = l402tui.run("get", shop.url, *node, "--macaroonpath", MACAROON.hex())
    assert mistyped.code == Exit.USAGE
    # A question needs the terminal, so the address is an argument here.
    plain = (f"{shop.url}/weather?city=Oslo", *errand.options[1:], "--wallet", "practice")
    with l402tui.at_terminal("get", *plain) as screen:
        screen.until("Type yes")
        screen.type("yes\n")
        assert screen.end() == Exit.OK, screen.text
    told = everything(refused) + everything(mistyped) + bytes(screen.seen)
    search("words", canaries, told)
    search("json lines", canaries, as_json.out)


def test_json_lines_and_the_log(
    l402tui: Commands,
    shop: Shop,
    errand: Errand,
    canaries: Canaries,
    search: Search,
    tmp_path: Path,
) -> None:
    log = tmp_path / "run.log"
    done = buy(l402tui, shop, errand, "--json", "--log", str(log))
    assert "finished" in done.names
    again = l402tui.run("replay", "1", "--json", "--log", str(log))
    moved = l402tui.run("get", f"{shop.url}/moved", "--no-pay", "--json", "--log", str(log))
    search("json lines", canaries, done.out + again.out + moved.out)
    node = node_files(canaries, tmp_path, MACAROON)
    address = f"{shop.url}{errand.sending}".encode()
    l402tui.run("get", *errand.with_body, *node, "--log", str(log), stdin=address)
    written = log.read_bytes()
    assert b"PaidStored" in written
    assert b"sending]" in written
    search("log file", canaries, written)


def test_listings(
    l402tui: Commands, shop: Shop, errand: Errand, canaries: Canaries, search: Search
) -> None:
    buy(l402tui, shop, errand)
    told = b""
    for words in (
        ("history",),
        ("history", "--json"),
        ("payments", "--all"),
        ("payments", "--all", "--json"),
        ("payments", "--json"),
    ):
        done = l402tui.run(*words)
        assert done.code == Exit.OK
        told += everything(done)
    assert b"city=Oslo" in told  # what is no secret says which request it was
    search("listings", canaries, told)


def test_side_files(
    l402tui: Commands,
    shop: Shop,
    errand: Errand,
    canaries: Canaries,
    search: Search,
    temporary: Path,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "downloads"
    folder.mkdir()
    target = folder / "weather.json"
    buy(l402tui, shop, errand, "-o", str(target))
    assert target.read_bytes() == shop.goods
    shop.server.node.hold = True
    held = l402tui.begin("get", f"{shop.url}/forecast", *PAY[:3], "-o", str(target), "--json")
    held.until("payment_sent")
    found = [target.read_bytes()]
    for place in (folder, temporary, l402tui.home):
        for path in place.rglob("*"):
            vault = path.parent == l402tui.home and path.name.startswith("vault")
            if path.is_file() and not vault and os.access(path, os.R_OK):
                found.append(str(path).encode() + b"\n" + path.read_bytes())
    held.process.kill()
    held.end()
    search("side files", canaries, b"\n".join(found))


def test_a_log_that_others_can_read_is_refused(
    l402tui: Commands, shop: Shop, tmp_path: Path
) -> None:
    log = tmp_path / "run.log"
    log.touch()
    log.chmod(0o640)
    done = l402tui.run("get", f"{shop.url}/free", "--log", str(log))
    assert done.code == Exit.USAGE
    assert "chmod 600" in done.err
    assert log.read_bytes() == b""
    log.chmod(0o600)
    link = tmp_path / "link.log"
    link.symlink_to(log)
    assert l402tui.run("get", f"{shop.url}/free", "--log", str(link)).code == Exit.OK
    assert b"Finished" in log.read_bytes()
    if os.geteuid() == 0:  # only root can make links for others
        os.lchown(link, 65_534, -1)
        done = l402tui.run("get", f"{shop.url}/free", "--log", str(link))
        assert done.code == Exit.USAGE
        assert "another user" in done.err
        os.chown(log, 65_534, -1)
        assert "another user" in l402tui.run("get", shop.url, "--log", str(log)).err
    done = l402tui.run("get", f"{shop.url}/free", "--log", "/dev/null")
    assert "no plain file" in done.err


def test_a_new_log_is_for_its_owner_alone(l402tui: Commands, shop: Shop, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        done = l402tui.run("demo", "--plain", "--log", str(tmp_path / "new.log"))
    finally:
        os.umask(before)
    assert done.code == Exit.OK
    assert (tmp_path / "new.log").stat().st_mode & 0o777 == 0o600
    lines = (tmp_path / "new.log").read_text().splitlines()
    assert lines
    assert all(line.isprintable() and line[:4].isdigit() for line in lines)


def test_headers_and_address_come_from_elsewhere(
    l402tui: Commands, shop: Shop, tmp_path: Path
) -> None:
    both = l402tui.run("get", "-", "-d", "@-", stdin=b"x")
    assert both.code == Exit.USAGE
    assert "both want stdin" in both.err
    headers = tmp_path / "headers"
    headers.write_text("X-One: 1\r\n\nX-Two: 2\n")
    done = l402tui.run("get", f"{shop.url}/free", "-H", f"@{headers}", "--json")
    sent = json.loads(done.out.splitlines()[1])["headers"]
    assert ["X-One", "1"] in sent
    assert ["X-Two", "2"] in sent
    missing = l402tui.run("get", shop.url, "-H", "@/nowhere/headers")
    assert missing.code == Exit.USAGE
    assert "Nothing was sent" in missing.err

"""Nothing that comes from outside does anything on the terminal of the command line, and a pipe
gets the body byte for byte (H56 to H66).

Every command, with payloads from servers, files, the vault and the command line itself, at a
pseudo-terminal and without one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from l402tui.cli.arguments import COMMANDS
from l402tui.flow.model import Ending, IntentState, Money, Outcome, Request
from l402tui.protocol.text import shown
from l402tui.protocol.url import Url
from l402tui.vault import SqliteVault
from tests.flow import makers as flow_makers
from tests.vault import makers

from .conftest import COUNT
from .hostile import Supply
from .oracle import MARK, Foreign, Part, judge, kinds_of, parts, read
from .payloads import BENIGN, PAYLOADS, Payload, batches
from .shop import body_of, chosen, serving
from .terminal import capture

_SIZE = (100, 40)
_ANSWERS: Final = {
    b"anything else to stop: ": b"no\n",
    b"Preimage: ": b"\n",
    b"nothing appears): ": b"\n",
}
_PROMPTED: Final = ("--wallet", "external", "--network", "regtest")
_LIMIT: Final = 120
"""Bytes of a name that is made of payloads; file systems take 255."""

_Job = tuple[str, list[str]]


# --- what is asked of the commands ----------------------------------------------------------------


def _served(table: Sequence[Payload], shop: str, folder: Path) -> Iterator[list[str]]:
    """What a server says."""
    harmless = "harmless/" if table is not PAYLOADS else ""

    def at(kind: str, batch: Sequence[Payload]) -> str:
        return f"{shop}/{harmless}{kind}/{batch[0].number}/{len(batch)}"

    for batch in batches(table, 7):
        yield ["get", at("bill", batch), *_PROMPTED]
    for batch in batches(table, 50):
        for kind in ("text", "any", "error", "odd-bill"):
            yield ["get", at(kind, batch), "--no-pay"]
        for kind in ("bill", "text", "error", "odd-bill"):
            yield ["get", at(kind, batch), "--no-pay", "--json"]
        yield ["get", at("bill", batch[:7]), "--no-pay", "--plain"]
        yield ["rehearse", str(_token(folder, table)), at("odd-bill", batch)]
        yield ["get", at("text", batch), "-o", str(folder / _name(batch))]
    for batch in batches(table, 1):
        for kind in ("no-header", "no-http", "elsewhere"):
            if batch[0].number % 3 == 0 or kind == "no-header":
                yield ["get", at(kind, batch), "--no-pay"]


def _token(folder: Path, table: Sequence[Payload]) -> Path:
    """A credential whose caveats are payloads."""
    path = folder / ("token.txt" if table is PAYLOADS else "harmless.txt")
    if not path.exists():
        token = flow_makers.token(flow_makers.HASH, [b"x=" + one.raw for one in table[:100]])
        preimage = flow_makers.PREIMAGE.reveal().hex()
        path.write_text(f"Authorization: L402 {token}:{preimage}\n")
    return path


def _name(batch: Sequence[Payload]) -> str:
    """For a file."""
    raw = b"".join(one.raw for one in batch).replace(b"/", b"|").replace(b"\0", b"")
    return os.fsdecode(raw[:_LIMIT])


def _given(table: Sequence[Payload], shop: str, folder: Path) -> Iterator[list[str]]:
    """What a person gives, or pastes without looking."""
    for batch in batches(table, 4):
        text = "".join(one.text for one in batch).replace("\0", "")
        nowhere = f"{folder}/there is no {text.replace('/', '|')}"
        if not set(text) & set("/.:"):  # else it is taken for an address, and the explorer opens
            yield [text]
        yield ["open", "--wallet", text]
        yield ["get", f"{shop}/{text}"]
        yield ["get", shop, "-X", text]
        yield ["get", shop, "-H", text]
        yield ["get", shop, "-H", f"X-Odd: {text}"]
        yield ["get", shop, "-d", f"@{nowhere}"]
        yield ["get", shop, "-o", f"{nowhere}/x"]
        yield ["get", shop, "--max-cost", text]
        yield ["get", shop, "--log", f"{nowhere}/x"]
        yield ["inspect", text]
        yield ["inspect", f"{text}.txt", text]
        yield ["history", "-n", text]
        yield ["payments", "resume", text]
        yield ["payments", "settle", makers.hash_of(1).hex(), "--preimage-file", nowhere]
        yield ["replay", text]
        yield ["demo", "--plain", "--switch", text]
        yield ["practice", "--pay", text]
        yield ["practice", "--switch", text]
        yield ["wallet", text]
        yield ["attenuate", text, "--caveat", text]
        yield ["attenuate", str(_token(folder, table)), "--for", text]
        yield ["attenuate", str(_token(folder, table)), "--caveat", text, "--plain"]
        yield ["rehearse", text, shop]
        yield ["verifiers", text]
        yield ["tokens", text]
        yield ["third-party", text]
        yield ["vault", "backup", f"{nowhere}/x"]


def _files(table: Sequence[Payload], shop: str, folder: Path) -> Iterator[list[str]]:
    """What stands in files."""
    for path in _things(table, folder):
        for flag in (
            (),
            ("--hex",),
            ("--brief",),
            ("--ascii", "--hex"),
            ("--json",),
            ("--reveal",),
        ):
            yield ["inspect", *flag, str(path)]
    first, second, *_ = _things(table, folder)
    yield ["inspect", str(first), str(second)]
    yield ["attenuate", str(first), "--expires", "1h"]
    for batch in batches(table, 6):
        named = folder / "named" / _name(batch)
        named.mkdir(parents=True, exist_ok=True)
        yield ["inspect", str(named)]


def _things(table: Sequence[Payload], folder: Path) -> list[Path]:
    supply = Supply(table)
    kind = "hostile" if table is PAYLOADS else "harmless"
    lines = b"\r\n".join(b"X-Odd: " + one.raw for one in table)
    texts = [one.text for one in table]
    things: dict[str, bytes] = {
        "token": flow_makers.token(flow_makers.HASH, [b"x=" + one.raw for one in table]).encode(),
        "credential": _token(folder, table).read_bytes(),
        "challenge": supply.challenge(),
        "message": b"HTTP/1.1 402 " + supply.raw + b"\r\n" + lines + b"\r\n\r\n" + supply.raw,
        "json": json.dumps({"macaroon": texts[0], "invoice": texts[1], "more": texts}).encode(),
        "log": b"\n".join(one.raw + b' L402 macaroon="' + one.raw + b'"' for one in table),
    }
    paths = []
    for name, data in things.items():
        paths.append(folder / f"{kind}-{name}")
        paths[-1].write_bytes(data)
    return paths


def _remembered(table: Sequence[Payload], shop: str, folder: Path) -> Iterator[list[str]]:
    """What is in the vault."""
    yield ["history", "-n", "10000"]
    yield ["history", "-n", "10000", "--json"]
    yield ["payments"]
    yield ["payments", "--all", "--json"]
    for number in range(40):
        digits = makers.hash_of(number).hex()[:16]
        yield ["payments", "settle", digits]
        yield ["payments", "give-up", digits, "--no-pay"]
        yield ["payments", "resume", digits, "--no-pay"]
        yield ["replay", str(number + 1), "--no-pay"]
    yield ["verifiers"]
    yield ["vault"]
    yield ["wallet", "lnd", "recipe"]
    yield ["demo", "--plain", "--switch", "hostile-text"]
    yield ["demo", "--plain", "--switch", "list"]


_SOURCES: Final = (_served, _given, _files, _remembered)
_HARMLESS_ONES: Final = 14


def _jobs(shop: str, folder: Path, *, every: int = 1) -> list[_Job]:
    """``every``: of what a person gives only each so-many-th line. With a number that has no
    divisor in common with that of the lines, every option gets its share of the payloads."""
    jobs: list[_Job] = []
    for source in _SOURCES:
        for phase, table in (("benign", BENIGN[:_HARMLESS_ONES]), ("hostile", PAYLOADS)):
            for at, words in enumerate(source(table, shop, folder)):
                if source is _given and at % every:
                    continue
                command = words[0] if words[0] in COMMANDS else "unknown"
                jobs.append((f"{phase};{command} {source.__name__};{at}", words))
    return jobs


def _fill(home: Path) -> None:
    """A vault in which everything that a server or a person could put there is hostile."""
    with SqliteVault.open(home) as vault:
        for number, batch in enumerate(batches(PAYLOADS, 13)):
            supply = Supply(batch)
            url = replace(supply.url, scheme="http", host="127.0.0.1", port=9)
            request = Request(url, supply.text, ((supply.text, supply.text),), supply.raw)
            made = replace(makers.intent(number, request), wallet=supply.text)
            vault.reserve(made, None)
            state = (IntentState.SENDING, IntentState.UNKNOWN, IntentState.FAILED)[number % 3]
            vault.record(made.payment_hash, state, at=makers.NOW, reason=supply.ours)
            row = vault.open_exchange(request, makers.NOW)
            ending = Ending(Outcome.REFUSED, Money.NONE, supply.shown(), supply.shown())
            vault.close_exchange(row, ending, 402, makers.NOW)
    profiles = home / "verifiers"
    profiles.mkdir(exist_ok=True)
    for payload in PAYLOADS[::25]:
        (profiles / f"p{payload.number}.toml").write_bytes(b'name = "' + payload.raw + b'"\n')


# --- running them ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("commands")
    _fill(made / "home")
    return made


def _split(found: Sequence[Part]) -> tuple[list[Part], list[Part]]:
    harmless: list[Part] = []
    hostile: list[Part] = []
    for part in found:
        phase, _, part.name = part.name.partition(";")
        (hostile if phase == "hostile" else harmless).append(part)
    return harmless, hostile


def _told(foreign: Sequence[Foreign]) -> str:
    return "\n".join(map(str, foreign[:20]))


def _line_of_a_body(foreign: Foreign, jobs: Sequence[_Job]) -> bool:
    """Where an answer's own content is shown, the end of a line is the end of a line."""
    words = dict(jobs)[f"hostile;{foreign.where}"]
    core = PAYLOADS[foreign.payload].core if foreign.payload is not None else b""
    return words[0] == "get" and b"\n" in core and foreign.why.endswith("came through")


def test_at_a_terminal_nothing_foreign_is_obeyed(
    folder: Path, record_property: Callable[[str, object], None]
) -> None:
    with serving() as shop:
        jobs = _jobs(shop, folder, every=3)
        (folder / "jobs.json").write_text(json.dumps(jobs))
        code, written = capture(
            ["-m", "tests.screen.commands", str(folder / "jobs.json")],
            folder / "home", _SIZE, answers=_ANSWERS, seconds=500,
        )  # fmt: skip
    assert code == 0, written[-3_000:].decode("utf-8", "replace")
    harmless, hostile = _split(parts(written))
    asked = [name.partition(";")[2] for name, _ in jobs if name.startswith("hostile")]
    assert [part.name for part in hostile] == asked, "a command has swallowed a mark"
    ours = kinds_of(piece for part in harmless for piece in part.pieces)
    verdict = judge(hostile, ours, PAYLOADS, _SIZE)
    verdict.foreign = [one for one in verdict.foreign if not _line_of_a_body(one, jobs)]
    record_property(
        COUNT,
        f"{len(hostile)} command lines x {len(verdict.total)} payloads at a terminal, "
        f"{len(verdict.foreign)} foreign bytes",
    )
    assert {kind for kind in ours if not kind.startswith("SGR")} <= {"C0 0a", "C0 0d"}
    assert verdict.foreign == [], _told(verdict.foreign)
    assert verdict.total == {payload.number for payload in PAYLOADS}
    assert "mistake in l402tui" not in written.decode("utf-8", "replace")


def test_in_a_pipe_only_the_body_is_as_it_came(
    folder: Path, record_property: Callable[[str, object], None]
) -> None:
    with serving() as shop:
        jobs = _jobs(shop, folder, every=5)
        (folder / "jobs.json").write_text(json.dumps(jobs))
        done = subprocess.run(
            [sys.executable, "-m", "tests.screen.commands", str(folder / "jobs.json")],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
            env={**os.environ, "L402TUI_HOME": str(folder / "home"), "PYTHONUTF8": "1"},
            start_new_session=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3_000:].decode("utf-8", "replace")
    wanted = dict(jobs)
    outs = {name: out for name, out in _cut(done.stdout) if name.startswith("hostile")}
    bodies = 0
    words: list[tuple[str, bytes]] = []
    for name, out in outs.items():
        told = wanted[name]
        if "--json" in told:
            assert all(json.loads(line) for line in out.splitlines()), name
        if told[0] == "get" and "_served" in name and not {"--json", "-o"} & set(told):
            assert out in (_body(told[1]), b""), name
            bodies += out != b""
        elif told[0] != "get" or "--json" in told:
            words.append((name, out))
    assert bodies > 30
    words += [(name, err) for name, err in _cut(done.stderr) if name.startswith("hostile")]
    streams = [Part(name.partition(";")[2], raw, list(read(raw))) for name, raw in words]
    verdict = judge(streams, {"C0 0a"}, PAYLOADS, _SIZE)
    record_property(
        COUNT,
        f"{len(streams)} streams of commands x {len(verdict.total)} payloads in pipes, "
        f"{len(verdict.foreign)} foreign bytes; {bodies} bodies byte for byte",
    )
    assert verdict.foreign == [], _told(verdict.foreign)


def _cut(stream: bytes) -> Iterator[tuple[str, bytes]]:
    """By the marks alone: a body may hold anything."""
    found = re.split(rb"\x1b\]%d;([^\x07]*)\x07" % MARK, stream)
    for name, raw in zip(found[1::2], found[2::2], strict=True):
        yield name.decode(), raw


def _body(url: str) -> bytes:
    """What the shop sells there."""
    kind, batch = chosen(Url.parse(url).path)
    if kind == "elsewhere":
        kind, batch = chosen("/")
    return body_of("text" if kind == "error" else kind, batch)


# --- nothing is forgotten -------------------------------------------------------------------------


def test_every_command_is_asked(tmp_path: Path) -> None:
    asked = {words[0] for _, words in _jobs("http://127.0.0.1:9", tmp_path)}
    assert set(COMMANDS) <= asked, "put the new command into tests/screen/test_commands.py"
    assert all(shown(one.raw).text for one in PAYLOADS)

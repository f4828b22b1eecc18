"""Does the real aperture do with a child what our profile of it predicts?

The rule: one payment in all of it. What the credential that it bought opens is narrowed by the
program, or, where the program refuses, by hand; then aperture is asked, and has the last word.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from l402tui.cli.exits import Exit
from l402tui.protocol.attenuation import CannotAttenuate, attenuate
from l402tui.protocol.macaroon import Macaroon, Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.third_party import add_question
from l402tui.protocol.verifiers import PROFILES, Effect, Meaning, Target, predict, read_profile
from tests.cli.command import Commands, Done

from .customer import Customer
from .network import Network
from .node import Node
from .payer import Purse, settings
from .processes import wait_until

APERTURE = PROFILES["aperture"]
UNTIL = b"weather_valid_until="
NEVER = UNTIL + b"9999999999"


@dataclass(frozen=True)
class Owner:
    """Somebody who bought a credential for the weather, and whom they may give it to."""

    customer: Customer
    network: Network
    token: Token
    preimage: Secret
    file: Path
    """The credential, as a person keeps it."""

    @property
    def url(self) -> str:
        return self.network.url("weather", "/today")

    def value(self, token: Token) -> str:
        return f"L402 {token.text}:{self.preimage.reveal().hex()}"

    def status(self, token: Token, service: str = "weather") -> int:
        """What aperture answers to this token."""
        headers = {"Authorization": self.value(token)}
        url = self.network.url(service)
        return httpx.get(url, headers=headers, trust_env=False).status_code

    def minted(self, *caveats: bytes) -> Token:
        """A token for the same payment with caveats that aperture does not write by itself."""
        identifier = self.token.macaroon.identifier[:34] + os.urandom(32)
        key = os.urandom(32)
        self.network.aperture.adopt(identifier, key)
        macaroon = Macaroon.mint(key, identifier, b"lsat", caveats)
        return Token(self.token.spelling.spell(macaroon.raw), self.token.spelling, macaroon)

    def attenuate(self, thing: Path, *more: str) -> Done:
        return self.customer.run("attenuate", str(thing), "--url", self.url, *more)

    def child(self, file: Path, *more: str, thing: Path | None = None) -> Path:
        """A child in a file, made by the program."""
        done = self.attenuate(thing or self.file, *more, "-o", str(file))
        assert done.code == Exit.OK, done.err
        assert file.stat().st_mode & 0o777 == 0o600
        return file


@pytest.fixture(scope="module")
def owner(
    network: Network, alice: Node, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Owner]:
    folder = tmp_path_factory.mktemp("owner")
    purse = Purse(alice)
    customer = Customer(folder / "home", settings(alice, folder))
    done = customer.buy(network.url("weather"))
    assert done.code == Exit.OK, done.err
    with customer.vault() as vault:
        (intent,) = vault.payments(every=True)
    assert intent.preimage is not None
    token = Token.read(intent.token.reveal().decode())
    file = folder / "credential.txt"
    file.touch(0o600)
    bought = Owner(customer, network, token, intent.preimage, file)
    file.write_text(f"{bought.value(token)}\n")
    yield bought
    customer.end()
    assert purse.states == ["SUCCEEDED"], "nothing here may pay a second time"


def by_hand(parent: Token, caveats: Sequence[bytes]) -> Token:
    """The child that nobody refuses to make."""
    macaroon = parent.macaroon
    for caveat in caveats:
        macaroon = macaroon.with_caveat(caveat)
    return Token(parent.spelling.spell(macaroon.raw), parent.spelling, macaroon)


def foretold(token: Token) -> bool | None:
    return predict(APERTURE, token.macaroon.caveats, Target(time.time(), path="/weather")).passes


# --- caveat by caveat -----------------------------------------------------------------------------

# What is added, whether aperture takes it, and why we would not add it.
TABLE: list[tuple[tuple[bytes, ...], bool, str]] = [
    ((b"services=weather:0",), True, ""),
    ((b"services=weather:9",), True, ""),
    ((b"services=weather:0,weather:1",), True, ""),
    ((b"services=weather:0,hour:0",), False, "adds hour"),
    ((b"services=hour:0",), False, "adds hour"),
    ((b"services=weather",), False, ""),
    ((b"services=weather:0,",), False, ""),
    ((b"services= weather:0",), False, ""),
    ((b"services=weather:x",), False, ""),
    ((b"services=weather:0:0",), False, ""),
    ((b"services=",), False, ""),
    ((b"services =hour:0",), True, ""),
    ((b"Services=hour:0",), True, ""),
    ((NEVER,), True, ""),
    ((UNTIL + b"1",), False, ""),
    ((UNTIL + b"tomorrow",), False, ""),
    ((UNTIL,), False, ""),
    ((UNTIL + b"-5",), False, ""),
    ((UNTIL + b" 9999999999",), False, ""),
    ((UNTIL + b"9999999999.0",), False, ""),
    ((UNTIL + b"0009999999999",), True, ""),
    ((NEVER, UNTIL + b"9999999998"), True, ""),
    ((NEVER, NEVER), True, ""),
    ((UNTIL + b"9999999998", NEVER), False, "ends later"),
    ((UNTIL + b"1", NEVER), False, "ends later"),
    ((b"weather_valid_until = 1",), True, ""),
    ((b"hour_valid_until=1",), True, ""),
    ((b"hour_valid_until=soon",), True, ""),
    ((b"valid_until=1",), True, ""),
    ((b"weather_capabilities=read",), True, ""),
    ((b"weather_capabilities=read", b"weather_capabilities=read,write"), True, "adds write"),
    ((b"weather_capabilities=read,write,admin",), True, "adds admin"),
    ((b"weather_capabilities=",), True, "no capability"),
    ((b"agent=anna",), True, ""),
    ((b"agent=anna", b"agent=anna"), True, ""),
    ((b"method=POST", b"path=/nowhere", b"max_sats=0", b"n_uses=0"), True, ""),
    ((b"expires_at=2020-01-01T00:00:00Z", b"expiration=1"), True, ""),
    ((b"time-before 2020-01-01T00:00:00Z", b"ipaddr 10.1.1.1"), True, ""),
    ((b"a = b",), True, ""),
    ((b"no condition",), True, ""),
    ((b"agent=",), True, ""),
    ((b"=",), True, ""),
    ((b"",), True, "is empty"),
    ((b"agent=\x1b[2J",), True, "cannot be seen"),
    ((b"\xff=1",), True, "no UTF-8"),
    ((b"note=" + b"x" * 1019,), True, ""),
    ((b"note=" + b"x" * 1020,), True, "1025 bytes"),
]


def name(caveats: Sequence[bytes]) -> str:
    return ascii(b" + ".join(caveats).decode("latin-1"))[1:-1][:60]


@pytest.mark.parametrize(
    ("caveats", "taken", "ours"), TABLE, ids=[name(caveats) for caveats, _, _ in TABLE]
)
def test_aperture_does_what_was_predicted(
    owner: Owner, caveats: tuple[bytes, ...], taken: bool, ours: str
) -> None:
    if ours:
        with pytest.raises(CannotAttenuate, match=ours):
            attenuate(owner.token, caveats)
        child = by_hand(owner.token, caveats)
    else:
        child = attenuate(owner.token, caveats).token
    assert foretold(child) is taken
    assert owner.status(child) == (200 if taken else 402)


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (b"+9999999999", True),
        (b"9223371974719179008", False),  # one more than a moment can be there
        (b"99999999999999999999", False),
    ],
)
def test_numbers_that_are_left_open(owner: Owner, value: bytes, taken: bool) -> None:
    child = attenuate(owner.token, [UNTIL + value]).token
    assert foretold(child) is None
    assert owner.status(child) == (200 if taken else 402)


def test_a_third_party_caveat_breaks_the_token(owner: Owner) -> None:
    asking = add_question(
        owner.token, location="https://anna.example", question=b"is it anna?", key=Secret(b"k" * 32)
    )
    assert foretold(asking) is False
    assert owner.status(asking) == 402


def test_a_subset_of_several_services_is_enforced(owner: Owner) -> None:
    """Aperture makes tokens for one service; it reads those for several."""
    both = owner.minted(b"services=weather:0,hour:0")
    one = attenuate(both, [b"services=weather:0"]).token
    seen = {
        (kind, service): owner.status(token, service)
        for kind, token in (("both", both), ("one", one))
        for service in ("weather", "hour")
    }
    assert seen == {
        ("both", "weather"): 200,
        ("both", "hour"): 200,
        ("one", "weather"): 200,
        ("one", "hour"): 402,
    }
    for (kind, service), status in seen.items():
        token = both if kind == "both" else one
        target = Target(time.time(), service=service.encode())
        found = predict(APERTURE, token.macaroon.caveats, target)
        assert found.passes is (status == 200), (kind, service)


def test_every_row_of_the_profile_is_held_against_aperture() -> None:
    parent = Macaroon.mint(b"key", b"id", b"lsat", [b"services=weather:0"])
    met = set()
    for caveats, _, _ in TABLE:
        child = parent
        for caveat in caveats:
            child = child.with_caveat(caveat)
        for verdict in predict(APERTURE, child.caveats, Target(0.0)).verdicts:
            met.add((verdict.row.word if verdict.row else "another", verdict.effect))
    wanted = {(row.word, row.effect) for row in APERTURE.rows}
    assert met == wanted | {("another", APERTURE.unknown)}
    assert (APERTURE.bare, APERTURE.third_party) == (Effect.IGNORED, Effect.BREAKS)


# --- how large it may be --------------------------------------------------------------------------


def status_with_headers_of(url: str, size: int) -> int:
    """What aperture answers to a request whose headers have so many bytes more than usual."""
    parts = urlsplit(url)
    assert parts.hostname
    line = http.client.HTTPConnection(parts.hostname, parts.port)
    try:
        line.request("GET", parts.path, headers={"X-Long": "x" * size})
        return line.getresponse().status
    finally:
        line.close()


def test_how_long_a_credential_may_be(owner: Owner) -> None:
    long = by_hand(owner.token, [b"note=" + b"x" * 1000] * 40)
    assert len(owner.value(long)) > 6 * APERTURE.header_limit
    assert owner.status(long) == 200
    assert status_with_headers_of(owner.url, 1024 * 1024) == 402
    assert status_with_headers_of(owner.url, 1024 * 1024 + 4096) == 431
    assert any("1 MiB" in note for note in APERTURE.notes)


# --- the program ----------------------------------------------------------------------------------


def token_in(file: Path) -> Token:
    return Token.read(file.read_text().strip())


def test_an_ended_child_is_refused_and_its_parent_stays_good(owner: Owner, tmp_path: Path) -> None:
    ended = owner.child(tmp_path / "ended.txt", "--expires", "2020-01-01T00:00:00Z")
    assert owner.status(token_in(ended)) == 402
    assert owner.status(owner.token) == 200


def test_a_child_ends_when_it_says(owner: Owner, tmp_path: Path) -> None:
    file = owner.child(tmp_path / "soon.txt", "--expires", "8s")
    token = token_in(file)
    end = int(token.macaroon.caveats[-1].cid.removeprefix(UNTIL))
    assert owner.status(token) == 200
    wait_until("the child has ended", lambda: time.time() >= end)
    assert owner.status(token) == 402
    assert owner.status(owner.token) == 200


def test_widening_is_refused_with_the_reason_and_by_aperture(owner: Owner, tmp_path: Path) -> None:
    hour = owner.child(tmp_path / "hour.txt", "--expires", "1h")
    wider = owner.attenuate(hour, "--expires", "2h", "-o", str(tmp_path / "wider.txt"))
    assert wider.code == Exit.USAGE
    assert "would allow more than caveat 3: it ends later than before" in wider.err
    assert "Nothing was written." in wider.err
    assert not (tmp_path / "wider.txt").exists()
    assert owner.status(by_hand(token_in(hour), [NEVER])) == 402
    assert owner.status(token_in(hour)) == 200


def test_a_child_makes_a_child_without_asking_anybody(owner: Owner, tmp_path: Path) -> None:
    """Anna gets a credential, and narrows it for Ben: no vault, no node, no server."""
    anna = Commands(tmp_path / "anna")
    given = owner.attenuate(owner.file, "--expires", "1h", "--to", "Anna", "--as", "header")
    assert given.code == Exit.OK
    assert given.out.startswith(b"Authorization: L402 ")
    seen: dict[str, int] = {}
    for end in ("30m", "2020-01-01T00:00:00Z"):
        bens = anna.run("attenuate", "-", "--expires", end, "--unrecorded", stdin=given.out)
        assert bens.code == Exit.OK, bens.err
        token = Token.read(bens.out.decode().strip())
        assert len(token.macaroon.caveats) == 4
        assert ("yes" if end == "30m" else "no") in bens.err.partition("passes?")[2].split("\n")[0]
        seen[end] = owner.status(token)
    assert seen == {"30m": 200, "2020-01-01T00:00:00Z": 402}
    wider = anna.run("attenuate", "-", "--expires", "2h", "--unrecorded", stdin=given.out)
    assert (wider.code, wider.out) == (Exit.USAGE, b"")
    assert not (anna.home / "vault.db").exists()
    headers = dict([given.out.decode().strip().split(": ", 1)])
    assert httpx.get(owner.url, headers=headers, trust_env=False).status_code == 200
    anna.end()


# --- other people's programs ----------------------------------------------------------------------

CURL = shutil.which("curl")
with_curl = pytest.mark.skipif(CURL is None, reason="curl is not installed")
_STATUS = ("--silent", "--show-error", "--output", os.devnull, "--write-out", "%{http_code}")


def output(*words: str | Path, data: str = "") -> str:
    """What a program of somebody else's prints, in an environment without us."""
    done = subprocess.run(
        [str(word) for word in words],
        input=data,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def curl(*words: str | Path) -> str:
    assert CURL is not None
    return output(CURL, *_STATUS, *words)


LATER, EARLIER = "1h", "2020-01-01T00:00:00Z"


@with_curl
def test_curl_with_the_exported_file(owner: Owner, tmp_path: Path) -> None:
    for end, status in ((LATER, "200"), (EARLIER, "402")):
        file = owner.child(tmp_path / f"{status}.curl", "--expires", end, "--as", "curl")
        assert curl("--config", file) == status


@with_curl
def test_curl_with_the_exported_header(owner: Owner, tmp_path: Path) -> None:
    for end, status in ((LATER, "200"), (EARLIER, "402")):
        file = owner.child(tmp_path / f"{status}.header", "--expires", end, "--as", "header")
        assert curl("-H", f"@{file}", owner.url) == status


_SH = """
. "$1"
printf 'header = "Authorization: %s"' "$L402_CREDENTIAL" | "$2" --config - "$3" \
    --silent --output /dev/null --write-out '%{http_code}'
"""
_SNIPPET = '. "$1"; exec "$2" "$3"'
_TELLS = "\nexcept httpx.HTTPStatusError as error:\n    print(error.response.status_code)\n"


@with_curl
def test_a_shell_and_python_with_the_exported_variable(owner: Owner, tmp_path: Path) -> None:
    assert CURL is not None
    code = owner.attenuate(owner.file, "--caveat", "agent=anna", "--as", "httpx", "--unrecorded")
    assert code.code == Exit.OK
    assert owner.preimage.reveal().hex().encode() not in code.out
    snippet = tmp_path / "ask.py"
    snippet.write_bytes(code.out)
    for end, status in ((LATER, "200"), (EARLIER, "402")):
        file = owner.child(tmp_path / f"{status}.env", "--expires", end, "--as", "env")
        assert output("sh", "-c", _SH, "sh", file, CURL, owner.url) == status
        if status == "200":
            answer = output("sh", "-c", _SNIPPET, "sh", file, sys.executable, snippet)
            assert json.loads(answer) == {"method": "GET", "path": "/weather/today"}
        else:
            caught = tmp_path / "caught.py"
            body = code.out.decode().replace("\n", "\n    ")
            caught.write_text(f"import httpx\ntry:\n    {body.rstrip()}{_TELLS}")
            answer = output("sh", "-c", _SNIPPET, "sh", file, sys.executable, caught)
            assert answer.strip() == status


def test_an_mcp_client_sends_the_exported_headers(owner: Owner, tmp_path: Path) -> None:
    file = owner.child(tmp_path / "mcp.json", "--expires", LATER, "--as", "mcp")
    (server,) = json.loads(file.read_text())["mcpServers"].values()
    answer = httpx.get(server["url"], headers=server["headers"], trust_env=False)
    assert (server["url"], answer.status_code) == (owner.url, 200)


# --- rehearsals -----------------------------------------------------------------------------------


def profile(owner: Owner, name: str, word: str, effect: str) -> str:
    """A profile of the person's own, which is wrong about one word."""
    folder = owner.customer.home / "verifiers"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{name}.toml").write_text(
        f'name = "{name}"\nbased_on = "aperture"\n\n[[caveat]]\nword = "{word}"\n'
        f'effect = "{effect}"\nwhy = "they say"\n'
    )
    return name


def test_rehearsals_agree_with_the_profile(owner: Owner, tmp_path: Path) -> None:
    good = owner.child(tmp_path / "good.txt", "--expires", "1h", "--to", "Ada")
    ended = owner.child(tmp_path / "ended.txt", "--expires", "2020-02-02", "--to", "Bob")
    for file, seen in ((good, "taken"), (ended, "refused")):
        done = owner.customer.run("rehearse", str(file), owner.url)
        assert done.code == Exit.OK, done.err
        assert f"predicted that it is {seen} (aperture)" in done.err
        assert "They agree. Nothing was paid." in done.err
    listed = owner.customer.run("tokens")
    assert listed.code == Exit.OK
    lines = listed.out.decode()
    assert f"taken on {time.strftime('%Y', time.gmtime())}" in lines.partition("for Ada")[2]
    assert "predicted: taken" in lines.partition("for Ada")[2].partition("for Bob")[0]
    assert "predicted: refused" in lines.partition("for Bob")[2]


@pytest.mark.parametrize(
    ("word", "wrong", "wishes", "effect", "meaning"),
    [
        ("agent", "breaks the token", ("--caveat", "agent=anna"), Effect.IGNORED, None),
        (
            "weather_valid_until",
            "ignored",
            ("--expires", "2020-03-03"),
            Effect.ENFORCED,
            Meaning.SECONDS,
        ),
    ],
)
def test_a_wrong_profile_is_corrected_and_kept(
    owner: Owner,
    tmp_path: Path,
    word: str,
    wrong: str,
    wishes: tuple[str, ...],
    effect: Effect,
    meaning: Meaning | None,
) -> None:
    mistaken = profile(owner, f"wrong-{word[:5]}", word, wrong)
    file = owner.child(tmp_path / "child.txt", *wishes, "--for", mistaken, "--to", word)
    ask = ("rehearse", str(file), owner.url, "--parent", str(owner.file))
    done = owner.customer.run(*ask, "--for", mistaken, "--keep")
    assert done.code == Exit.OK, done.err
    assert "They differ. Nothing was paid." in done.err
    assert f"learned   {word}: {effect.value}." in done.err
    (kept,) = (owner.customer.home / "verifiers").glob(f"{mistaken}-*.toml")
    assert kept.stat().st_mode & 0o777 == 0o600
    learned = read_profile(kept.read_text(), PROFILES)
    assert (learned.rows[0].word, learned.rows[0].effect) == (word, effect)
    assert learned.rows[0].meaning is meaning
    again = owner.customer.run(*ask, "--for", learned.name)
    assert "They agree. Nothing was paid." in again.err
    listed = owner.customer.run("tokens", "--search", word, "--json")
    (one,) = [each for each in listed.events if each["to"] == word]
    status = 200 if effect is Effect.IGNORED else 402
    assert [each["status"] for each in one["seen"]] == [status, status]
    first, second = (each["predicted"] for each in one["seen"])
    assert first is not second

"""Does ``rehearse`` try a token without ever paying, and keep what it has learned?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from l402tui.vault import SqliteVault
from tests.cli.command import Commands, paid

PAY = ("--wallet", "practice", "--yes")


@pytest.fixture
def credential(l402tui: Commands, server: PracticeServer, tmp_path: Path) -> Path:
    """What was bought, as a person would keep it."""
    assert l402tui.run("get", f"{server.url}/weather", *PAY).code == Exit.OK
    with SqliteVault.open(l402tui.home) as vault:
        (intent,) = vault.payments(every=True)
    assert intent.preimage is not None
    path = tmp_path / "credential.txt"
    path.write_bytes(
        b"L402 %b:%b\n" % (intent.token.reveal(), intent.preimage.reveal().hex().encode())
    )
    return path


def child(l402tui: Commands, parent: Path, *wishes: str) -> Path:
    path = parent.with_name("child.txt")
    done = l402tui.run("attenuate", str(parent), *wishes, "-o", str(path))
    assert done.code == Exit.OK, done.err
    return path


def test_taken_and_refused_as_predicted(
    l402tui: Commands, server: PracticeServer, credential: Path
) -> None:
    url = f"{server.url}/weather"
    good = l402tui.run("rehearse", str(credential), url)
    assert good.code == Exit.OK
    assert "taken" in good.err
    assert "They agree. Nothing was paid." in good.err
    ended = child(l402tui, credential, "--expires", "2020-01-01T00:00:00Z")
    # The preimage is known from the payment: the child came alone.
    refused = l402tui.run("rehearse", str(ended), url)
    assert refused.code == Exit.OK
    assert "predicted that it is refused" in refused.err
    assert "They agree." in refused.err
    again = l402tui.run("get", url, *PAY)
    assert json.loads(again.out)["city"] == "Oslo"
    assert len(paid(server)) == 1


def test_what_differs_is_learned_and_kept(
    l402tui: Commands, server: PracticeServer, credential: Path
) -> None:
    url = f"{server.url}/weather"
    ended = child(l402tui, credential, "--expires", "2020-01-01T00:00:00Z", "--unrecorded")
    ask = ("rehearse", str(ended), url, "--for", "blockbuster")
    alone = l402tui.run(*ask)
    assert "They differ." in alone.err
    assert "Name the token it was made from" in alone.err
    seen = l402tui.run(*ask, "--parent", str(credential))
    assert "learned   weather_valid_until: enforced." in seen.err
    assert "--keep writes" in seen.err
    kept = l402tui.run(*ask, "--parent", str(credential), "--keep")
    (file,) = (l402tui.home / "verifiers").glob("*.toml")
    assert f"--for {file.stem}" in kept.err
    after = l402tui.run("rehearse", str(ended), url, "--for", file.stem)
    assert "They agree." in after.err
    twice = l402tui.run(*ask, "--parent", str(credential), "--keep")
    assert twice.code == Exit.USAGE
    assert "left alone" in twice.err
    assert len(paid(server)) == 1


def test_it_never_pays_and_says_what_is_missing(
    l402tui: Commands, server: PracticeServer, tmp_path: Path
) -> None:
    strange = tmp_path / "token.txt"
    strange.write_text(Path("sample_tokens/token.txt").read_text())
    done = l402tui.run("rehearse", str(strange), f"{server.url}/weather")
    assert done.code == Exit.USAGE
    assert "preimage is not known here" in done.err
    assert "Nothing was sent." in done.err
    assert not paid(server)


def test_a_credential_goes_to_nobody_else(
    l402tui: Commands, server: PracticeServer, credential: Path
) -> None:
    with PracticeServer.in_thread() as other:
        done = l402tui.run("rehearse", str(credential), f"{other.url}/weather")
        assert done.code == Exit.USAGE
        assert "somebody else, who could use it" in done.err
        assert "Nothing was sent." in done.err
        meant = l402tui.run("rehearse", str(credential), f"{other.url}/weather", "--anywhere")
        assert "refused" in meant.err
    plain = l402tui.run("rehearse", "sample_tokens/credential.txt", "http://shop.example/")
    assert plain.code == Exit.USAGE
    assert "not encrypted" in plain.err


def test_the_vault_knows_the_parent_and_the_verifier(
    l402tui: Commands, server: PracticeServer, credential: Path
) -> None:
    url = f"{server.url}/weather"
    wishes = ("--for", "blockbuster", "--caveat", "weather_valid_until=1")
    assert l402tui.run("attenuate", str(credential), *wishes).code == Exit.OK
    done = l402tui.run("rehearse", "1", url)
    assert "(blockbuster)" in done.err
    assert "learned   weather_valid_until: enforced." in done.err


def test_nobody_answers(l402tui: Commands, credential: Path) -> None:
    away = ("http://127.0.0.1:1/weather", "--anywhere")
    done = l402tui.run("rehearse", str(credential), *away)
    assert done.code == Exit.UNREACHABLE
    assert "not known. Nothing was paid." in done.err


def test_a_parent_that_is_none(l402tui: Commands, server: PracticeServer, credential: Path) -> None:
    other = "sample_tokens/credential.txt"
    done = l402tui.run("rehearse", str(credential), f"{server.url}/weather", "--parent", other)
    assert done.code == Exit.USAGE
    assert "was not made from this one" in done.err

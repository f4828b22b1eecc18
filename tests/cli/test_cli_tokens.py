"""Does ``tokens`` show who has what, what was seen, and what could still be used?"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from tests.cli.command import Commands, Done, paid

PAY = ("--wallet", "practice", "--yes")
OUTSIDE = "sample_tokens/token.txt"


@pytest.fixture
def url(l402tui: Commands, server: PracticeServer) -> str:
    """Something that was bought."""
    url = f"{server.url}/weather"
    assert l402tui.run("get", url, *PAY).code == Exit.OK
    return url


def listed(l402tui: Commands, *options: str) -> list[dict[str, Any]]:
    done = l402tui.run("tokens", *options, "--json")
    assert done.code == Exit.OK, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def narrowed(l402tui: Commands, parent: str, *wishes: str) -> Done:
    done = l402tui.run("attenuate", parent, *wishes)
    assert done.code == Exit.OK, done.err
    return done


def payment(l402tui: Commands) -> str:
    return str(listed(l402tui)[0]["payment_hash"])[:12]


def test_a_family_of_three(l402tui: Commands, url: str, server: PracticeServer) -> None:
    handle = payment(l402tui)
    whom = ("--to", "anna", "--why", "a demo", "--url", url)
    first = narrowed(l402tui, handle, "--expires", "1h", *whom)
    assert "Kept as token 1" in first.err
    narrowed(l402tui, "1", "--caveat", "room=4", "--to", "ben", "--url", url)
    narrowed(l402tui, "1", "--expires", "2020-01-01", "--to", "carol", "--url", url)
    root, anna, ben, carol = listed(l402tui)
    assert root["number"] is None
    assert (anna["to"], anna["parent"], anna["why"]) == ("anna", None, "a demo")
    assert (ben["to"], ben["parent"]) == ("ben", 1)
    assert [each["use"] for each in (root, anna, ben, carol)] == [
        "could", "could", "could", "could_not",
    ]  # fmt: skip
    assert carol["reason"] == "Caveat 4: It ended on 2020-01-01T00:00:00Z."
    usable = listed(l402tui, "--usable")
    assert [each["to"] for each in usable] == [None, "anna", "ben"]
    tree = l402tui.run("tokens").out.decode()
    assert "└─ 1  for anna" in tree
    assert "├─ 2  for ben" in tree
    assert "+ room=4" in tree
    assert len(paid(server)) == 1


def test_the_branch_that_is_searched_for(l402tui: Commands, url: str) -> None:
    handle = payment(l402tui)
    narrowed(l402tui, handle, "--caveat", "room=4", "--to", "Ben", "--unrecorded")
    narrowed(l402tui, handle, "--caveat", "room=5", "--to", "Anna")
    narrowed(l402tui, handle, "--caveat", "room=6", "--to", "Carol", "--why", "the night shift")
    assert [each["to"] for each in listed(l402tui, "--search", "ANNA")] == [None, "Anna"]
    assert [each["to"] for each in listed(l402tui, "--search", "night")] == [None, "Carol"]
    assert [each["to"] for each in listed(l402tui, "--search", "room=6")] == [None, "Carol"]
    assert listed(l402tui, "--search", "Ben") == []
    assert "no such token" in l402tui.run("tokens", "--search", "Ben").err


def test_what_was_seen_counts(l402tui: Commands, url: str) -> None:
    ended = ("--caveat", "weather_valid_until=1", "--for", "blockbuster")
    narrowed(l402tui, payment(l402tui), *ended)
    assert l402tui.run("rehearse", "1", url).code == Exit.OK
    (_, child) = listed(l402tui)
    (seen,) = child["seen"]
    del seen["at"]
    assert seen == {"url": url, "seen": "refused", "status": 402, "predicted": True}
    assert "refused on" in str(child["reason"])


def test_another_method_or_a_lost_profile_is_no_end(l402tui: Commands, url: str) -> None:
    handle = payment(l402tui)
    narrowed(l402tui, handle, "--for", "bolthub", "--method", "POST")
    own = l402tui.home / "verifiers"
    own.mkdir()
    (own / "mine.toml").write_text('name = "mine"\nbased_on = "aperture"\n')
    narrowed(l402tui, handle, "--for", "mine", "--expires", "1h")
    (own / "mine.toml").write_text("name = ")
    done = l402tui.run("tokens")
    assert "mine.toml" in done.err
    _, post, lost = listed(l402tui)
    assert (post["use"], lost["use"]) == ("unknown", "unknown")
    assert "mine, is not among the profiles" in lost["reason"]


def test_a_token_from_outside_is_not_promised(l402tui: Commands) -> None:
    narrowed(l402tui, OUTSIDE, "--expires", "1h")
    outside, child = listed(l402tui)
    assert (outside["use"], child["use"]) == ("unknown", "unknown")
    assert "from outside" in l402tui.run("tokens").out.decode()


def test_the_same_child_for_somebody_else(l402tui: Commands, url: str) -> None:
    handle = payment(l402tui)
    narrowed(l402tui, handle, "--caveat", "a=1", "--to", "anna")
    again = narrowed(l402tui, handle, "--caveat", "a=1", "--to", "ben")
    assert "is token 1 already, for anna" in again.err
    assert [each["to"] for each in listed(l402tui)] == [None, "anna"]


def test_a_forged_child_is_told(l402tui: Commands, url: str, tmp_path: Path) -> None:
    narrowed(l402tui, payment(l402tui), "--caveat", "a=1", "-o", str(tmp_path / "child.txt"))
    raw = bytearray(base64.b64decode((tmp_path / "child.txt").read_text()))
    raw[-1] ^= 1
    forged = tmp_path / "forged.txt"
    forged.write_text(base64.b64encode(bytes(raw)).decode())
    done = l402tui.run("attenuate", str(forged), "--caveat", "b=2")
    assert done.code == Exit.USAGE
    assert "it is damaged or forged" in done.err
    assert done.out == b""


def test_nothing_and_nonsense(l402tui: Commands) -> None:
    assert "no token in the vault" in l402tui.run("tokens").err
    for thing in ("7", "abcdef12"):
        done = l402tui.run("attenuate", thing, "--expires", "1h")
        assert done.code == Exit.USAGE
        assert "`l402tui tokens` lists them" in done.err


def test_a_nodes_macaroon_is_not_kept(l402tui: Commands) -> None:
    done = narrowed(l402tui, "sample_tokens/token-node-key.txt", "--address", "127.0.0.1")
    assert "not kept in the vault" in done.err
    assert listed(l402tui) == []


def test_the_whole_credential_of_a_payment_by_its_number(
    l402tui: Commands, url: str, tmp_path: Path
) -> None:
    out = tmp_path / "for-anna"
    narrowed(l402tui, payment(l402tui), "--expires", "1h")
    done = l402tui.run("attenuate", "1", "--caveat", "a=1", "--as", "header", "-o", str(out))
    assert done.code == Exit.OK, done.err
    assert out.read_text().startswith("Authorization: L402 ")

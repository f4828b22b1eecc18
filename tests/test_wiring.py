"""Do settings become what they say?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from l402tui.flow.events import Answered, Fault, Unreachable
from l402tui.settings import Settings, SettingsError, load
from l402tui.web.transport import HttpTransport
from l402tui.wiring import open_session, private_hosts_of, request_of
from tests.web.raw_server import raw_server


def settings(folder: Path, text: str) -> Settings:
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "settings.toml").write_text(text, "utf-8")
    return load({"L402TUI_HOME": str(folder)})


async def inside(host: str, port: int) -> Sequence[str]:
    """What a company's own name server says of any name."""
    return ("127.0.0.1",)


async def test_a_private_host_of_the_settings_may_lead_inside(tmp_path: Path) -> None:
    chosen = settings(tmp_path / "home", 'private_hosts = ["API.corp.example"]')
    async with raw_server() as server, open_session(chosen, "none") as session:
        assert isinstance(session.transport, HttpTransport)
        session.transport._resolve = inside
        named = request_of(f"http://api.corp.example:{server.port}/")
        assert isinstance(await session.transport.send(named, None), Answered)
        other = request_of(f"http://www.corp.example:{server.port}/")
        refused = await session.transport.send(other, None)
        assert isinstance(refused, Unreachable)
        assert refused.fault is Fault.REFUSED_ADDRESS
        assert "private_hosts in settings.toml" in refused.why.text
        assert len(server.heard) == 1


def test_private_hosts_are_compared_as_addresses_spell_them(tmp_path: Path) -> None:
    chosen = settings(tmp_path, 'private_hosts = ["B\u00fccher.example", "one.example"]')
    assert private_hosts_of(chosen) == {"xn--bcher-kva.example", "one.example"}
    assert private_hosts_of(Settings(home=tmp_path)) == frozenset()


@pytest.mark.parametrize(
    "name", ["", "a b", "https://api.example", "api.example:8080", "api.example/x", "u@a.example"]
)
def test_what_is_no_host_is_pointed_out(tmp_path: Path, name: str) -> None:
    chosen = replace(Settings(home=tmp_path), private_hosts=("good.example", name))
    with pytest.raises(SettingsError, match=r"settings\.toml: private_hosts: "):
        private_hosts_of(chosen)


@pytest.mark.parametrize("text", ['"api.example"', "[1]", "true", "[[]]"])
def test_private_hosts_are_a_list_of_names(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="private_hosts must be a list of texts in quotes"):
        settings(tmp_path, f"private_hosts = {text}")

"""Is a prediction held against the real practice server, and is what differs learned?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from l402tui.agents.profiles import FOLDER, keep, known
from l402tui.agents.rehearsal import Rehearsal, Seen, corrected, rehearse
from l402tui.flow.events import PaidStored
from l402tui.flow.model import Held, Request
from l402tui.practice.switches import Switch
from l402tui.protocol.attenuation import attenuate
from l402tui.protocol.credential import Credential
from l402tui.protocol.macaroon import Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.protocol.verifiers import (
    PROFILES,
    Effect,
    Meaning,
    Profile,
    Proof,
    Row,
    Target,
    predict,
)
from l402tui.wiring import Session
from tests.flow.test_runner import Bench, bench
from tests.web.raw_server import raw_server

NOW = 1_800_000_000.0
APERTURE = PROFILES["aperture"]


@dataclass
class Stage:
    """A credential that was bought, and the server it opens."""

    bench: Bench
    session: Session
    held: Held

    @property
    def token(self) -> Token:
        return Token.read(self.held.token.reveal().decode())

    def value(self, token: Token) -> Secret:
        return Credential(Secret(token.text), self.held.preimage).header_value()

    async def rehearse(
        self, *caveats: bytes, profile: Profile = APERTURE, path: str = "/weather"
    ) -> Rehearsal:
        child = attenuate(self.token, caveats).token
        now = self.session.clock.now()
        prediction = predict(profile, child.macaroon.caveats, Target(now, path=path))
        return await rehearse(
            self.session.transport,
            self.bench.request(path),
            self.value(child),
            prediction,
            parent=self.value(self.token),
        )


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with bench(tmp_path / "home") as on:
        await on.run()
        async with on.session("none") as session:
            (held,) = session.vault.credentials(on.request())
            yield Stage(on, session, held)


@pytest.mark.parametrize(
    ("caveats", "seen"),
    [
        ((b"weather_valid_until=1",), Seen.REFUSED),
        ((b"weather_valid_until=9999999999",), Seen.TAKEN),
        ((b"services=weather:0",), Seen.TAKEN),
        ((b"services=hour:0",), None),
        ((b"weather_capabilities=read",), Seen.TAKEN),
        ((b"method=POST", b"path=/nowhere", b"max_sats=1", b"nocondition"), Seen.TAKEN),
        ((b"hour_valid_until=1",), Seen.TAKEN),
    ],
)
async def test_the_practice_server_does_what_aperture_does(
    stage: Stage, caveats: tuple[bytes, ...], seen: Seen | None
) -> None:
    if seen is None:  # it would widen: no child of ours says so
        with pytest.raises(ValueError, match="adds hour"):
            await stage.rehearse(*caveats)
        return
    found = await stage.rehearse(*caveats)
    assert found.seen is seen
    assert found.prediction.passes is (seen is Seen.TAKEN)
    assert not found.differs
    assert corrected(found, first_added=2, where="127.0.0.1", at=NOW) is None
    assert stage.bench.payments == 1


async def test_the_parent_stays_good_while_the_child_has_ended(stage: Stage) -> None:
    found = await stage.rehearse(b"weather_valid_until=1")
    assert (found.seen, found.status) == (Seen.REFUSED, 402)
    again = await stage.session.transport.send(stage.bench.request(), stage.value(stage.token))
    assert type(again).__name__ == "Answered"


async def test_a_profile_that_was_wrong_about_a_refusal(stage: Stage) -> None:
    """It says that an end is skipped, and the server looks at it."""
    wrong = replace(APERTURE, rows=(Row("weather_valid_until", Effect.IGNORED, why="they say"),))
    found = await stage.rehearse(b"weather_valid_until=1", profile=wrong)
    assert found.differs
    assert found.parent is Seen.TAKEN
    learned = corrected(found, first_added=2, where="127.0.0.1", at=NOW)
    assert learned is not None
    assert learned.rows[0].word == "weather_valid_until"
    assert learned.rows[0].effect is Effect.ENFORCED
    assert learned.rows[0].meaning is Meaning.SECONDS
    assert "2027-01-15" in learned.source
    assert learned.proof is Proof.WRITTEN


@pytest.mark.parametrize(
    ("caveat", "effect"),
    [
        (b"agent=anna", Effect.BREAKS),  # it means nothing to anybody
        (b"method=GET", Effect.UNKNOWN),  # perhaps it is enforced in some other way
        (b"weather_valid_until=9999999999", Effect.UNKNOWN),
    ],
)
async def test_what_a_refusal_shows(stage: Stage, caveat: bytes, effect: Effect) -> None:
    found = await stage.rehearse(caveat)
    refused = replace(found, seen=Seen.REFUSED, parent=Seen.TAKEN)
    learned = corrected(refused, first_added=2, where="127.0.0.1", at=NOW)
    assert learned is not None
    assert (learned.rows[0].effect, learned.rows[0].meaning) == (effect, None)


async def test_a_profile_that_was_wrong_about_what_is_enforced(stage: Stage) -> None:
    strict = PROFILES["ngx-l402"]
    found = await stage.rehearse(b"foo = bar", profile=strict)
    assert (found.prediction.passes, found.seen) == (False, Seen.TAKEN)
    learned = corrected(found, first_added=2, where="Shop.Example:8402", at=NOW)
    assert learned is not None
    assert {row.word for row in learned.rows} >= {"foo", "services"}
    # Several words were wrong at once, so which of them is skipped is not known.
    assert learned.rows[0].effect is Effect.UNKNOWN
    assert learned.name == "ngx-l402-shop.example-8402"


async def on_a_server_with(switch: Switch, folder: Path, caveat: bytes) -> Rehearsal:
    """A rehearsal where every credential that was paid for meets this mistake."""
    async with bench(folder / "home", switch) as on:
        await on.run(until=PaidStored)
        async with on.session("none") as session:
            (held,) = session.vault.credentials(on.request())
            return await Stage(on, session, held).rehearse(caveat)


async def test_a_server_that_is_stricter_than_foretold(tmp_path: Path) -> None:
    found = await on_a_server_with(Switch.STRICT_CAVEATS, tmp_path, b"agent=anna")
    assert (found.prediction.passes, found.seen, found.parent) == (True, Seen.REFUSED, Seen.TAKEN)
    learned = corrected(found, first_added=2, where="127.0.0.1", at=NOW)
    assert learned is not None
    assert (learned.rows[0].word, learned.rows[0].effect) == ("agent", Effect.BREAKS)


async def test_where_the_parent_is_refused_too_nothing_is_learned(tmp_path: Path) -> None:
    found = await on_a_server_with(Switch.REJECT_AFTER_PAYMENT, tmp_path, b"agent=anna")
    assert found.differs
    assert found.parent is Seen.REFUSED
    assert corrected(found, first_added=2, where="127.0.0.1", at=NOW) is None


async def test_an_error_says_nothing_about_the_token(tmp_path: Path) -> None:
    found = await on_a_server_with(Switch.ALWAYS_ERROR_AFTER_PAYMENT, tmp_path, b"agent=anna")
    assert (found.seen, found.status, found.differs) == (Seen.UNCLEAR, 503, False)


async def test_a_service_that_nobody_named_teaches_nothing(stage: Stage) -> None:
    found = await stage.rehearse(b"services=weather:0")
    refused = replace(found, seen=Seen.REFUSED, parent=Seen.TAKEN)
    assert refused.differs
    assert refused.guessed(2)
    assert corrected(refused, first_added=2, where="127.0.0.1", at=NOW) is None
    said = replace(refused, prediction=replace(found.prediction, assumed=False))
    assert corrected(said, first_added=2, where="127.0.0.1", at=NOW) is not None


async def test_a_page_that_is_free_proves_nothing(stage: Stage) -> None:
    found = await stage.rehearse(b"weather_valid_until=1", path="/free")
    assert (found.seen, found.status, found.differs) == (Seen.UNCLEAR, 200, False)
    assert "without any credential" in found.why.text


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
async def test_only_a_good_answer_is_taken(stage: Stage, status: int) -> None:
    async with raw_server(b"HTTP/1.1 %d -\r\nContent-Length: 0\r\n\r\n" % status) as server:
        prediction = predict(APERTURE, stage.token.macaroon.caveats, Target(NOW))
        asked = Request(server.url)
        found = await rehearse(stage.session.transport, asked, stage.value(stage.token), prediction)
    assert (found.seen, found.status) == (Seen.UNCLEAR, status)


async def test_a_key_that_is_a_pattern_is_never_learned(stage: Stage) -> None:
    for caveat in (b"*=1", b"{service}=1"):
        found = await stage.rehearse(caveat)
        refused = replace(found, seen=Seen.REFUSED, parent=Seen.TAKEN)
        assert corrected(refused, first_added=2, where="127.0.0.1", at=NOW) is None


async def test_nobody_is_there(stage: Stage) -> None:
    prediction = predict(APERTURE, stage.token.macaroon.caveats, Target(NOW))
    gone = Request(Url.parse("http://127.0.0.1:1/weather"))
    found = await rehearse(stage.session.transport, gone, stage.value(stage.token), prediction)
    assert (found.seen, found.status) == (Seen.UNCLEAR, None)
    assert found.why.text


# --- a person's own profiles ----------------------------------------------------------------------


def test_what_was_learned_is_kept_and_found_again(tmp_path: Path) -> None:
    learned = replace(APERTURE, name="aperture-shop", proof=Proof.WRITTEN)
    path = keep(tmp_path, learned)
    assert path.stat().st_mode & 0o777 == 0o600
    assert known(tmp_path).profiles["aperture-shop"] == learned
    with pytest.raises(FileExistsError):
        keep(tmp_path, learned)


def test_a_file_that_cannot_be_read_stands_in_nobodys_way(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / "a.toml").write_text("name = ")
    (folder / "b.toml").write_text('name = "mine"\nbased_on = "aperture"\n')
    (folder / "c.toml").write_bytes(b'name = "\xff"')
    (folder / "d.toml").write_text('name = "aperture"\n')
    (folder / "e.toml").write_text('name = "yours"\nbased_on = "mine"\n')
    (folder / "notes.txt").write_text("not a profile")
    found = known(tmp_path)
    assert set(found.profiles) == {*PROFILES, "mine", "yours"}
    assert found.profiles["aperture"] is APERTURE
    told = [trouble.text for trouble in found.troubles]
    assert [name for name in ("a.toml", "c.toml", "d.toml") if any(name in t for t in told)] == [
        "a.toml",
        "c.toml",
        "d.toml",
    ]
    assert len(told) == 3


def test_without_a_folder_there_are_those_that_come_along(tmp_path: Path) -> None:
    assert known(tmp_path).profiles == dict(PROFILES)

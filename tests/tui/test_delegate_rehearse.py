"""One request is sent as the child, nothing is paid, and what was seen stays."""

from __future__ import annotations

from pathlib import Path

from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.fill import Fill
from tests.tui.workbench import delegating, token


async def test_predicted_and_seen_are_written_down(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        await place.wish("expiry", value="1h")
        await place.explorer.press("t")
        await place.fill(to="anna", why="to see")
        await place.told("Predicted: taken. Seen: taken. The server answered 200. They agree.")
        (one,) = place.kept
        assert (one.to, one.why) == ("anna", "to see")
        (seen,) = one.rehearsals
        assert (seen.predicted, seen.seen, seen.status) == (True, "taken", 200)
        assert len(place.shop.server.node.payments()) == 1  # what was bought at first
        await place.explorer.press("o", "down")
        await place.told("Rehearsed taken on")


async def test_a_refusal_that_was_predicted(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        await place.wish("expiry", value="2020-01-01T00:00:00Z")
        await place.explorer.press("t")
        await place.fill()
        await place.told("Predicted: refused. Seen: refused.")
        assert "They agree." in place.card
        assert len(place.shop.server.node.payments()) == 1


async def test_what_differs_becomes_a_profile(tmp_path: Path) -> None:
    async with delegating(tmp_path, switches="strict-caveats") as place:
        await place.begin()
        await place.wish("custom", value="agent=anna")
        await place.explorer.press("w")
        await place.fill(service="weather")  # the token names another one, too
        assert "yes" in place.status, place.card
        await place.explorer.press("t")
        await place.fill()
        await place.explorer.until_screen(Ask)
        words = place.explorer.words()
        assert "They differ. Keep what was seen?" in place.explorer.screen_text()
        assert "agent: breaks the token." in words
        await place.explorer.press("y")
        await place.told("Kept: ")
        assert [path.suffix for path in (tmp_path / "verifiers").iterdir()] == [".toml"]
        assert place.draft.profile.name.startswith("aperture-")
        assert "no." in place.status
        (seen,) = place.kept[0].rehearsals
        assert (seen.predicted, seen.seen) == (True, "refused")


async def test_a_server_in_trouble_says_nothing(tmp_path: Path) -> None:
    async with delegating(tmp_path, switches="always-error-after-payment") as place:
        await place.begin()
        await place.explorer.press("t")
        await place.fill()
        await place.told("Seen: not clear.")
        assert "Whether the prediction is right is not known." in place.card
        assert not place.kept  # the parent itself went, which is a payment's own


async def test_a_bad_address_is_refused_in_place(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        await place.explorer.press("t")
        for url, why in (
            ("gopher://x", "This address cannot be opened"),
            ("https://elsewhere.example/weather", "is somebody else, who could use it."),
            ("http://127.0.0.1:1/weather", "is somebody else"),
        ):
            await place.fill(url=url)
            assert why in place.refusal
        assert isinstance(place.explorer.app.screen, Fill)


async def test_without_its_preimage_nothing_is_sent(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.explorer.paste(token())
        await place.explorer.until(lambda: place.screen.draft is not None)
        await place.explorer.press("t")
        await place.explorer.until_words("The preimage is not known here")

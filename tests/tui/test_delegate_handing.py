"""A child leaves only when it was asked for, and not before it was written down."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from l402tui.protocol.macaroon import Macaroon
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.fill import Fill
from l402tui.tui.modals.handedqr import HandedQr
from l402tui.tui.screens.delegate import DelegateScreen
from l402tui.tui.widgets.qrcode import QrCode
from tests.tui.workbench import Workplace, delegating, token


def node_macaroon() -> bytes:
    """A node's own macaroon: nonce, root key and one permission that reads."""
    operation = b"\x0a\x04info\x12\x04read"
    identifier = (
        b"\x03\x0a\x10" + bytes(16) + b"\x12\x010\x1a" + bytes([len(operation)]) + operation
    )
    return Macaroon.mint(b"key", identifier, b"lnd").raw


async def narrowed(place: Workplace) -> None:
    await place.begin()
    await place.wish("expiry", value="1h")
    await place.told("Added")


async def test_without_a_caveat_there_is_no_child(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        await place.explorer.press("h")
        await place.explorer.until_words("Nothing was added yet")
        assert isinstance(place.explorer.app.screen, DelegateScreen)


@pytest.mark.parametrize("form", ["token", "header", "curl", "httpx", "env", "mcp"])
async def test_into_a_file_that_only_the_person_can_read(tmp_path: Path, form: str) -> None:
    path = tmp_path / "for-anna"
    async with delegating(tmp_path / "home") as place:
        await narrowed(place)
        await place.choose("h", form)
        await place.explorer.until_screen(Fill)
        words = place.explorer.words()
        assert "It ends on" in words
        assert "weather_capabilities=read restricts nothing at aperture" in words
        assert "Nobody but the server can take it back." in words
        await place.fill(to="anna", why="the weather", file=str(path))
        await place.told("Written for you alone")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        text = path.read_text()
        child = place.draft.token.text
        assert (child in text) == (form != "httpx")
        preimage = place.intent.preimage
        assert preimage is not None
        assert (preimage.reveal().hex() in text) == (form not in ("token", "httpx"))
        (one,) = place.kept
        assert (one.to, one.why, one.verifier, one.predicted) == (
            "anna", "the weather", "aperture", True,
        )  # fmt: skip
        assert one.token.reveal().decode() == child
        assert one.payment_hash == place.intent.payment_hash
        # The tree has it below the payment.
        await place.explorer.press("o")
        await place.explorer.until_text("└─ 1  for anna")


async def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mine"
    path.write_text("mine")
    async with delegating(tmp_path / "home") as place:
        await narrowed(place)
        await place.choose("h", "header")
        await place.fill(file=str(path))
        assert "It is there already" in place.refusal
        await place.fill(file=str(tmp_path / "no" / "folder"))
        assert "Nothing was written, and nothing has left." in place.refusal
        await place.fill(file="")
        assert "Give the name of a new file." in place.refusal
        await place.explorer.press("escape")
        await place.told("Nothing has left.")
        assert path.read_text() == "mine"
        assert not place.kept


async def test_what_cannot_be_written_down_does_not_leave(tmp_path: Path) -> None:
    path = tmp_path / "child"
    async with delegating(tmp_path / "home") as place:
        await narrowed(place)
        with sqlite3.connect(tmp_path / "home" / "vault.db") as db:
            db.execute(
                "CREATE TRIGGER full BEFORE INSERT ON delegations"
                " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        await place.choose("h", "header")
        await place.fill(file=str(path))
        assert "nothing has left" in place.refusal
        assert not path.exists()
        await place.answer("answer-copy")
        await place.explorer.until_screen(Ask)
        place.explorer.now[0] += 1.0
        await place.explorer.press("y")
        await place.told("nothing has left")
        assert not place.explorer.app.clipboard


async def test_a_copy_asks_first(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await narrowed(place)
        await place.choose("h", "header")
        await place.answer("answer-copy")
        await place.explorer.until_screen(Ask)
        focused = place.explorer.app.focused
        assert focused is not None
        assert focused.id == "no"
        await place.explorer.press("y")  # too fast to have been read
        assert isinstance(place.explorer.app.screen, Ask)
        await place.explorer.press("n")
        await place.told("Not copied.")
        assert not place.explorer.app.clipboard
        assert not place.kept
        await place.choose("h", "header")
        await place.answer("answer-copy")
        await place.explorer.until_screen(Ask)
        place.explorer.now[0] += 1.0
        await place.explorer.press("y")
        await place.told("Sent to the terminal clipboard")
        assert place.explorer.app.clipboard.startswith(
            f"Authorization: L402 {place.draft.token.text}"
        )
        assert len(place.kept) == 1


async def test_the_end_of_a_pasted_text_hands_nothing_over(tmp_path: Path) -> None:
    async with delegating(tmp_path / "home") as place:
        await narrowed(place)
        await place.choose("h", "header")
        await place.explorer.until_screen(Fill)
        place.explorer.app.rhythm.gap = 3_600.0
        await place.explorer.press("x", "enter")
        await place.explorer.until(lambda: "may belong to a pasted text" in place.refusal)
        assert not place.kept


async def test_as_a_code_that_no_picture_shows(tmp_path: Path) -> None:
    async with delegating(tmp_path, (120, 50)) as place:
        await narrowed(place)
        await place.choose("h", "qr")
        await place.fill(to="a phone")
        await place.explorer.until_screen(HandedQr)
        code = place.explorer.app.screen.query_one(QrCode)
        await place.explorer.until(lambda: bool(code.drawn))
        assert [one.to for one in place.kept] == ["a phone"]
        place.explorer.app.export_screenshot()
        assert not code.drawn
        await place.explorer.press("escape")
        await place.told("Shown as a QR code.")


async def test_a_code_that_does_not_fit_says_so(tmp_path: Path) -> None:
    async with delegating(tmp_path, (70, 22)) as place:
        await narrowed(place)
        await place.choose("h", "qr")
        await place.fill()
        await place.explorer.until_screen(HandedQr)
        await place.explorer.until_words("The code does not fit")


async def test_the_same_child_again_is_the_one_that_is_there(tmp_path: Path) -> None:
    async with delegating(tmp_path / "home") as place:
        await narrowed(place)
        await place.choose("h", "header")
        await place.fill(to="anna", file=str(tmp_path / "one"))
        await place.told("Kept as token 1.")
        await place.choose("h", "token")
        await place.explorer.until_words("It is written down already: token 1, for anna.")
        assert not place.explorer.app.screen.query("#field-to")
        await place.fill(file=str(tmp_path / "two"))
        await place.explorer.until(lambda: (tmp_path / "two").exists())
        assert len(place.kept) == 1


async def test_without_the_preimage_only_the_token_goes(tmp_path: Path) -> None:
    async with delegating(tmp_path / "home") as place:
        await place.explorer.paste(token())
        await place.explorer.until(lambda: place.screen.draft is not None)
        await place.wish("custom", value="a=1")
        await place.choose("h", "header")
        await place.told("The preimage is not known here")
        await place.choose("h", "token")
        await place.fill(file=str(tmp_path / "token"))
        await place.told("Kept as token 2.")
        assert [one.from_outside for one in place.kept] == [True, False]


async def test_a_nodes_macaroon_goes_as_its_bytes_and_is_not_kept(tmp_path: Path) -> None:
    given, path = tmp_path / "readonly.macaroon", tmp_path / "narrow.macaroon"
    given.write_bytes(node_macaroon())
    async with delegating(tmp_path / "home") as place:
        await place.explorer.paste(str(given))
        await place.explorer.until(lambda: place.screen.draft is not None)
        await place.wish("expiry", value="1h")
        await place.explorer.press("h")
        await place.explorer.until_screen(Fill)
        words = place.explorer.words()
        assert "A key to the node, and nothing else is needed with it." in words
        assert "preimage" not in words.partition("A key to the node")[2].partition("Cancel")[0]
        await place.fill(file=str(path))
        await place.told("It is not kept in the vault.")
        assert Macaroon.decode(path.read_bytes()).caveats[0].cid.startswith(b"time-before ")
        assert given.read_bytes() == node_macaroon()
        assert not place.kept

"""What is typed or pasted into a field is drawn, so nothing in it may do anything there."""

from __future__ import annotations

from pathlib import Path

from textual.events import Key
from textual.widgets import Input

from l402tui.tui.widgets.address import AddressBar
from tests.tui.explorer import Explorer, exploring


async def _typed(explorer: Explorer, text: str) -> str:
    field = explorer.flow.query_one(AddressBar).field
    field.value = ""
    field.focus()
    for char in text:
        explorer.app.post_message(Key(char, char))
    await explorer.pilot.pause()
    return field.value


async def test_a_character_that_nobody_sees_is_no_key(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        hidden = "a\u202eb\u009b\u200b\ufe0fc\U000e0041d\u00ade"
        assert await _typed(explorer, hidden) == "abcde"
        assert await _typed(explorer, "a" + "\u0301" * 9 + "b\u0301") == "a\u0301\u0301b\u0301"
        assert await _typed(explorer, "“é水😀ß”") == "“é水😀ß”"


async def test_the_address_and_the_commands_take_no_escape(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        field = explorer.flow.query_one(AddressBar).field
        field.value = ""
        field.focus()
        await explorer.pilot.pause()
        await explorer.paste("https://a.example/\u009b31m\u202e")
        assert field.value == "https://a.example/\\x9b31m‹U+202E›"
        await explorer.press("escape", "colon")
        await explorer.pilot.pause()
        commands = explorer.app.screen.query_one(Input)
        await explorer.paste("\u009d0;x\u009c")
        assert commands.value == "\\x9d0;x\\x9c"


async def test_of_more_lines_a_field_takes_the_first(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        field = explorer.flow.query_one(AddressBar).field
        for between in ("\n", "\r", "\r\n"):
            field.value = ""
            field.focus()
            await explorer.pilot.pause()
            await explorer.paste(f"one\x85{between}two")
            assert field.value == "one\\x85"


async def test_the_list_of_commands_reads_no_markup(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        about = {
            one.title: str(one.help) for one in explorer.app.get_system_commands(explorer.flow)
        }
        assert about["Send"] == "Send the request. [s]"
        await explorer.press("colon")
        await explorer.until_text("step mode and automatic mode. [a]")

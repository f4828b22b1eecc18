"""Nothing that could be a secret is repeated by a message about the command line."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest

from l402tui.cli.arguments import parse
from l402tui.cli.exits import Exit
from l402tui.cli.inspect import inspect
from l402tui.cli.repeating import looks_secret, repeated
from l402tui.cli.trouble import Trouble

PREIMAGE = sha256(b"repeating").digest()
HEX = PREIMAGE.hex()
B64 = b64encode(PREIMAGE).decode()
URL = "http://127.0.0.1:1/"


def refusal(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        parse(words)
    assert ended.value.code == Exit.USAGE
    return capsys.readouterr().err


@pytest.mark.parametrize("secret", [HEX, HEX[:-1], f"shorttok:{HEX}", B64, f"t:{B64}"])
@pytest.mark.parametrize(
    "words",
    [
        ("inspect", "Authorization:", "L402", "{}"),
        ("inspect", "a", "b", "{}"),
        ("inspect", "a", "b", "c", "{}"),
        ("inspect", "--preimage={}"),
        ("inspect", "--json={}"),
        ("get", URL, "{}"),
        ("get", URL, "--wallet", "{}"),
        ("get", URL, "--wallet={}"),
        ("get", URL, "--plain={}"),
        ("get", URL, "--network", "L402 {}"),
        ("open", URL, "{}"),
        (URL, "{}"),
        ("--frob={}",),
        ("demo", "{}"),
        ("history", "{}"),
        ("history", "-n", "{}"),
        ("replay", "{}"),
        ("replay", "1", "{}"),
        ("practice", "{}"),
        ("practice", "--port", "{}"),
    ],
)
def test_no_parser_repeats_a_secret(
    words: tuple[str, ...], secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refusal(*(word.replace("{}", secret) for word in words), capsys=capsys)
    for piece in (secret, HEX[:20], B64[:20]):
        assert piece not in said


def test_a_secret_alone_is_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(HEX, capsys=capsys)
    assert HEX[:20] not in said
    assert "neither a command nor an address" in said


def test_words_too_many_are_counted_and_quotes_recommended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refusal("inspect", "Authorization:", "L402", f"t:{HEX}", capsys=capsys)
    assert said.startswith("l402tui inspect: 1 word too many")
    assert "quotes around it: l402tui inspect 'Authorization: L402 ...'" in said
    assert "3 words too many" in refusal("get", URL, "a", "b", "c", capsys=capsys)


def test_an_option_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal("inspect", "--revel", "--key=abc", "a", capsys=capsys)
    assert "there is no option --revel; there is no option --key\n" in said
    assert "abc" not in said


@pytest.mark.parametrize(
    "words", [("inspect", "a", "b"), ("get", URL, "--wallet"), ("replay",), ("history", "-n"), ()]
)
def test_nothing_reaches_the_terminal_raw(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    said = refusal(*words, "c\x1b[31m\u202e\u200b\udcff", capsys=capsys)
    assert not set(said) & set("\x1b\u202e\u200b\udcff")


def told(*words: str) -> str:
    with pytest.raises(Trouble) as trouble:
        inspect(parse(["inspect", *words]))
    return str(trouble.value)


@pytest.mark.parametrize(
    "address",
    [
        f"https://x.example/?preimage={HEX}",
        f"https://x.example/?auth=t:{HEX}",
        f"https://x.example/{HEX}",
        "https://x.example/?key=short",
        "https://me:word@x.example/",
    ],
)
def test_inspect_repeats_no_address_with_a_secret(address: str) -> None:
    said = told(address)
    assert said.endswith("l402tui get --no-pay ADDRESS")


def test_inspect_repeats_other_addresses() -> None:
    assert told("https://x.example/y").endswith("--no-pay https://x.example/y")


@pytest.mark.parametrize("words", [(HEX[:-1],), (HEX[:-1], "abc"), ("abc", f"{HEX}0")])
def test_inspect_repeats_no_mistyped_preimage(words: tuple[str, ...]) -> None:
    assert HEX[:20] not in told(*words)


@pytest.mark.parametrize("word", [HEX, HEX[:40], B64, f"a:{HEX}", f"x/{B64}", f"L402 t:{HEX}"])
def test_what_looks_like_a_secret(word: str) -> None:
    assert looks_secret(word)
    assert repeated(word).text == f"‹hidden: {len(word)} characters›"


@pytest.mark.parametrize(
    "word",
    ["token.txt", "/home/anna/recordings/2026-01-01/shop.har", "frobnicate", "--wallet", "2500"],
)
def test_what_does_not(word: str) -> None:
    assert repeated(word).text == word

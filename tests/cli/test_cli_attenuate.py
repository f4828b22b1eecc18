"""Does ``attenuate`` make the child that was asked for, and say what it restricts?"""

from __future__ import annotations

import base64
import re
import time
from hashlib import sha256
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from l402tui.cli.exits import Exit
from l402tui.protocol.macaroon import Format, Macaroon, Token
from l402tui.protocol.verifiers import PROFILES, read_profile
from tests.cli.command import Commands, Done

KEY = b"the server's own key"
PREIMAGE = sha256(b"a preimage on the command line").digest()
IDENTIFIER = bytes(2) + sha256(PREIMAGE).digest() + sha256(b"token id").digest()
NODE = b"\x03\x0a\x10" + bytes(16) + b"\x12\x010\x1a\x0c\x0a\x04info\x12\x04read"


def token(*caveats: bytes, format: Format = Format.V2) -> str:
    words = caveats or (b"services=weather:0", b"weather_capabilities=read")
    return base64.b64encode(Macaroon.mint(KEY, IDENTIFIER, b"lsat", words, format).raw).decode()


TOKEN = token()


@pytest.fixture
def credential(tmp_path: Path) -> Path:
    path = tmp_path / "credential.txt"
    path.write_text(f"# what opens the door\nAuthorization: L402 {TOKEN}:{PREIMAGE.hex()}\n")
    return path


def child_of(done: Done) -> Macaroon:
    assert done.code == Exit.OK, done.err
    macaroon = Token.read(done.out.decode().strip()).macaroon
    assert macaroon.verify_signature(KEY)
    return macaroon


def said(done: Done) -> str:
    return " ".join(done.err.split())


# --- the child ------------------------------------------------------------------------------------


def test_the_child_alone_is_on_stdout(l402tui: Commands) -> None:
    done = l402tui.run("attenuate", TOKEN, "--expires", "1h", "--caveat", "agent=anna")
    added = [each.cid for each in child_of(done).caveats[2:]]
    ends = re.fullmatch(rb"weather_valid_until=(\d+)", added[0])
    assert ends is not None
    assert 3_500 < int(ends[1]) - time.time() <= 3_600
    assert added[1] == b"agent=anna"
    assert "enforced weather_valid_until=" in said(done)
    assert "ignored agent=anna" in said(done)
    assert "agent=anna restricts nothing at aperture" in said(done)
    assert "(the one the token names; --service says otherwise): yes." in said(done)


@pytest.mark.parametrize(
    ("verifier", "wishes", "caveats"),
    [
        ("aperture", ("--services", "weather"), [b"services=weather:0"]),
        ("aperture", ("--capability", "read"), [b"weather_capabilities=read"]),
        ("bolthub", ("--method", "get", "--uses", "3"), [b"method=GET", b"n_uses=3"]),
        ("bolthub", ("--amount", "100", "--path", "/v1"), [b"max_sats=100", b"path_prefix=/v1"]),
        ("bolthub", ("--expires", "2031-01-01T00:00:00Z"), [b"valid_until=1924992000000"]),
        ("ngx-l402", ("--expires", "2031-01-01"), [b"ExpiresAt = 1924992000"]),
        ("ngx-l402", ("--path", "/a"), [b"RequestPath = /a"]),
        ("ngx-l402", ("--method", "post"), [b"RequestMethod = POST"]),
        ("lnd", ("--expires", "1924992000"), [b"time-before 2031-01-01T00:00:00Z"]),
        ("lnd", ("--address", "127.0.0.1"), [b"ipaddr 127.0.0.1"]),
        ("aperture", ("--caveat", "b=2", "--services", "weather", "--caveat", "a=1"),
         [b"b=2", b"services=weather:0", b"a=1"]),
    ],
)  # fmt: skip
def test_each_wish_is_written_in_the_verifiers_own_words(
    l402tui: Commands, verifier: str, wishes: tuple[str, ...], caveats: list[bytes]
) -> None:
    done = l402tui.run("attenuate", TOKEN, "--for", verifier, *wishes)
    assert [each.cid for each in child_of(done).caveats[2:]] == caveats


def test_a_child_of_a_child(l402tui: Commands) -> None:
    child = l402tui.run("attenuate", TOKEN, "--expires", "2h")
    grandchild = l402tui.run("attenuate", child.out.decode().strip(), "--expires", "1h")
    assert len(child_of(grandchild).caveats) == 4
    widened = l402tui.run("attenuate", grandchild.out.decode().strip(), "--expires", "3h")
    assert widened.code == Exit.USAGE
    assert widened.out == b""
    assert "ends later than before" in said(widened)
    assert "may only restrict" in said(widened)


def test_would_it_pass(l402tui: Commands) -> None:
    end = ("--expires", "1h")
    later = l402tui.run("attenuate", TOKEN, *end, "--at", "2h")
    assert "no. Caveat 3: It ended on" in said(later)
    hub = ("attenuate", TOKEN, "--for", "bolthub", "--method", "GET")
    other = l402tui.run(*hub, "-X", "POST", "--url", "http://127.0.0.1:8402/v1")
    assert "no. Caveat 3: It is not POST." in said(other)
    node = ("attenuate", token(b"ipaddr 10.0.0.1"), "--for", "lnd", "--expires", "1h")
    assert "not known" in said(l402tui.run(*node))
    assert "no. Caveat 1" in said(l402tui.run(*node, "--from", "10.0.0.2"))


def test_stdin_and_files(l402tui: Commands, credential: Path) -> None:
    piped = l402tui.run("attenuate", "-", "--expires", "1h", stdin=credential.read_bytes())
    filed = l402tui.run("attenuate", str(credential), "--caveat", "a=1")
    assert len(child_of(piped).caveats) == len(child_of(filed).caveats) == 3
    assert PREIMAGE.hex() not in piped.err + filed.err


def test_a_nodes_macaroon_is_told_as_what_it_is(l402tui: Commands, tmp_path: Path) -> None:
    parent = tmp_path / "read.macaroon"
    parent.write_bytes(Macaroon.mint(KEY, NODE, b"lnd", ()).raw)
    done = l402tui.run("attenuate", str(parent), "--expires", "1d")
    assert done.code == Exit.OK
    assert "A key to the node, and nothing else is needed with it. It may: info:read" in said(done)
    assert "preimage" not in done.err


def test_a_nodes_macaroon_stays_binary(l402tui: Commands, tmp_path: Path) -> None:
    macaroon = Macaroon.mint(KEY, NODE, b"lnd", ())
    parent, child = tmp_path / "admin.macaroon", tmp_path / "child.macaroon"
    parent.write_bytes(macaroon.raw)
    done = l402tui.run("attenuate", str(parent), "--expires", "30d", "-o", str(child))
    assert done.code == Exit.OK, done.err
    assert "an LND node" in said(done)
    made = Macaroon.decode(child.read_bytes())
    assert made.verify_signature(KEY)
    assert made.caveats[0].cid.startswith(b"time-before ")
    assert child.stat().st_mode & 0o777 == 0o600
    assert parent.read_bytes() == macaroon.raw


# --- handing over ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["header", "curl", "env", "mcp"])
def test_the_whole_credential_goes_into_a_private_file(
    l402tui: Commands, credential: Path, tmp_path: Path, form: str
) -> None:
    out = tmp_path / "for-anna"
    wanted = ("--as", form, "-o", str(out), "--url", "http://127.0.0.1:8402/weather")
    done = l402tui.run("attenuate", str(credential), "--expires", "1h", *wanted)
    assert done.code == Exit.OK, done.err
    assert done.out == b""
    assert PREIMAGE.hex() in out.read_text()
    assert TOKEN not in out.read_text()
    assert out.stat().st_mode & 0o777 == 0o600
    assert "The preimage goes along." in said(done)
    assert PREIMAGE.hex() not in done.err


def test_a_qr_code_that_a_phone_reads(l402tui: Commands, credential: Path) -> None:
    done = l402tui.run("attenuate", str(credential), "--caveat", "a=1", "--as", "qr")
    assert done.code == Exit.OK, done.err
    rows = done.out.decode().splitlines()
    halves = {" ": (255, 255), "▀": (0, 255), "▄": (255, 0), "█": (0, 0)}
    picture = Image.new("L", (len(rows[0]), 2 * len(rows)), 255)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            picture.putpixel((x, 2 * y), halves[cell][0])
            picture.putpixel((x, 2 * y + 1), halves[cell][1])
    big = picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST)
    (read,) = zxingcpp.read_barcodes(big)
    assert re.fullmatch(rf"L402 [A-Za-z0-9+/=]+:{PREIMAGE.hex()}", read.text)


def test_without_the_preimage_only_the_token_can_go(l402tui: Commands) -> None:
    done = l402tui.run("attenuate", TOKEN, "--expires", "1h", "--as", "header")
    assert done.code == Exit.USAGE
    assert "preimage is not known here" in said(done)
    assert done.out == b""


# --- refusals -------------------------------------------------------------------------------------


def test_a_credential_is_no_argument(l402tui: Commands) -> None:
    done = l402tui.run("attenuate", f"L402 {TOKEN}:{PREIMAGE.hex()}", "--expires", "1h")
    assert done.code == Exit.USAGE
    assert "other users of this machine can read arguments" in said(done)
    assert PREIMAGE.hex() not in done.err


def test_a_preimage_inside_the_token_is_a_secret_too(l402tui: Commands, tmp_path: Path) -> None:
    path = tmp_path / "credential.txt"
    path.write_text(token(b"services=weather:0", b"preimage=" + PREIMAGE.hex().encode()))
    done = l402tui.run("attenuate", str(path), "--expires", "1h")
    assert done.code == Exit.OK
    assert "The preimage stands in the token itself" in done.err
    assert "preimage=‹secret›" in done.err
    listed = l402tui.run("tokens", "--json")
    assert PREIMAGE.hex() not in done.err + listed.out.decode()
    whole = l402tui.run("attenuate", str(path), "--expires", "1h", "--as", "header")
    assert whole.code == Exit.OK
    assert whole.out.decode().endswith(f":{PREIMAGE.hex()}\n")
    argued = l402tui.run("attenuate", path.read_text(), "--expires", "1h")
    assert argued.code == Exit.USAGE


def test_a_token_with_its_discharges(l402tui: Commands) -> None:
    done = l402tui.run("attenuate", "sample_tokens/token-discharged.txt", "--expires", "1h")
    assert done.code == Exit.USAGE
    assert "between a token and its discharges" in said(done)


def test_nothing_is_written_over(l402tui: Commands, credential: Path) -> None:
    before = credential.read_bytes()
    done = l402tui.run("attenuate", str(credential), "--expires", "1h", "-o", str(credential))
    assert done.code == Exit.USAGE
    assert "left alone" in said(done)
    assert credential.read_bytes() == before


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((TOKEN,), "one caveat at least"),
        ((TOKEN, "--expires", "soon"), "--expires: write 90s"),
        ((TOKEN, "--uses", "few"), "--uses: write a whole number"),
        ((TOKEN, "--amount", "-3"), "--amount"),
        ((TOKEN, "--method", "GET"), "aperture has no caveat for methods"),
        ((TOKEN, "--services", "gold"), "does not open gold"),
        ((TOKEN, "--for", "nobody", "--expires", "1h"), "no verifier nobody"),
        ((TOKEN, "--caveat", "a=\x1b[31m"), r"\x1b"),
        ((TOKEN, "--caveat", "x" * 2_000), "2000 bytes"),
        ((TOKEN, "--at", "never", "--expires", "1h"), "--at: write"),
        ((TOKEN, "--url", "ftp://x/", "--expires", "1h"), "--url"),
        (("nothing-like-it.txt", "--expires", "1h"), "no file of that name"),
        ((TOKEN[:-9], "--expires", "1h"), "broken"),
        ((token(b"services=a,b"), "--expires", "1h"), "several: a, b. Say which. (--service NAME)"),
        ((TOKEN, "--expires", "1h", "--service", "wether"), "does not open the service wether"),
        (
            ("sample_tokens/credential.txt", "--caveat", "a=1", "--url", "http://shop.example/"),
            "not encrypted",
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    l402tui: Commands, given: tuple[str, ...], words: str
) -> None:
    done = l402tui.run("attenuate", *given)
    assert done.code == Exit.USAGE
    assert words in said(done)
    assert re.search("Nothing was (written|done).", said(done))
    assert done.out == b""
    assert "\x1b" not in done.err


# --- verifiers ------------------------------------------------------------------------------------


def test_the_verifiers_are_listed_with_what_each_enforces(l402tui: Commands) -> None:
    done = l402tui.run("verifiers")
    assert done.code == Exit.OK
    lines = done.out.decode().splitlines()
    assert [line.split()[0] for line in lines[: len(PROFILES)]] == list(PROFILES)
    table = {line.split()[0]: line.split() for line in lines[len(PROFILES) + 2 :] if line}
    assert table["aperture"][1:4] == ["enforced", "enforced", "ignored"]


@pytest.mark.parametrize("name", list(PROFILES))
def test_each_verifier_is_told_and_can_be_written_down(l402tui: Commands, name: str) -> None:
    told = l402tui.run("verifiers", name).out.decode()
    assert PROFILES[name].source in told
    for row in PROFILES[name].rows:
        assert row.word.replace("{service}", "SERVICE") in told
    written = l402tui.run("verifiers", name, "--toml").out.decode()
    assert read_profile(written, {}).rows == PROFILES[name].rows


def test_a_profile_of_ones_own(l402tui: Commands) -> None:
    l402tui.settings("")
    folder = l402tui.home / "verifiers"
    folder.mkdir()
    (folder / "shop.toml").write_text(
        'name = "shop"\nbased_on = "aperture"\n[templates]\nmethod = "verb={method}"\n'
        '[[caveat]]\nword = "verb"\neffect = "enforced"\nmeaning = "one method"\n'
    )
    (folder / "torn.toml").write_text("name = ")
    done = l402tui.run("attenuate", TOKEN, "--for", "shop", "--method", "GET")
    assert child_of(done).caveats[-1].cid == b"verb=GET"
    listed = l402tui.run("verifiers")
    assert "shop" in listed.out.decode()
    assert "torn.toml" in listed.err

"""Does each form carry what it says, and is a person told what travels along?"""

from __future__ import annotations

import base64
import json
import shlex
import shutil
import subprocess
import tomllib
from dataclasses import replace
from hashlib import sha256

import pytest

from l402tui.agents.handover import VARIABLE, Form, Handed, Missing, Parcel, hand_over, lasting
from l402tui.protocol.macaroon import Macaroon, Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.protocol.verifiers import PROFILES, Target, predict

NOW = 1_800_000_000.0
PREIMAGE = sha256(b"a preimage to hand over").digest()
URL = Url.parse("http://127.0.0.1:8402/weather?city=Oslo")
WHOLE = [form for form in Form if form not in (Form.TOKEN, Form.HTTPX)]


def _text(caveats: tuple[bytes, ...]) -> str:
    identifier = bytes(2) + sha256(PREIMAGE).digest() + bytes(32)
    return base64.b64encode(Macaroon.mint(b"key", identifier, b"lsat", caveats).raw).decode()


def token(*caveats: bytes) -> Token:
    return Token.read(_text((b"services=weather:0", *caveats)))


PARCEL = Parcel(token(), Secret(PREIMAGE), url=URL)
CREDENTIAL = f"L402 {PARCEL.token.text}:{PREIMAGE.hex()}"


def text(form: Form, parcel: Parcel = PARCEL) -> str:
    return hand_over(form, parcel, now=NOW).text.reveal().decode()


def told(*caveats: bytes, verifier: str | None = "aperture") -> str:
    parcel = replace(PARCEL, token=token(*caveats))
    prediction = None
    if verifier is not None:
        prediction = predict(PROFILES[verifier], parcel.token.macaroon.caveats, Target(NOW))
    handed: Handed = hand_over(Form.HEADER, parcel, prediction, now=NOW)
    return "\n".join(sentence.text for sentence in handed.travels)


def test_the_header() -> None:
    assert text(Form.HEADER) == f"Authorization: {CREDENTIAL}\n"
    assert text(Form.QR) == CREDENTIAL
    assert text(Form.TOKEN) == PARCEL.token.text + "\n"


def test_the_variable_is_what_a_shell_reads() -> None:
    command, assigned = shlex.split(text(Form.ENV))
    assert command == "export"
    assert assigned == f"{VARIABLE}={CREDENTIAL}"


def test_an_mcp_client_is_configured_with_the_header() -> None:
    server = json.loads(text(Form.MCP))["mcpServers"]["127.0.0.1"]
    assert server["url"] == str(URL)
    assert server["headers"] == {"Authorization": CREDENTIAL}


def test_the_code_is_code_and_holds_no_secret() -> None:
    code = text(Form.HTTPX)
    compile(code, "handed over", "exec")
    assert str(URL) in code
    assert PREIMAGE.hex() not in code
    assert PARCEL.token.text not in code


def test_the_file_for_curl_is_in_its_own_words() -> None:
    lines = text(Form.CURL).splitlines()
    # curl's quoting of these two lines is TOML's.
    read = tomllib.loads("\n".join(lines[1:]))
    assert read == {"url": str(URL), "header": f"Authorization: {CREDENTIAL}"}


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_reads_it() -> None:
    """Nothing listens there; what curl would have sent is in its trace."""
    port_zero = replace(PARCEL, url=Url.parse("http://127.0.0.1:1/"))
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--config", "-"],
        input=text(Form.CURL, port_zero).encode(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 7, done.stderr  # could not connect: so it knew where to
    assert b"127.0.0.1" in done.stderr


def test_no_address_is_no_address() -> None:
    assert "https://SERVER/PATH" in text(Form.CURL, replace(PARCEL, url=None))


@pytest.mark.parametrize("form", [form for form in Form if form is not Form.TOKEN])
def test_without_the_preimage_only_the_token_can_go(form: Form) -> None:
    alone = replace(PARCEL, preimage=None)
    with pytest.raises(Missing, match="preimage"):
        hand_over(form, alone, now=NOW)
    assert text(Form.TOKEN, alone) == PARCEL.token.text + "\n"


def test_a_credential_that_is_too_long_for_a_qr_code() -> None:
    long = replace(PARCEL, token=token(b"note=" + b"x" * 2_500))
    with pytest.raises(Missing, match="2953"):
        hand_over(Form.QR, long, now=NOW)


@pytest.mark.parametrize("form", WHOLE)
def test_the_preimage_is_named_wherever_it_goes(form: Form) -> None:
    sentences = " ".join(each.text for each in hand_over(form, PARCEL, now=NOW).travels)
    assert "The preimage goes along." in sentences
    assert PREIMAGE.hex() not in sentences
    assert "take it back" in sentences


def test_an_end_that_is_enforced_and_one_that_is_not() -> None:
    assert "in 2 hours; aperture enforces that" in told(b"weather_valid_until=1800007200")
    assert "aperture refuses it" in told(b"weather_valid_until=1")
    assert "no end in time that aperture enforces" in told()
    assert "aperture does not look at that" in told(b"valid_until=1800007200")
    assert "says that it ends on" in told(b"weather_valid_until=1800007200", verifier=None)


def test_an_end_of_one_service_ends_no_other() -> None:
    two = (b"services=weather:0,hour:0", b"weather_valid_until=1800007200")
    parcel = replace(PARCEL, token=Token.read(_text(two)))
    target = Target(NOW, service=b"weather")
    prediction = predict(PROFILES["aperture"], parcel.token.macaroon.caveats, target)
    handed = hand_over(Form.HEADER, parcel, prediction, now=NOW)
    said = " ".join(sentence.text for sentence in handed.travels)
    assert "That is for the service weather alone: hour may go on." in said
    assert "may go on" not in told(b"weather_valid_until=1800007200")


def test_what_restricts_nothing_is_named() -> None:
    said = told(b"method=GET", b"max_sats=100")
    assert "method=GET restricts nothing at aperture: caveat 2 is skipped." in said
    assert "max_sats=100 restricts nothing at aperture" in said
    assert "useless at fewsats" in told(verifier="fewsats")
    assert "is not known (caveat 2)" in told(b"foo=bar", verifier="bolthub")
    assert "choose a verifier" in told(b"foo=bar", verifier=None)


def test_a_header_that_servers_commonly_refuse() -> None:
    assert "refuse more than 8192" in told(*[b"note=" + b"x" * 1_000] * 7)
    assert "refuse more than" not in told()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59, "59 s"), (60, "1 minute"), (3_600, "1 hour"), (86_400, "1 day"), (200_000, "2 days")],
)
def test_how_long_it_lasts(seconds: int, words: str) -> None:
    assert lasting(seconds) == words

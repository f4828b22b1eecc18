"""Does every tree say what is there, where it is, and what it means, whatever the server sent?"""

from __future__ import annotations

import subprocess
import sys
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.dissect import (
    dissect,
    dissect_challenge,
    dissect_credential,
    dissect_macaroon,
    dissect_message,
)
from l402tui.protocol.errors import (
    CredentialError,
    DecodeError,
    InvoiceError,
)
from l402tui.protocol.macaroon import Format, Macaroon, Spelling, Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.tree import Mark, Node
from tests.protocol.tokens import (
    BOTH,
    INVOICE,
    KEY,
    PAYMENT_HASH,
    PREIMAGE,
    TOKEN,
    TOKEN_ID,
    VALID,
    mint,
    spelled,
)

CHALLENGE = f'L402 version="0", token="{TOKEN.text}", invoice="{INVOICE}"'
CREDENTIAL = f"L402 {TOKEN.text}:{PREIMAGE.hex()}"
STATUS = b"HTTP/1.1 402 Payment Required"
HOSTILE = "\x1b]0;owned\x07\x9b31m\u202e[@click=app.quit]me[/]\u200b\r\n"


UNSAFE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


def answer(*lines: str, body: bytes = b"payment required\n") -> Node:
    headers = [(b"Content-Type", b"text/plain")]
    headers += [(b"WWW-Authenticate", line.encode()) for line in lines]
    return dissect_message(STATUS, headers, body)


def check(tree: Node) -> None:
    """What holds of every tree: safe text, a meaning, bytes that exist."""
    for node in tree.walk():
        for text in (node.label, node.value, node.meaning):
            assert not {category(char) for char in text.text} & UNSAFE
        assert node.label
        if node.span is not None:
            assert 0 <= node.span.start <= node.span.end <= len(node.span.buffer.data)
        inside = [child for child in node.children if child.span and node.span]
        for child in inside:
            assert child.span is not None
            assert node.span is not None
            if child.span.buffer is node.span.buffer:
                assert node.span.holds(child.span)


def bytes_of(node: Node) -> bytes:
    assert node.span is not None
    return node.span.bytes()


# --- a whole message ------------------------------------------------------------------------------


def test_a_402_from_the_status_line_to_the_last_byte() -> None:
    tree = answer(CHALLENGE)
    check(tree)
    assert tree.label.text == "response"
    assert bytes_of(tree.find("start line")) == STATUS
    assert bytes_of(tree.find("WWW-Authenticate")) == f"WWW-Authenticate: {CHALLENGE}".encode()
    assert bytes_of(tree.find("token")) == TOKEN.text.encode()
    assert bytes_of(tree.find("invoice")) == INVOICE.encode()
    assert bytes_of(tree.find("body")) == b"payment required\n"
    assert tree.find("version").value.text == "0"


def test_the_macaroon_has_a_buffer_of_its_own() -> None:
    token = answer(CHALLENGE).find("token")
    raw = TOKEN.macaroon.raw
    places = {node.label.text: node.span for node in token.walk() if node is not token}
    buffers = {span.buffer.data for span in places.values() if span is not None}
    assert buffers == {raw}
    for label, expected in {
        "location": b"lsat",
        "payment hash": PAYMENT_HASH,
        "token id": TOKEN_ID,
        "services": b"services=weather:0",
        "signature": TOKEN.macaroon.signature,
    }.items():
        assert bytes_of(token.find(label)) == expected
    hash_node = token.find("payment hash")
    assert hash_node.span is not None
    assert token.at(hash_node.span.buffer, hash_node.span.start + 5) is hash_node


def test_token_and_invoice_that_belong_together() -> None:
    node = answer(CHALLENGE).find("payment hash")
    assert node.mark is Mark.GOOD
    assert node.value.text == f"MATCH with the invoice: {PAYMENT_HASH.hex()}"


def test_token_and_invoice_that_do_not() -> None:
    other = Spelling.STANDARD.spell(mint(identifier=b"\0\0" + bytes(range(128, 192))).raw)
    node = answer(CHALLENGE.replace(TOKEN.text, other)).find("payment hash")
    assert node.mark is Mark.BAD
    assert node.value.text.startswith("MISMATCH")
    assert PAYMENT_HASH.hex() in node.meaning.text


def test_every_challenge_line_is_there() -> None:
    lines = [CHALLENGE.replace("L402", "LSAT"), CHALLENGE, 'Payment id="7", method="lightning"']
    tree = answer(*lines)
    check(tree)
    nodes = [node for node in tree.children if node.label.text == "WWW-Authenticate"]
    assert [node.value.text for node in nodes] == ["LSAT", "L402", "Payment"]
    assert bytes_of(nodes[2].find("method")) == b"lightning"
    assert "bill" not in [node.label.text for node in tree.children]


def test_two_different_bills_are_said_to_be() -> None:
    other = spelled(b"services=other:0")
    tree = answer(CHALLENGE, CHALLENGE.replace(TOKEN.text, other))
    assert tree.find("bill").mark is Mark.BAD
    assert "two different bills" in tree.find("bill").value.text


def test_a_402_that_is_something_else() -> None:
    tree = answer(body=b'{"x402Version":1,"accepts":[]}')
    assert tree.find("protocol").value.text == "x402 version 1"
    assert any("Lightning wallet cannot" in node.meaning.text for node in tree.walk())


# --- trouble inside -------------------------------------------------------------------------------


def test_a_token_that_is_no_macaroon_keeps_its_place() -> None:
    tree = answer(CHALLENGE.replace(TOKEN.text, "eyJhIjoxfQ"))
    check(tree)
    token = tree.find("token")
    assert token.mark not in (Mark.PLAIN, Mark.GOOD)
    assert token.copy == bytes_of(token) == b"eyJhIjoxfQ"
    assert tree.find("invoice").children


def test_an_invoice_that_cannot_be_read_keeps_its_place() -> None:
    wrong = INVOICE[:-1] + ("q" if INVOICE[-1] != "q" else "p")
    tree = answer(CHALLENGE.replace(INVOICE, wrong))
    check(tree)
    assert tree.find("invoice").mark is Mark.BAD
    assert bytes_of(tree.find("invoice")) == wrong.encode()
    assert tree.find("payment hash").mark is Mark.PLAIN
    assert tree.find("services").value.text == "weather:0"


def test_a_line_that_breaks_off_shows_what_came_before() -> None:
    tree = answer(CHALLENGE[:-10])
    check(tree)
    assert tree.find("token").children
    problem = tree.find("problem")
    assert problem.mark is Mark.BAD
    assert bytes_of(problem).startswith(b'"lnbcrt')


def test_deviations_are_named() -> None:
    tree = dissect(f"l402 macaroon={TOKEN.text} invoice={INVOICE}")
    told = {n.value.text for n in tree.walk() if n.label.text == "written differently"}
    assert len(told) == 3


# --- macaroons ------------------------------------------------------------------------------------


def test_the_signature_is_not_called_invalid() -> None:
    node = dissect_macaroon(TOKEN).find("signature")
    assert node.meaning.text.startswith(
        'root key unknown: cannot be verified here (that is not "invalid")'
    )
    assert node.value.text == TOKEN.macaroon.signature.hex()


@pytest.mark.parametrize("format", BOTH)
def test_places_of_third_party_caveats(format: Format) -> None:
    name = f"{format.name.lower()}_b64"
    vector = VALID["third-party-zero-nonce"]
    node = dissect_macaroon(Token.read(vector[name])).find("third-party caveat")
    assert bytes_of(node.find("location")) == b"http://auth/"
    assert bytes_of(node.find("asked")) == b"third party id"
    assert bytes_of(node.find("key")).hex() == vector["caveats"][1]["vid_hex"]


def test_time_is_told_only_where_it_is_given() -> None:
    token = Token.read(spelled(b"valid_until=1924991999"))
    assert dissect_macaroon(token).find("valid_until").mark is Mark.PLAIN
    good = dissect_macaroon(token, now=0).find("valid_until")
    assert (good.mark, good.value.text[-7:]) == (Mark.GOOD, "in date")
    over = dissect_macaroon(token, now=1_924_991_999).find("valid_until")
    assert (over.mark, over.value.text[-7:]) == (Mark.BAD, "EXPIRED")
    unread = dissect_macaroon(Token.read(spelled(b"valid_until=soon"))).find("valid_until")
    assert unread.mark is Mark.WARN


def test_a_caveat_that_grows_is_marked() -> None:
    tree = dissect_macaroon(Token.read(VALID["widening-caveats"]["v2_b64"]))
    marks = [node.mark for node in tree.find("caveats").children]
    assert marks == [Mark.PLAIN, Mark.WARN, Mark.PLAIN, Mark.WARN]


def test_an_identifier_that_commits_to_nothing() -> None:
    node = dissect_macaroon(mint(identifier=b"free text")).find("identifier")
    assert node.mark is Mark.WARN
    assert "free text" in node.value.text


def test_many_caveats_do_not_make_many_nodes() -> None:
    macaroon = mint(*[b"a=1"] * 5_000)
    tree = dissect_macaroon(macaroon)
    assert len(tree.find("caveats").children) == 1_001
    assert tree.find("…").value.text == "4000 more"


# --- secrets --------------------------------------------------------------------------------------


def secrets_of(tree: Node) -> str:
    """Everything a face shows without being asked to unmask."""
    return "\n".join(
        f"{text.text} {text.raw!r}"
        for node in tree.walk()
        for text in (node.label, node.value, node.meaning)
    )


@pytest.mark.parametrize("token", [TOKEN.text, "opaque.token-text", f"{TOKEN.text},{TOKEN.text}"])
def test_a_credential_is_redacted(token: str) -> None:
    value = f"L402 {token}:{PREIMAGE.hex()}"
    request = dissect_message(b"GET / HTTP/1.1", [(b"Authorization", value.encode())], b"")
    for tree in (dissect_credential(value), dissect_credential(Secret(value)), request):
        check(tree)
        told = secrets_of(tree)
        assert PREIMAGE.hex() not in told
        assert token.split(",")[0] not in told
        assert TOKEN.macaroon.signature.hex() not in told
        assert bytes_of(tree.find("preimage")) == PREIMAGE.hex().encode()
        for node in tree.walk():
            given_away = (node.copy, b"" if node.span is None else bytes_of(node))
            if any(PREIMAGE.hex().encode() in data for data in given_away):
                assert node.secret
                assert node.span is None or node.span.buffer.secret


@pytest.mark.parametrize(
    ("preimage", "mark", "word"),
    [(PREIMAGE, Mark.GOOD, "MATCH with"), (bytes(32), Mark.BAD, "MISMATCH with")],
)
def test_a_preimage_is_held_against_the_token(preimage: bytes, mark: Mark, word: str) -> None:
    node = dissect(f"L402 {TOKEN.text}:{preimage.hex()}").find("SHA-256")
    assert node.mark is mark
    assert node.value.text.startswith(word)


def test_a_missing_preimage_is_named() -> None:
    for value in (f"LSAT {TOKEN.text}:", f"Authorization: LSAT {TOKEN.text}"):
        assert dissect(value).find("preimage").value.text.startswith("missing")


def test_other_secret_headers_are_hidden() -> None:
    headers = [
        (b"authorization", b"Bearer sesame"),
        (b"Cookie", b"id=sesame"),
        (b"Authorization", b"L402 sesame sesame"),
        (b"Macaroon", b"sesame"),
    ]
    tree = dissect_message(b"GET / HTTP/1.1", headers, b"")
    check(tree)
    assert "sesame" not in secrets_of(tree)
    assert tree.span is not None
    assert tree.span.buffer.secret


def test_a_token_with_its_preimage_inside_is_a_credential() -> None:
    vector = VALID["l402-preimage-caveat"]
    tree = dissect(vector["v2_b64"])
    assert PREIMAGE.hex() not in secrets_of(tree)
    assert tree.secret
    assert tree.span is not None
    assert tree.span.buffer.secret


# --- anything -------------------------------------------------------------------------------------

RAW = TOKEN.macaroon.raw
GUESSES: dict[str, tuple[bytes | str, str]] = {
    "a challenge": (CHALLENGE, "WWW-Authenticate"),
    "a challenge with its name": (f"www-authenticate:  {CHALLENGE}\r\n", "WWW-Authenticate"),
    "a challenge, two lines": (
        f"WWW-Authenticate: LSAT x\nWWW-Authenticate: {CHALLENGE}", "challenges"),
    "a template nobody filled in": ("LSAT macaroon=%s, invoice=%s", "WWW-Authenticate"),
    "another scheme": ('Bearer realm="x"', "challenges"),
    "a bare scheme": ("L402", "challenges"),
    "a credential": (CREDENTIAL, "credential"),
    "a credential with its name": (f" authorization: {CREDENTIAL} ", "credential"),
    "a token": (TOKEN.text, "macaroon"),
    "a token, url-safe": (Spelling.URL_SAFE_UNPADDED.spell(RAW), "macaroon"),
    "a token in hex": (RAW.hex() + "\n", "macaroon"),
    "a token in binary": (RAW, "macaroon"),
    "a v1 token": (spelled(b"a=1", format=Format.V1), "macaroon"),
    "a v1 token in binary": (mint(format=Format.V1).raw, "macaroon"),
    "an invoice": (INVOICE, "invoice"),
    "an invoice as in a QR code": (INVOICE.upper(), "invoice"),
    "an invoice with lightning:": (f"\tlightning:{INVOICE}\n", "invoice"),
}  # fmt: skip


@pytest.mark.parametrize("name", GUESSES)
def test_guessing(name: str) -> None:
    thing, label = GUESSES[name]
    tree = dissect(thing)
    check(tree)
    assert tree.label.text == label
    if isinstance(thing, str):
        assert dissect(thing.encode()).label.text == label


@pytest.mark.parametrize(
    ("thing", "error"),
    [
        ("", DecodeError),
        ("hello", DecodeError),
        (b"\xff\xfe", DecodeError),
        ("a" * 300_000, DecodeError),
        ("lightning:hello", InvoiceError),
        ("Authorization: L402", CredentialError),
        ("L402 is a protocol", CredentialError),
        ("Host: example.com", DecodeError),
        ('{"a": 1}', DecodeError),
        ("[[[[", DecodeError),
        ("HTTP/1.1 402 Pay\nnonsense\n", DecodeError),
    ],
)
def test_what_cannot_be_read_is_told(thing: bytes | str, error: type[DecodeError]) -> None:
    with pytest.raises(error) as refused:
        dissect(thing)
    assert str(refused.value).isprintable()


def test_what_was_tried_is_told() -> None:
    with pytest.raises(DecodeError) as refused:
        dissect("hello world")
    for word in ("challenge", "credential", "invoice", "token"):
        assert word in refused.value.why


@pytest.mark.parametrize("format", BOTH)
def test_hostile_text_in_every_field_is_safe(format: Format) -> None:
    raw = HOSTILE.encode()
    token = Spelling.STANDARD.spell(
        Macaroon.mint(
            KEY, raw, raw, [raw, raw + b"=" + raw, b"services=" + raw, b"expires_at=" + raw], format
        ).raw
    )
    seen = HOSTILE.replace("\r\n", "").replace('"', "")
    check(dissect_macaroon(Token.read(token)))
    line = CHALLENGE.replace(TOKEN.text, token).encode()
    header = [(b"WWW-Authenticate", line), (raw, raw), (b"WWW-Authenticate", raw)]
    header += [(b"Authorization", raw), (b"WWW-Authenticate", f'L402 x="{seen}"'.encode())]
    header += [(b"WWW-Authenticate", b'Basic realm="\xe2\x80\xae\xc2\x9b[/]"')]
    check(dissect_message(b"HTTP/1.1 402 " + raw, header, raw))
    check(dissect_challenge(read_challenges([value for _, value in header])))


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_input(thing: bytes | str) -> None:
    try:
        tree = dissect(thing)
    except DecodeError as error:
        told = str(error)
    else:
        told = ""
        check(tree)
    assert told.isprintable()


@given(
    st.sampled_from([CHALLENGE, CREDENTIAL, TOKEN.text, INVOICE, f"Authorization: {CREDENTIAL}"]),
    st.data(),
)
def test_damaged_input(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 6)))
    test_any_input.hypothesis.inner_test(  # type: ignore[attr-defined]  # set by @given
        text[:start] + data.draw(st.text(max_size=4)) + text[end:]
    )


@given(
    st.binary(max_size=40),
    st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=99)), max_size=4),
    st.binary(max_size=80),
)
def test_any_message(start_line: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    named = [
        (name, b"L402 " + v) for _, v in headers for name in (b"www-authenticate", b"authorization")
    ]
    for line in (start_line, b"HTTP/1.1 " + start_line):
        tree = dissect_message(line, headers + named, body)
        check(tree)
        assert tree.span is not None
        assert tree.span.buffer.data.endswith(b"\r\n\r\n" + body)


def test_reading_stays_light() -> None:
    heavy = "{'textual', 'httpx', 'asyncio', 'pymacaroons', 'bolt11', 'sqlite3', 'ssl'}"
    program = (
        "import sys; from l402tui.protocol.dissect import dissect; dissect(sys.argv[1]);"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, CHALLENGE], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

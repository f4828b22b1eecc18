"""Does a hostile token get an answer, a bounded one, and no secret out?"""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.dissect.token import dissect_token
from l402tui.protocol.errors import DecodeError, MacaroonError
from l402tui.protocol.json_spans import JsonText
from l402tui.protocol.macaroon import MAX_BYTES, Token
from l402tui.protocol.pasted import unwrap
from l402tui.protocol.token import Foreign, TokenKind, read_token
from l402tui.protocol.tree import Mark, Node
from tests.protocol import foreign_tokens as made
from tests.protocol.foreign_tokens import ONE_OF_EACH, standard, url_safe
from tests.protocol.tokens import TOKEN

ALL = [*ONE_OF_EACH.values(), TOKEN.text, TOKEN.macaroon.raw.hex()]
WORDS = (
    "hash exp id location caveats signature payload sig key value paymentHash expiresAt resource "
    "alg identifier i s64 v preimage"
)
NAMES = st.sampled_from(WORDS.split()) | st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("=a"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


def check(text: str | bytes, now: float | None = 1.9e9) -> Node:
    """Whatever it is, it has a tree whose spans lie in their buffers."""
    tree = dissect_token(text, invoice_hash=bytes(32), now=now)
    count = 0
    for node in tree.walk():
        count += 1
        if node.span is not None:
            assert 0 <= node.span.start <= node.span.end <= len(node.span.buffer.data)
    assert count <= 5_000
    return tree


def read(text: str) -> None:
    try:
        token = read_token(text)
    except MacaroonError:
        return
    assert token.text == text
    if isinstance(token, Foreign):
        assert token.payment_hash is None or len(token.payment_hash) == 32
        assert token.kind is not TokenKind.MACAROON


@given(st.text() | st.from_regex(r"[A-Za-z0-9+/=_.%{}\"-]*", fullmatch=True))
def test_any_text_gets_an_answer(text: str) -> None:
    read(text)
    check(text)


@given(st.binary())
def test_any_bytes_get_an_answer(raw: bytes) -> None:
    check(raw)
    check(made.rune_bytes() + raw)
    read(b64encode(raw).decode())


@given(st.sampled_from(ALL), st.integers(0, 400), st.integers(0, 3), st.text(max_size=3))
def test_a_changed_token_gets_an_answer(text: str, at: int, gone: int, put: str) -> None:
    changed = text[:at] + put + text[at + gone :]
    read(changed)
    check(changed)


@given(JSON, JSON)
def test_any_json_gets_an_answer(value: object, other: object) -> None:
    try:
        raw = made.compact(value)
        texts = [standard(value), f"{url_safe(value)}.{'0a' * 32}", raw.decode()]
        texts.append(f"{url_safe({'alg': 'x'})}.{url_safe(value)}.")
        texts.append(standard({"payload": raw.decode(), "sig": "ab" * 32}))
        caveats = {"id": "", "location": "", "caveats": [value, other], "signature": "0a" * 32}
        texts.append(standard(caveats))
    except UnicodeEncodeError:
        return
    for text in texts:
        read(text)
        check(text)


@given(st.dictionaries(NAMES, JSON, min_size=1))
def test_every_value_stands_where_its_span_says(value: dict[str, object]) -> None:
    try:
        raw = b" \n" + made.compact(value).replace(b",", b" ,\t") + b" "
    except UnicodeEncodeError:
        return
    try:
        json = JsonText(raw)
    except DecodeError:
        return  # NaN, or a comma inside a text.
    for entry in json.inside(json.top):
        assert JsonText(raw[entry.start : entry.end]).top.value == entry.value


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":' + b"[" * 60_000,
        b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"a":' + b'{"a":' * 9_000 + b"1" + b"}" * 9_001,
        b'{"hash":"' + b"0a" * 32 + b'","exp":' + b"9" * 50_000 + b"}",
        b'{"hash":"' + b"0a" * 32 + b'","exp":' + b"9" * 4_000 + b"}",
        b'{"hash":"' + b"0a" * 32 + b'","exp":1e999}',
        b'{"hash":"' + b"0a" * 32 + b'","exp":-1}',
        b'{"paymentHash":"\\ud800"}',
        b'{"\\ud800":"\\udfff"}',
        b'{"id":"","location":"","caveats":['
        + b",".join([b'{"key":"","value":""}'] * 2_900)
        + b'],"signature":"'
        + b"0a" * 32
        + b'"}',
        b"{" + b",".join(b'"%d":0' % number for number in range(6_000)) + b"}",
        made.rune_bytes() + b"&".join([b"level=golden"] * 5_000),
        made.rune_bytes() + b"level=" + b"\\" * 65_000,
        made.rune_bytes() + b"a" * 65_000,
    ],
)
def test_bombs_get_a_bounded_answer(raw: bytes) -> None:
    assert len(raw) <= MAX_BYTES
    for text in (b64encode(raw).decode(), url_safe(raw) + "." + "0a" * 32, raw.decode("latin-1")):
        read(text)
        check(text)


def test_json_is_read_down_to_a_depth() -> None:
    for depth, good in ((63, True), (64, True), (70, False), (700, False)):
        raw = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
        kind = TokenKind.JSON if good else TokenKind.OPAQUE
        assert check(b64encode(raw).decode()).label.text == kind.value


def test_a_number_without_end_names_no_moment() -> None:
    raw = b'{"hash":"' + b"0a" * 32 + b'","exp":' + b"9" * 4_000 + b"}"
    tree = check(b64encode(raw).decode())
    assert tree.find("exp").mark is Mark.WARN


def test_many_caveats_are_counted_but_not_all_shown() -> None:
    text = made.chained([{"key": "a", "value": "b"}] * 1_500)
    caveats = dissect_token(text).find("caveats")
    assert caveats.value.text == "1500"
    assert caveats.children[-1].value.text == "500 more"


@pytest.mark.parametrize("text", ALL)
def test_a_secret_token_does_not_show_what_makes_it_good(text: str) -> None:
    tree = dissect_token(text, secret=True)
    assert tree.secret
    token = read_token(text)
    signatures = {text}
    if isinstance(token, Token):
        signatures.add(token.macaroon.signature.hex())
    else:
        signatures |= {p.value.decode() for p in token.parts if p.role.name == "SIGNATURE"}
        if not token.blocks or token.kind is TokenKind.JSON:
            signatures |= {part.value.decode() for part in token.parts}
    for node in tree.walk():
        for signature in signatures:
            told = {node.label.text, *node.value.text.split(), *node.meaning.text.split()}
            assert signature not in told
            assert node.secret or signature.encode() not in node.copy
        assert node.span is None or node.span.buffer.secret


def test_a_preimage_inside_makes_any_token_secret() -> None:
    secret = "5e" * 32
    for text in (
        made.signed(f"preimage={secret}"),
        made.chained([{"key": "preimage", "value": secret}]),
        standard({"hash": "00" * 32, "preimage": secret}),
        made.rune(b"preimage=" + secret.encode()),
    ):
        tree = dissect_token(text)
        assert tree.secret
        assert tree.find("preimage").secret
        for node in tree.walk():
            assert secret not in node.value.text
            assert node.secret or secret.encode() not in node.copy
            assert node.span is None or node.span.buffer.secret


@given(st.text())
def test_taking_off_the_wrapping_never_adds_anything(text: str) -> None:
    inside, steps = unwrap(text)
    assert (inside == text) == (not steps)
    assert len(inside) <= len(text)

"""Is every token named for what it is, whatever it calls itself?"""

from __future__ import annotations

from hashlib import sha256

import pytest

from l402tui.protocol.dissect.token import dissect_token
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import Format, Spelling, Token
from l402tui.protocol.token import Foreign, TokenKind, Trust, read_token, trust_of
from l402tui.protocol.tree import Mark, Node
from tests.protocol import foreign_tokens as made
from tests.protocol.foreign_tokens import HASH, MOMENT, ONE_OF_EACH, SECONDS, standard, url_safe
from tests.protocol.tokens import IDENTIFIER, PAYMENT_HASH, mint, spelled

TRUST = {
    "unsigned JSON": Trust.UNSIGNED,
    "JSON with chained caveats": Trust.CHAIN,
    "signed JSON": Trust.BLOB,
    "payload and HMAC": Trust.BLOB,
    "rune": Trust.CHAIN,
    "JWT": Trust.BLOB,
    "JSON of an unknown form": Trust.UNKNOWN,
    "opaque token": Trust.UNKNOWN,
}


def foreign(text: str) -> Foreign:
    token = read_token(text)
    assert isinstance(token, Foreign)
    assert token.text == text
    return token


def check_spans(tree: Node) -> None:
    for node in tree.walk():
        if node.span is not None:
            assert 0 <= node.span.start <= node.span.end <= len(node.span.buffer.data)


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_each_kind_is_named_with_its_trust(kind: str) -> None:
    token = foreign(ONE_OF_EACH[kind])
    assert (token.kind.value, trust_of(token)) == (kind, TRUST[kind])
    tree = dissect_token(ONE_OF_EACH[kind], now=SECONDS - 1)
    assert tree.label.text == kind
    assert tree.find("trust").value.text == TRUST[kind].value
    assert tree.find("trust").meaning
    assert tree.copy == ONE_OF_EACH[kind].encode()
    check_spans(tree)


LETTERS = [spelling for spelling in Spelling if spelling is not Spelling.JSON]


@pytest.mark.parametrize("format", list(Format))
@pytest.mark.parametrize("spelling", LETTERS)
def test_a_macaroon_is_one_in_every_spelling(format: Format, spelling: Spelling) -> None:
    identifier = PAYMENT_HASH.hex().encode() if format is Format.JSON_V1 else IDENTIFIER
    text = spelled(format=format, spelling=spelling, identifier=identifier)
    token = read_token(text)
    assert isinstance(token, Token)
    assert token.text == text
    assert trust_of(token) is Trust.CHAIN
    tree = dissect_token(text, invoice_hash=PAYMENT_HASH)
    assert tree.label.text == "macaroon"
    assert tree.find("payment hash").mark is Mark.GOOD
    assert tree.find("trust").value.text == "signed chain"


@pytest.mark.parametrize("format", [Format.JSON_V1, Format.JSON_V2])
def test_a_macaroon_as_json_text_is_one_and_a_part_of_it_a_broken_one(format: Format) -> None:
    text = mint(b"a=b", format=format, identifier=b"of the tests").raw.decode()
    assert isinstance(read_token(text), Token)
    assert dissect_token(f" {text}\n").find("a").value.text == "b"
    for broken in (text[:-5], text[:-2] + "}", text[:-1] + ',"x":1}', text[:-1] + text[1:]):
        for spelled_so in (broken, standard(broken.encode())):
            with pytest.raises(MacaroonError):
                read_token(spelled_so)
            assert dissect_token(spelled_so).mark is Mark.BAD


@pytest.mark.parametrize("format", list(Format))
def test_the_bytes_of_a_macaroon_are_one(format: Format) -> None:
    tree = dissect_token(mint(b"a=b", format=format, identifier=b"of the tests").raw)
    assert tree.label.text == "macaroon"
    assert tree.find("a").value.text == "b"


def test_unsigned_json_names_the_hash_and_milliseconds() -> None:
    token = foreign(made.unsigned())
    assert token.payment_hash == PAYMENT_HASH
    assert token.expiry is not None
    assert token.expiry.at == SECONDS
    tree = dissect_token(token.text, invoice_hash=PAYMENT_HASH, now=SECONDS)
    assert tree.find("hash").mark is Mark.GOOD
    assert tree.find("exp").value.text == f"{SECONDS}000 = {MOMENT}, EXPIRED"
    assert "milliseconds" in tree.find("exp").meaning.text
    assert tree.find("exp").mark is Mark.BAD


def test_a_field_more_and_it_is_no_longer_plain_facts() -> None:
    more = {"hash": HASH, "exp": SECONDS, "level": "gold"}
    assert foreign(standard(more)).kind is TokenKind.JSON
    facts = {"paymentHash": HASH, "expiresAt": SECONDS, "resource": "/a"}
    assert foreign(standard(facts)).trust is Trust.UNSIGNED
    assert foreign(standard({**facts, "sig": "00" * 32})).trust is Trust.UNKNOWN
    assert foreign(standard({**facts, "paymentHash": HASH[2:]})).trust is Trust.UNKNOWN


def test_chained_json_shows_its_caveats_over_their_bytes() -> None:
    token = foreign(made.chained())
    assert token.expiry is not None
    tree = dissect_token(token.text, now=SECONDS - 1)
    caveats = tree.find("caveats")
    assert caveats.value.text == "2"
    service, ends = caveats.children
    assert (service.label.text, service.value.text) == ("service", "grid:weather")
    assert service.span is not None
    assert service.span.bytes() == b"grid:weather"
    assert ends.value.text == f"{SECONDS} = {MOMENT}, in date"
    other = dissect_token(made.chained([{"key": "tier", "value": 3}])).find("tier")
    assert other.value.text == "3"
    assert "condition" in other.meaning.text


@pytest.mark.parametrize(
    "broken",
    [
        {"signature": "00"},
        {"signature": 7},
        {"caveats": {"key": "a", "value": "b"}},
        {"caveats": [{"key": "a"}]},
        {"caveats": [{"key": 1, "value": "b"}]},
        {"caveats": [["a", "b"]]},
        {"id": 1},
        {"more": 1},
    ],
)
def test_what_is_only_like_chained_json_is_not_called_so(broken: dict[str, object]) -> None:
    whole = {"id": "a", "location": "b", "caveats": [], "signature": "00" * 32}
    assert foreign(standard(whole)).kind is TokenKind.CHAINED_JSON
    token = foreign(standard({**whole, **broken}))
    assert (token.kind, token.trust) == (TokenKind.JSON, Trust.UNKNOWN)


def test_signed_json_shows_the_payload_inside_it() -> None:
    tree = dissect_token(made.signed(), now=SECONDS)
    payload = tree.find("payload")
    assert [node.label.text for node in payload.children] == ["identifier", "location", "caveats"]
    service = tree.find("service")
    assert service.span is not None
    assert service.span.buffer.name.text == "payload"
    assert service.span.bytes() == b"service=/weather"
    assert "EXPIRED" in tree.find("expires_at").value.text


def test_a_plain_digest_is_no_signature() -> None:
    payload = made.compact({"identifier": "00", "location": "x", "caveats": ["a=b"]})
    digest = sha256(payload).hexdigest()
    text = standard({"payload": payload.decode(), "sig": digest})
    assert foreign(text).trust is Trust.UNSIGNED
    first = url_safe({"paymentHash": HASH})
    for forged in (sha256(first.encode()), sha256(made.compact({"paymentHash": HASH}))):
        token = foreign(f"{first}.{forged.hexdigest()}")
        assert token.trust is Trust.UNSIGNED
        assert "no key" in dissect_token(token.text).meaning.text


@pytest.mark.parametrize(
    "fields",
    [
        {"paymentHash": HASH, "resource": "/weather", "expiresAt": SECONDS * 1000},
        {"url": "https://a.example/x", "amount": 5, "paymentHash": HASH, "expiresAt": SECONDS},
    ],
)
def test_payload_and_hmac_in_both_shapes(fields: dict[str, object]) -> None:
    text = made.with_hmac(fields)
    assert foreign(text).payment_hash == PAYMENT_HASH
    tree = dissect_token(text, invoice_hash=bytes(32), now=SECONDS - 1)
    assert tree.find("paymentHash").mark is Mark.BAD
    assert "MISMATCH" in tree.find("paymentHash").value.text
    assert tree.find("expiresAt").value.text.endswith(f"{MOMENT}, in date")
    signature = tree.find("HMAC")
    assert signature.span is not None
    assert signature.span.bytes().hex() == signature.value.text == text.partition(".")[2]


def test_two_hashes_are_none() -> None:
    both = foreign(made.with_hmac({"paymentHash": HASH, "payment_hash": "00" * 32}))
    assert both.payment_hash is None
    assert foreign(made.with_hmac({"a": HASH})).payment_hash is None


def test_a_rune_is_read_restriction_by_restriction() -> None:
    condition = b"path^/v1\\&x|method/GET|note#hm"
    text = made.rune(b"=5-1", b"paymentHash=" + HASH.encode(), condition, b"time<%d" % SECONDS)
    token = foreign(text)
    assert token.payment_hash == PAYMENT_HASH
    assert token.expiry is not None
    assert token.expiry.at == SECONDS
    tree = dissect_token(text, invoice_hash=PAYMENT_HASH, now=SECONDS)
    assert tree.find("id").value.text == "5-1"
    assert tree.find("paymentHash").mark is Mark.GOOD
    assert tree.find("time").value.text == f"< {SECONDS} = {MOMENT}, EXPIRED"
    choice = tree.find("any of")
    assert [node.value.text for node in choice.children] == ["^ /v1&x", "/ GET", "# hm"]
    assert choice.span is not None
    assert choice.span.bytes() == condition
    begins = tree.find("path")
    assert begins.span is not None
    assert begins.span.bytes() == rb"path^/v1\&x"
    assert "begins with" in begins.meaning.text


def test_an_alternative_alone_decides_nothing() -> None:
    token = foreign(made.rune(b"paymentHash=" + HASH.encode() + b"|time<%d" % SECONDS))
    assert token.kind is TokenKind.RUNE
    assert token.payment_hash is None
    assert token.expiry is None


@pytest.mark.parametrize(
    "restrictions",
    [
        b"",
        b"&",
        b"a=1",
        b"level=top",
        b"level=golden&",
        b"level=golden|",
        b"&level=golden",
        b"level=golden\\",
        b"level",
        b"le-vel=3",
        b"level=golden&=4",
        b"=4|level=golden",
        b"level=\xff\xff",
        b"level=\n3",
        b"level=golden\0",
    ],
)
def test_what_is_only_like_a_rune_is_opaque(restrictions: bytes) -> None:
    code = made.rune_bytes()
    assert foreign(url_safe(code + b"level=golden")).kind is TokenKind.RUNE
    assert foreign(url_safe(code + b"=5")).kind is TokenKind.RUNE
    token = foreign(url_safe(code + restrictions))
    assert (token.kind, token.trust) == (TokenKind.OPAQUE, Trust.UNKNOWN)
    assert "rune" in token.note


def test_text_in_base64_is_no_rune() -> None:
    token = foreign(url_safe((b"plain text " * 3)[:32] + b"level=golden"))
    assert token.kind is TokenKind.OPAQUE


def test_a_rune_whose_code_begins_as_a_macaroon_is_still_a_rune() -> None:
    raw = b"\x02\x01" + made.rune_bytes()[2:] + b"paymentHash=" + HASH.encode()
    assert foreign(url_safe(raw)).kind is TokenKind.RUNE


def test_a_jwt_counts_in_seconds() -> None:
    tree = dissect_token(made.jwt(), now=SECONDS)
    assert tree.find("alg").value.text == "HS256"
    assert tree.find("iat").mark is Mark.PLAIN
    assert "EXPIRED" in tree.find("exp").value.text
    assert "unix seconds" in tree.find("exp").meaning.text
    claims = tree.find("claims")
    assert claims.span is not None
    assert claims.span.bytes() == made.compact(
        {"iat": SECONDS - 60, "exp": SECONDS, "sub": "agent"}
    )
    early = dissect_token(made.jwt({"nbf": SECONDS + 0.5}), now=SECONDS - 1)
    assert early.find("nbf").mark is Mark.BAD


def test_a_jwt_that_nobody_signed_says_so() -> None:
    for text in (
        made.jwt(alg="none", signature=b""),
        made.jwt(alg="None"),
        made.jwt(signature=b""),
    ):
        assert foreign(text).trust is Trust.UNSIGNED
        assert dissect_token(text).find("trust").mark is Mark.WARN


@pytest.mark.parametrize(
    "text",
    [
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..",
        made.jwt().replace(".", "=.", 1),
        made.jwt() + "!",
        made.jwt()[3:],
        f"{url_safe({'typ': 'JWT'})}.{url_safe({})}.{url_safe(b'x')}",
        f"{url_safe({'alg': 'HS256'})}.{url_safe([1])}.{url_safe(b'x')}",
        f"{url_safe([1])}.{made.mac(b'x')}",
        made.with_hmac()[:-1],
        made.with_hmac() + "0",
        "0193c6f2-0000-7000-8000-00000000000a",
        "hello world",
        url_safe(b"{not json}"),
        url_safe(b'{"a":1,"a":2}'),
        url_safe(b'{"a":NaN}'),
        url_safe(b'{"a":"\xff"}'),
        "ā",
    ],
)
def test_what_does_not_parse_is_opaque_and_says_what_was_tried(text: str) -> None:
    token = foreign(text)
    assert (token.kind, token.trust) == (TokenKind.OPAQUE, Trust.UNKNOWN)
    assert token.note.startswith("Tried: ")
    assert "Tried: " in dissect_token(text).meaning.text


def test_a_token_that_is_the_payment_hash_can_be_forged() -> None:
    assert foreign(HASH).trust is Trust.UNKNOWN
    tree = dissect_token(HASH.upper(), invoice_hash=PAYMENT_HASH)
    assert tree.find("trust").value.text == Trust.UNSIGNED.value
    other = dissect_token(HASH, invoice_hash=bytes(32))
    assert other.find("trust").value.text == Trust.UNKNOWN.value


@pytest.mark.parametrize("padding", ["==", ""])
@pytest.mark.parametrize("letter", ["R", "x"])
def test_base64_with_stray_bits_is_told_from_what_is_none(padding: str, letter: str) -> None:
    text = standard(b"twenty-two bytes here!")[:-3] + letter + padding
    token = read_token(text)
    assert isinstance(token, Foreign)
    assert token.kind is TokenKind.OPAQUE
    assert token.written == "22 bytes in base64 with stray bits at the end"
    assert "base64 nor hex" not in token.note
    assert token.text == text
    one = read_token(standard(b"twenty-bytes-are-here")[:-2] + "-+")
    assert isinstance(one, Foreign)
    assert "base64 nor hex" in one.note
    # What begins as a macaroon stays a broken one.
    with pytest.raises(MacaroonError, match="bits left over"):
        read_token(spelled()[:81] + "B")

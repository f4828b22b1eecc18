"""Does a macaroon's tree say what is in it, in every format, and what follows from it?"""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64decode
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.dissect import dissect_macaroon
from l402tui.protocol.macaroon import Format, Macaroon, Token
from l402tui.protocol.tree import Mark, Node
from tests.protocol.test_identifier import GOB, GOB_HASH
from tests.protocol.test_node_macaroon import INVOICES, NONCE, baked, operation
from tests.protocol.tokens import IDENTIFIER, KEY, PAYMENT_HASH, PREIMAGE, TOKEN_ID, VALID, mint

UNSAFE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
EVERY = list(Format)
NOW = 1_900_000_000


def tree(*caveats: bytes, identifier: bytes = IDENTIFIER, **how: Any) -> Node:
    macaroon = Macaroon.mint(KEY, identifier, b"lsat", caveats)
    node = dissect_macaroon(macaroon, **how)
    check(node)
    return node


def check(node: Node) -> None:
    """What holds of every tree: safe text, bytes that exist, children within their parents."""
    for each in node.walk():
        for text in (each.label, each.value, each.meaning):
            assert not {category(char) for char in text.text} & UNSAFE
        assert each.label
        assert each.meaning
        if each.span is None:
            continue
        assert 0 <= each.span.start <= each.span.end <= len(each.span.buffer.data)
        for child in each.children:
            assert child.span is None or each.span.holds(child.span)


def bytes_of(node: Node) -> bytes:
    assert node.span is not None
    return node.span.bytes()


def only(*caveats: bytes, **how: Any) -> Node:
    """The node of the last caveat."""
    return tree(*caveats, **how).find("caveats").children[-1]


# --- the four formats -----------------------------------------------------------------------------


@pytest.mark.parametrize("format", EVERY)
def test_the_same_tree_in_every_format(format: Format) -> None:
    macaroon = Macaroon.mint(
        KEY, IDENTIFIER.hex().encode(), b"lsat", [b"services=a:0", b"n_uses=2"], format
    )
    node = dissect_macaroon(macaroon)
    check(node)
    assert node.value.text == f"{format.title}, {len(macaroon.raw)} bytes"
    assert bytes_of(node.find("location")) == b"lsat"
    assert bytes_of(node.find("payment hash")) == PAYMENT_HASH.hex().encode()
    assert bytes_of(node.find("services")) == b"services=a:0"
    assert node.find("n_uses").value.text == "2"
    assert node.find("format").value.text in (str(format.version), format.title)
    signature = bytes_of(node.find("signature"))
    if format is Format.JSON_V1:
        signature = bytes.fromhex(signature.decode())
    elif format is Format.JSON_V2:
        signature = urlsafe_b64decode(signature + b"=")
    assert signature == macaroon.signature


def test_fields_of_an_identifier_in_base64() -> None:
    macaroon = Macaroon.mint(KEY, IDENTIFIER, b"lsat", [b"\xff\xfe=1"], Format.JSON_V2)
    node = dissect_macaroon(macaroon)
    check(node)
    spelled = bytes_of(node.find("identifier"))
    assert urlsafe_b64decode(spelled) == IDENTIFIER
    # Bytes 2 to 34 begin in the third character and end in the forty-sixth.
    assert bytes_of(node.find("payment hash")) == spelled[2:46]
    assert node.find("token id").value.text == TOKEN_ID.hex()
    assert node.find("\\xff\\xfe").value.text == "1"


def test_json_with_escapes() -> None:
    text = json.loads(Macaroon.mint(KEY, b"name", b"lsat", [b"a=1"], Format.JSON_V1).raw)
    raw = json.dumps(text).replace("a=1", "\\u0061=1").encode()
    node = dissect_macaroon(Macaroon.decode(raw))
    check(node)
    assert bytes_of(node.find("a")) == b"\\u0061=1"
    assert node.find("a").value.text == "1"


# --- identifiers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "payment_hash", "labels"),
    [
        (IDENTIFIER, PAYMENT_HASH, ["version", "payment hash", "token id"]),
        (IDENTIFIER.hex().encode(), PAYMENT_HASH, ["version", "payment hash", "token id"]),
        (PAYMENT_HASH, PAYMENT_HASH, ["payment hash"]),
        (b"\xff" + PAYMENT_HASH, PAYMENT_HASH, ["payment hash"]),
        (PAYMENT_HASH.hex().upper().encode(), PAYMENT_HASH, ["payment hash"]),
        (GOB, GOB_HASH, ["version", "payment hash", "token id"]),
    ],
)
def test_every_form_of_identifier(
    identifier: bytes, payment_hash: bytes, labels: list[str]
) -> None:
    node = tree(identifier=identifier, invoice_hash=payment_hash).find("identifier")
    assert [child.label.text for child in node.children] == labels
    found = node.find("payment hash")
    assert (found.mark, found.value.text[:5]) == (Mark.GOOD, "MATCH")
    assert "one invoice" in node.meaning.text
    other = tree(identifier=identifier, invoice_hash=bytes(32)).find("payment hash")
    assert (other.mark, other.value.text[:8]) == (Mark.BAD, "MISMATCH")


@pytest.mark.parametrize(
    ("identifier", "why"),
    [(b"order 17", "free text"), (b"\x08\x01\x12\x01x\x18\x05", "protobuf"), (b"", "empty")],
)
def test_identifiers_that_commit_to_nothing(identifier: bytes, why: str) -> None:
    node = tree(identifier=identifier, invoice_hash=PAYMENT_HASH).find("identifier")
    assert node.mark is Mark.WARN
    assert why in node.meaning.text
    assert not node.children


# --- conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cid", "value", "meaning", "mark"),
    [
        (b"services=a:0", "a:0", "Which services", Mark.PLAIN),
        (b"max_sats=100", "100", "At most this many satoshi", Mark.PLAIN),
        (b"max_sats=all", "all", "No whole number", Mark.WARN),
        (b"iprange 10.0.0.0/8", "10.0.0.0/8", "range of IP", Mark.PLAIN),
        (b"iprange home", "home", "No range of addresses", Mark.WARN),
        (b"Realm = shop", "shop", "written with spaces", Mark.PLAIN),
        (b"time<5", "< 5", "in the place of =", Mark.PLAIN),
        (b"colour=blue", "blue", "does not know", Mark.PLAIN),
        (b"created_at=1900000000", "1900000000 = 2030-03-17T17:46:40Z", "was made", Mark.PLAIN),
        (b"created_at=yore", "yore", "No moment", Mark.NOTE),
        (b"lnd-custom shop open", "shop open", "beside lnd", Mark.PLAIN),
        (b"payment_hash=" + b"5a" * 32, "MISMATCH with the invoice: " + "5a" * 32, "", Mark.BAD),
        (b"payment_hash=" + PAYMENT_HASH.hex().encode(), None, "one of the invoice", Mark.GOOD),
        (b"payment_hash=none", "none", "no payment hash", Mark.NOTE),
        (b"swap_max=7", "7", "limit on the capability swap", Mark.PLAIN),
        (b"just words", "just words", "no condition of the usual form", Mark.PLAIN),
        (b"\xff\xfe\x00", "\\xff\\xfe\\x00", "no condition", Mark.PLAIN),
    ],
)
def test_what_a_condition_says(cid: bytes, value: str | None, meaning: str, mark: Mark) -> None:
    node = only(b"x_capabilities=swap", cid, invoice_hash=PAYMENT_HASH)
    assert value is None or node.value.text == value
    assert meaning in node.meaning.text
    assert node.mark is mark
    assert bytes_of(node) == node.copy == cid


@pytest.mark.parametrize(
    ("cid", "meaning", "mark"),
    [
        (b"valid_until=1924991999", "(unix seconds)", Mark.GOOD),
        (b"valid_until=1924991999", "size fits only these", Mark.GOOD),
        (b"valid_until=1924991999000", "(unix milliseconds)", Mark.GOOD),
        (b"expiration=1924991999000", "under this name counts so", Mark.GOOD),
        (b"expiration=1924991999", "in that it would be 2030-12-31T23:59:59Z", Mark.WARN),
        (b"x_valid_until=1924991999000", "in that it would be 2030-12-31T23:59:59Z", Mark.WARN),
        (b"x_valid_until=1924991999", "for the service x", Mark.GOOD),
        (b"time-before 2030-12-31T23:59:59Z", "(an RFC 3339 date)", Mark.GOOD),
        (b"exp=1800000000", "That is over", Mark.BAD),
        (b"exp=tomorrow", "no moment can be read", Mark.WARN),
    ],
)
def test_when_it_ends(cid: bytes, meaning: str, mark: Mark) -> None:
    node = only(cid, now=NOW)
    assert meaning in node.meaning.text
    assert node.mark is mark


def test_what_all_of_them_come_to() -> None:
    caveats = (b"services=a:0,b:0", b"services=b:0", b"n_uses=5", b"exp=1924991999")
    node = tree(*caveats, now=NOW).find("together")
    assert [(child.label.text, child.value.text) for child in node.children] == [
        ("ends", "2030-12-31T23:59:59Z, in date"),
        ("services", "b"),
    ]
    assert node.find("ends").mark is Mark.GOOD
    over = tree(*caveats, now=2e9).find("ends")
    assert (over.mark, over.value.text[-7:]) == (Mark.BAD, "EXPIRED")
    assert tree(*caveats).find("ends").mark is Mark.PLAIN


def test_a_contradiction_is_said() -> None:
    node = tree(b"Realm = a", b"Realm = b").find("together")
    assert (node.value.text, node.mark) == ("contradictory", Mark.WARN)
    assert "no request can satisfy both" in node.meaning.text
    assert "skip" in node.meaning.text
    assert node.find("Realm").mark is Mark.WARN


def test_one_service_that_is_over_is_not_the_whole_token() -> None:
    caveats = (b"services=a:0,b:0", b"a_valid_until=1700000000", b"b_valid_until=1924991999")
    node = tree(*caveats, now=NOW)
    assert [(one.label.text, one.mark) for one in node.find("together").children] == [
        ("ends", Mark.GOOD),
        ("ends for a", Mark.WARN),
        ("ends for b", Mark.GOOD),
    ]
    assert Mark.BAD not in {one.mark for one in node.walk()}


def test_a_doubt_about_the_unit_is_one_about_the_end() -> None:
    for cid in (b"expiration=1924991999", b"ExpiresAt = 1924991999000"):
        ends = tree(cid, now=NOW).find("ends")
        assert ends.mark is Mark.WARN
        assert "in that it would be 2030-12-31T23:59:59Z" in ends.meaning.text


def test_nothing_comes_together_without_a_reason() -> None:
    for caveats in ((), (b"services=a:0", b"n_uses=5"), (b"=", b"exp=soon")):
        labels = [child.label.text for child in tree(*caveats).children]
        assert labels == ["format", "location", "identifier", "caveats", "signature"]
    # A key without a letter is no end.
    node = tree(b"=1", b"=1", b"exp=1924991999").find("together")
    assert [child.label.text for child in node.children] == ["ends", "(no name)"]


def test_third_parties_are_not_for_l402() -> None:
    token = Token.read(VALID["third-party-zero-nonce"]["v2_b64"])
    node = dissect_macaroon(token).find("third-party caveat")
    assert "L402 servers do not use such caveats" in node.meaning.text


@pytest.mark.parametrize("format", EVERY)
def test_places_of_third_party_caveats(format: Format) -> None:
    asked = {"i": "who is it", "v64": "AAECAwQF", "l": "https://id.example"}
    packets = {"cid": "who is it", "vid": "dmlk", "cl": "https://id.example"}
    if format is Format.JSON_V2:
        text = {"v": 2, "l": "lsat", "i": "name", "c": [asked], "s64": "A" * 43}
        raw = json.dumps(text).encode()
    elif format is Format.JSON_V1:
        v1 = {"location": "lsat", "identifier": "name", "caveats": [packets], "signature": "0" * 64}
        raw = json.dumps(v1).encode()
    else:
        raw = Token.read(VALID["third-party-zero-nonce"][f"v{format.version}_b64"]).macaroon.raw
    node = dissect_macaroon(Macaroon.decode(raw))
    check(node)
    caveat = Macaroon.decode(raw).caveats[-1]
    third = node.find("third-party caveat")
    assert bytes_of(third.find("location")) == caveat.location
    assert bytes_of(third.find("asked")) == caveat.cid
    key = bytes_of(third.find("key"))
    assert (b64decode(key) if format.json else key) == caveat.vid


# --- a node's own ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format", [Format.V1, Format.V2, Format.JSON_V2])
def test_a_key_to_a_node(format: Format) -> None:
    macaroon = Macaroon.mint(KEY, INVOICES, b"lnd", [b"ipaddr 192.0.2.7"], format)
    node = dissect_macaroon(macaroon)
    check(node)
    assert node.value.text.startswith("a node's own, changes things, cannot send money")
    assert "not an L402 token" in node.meaning.text
    assert node.secret
    assert node.find("nonce").value.text == NONCE.hex()
    assert node.find("root key").value.text == "0"
    permissions = node.find("permissions")
    assert "invoice.macaroon" in permissions.meaning.text
    told = [(child.label.text, child.value.text) for child in permissions.children]
    assert told == [
        ("address", "read"),
        ("address", "write"),
        ("invoices", "read"),
        ("invoices", "write"),
        ("onchain", "read"),
    ]
    assert "create, settle and cancel invoices" in permissions.children[3].meaning.text
    assert node.find("ipaddr").value.text == "192.0.2.7"
    if not format.json:
        assert bytes_of(permissions.children[3]) == b"write"


def test_a_key_that_can_spend() -> None:
    identifier = baked(operation(b"uri", b"/routerrpc.Router/SendPaymentV2"))
    macaroon = Macaroon.mint(KEY, identifier, None)
    node = dissect_macaroon(macaroon)
    permissions = node.find("permissions")
    assert (permissions.mark, permissions.value.text) == (Mark.WARN, "can move money")
    assert permissions.find("uri").value.text == "/routerrpc.Router/SendPaymentV2"
    assert node.span is not None
    assert node.span.buffer.secret
    assert node.find("signature").secret
    for each in node.walk():
        assert macaroon.signature.hex() not in each.value.text + each.meaning.text


def test_many_permissions_do_not_make_many_nodes() -> None:
    operations = [operation(b"uri", b"/x%d" % number) for number in range(500)]
    node = tree(identifier=baked(*operations)).find("permissions")
    assert len(node.children) == 201
    assert node.children[-1].value.text == "300 more"


# --- whatever comes -------------------------------------------------------------------------------

CIDS = st.binary(max_size=50) | st.sampled_from(
    [b"exp=1924991999", b"Realm = a", b"Realm = b", b"iprange 10.0.0.0/8", b"preimage=aa", b"="]
)
IDENTIFIERS = st.binary(max_size=70) | st.sampled_from([GOB, INVOICES, IDENTIFIER])


@given(IDENTIFIERS, st.lists(CIDS, max_size=6), st.sampled_from([Format.V1, Format.V2]))
def test_any_macaroon(identifier: bytes, cids: list[bytes], format: Format) -> None:
    macaroon = Macaroon.mint(KEY, identifier, b"\xff\x1b", cids, format)
    check(dissect_macaroon(macaroon, invoice_hash=PAYMENT_HASH, now=NOW))
    check(dissect_macaroon(mint(*cids, identifier=identifier), secret=True))


def test_a_preimage_under_another_name_is_hidden() -> None:
    node = only(b"receipt=" + PREIMAGE.hex().encode())
    assert node.secret
    assert PREIMAGE.hex() not in node.value.text
    assert "hidden" in node.value.text

"""What is a preimage by name or by place, in every spelling, and what stays public?"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from urllib.parse import quote

import pytest

from l402tui.cli.inspect import _as_json, _buffers
from l402tui.protocol.dissect import dissect, dissect_message
from l402tui.protocol.hexdump import hexdump
from l402tui.protocol.leaks import Leaks, is_node_identifier, names_preimage
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.outline import outline
from l402tui.protocol.spelling import Spelling
from l402tui.protocol.tree import Mark, Node

from .invoice_writer import NINE, D, S, quintets, write
from .tokens import KEY, PAYMENT_HASH, mint, spelled

# Bytes that make + and / in base64, so that every spelling differs.
PREIMAGE = bytes.fromhex("fbefbe") + sha256(b"leaks").digest()[:26] + bytes.fromhex("3ffbff")
HEX = PREIMAGE.hex()
B64 = b64encode(PREIMAGE).decode()
URL_SAFE = urlsafe_b64encode(PREIMAGE).decode()
SPELLINGS = (
    HEX,
    HEX.upper(),
    f"0x{HEX}",
    B64,
    B64.rstrip("="),
    URL_SAFE,
    URL_SAFE.rstrip("="),
    quote(B64, safe=""),
    B64.replace("/", r"\/"),
)
OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
BILL = "HTTP/1.1 402 Payment Required\r\nContent-Type: application/json\r\n\r\n"
TOKEN = spelled(b"services=weather:0")
INVOICE = write(("p", quintets(PAYMENT_HASH)), S, D, NINE)
NODE_ID = b"\x03\x0a\x10" + bytes(range(16)) + b"\x12\x010\x1a\x0e\x0a\x08offchain\x12\x02rw"


def everything(tree: Node) -> str:
    """What any face shows of it, with nothing revealed."""
    parts = [
        *outline(tree, width=10_000),
        *outline(tree, width=10_000, ascii_only=True),
        json.dumps(_as_json(tree, False)),
        json.dumps(_buffers(tree, False)),
    ]
    return "\n".join(parts)


def shows(tree: Node, *secrets: str) -> list[str]:
    """Which of them can be seen, as text or as the hex of their characters."""
    seen = everything(tree)
    low = seen.lower()
    return [secret for secret in secrets if secret.lower() in low or secret.encode().hex() in low]


def leaks(tree: Node) -> list[str]:
    pieces = {HEX, B64[:42], URL_SAFE[:42], quote(B64, safe="")[:42]}
    return shows(tree, *pieces)


def body(told: object) -> str:
    return OK + json.dumps(told)


def blob(told: object) -> str:
    return urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


@pytest.mark.parametrize("value", SPELLINGS)
@pytest.mark.parametrize(
    "text",
    [
        OK + '{{"payment_preimage":"{}","payment_hash":"x"}}',
        OK + '{{"result":{{"Preimage":"{}"}}}}',
        OK + '{{"name":"preimage","value":"{}"}}',
        OK + '{{"value":"{}","name":"preimage"}}',
        OK + '["preimage","{}"]',
        OK + '{{"preimages":["none","{}"]}}'.replace("none", "0" * 64),
        OK + '<input type="hidden" name="preimage" value="{}">',
        OK + "your preimage is {}.",
        OK + r'"{{\"preimage\":\"{}\"}}"',
        OK + "&quot;preimage&quot;: &quot;{}&quot;",
        OK + "| preimage | {} |",
        OK + "preimageHex: {}",
        BILL + '{{"preimage":"{}","x402Version":1,"accepts":[]}}',
        "GET /x?preimage={} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x?a=%7B%22preimage%22%3A%22{}%22%7D HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x HTTP/1.1\r\nX-Preimage: {}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nPayment-Preimage: {}\r\n\r\n",
        "GET /x?auth=L402+shorttok:{} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x?auth=L402%20shorttok%3A{} HTTP/1.1\r\nHost: a\r\n\r\n",
        OK + '{{"authorization":"LSAT t:{}"}}',
    ],
)
def test_a_preimage_is_hidden_in_every_spelling(text: str, value: str) -> None:
    tree = dissect(text.format(value))
    assert leaks(tree) == []
    assert any(node.secret for node in tree.walk())


@pytest.mark.parametrize("value", [HEX, B64, URL_SAFE])
@pytest.mark.parametrize(
    "told",
    [
        {"payload": {"preimage": "VALUE"}, "success": True},
        {"challenge": {"request": {"preimage": "VALUE"}}, "payload": {}},
        {"challenge": {"id": "a", "preimage": "VALUE"}, "payload": {}},
    ],
)
@pytest.mark.parametrize(
    "header", ["HTTP/1.1 200 OK\r\nPayment-Receipt: {}\r\n\r\n", "Authorization: Payment {}"]
)
def test_what_is_encoded_is_read(header: str, told: object, value: str) -> None:
    inside = blob(json.loads(json.dumps(told).replace("VALUE", value)))
    tree = dissect(header.format(inside))
    assert leaks(tree) == []
    assert shows(tree, inside) == []


@pytest.mark.parametrize("caveat", ["preimage‹{}", "preimage {}", "Preimage: {}"])
@pytest.mark.parametrize("value", [HEX, B64, URL_SAFE])
def test_a_caveat_with_it_makes_the_whole_token_secret(caveat: str, value: str) -> None:
    macaroon = mint(caveat.format(value).encode())
    for spelling in (Spelling.STANDARD, Spelling.HEX):
        text = spelling.spell(macaroon.raw)
        for thing in (text, f'L402 macaroon="{text}", invoice="{INVOICE}"'):
            tree = dissect(thing)
            assert leaks(tree) == []
            assert shows(tree, text, macaroon.signature.hex()) == []


def test_it_is_hidden_when_a_message_is_taken_apart_by_itself() -> None:
    told = b'{"payment_preimage":"' + B64.encode() + b'"}'
    tree = dissect_message(b"HTTP/1.1 200 OK", [(b"Content-Length", b"70")], told)
    assert leaks(tree) == []
    assert tree.find("body").secret


def test_it_is_known_everywhere_once_it_is_named_anywhere() -> None:
    named = f"GET /x?preimage={HEX} HTTP/1.1\r\nHost: a\r\n\r\n"
    elsewhere = f"HTTP/1.1 200 OK\r\nX-Trace: {B64}\r\n\r\n"
    assert leaks(dissect(elsewhere)) != []
    assert leaks(dissect(named + elsewhere)) == []


def test_bytes_that_touch_it_are_masked_in_the_dump() -> None:
    tree = dissect(body({"payment_preimage": B64, "fee": "1"}))
    rows = "\n".join(hexdump(tree, width=120))
    assert B64[:8].encode().hex(" ") not in rows
    assert B64[20:28].encode().hex(" ") not in rows
    assert b"Content".hex(" ") in rows


def test_more_preimages_than_can_be_looked_for_one_by_one() -> None:
    many = {f"preimage{n}": b64encode(sha256(bytes([n])).digest()).decode() for n in range(100)}
    tree = dissect(body(many))
    assert shows(tree, *(value[:43] for value in many.values())) == []


@pytest.mark.parametrize(
    "told",
    [
        {"payment_hash": HEX},
        {"r_hash": B64},
        {"payment_secret": HEX, "signature": HEX * 2},
        {"preimage": None, "payment_hash": HEX},
        {"preimage": "", "payment_hash": B64},
        {"preimage_hash": HEX},
        {"preimageSha256": HEX},
        {"note": f"sha256(preimage) = {HEX}"},
        {"note": f"the hash of the preimage is {HEX}"},
        {"note": f"preimage unknown so far, payment hash {HEX}"},
        {"image": f"registry.example/app@sha256:{HEX}"},
        {"preimage": "0" * 64, "payment_hash": HEX},
    ],
)
def test_what_is_public_stays_so(told: object) -> None:
    tree = dissect(body(told))
    assert not any(node.secret for node in tree.walk())


def test_a_bill_stays_as_readable_as_it_was() -> None:
    tree = dissect(
        f'{BILL[:-2]}WWW-Authenticate: L402 macaroon="{TOKEN}", invoice="{INVOICE}"\r\n\r\n'
    )
    assert not any(node.secret for node in tree.walk())
    assert PAYMENT_HASH.hex() in everything(tree)


@pytest.mark.parametrize("name", ["preimage", "X-Preimage", "r_preimage", "paymentPreimage"])
def test_names_of_a_preimage(name: str) -> None:
    assert names_preimage(name)


@pytest.mark.parametrize("name", ["preimage_hash", "PreimageHash", "image", "payment hash"])
def test_other_names(name: str) -> None:
    assert not names_preimage(name)


def test_a_mistyped_preimage_is_one() -> None:
    found = Leaks()
    found.look(f"preimage={HEX[:-1]}".encode())
    assert found.holds(f"it was {HEX[:-1]}".encode())


@pytest.mark.parametrize(
    "name",
    ["X-Auth-Token", "Api-Key", "X-Api-Key", "X-Access-Token", "X-Session-Token", "apikey"],
)
def test_headers_that_open_something_are_hidden(name: str) -> None:
    tree = dissect_message(b"GET / HTTP/1.1", [(name.encode(), b"open-sesame-4711")], b"")
    assert shows(tree, "open-sesame-4711") == []
    assert tree.find(name).secret


# --- a node's own macaroon ------------------------------------------------------------------------


def node(identifier: bytes = NODE_ID) -> Macaroon:
    return Macaroon.mint(KEY, identifier, b"lnd", (b"time-before 2030-01-01T00:00:00Z",))


def secrets_of(macaroon: Macaroon) -> tuple[str, ...]:
    identifier = macaroon.identifier.hex()
    return identifier, macaroon.signature.hex(), macaroon.raw.hex()[-60:]


@pytest.mark.parametrize("change", ["newline", "short", "twice"])
@pytest.mark.parametrize("spelling", [Spelling.HEX, Spelling.STANDARD, Spelling.URL_SAFE, None])
def test_a_damaged_key_is_hidden(change: str, spelling: Spelling | None) -> None:
    macaroon = node()
    raw = {
        "newline": macaroon.raw + b"\nx",
        "short": macaroon.raw[:-1],
        "twice": macaroon.raw + macaroon.raw[:20],
    }[change]
    thing = raw if spelling is None else spelling.spell(raw)
    tree = dissect(thing)
    assert tree.mark is Mark.BAD
    assert tree.secret
    assert shows(tree, *secrets_of(macaroon)[:2], Spelling.STANDARD.spell(raw)[40:80]) == []


@pytest.mark.parametrize(
    "identifier",
    [
        NODE_ID + b"\x22\x01a",  # a field that is not known
        NODE_ID[:19] + NODE_ID[22:],  # without a root key
        b"\x03" + NODE_ID[19:],  # without a nonce
        NODE_ID[:-1],  # cut off
    ],
)
def test_a_key_with_other_fields_is_hidden(identifier: bytes) -> None:
    macaroon = node(identifier)
    assert is_node_identifier(identifier)
    tree = dissect(macaroon.raw)
    assert tree.secret
    assert shows(tree, macaroon.signature.hex()) == []


def test_an_identifier_of_l402_is_no_key() -> None:
    assert not is_node_identifier(mint().identifier)
    assert not is_node_identifier(b"\x03" + bytes(31))
    assert not is_node_identifier(b"")


@pytest.mark.parametrize("start", [OK, BILL, "POST /x HTTP/1.1\r\nHost: a\r\n\r\n"])
@pytest.mark.parametrize("spelling", [Spelling.HEX, Spelling.STANDARD])
@pytest.mark.parametrize("what", ["node", "preimage inside"])
def test_a_body_with_a_key_is_hidden(start: str, spelling: Spelling, what: str) -> None:
    macaroon = node() if what == "node" else mint(b"preimage=" + HEX.encode())
    text = spelling.spell(macaroon.raw)
    tree = dissect(start + json.dumps({"macaroon": text, "invoice": INVOICE}))
    assert shows(tree, text, text[-40:], macaroon.signature.hex()) == []
    assert tree.find("body").secret

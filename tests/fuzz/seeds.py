"""Where does a fuzzer begin? With a small, right example of everything, all of our own making."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Final

from pymacaroons import Macaroon as TheirMacaroon

from l402tui.protocol.macaroon import Format, Spelling
from tests.protocol import foreign_tokens
from tests.protocol.invoice_writer import own_vectors, quintets, write
from tests.protocol.tokens import CAVEATS, IDENTIFIER, INVOICE, KEY, PREIMAGE, mint

SAMPLES: Final = Path(__file__).parents[2] / "sample_tokens"
_BINARY: Final = [mint(*CAVEATS, format=format).raw for format in (Format.V1, Format.V2)]
_TEXT: Final = Spelling.STANDARD.spell(_BINARY[1])


def samples() -> list[bytes]:
    """The files of sample_tokens/."""
    return [path.read_bytes() for path in sorted(SAMPLES.glob("*.*"))]


def macaroons() -> list[bytes]:
    """One in each format, and one with a third party."""
    third = TheirMacaroon(location="lsat", identifier="who", key=KEY, version=2)
    third.add_third_party_caveat("https://auth.example/", "key", "is it Tuesday", nonce=bytes(24))
    json1 = mint(*CAVEATS, format=Format.JSON_V1, identifier=b"plain")
    json2 = mint(*CAVEATS, format=Format.JSON_V2)
    raw = Spelling.URL_SAFE_UNPADDED
    padded = third.serialize() + "=" * (-len(third.serialize()) % 4)
    return [
        *_BINARY,
        json1.raw,
        json2.raw,
        base64.urlsafe_b64decode(padded),
        raw.spell(b"").encode(),
    ]


def tokens() -> list[bytes]:
    """Macaroons as text, and what is none."""
    spelled = [spelling.spell(_BINARY[1]) for spelling in Spelling if spelling is not Spelling.JSON]
    foreign = [
        foreign_tokens.unsigned(),
        foreign_tokens.chained(),
        foreign_tokens.signed("service=weather"),
        foreign_tokens.with_hmac(),
        foreign_tokens.rune(b"method=GET"),
        foreign_tokens.jwt(),
    ]
    return [text.encode() for text in (*spelled, *foreign)]


def challenges() -> list[bytes]:
    """Header lines."""
    pair = f'macaroon="{_TEXT}", invoice="{INVOICE}"'
    return [
        f"L402 {pair}".encode(),
        f"LSAT {pair}\nL402 {pair}".encode(),
        f'L402 version="0", token="{_TEXT}", invoice="{INVOICE}"'.encode(),
        f"l402 macaroon={_TEXT} invoice={INVOICE}".encode(),
        f'Basic realm="a \\"b\\"", Negotiate abc==, L402 {pair}'.encode(),
        f"L402 {_TEXT} {INVOICE}".encode(),
    ]


def bodies() -> list[bytes]:
    """JSON bodies of a 402."""
    nested = {"l402": {"token": _TEXT, "invoice": INVOICE}, "amount": 2_500, "x": [1, None, True]}
    flat = {"macaroon": _TEXT, "invoice": INVOICE, "paymentHash": IDENTIFIER[2:34].hex()}
    return [json.dumps(body).encode() for body in (flat, nested)] + [
        b'{"error": "payment required"}'
    ]


def credentials() -> list[bytes]:
    """A header's name and its value, with a newline between them."""
    proof = f"{_TEXT}:{PREIMAGE.hex()}"
    return [
        f"Authorization\nL402 {proof}".encode(),
        f"Authorization\nLSAT {_TEXT},{_TEXT}:{PREIMAGE.hex().upper()}".encode(),
        b"Macaroon\n" + mint(b"preimage=" + PREIMAGE.hex().encode()).raw.hex().encode(),
        b"Grpc-Metadata-Macaroon\n" + _BINARY[1].hex().encode(),
        b"Token\n" + _TEXT.encode(),
        f"X-Payment\n{PREIMAGE.hex()}".encode(),
        b"X-Cashu\ncashuBo2F0gaJhaUgA",
    ]


def identifiers() -> list[bytes]:
    """What the identifier of a macaroon may be."""
    node = b"\x03\x0a\x10" + bytes(16) + b"\x12\x010\x1a\x0c\x0a\x04info\x12\x04read"
    hashes = [IDENTIFIER, IDENTIFIER.hex().encode(), IDENTIFIER[2:34], b"\xff" + IDENTIFIER[2:34]]
    return [*hashes, IDENTIFIER[2:34].hex().encode(), node, b"a name"]


def caveats() -> list[bytes]:
    """Several conditions, one a line."""
    return [
        b"services=a:0,b:1\na_capabilities=read,write\na_valid_until=1900000000",
        b"expires_at = 1900000000\nexpires_at=1899999999000\nvalid_until=2030-01-01T00:00:00Z",
        b"max_amount=10\nmax_amount=20\nip=127.0.0.1\nmethod=GET\n\xff=1\n=",
        b"ipaddr 127.0.0.1\nlnd-custom lnc read\ntime-before 2030-01-01T00:00:00Z",
    ]


def invoices() -> list[bytes]:
    """A mark (see the target) and an invoice."""
    hint = ("r", quintets(bytes(51)))
    texts = [vector["invoice"] for vector in own_vectors()["valid"]]
    return [b"\0" + text.encode() for text in (*texts, write(), f"lightning:{INVOICE}")] + [
        b"\1\2" + bytes(hint[1]),
        b"\2p" + bytes(range(60)) + b"\0d\5hello",
    ]


def messages() -> list[bytes]:
    """Whole responses and requests."""
    lines = challenges()[0].decode()
    head = f"HTTP/1.1 402 Payment Required\r\nWWW-Authenticate: {lines}\r\n"
    answer = head + "Content-Type: application/json\r\n\r\n"
    request = f"GET /x HTTP/1.1\r\nHost: shop.example\r\nAuthorization: L402 {_TEXT}:\r\n\r\n"
    trailers = (
        "HTTP/2 200\r\ncontent-type: application/grpc\r\ngrpc-status: 13\r\n"
        "grpc-message: payment required\r\n\r\n"
    )
    others = [head.encode() + b"\r\n" + body for body in (*bodies(), json.dumps(x402(1)).encode())]
    return [answer.encode() + bodies()[0], request.encode(), trailers.encode(), *others]


def x402(version: int) -> dict[str, object]:
    """What x402 asks for."""
    asked = {
        "scheme": "exact",
        "network": "base-sepolia" if version == 1 else "eip155:84532",
        "maxAmountRequired" if version == 1 else "amount": "10000",
        "payTo": "0x" + "5a" * 20,
        "asset": "0x" + "c0" * 20,
        "resource": "http://127.0.0.1/x",
        "maxTimeoutSeconds": 60,
        "extra": {"name": "USDC", "version": "2"},
    }
    return {"x402Version": version, "error": "pay", "accepts": [asked]}


def dialects() -> list[bytes]:
    """Responses that ask in other protocols."""
    start = b"HTTP/1.1 402 x\r\n"
    second = base64.b64encode(json.dumps(x402(2)).encode())
    request = json.dumps({"amount": "10", "currency": "usd", "recipient": "acct_1"}).encode()
    payment = base64.urlsafe_b64encode(request).rstrip(b"=")
    cashu = base64.urlsafe_b64encode(b"\xa3aa\x0aausatam\x81jhttp://m.a").rstrip(b"=")
    heads = (
        b"PAYMENT-REQUIRED: " + second,
        b'WWW-Authenticate: Payment id="a", realm="r", method="tempo", intent="charge", '
        b'expires="2030-01-01T00:00:00Z", request="' + payment + b'"',
        b"X-Cashu: creqA" + cashu,
        b"Accept-Payment: lightning, x402",
    )
    offers = {"offers": [{"id": "o", "amount": 1, "currency": "USD", "payment_methods": ["l"]}]}
    bodies = (x402(1), {"version": "0.2.2", **offers, "payment_request_url": "http://127.0.0.1/"})
    found = [start + head + b"\r\n\r\n" for head in heads]
    return found + [start + b"\r\n" + json.dumps(body).encode() for body in bodies]


def pages() -> list[bytes]:
    """Text with L402 material in it."""
    curl = b"> GET / HTTP/1.1\r\n> Host: a\r\n>\r\n< HTTP/1.1 402 x\r\n< WWW-Authenticate: "
    return [
        b"<p>pay " + INVOICE.encode() + b" now</p>\n" + challenges()[0],
        curl + challenges()[0] + b"\r\n<\r\n{}",
        b'{"log": "' + INVOICE.encode() + b'", "preimage": "' + PREIMAGE.hex().encode() + b'"}',
        recording(),
    ]


def recording() -> bytes:
    """A HAR file."""
    header = {"name": "WWW-Authenticate", "value": challenges()[0].decode()}
    response = {
        "status": 402,
        "statusText": "Payment Required",
        "httpVersion": "HTTP/1.1",
        "headers": [header],
        "content": {"mimeType": "application/json", "text": bodies()[0].decode()},
    }
    request = {"method": "GET", "url": "http://127.0.0.1/x", "httpVersion": "h2", "headers": []}
    entries = [{"request": request, "response": response}]
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def pairs() -> list[bytes]:
    """Two things with an empty byte between them."""
    things = [_TEXT.encode(), INVOICE.encode(), PREIMAGE.hex().encode(), challenges()[0]]
    return [first + b"\0" + second for first in things for second in things]


def texts() -> list[bytes]:
    """What a screen should not get as it is."""
    return [b"plain", "\u202eabc\u200b\x1b[31m é ☕ 日本".encode(), b"\xff\xfe\0", b"a\xcc\x81" * 9]


def everything() -> list[bytes]:
    """All of it."""
    kinds = (tokens, challenges, bodies, messages, dialects, pages, texts, macaroons, samples)
    invoices_as_they_are = [invoice[1:] for invoice in invoices()]
    return [seed for kind in kinds for seed in kind()] + invoices_as_they_are

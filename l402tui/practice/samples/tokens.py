"""Tokens of every kind, what makes them credentials, and the invoices beside them."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from hmac import digest

from pymacaroons import MACAROON_V2
from pymacaroons import Macaroon as Foreign
from pymacaroons.serializers import BinarySerializer, JsonSerializer

from l402tui.practice.samples.workshop import MADE_AT, Sample, Workshop
from l402tui.protocol.amount import sat
from l402tui.protocol.macaroon import Format, Macaroon, Token

__all__ = ["credentials", "invoices", "tokens"]


def tokens(shop: Workshop) -> dict[str, Sample]:
    """Macaroons, and what only calls itself one."""
    plain = Token.read(shop.token)
    narrow = plain.attenuate(b"weather_valid_until=1767229200")
    twice = narrow.attenuate(b"weather_valid_until=1767227400")
    wide = plain.attenuate(b"services=weather:0,forecast:0")
    return {
        "token.txt": Sample(
            "A token: who made it, which payment it waits for, what it is good for.", shop.token
        ),
        "token-narrowed.txt": Sample(
            "The same token with one caveat more. Anyone can add one, without any key.",
            narrow.text,
        ),
        "token-narrowed-twice.txt": Sample(
            "Narrowed again by whoever got it: of several ends the earliest counts.", twice.text
        ),
        "token-widened.txt": Sample(
            "A caveat that names more than the one before. A careful server refuses it.", wide.text
        ),
        "token-v1.txt": Sample(
            "The older layout: text packets with their length in four hex digits in front.",
            _base64(_mint(shop, Format.V1, b"RequestPath = /weather", b"ExpiresAt = 1767229200")),
        ),
        "token-json.txt": Sample(
            "The same idea written as JSON; the signature is made over the values, not the text.",
            _json(shop),
        ),
        "token-hex-identifier.txt": Sample(
            "An identifier in 132 hex characters, and an end counted in milliseconds.",
            _base64(_mint(shop, Format.V2, b"expiration=1767229200000", hexed=True)),
        ),
        "token-third-party.txt": Sample(
            "A third-party caveat: somebody else has to vouch. L402 servers do not use these.",
            _third_party(shop),
        ),
        "token-discharged.txt": Sample(
            "The same with its discharge: the third party's answer, a macaroon of its own.",
            _discharged(shop),
        ),
        "token-node-key.txt": Sample(
            "Not L402: a key to an LND node, with its permissions in words. Never hand in one of "
            "these at a shop.",
            _node_key(shop),
        ),
        "token-unsigned.txt": Sample(
            "It calls itself a macaroon and is plain JSON: anyone can write another one.",
            _base64(json.dumps({"hash": _hash(shop), "exp": 1_767_229_200_000}).encode()),
        ),
        "token-signed-blob.txt": Sample(
            "Signed, but in one piece: nobody but the server can narrow it, so it cannot be "
            "delegated with less.",
            _blob(shop),
        ),
        "token-rune.txt": Sample(
            "A rune: restrictions on a SHA-256 chain. Like a macaroon, anyone can add one.",
            _rune(shop),
        ),
    }


def credentials(shop: Workshop) -> dict[str, Sample]:
    """What opens the door."""
    more = shop.mint.token(shop.invoice.payment_hash, ["services=forecast:0"])
    inside = Token.read(shop.token).macaroon.with_caveat(b"preimage=" + shop.preimage.encode())
    return {
        "credential.txt": Sample(
            "Token and preimage together: what opens the door. Worth keeping to yourself.",
            f"Authorization: L402 {shop.token}:{shop.preimage}",
        ),
        "credential-two-tokens.txt": Sample(
            "Two tokens for one payment, with a comma between them.",
            f"Authorization: L402 {shop.token},{more}:{shop.preimage}",
        ),
        "credential-in-macaroon.txt": Sample(
            "The preimage as a caveat inside the token, in hex: the form for gRPC metadata.",
            f"Grpc-Metadata-Macaroon: {inside.raw.hex()}",
        ),
    }


def invoices(shop: Workshop) -> dict[str, Sample]:
    """The other half of a challenge."""
    text = shop.invoice.text
    whole = shop.bill("Ten of them", sat(100)).text
    at = whole.rindex("1") + 60
    damaged = whole[:at] + ("q" if whole[at] != "q" else "p") + whole[at + 1 :]
    return {
        "invoice.txt": Sample(
            "A BOLT-11 invoice, field by field. The signature gives away who is paid.", text
        ),
        "invoice-damaged.txt": Sample(
            "One character is wrong, and the checksum says so: never pay what cannot be read.",
            damaged,
        ),
    }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _url_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _hash(shop: Workshop) -> str:
    return shop.invoice.payment_hash.hex()


def _mint(shop: Workshop, format: Format, *caveats: bytes, hexed: bool = False) -> bytes:
    identifier = shop.identifier.hex().encode() if hexed else shop.invoice.payment_hash
    return Macaroon.mint(shop.secret("root key"), identifier, b"practice", caveats, format).raw


def _json(shop: Workshop) -> str:
    made = Foreign(
        location="lsat", identifier=shop.identifier, key=shop.secret("root key"),
        version=MACAROON_V2,
    )  # fmt: skip
    made.add_first_party_caveat("services=weather:0")
    return str(made.serialize(serializer=JsonSerializer()))


def _third_party(shop: Workshop) -> str:
    return _base64(BinarySerializer().serialize_raw(_asking(shop)))


def _discharged(shop: Workshop) -> str:
    discharge = Foreign(
        location="https://vouch.example", identifier="is a member",
        key=shop.secret("shared").hex(), version=MACAROON_V2,
    )  # fmt: skip
    discharge.add_first_party_caveat("expires_at=2026-01-01T01:00:00Z")
    bound = _asking(shop).prepare_for_request(discharge)
    return f"{_third_party(shop)},{_base64(BinarySerializer().serialize_raw(bound))}"


def _asking(shop: Workshop) -> Foreign:
    made = Foreign(
        location="lsat", identifier=shop.identifier, key=shop.secret("root key"),
        version=MACAROON_V2,
    )  # fmt: skip
    made.add_first_party_caveat("services=weather:0")
    made.add_third_party_caveat(
        "https://vouch.example", shop.secret("shared").hex(), "is a member",
        nonce=shop.secret("nonce")[:24],
    )  # fmt: skip
    return made


def _node_key(shop: Workshop) -> str:
    """As an LND node bakes it: the identifier is a 3 and a protobuf message."""
    storage = _field(2, b"0")
    permissions = ((b"info", b"read"), (b"invoices", b"read"), (b"invoices", b"write"))
    ops = b"".join(_field(3, _field(1, what) + _field(2, how)) for what, how in permissions)
    identifier = b"\x03" + _field(1, shop.secret("nonce")[:16]) + storage + ops
    caveats = (b"time-before 2026-02-01T00:00:00Z", b"ipaddr 127.0.0.1")
    return Macaroon.mint(shop.secret("node key"), identifier, b"lnd", caveats).raw.hex()


def _field(number: int, value: bytes) -> bytes:
    """A protobuf field of bytes, shorter than 128."""
    return bytes((number << 3 | 2, len(value))) + value


def _blob(shop: Workshop) -> str:
    told = {"paymentHash": _hash(shop), "resource": "/weather", "expiresAt": int(MADE_AT) * 1000}
    body = _url_safe(json.dumps(told, separators=(",", ":")).encode())
    return f"{body}.{digest(shop.secret('blob key'), body.encode(), 'sha256').hex()}"


def _rune(shop: Workshop) -> str:
    """The authentication code is a SHA-256 state that began with a secret of 16 bytes; every
    restriction is padded to whole blocks before the next."""
    restrictions = f"paymentHash={_hash(shop)}", "method=GET"
    text = shop.secret("rune")[:16]
    text += _padding(len(text))
    for restriction in restrictions[:-1]:
        text += restriction.encode()
        text += _padding(len(text))
    code = sha256(text + restrictions[-1].encode()).digest()
    return _url_safe(code + "&".join(restrictions).encode())


def _padding(size: int) -> bytes:
    """What SHA-256 itself puts behind a message of so many bytes."""
    return b"\x80" + bytes(-(size + 9) % 64) + (size * 8).to_bytes(8, "big")

"""Write any macaroon for a test, also those that must not exist.

It stands on the format's description (libmacaroons ``doc/format.txt``) and on nothing under test.
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, replace
from typing import Any, Final

END: Final = 0
LOCATION: Final = 1
IDENTIFIER: Final = 2
VID: Final = 4
SIGNATURE: Final = 6

Packet1 = tuple[bytes, bytes]
"""v1: a packet's key and value."""
Packet2 = tuple[int, bytes | None]
"""v2: a field's tag and value; None: the tag alone."""


@dataclass(frozen=True)
class Parts:
    """What a macaroon says, in whatever format."""

    location: bytes | None
    identifier: bytes
    caveats: tuple[tuple[bytes, bytes | None, bytes | None], ...]
    """Identifier, verification key and location of each."""
    signature: bytes

    def packets1(self) -> list[Packet1]:
        """The v1 packets."""
        packets = [(b"location", self.location or b""), (b"identifier", self.identifier)]
        for cid, vid, place in self.caveats:
            packets.append((b"cid", cid))
            packets += [(b"vid", vid)] if vid is not None else []
            packets += [(b"cl", place)] if place is not None else []
        return [*packets, (b"signature", self.signature)]

    def packets2(self) -> list[Packet2]:
        """The v2 fields."""
        packets: list[Packet2] = [] if self.location is None else [(LOCATION, self.location)]
        packets += [(IDENTIFIER, self.identifier), (END, None)]
        for cid, vid, place in self.caveats:
            packets += [] if place is None else [(LOCATION, place)]
            packets.append((IDENTIFIER, cid))
            packets += [] if vid is None else [(VID, vid)]
            packets.append((END, None))
        return [*packets, (END, None), (SIGNATURE, self.signature)]

    def v1(self) -> bytes:
        """The bytes in v1."""
        return b"".join(packet1(*each) for each in self.packets1())

    def v2(self) -> bytes:
        """The bytes in v2."""
        return b"\2" + b"".join(packet2(*each) for each in self.packets2())

    def json1(self) -> dict[str, Any]:
        """The members in JSON v1. Raises UnicodeDecodeError for what is no text."""
        caveats = [
            {"cid": cid.decode()}
            | ({} if vid is None else {"vid": _base64(vid)})
            | ({} if place is None else {"cl": place.decode()})
            for cid, vid, place in self.caveats
        ]
        where = {} if self.location is None else {"location": self.location.decode()}
        return {
            "caveats": caveats,
            **where,
            "identifier": self.identifier.decode(),
            "signature": self.signature.hex(),
        }

    def json2(self) -> dict[str, Any]:
        """The members in JSON v2: text where it is text, else base64."""
        caveats = [_member("i", c) | _member("v", v) | _member("l", p) for c, v, p in self.caveats]
        head = {"v": 2} | _member("l", self.location) | _member("i", self.identifier)
        return head | {"c": caveats} | _member("s", self.signature)

    def spellings(self, form: str) -> list[bytes]:
        """Every way in which these parts may be written in a binary format."""
        present = replace(self, location=self.location or b"")
        if form == "v1":
            return [present.v1()]
        return [present.v2()] + ([] if self.location else [replace(self, location=None).v2()])


def packet1(key: bytes, value: bytes, size: int | None = None) -> bytes:
    """A v1 packet; ``size`` where it shall lie about its length."""
    true_size = len(key) + len(value) + 6
    return b"%04x%b %b\n" % (true_size if size is None else size, key, value)


def packet2(tag: int, value: bytes | None, longer: int = 0) -> bytes:
    """A v2 field; its length written with ``longer`` bytes more than it needs."""
    return bytes([tag]) if value is None else bytes([tag]) + varint(len(value), longer) + value


def varint(number: int, longer: int = 0) -> bytes:
    """Seven bits a byte, lowest first, the high bit on all but the last."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F)
    digits += [0] * longer
    return bytes(digit | 0x80 for digit in digits[:-1]) + bytes(digits[-1:])


def sign(key: bytes, identifier: bytes, caveats: tuple[Any, ...]) -> bytes:
    """The signature that a root key makes (libmacaroons ``macaroons.c``)."""
    signature = _mac(derive(key), identifier)
    for cid, vid, _ in caveats:
        signature = _mac(signature, cid) if vid is None else sign_both(signature, vid, cid)
    return signature


def derive(key: bytes) -> bytes:
    """The key that signs the identifier."""
    return _mac(b"macaroons-key-generator", key)


def sign_both(key: bytes, first: bytes, second: bytes) -> bytes:
    """The signature over two values; with 32 empty bytes for a key that of a bound discharge."""
    return _mac(key, _mac(key, first) + _mac(key, second))


def dump(members: dict[str, Any]) -> bytes:
    """JSON as bytes."""
    return json.dumps(members, ensure_ascii=False).encode()


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _member(name: str, value: bytes | None) -> dict[str, str]:
    if value is None:
        return {}
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {f"{name}64": _base64(value)}

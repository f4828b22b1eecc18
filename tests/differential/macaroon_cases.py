"""Which macaroons are tried? Half are right, the others almost.

Three formats in bytes and text, with third-party caveats and with bytes that are no text; then
packets out of order, lengths that lie, letters that are changed or lost.
"""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.differential import macaroon_writer as writer
from tests.differential.macaroon_writer import Packet1, Packet2, Parts

WORDS: Final = (
    b"services=weather:0", b"weather_capabilities=read", b"expires_at=1893456000", b"method=GET",
    b"a = b", b"", b"=", b"k=v=w", b"\xc3\xbc=\xe2\x98\x83", b"cid x\n", b"signature", b"x" * 200,
)  # fmt: skip
LOCATIONS: Final = (
    *(None, b"", b"\n", b"a b"),
    *[b"lsat", b"https://shop.example/"] * 5,
    b"\xff\xfe",
)


@dataclass(frozen=True)
class Case:
    """One input, and what to do with it."""

    kind: str
    form: str
    """v1, v2, json1, json2: how :attr:`raw` is written."""
    raw: bytes
    key: bytes
    """The root key that is tried on it."""
    caveat: bytes
    """What is added to it."""
    parts: Parts | None = None
    """What it was written from; None where something is wrong with it."""
    text: str | None = None
    """Where the input is a token's text instead."""


def random_value(rng: random.Random) -> bytes:
    """A caveat or an identifier."""
    match rng.randrange(12):
        case 0:
            return rng.randbytes(rng.choice((0, 1, 32, 66, 127, 128, 300)))
        case 1 | 2 | 3:
            return "".join(rng.choices('abc=: ,\n"\\{}äß☃', k=rng.randint(0, 40))).encode()
        case _:
            return rng.choice(WORDS)


def random_parts(rng: random.Random, key: bytes, text: bool) -> Parts:
    """A macaroon that is right; with ``text``, of nothing but UTF-8 (for JSON v1)."""

    def value() -> bytes:
        raw = random_value(rng)
        return raw.decode("utf-8", "replace").encode() if text else raw

    caveats: list[tuple[bytes, bytes | None, bytes | None]] = []
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3, 6))):
        if rng.random() < 0.15:
            place = rng.choice((b"https://auth.example/", b"a", b"" if not text else b"a", None))
            caveats.append((value(), rng.randbytes(rng.choice((1, 72, 72))), place))
        else:
            caveats.append((value(), None, None))
    location = rng.choice(LOCATIONS)
    if text and location is not None:
        location = location.decode("utf-8", "replace").encode()
    identifier = value()
    signature = writer.sign(key, identifier, tuple(caveats))
    return Parts(location, identifier, tuple(caveats), signature)


# --- what may be wrong with it -------------------------------------------------------------------


def faulty_v1(rng: random.Random, parts: Parts) -> tuple[str, bytes]:
    """A v1 macaroon with something wrong, and what."""
    packets = parts.packets1()
    at = rng.randrange(len(packets))
    key, value = packets[at]
    kinds = ("order", "missing", "twice", "unknown key", "length", "case", "newline", "odd packet",
             "signature size")  # fmt: skip
    kind = rng.choice(kinds)
    raw: list[bytes] = []
    match kind:
        case "order":
            rng.shuffle(packets)
        case "missing":
            packets.pop(at)
        case "twice":
            packets.insert(rng.randint(0, len(packets)), packets[at])
        case "unknown key":
            packets[at] = (rng.choice((b"loc", b"CID", b"caveat", b"")), value)
        case "odd packet":
            odd: Packet1 = (rng.choice((b"vid", b"cl", b"cid")), rng.choice((b"", b"x", b"y" * 72)))
            packets.insert(rng.randint(0, len(packets)), odd)
        case "signature size":
            packets[-1] = (b"signature", rng.randbytes(rng.choice((0, 16, 31, 33, 64))))
    for number, packet in enumerate(packets):
        whole = writer.packet1(*packet)
        if number == at and kind == "length":
            whole = writer.packet1(
                key, value, rng.choice((0, 4, len(whole) - 1, len(whole) + 1, 65_535))
            )
        if number == at and kind == "newline":
            whole = whole[:-1] + rng.choice((b"", b" ", b"\r", b"\n\n"))
        if number == at and kind == "case":
            whole = whole[:4].upper() + whole[4:]
        raw.append(whole)
    return kind, b"".join(raw)


def faulty_v2(rng: random.Random, parts: Parts) -> tuple[str, bytes]:
    """A v2 macaroon with something wrong, and what."""
    packets = parts.packets2()
    at = rng.randrange(len(packets))
    kinds = ("order", "missing", "twice", "unknown tag", "longer length", "odd field",
             "signature size", "version", "empty key")  # fmt: skip
    kind = rng.choice(kinds)
    longer, version = [0] * (len(packets) + 1), 2
    match kind:
        case "order":
            other = rng.randrange(len(packets))
            packets[at], packets[other] = packets[other], packets[at]
        case "missing":
            packets.pop(at)
        case "twice":
            packets.insert(rng.randint(0, len(packets)), packets[at])
        case "unknown tag":
            packets[at] = (rng.choice((3, 5, 7, 127, 128)), packets[at][1])
        case "longer length":
            longer[at] = rng.choice((1, 2, 8))
        case "odd field":
            tag = rng.choice((writer.LOCATION, writer.IDENTIFIER, writer.VID, writer.SIGNATURE))
            odd: Packet2 = (tag, rng.choice((b"", b"x", b"y" * 72)))
            packets.insert(rng.randint(0, len(packets)), odd)
        case "signature size":
            packets[-1] = (writer.SIGNATURE, rng.randbytes(rng.choice((0, 16, 31, 33, 64))))
        case "version":
            version = rng.choice((0, 1, 3, 0x7B))
        case "empty key":
            packets.insert(-2, (writer.IDENTIFIER, b"ask"))
            packets.insert(-2, (writer.VID, b""))
            packets.insert(-2, (writer.END, None))
            longer += [0, 0, 0]
    body = (writer.packet2(*each, size) for each, size in zip(packets, longer, strict=False))
    return kind, bytes([version]) + b"".join(body)


def faulty_json(rng: random.Random, members: dict[str, Any]) -> tuple[str, bytes]:
    """A JSON macaroon with something wrong, and what."""
    kinds = ("unknown member", "twice", "missing", "type", "signature size", "more after it",
             "not base64", "comment")  # fmt: skip
    kind = rng.choice(kinds)
    name = rng.choice(list(members))
    match kind:
        case "unknown member":
            members[rng.choice(("x", "V", "expires", ""))] = rng.choice(("y", 1, None, [], {}))
        case "twice":
            whole = writer.dump(members)
            return kind, whole[:-1] + b', "' + name.encode() + b'": ' + writer.dump(
                members[name]
            ) + b"}"
        case "missing":
            del members[name]
        case "type":
            members[name] = rng.choice((1, None, True, [], {}, 2.5, ["x"]))
        case "signature size":
            members.pop("s", None)
            wide = rng.randbytes(rng.choice((0, 31, 33)))
            short = base64.urlsafe_b64encode(wide).decode().rstrip("=")
            members |= {"signature": wide.hex()} if "signature" in members else {"s64": short}
        case "more after it":
            return kind, writer.dump(members) + rng.choice((b"x", b"{}", b"\0", b","))
        case "not base64":
            members.pop("i", None)
            members["i64"] = rng.choice(("a", "a b", "aé", "YQ=", "YR", "Y-+_"))
        case "comment":
            return kind, b"/* */" + writer.dump(members)
    return kind, writer.dump(members)


def damaged(rng: random.Random, raw: bytes) -> bytes:
    """Some bytes changed, lost, added or cut off."""
    at = rng.randrange(len(raw))
    match rng.randrange(5):
        case 0 | 1:
            return raw[:at] + bytes([rng.getrandbits(8)]) + raw[at + 1 :]
        case 2:
            return raw[:at] + raw[at + rng.randint(1, 4) :]
        case 3:
            return raw[:at] + rng.randbytes(rng.randint(1, 3)) + raw[at:]
        case _:
            return raw[:at] if rng.random() < 0.7 else raw + rng.randbytes(rng.randint(1, 3))


def spelled(rng: random.Random, raw: bytes) -> tuple[str, str]:
    """A token's text in some spelling, right or not, and which."""
    standard, url_safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    texts = {
        "base64": standard,
        "unpadded base64": standard.rstrip("="),
        "url-safe base64": url_safe,
        "unpadded url-safe base64": url_safe.rstrip("="),
        "hex": raw.hex(),
        "upper-case hex": raw.hex().upper(),
    }
    kind = rng.choice((*texts, "damaged text"))
    if kind != "damaged text":
        return kind, texts[kind]
    text = rng.choice((standard, url_safe.rstrip("=")))
    at = rng.randrange(len(text))
    changes = (
        text[:at] + rng.choice(" \n\r\t%!.é\0=") + text[at:],
        text[:at] + text[at + 1 :],
        text + rng.choice(("=", "==", "A", "AA")),
        text[:-1],
        text.replace("+", "-", 1).replace("/", "_", 1),
        text.rstrip("=")[:-1] + "9",
    )
    return kind, rng.choice(changes)


def random_case(rng: random.Random) -> Case:
    """Any of all these."""
    key = rng.randbytes(rng.choice((1, 16, 32, 32, 32, 64, 100)))
    form = rng.choice(("v1", "v1", "v2", "v2", "v2", "json1", "json2"))
    parts = random_parts(rng, key, form == "json1")
    if form == "v1" and parts.location is None:  # v1 has no way to leave it out
        parts = replace(parts, location=b"")
    caveat = random_value(rng)
    if form in ("json1", "json2"):
        members = parts.json1() if form == "json1" else parts.json2()
        if rng.random() < 0.6:
            return Case("right", form, writer.dump(members), key, caveat, parts)
        kind, raw = faulty_json(rng, members)
        return Case(kind, form, raw, key, caveat)
    whole = parts.v1() if form == "v1" else parts.v2()
    tried = key if rng.random() < 0.9 else rng.randbytes(32)
    chance = rng.random()
    if chance < 0.45:
        return Case("right", form, whole, tried, caveat, parts)
    if chance < 0.6:
        kind, text = spelled(rng, whole)
        return Case(kind, form, whole, tried, caveat, None, text)
    if chance < 0.75:
        return Case("damaged", form, damaged(rng, whole), tried, caveat)
    kind, raw = faulty_v1(rng, parts) if form == "v1" else faulty_v2(rng, parts)
    return Case(kind, form, raw, tried, caveat)

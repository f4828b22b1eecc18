"""How are inputs made where there is no fuzzer?

Random changes of the seeds: the same ones for the same number, in every run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

TOKENS = (
    *(b'"', b"=", b",", b"\\", b"\0", b"\xff", b"\r\n", b": ", b"{", b"[", b"1", b"\x1b["),
    *(b"invoice", b"macaroon", "\u202e".encode(), b"9" * 30, b"a" * 300),
)


def mutations(seeds: list[bytes], count: int, seed: int = 0) -> Iterator[bytes]:
    """The seeds themselves, then ``count`` changed ones."""
    yield from seeds
    yield b""
    rng = random.Random(seed)
    for _ in range(count):
        data = rng.choice(seeds)
        for _ in range(rng.randint(1, 4)):
            data = rng.choice(CHANGES)(rng, data, seeds)
        yield data


def _place(rng: random.Random, data: bytes) -> int:
    return rng.randint(0, len(data))


def _replace(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    at = _place(rng, data)
    return data[:at] + bytes([rng.getrandbits(8)]) + data[at + 1 :]


def _flip(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    at = _place(rng, data)
    return (
        data[:at]
        + bytes(byte ^ 1 << rng.randrange(8) for byte in data[at : at + 1])
        + data[at + 1 :]
    )


def _remove(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    at = _place(rng, data)
    return data[:at] + data[at + rng.choice((1, 2, 8, 50)) :]


def _insert(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    at = _place(rng, data)
    return data[:at] + rng.choice((rng.randbytes(3), rng.choice(TOKENS))) + data[at:]


def _repeat(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    at = _place(rng, data)
    piece = data[at : at + rng.choice((1, 5, 40))]
    return (data[:at] + piece * rng.choice((2, 3, 20)) + data[at:])[:20_000]


def _cut(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    return data[: _place(rng, data)]


def _splice(rng: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    other = rng.choice(seeds)
    return data[: _place(rng, data)] + other[_place(rng, other) :]


Change = Callable[[random.Random, bytes, list[bytes]], bytes]
CHANGES: tuple[Change, ...] = (_replace, _flip, _remove, _insert, _repeat, _cut, _splice)

"""How long does a hostile answer keep the reader of challenges, next to a plain one?

    python -m tests.bench.bench_challenge

A hundred kilobytes of ``WWW-Authenticate`` made to be slow to read, in one line and in many, next
to a plain challenge of one kilobyte: the time, and how many times that of the plain one. Nothing is
asserted, because times belong to a machine; the aim is 50 ms for each.
"""

from __future__ import annotations

import timeit
from base64 import b64encode
from collections.abc import Callable
from typing import Final

from l402tui.protocol.challenge import MAX_HEADER, MAX_TOKEN, read_challenges
from l402tui.protocol.dissect import dissect_challenge
from tests.protocol.tokens import INVOICE, mint

_SIZE: Final = 100 * 1024
_HOSTILE: Final = {
    "quotes": b'L402 a="' + b'"' * _SIZE,
    "escapes": b'L402 a="' + b"\\a" * _SIZE,
    "never closed": b'L402 macaroon="' + b"A" * _SIZE,
    "commas": b"L402 " + b"," * _SIZE,
    "spaces": b"L402 a" + b" " * _SIZE,
    "parameters": b"L402 " + b",".join(b"a%d=b" % n for n in range(20_000)),
    "schemes": b",".join([b"L402"] * 20_000),
    "stray quotes": b"L402 " + b'"a=b,' * 20_000,
    "single quotes": b"L402 a=" + b"'" * _SIZE,
    "mixed": b'L402 "a=b, \'c=\\"d", , x = "y" ' * 3_500,
}


def _plain() -> bytes:
    token = mint(*(b"condition_%d=a value of some length" % n for n in range(9)))
    text = b64encode(token.raw)
    return b'L402 version="0", token="' + text + b'", invoice="' + INVOICE.encode() + b'"'


def _bills() -> list[bytes]:
    """As many whole challenges as are read, each with a token as full of caveats as it may be."""
    token = b64encode(mint(*[b"a"] * 1_000).raw)[:MAX_TOKEN]
    return [b'L402 token="' + token + b'", invoice="' + INVOICE.encode() + b'"'] * 12


def _shapes(raw: bytes) -> dict[str, list[bytes]]:
    """The same bytes as one line, as lines of 16 KiB, and as hundreds of short lines."""
    raw = raw[:_SIZE]
    head = raw[:5]  # The scheme, and what is behind it.
    parts = [raw[at : at + 16_000] for at in range(0, _SIZE, 16_000)]
    short = [raw[at : at + 256] for at in range(0, _SIZE, 256)]
    return {
        "one line": [raw],
        f"first {MAX_HEADER >> 10} KiB": [raw[:MAX_HEADER]],
        "7 lines": [head + part for part in parts if part][:7],
        "400 lines": [head + part for part in short if part],
    }


def _best(work: Callable[[], object]) -> float:
    """Seconds for one call: the best of five rounds."""
    timer = timeit.Timer(work)
    number = max(1, timer.autorange()[0] // 4)
    return min(timer.repeat(5, number)) / number


def _times(lines: list[bytes]) -> tuple[float, float]:
    reading = read_challenges(lines)
    return _best(lambda: read_challenges(lines)), _best(lambda: dissect_challenge(reading))


def _row(name: str, read: float, tree: float, base: tuple[float, float]) -> None:
    ratios = f"{read / base[0]:>7.1f} x", f"{tree / base[1]:>7.1f} x"
    print(f"{name:<34}{read * 1e3:>7.3f} ms{ratios[0]}{tree * 1e3:>9.3f} ms{ratios[1]}")


def main() -> None:
    """Print the table."""
    plain = _plain()
    base = _times([plain])
    print(f"{'':<34}{'read':>10}{'':>9}{'tree':>12}{'':>9}")
    size = f"plain, {len(plain)} bytes"
    print(f"{size:<34}{base[0] * 1e3:>7.3f} ms{'':>9}{base[1] * 1e3:>9.3f} ms")
    worst = 0.0
    for name, raw in _HOSTILE.items():
        for shape, lines in _shapes(raw).items():
            read, tree = _times(lines)
            worst = max(worst, read + tree)
            _row(f"{name}, {shape}", read, tree, base)
    read, tree = _times(_bills())
    worst = max(worst, read + tree)
    _row("12 bills with 8 KiB tokens", read, tree, base)
    print(f"{'slowest, read and tree':<34}{worst * 1e3:>7.3f} ms")


if __name__ == "__main__":
    main()

"""How fast is a macaroon read, next to pymacaroons in the same run?

    python -m tests.bench.bench_macaroon

Both sides are given the same bytes and make objects with the same content. Prints a table;
nothing is asserted, because times belong to a machine.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

from pymacaroons import Macaroon as TheirMacaroon
from pymacaroons.serializers import BinarySerializer, JsonSerializer

from l402tui.protocol.macaroon import Format, Macaroon, Spelling, Token

_KEY = bytes(range(32))
_IDENTIFIER = bytes(66)
_SPELLING = Spelling.URL_SAFE_UNPADDED
_SERIALIZERS: dict[Format, Callable[[bytes], Any]] = {
    Format.V2: BinarySerializer().deserialize_raw,
    Format.V1: BinarySerializer().deserialize_raw,
    Format.JSON_V2: JsonSerializer().deserialize,
    Format.JSON_V1: JsonSerializer().deserialize,
}


def _minted(caveats: int, format: Format) -> bytes:
    conditions = (f"condition_{number}=value {number}".encode() for number in range(caveats))
    # Both sides write a text identifier the same way in v1.
    identifier = _IDENTIFIER if format.version == 2 else b"identifier of 32 characters long"
    return Macaroon.mint(_KEY, identifier, b"lsat", conditions, format).raw


def best(*works: Callable[[], object]) -> list[float]:
    """Seconds for one call of each: the best of fifteen rounds in which they take turns, so that
    a busy moment of the machine meets all of them."""
    timers = [timeit.Timer(work) for work in works]
    numbers = [max(1, timer.autorange()[0] // 8) for timer in timers]
    rounds = [
        [timer.timeit(number) / number for timer, number in zip(timers, numbers, strict=True)]
        for _ in range(15)
    ]
    return [min(times) for times in zip(*rounds, strict=True)]


def row(name: str, ours: float, theirs: float) -> None:
    ratio = theirs / ours
    print(f"{name:<34}{ours * 1e6:>10.1f} us{theirs * 1e6:>12.1f} us{ratio:>9.1f} x")


def main() -> None:
    """Print the table."""
    print(f"{'':<34}{'l402tui':>13}{'pymacaroons':>15}{'faster':>11}")
    for format, theirs in _SERIALIZERS.items():
        for count in (10, 1_000):
            raw = _minted(count, format)
            times = best(partial(Macaroon.decode, raw), partial(theirs, raw))
            row(f"decode {format.title}, {count} caveats", *times)
    for format in (Format.V2, Format.V1):
        for count in (10, 1_000):
            raw = _minted(count, format)
            times = best(
                partial(_our_attenuation, Token.read(_SPELLING.spell(raw))),
                partial(_their_attenuation, BinarySerializer().deserialize_raw(raw)),
            )
            row(f"attenuate and emit {format.title}, {count}", *times)


def _our_attenuation(token: Token) -> str:
    return token.attenuate(b"method=GET").text


def _their_attenuation(macaroon: TheirMacaroon) -> str:
    child = macaroon.copy()
    child.add_first_party_caveat("method=GET")
    return str(child.serialize())


if __name__ == "__main__":
    main()

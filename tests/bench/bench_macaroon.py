"""How fast is a macaroon read, next to pymacaroons in the same run?

    python -m tests.bench.bench_macaroon

Both sides are given the same v2 bytes and make objects with the same content. Prints a table;
nothing is asserted, because times belong to a machine.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable

from pymacaroons import Macaroon as TheirMacaroon
from pymacaroons.serializers import BinarySerializer

from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.macaroon import Format, Macaroon

_KEY = bytes(range(32))
_IDENTIFIER = bytes(66)


def _minted(caveats: int, format: Format) -> bytes:
    conditions = (f"condition_{number}=value {number}".encode() for number in range(caveats))
    # Both sides write a text identifier the same way in v1.
    identifier = _IDENTIFIER if format is Format.V2 else b"identifier of 32 characters long"
    return Macaroon.mint(_KEY, identifier, b"lsat", conditions, format).raw


def _best(work: Callable[[], object]) -> float:
    """Seconds for one call: the best of seven rounds, each long enough to measure."""
    timer = timeit.Timer(work)
    number, _ = timer.autorange()
    return min(timer.repeat(7, max(1, number // 4))) / max(1, number // 4)


def _row(name: str, ours: float, theirs: float) -> None:
    ratio = theirs / ours
    print(f"{name:<34}{ours * 1e6:>10.1f} us{theirs * 1e6:>12.1f} us{ratio:>9.1f} x")


def main() -> None:
    """Print the table."""
    print(f"{'':<34}{'l402tui':>13}{'pymacaroons':>15}{'faster':>11}")
    serializer = BinarySerializer()
    for format in (Format.V2, Format.V1):
        for count in (1, 10, 100, 1_000):
            raw = _minted(count, format)
            _row(
                f"decode {format.name.lower()}, {count} caveats",
                _best(lambda raw=raw: Macaroon.decode(raw)),  # type: ignore[misc]  # bound now
                _best(lambda raw=raw: serializer.deserialize_raw(raw)),  # type: ignore[misc]  # same
            )
    for count in (10, 1_000):
        raw = _minted(count, Format.V2)
        ours, theirs = Macaroon.decode(raw), serializer.deserialize_raw(raw)
        _row(
            f"add a caveat and serialize, {count}",
            _best(lambda ours=ours: ours.with_caveat(b"method=GET").raw),  # type: ignore[misc]  # same
            _best(lambda theirs=theirs: _their_attenuation(theirs)),  # type: ignore[misc]  # same
        )
    hostile = b"L402 " + b", ".join(b'a%d="b"' % number for number in range(10_000))
    for name, raw in (("refuse", hostile), ("read", hostile[:16_384])):
        took = _best(lambda raw=raw: read_challenges([raw]))  # type: ignore[misc]  # bound now
        print(f"{f'{name} a challenge of {len(raw) >> 10} KiB':<34}{took * 1e6:>10.1f} us")


def _their_attenuation(macaroon: TheirMacaroon) -> str:
    child = macaroon.copy()
    child.add_first_party_caveat("method=GET")
    return str(child.serialize())


if __name__ == "__main__":
    main()

"""How fast is a token narrowed, next to pymacaroons in the same run, and predicted?

    python -m tests.bench.bench_attenuate

Both sides read the same text, add one caveat and write the text again. Prints a table; nothing is
asserted, because times belong to a machine.
"""

from __future__ import annotations

import time
from functools import partial

from pymacaroons import Macaroon as TheirMacaroon

from l402tui.protocol.attenuation import attenuate
from l402tui.protocol.macaroon import Format, Macaroon, Spelling, Token
from l402tui.protocol.verifiers import PROFILES, Target, predict
from tests.bench.bench_macaroon import best, row

_KEY = bytes(range(32))
_ADDED = b"weather_valid_until=1900000000"
_SPELLING = Spelling.URL_SAFE_UNPADDED


def _text(caveats: int, format: Format) -> str:
    conditions = (f"condition_{number}=value {number}".encode() for number in range(caveats))
    return _SPELLING.spell(
        Macaroon.mint(_KEY, b"identifier of 32 characters long", b"lsat", conditions, format).raw
    )


def _ours(text: str) -> str:
    return attenuate(Token.read(text), [_ADDED]).token.text


def _theirs(text: str) -> str:
    macaroon = TheirMacaroon.deserialize(text)
    macaroon.add_first_party_caveat(_ADDED.decode())
    return str(macaroon.serialize())


def main() -> None:
    """Print the table."""
    print(f"{'':<34}{'l402tui':>13}{'pymacaroons':>15}{'faster':>11}")
    for format in (Format.V2, Format.V1):
        for count in (10, 990):
            text = _text(count, format)
            if _ours(text) != _theirs(text):
                raise SystemExit("the two sides made different tokens")
            ours, theirs = best(partial(_ours, text), partial(_theirs, text))
            row(f"{format.name}, {count} caveats, one more", ours, theirs)
    caveats = Token.read(_text(990, Format.V2)).macaroon.caveats
    for name in ("aperture", "paygate"):
        (seconds,) = best(partial(predict, PROFILES[name], caveats, Target(time.time())))
        print(f"predict 990 caveats, {name:<13}{seconds * 1e3:>10.2f} ms")


if __name__ == "__main__":
    main()

"""The answer is packed although nobody asked for it: what is inside?

We ask for ``identity``. A server that packs all the same is understood as long as that is harmless:
one layer, gzip or deflate, unpacked piece by piece and never into more than :data:`RATIO` times
what came over the wire. Refusing it instead would lose what a person has paid for; unpacking
without that bound would let 200 kilobytes become 200 megabytes. A second layer, and every coding
that is not in Python's own library, is refused.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from l402tui.protocol.text import Shown, say, shown

__all__ = ["ALWAYS_GRANTED", "PIECE", "RATIO", "CodingRefused", "Unpacker", "unpacker"]

PIECE: Final = 64 * 1024
"""Bytes of one piece at most."""
RATIO: Final = 100
"""Times its packed size that something may unpack into; text seldom has more than 20."""
ALWAYS_GRANTED: Final = 1024 * 1024
"""Bytes that anything may unpack into."""

_GZIP: Final = zlib.MAX_WBITS | 16
_WINDOWS: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}  # RFC 9110, 8.4.1


class CodingRefused(Exception):
    """A packing that is not taken apart; :attr:`why` is a sentence."""

    def __init__(self, why: Shown) -> None:
        super().__init__(why.text)
        self.why = why


class Unpacker:
    """Takes one layer off, piece by piece."""

    def __init__(self, coding: str) -> None:
        self._window = _WINDOWS[coding]
        self._inflate = zlib.decompressobj(self._window)
        self._came = self._went = 0

    @property
    def whole(self) -> bool:
        """Whether its own end mark has come; also where nothing has come at all."""
        return self._inflate.eof or self._came == 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unpack into. Raises ValueError where they are damaged or there is too
        much inside; what was given out before that is good."""
        self._came += len(data)
        while data:
            if self._inflate.eof:
                if self._window != _GZIP:
                    raise ValueError("something follows its end")
                self._inflate = zlib.decompressobj(_GZIP)  # one more member (RFC 1952, 2.2)
            try:
                piece = self._inflate.decompress(data, PIECE)
            except zlib.error as error:
                raise ValueError("it is damaged") from error
            data = self._inflate.unconsumed_tail or self._inflate.unused_data
            self._went += len(piece)
            if self._went > max(ALWAYS_GRANTED, RATIO * self._came):
                raise ValueError("there is too much in it")
            if piece:
                yield piece


def unpacker(codings: tuple[bytes, ...]) -> Unpacker | None:
    """For the values of ``Content-Encoding``; None where nothing is packed. Raises CodingRefused.

    Source: RFC 9110 section 8.4.
    """
    words = [word.strip().lower() for word in b",".join(codings).split(b",")]
    layers = [word for word in words if word not in (b"", b"identity")]
    if not layers:
        return None
    if len(layers) > 1:
        what = "It is packed {} times over, which is not taken apart."
        raise CodingRefused(say(what, len(layers)))
    coding = layers[0].decode("ascii", "replace")
    if coding not in _WINDOWS:
        what = "It is packed as {}, which was not asked for and is not taken apart."
        raise CodingRefused(say(what, shown(coding, 40)))
    return Unpacker(coding)

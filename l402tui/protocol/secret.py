"""How is a value kept that must never be printed by accident?

Preimages, credentials and wallet keys are wrapped in :class:`Secret` where they enter the program.
Its ``repr`` and ``str`` are redacted, it cannot be pickled, and the bytes come out only through
:meth:`Secret.reveal`, which is easy to search for.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256
from typing import Final, NoReturn

__all__ = ["Secret"]

# New in every process: the tag tells two secrets apart in one log, and helps nobody to guess one.
_TAG_KEY: Final = os.urandom(16)


class Secret:
    """Bytes that are redacted wherever they are shown.

    Two secrets are equal when their bytes are (compared in constant time).
    """

    __slots__ = ("__value",)

    def __init__(self, value: bytes | str) -> None:
        self.__value = value.encode() if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        """The bytes themselves. Call this only where they leave for their one destination."""
        return self.__value

    def __len__(self) -> int:
        return len(self.__value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self.__value, other.__value)

    def __hash__(self) -> int:
        return hash(self._tag())

    def __repr__(self) -> str:
        return f"‹secret:{self._tag()[:4]}›"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled or copied out of the process")

    def _tag(self) -> str:
        return hmac.new(_TAG_KEY, self.__value, sha256).hexdigest()

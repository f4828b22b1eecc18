"""What can be wrong with bytes, and where?

One tree of typed errors for every decoder of this room::

    DecodeError(what, why, offset)
    ├── AmountError
    ├── ChallengeError
    ├── CredentialError
    ├── IdentifierError
    ├── InvoiceError
    └── MacaroonError

``why`` is a sentence of ours. It may quote a short piece of the input only after
:func:`~l402tui.protocol.text.shown` has made it safe, so ``str(error)`` is safe to print.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AmountError",
    "ChallengeError",
    "CredentialError",
    "DecodeError",
    "IdentifierError",
    "InvoiceError",
    "MacaroonError",
]


class DecodeError(ValueError):
    """The bytes are not what they should be.

    ``offset`` is the byte (in text: the character) at which the decoder gave up, or None where no
    single place is to blame.
    """

    what: ClassVar[str] = "input"

    def __init__(self, why: str, offset: int | None = None) -> None:
        self.why = why
        self.offset = offset
        where = "" if offset is None else f" (at byte {offset})"
        super().__init__(f"{self.what}: {why}{where}")


class AmountError(DecodeError):
    """An amount that is not a whole, non-negative number of millisatoshi."""

    what = "amount"


class ChallengeError(DecodeError):
    """A ``WWW-Authenticate`` header that holds no single usable L402 challenge."""

    what = "challenge"


class CredentialError(DecodeError):
    """An ``Authorization`` value that is not ``L402 token:preimage``."""

    what = "credential"


class IdentifierError(DecodeError):
    """A macaroon identifier that does not commit to a payment hash in a known way."""

    what = "identifier"


class InvoiceError(DecodeError):
    """A BOLT-11 invoice that must not be paid because it cannot be read for certain."""

    what = "invoice"


class MacaroonError(DecodeError):
    """Bytes that are not exactly one macaroon."""

    what = "macaroon"

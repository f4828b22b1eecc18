"""How does the practice server make tokens, and which credentials does it take?

As aperture does: a version 2 macaroon with location ``lsat``, the 66-byte identifier
``version 0 | payment hash | token id``, and the caveats ``services=`` and
``<service>_capabilities=``. A credential is good when the preimage is of the identifier's hash, the
HMAC chain is right, every ``services`` caveat names the wanted service and only narrows the one
before, and no ``<service>_valid_until`` has passed or widens. Other caveats are skipped, unless a
switch has them refused.
``pymacaroons`` makes and verifies the chain, so that our own macaroon code meets another
implementation.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from pymacaroons import MACAROON_V2, Macaroon, Verifier
from pymacaroons.serializers import BinarySerializer

from l402tui.practice.invoices import derive

__all__ = ["CredentialRefused", "Mint"]

_CREDENTIAL: Final = re.compile(r"(?:L402|LSAT) +([A-Za-z0-9+/=]+):([0-9a-f]{64})", re.ASCII)
_SERVICES: Final = re.compile(r"[^,:]+:[+-]?[0-9]{1,18}(?:,[^,:]+:[+-]?[0-9]{1,18})*", re.ASCII)
_OWN_WORD: Final = re.compile(r"services|note|.+_(?:capabilities|valid_until)", re.DOTALL)
"""What this server itself writes into tokens."""
_UNIX_SECONDS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_LOCATION: Final = "lsat"
_VERSION: Final = bytes(2)
_IDENTIFIER_BYTES: Final = 66


class CredentialRefused(Exception):
    """Why a credential is not taken. The server keeps the reason to itself, as aperture does."""


class Mint:
    """Makes and checks tokens. The root key of each follows from the seed and the identifier."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._made = 0

    def token(self, payment_hash: bytes, caveats: Iterable[str]) -> str:
        """A new token in standard base64 that commits to ``payment_hash`` (32 bytes)."""
        token_id = derive(self._seed, "token id", self._made)
        self._made += 1
        identifier = _VERSION + payment_hash + token_id
        macaroon = Macaroon(
            location=_LOCATION,
            identifier=identifier,
            key=self._root_key(identifier),
            version=MACAROON_V2,
        )
        for caveat in caveats:
            macaroon.add_first_party_caveat(caveat)
        return base64.b64encode(BinarySerializer().serialize_raw(macaroon)).decode()

    def check(self, authorization: str, service: str, now: float, *, strict: bool = False) -> bytes:
        """The payment hash of a good credential for this service.

        ``authorization`` is the header's value, ``now`` unix seconds; ``strict`` refuses every
        caveat that is not of a kind this server makes. Raises CredentialRefused.
        """
        match = _CREDENTIAL.fullmatch(authorization.strip())
        if match is None:
            raise CredentialRefused("it is not L402 token:preimage")
        macaroon = _macaroon(match[1])
        identifier: bytes = macaroon.identifier_bytes
        if len(identifier) != _IDENTIFIER_BYTES or not identifier.startswith(_VERSION):
            raise CredentialRefused("the identifier is not version 0")
        payment_hash = identifier[2:34]
        if not compare_digest(sha256(bytes.fromhex(match[2])).digest(), payment_hash):
            raise CredentialRefused("the preimage is not of the token's payment hash")
        rules = _Rules(service, now, strict)
        verifier = Verifier()
        verifier.satisfy_general(rules)
        try:
            verifier.verify(macaroon, self._root_key(identifier))
        except Exception:  # whatever it raises means: not a good token
            raise CredentialRefused(rules.broken or "the signature is wrong") from None
        if rules.services is None:
            raise CredentialRefused("it names no service")
        return payment_hash

    def _root_key(self, identifier: bytes) -> bytes:
        return derive(self._seed, "root key", identifier.hex())


class _Rules:
    """What this server makes of each caveat, in order."""

    def __init__(self, service: str, now: float, strict: bool) -> None:
        self._service = service
        self._now = now
        self._strict = strict
        self.services: frozenset[str] | None = None
        self._until: int | None = None
        self.broken = ""

    def __call__(self, caveat: str) -> bool:
        key, equals, value = caveat.partition("=")
        if equals and key == "services":
            self.broken = self.broken or self._narrow(value)
        elif equals and key == f"{self._service}_valid_until":
            self.broken = self.broken or self._shorten(value)
        elif self._strict and not (equals and _OWN_WORD.fullmatch(key)):
            self.broken = self.broken or "a caveat is not known here"
        return not self.broken

    def _narrow(self, value: str) -> str:
        if _SERVICES.fullmatch(value) is None:
            return "its services are not written as name:tier"
        names = frozenset(entry.partition(":")[0] for entry in value.split(","))
        if self.services is not None and not names <= self.services:
            return "a services caveat adds a service"
        if self._service not in names:
            return "it is for another service"
        self.services = names
        return ""

    def _shorten(self, value: str) -> str:
        if _UNIX_SECONDS.fullmatch(value) is None:
            return "its end is not a time"
        until = int(value)
        if self._until is not None and until > self._until:
            return "a later caveat makes it live longer"
        if until <= self._now:
            return "it has ended"
        self._until = until
        return ""


def _macaroon(text: str) -> Macaroon:
    """Read a token. Raises CredentialRefused unless it is written in exactly one way."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise CredentialRefused("the token is not base64") from None
    try:
        macaroon = BinarySerializer().deserialize_raw(raw)
        again = BinarySerializer().serialize_raw(macaroon)
    except Exception:  # as in check: not a good token
        raise CredentialRefused("the token is not a macaroon") from None
    if again != raw:
        raise CredentialRefused("the token is not written as this server writes it")
    return macaroon

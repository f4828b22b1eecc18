"""What opens the door once the invoice is paid?

A credential is the token and the preimage together: ``Authorization: L402 <token>:<preimage>``.
Other headers carry the same in other forms, and some carry what only looks like it: each is told
apart by :func:`read_credential_header`. Whoever has a credential can use it, so its parts are
:class:`~l402tui.protocol.secret.Secret` from the moment they are read, and no error quotes them.

Sources: L402 protocol specification (``Authorization``; several tokens are separated by commas;
gRPC metadata ``token``, before that ``macaroon``); aperture (``preimage=`` caveat).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Final

from l402tui.protocol import credential_forms as forms
from l402tui.protocol.challenge import MAX_HEADER
from l402tui.protocol.credential_parts import (
    HEX_PREIMAGE,
    PREIMAGE_SIZE,
    VISIBLE,
    Credential,
    CredentialDeviation,
    CredentialField,
    CredentialForm,
    ReadCredential,
    TokenPart,
    preimage_of,
)
from l402tui.protocol.errors import CredentialError
from l402tui.protocol.secret import Secret

__all__ = [
    "CREDENTIAL_HEADERS",
    "PREIMAGE_SIZE",
    "Credential",
    "CredentialDeviation",
    "CredentialField",
    "CredentialForm",
    "ReadCredential",
    "TokenPart",
    "preimage_matches",
    "read_credential",
    "read_credential_header",
    "read_preimage",
]

_SCHEME: Final = re.compile(r"(L402|LSAT)([ \t]+|$)", re.ASCII | re.IGNORECASE)


def preimage_matches(preimage: Secret | bytes, payment_hash: bytes) -> bool:
    """Whether sha256(preimage) is the payment hash: the only proof that an invoice was paid.

    ``preimage`` as 32 raw bytes; of any other length it matches nothing.
    """
    raw = preimage.reveal() if isinstance(preimage, Secret) else preimage
    return len(raw) == PREIMAGE_SIZE and hmac.compare_digest(sha256(raw).digest(), payment_hash)


def read_preimage(text: str) -> Secret:
    """A preimage written as 64 hex characters, white space around it ignored, as 32 raw bytes.

    Raises CredentialError, which does not quote it.
    """
    bare = text.strip()
    return preimage_of(bare, text.find(bare))


def read_credential(value: str, *, keep_going: bool = False) -> ReadCredential:
    """Take ``L402 token[,token…]:preimage`` apart (``LSAT`` and any case of the scheme too).

    The preimage is 64 hex characters in either case; one that is left out is no error here
    (:attr:`ReadCredential.preimage` is None), one that is malformed is, unless ``keep_going``: then
    it is in :attr:`ReadCredential.problem` and the tokens are there all the same. 64 hex characters
    alone are no token but a payment hash. Raises CredentialError, which never quotes the value;
    offsets are characters of it.
    """
    _bounded(value)
    match = _SCHEME.match(value)
    if match is None:
        raise CredentialError("it does not begin with L402 or LSAT and a space", 0)
    read = _token_and_preimage(value, match.end())
    if match[1] != match[1].upper():
        found = (CredentialDeviation.SCHEME_CASE, *read.deviations)
        read = replace(read, deviations=found)
    return _judged(replace(read, scheme=match[1]), keep_going)


def read_credential_header(name: str, value: str, *, keep_going: bool = False) -> ReadCredential:
    """Take apart any header (or gRPC metadata entry) that shows a payment.

    ``name`` in any case, with or without a colon behind it: ``Authorization``, ``Macaroon``,
    ``Grpc-Metadata-Macaroon``, ``Token``, ``X-Payment``, ``X-Payment-Hash``, ``X-Cashu`` and
    those in :data:`CREDENTIAL_HEADERS`. What is known to be something else gives
    :attr:`CredentialForm.OTHER` with nothing in it. Raises CredentialError for another header and
    for a value that cannot be read; with ``keep_going`` as in :func:`read_credential`.
    """
    reader = _READERS.get(name.strip().rstrip(":").lower())
    if reader is None:
        raise CredentialError("this header is not known to carry a credential")
    _bounded(value)
    return _judged(reader(value), keep_going)


def _bounded(value: str) -> None:
    if len(value) > MAX_HEADER:
        raise CredentialError("it is longer than 16 KiB", MAX_HEADER)


def _judged(read: ReadCredential, keep_going: bool) -> ReadCredential:
    if read.problem is not None and not keep_going:
        raise read.problem
    return read


def _authorization(value: str) -> ReadCredential:
    if _SCHEME.match(value):
        return read_credential(value, keep_going=True)
    return forms.authorization(value)


def _x_payment(value: str) -> ReadCredential:
    if forms.is_x402(value):
        return forms.other(value, "x402")
    start = len(value) - len(value.lstrip(" \t"))
    return replace(_token_and_preimage(value, start), form=CredentialForm.X_PAYMENT)


_READERS: Final[dict[str, Callable[[str], ReadCredential]]] = {
    "authorization": _authorization,
    "proxy-authorization": _authorization,
    "grpc-metadata-authorization": _authorization,
    "macaroon": forms.macaroon,
    "grpc-metadata-macaroon": forms.macaroon,
    "token": forms.macaroon,
    "grpc-metadata-token": forms.macaroon,
    "x-payment": _x_payment,
    "x-payment-hash": forms.payment_hash,
    "x-cashu": forms.cashu,
    "payment-signature": lambda value: forms.other(value, "x402"),
}
CREDENTIAL_HEADERS: Final = frozenset(_READERS)
"""The names, in lower case, that :func:`read_credential_header` knows."""


def _token_and_preimage(value: str, start: int) -> ReadCredential:
    """Everything behind the scheme. Raises CredentialError where there is no token."""
    end = len(value.rstrip(" \t"))
    colon = value.rfind(":", start, end)
    tokens_end = end if colon < 0 else colon
    if tokens_end <= start:
        raise CredentialError("there is no token in it", start)
    if not VISIBLE.fullmatch(value, start, tokens_end):
        raise CredentialError("the token holds spaces or other characters that cannot be", start)
    if colon < 0 and HEX_PREIMAGE.fullmatch(value, start, end):
        return forms.payment_hash(value, start)
    parts = tuple(_split(value, start, tokens_end))
    found = [CredentialDeviation.SEVERAL_TOKENS] if len(parts) > 1 else []
    if colon < 0 or colon + 1 == end:
        missing = CredentialDeviation.NO_COLON if colon < 0 else CredentialDeviation.EMPTY_PREIMAGE
        return ReadCredential(
            "", parts, None, end, colon >= 0, preimage_end=end, deviations=(*found, missing)
        )
    preimage, problem = None, None
    try:
        preimage = preimage_of(value[colon + 1 : end], colon + 1)
    except CredentialError as error:
        problem = error
    if preimage is not None and value[colon + 1 : end] != value[colon + 1 : end].lower():
        found.append(CredentialDeviation.UPPER_CASE_HEX)
    return ReadCredential(
        "", parts, preimage, colon + 1, True, preimage_end=end, deviations=tuple(found),
        problem=problem,
    )  # fmt: skip


def _split(value: str, start: int, end: int) -> list[TokenPart]:
    if value[start] == "{":
        # Only a token in JSON begins so, and its commas are its own.
        return [TokenPart(Secret(value[start:end]), start, end)]
    parts: list[TokenPart] = []
    for text in value[start:end].split(","):
        if not text:
            raise CredentialError("a token between the commas is empty", start)
        parts.append(TokenPart(Secret(text), start, start + len(text)))
        start += len(text) + 1
    return parts

"""In which other forms do clients show that they paid?

One reader for each form that is not ``L402 <token>:<preimage>``: a macaroon with the preimage
inside, a payment hash, the ``Payment`` scheme, ecash, and whatever is none of them. They find the
parts and say what is wrong, in :attr:`ReadCredential.problem` where parts are there all the same.

Sources: aperture (``Macaroon`` in hex, ``preimage=`` caveat, the last one counts); IETF draft of
the ``Payment`` scheme and of its lightning method (``challenge``, ``payload.preimage``,
``methodDetails.paymentHash``); Cashu NUT-00 (``cashuA``, ``cashuB``), NUT-24 (``X-Cashu``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from l402tui.protocol.auth_header import AuthChallenge, read_line
from l402tui.protocol.caveats import Kind, conditions
from l402tui.protocol.credential_parts import (
    HEX_PREIMAGE,
    VISIBLE,
    CredentialDeviation,
    CredentialField,
    CredentialForm,
    ReadCredential,
    TokenPart,
    preimage_of,
)
from l402tui.protocol.errors import CredentialError, MacaroonError
from l402tui.protocol.leaks import names_preimage
from l402tui.protocol.macaroon import Macaroon, Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.spelling import Spelling, unspell
from l402tui.protocol.token import read_token

__all__ = [
    "authorization",
    "cashu",
    "is_x402",
    "macaroon",
    "other",
    "payment_hash",
    "payment_request",
    "preimages_inside",
]

_SCHEME: Final = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]+|$)", re.ASCII)
_NAMED: Final = frozenset(
    {"basic", "bearer", "cashu", "digest", "dpop", "gnap", "hawk", "hoba", "mutual", "negotiate"}
    | {"ntlm", "oauth", "payment", "scram-sha-1", "scram-sha-256", "signature", "token", "vapid"}
)
"""Schemes whose name is shown. Any other first word could be the secret itself."""
_OPEN_PARAMS: Final = frozenset(
    {"amount", "currency", "expires", "id", "intent", "method", "network", "realm"}
)
_HEX_SPELLINGS: Final = (Spelling.HEX, Spelling.HEX_UPPER)
_MOST_FIELDS: Final = 64


def other(value: str, scheme: str = "") -> ReadCredential:
    """Something that is no L402 credential. Nothing in it is taken apart."""
    return ReadCredential(scheme, (), None, len(value), False, CredentialForm.OTHER, len(value))


def authorization(value: str) -> ReadCredential:
    """An ``Authorization`` value of another scheme than L402 or LSAT.

    Raises CredentialError where there is nothing in it.
    """
    if not value.strip():
        raise CredentialError("there is nothing in it", 0)
    match = _SCHEME.match(value)
    if match is None or match[1].lower() not in _NAMED:
        return other(value)
    scheme = match[1].lower()
    if scheme == "payment":
        return _payment(value)
    if scheme == "cashu":
        return replace(cashu(value, match.end()), scheme=match[1])
    return other(value, match[1])


def payment_hash(value: str, start: int = 0) -> ReadCredential:
    """``X-Payment-Hash``, or what stands behind a scheme at ``start``.

    Raises CredentialError where it is no hash.
    """
    bare = value[start:].strip(" \t")
    start = value.find(bare, start)
    if not HEX_PREIMAGE.fullmatch(bare):
        raise CredentialError("a payment hash is 64 hex characters", start)
    end = start + len(bare)
    found = (CredentialDeviation.HASH_ALONE,) if start else ()
    return ReadCredential(
        "", (), None, end, False, CredentialForm.PAYMENT_HASH, end,
        payment_hash=bytes.fromhex(bare), deviations=found,
    )  # fmt: skip


def cashu(value: str, start: int = 0) -> ReadCredential:
    """Ecash: named, and not taken apart. A request for ecash (``creq…``) is no credential."""
    bare = value[start:].strip(" \t")
    if not VISIBLE.fullmatch(bare):
        raise CredentialError("the ecash token is empty or holds spaces", start)
    if bare.startswith("creq"):
        return other(value, "Cashu")
    start = value.find(bare, start)
    end = start + len(bare)
    problem = None
    if not bare.startswith(("cashuA", "cashuB")):
        problem = CredentialError("an ecash token begins with cashuA or cashuB", start)
    return ReadCredential(
        "", (), None, end, False, CredentialForm.CASHU, end,
        fields=(CredentialField("token", Secret(bare), True, start, end),), problem=problem,
    )  # fmt: skip


def is_x402(value: str) -> bool:
    """Whether an ``X-Payment`` value is that of x402: base64 of JSON that says so."""
    try:
        return "x402Version" in _json_of(value.strip())[0]
    except CredentialError:
        return False


# --- a macaroon with the preimage inside ----------------------------------------------------------


def preimages_inside(macaroon: Macaroon) -> tuple[tuple[bytes, int], ...]:
    """The values of its ``preimage=`` caveats, in order, and where each begins in its bytes.

    The place is -1 where the bytes do not hold the value as it is.
    """
    found: list[tuple[bytes, int]] = []
    split = conditions(macaroon.caveats)
    for caveat, condition in zip(macaroon.caveats, split, strict=True):
        if condition is None or condition.kind is not Kind.PREIMAGE:
            continue
        value, at = condition.value, caveat.cid_start + condition.value_start
        found.append((value, at if macaroon.raw[at : at + len(value)] == value else -1))
    return tuple(found)


def macaroon(value: str) -> ReadCredential:
    """``Macaroon`` and its gRPC names: a macaroon in hex that holds the preimage as a caveat.

    Raises CredentialError where there is no token in it.
    """
    text = value.strip(" \t")
    if not VISIBLE.fullmatch(text):
        raise CredentialError("there is no macaroon in it, or one with spaces", 0)
    start = value.find(text)
    end = start + len(text)
    read = ReadCredential(
        "", (TokenPart(Secret(text), start, end),), None, end, False, CredentialForm.MACAROON, end
    )
    try:
        token = read_token(text)
    except MacaroonError as error:
        why = f"the macaroon in it cannot be read: {error.why}"
        return replace(read, problem=CredentialError(why, error.offset))
    if not isinstance(token, Token):
        return replace(read, problem=CredentialError("what it holds is no macaroon", start))
    return _with_preimage_inside(read, token, start)


def _with_preimage_inside(read: ReadCredential, token: Token, start: int) -> ReadCredential:
    in_hex = token.spelling in _HEX_SPELLINGS
    found = [] if in_hex else [CredentialDeviation.NOT_HEX]
    inside = preimages_inside(token.macaroon)
    if not inside:
        found.append(CredentialDeviation.NO_PREIMAGE_INSIDE)
        return replace(read, deviations=tuple(found))
    if len(inside) > 1:
        found.append(CredentialDeviation.PREIMAGE_TWICE)
    value, at = inside[-1]
    # In a macaroon written in hex each byte is two characters of the header.
    at = start + 2 * at if in_hex and at >= 0 else -1
    read = replace(
        read, preimage_start=at, preimage_end=-1 if at < 0 else at + 2 * len(value),
    )  # fmt: skip
    try:
        text = value.decode("latin-1")
        preimage = preimage_of(text)
    except CredentialError as error:
        why = f"the preimage caveat does not hold one: {error.why}"
        problem = CredentialError(why, None if at < 0 else at)
        return replace(read, deviations=tuple(found), problem=problem)
    if text != text.lower():
        found.append(CredentialDeviation.UPPER_CASE_HEX)
    return replace(read, preimage=preimage, deviations=tuple(found))


# --- the Payment scheme ---------------------------------------------------------------------------


def _payment(value: str) -> ReadCredential:
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        raw = value.encode("utf-8", "surrogatepass")
    found, stopped = read_line(raw, 0, 2)
    if not found:
        error = CredentialError("nothing but the scheme can be read", 0)
        if stopped is not None:
            error = CredentialError(stopped.error.why, stopped.error.offset)
        raise error
    challenge = found[0]
    scheme = value[challenge.start : challenge.start + len(challenge.scheme)]
    if challenge.token68 is not None:
        start, end = challenge.token68
        read = _payment_json(value, start, end)
    else:
        read = _payment_params(challenge, len(value))
    if read.problem is None and len(found) > 1:
        error = CredentialError("a second credential follows in the same header", found[1].start)
        read = replace(read, problem=error)
    elif read.problem is None and stopped is not None:
        read = replace(read, problem=CredentialError(stopped.error.why, stopped.error.offset))
    return replace(read, scheme=scheme)


def _payment_params(challenge: AuthChallenge, size: int) -> ReadCredential:
    deviations = [CredentialDeviation.QUOTING] if challenge.deviations else []
    fields = tuple(
        CredentialField(
            param.name, Secret(param.value), param.name.lower() not in _OPEN_PARAMS,
            param.value_start, param.value_end,
        )
        for param in challenge.params[:_MOST_FIELDS]
    )  # fmt: skip
    read = ReadCredential(
        "", (), None, size, False, CredentialForm.PAYMENT_PARAMS, size, fields=fields
    )
    preimages = challenge.named("preimage")
    if len(preimages) != 1:
        why = "it has no preimage" if not preimages else "it has more than one preimage"
        return replace(read, problem=CredentialError(why, size), deviations=tuple(deviations))
    param = preimages[0]
    text = param.value.decode("latin-1")
    if text != text.lower():
        deviations.append(CredentialDeviation.UPPER_CASE_HEX)
    read = replace(
        read, preimage_start=param.value_start, preimage_end=param.value_end,
        deviations=tuple(deviations),
    )  # fmt: skip
    return _with_preimage(read, text, param.value_start)


def _payment_json(value: str, start: int, end: int) -> ReadCredential:
    said, padded = _json_of(value[start:end], start)
    challenge, payload = _object(said.get("challenge")), _object(said.get("payload"))
    request = _request(challenge.get("request"))
    due, invoice = _asked(request)
    told: dict[str, Any] = {**said, "challenge": {**challenge, "request": request}}
    if not request:
        told = said
    fields = tuple(
        CredentialField(name, Secret(text.encode("utf-8", "surrogatepass")), hidden)
        for name, text, hidden in _flat(told)
    )
    read = ReadCredential(
        "", (), None, -1, False, CredentialForm.PAYMENT_JSON, -1,
due=due, invoice=invoice,        fields=fields[:_MOST_FIELDS],
        deviations=(CredentialDeviation.PADDED,) if padded else (),
    )  # fmt: skip
    preimage = payload.get("preimage")
    if not isinstance(preimage, str):
        if challenge.get("method") not in ("lightning", None):
            return read
        missing = [name for name, part in (("challenge", challenge), ("payload", payload))
                   if not part]  # fmt: skip
        why = f"it has no {' and no '.join(missing or ['payload.preimage'])}"
        return replace(read, problem=CredentialError(why, start))
    if preimage != preimage.lower():
        read = replace(read, deviations=(*read.deviations, CredentialDeviation.UPPER_CASE_HEX))
    return _with_preimage(read, preimage, start)


def _with_preimage(read: ReadCredential, text: str, start: int) -> ReadCredential:
    try:
        return replace(read, preimage=preimage_of(text, start))
    except CredentialError as error:
        return replace(read, problem=error)


def payment_request(text: str) -> tuple[bytes | None, str | None]:
    """The payment hash and the invoice that the ``request`` of a Payment challenge names.

    None for what it does not name, and where it cannot be read.
    """
    return _asked(_request(text))


def _request(request: Any) -> dict[str, Any]:
    """What a challenge asks for, base64url of JSON by the draft; empty where it is unreadable."""
    if isinstance(request, dict):
        return request
    try:
        return _json_of(request)[0] if isinstance(request, str) else {}
    except CredentialError:
        return {}


def _asked(request: dict[str, Any]) -> tuple[bytes | None, str | None]:
    details = _object(request.get("methodDetails"))
    return _hash(details.get("paymentHash")), _text(details.get("invoice"))


def _flat(
    value: dict[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, str, bool]]:
    """Every value in it by its path, as text, and whether it may open something."""
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, dict) and depth < 4:
            yield from _flat(item, f"{name}.", depth + 1)
        else:
            public = name.startswith("challenge.") and not names_preimage(name)
            yield name, _plain(item), not public


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{len(value)} inside" if isinstance(value, list | dict) else json.dumps(value)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _hash(value: Any) -> bytes | None:
    fits = isinstance(value, str) and HEX_PREIMAGE.fullmatch(value)
    return bytes.fromhex(value) if fits else None


def _json_of(text: str, start: int = 0) -> tuple[dict[str, Any], bool]:
    """A JSON object in base64, and whether padding stands behind it. Raises CredentialError."""
    try:
        spelling, raw = unspell(text)
    except MacaroonError as error:
        raise CredentialError(error.why, start + (error.offset or 0)) from None
    try:
        said = json.loads(raw.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise CredentialError(
            "it is not base64 of JSON that can be read for certain", start
        ) from None
    if not isinstance(said, dict):
        raise CredentialError("its JSON is no object", start)
    return said, spelling in (Spelling.STANDARD, Spelling.URL_SAFE) and text.endswith("=")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ValueError("a name comes twice")
    return said

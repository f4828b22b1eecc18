"""What do the two implementations say of a macaroon, emit for it, and make of it?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymacaroons import Macaroon as TheirMacaroon
from pymacaroons import Verifier
from pymacaroons.exceptions import MacaroonInvalidSignatureException
from pymacaroons.serializers import BinarySerializer, JsonSerializer

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import Format, Macaroon, Token
from tests.differential.macaroon_cases import Case
from tests.differential.table import Reading

REFUSED = "refused"
"""In the place of a result: there is none."""
FORMATS = {
    "v1": Format.V1,
    "v2": Format.V2,
    "json1": Format.JSON_V1,
    "json2": Format.JSON_V2,
}


def read_ours(case: Case) -> Reading:
    """What this program says."""
    try:
        macaroon = (
            Macaroon.decode(case.raw) if case.text is None else Token.read(case.text).macaroon
        )
    except MacaroonError as error:
        return Reading(None, error.why)
    values: dict[str, Any] = {
        "location": macaroon.location,
        "identifier": macaroon.identifier,
        "caveats": [(c.cid, c.vid, c.location) for c in macaroon.caveats],
        "signature": macaroon.signature,
        "made by the key": None,
    }
    if not any(caveat.third_party for caveat in macaroon.caveats):
        values["made by the key"] = macaroon.verify_signature(case.key)
    if macaroon.format.json:
        narrowed = _or_refused(lambda: macaroon.with_caveat(case.caveat))
        values["with a caveat"] = narrowed if isinstance(narrowed, str) else narrowed.signature
        values["read by the other"] = _or_refused(lambda: _their_fields(macaroon.encode()))
    else:
        values["emitted"] = macaroon.encode()
        narrowed = _or_refused(lambda: macaroon.with_caveat(case.caveat))
        values["with a caveat"] = narrowed if isinstance(narrowed, str) else narrowed.raw
    if case.parts is not None:
        values["minted"] = _minted(case)
    return Reading(values)


def _minted(case: Case) -> Any:
    """The same macaroon made anew, as far as its caveats are first-party."""
    parts = case.parts
    assert parts is not None
    if any(vid is not None for _, vid, _ in parts.caveats):
        return None
    caveats = [cid for cid, _, _ in parts.caveats]
    format = FORMATS[case.form]
    minted = _or_refused(
        lambda: Macaroon.mint(case.key, parts.identifier, parts.location or b"", caveats, format)
    )
    if isinstance(minted, str):
        return minted
    return minted.signature if format.json else minted.raw


def read_theirs(case: Case) -> Reading:
    """What ``pymacaroons`` says. Whatever it raises is a refusal."""
    try:
        macaroon = _their_macaroon(case)
        values: dict[str, Any] = {
            "location": macaroon._location,
            "identifier": macaroon.identifier_bytes,
            "caveats": [
                (c.caveat_id_bytes, c.verification_key_id, c._location) for c in macaroon.caveats
            ],
            "signature": bytes.fromhex(macaroon.signature),
            "made by the key": None,
        }
    except Exception as error:
        return Reading(None, f"{type(error).__name__}: {error}")
    json = case.form.startswith("json")
    if all(caveat.first_party() for caveat in macaroon.caveats):
        values["made by the key"] = _or_refused(lambda: _verified(macaroon, case.key))
    if json:
        values["read by the other"] = _or_refused(lambda: _our_fields(macaroon))
    else:
        values["emitted"] = _or_refused(lambda: BinarySerializer().serialize_raw(macaroon))
    values["with a caveat"] = _or_refused(lambda: _narrowed(macaroon.copy(), case.caveat, json))
    if case.parts is not None:
        values["minted"] = _or_refused(lambda: _theirs_minted(case, json))
    return Reading(values)


def _their_fields(text: bytes) -> tuple[Any, ...]:
    """What they read in the JSON that we wrote."""
    macaroon = JsonSerializer().deserialize(text.decode())
    caveats = [(c.caveat_id_bytes, c.verification_key_id) for c in macaroon.caveats]
    return macaroon.identifier_bytes, caveats, bytes.fromhex(macaroon.signature)


def _our_fields(theirs: Any) -> tuple[Any, ...]:
    """What we read in the JSON that they wrote."""
    macaroon = Macaroon.decode(JsonSerializer().serialize(theirs).encode())
    return macaroon.identifier, [(c.cid, c.vid) for c in macaroon.caveats], macaroon.signature


def _their_macaroon(case: Case) -> Any:
    if case.text is not None:
        return TheirMacaroon.deserialize(case.text)
    if case.form.startswith("json"):
        return JsonSerializer().deserialize(case.raw.decode())
    return BinarySerializer().deserialize_raw(case.raw)


def _verified(macaroon: Any, key: bytes) -> bool:
    verifier = Verifier()
    verifier.satisfy_general(lambda _: True)
    try:
        return bool(verifier.verify(macaroon, key))
    except MacaroonInvalidSignatureException:
        return False


def _narrowed(macaroon: Any, caveat: bytes, json: bool) -> bytes:
    macaroon.add_first_party_caveat(caveat)
    if json:
        return bytes.fromhex(macaroon.signature)
    return bytes(BinarySerializer().serialize_raw(macaroon))


def _theirs_minted(case: Case, json: bool) -> bytes | None:
    parts = case.parts
    assert parts is not None
    if any(vid is not None for _, vid, _ in parts.caveats):
        return None
    macaroon = TheirMacaroon(
        location=parts.location or b"",
        identifier=parts.identifier,
        key=case.key,
        version=1 if case.form.endswith("1") else 2,
    )
    for cid, _, _ in parts.caveats:
        macaroon.add_first_party_caveat(cid)
    if json:
        return bytes.fromhex(macaroon.signature)
    return bytes(BinarySerializer().serialize_raw(macaroon))


def _or_refused(make: Callable[[], Any]) -> Any:
    """What comes of it, or :data:`REFUSED` where that raises."""
    try:
        return make()
    except Exception:
        return REFUSED

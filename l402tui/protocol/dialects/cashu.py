"""What ecash does a Cashu server want, and from which mints?

NUT-24 puts a payment request into the header ``X-Cashu``: ``creqA`` is CBOR in base64url (NUT-18),
``creqB1`` is a list of types, lengths and values in bech32m (NUT-26). Some servers say the same in
``WWW-Authenticate: Cashu mint=, amount=, unit=``. Both writings of a request become the same tree
of named values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from l402tui.protocol.auth_header import AuthChallenge
from l402tui.protocol.bech32 import (
    BECH32M,
    CHECKSUM,
    NotWholeBytesError,
    residue,
    to_base32,
    to_quintets,
    whole_bytes,
)
from l402tui.protocol.dialects.amounts import currency_words
from l402tui.protocol.dialects.cbor import read_cbor
from l402tui.protocol.dialects.evidence import Evidence
from l402tui.protocol.dialects.inside import Reader, from_base64
from l402tui.protocol.dialects.kinds import (
    Demand,
    DialectError,
    Difference,
    Kind,
    Source,
    Where,
    Words,
)
from l402tui.protocol.dialects.located import Item
from l402tui.protocol.dialects.tlv import read_tlv
from l402tui.protocol.text import Shown

__all__ = ["CashuRequest", "Locked", "decode", "read_creq"]

_WORDS: Final = Words(
    "It asks for ecash: tokens that the named mints have issued.",
    "A Cashu wallet that holds tokens of one of these mints could pay it. A Lightning wallet "
    "cannot directly, but ecash can be bought from a mint over Lightning.",
    Difference(
        "Ecash is gone once it is sent: it buys one answer.",
        "Nothing is left that could be narrowed or handed on; ecash itself can be given "
        "to anyone, like cash.",
        "The mint has to be trusted with the money, and it alone can say whether ecash "
        "is still good.",
        "There is no proof of payment to keep.",
    ),
)
_AMOUNT: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Locked:
    """A condition the ecash has to be locked to (NUT-10)."""

    kind: str
    """``P2PK``, ``HTLC`` or another."""
    data: str
    tags: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CashuRequest(Demand):
    """What is asked for."""

    amount: int | None
    unit: str | None
    mints: tuple[str, ...]
    id: str | None = None
    description: str | None = None
    single_use: bool | None = None
    locked: Locked | None = None
    challenge: AuthChallenge | None = None
    """The challenge it stood in, where it stood in one."""
    form: str = ""
    """``creqA``, ``creqB`` or ``Cashu`` for the scheme."""

    def amount_words(self) -> Shown | None:
        """The amount with its unit; None where either is missing."""
        if self.amount is None or self.unit is None:
            return None
        return currency_words(self.amount, self.unit)


def decode(evidence: Evidence) -> CashuRequest | None:
    """The request in the header, else in a challenge; None where there is none."""
    header = evidence.first("x-cashu")
    if header is not None:
        return read_creq(header)
    found = evidence.challenges("cashu")
    if not found:
        return None
    challenge = found[0]
    problems: list[DialectError] = []
    text = {p.name.lower(): p.value.decode("utf-8", "replace") for p in challenge.params}
    for name in ("mint", "amount", "unit"):
        if not text.get(name):
            problems.append(DialectError(f"{name} is missing or empty", challenge.start))
    digits = text.get("amount", "")
    amount = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else None
    if digits and (amount is None or amount > _AMOUNT):
        amount = None
        start = next(p.value_start for p in challenge.params if p.name.lower() == "amount")
        problems.append(DialectError("amount should be a whole number", start))
    return CashuRequest(
        kind=Kind.CASHU,
        words=_WORDS,
        problems=tuple(problems),
        amount=amount,
        unit=text.get("unit") or None,
        mints=tuple(mint.strip() for mint in text.get("mint", "").split(",") if mint.strip()),
        challenge=challenge,
        form="Cashu",
    )


def read_creq(value: bytes) -> CashuRequest:
    """Decode a payment request in either writing. Never raises.

    Offsets of problems count in :attr:`Source.data` where something was decoded, else in ``value``.
    """
    text = value.strip()
    if text[:5].lower() == b"creqa":
        data, problems = from_base64(text[5:])
        problems = tuple(_moved(error, 5) for error in problems)
        item, error = read_cbor(data)
        form = "creqA"
    elif text[:6].lower() == b"creqb1":
        data, problems = _bech32m(text)
        item, error = read_tlv(data) if data else (None, None)
        form = "creqB"
    else:
        why = "it begins neither with creqA nor with creqB1"
        return _empty(value, (DialectError(why, 0),))
    if error is not None:
        why = f"in the decoded bytes: {error.why}"
        problems = (*problems, DialectError(why, error.offset))
    if item is None or not isinstance(item.value, dict):
        return _empty(data, problems or (DialectError("there is no map in it", 0),), form)
    return _read(Source(Where.HEADER, "x-cashu", data, item), item, problems, form)


def _empty(data: bytes, problems: tuple[DialectError, ...], form: str = "") -> CashuRequest:
    return CashuRequest(
        kind=Kind.CASHU,
        words=_WORDS,
        source=Source(Where.HEADER, "x-cashu", data),
        problems=problems,
        amount=None,
        unit=None,
        mints=(),
        form=form,
    )


def _moved(error: DialectError, by: int) -> DialectError:
    return DialectError(error.why, None if error.offset is None else error.offset + by)


def _bech32m(text: bytes) -> tuple[bytes, tuple[DialectError, ...]]:
    """The bytes in ``creqb1...``, all lower or all upper case (NUT-26, BIP-350)."""
    low = text.lower()
    if text not in (low, text.upper()):
        return b"", (DialectError("capitals and small letters are mixed", 0),)
    try:
        values = to_quintets(low[6:])
    except ValueError as bad:
        return b"", (DialectError("this is no character of bech32", 6 + int(bad.args[0])),)
    if len(values) < CHECKSUM:
        return b"", (DialectError("it ends too early", len(text)),)
    if residue(b"creqb", values) != BECH32M:
        return b"", (DialectError("the checksum is wrong: a character was changed", len(text) - 6),)
    try:
        return whole_bytes(to_base32(low[6:-CHECKSUM])), ()
    except NotWholeBytesError:
        return b"", (DialectError("the spare bits at its end are not zero", len(text) - 7),)


def _read(
    source: Source, item: Item, problems: tuple[DialectError, ...], form: str
) -> CashuRequest:
    fields = Reader(item)
    # Optional in a request as such, but NUT-24 has the three of them in every 402.
    fields.need("a", "u", "m")
    single = item.get("s")
    if single is not None and not isinstance(single.value, bool):
        fields.problems.append(DialectError("s should be true or false", single.start))
    return CashuRequest(
        kind=Kind.CASHU,
        words=_WORDS,
        source=source,
        amount=fields.whole("a", most=_AMOUNT),
        unit=fields.text("u"),
        mints=fields.texts("m"),
        id=fields.text("i"),
        description=fields.text("d"),
        single_use=single.value if single and isinstance(single.value, bool) else None,
        locked=_locked(item.get("nut10"), fields),
        form=form,
        problems=(*problems, *fields.problems),
    )


def _locked(item: Item | None, fields: Reader) -> Locked | None:
    if item is None:
        return None
    mine = Reader(item, fields.problems)
    mine.need("k", "d")
    kind, data = mine.text("k"), mine.text("d")
    tags = item.get("t")
    rows = () if tags is None else tags.elements
    read = tuple(tuple(str(e.value) for e in row.elements) for row in rows)
    return None if kind is None or data is None else Locked(kind, data, read)

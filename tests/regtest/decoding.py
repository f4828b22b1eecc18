"""Where do lnd's reading of an invoice and ours differ, and by which rule of ours?

The rule: as in `tests.differential`; every row of the table says what we accept or refuse and why,
and looks at the invoice itself.
"""

from typing import Any, Final

from coincurve import PublicKey

from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.invoice import Invoice
from tests.differential.invoice_facts import Facts
from tests.differential.invoices import TABLE as ROWS
from tests.differential.table import ACCEPTED, Difference, Reading, Row

from .lnd_client import LndClient, LndError

CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def read_ours(text: str) -> Reading:
    """What this program says, in the terms of lnd's answer."""
    try:
        invoice = Invoice.decode(text)
    except InvoiceError as error:
        return Reading(None, error.why)
    return Reading(
        {
            "payee": invoice.payee.hex(),
            "payment hash": invoice.payment_hash.hex(),
            "payment secret": invoice.payment_secret.hex(),
            "amount": invoice.amount or 0,
            "created": invoice.created,
            "expiry": invoice.expiry,
            "min final CLTV expiry": invoice.min_final_cltv_expiry,
            "description": (invoice.description or b"").decode(),
            "description hash": (invoice.description_hash or b"").hex(),
            "features": invoice.features.bits,
            "first address": invoice.fallbacks[0].address if invoice.fallbacks else "",
            "route hints": [
                [(h.node_id.hex(), h.short_channel_id, *h[2:]) for h in hint]
                for hint in invoice.route_hints
            ],
        }
    )


def read_lnd(client: LndClient, text: str) -> Reading:
    """What lnd says (DecodePayReq)."""
    try:
        answer = client.decode_whole(text)
    except LndError as error:
        return Reading(None, error.details)
    return Reading(
        {
            "payee": answer.destination,
            "payment hash": answer.payment_hash,
            "payment secret": answer.payment_addr.hex(),
            "amount": answer.num_msat,
            "created": answer.timestamp,
            "expiry": answer.expiry,
            "min final CLTV expiry": answer.cltv_expiry,
            "description": answer.description,
            "description hash": answer.description_hash,
            "features": tuple(sorted(answer.features)),
            "first address": answer.fallback_addr,
            "route hints": [[_hop(hop) for hop in hint.hop_hints] for hint in answer.route_hints],
        }
    )


def _hop(hop: Any) -> tuple[Any, ...]:
    return (
        hop.node_id,
        hop.chan_id,
        hop.fee_base_msat,
        hop.fee_proportional_millionths,
        hop.cltv_expiry_delta,
    )


# --- the table -----------------------------------------------------------------------------------


def _no_secret(facts: Facts, _: Difference) -> bool:
    return not facts.counted("s")


def _recovery_id(facts: Facts, _: Difference) -> bool:
    return facts.signature()[64] > 3


def _higher_s(facts: Facts, _: Difference) -> bool:
    s = int.from_bytes(facts.signature()[32:64], "big")
    return bool(facts.counted("n")) and s > CURVE_ORDER // 2


def _leading_zeros(facts: Facts, _: Difference) -> bool:
    """More digits than 64 bits need."""
    return any(len(values) > 13 for tag in "xc" for values in facts.counted(tag)[:1])


def _empty_and_unknown(facts: Facts, _: Difference) -> bool:
    return any(tag == "f" and len(v) == 1 and v[0] > 18 for tag, v in facts.fields)


def _hop_is_no_key(facts: Facts, _: Difference) -> bool:
    return not all(_is_key(hop[0]) for hint in facts.route_hints() for hop in hint)


def _is_key(text: str) -> bool:
    try:
        PublicKey(bytes.fromhex(text))
    except ValueError:
        return False
    return True


def _default_cltv(facts: Facts, difference: Difference) -> bool:
    return not facts.counted("c") and difference.ours == 18


def _short_taproot(facts: Facts, _: Difference) -> bool:
    return any(version == 1 and len(program) != 32 for version, program in facts.fallbacks())


def _long_cltv(facts: Facts, difference: Difference) -> bool:
    return bool(difference.ours == facts.number("c")) and difference.ours >= 2**63


def _long_expiry(facts: Facts, difference: Difference) -> bool:
    return bool(difference.ours == facts.number("x")) and difference.ours > 2**63 // 10**9


def _another_address(facts: Facts, difference: Difference) -> bool:
    """Ours is that of the first known fallback; only versions 2 to 16 and what follows an unknown
    version may be told otherwise."""
    versions = [version for version, _ in facts.fallbacks()]
    unknown = any(tag == "f" and values and values[0] > 18 for tag, values in facts.fields)
    return bool(difference.ours) and (2 <= versions[0] <= 16 or unknown)


_Row = Row[Facts]
_SHARED: Final = (
    "prefix read whole",
    "positive amount",
    "whole msat",
    "no more than all bitcoin",
    "padding of zeros",
    "required features",
    "64 bits",
    "possible address",
    "whole hops",
    "number without digits",
    "fallback without version",
)
"""Rules that make the same difference here as in `tests.differential`."""

TABLE: Final = (
    *(row for row in ROWS if row.name in _SHARED),
    _Row(
        "payment secret",
        ACCEPTED,
        "we refuse an invoice without a payment secret (BOLT-11: exactly one s; among its invalid "
        "examples)",
        _no_secret,
        "has no payment secret",
    ),
    _Row(
        "recovery id",
        ACCEPTED,
        "we refuse a recovery id but 0 to 3, also where the payee is named (BOLT-11: the last byte "
        "is 0, 1, 2 or 3)",
        _recovery_id,
        "recovery id",
    ),
    _Row(
        "lower s",
        ACCEPTED,
        "we refuse the higher value of s where the payee is named (BOLT-11: an invalid example)",
        _higher_s,
        "one lawful form",
    ),
    _Row(
        "leading zeros in numbers",
        ACCEPTED,
        "we read x and c with zeros before them (BOLT-11: SHOULD use the minimum length)",
        _leading_zeros,
    ),
    _Row(
        "nodes of hints",
        ACCEPTED,
        "we read a hop's node as 33 bytes and leave it to the wallet whether that is a key",
        _hop_is_no_key,
    ),
    _Row(
        "empty fallback of an unknown version",
        ACCEPTED,
        "we skip a fallback of an unknown version whatever it holds (BOLT-11: MUST skip over it)",
        _empty_and_unknown,
    ),
    _Row(
        "version 1 of any length",
        ACCEPTED,
        "we read programs of witness version 1 that are not taproot's 32 bytes: BIP-141 leaves "
        "them to later rules, and BIP-350 has addresses for them",
        _short_taproot,
    ),
    _Row(
        "long CLTV expiry",
        "min final CLTV expiry",
        "we read numbers of blocks up to 64 bits without a sign",
        _long_cltv,
    ),
    _Row(
        "default CLTV expiry",
        "min final CLTV expiry",
        "we say 18 blocks where the invoice says nothing (BOLT-11: default 18)",
        _default_cltv,
    ),
    _Row(
        "long expiry",
        "expiry",
        "we read expiries up to 64 bits of seconds, also those beyond what nanoseconds can count",
        _long_expiry,
    ),
    _Row(
        "address of any version",
        "first address",
        "we write addresses of every witness version (BIP-350), and of the first known fallback",
        _another_address,
    ),
)
"""Every known difference to lnd, each with the rule of ours that makes it."""

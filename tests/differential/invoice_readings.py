"""What do the two implementations say of an invoice?"""

from __future__ import annotations

import bolt11
from bolt11 import FeatureState
from bolt11 import TagChar as Tag

from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.invoice import Invoice
from tests.differential.table import Reading


def read_ours(text: str) -> Reading:
    """What this program says."""
    try:
        invoice = Invoice.decode(text)
    except InvoiceError as error:
        return Reading(None, error.why)
    return Reading(
        {
            "network": invoice.network.value,
            "amount": invoice.amount,
            "created": invoice.created,
            "payment hash": invoice.payment_hash.hex(),
            "payment secret": invoice.payment_secret.hex(),
            "description": None if invoice.description is None else invoice.description.decode(),
            "description hash": invoice.description_hash and invoice.description_hash.hex(),
            "metadata": None if invoice.metadata is None else invoice.metadata.hex(),
            "expiry": invoice.expiry,
            "min final CLTV expiry": invoice.min_final_cltv_expiry,
            "features": invoice.features.bits,
            "route hints": [
                [(h.node_id.hex(), h.short_channel_id, *h[2:]) for h in hint]
                for hint in invoice.route_hints
            ],
            "fallbacks": [(f.version, f.program) for f in invoice.fallbacks],
            "first address": invoice.fallbacks[0].address if invoice.fallbacks else None,
            "payee": invoice.payee.hex(),
            "signature": invoice.signature.hex(),
            "recovery id": invoice.recovery_id,
        }
    )


def read_theirs(text: str) -> Reading:
    """What ``bolt11`` says. Whatever it raises is a refusal."""
    try:
        invoice = bolt11.decode(text)
    except Exception as error:
        return Reading(None, f"{type(error).__name__}: {error}")
    assert invoice.signature is not None
    fallbacks = [tag.data for tag in invoice.tags if tag.char is Tag.fallback and tag.data]
    values = {
        "network": invoice.currency,
        "amount": invoice.amount_msat,
        "created": invoice.date,
        "payment hash": invoice.payment_hash,
        "payment secret": invoice.payment_secret,
        "description": invoice.description,
        "description hash": invoice.description_hash,
        "metadata": invoice.metadata,
        "expiry": invoice.expiry,
        "min final CLTV expiry": invoice.min_final_cltv_expiry,
        "features": _bits(invoice),
        "route hints": [
            [(r.public_key, _scid(r.short_channel_id), *r[2:]) for r in hint.routes]
            for hint in invoice.route_hints or ()
        ],
        "fallbacks": [(f.witness_version, _program(f)) for f in fallbacks],
        "payee": invoice.payee,
        "signature": invoice.signature.hex,
        "recovery id": invoice.signature.recovery_flag,
    }
    if fallbacks and invoice.currency in ("bc", "tb") and fallbacks[0].witness_version <= 18:
        values["first address"] = fallbacks[0].address  # on the other networks it gives none
    return Reading(values)


def _bits(invoice: bolt11.Bolt11) -> tuple[int, ...]:
    if invoice.features is None:
        return ()
    listed = invoice.features.feature_list.items()
    return tuple(sorted(2 * f.value + (state is FeatureState.supported) for f, state in listed))


def _scid(text: str) -> int:
    block, transaction, output = map(int, text.split("x"))
    return block << 40 | transaction << 16 | output


def _program(fallback: bolt11.Fallback) -> bytes:
    bits = fallback.data[5:]
    return bits.tobytes()[: len(bits) // 8]

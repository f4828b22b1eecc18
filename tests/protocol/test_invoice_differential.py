"""Does our reader find in an invoice what another implementation wrote into it?"""

from __future__ import annotations

import random
from typing import Any

import bolt11
import pytest
from bitstring import BitArray, Bits
from bolt11 import Feature, FeatureExtra, FeatureState, Route, RouteHint, Tags
from bolt11 import TagChar as Tag
from coincurve import PrivateKey

from l402tui.protocol.invoice import Invoice

NETWORKS = ("bc", "tb", "tbs", "bcrt", "sb")
LETTERS = "abc xyz ÄÖ 日本 ☕ \u202e\x1b[0m<b>"


def random_features(rng: random.Random) -> tuple[bolt11.Features, tuple[int, ...]]:
    states: dict[Feature | FeatureExtra, FeatureState] = {}
    chosen = []
    for index in sorted({4, 7, *rng.sample(range(14), rng.randint(0, 5))}):
        optional = rng.random() < 0.5
        states[Feature(index)] = FeatureState.supported if optional else FeatureState.required
        chosen.append(2 * index + optional)
    if rng.random() < 0.4:
        index = rng.randint(60, 400)
        states[FeatureExtra(index)] = FeatureState.supported
        chosen.append(2 * index + 1)
    return bolt11.Features.from_feature_list(states), tuple(chosen)


def random_hint(rng: random.Random) -> list[Route]:
    def scid() -> str:
        return f"{rng.getrandbits(24)}x{rng.getrandbits(24)}x{rng.getrandbits(16)}"

    return [
        Route(
            public_key=rng.randbytes(33).hex(),
            short_channel_id=scid(),
            base_fee=rng.getrandbits(31),
            ppm_fee=rng.getrandbits(31),
            cltv_expiry_delta=rng.getrandbits(15),
        )
        for _ in range(rng.randint(1, 4))
    ]


def random_fallback(rng: random.Random) -> tuple[int, bytes]:
    version = rng.choice((0, 1, 16, 17, 18))
    return version, rng.randbytes(rng.choice((20, 32)) if version == 0 else 20)


def add_options(rng: random.Random, tags: Tags, expect: dict[str, Any]) -> None:
    if rng.random() < 0.4:
        expect["metadata"] = rng.randbytes(rng.randint(1, 100))
        tags.add(Tag.metadata, expect["metadata"].hex())
    if rng.random() < 0.5:
        expect["expiry"] = rng.randint(1, 2 ** rng.randint(1, 59))
        tags.add(Tag.expire_time, expect["expiry"])
    if rng.random() < 0.5:
        expect["min_final_cltv_expiry"] = rng.randint(1, 2016)
        tags.add(Tag.min_final_cltv_expiry, expect["min_final_cltv_expiry"])


def random_invoice(rng: random.Random) -> tuple[str, dict[str, Any]]:
    """An invoice written by ``bolt11``, and what was put into it."""
    key = PrivateKey(rng.randbytes(32))
    tags = Tags()
    expect: dict[str, Any] = {
        "network": rng.choice(NETWORKS),
        "amount": rng.choice((None, rng.randint(1, 10**6), rng.randint(1, 999) * 10**8 + 1)),
        "created": rng.randint(1, 2**35 - 1),
        "payment_hash": rng.randbytes(32),
        "payment_secret": rng.randbytes(32),
        "description": None,
        "description_hash": None,
        "metadata": None,
        "expiry": 3600,
        "min_final_cltv_expiry": 18,
        "payee": key.public_key.format(),
        "payee_named": rng.random() < 0.3,
    }
    tags.add(Tag.payment_hash, expect["payment_hash"].hex())
    tags.add(Tag.payment_secret, expect["payment_secret"].hex())
    if rng.random() < 0.8:
        text = "".join(rng.choices(LETTERS, k=rng.randint(1, 100)))
        expect["description"] = text.encode()
        tags.add(Tag.description, text)
    else:
        expect["description_hash"] = rng.randbytes(32)
        tags.add(Tag.description_hash, expect["description_hash"].hex())
    add_options(rng, tags, expect)
    if expect["payee_named"]:
        tags.add(Tag.payee, expect["payee"].hex())
    features, expect["features"] = random_features(rng)
    tags.add(Tag.features, features)
    hints = [random_hint(rng) for _ in range(rng.choice((0, 0, 1, 2)))]
    for hint in hints:
        tags.add(Tag.route_hint, RouteHint(hint))
    fallbacks = [random_fallback(rng) for _ in range(rng.choice((0, 0, 1, 2)))]
    for version, program in fallbacks:
        data = BitArray(uint=version, length=5) + Bits(program)
        tags.add(Tag.fallback, bolt11.Fallback(data, expect["network"]))
    expect["hints"], expect["fallbacks"] = hints, fallbacks
    rng.shuffle(tags.tags)
    expect["hints"] = [tag.data.routes for tag in tags if tag.char == Tag.route_hint]
    order = [tag.data.data for tag in tags if tag.char == Tag.fallback]
    expect["fallbacks"] = [(data[:5].uint, data[5:].tobytes()) for data in order]
    amount = None if expect["amount"] is None else bolt11.MilliSatoshi(expect["amount"])
    unsigned = bolt11.Bolt11(expect["network"], expect["created"], tags, amount)
    return bolt11.encode(unsigned, key.to_hex(), keep_payee=True), expect


@pytest.mark.parametrize("seed", range(10))
def test_what_was_written_is_read(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(40):
        text, expect = random_invoice(rng)
        invoice = Invoice.decode(text)
        assert invoice.network.value == expect["network"]
        for name in (
            "amount",
            "created",
            "payment_hash",
            "payment_secret",
            "description",
            "description_hash",
            "metadata",
            "expiry",
            "min_final_cltv_expiry",
            "payee",
            "payee_named",
        ):
            assert getattr(invoice, name) == expect[name], (name, text)
        assert invoice.features.bits == expect["features"]
        assert [
            [
                Route(h.node_id.hex(), h.channel, h.fee_base_msat, h.fee_ppm, h.cltv_delta)
                for h in hint
            ]
            for hint in invoice.route_hints
        ] == expect["hints"]
        assert [(f.version, f.program) for f in invoice.fallbacks] == expect["fallbacks"]
        assert Invoice.decode(text.upper()) == invoice

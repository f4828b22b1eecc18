"""Tokens, invoices and challenges of our own, for the tests of this room."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from l402tui.protocol.macaroon import Format, Macaroon, Spelling, Token
from tests.protocol.invoice_writer import own_vectors as invoice_vectors

VECTORS: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "vectors" / "macaroon-own.json").read_text()
)
VALID: Final[dict[str, dict[str, Any]]] = {v["name"]: v for v in VECTORS["valid"]}
KEY: Final = bytes(range(32))
PREIMAGE: Final = bytes.fromhex(VALID["l402-aperture-style"]["l402"]["preimage_hex"])
PAYMENT_HASH: Final = bytes.fromhex(VALID["l402-aperture-style"]["l402"]["payment_hash_hex"])
TOKEN_ID: Final = bytes.fromhex(VALID["l402-aperture-style"]["l402"]["token_id_hex"])
IDENTIFIER: Final = b"\0\0" + PAYMENT_HASH + TOKEN_ID
INVOICE: Final[str] = next(
    v["invoice"] for v in invoice_vectors()["valid"] if v["name"] == "net-regtest"
)
"""Carries PAYMENT_HASH."""
CAVEATS: Final = (b"services=weather:0", b"weather_capabilities=read", b"method=GET")
BOTH = (Format.V1, Format.V2)


def mint(*caveats: bytes, format: Format = Format.V2, identifier: bytes = IDENTIFIER) -> Macaroon:
    return Macaroon.mint(KEY, identifier, b"lsat", caveats, format)


def spelled(*caveats: bytes, spelling: Spelling = Spelling.STANDARD, **how: Any) -> str:
    return spelling.spell(mint(*(caveats or CAVEATS), **how).raw)


TOKEN: Final = Token.read(spelled())

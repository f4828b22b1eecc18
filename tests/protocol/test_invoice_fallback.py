"""Are the on-chain addresses of an invoice those of its network?"""

from __future__ import annotations

import base58
import pytest
from bech32 import CHARSET, bech32_hrp_expand, bech32_polymod, convertbits

from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.invoice import Fallback, Invoice
from tests.protocol.invoice_writer import BASIC, quintets, shared_vectors, write

HASH20 = bytes(range(20))
HASH32 = bytes(range(32))


def fallback(network: str, version: int, program: bytes) -> Fallback:
    text = write(*BASIC, ("f", [version, *quintets(program)]), prefix=f"ln{network}1m")
    (only,) = Invoice.decode(text).fallbacks
    assert (only.version, only.program) == (version, program)
    return only


@pytest.mark.parametrize(
    ("network", "key_hash", "script_hash"),
    [("bc", 0, 5), ("tb", 111, 196), ("tbs", 111, 196), ("bcrt", 111, 196), ("sb", 63, 123)],
)
def test_hashes_are_base58(network: str, key_hash: int, script_hash: int) -> None:
    for program in (HASH20, bytes(20), b"\xff" * 20):
        for version, first in ((17, key_hash), (18, script_hash)):
            address = fallback(network, version, program).address
            assert base58.b58decode_check(address) == bytes([first]) + program


@pytest.mark.parametrize(
    ("network", "prefix"),
    [("bc", "bc"), ("tb", "tb"), ("tbs", "tb"), ("bcrt", "bcrt"), ("sb", "sb")],
)
@pytest.mark.parametrize(
    ("version", "program", "checksum"),
    [
        (0, HASH20, 1),
        (0, HASH32, 1),
        (1, HASH32, 0x2BC830A3),
        (1, HASH20[:2], 0x2BC830A3),
        (16, bytes(40), 0x2BC830A3),
    ],
)
def test_witness_programs_are_bech32_and_bech32m(
    network: str, prefix: str, version: int, program: bytes, checksum: int
) -> None:
    address = fallback(network, version, program).address
    written, _, data = address.rpartition("1")
    values = [CHARSET.index(char) for char in data]
    assert written == prefix
    assert bech32_polymod(bech32_hrp_expand(prefix) + values) == checksum
    assert values[0] == version
    assert bytes(convertbits(values[1:-6], 5, 8, False) or ()) == program


@pytest.mark.parametrize(
    ("version", "size"), [(0, 21), (0, 2), (1, 1), (16, 41), (17, 21), (18, 19), (17, 0)]
)
def test_program_of_an_impossible_length_is_refused(version: int, size: int) -> None:
    text = write(*BASIC, ("f", [version, *quintets(bytes(size))]))
    with pytest.raises(InvoiceError, match="fallback address is wrong"):
        Invoice.decode(text)


@pytest.mark.parametrize("data", [[], [19], [31, 1, 2, 3]])
def test_unknown_version_is_passed_over(data: list[int]) -> None:
    assert Invoice.decode(write(*BASIC, ("f", data))).fallbacks == ()


def test_order_is_kept() -> None:
    two = (("f", [17, *quintets(HASH20)]), ("f", [0, *quintets(HASH20)]))
    assert [f.version for f in Invoice.decode(write(*BASIC, *two)).fallbacks] == [17, 0]


def test_spec_vectors_name_the_addresses_they_hold() -> None:
    spec = shared_vectors("bolt11-spec.json")
    if spec is None:
        pytest.skip("the shared vectors are not on this machine (L402TUI_SHARED_VECTORS)")
    told = [vector for vector in spec["valid"] if "fallback" in vector["about"]]
    assert len(told) == 5
    for vector in told:
        (only,) = Invoice.decode(vector["invoice"]).fallbacks
        assert only.address in vector["about"]

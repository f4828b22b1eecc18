"""What is said about a macaroon that may do more than the wallet does?"""

from __future__ import annotations

import pytest

from l402tui.protocol.macaroon import Format, Macaroon
from l402tui.wallets.lnd_rights import BAKE, CALLS, LIST_PAYMENTS, advice_on


def piece(number: int, value: bytes) -> bytes:
    """A protobuf field of bytes, shorter than 128."""
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def macaroon(*permissions: str, caveats: tuple[bytes, ...] = ()) -> bytes:
    """A node's macaroon with these permissions, each ``entity:action``."""
    told = b"".join(
        piece(3, piece(1, entity.encode()) + piece(2, action.encode()))
        for entity, _, action in (each.partition(":") for each in permissions)
    )
    identifier = b"\x03" + piece(1, bytes(16)) + piece(2, b"0") + told
    return Macaroon.mint(b"k" * 32, identifier, b"lnd", caveats).encode()


OURS = tuple(f"uri:{call}" for call in CALLS)


def test_the_calls_of_the_command_are_just_enough() -> None:
    assert advice_on(macaroon(*BAKE.split()[4:])) is None
    assert BAKE.split()[:4] == ["lncli", "bakemacaroon", "--save_to", "l402tui.macaroon"]


@pytest.mark.parametrize("permissions", [OURS[:1], OURS[:2], OURS, (*OURS, *OURS)])
def test_less_is_not_more(permissions: tuple[str, ...]) -> None:
    assert advice_on(macaroon(*permissions)) is None


@pytest.mark.parametrize(
    ("more", "words", "serious"),
    [
        ("offchain:write", "pay over Lightning and change", True),
        ("macaroon:generate", "do everything", True),
        ("onchain:write", "send on-chain coins", True),
        ("signer:generate", "sign with the node's keys", True),
        ("address:write", "make new addresses", True),
        ("proofs:write", "(proofs:write)", True),
        ("proofs:/lnrpc.Lightning/GetInfo", "(proofs:/lnrpc.Lightning/GetInfo)", True),
        ("uri:/lnrpc.Lightning/SendCoins", "call /lnrpc.Lightning/SendCoins", True),
        ("uri:/lnrpc.Lightning/AbandonChannel", "call /lnrpc.Lightning/AbandonChannel", True),
        ("uri:/lnrpc.Lightning/ListInvoices", "call /lnrpc.Lightning/ListInvoices", False),
        ("offchain:read", "preimages included", False),
        ("info:read", "which node this is", False),
    ],
)
def test_more_is_named_and_weighed(more: str, words: str, serious: bool) -> None:
    advice = advice_on(macaroon(*OURS, more))
    assert advice is not None
    assert words in str(advice.what)
    assert advice.serious is serious
    assert "l402tui wallet lnd recipe" in str(advice.todo)


def test_the_right_to_list_payments_is_for_a_restored_vault_and_no_excess() -> None:
    listing = f"uri:{LIST_PAYMENTS}"
    assert LIST_PAYMENTS not in CALLS
    assert advice_on(macaroon(*OURS, listing)) is None
    assert advice_on(macaroon(*OURS[1:], listing)) is None


def test_the_worst_is_named_first_and_the_rest_is_counted() -> None:
    advice = advice_on(
        macaroon("info:read", "peers:read", "offchain:read", "address:write", "onchain:write")
    )
    assert advice is not None
    what = str(advice.what)
    assert what.index("on-chain coins") < what.index("make new addresses")
    assert "and 2 things more" in what


def test_lnds_own_files_are_called_by_their_names() -> None:
    advice = advice_on(
        macaroon(
            "onchain:read",
            "offchain:read",
            "address:read",
            "message:read",
            "peers:read",
            "info:read",
            "invoices:read",
            "signer:read",
            "macaroon:read",
        )
    )
    assert advice is not None
    assert "the node's readonly.macaroon," in str(advice.what)
    assert not advice.serious


def test_an_account_of_litd_is_narrower_than_it_says() -> None:
    wide = ("info:read", "offchain:read", "offchain:write", "onchain:read")
    assert advice_on(macaroon(*wide)) is not None
    assert advice_on(macaroon(*wide, caveats=(b"lnd-custom account 0011223344556677",))) is None
    for other in (b"lnd-custom accounts x", b"account 00", b"time-before 2099-01-01T00:00:00Z"):
        assert advice_on(macaroon(*wide, caveats=(other,))) is not None


@pytest.mark.parametrize(
    "raw",
    [
        Macaroon.mint(b"k" * 32, b"\x03something else", location=b"lnd").encode(),
        Macaroon.mint(b"k" * 32, bytes(66), location=b"lsat", format=Format.V1).encode(),
        b"no macaroon",
    ],
)
def test_what_cannot_be_read_is_said(raw: bytes) -> None:
    advice = advice_on(raw)
    assert advice is not None
    assert "cannot be read" in str(advice.what)
    assert not advice.serious


def test_what_a_macaroon_names_is_shown_harmlessly() -> None:
    advice = advice_on(macaroon("\x1b[31m:\u202e", "uri:/\x07"))
    assert advice is not None
    assert str(advice.what).isprintable()

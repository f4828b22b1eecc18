"""Does the LND wallet list all that its node has paid since a moment, or say why it cannot?

The rule: a list is whole, or there is none. Over both lines, by a node that answers as LND does,
and by one that does not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trustme
from lndgrpc.compiled import lightning_pb2  # noqa: TID253

from l402tui.flow.restored import CannotTell, Sent, Teller
from l402tui.protocol.amount import Msat
from l402tui.wallets import lnd_calls, lnd_json, lnd_listing
from l402tui.wallets.lnd import LndWallet
from l402tui.wallets.lnd_calls import Listed, ListedState, RpcFault
from l402tui.wallets.lnd_json import page_of

from .lnd_fake import (
    FAILED,
    HASH,
    IN_FLIGHT,
    MACAROON,
    NOT_PROVEN_YET,
    PREIMAGE,
    SUCCEEDED,
    Abort,
    FakeNode,
    page,
    payment,
    settings,
)
from .lnd_rest_fake import Http, RestNode

CERTIFICATE = trustme.CA().issue_cert("127.0.0.1")
DAWN = 1_700_000_000


@pytest.fixture(params=[FakeNode, RestNode], ids=["grpc", "rest"])
async def node(request: pytest.FixtureRequest) -> AsyncIterator[FakeNode]:
    fake: FakeNode = request.param()
    await fake.start(CERTIFICATE)
    yield fake
    await fake.stop()


@pytest.fixture
async def wallet(node: FakeNode, tmp_path: Path) -> AsyncIterator[LndWallet]:
    made = LndWallet.connect(settings(tmp_path, node.address, CERTIFICATE))
    yield made
    await made.close()


def name(number: int) -> bytes:
    return sha256(b"payment %d" % number).digest()


def made(number: int, status: int = SUCCEEDED, **more: Any) -> Any:
    """The payment that was made so many seconds after dawn, and a bit."""
    told = {
        "payment_hash": name(number).hex(),
        "value_msat": 10_000 + number,
        "fee_msat": number,
        "creation_time_ns": (DAWN + number) * 10**9 + 999_999_999,
        "preimage": NOT_PROVEN_YET,
    }
    return payment(status, **{**told, **more})


def as_sent(number: int, settled: bool | None = True) -> Sent:
    return Sent(name(number), Msat(10_000 + number), Msat(number), float(DAWN + number), settled)


async def why(wallet: LndWallet) -> str:
    with pytest.raises(CannotTell) as caught:
        await wallet.paid_since(DAWN)
    assert str(caught.value.why).isprintable()
    return str(caught.value.why)


# --- lists ---------------------------------------------------------------------------------------


async def test_what_was_paid_since_is_told_and_what_failed_is_not(
    node: FakeNode, wallet: LndWallet
) -> None:
    node.made = [
        made(1),
        made(2),
        made(3, FAILED),
        made(4, IN_FLIGHT),
        made(5, 0),
        made(6, 77),
        made(7),
    ]
    assert isinstance(wallet, Teller)
    assert list(await wallet.paid_since(DAWN + 2.9)) == [
        as_sent(2),
        as_sent(4, None),
        as_sent(5, None),  # a status nobody knows is no end
        as_sent(6, None),
        as_sent(7),
    ]
    request = node.requests("ListPayments")[0]
    assert {each.name: value for each, value in request.ListFields()} == {
        "include_incomplete": True,
        "max_payments": 500,
        "creation_date_start": DAWN + 2,
    }
    assert node.calls[0][2]["macaroon"] == MACAROON.hex()
    assert {called for called, *_ in node.calls} == {"ListPayments"}


async def test_the_calls_tell_the_failed_ones_too(node: FakeNode, wallet: LndWallet) -> None:
    node.made = [made(3, FAILED)]
    assert await wallet._calls.payments(DAWN) == (
        Listed(name(3), 10_003, 3, DAWN + 3, ListedState.FAILED),
    )


async def test_nothing_paid_is_an_empty_list(node: FakeNode, wallet: LndWallet) -> None:
    node.made = [made(1)]
    assert list(await wallet.paid_since(DAWN + 2)) == []
    assert list(await wallet.paid_since(-5.0)) == [as_sent(1)]


@pytest.mark.parametrize("status", [FAILED, IN_FLIGHT])
async def test_a_preimage_that_proves_the_hash_is_a_payment_whatever_the_status(
    node: FakeNode, wallet: LndWallet, status: int
) -> None:
    zeros = sha256(bytes(32)).hexdigest()
    node.made = [
        made(1, status, payment_hash=HASH.hex(), preimage=PREIMAGE.hex()),
        made(2, status, payment_hash=zeros, preimage=NOT_PROVEN_YET),
    ]
    told = {one.payment_hash: one.settled for one in await wallet.paid_since(DAWN)}
    assert told.pop(HASH) is True
    assert True not in told.values()


@pytest.mark.parametrize("count", [1, 3, 4, 7])
async def test_pages_join_without_a_hole(
    node: FakeNode, wallet: LndWallet, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(lnd_listing, "PAGE", count)
    node.made = [made(number) for number in range(10)]
    assert list(await wallet.paid_since(DAWN + 2)) == [as_sent(number) for number in range(2, 10)]
    requests = node.requests("ListPayments")
    assert all(request.max_payments == count for request in requests)
    assert len(requests) == -(-8 // count) + 1


async def test_a_node_that_knows_no_dates_is_asked_for_all_and_the_old_ones_are_left_out(
    node: FakeNode, wallet: LndWallet
) -> None:
    def whole(payments: list[Any], request: Any) -> Any:
        request.creation_date_start = 0
        return page(payments, request)

    node.listing = whole
    node.made = [made(1), made(2), made(3, creation_time_ns=0)]
    since = await wallet.paid_since(DAWN + 2)
    assert [one.payment_hash for one in since] == [name(2), name(3)]  # without a date: kept


async def test_more_than_the_bound_is_no_list(
    node: FakeNode, wallet: LndWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lnd_listing, "MOST", 6)
    monkeypatch.setattr(lnd_listing, "PAGE", 4)
    node.made = [made(number) for number in range(6)]
    assert len(await wallet.paid_since(DAWN)) == 6
    node.made.append(made(6))
    assert "more than 6 payments" in await why(wallet)


async def test_a_page_with_too_many_bytes_is_asked_for_in_smaller_ones(
    node: FakeNode, wallet: LndWallet
) -> None:
    heavy = "x" * (lnd_json.LINE_LIMIT // 3)
    node.made = [made(number, payment_request=heavy) for number in range(4)]
    assert list(await wallet.paid_since(DAWN)) == [as_sent(number) for number in range(4)]
    asked = [request.max_payments for request in node.requests("ListPayments")]
    assert asked[0] == 500
    assert asked[-1] == 1


async def test_one_payment_with_too_many_bytes_is_no_list(
    node: FakeNode, wallet: LndWallet
) -> None:
    node.made = [made(1, payment_request="x" * (lnd_json.LINE_LIMIT + 1))]
    assert "RESOURCE_EXHAUSTED" in await why(wallet)


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [Abort("UNKNOWN", "permission denied"), Abort("PERMISSION_DENIED", "no")]
)
async def test_a_macaroon_that_may_not_list_is_told_which_right_it_lacks(
    node: FakeNode, wallet: LndWallet, error: Abort
) -> None:
    node.listing = lambda *_: error
    told = await why(wallet)
    assert "/lnrpc.Lightning/ListPayments" in told
    assert "l402tui wallet lnd recipe" in told
    assert len(node.requests("ListPayments")) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Abort("UNKNOWN", "wallet locked"), "lncli unlock"),
        (Abort("UNKNOWN", "caveat not satisfied: macaroon has expired"), "it has expired"),
        (Abort("UNAVAILABLE", "gone"), "cannot be reached"),
        (Abort("INTERNAL", "\x1b[31m"), r"\x1b"),
    ],
)
async def test_an_error_is_told_with_its_cure(
    node: FakeNode, wallet: LndWallet, error: Abort, words: str
) -> None:
    node.listing = lambda *_: error
    told = await why(wallet)
    assert words in told
    assert "ListPayments" not in told


async def test_an_error_on_a_later_page_is_no_shorter_list(
    node: FakeNode, wallet: LndWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lnd_listing, "PAGE", 2)
    node.made = [made(number) for number in range(4)]
    node.listing = lambda payments, request: (
        Abort("UNAVAILABLE", "gone") if request.index_offset else page(payments, request)
    )
    assert "cannot be reached" in await why(wallet)


async def test_a_node_that_is_not_there_cannot_tell(node: FakeNode, wallet: LndWallet) -> None:
    await node.stop()
    assert "cannot be reached" in await why(wallet)


async def test_a_node_that_is_late_cannot_tell(
    node: FakeNode, wallet: LndWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No moment at all: whatever the node does, it is late.
    monkeypatch.setattr(lnd_calls, "LIST_SECONDS", 0.000_001)
    assert "does not answer in time" in await why(wallet)


@pytest.mark.parametrize(
    "broken",
    [
        {"payment_hash": ""},
        {"payment_hash": "ab" * 31},
        {"payment_hash": "no hex"},
        {"payment_preimage": "no hex"},
        {"value_msat": -1},
        {"fee_msat": -1},
        {"creation_time_ns": -1},
    ],
)
async def test_one_payment_that_cannot_be_read_is_no_list(
    node: FakeNode, wallet: LndWallet, broken: dict[str, Any]
) -> None:
    told = made(2)
    for field, value in broken.items():
        setattr(told, field, value)
    node.made = [made(1), told]
    node.listing = lambda payments, _: lightning_pb2.ListPaymentsResponse(
        payments=payments, last_index_offset=2
    )
    assert "does not answer as LND" in await why(wallet)


@pytest.mark.parametrize("last", [0, 1])
async def test_a_node_that_says_the_same_page_for_ever_is_not_asked_for_ever(
    node: FakeNode, wallet: LndWallet, last: int
) -> None:
    node.listing = lambda *_: lightning_pb2.ListPaymentsResponse(
        payments=[made(1)], last_index_offset=last
    )
    assert "does not answer as LND" in await why(wallet)
    assert len(node.requests("ListPayments")) == last + 1


async def test_a_page_with_more_than_was_asked_for_is_no_page(
    node: FakeNode, wallet: LndWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lnd_listing, "PAGE", 1)
    node.listing = lambda _, request: lightning_pb2.ListPaymentsResponse(
        payments=[] if request.index_offset else [made(1), made(2)], last_index_offset=2
    )
    assert "does not answer as LND" in await why(wallet)


# --- REST only -----------------------------------------------------------------------------------

GOOD = {
    "payment_hash": name(1).hex(),
    "payment_preimage": NOT_PROVEN_YET,
    "status": "IN_FLIGHT",
    "value_msat": "1",
    "fee_msat": "0",
    "creation_time_ns": str(DAWN * 10**9),
}


def test_a_page_of_rest_is_read() -> None:
    read = page_of({"payments": [GOOD], "last_index_offset": "7"})
    assert read.payments == (Listed(name(1), 1, 0, DAWN, ListedState.IN_FLIGHT),)
    assert read.last == 7


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"payments": {}, "last_index_offset": "1"},
        {"payments": []},
        {"payments": [], "last_index_offset": "one"},
        {"payments": [None], "last_index_offset": "1"},
        *(
            {"payments": [{**GOOD, field: None}], "last_index_offset": "1"}
            for field in GOOD
            if field != "status"
        ),
    ],
)
def test_a_page_of_rest_that_is_none_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(RpcFault) as caught:
        page_of(told)
    assert caught.value.code == lnd_calls.NOT_LND


def test_a_name_for_a_status_that_nobody_knows_is_in_flight() -> None:
    for status in ("SETTLED_SOMEHOW", None, 9):
        (one,) = page_of(
            {"payments": [{**GOOD, "status": status}], "last_index_offset": "1"}
        ).payments
        assert one.state is ListedState.IN_FLIGHT


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"payments": [], "payments": []}'])
async def test_what_is_no_answer_of_lnd_is_no_list(tmp_path: Path, body: bytes) -> None:
    node = RestNode()
    await node.start(CERTIFICATE)
    head = b"HTTP/1.1 200 -\r\nContent-Length: %d\r\n\r\n" % len(body)
    node.listing = lambda *_: Http(head + body)
    wallet = LndWallet.connect(settings(tmp_path, node.address, CERTIFICATE))
    assert "does not answer as LND" in await why(wallet)
    await wallet.close()
    await node.stop()

"""What does the LND wallet say when the node answers badly, half, or not at all?

The rule: whatever goes wrong, the wallet says "failed" only where the node itself has said that
this hash was not and will not be paid.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trustme

from l402tui.flow.events import (
    PaymentFailed,
    PaymentProgressed,
    PaymentSettled,
    PaymentUnknown,
    WalletEvent,
)
from l402tui.protocol.amount import Msat
from l402tui.wallets import lnd, lnd_calls
from l402tui.wallets.lnd import LndWallet
from l402tui.wallets.lnd_words import FAILURES, FAULTS

from .lnd_fake import (
    FAILED,
    HASH,
    IN_FLIGHT,
    MACAROON,
    NOT_FOUND,
    PREIMAGE,
    SUCCEEDED,
    Abort,
    FakeNode,
    Hang,
    attempts,
    intent,
    payment,
    settings,
    settled,
)
from .lnd_rest_fake import RestNode

CA = trustme.CA()
CERTIFICATE = CA.issue_cert("127.0.0.1")

Connect = Callable[..., LndWallet]


@pytest.fixture(params=[FakeNode, RestNode], ids=["grpc", "rest"])
def kind(request: pytest.FixtureRequest) -> type[FakeNode]:
    """Over which line: what a node says means the same over both."""
    chosen: type[FakeNode] = request.param
    return chosen


@pytest.fixture
async def node(kind: type[FakeNode]) -> AsyncIterator[FakeNode]:
    fake = kind()
    await fake.start(CERTIFICATE)
    yield fake
    await fake.stop()


@pytest.fixture
async def connect(tmp_path: Path) -> AsyncIterator[Connect]:
    """Makes wallets that are closed at the end."""
    async with AsyncExitStack() as stack:

        def make(address: str, certificate: trustme.LeafCert = CERTIFICATE) -> LndWallet:
            wallet = LndWallet.connect(settings(tmp_path, address, certificate))
            stack.push_async_callback(wallet.close)
            return wallet

        yield make


@pytest.fixture
def wallet(node: FakeNode, connect: Connect) -> LndWallet:
    return connect(node.address)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wallet that waits a moment only."""
    monkeypatch.setattr(lnd_calls, "ASK_SECONDS", 0.2)
    monkeypatch.setattr(lnd, "_GRACE", -14.8)


async def said(stream: AsyncIterator[WalletEvent]) -> list[WalletEvent]:
    return [event async for event in stream]


def kinds(events: list[WalletEvent]) -> list[str]:
    return [type(event).__name__.removeprefix("Payment") for event in events]


# --- the order -----------------------------------------------------------------------------------


async def test_the_order_names_the_invoice_the_limits_and_the_time_and_nothing_else(
    node: FakeNode, wallet: LndWallet
) -> None:
    node.sends.append([payment(IN_FLIGHT), settled(1000)])
    events = await said(wallet.pay(intent()))
    assert kinds(events) == ["Progressed", "Settled"]
    (name, order, metadata), *more = node.calls
    assert (name, more) == ("SendPaymentV2", [])
    assert {each.name: value for each, value in order.ListFields()} == {
        "payment_request": intent().invoice,
        "fee_limit_msat": 2000,
        "cltv_limit": 1008,
        "timeout_seconds": 15,
    }
    assert metadata["macaroon"] == MACAROON.hex()


async def test_a_fee_cap_of_nothing_is_a_fee_limit_of_nothing(
    node: FakeNode, wallet: LndWallet
) -> None:
    node.sends.append([settled(0)])
    await said(wallet.pay(replace(intent(), fee_cap=Msat(0))))
    (order,) = node.requests("SendPaymentV2")
    assert order.fee_limit_msat == order.fee_limit_sat == 0


async def test_the_persons_own_limit_for_locks_is_told_and_sent(
    node: FakeNode, wallet: LndWallet
) -> None:
    assert (await wallet.facts()).longest_lock == 1008
    shorter = LndWallet(wallet._calls, 15, cltv_limit=300)
    assert (await shorter.facts()).longest_lock == 300
    node.sends.append([settled(0)])
    await said(shorter.pay(intent()))
    (order,) = node.requests("SendPaymentV2")
    assert order.cltv_limit == 300


# --- payments ------------------------------------------------------------------------------------


async def test_a_settled_payment_comes_with_its_preimage_and_fee(
    node: FakeNode, wallet: LndWallet
) -> None:
    node.sends.append([settled(1234)])
    (event,) = await said(wallet.pay(intent()))
    assert isinstance(event, PaymentSettled)
    assert (event.preimage.reveal(), event.fee) == (PREIMAGE, 1234)


async def test_zeros_are_no_preimage_and_progress_is_told_once(
    node: FakeNode, wallet: LndWallet
) -> None:
    flying = payment(IN_FLIGHT, htlcs=attempts(0))
    again = payment(IN_FLIGHT, htlcs=attempts(2, 0, 0))
    node.sends.append([payment(IN_FLIGHT), flying, flying, again, settled()])
    events = await said(wallet.pay(intent()))
    told = [str(event.what) for event in events if isinstance(event, PaymentProgressed)]
    assert told == [
        "The node has the payment and looks for a route.",
        "The payment is on its way.",
        "The payment is on its way in 2 parts after 1 that did not work.",
    ]
    assert kinds(events)[3:] == ["Settled"]


@pytest.mark.parametrize("status", [0, 4, 99])
async def test_a_status_nobody_knows_is_on_its_way(
    node: FakeNode, wallet: LndWallet, status: int
) -> None:
    node.sends.append([payment(status), settled()])
    assert kinds(await said(wallet.pay(intent()))) == ["Progressed", "Settled"]


@pytest.mark.parametrize("status", [IN_FLIGHT, FAILED])
async def test_a_preimage_that_proves_the_hash_settles_whatever_the_status(
    node: FakeNode, wallet: LndWallet, status: int
) -> None:
    node.sends.append([payment(status, PREIMAGE.hex())])
    assert kinds(await said(wallet.pay(intent()))) == ["Settled"]


@pytest.mark.parametrize("told", ["00" * 32, "11" * 32, "", "not hex"])
async def test_success_without_proof_is_handed_on_for_the_flow_to_refuse(
    node: FakeNode, wallet: LndWallet, told: str
) -> None:
    node.sends.append([payment(SUCCEEDED, told)])
    (event,) = await said(wallet.pay(intent()))
    assert isinstance(event, PaymentSettled)
    assert event.preimage.reveal() != PREIMAGE


ZEROS = bytes(32)


@pytest.mark.parametrize(
    ("status", "outcome"), [(IN_FLIGHT, "Progressed"), (FAILED, "Failed"), (SUCCEEDED, "Settled")]
)
async def test_zeros_are_no_preimage_even_where_somebody_made_them_one(
    node: FakeNode, wallet: LndWallet, status: int, outcome: str
) -> None:
    chosen = replace(intent(), payment_hash=sha256(ZEROS).digest())
    told = payment(status, ZEROS.hex(), payment_hash=chosen.payment_hash.hex())
    node.trial = [told]  # what is said about any other hash than that of the other tests
    node.sends.append([told])
    assert kinds(await said(wallet.pay(chosen)))[0] == outcome


@pytest.mark.parametrize("status", [FAILED, SUCCEEDED, IN_FLIGHT])
async def test_an_answer_about_another_hash_says_nothing_about_this_one(
    node: FakeNode, wallet: LndWallet, status: int
) -> None:
    node.sends.append([payment(status, payment_hash="ab" * 32)])
    (event,) = await said(wallet.pay(intent()))
    assert isinstance(event, PaymentUnknown)
    assert not event.ask_again


@pytest.mark.parametrize("reason", [*FAILURES, 0, 77])
async def test_a_failure_has_a_reason_in_words(
    node: FakeNode, wallet: LndWallet, reason: int
) -> None:
    node.sends.append([payment(FAILED, failure_reason=reason)])
    (event,) = await said(wallet.pay(intent()))
    assert isinstance(event, PaymentFailed)
    if reason in FAILURES:
        assert (event.why, event.todo) == (FAILURES[reason].why, FAILURES[reason].todo)
    else:
        assert str(reason) in str(event.why)


# --- errors --------------------------------------------------------------------------------------

# What SendPaymentV2 and then TrackPaymentV2 say, and what the wallet makes of it.
TABLE = {
    "paid before": (
        [Abort("ALREADY_EXISTS", "invoice is already paid")],
        [settled()],
        ["Progressed", "Settled"],
    ),
    "in flight before": (
        [Abort("ALREADY_EXISTS", "payment is in transition")],
        [payment(IN_FLIGHT), settled()],
        ["Progressed", "Progressed", "Settled"],
    ),
    "there, and then not": (
        [Abort("ALREADY_EXISTS", "payment already exists")],
        [NOT_FOUND],
        ["Progressed", "Unknown"],
    ),
    "paid, and expired since": (
        [Abort("UNKNOWN", "invoice expired. Valid until yesterday")],
        [settled()],
        ["Settled"],
    ),
    "expired": (
        [Abort("UNKNOWN", "invoice expired. Valid until yesterday")],
        [NOT_FOUND],
        ["Failed"],
    ),
    "no right to pay": ([Abort("UNKNOWN", "permission denied")], [NOT_FOUND], ["Failed"]),
    "no right to pay, nor to ask": (
        [Abort("UNKNOWN", "permission denied")],
        [Abort("UNKNOWN", "permission denied")],
        ["Unknown"],
    ),
    "bad request": ([Abort("INVALID_ARGUMENT", "no")], [NOT_FOUND], ["Failed"]),
    "locks longer than the node allows": (
        [Abort("UNKNOWN", "total time lock of 1008 exceeds max allowed 500")],
        [NOT_FOUND],
        ["Failed"],
    ),
    "locks shorter than the payee wants": (
        [Abort("UNKNOWN", "cltv limit 100 should be greater than 147")],
        [NOT_FOUND],
        ["Failed"],
    ),
    "own invoice": ([Abort("UNKNOWN", "self-payments not allowed")], [NOT_FOUND], ["Failed"]),
    "an error nobody knows": ([Abort("UNKNOWN", "what?")], [NOT_FOUND], ["Unknown"]),
    "an error inside": ([Abort("INTERNAL", "permission")], [NOT_FOUND], ["Unknown"]),
    "gone": (
        [Abort("UNAVAILABLE", "permission denied by a socket")],
        [NOT_FOUND],
        ["Unknown"],
    ),
    "gone for longer": ([Abort("UNAVAILABLE")], [Abort("UNAVAILABLE")], ["Unknown"]),
    "gone, but paid": ([Abort("UNAVAILABLE")], [settled()], ["Settled"]),
    "gone, and failed": ([Abort("CANCELLED")], [payment(FAILED)], ["Failed"]),
    "cut while in flight": (
        [payment(IN_FLIGHT), Abort("UNAVAILABLE", "cut")],
        [settled()],
        ["Progressed", "Settled"],
    ),
    "cut while in flight, then forgotten": (
        [payment(IN_FLIGHT), Abort("UNAVAILABLE", "cut")],
        [NOT_FOUND],
        ["Progressed", "Unknown"],
    ),
    "refused after it had begun": (
        [payment(IN_FLIGHT), Abort("UNKNOWN", "permission denied")],
        [NOT_FOUND],
        ["Progressed", "Unknown"],
    ),
    "refused, and something else is not found": (
        [Abort("UNKNOWN", "permission denied")],
        [Abort("NOT_FOUND", "no such account")],
        ["Unknown"],
    ),
    "ended too early": ([payment(IN_FLIGHT)], [settled()], ["Progressed", "Settled"]),
    "ended without a word": ([], [NOT_FOUND], ["Unknown"]),
    "ended too early, twice": (
        [payment(IN_FLIGHT)],
        [payment(IN_FLIGHT)],
        ["Progressed", "Progressed", "Unknown"],
    ),
}


@pytest.mark.parametrize("case", TABLE)
async def test_an_error_is_not_believed_before_the_node_was_asked_about_the_hash(
    node: FakeNode, wallet: LndWallet, case: str
) -> None:
    send, track, outcome = TABLE[case]
    node.sends.append(send)
    node.tracks.append(track)
    events = await said(wallet.pay(intent()))
    assert kinds(events) == outcome
    (asked,) = node.requests("TrackPaymentV2")
    assert asked.payment_hash == HASH
    assert len(node.requests("SendPaymentV2")) == 1


@pytest.mark.parametrize(
    ("track", "outcome"),
    [
        ([NOT_FOUND], ["NotFound"]),
        ([settled()], ["Settled"]),
        ([payment(FAILED, failure_reason=2)], ["Failed"]),
        ([payment(IN_FLIGHT), settled()], ["Progressed", "Settled"]),
        ([payment(IN_FLIGHT), NOT_FOUND], ["Progressed", "NotFound"]),
        ([payment(IN_FLIGHT)], ["Progressed", "Unknown"]),
        ([], ["Unknown"]),
        ([Abort("NOT_FOUND", "unable to find something")], ["Unknown"]),
        ([Abort("UNKNOWN", "invoice expired")], ["Unknown"]),
        ([Abort("INVALID_ARGUMENT")], ["Unknown"]),
        ([Abort("PERMISSION_DENIED")], ["Unknown"]),
    ],
)
async def test_tracking_never_sends(
    node: FakeNode, wallet: LndWallet, track: list[Any], outcome: list[str]
) -> None:
    node.tracks.append(track)
    assert kinds(await said(wallet.track(intent()))) == outcome
    assert node.requests("SendPaymentV2") == []


async def test_an_unknown_error_is_quoted_harmlessly(node: FakeNode, wallet: LndWallet) -> None:
    node.tracks.append([Abort("UNKNOWN", "\x1b]0;owned\x07 [@click=app.quit]x[/]")])
    (event,) = await said(wallet.track(intent()))
    assert isinstance(event, PaymentUnknown)
    assert r"\x1b" in str(event.why)
    assert str(event.why).isprintable()


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (Abort("UNAVAILABLE", "connection refused"), True),
        (Abort("UNKNOWN", "the RPC server is in the process of starting up"), True),
        (Abort("UNKNOWN", "what?"), True),
        (Abort("UNKNOWN", "permission denied"), False),
        (Abort("UNKNOWN", "wallet locked"), False),
        (Abort("UNIMPLEMENTED"), False),
    ],
)
async def test_asking_again_is_for_what_passes_by_itself(
    node: FakeNode, wallet: LndWallet, error: Abort, again: bool
) -> None:
    node.tracks.append([error])
    (event,) = await said(wallet.track(intent()))
    assert isinstance(event, PaymentUnknown)
    assert event.ask_again is again


async def test_a_node_that_says_nothing_leaves_the_payment_unknown(
    node: FakeNode, wallet: LndWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lnd_calls, "ASK_SECONDS", 0.2)
    node.sends.append([Hang()])
    node.tracks.append([Hang()])
    async with asyncio.timeout(10):  # the whole payment could take longer
        (event,) = await said(wallet.pay(intent()))
    assert isinstance(event, PaymentUnknown)
    assert event.ask_again


@pytest.mark.usefixtures("hurried")
async def test_a_payment_that_stays_in_flight_is_not_waited_for_for_ever(
    node: FakeNode, wallet: LndWallet
) -> None:
    node.sends.append([payment(IN_FLIGHT), Hang()])
    events = await said(wallet.pay(intent()))
    assert kinds(events) == ["Progressed", "Unknown"]
    assert events[-1] == PaymentUnknown(events[-1].why, ask_again=False)  # type: ignore[union-attr]  # kinds() says so
    assert node.requests("TrackPaymentV2") == []


async def test_who_stops_watching_ends_the_call(node: FakeNode, wallet: LndWallet) -> None:
    node.sends.append([payment(IN_FLIGHT), Hang()])
    async with aclosing(wallet.pay(intent())) as events:
        assert isinstance(await anext(events), PaymentProgressed)
    async with asyncio.timeout(10):
        await node.left.wait()


async def test_a_connection_that_is_cut_is_an_error_like_another(
    node: FakeNode, wallet: LndWallet
) -> None:
    node.sends.append([payment(IN_FLIGHT), Hang()])
    async with aclosing(wallet.pay(intent())) as events:
        assert isinstance(await anext(events), PaymentProgressed)
        await node.stop()
        rest = [event async for event in events]
    assert kinds(rest) == ["Unknown"]


# --- who answers ---------------------------------------------------------------------------------


async def test_another_certificate_of_the_same_issuer_is_refused_before_the_macaroon_leaves(
    node: FakeNode, connect: Connect
) -> None:
    wallet = connect(node.address, CA.issue_cert("127.0.0.1"))
    facts = await wallet.facts()
    assert not facts.ready
    assert "another certificate" in str(facts.trouble)
    (event,) = await said(wallet.track(intent()))
    assert isinstance(event, PaymentUnknown)
    assert node.calls == []


async def test_a_certificate_for_another_name_is_refused(
    kind: type[FakeNode], connect: Connect
) -> None:
    stranger, elsewhere = kind(), CA.issue_cert("node.example")
    await stranger.start(elsewhere)
    facts = await connect(stranger.address, elsewhere).facts()
    assert "not made out to this address" in str(facts.trouble)
    assert stranger.calls == []
    await stranger.stop()


async def test_a_certificate_that_has_expired_is_refused_and_called_so(
    kind: type[FakeNode], connect: Connect
) -> None:
    year = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    old = CA.issue_cert("127.0.0.1", not_before=year[0], not_after=year[1])
    stale = kind()
    await stale.start(old)
    facts = await connect(stale.address, old).facts()
    assert "certificate has expired" in str(facts.trouble)
    assert "tls.key" in str(facts.trouble)
    assert stale.calls == []
    await stale.stop()


@pytest.mark.parametrize("scheme", ["", "https://"])
async def test_a_port_that_speaks_no_tls_is_named(connect: Connect, scheme: str) -> None:
    def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        facts = await connect(f"{scheme}127.0.0.1:{port}").facts()
    assert "does not speak TLS" in str(facts.trouble)


async def test_proxies_of_the_web_are_not_used(
    node: FakeNode, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("grpc_proxy", "https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await connect(node.address).facts()).ready


# --- what it says about itself -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        ("wallet locked, unlock it to enable full RPC access", "lncli unlock"),
        ("wallet not created, create one to enable full RPC access", "lncli create"),
        ("waiting to start, RPC services not available", "still starting"),
        ("the RPC server is in the process of starting up", "still starting"),
        ("permission denied", "does not allow this"),
        ("verification failed: signature mismatch after caveat verification", "not accept the mac"),
        ("cannot get macaroon: root key with id 7 doesn't exist", "not accept the macaroon"),
        ("caveat not satisfied: macaroon has expired", "macaroon: it has expired."),
        ("not satisfied: macaroon locked to different IP address", "for another address"),
        ("not satisfied: macaroon locked to different IP range", "for another address"),
        ("caveat not satisfied: caveat not recognized", "another node's, expired or restricted"),
        ("something new", "something new"),
    ],
)
async def test_trouble_is_told_with_its_cure(
    node: FakeNode, wallet: LndWallet, details: str, sentence: str
) -> None:
    node.info = Abort("UNKNOWN", details)
    facts = await wallet.facts()
    assert (facts.ready, facts.network, facts.node_id) == (False, None, None)
    assert sentence in str(facts.trouble)


async def test_a_macaroon_that_may_not_follow_payments_may_not_pay(
    node: FakeNode, wallet: LndWallet
) -> None:
    node.trial = [Abort("UNKNOWN", "permission denied")]
    facts = await wallet.facts()
    assert not facts.ready
    assert "could not be followed" in str(facts.trouble)
    assert "TrackPaymentV2" in str(facts.trouble)


async def test_a_balance_is_not_needed(node: FakeNode, wallet: LndWallet) -> None:
    assert (await wallet.facts()).balance == 50_000
    node.balance = Abort("UNKNOWN", "permission denied")
    facts = await wallet.facts()
    assert (facts.ready, facts.balance) == (True, None)


@pytest.mark.parametrize(
    ("chain", "network", "real"),
    [
        ("mainnet", "bitcoin", True),
        ("testnet", "testnet", False),
        ("testnet4", "testnet", False),
        ("signet", "signet", False),
        ("regtest", "regtest", False),
        ("simnet", "simnet", False),
    ],
)
async def test_each_chain_has_its_network(
    node: FakeNode, wallet: LndWallet, chain: str, network: str, real: bool
) -> None:
    node.info.chains[0].network = chain
    facts = await wallet.facts()
    assert facts.network is not None
    assert (facts.network.word, facts.real_money, facts.ready) == (network, real, True)


@pytest.mark.parametrize(("chain", "network"), [("litecoin", "mainnet"), ("bitcoin", "moonnet")])
async def test_an_unknown_chain_is_taken_for_real_money_and_is_not_ready(
    node: FakeNode, wallet: LndWallet, chain: str, network: str
) -> None:
    node.info.chains[0].chain, node.info.chains[0].network = chain, network
    facts = await wallet.facts()
    assert (facts.network, facts.ready, facts.real_money) == (None, False, True)


async def test_a_node_that_is_behind_is_not_ready_but_has_its_identity(
    node: FakeNode, wallet: LndWallet
) -> None:
    node.info.synced_to_chain = False
    node.info.alias = "\x1b[31mred"
    facts = await wallet.facts()
    assert not facts.ready
    assert "catching up" in str(facts.trouble)
    assert facts.identity == intent().wallet
    assert str(facts.alias).isprintable()


async def test_a_key_that_is_none_is_trouble(node: FakeNode, wallet: LndWallet) -> None:
    node.info.identity_pubkey = "zz"
    assert not (await wallet.facts()).ready


def test_every_row_can_be_reached() -> None:
    """A row that stands behind one that takes everything of its code would never count."""
    for number, row in enumerate(FAULTS):
        for word in row.words or ("",):
            code = row.code or "UNKNOWN"
            first = next(each for each in FAULTS if each.fits(code, word))
            assert first is row, (number, row.code, word)


async def test_a_payment_under_way_says_when_its_last_lock_runs_out(
    node: FakeNode, wallet: LndWallet
) -> None:
    node.info.block_height = 800_000

    def locked(*locks: tuple[int, int]) -> Any:
        parts = attempts(*(status for status, _ in locks))
        for part, (_, lock) in zip(parts, locks, strict=True):
            part.route.total_time_lock = lock
        return payment(IN_FLIGHT, htlcs=parts)

    await wallet.facts()
    node.tracks.append(
        [
            locked((0, 800_144), (0, 800_100), (2, 900_000)),  # the last one has come back
            locked((0, 799_000), (0, 0)),
            locked((0, 950_000)),  # no lock is that long
            locked((2, 800_144)),
            settled(),
        ]
    )
    *moving, _ = await said(wallet.track(intent()))
    ends = [event.latest_end for event in moving if isinstance(event, PaymentProgressed)]
    assert [end and end.block for end in ends] == [800_144, 799_000, None, None]
    first, second = ends[:2]
    assert first is not None
    assert second is not None
    assert first.at - second.at == 144 * 600

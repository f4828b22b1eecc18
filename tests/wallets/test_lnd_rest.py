"""What does the LND wallet make of REST answers that gRPC could not even carry?

What a node says in words is the same over both lines and tested in test_lnd_faults.py. Here it is
lines that are cut, huge, slow or no JSON, answers of something that is not LND, and what is sent.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, suppress
from pathlib import Path

import pytest
import trustme

from l402tui.flow.events import PaymentSettled, PaymentUnknown, WalletEvent
from l402tui.wallets import lnd, lnd_calls, lnd_json
from l402tui.wallets.lnd import LndWallet
from l402tui.wallets.lnd_calls import RpcFault
from l402tui.wallets.lnd_json import lines_of, payment_of_line

from .lnd_fake import (
    FAILED,
    HASH,
    IN_FLIGHT,
    MACAROON,
    NOT_FOUND,
    PREIMAGE,
    SUCCEEDED,
    Abort,
    Hang,
    attempts,
    intent,
    payment,
    settings,
    settled,
)
from .lnd_rest_fake import Cut, Http, Raw, RestNode, Until, as_json, line

CA = trustme.CA()
CERTIFICATE = CA.issue_cert("127.0.0.1")

Connect = Callable[..., LndWallet]


@pytest.fixture
async def node() -> AsyncIterator[RestNode]:
    fake = RestNode()
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
def wallet(node: RestNode, connect: Connect) -> LndWallet:
    return connect(node.address)


async def said(stream: AsyncIterator[WalletEvent]) -> list[str]:
    return [type(event).__name__.removeprefix("Payment") async for event in stream]


async def only(stream: AsyncIterator[WalletEvent]) -> WalletEvent:
    (event,) = [event async for event in stream]
    return event


# --- what is sent --------------------------------------------------------------------------------


async def test_an_order_is_json_as_protobuf_writes_it(node: RestNode, wallet: LndWallet) -> None:
    node.sends.append([settled()])
    await said(wallet.pay(intent()))
    head, _, body = node.received.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v2/router/send HTTP/1.1\r\n")
    assert json.loads(body) == {
        "payment_request": intent().invoice,
        "fee_limit_msat": "2000",
        "cltv_limit": 1008,
        "timeout_seconds": 15,
        "allow_self_payment": False,
        "amp": False,
    }


async def test_the_persons_own_limit_for_locks_is_sent(node: RestNode, wallet: LndWallet) -> None:
    node.sends.append([settled()])
    await said(LndWallet(wallet._calls, 15, cltv_limit=300).pay(intent()))
    assert json.loads(node.received.partition(b"\r\n\r\n")[2])["cltv_limit"] == 300


async def test_a_payment_is_followed_by_its_hash_in_url_safe_letters(
    node: RestNode, wallet: LndWallet
) -> None:
    node.tracks.append([settled()])
    await said(wallet.track(intent()))
    (asked,) = node.requests("TrackPaymentV2")
    assert asked.payment_hash == HASH
    target = node.received.split(b" ", 2)[1]
    assert target.startswith(b"/v2/router/track/")
    assert b"+" not in target
    assert target.count(b"/") == 4


async def test_only_what_is_needed_leaves(node: RestNode, wallet: LndWallet) -> None:
    node.sends.append([settled()])
    await said(wallet.pay(intent()))
    head = node.received.partition(b"\r\n\r\n")[0].decode().lower()
    names = {each.partition(":")[0] for each in head.splitlines()[1:]}
    assert names == {
        "host",
        "accept",
        "accept-encoding",
        "content-type",
        "content-length",
        "grpc-metadata-macaroon",
    }
    assert f"grpc-metadata-macaroon: {MACAROON.hex()}" in head.splitlines()


async def test_the_macaroon_is_in_no_log_and_in_no_error(
    node: RestNode, wallet: LndWallet, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    node.sends.append([Abort("UNAVAILABLE")])
    node.tracks.append([Cut()])
    await said(wallet.pay(intent()))
    await wallet.facts()
    assert MACAROON.hex() not in caplog.text
    assert MACAROON.hex() not in repr(vars(wallet))


ALONE = """
import asyncio, sys
for name in ("grpc", "lndgrpc", "google.protobuf"):
    sys.modules[name] = None
from l402tui.settings import LndSettings
from l402tui.wallets.lnd import LndWallet
async def main():
    wallet = LndWallet.connect(LndSettings(*sys.argv[1:]))
    facts = await wallet.facts()
    await wallet.close()
    print(facts.ready, facts.identity)
asyncio.run(main())
assert "l402tui.wallets.lnd_rpc" not in sys.modules
"""


async def test_it_needs_no_grpc(node: RestNode, tmp_path: Path) -> None:
    given = settings(tmp_path, node.address, CERTIFICATE)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ALONE,
        given.rpcserver,
        given.tlscertpath,
        given.macaroonpath,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (out.decode().split(), err) == (["True", intent().wallet], b"")


# --- lines ---------------------------------------------------------------------------------------

LINES = (
    line(payment(IN_FLIGHT, htlcs=attempts(0))),
    line(payment(IN_FLIGHT, htlcs=attempts(2, 0))),
    line(settled()),
)
WHOLE = b"".join(LINES)


async def test_many_lines_in_one_piece_are_many_lines(node: RestNode, wallet: LndWallet) -> None:
    node.sends.append([Raw(WHOLE)])
    assert await said(wallet.pay(intent())) == ["Progressed", "Progressed", "Settled"]


async def test_a_line_in_many_pieces_is_one_line(node: RestNode, wallet: LndWallet) -> None:
    node.sends.append([Raw(bytes([each])) for each in WHOLE])
    assert await said(wallet.pay(intent())) == ["Progressed", "Progressed", "Settled"]


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\n\n  \n"])
async def test_the_last_line_counts_however_it_ends(
    node: RestNode, wallet: LndWallet, end: bytes
) -> None:
    node.sends.append([Raw(b"\n" + LINES[2].rstrip() + end)])
    assert await said(wallet.pay(intent())) == ["Settled"]
    assert node.requests("TrackPaymentV2") == []


async def test_nothing_is_read_after_a_result(node: RestNode, wallet: LndWallet) -> None:
    node.sends.append([Raw(LINES[2] + LINES[0] + b"junk\n")])
    assert await said(wallet.pay(intent())) == ["Settled"]


CUTS = sorted(
    {0, 1, len(LINES[0]) // 2, len(WHOLE) - 2, len(WHOLE) - 1}
    | {len(b"".join(LINES[:n])) + off for n in (1, 2) for off in (-1, 0, 1)}
)


@pytest.mark.parametrize("size", CUTS)
@pytest.mark.parametrize("clean", [True, False], ids=["ended", "cut"])
async def test_a_stream_that_ends_anywhere_ends_nothing(
    node: RestNode, wallet: LndWallet, size: int, clean: bool
) -> None:
    begun = [Raw(WHOLE[:size])] if size else []
    node.sends.append([*begun] if clean else [*begun, Cut()])
    node.tracks.append([NOT_FOUND])
    events = await said(wallet.pay(intent()))
    settles = clean and size == len(WHOLE) - 1  # only the line's end is missing
    assert events[-1] == ("Settled" if settles else "Unknown")
    assert set(events[:-1]) <= {"Progressed"}
    assert len(node.requests("SendPaymentV2")) == 1


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_wherever_a_stream_is_cut_its_whole_lines_are_read_and_no_half_one() -> None:
    for size in range(len(WHOLE) + 1):
        cut, whole = WHOLE[:size], 0
        async for told in lines_of(pieces(cut[: size // 2], cut[size // 2 :])):
            with suppress(RpcFault):
                payment_of_line(told)
                whole += 1
        closed = cut.count(b"\n") + (WHOLE[size : size + 1] == b"\n")
        assert whole == closed, size


async def test_half_a_line_is_not_waited_for_for_ever(
    node: RestNode, wallet: LndWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lnd_calls, "ASK_SECONDS", 0.2)
    node.sends.append([Raw(LINES[2][:40]), Hang()])
    node.tracks.append([settled()])
    async with asyncio.timeout(10):
        assert await said(wallet.pay(intent())) == ["Settled"]
        await node.left.wait()


async def test_only_the_first_word_must_come_soon(
    node: RestNode, wallet: LndWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = asyncio.Event()
    node.sends.append([payment(IN_FLIGHT), Until(later), settled()])
    async with aclosing(wallet.pay(intent())) as events:
        await anext(events)
        loop = asyncio.get_running_loop()
        now = loop.time
        monkeypatch.setattr(loop, "time", lambda: now() + lnd_calls.ASK_SECONDS + 1)
        later.set()
        assert [type(event) async for event in events] == [PaymentSettled]


async def test_half_a_later_line_is_a_payment_that_is_held(
    node: RestNode, wallet: LndWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lnd, "_GRACE", -14.8)
    slow = connect_again(wallet)
    node.sends.append([Raw(LINES[0] + LINES[1][:40]), Hang()])
    async with aclosing(slow.pay(intent())) as events:
        *_, last = [event async for event in events]
    assert isinstance(last, PaymentUnknown)
    assert "on its way" in str(last.why)


def connect_again(wallet: LndWallet) -> LndWallet:
    """The same wallet, with the patience that is patched now."""
    return LndWallet(wallet._calls, 15)


async def test_a_long_line_is_read_and_a_huge_one_is_not(node: RestNode, wallet: LndWallet) -> None:
    told = as_json(settled())
    told["note"] = "x" * (lnd_json.LINE_LIMIT - 10_000)
    node.sends.append([Raw(json.dumps({"result": told}).encode() + b"\n")])
    assert await said(wallet.pay(intent())) == ["Settled"]
    told["note"] = "x" * lnd_json.LINE_LIMIT
    node.sends.append([Raw(json.dumps({"result": told}).encode() + b"\n")])
    node.tracks.append([NOT_FOUND])
    assert await said(wallet.pay(intent())) == ["Unknown"]


async def test_a_line_that_never_ends_is_given_up(node: RestNode, wallet: LndWallet) -> None:
    node.tracks.append([*[Raw(b"x" * 2**20)] * 5, Hang()])
    async with asyncio.timeout(10):
        assert await said(wallet.track(intent())) == ["Unknown"]
        await node.left.wait()


async def test_a_stream_that_never_ends_is_given_up(
    node: RestNode, wallet: LndWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lnd_json, "STREAM_LIMIT", 100_000)
    node.sends.append([*[Raw(LINES[0] * 10)] * 100, Hang()])
    node.tracks.append([settled()])
    async with asyncio.timeout(10):
        assert await said(wallet.pay(intent())) == ["Progressed", "Settled"]


def changed(**changes: object) -> bytes:
    """A settled payment's line with other values in it; None leaves one out."""
    told = {**as_json(settled()), **changes}
    told = {name: value for name, value in told.items() if value is not None}
    return json.dumps({"result": told}).encode()


NOT_JSON = {
    "text": b"payment sent",
    "an array": b"[]",
    "null": b"null",
    "half": LINES[2][:-3],
    "two on one line": LINES[2].strip() * 2,
    "not UTF-8": LINES[2].strip().replace(b"SUCCEEDED", b"\xff"),
    "UTF-16": LINES[2].decode().strip().encode("utf-16"),
    "no number": b'{"result": NaN}',
    "too deep": b"[" * 100_000,
    "too long a number": b'{"result": ' + b"9" * 5000 + b"}",
    "nothing in it": b"{}",
    "no object": b'{"result": "SUCCEEDED"}',
    "a name twice": LINES[2].strip().replace(b'"status"', b'"status": "FAILED", "status"'),
    "no hash": changed(payment_hash=None),
    "a hash that is a number": changed(payment_hash=7),
    "no preimage": changed(payment_preimage=None),
    "result and error": LINES[2].strip()[:-1] + b', "error": {}}',
    "an error without a code": b'{"error": {"message": "permission denied"}}',
    "an error that is none": b'{"error": {"code": 0, "message": "permission denied"}}',
    "an error nobody knows": b'{"error": {"code": 99, "message": "permission denied"}}',
    "an error's code in words": b'{"error": {"code": "5", "message": "permission denied"}}',
    "an error's code is true": b'{"error": {"code": true, "message": "permission denied"}}',
    "an error without a message": b'{"error": {"code": 7}}',
    "an error in words": b'{"error": "permission denied"}',
}


@pytest.mark.parametrize("case", NOT_JSON)
async def test_what_lnd_would_not_write_says_nothing_about_the_payment(
    node: RestNode, wallet: LndWallet, case: str
) -> None:
    for truth, outcome in ((NOT_FOUND, "Unknown"), (settled(), "Settled")):
        node.sends.append([Raw(NOT_JSON[case] + b"\n")])
        node.tracks.append([truth])
        assert await said(wallet.pay(intent())) == [outcome]
        node.tracks.append([Raw(NOT_JSON[case] + b"\n")])
        assert await said(wallet.track(intent())) == ["Unknown"]


@pytest.mark.parametrize(
    ("changes", "fee"),
    [
        ({"fee_msat": "1234"}, 1234),
        ({"fee_msat": 1234}, 1234),
        ({"fee_msat": "much"}, None),
        ({"fee_msat": None}, None),
        ({"fee_msat": "9" * 5000}, None),
        ({"fee_msat": 1.5}, None),
        ({"fee_msat": True}, None),
        ({"htlcs": "none", "fee_msat": "0"}, 0),
        ({"htlcs": [1, {}, {"status": "LOST"}], "fee_msat": "0"}, 0),
        ({"status": "SETTLED_SOMEHOW", "fee_msat": "0"}, 0),
        ({"status": None, "fee_msat": "0"}, 0),
        ({"failure_reason": "FAILURE_REASON_NEW", "fee_msat": "0"}, 0),
    ],
)
async def test_a_preimage_is_not_lost_for_what_stands_beside_it(
    node: RestNode, wallet: LndWallet, changes: dict[str, object], fee: int | None
) -> None:
    node.sends.append([Raw(changed(**changes))])
    event = await only(wallet.pay(intent()))
    assert isinstance(event, PaymentSettled)
    assert (event.preimage.reveal(), event.fee) == (PREIMAGE, fee)


@pytest.mark.parametrize("status", ["INITIATED", "NEW", 4, 99, None, ["FAILED"], {}])
async def test_a_status_nobody_knows_is_on_its_way(
    node: RestNode, wallet: LndWallet, status: object
) -> None:
    told = changed(status=status, payment_preimage="00" * 32)
    node.sends.append([Raw(told + b"\n" + LINES[2])])
    assert await said(wallet.pay(intent())) == ["Progressed", "Settled"]


async def test_names_and_numbers_of_an_enum_are_the_same(node: RestNode, wallet: LndWallet) -> None:
    for status, reason in (("FAILED", "FAILURE_REASON_NO_ROUTE"), (FAILED, 2)):
        node.sends.append(
            [Raw(changed(status=status, failure_reason=reason, payment_preimage="00" * 32))]
        )
        event = await only(wallet.pay(intent()))
        assert "found no route to the payee within" in str(getattr(event, "why", ""))
    node.sends.append([Raw(changed(status=SUCCEEDED, payment_preimage="11" * 32))])
    assert await said(wallet.pay(intent())) == ["Settled"]


async def test_a_failure_with_a_new_name_is_named(node: RestNode, wallet: LndWallet) -> None:
    reason = "FAILURE_REASON_\x1b[31m"
    node.sends.append([Raw(changed(status="FAILED", failure_reason=reason, payment_preimage=""))])
    event = await only(wallet.pay(intent()))
    assert r"FAILURE_REASON_\x1b" in str(getattr(event, "why", ""))


# --- what is not LND -----------------------------------------------------------------------------


def page(status: str, body: bytes = b"<h1>permission denied</h1>", more: str = "") -> Http:
    head = f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return Http(head.encode() + body)


NOT_A_NODE = {
    "another site": page("200 OK"),
    "another site's 404": page("404 Not Found"),
    "another API's 404": page("404 Not Found", b'{"code": 5, "error": "no such thing"}'),
    "a proxy": page("502 Bad Gateway"),
    "a door": page("403 Forbidden"),
    "a way elsewhere": page("302 Found", b"", "Location: https://127.0.0.1:1/\r\n"),
    "nothing": page("204 No Content", b""),
    "packed": page("200 OK", gzip.compress(LINES[2]), "Content-Encoding: gzip\r\n"),
    "no HTTP": Http(b"SSH-2.0-nothing\r\n\r\n"),
    "too much of a head": Http(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2**20 + b"\r\n\r\n"),
    "too much of an error": page("500 Oops", b'{"code": 2, "message": "' + b"x" * 2**20 + b'"}'),
    "half an error": Http(b'HTTP/1.1 404 -\r\nContent-Length: 99\r\n\r\n{"code": 5'),
}


@pytest.mark.parametrize("case", NOT_A_NODE)
async def test_what_is_not_lnd_can_neither_refuse_nor_forget_a_payment(
    node: RestNode, wallet: LndWallet, case: str
) -> None:
    node.sends.append([NOT_A_NODE[case], Cut()])
    node.tracks.append([NOT_FOUND])
    assert await said(wallet.pay(intent())) == ["Unknown"]
    node.tracks.append([NOT_A_NODE[case], Cut()])
    assert await said(wallet.track(intent())) == ["Unknown"]
    assert len(node.requests("SendPaymentV2")) == 1


async def test_what_is_not_lnd_is_told_at_once(node: RestNode, wallet: LndWallet) -> None:
    node.info = page("200 OK")
    facts = await wallet.facts()
    assert not facts.ready
    assert "does not answer as LND's REST does" in str(facts.trouble)


async def test_an_answer_that_is_too_long_is_not_read(node: RestNode, wallet: LndWallet) -> None:
    told = {**as_json(node.info), "note": "x" * 300_000}
    node.info = json.dumps(told).encode()
    assert "does not answer as LND" in str((await wallet.facts()).trouble)


@pytest.mark.parametrize(
    "told",
    [
        {"alias": "alice"},
        {"identity_pubkey": 1, "alias": "alice", "chains": []},
        {"identity_pubkey": "02" * 33, "alias": "alice", "chains": "bitcoin"},
    ],
)
async def test_a_node_that_does_not_say_who_it_is_is_not_ready(
    node: RestNode, wallet: LndWallet, told: dict[str, object]
) -> None:
    node.info = json.dumps(told).encode()
    assert not (await wallet.facts()).ready


@pytest.mark.parametrize("chain", [7, {}, {"chain": "bitcoin"}, {"network": "regtest"}])
async def test_a_chain_without_a_name_is_not_known(
    node: RestNode, wallet: LndWallet, chain: object
) -> None:
    told = {**as_json(node.info), "chains": [chain]}
    node.info = json.dumps(told).encode()
    facts = await wallet.facts()
    assert (facts.ready, facts.network, facts.real_money) == (False, None, True)


@pytest.mark.parametrize("told", [b"{}", b'{"local_balance": {"msat": "lots"}}', b"[]"])
async def test_a_balance_that_cannot_be_read_is_none(
    node: RestNode, wallet: LndWallet, told: bytes
) -> None:
    node.balance = told
    facts = await wallet.facts()
    assert (facts.ready, facts.balance) == (True, None)


async def test_an_address_that_is_not_served_is_no_payment_that_is_not_found(
    node: RestNode, wallet: LndWallet
) -> None:
    node.tracks.append([Abort("NOT_FOUND", "Not Found")])
    event = await only(wallet.track(intent()))
    assert isinstance(event, PaymentUnknown)
    assert "lncli unlock" in str(event.why)
    node.trial = [Abort("NOT_FOUND", "Not Found")]
    assert "could not be followed" in str((await wallet.facts()).trouble)


# --- who gets what -------------------------------------------------------------------------------


async def test_nothing_leaves_before_the_certificate_was_right(
    node: RestNode, connect: Connect
) -> None:
    wallet = connect(node.address, CA.issue_cert("127.0.0.1"))
    assert "another certificate" in str((await wallet.facts()).trouble)
    assert await said(wallet.pay(intent())) == ["Unknown"]
    assert await said(wallet.track(intent())) == ["Unknown"]
    assert (node.received, node.calls) == (b"", [])


async def test_a_certificate_that_changes_while_it_runs_is_refused(
    node: RestNode, wallet: LndWallet
) -> None:
    assert (await wallet.facts()).ready
    port = node.port
    await node.stop()
    imposter = RestNode()
    await imposter.start(CA.issue_cert("127.0.0.1"), port)
    assert await said(wallet.pay(intent())) == ["Unknown"]
    assert (imposter.received, imposter.calls) == (b"", [])
    await imposter.stop()


async def test_the_bytes_on_the_line_hold_no_macaroon(connect: Connect) -> None:
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(65536))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        wallet = connect(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        assert await said(wallet.pay(intent())) == ["Unknown"]
    assert heard.startswith(b"\x16\x03")  # a TLS handshake
    assert MACAROON.hex().encode() not in heard
    assert intent().invoice.encode() not in heard


async def test_a_handshake_that_hangs_is_given_up_and_closed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lnd_calls, "ASK_SECONDS", 0.2)
    gone = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # to the end of the connection
        gone.set()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        wallet = connect(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        event = await only(wallet.track(intent()))
        assert isinstance(event, PaymentUnknown)
        assert "does not answer in time" in str(event.why)
        async with asyncio.timeout(10):
            await gone.wait()


async def test_a_way_elsewhere_is_not_gone(node: RestNode, connect: Connect) -> None:
    elsewhere = RestNode()
    await elsewhere.start(CERTIFICATE)
    node.info = page("307 Temporary", b"", f"Location: {elsewhere.address}/v1/getinfo\r\n")
    assert not (await connect(node.address).facts()).ready
    assert elsewhere.received == b""
    await elsewhere.stop()


async def test_each_call_has_a_connection_of_its_own(node: RestNode, wallet: LndWallet) -> None:
    """None is sent into one that the node is about to close."""
    for _ in range(2):
        assert (await wallet.facts()).ready
    assert node.accepted == len(node.calls) == 6

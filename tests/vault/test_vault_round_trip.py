"""Whatever a request or an intent holds comes back the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from l402tui.flow.model import Intent, IntentState, Request
from l402tui.protocol.amount import MAX_MSAT, Msat
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.vault import SqliteVault

any_text = st.text(st.characters(exclude_categories=()))
words = st.text()
msat = st.integers(0, MAX_MSAT).map(Msat)
times = st.floats(0, 1e12)
urls = st.builds(
    Url,
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from(["shop.example", "127.0.0.1", "::1", "xn--bcher-kva.example"]),
    port=st.integers(1, 65535),
    path=st.sampled_from(["/", "/a/b", "//", "/%C3%A9" * 3_000]),
    query=st.sampled_from(["", "a=b&c", "?"]),
)
requests = st.builds(
    Request,
    url=urls,
    method=any_text,
    headers=st.lists(st.tuples(any_text, any_text), max_size=4).map(tuple),
    body=st.binary(max_size=200),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteVault]:
    path: Path = tmp_path_factory.mktemp("round") / "home"
    with SqliteVault.open(path) as vault:
        yield vault


@settings(max_examples=60, deadline=None)
@given(request=requests, at=times)
@example(Request(Url.parse("http://a/"), "\ud800", (("\ud83d\ude00", "😀\0"),), b"\0"), 0.0)
def test_requests(shared: SqliteVault, request: Request, at: float) -> None:
    row = shared.exchange(shared.open_exchange(request, at))
    assert row is not None
    assert (row.request, row.at) == (request, at)
    assert row.request.fingerprint == request.fingerprint


reservations = st.builds(
    Intent,
    payment_hash=st.just(b""),
    state=st.just(IntentState.RESERVED),
    request=requests,
    scheme=words,
    token=st.binary().map(Secret),
    invoice=words,
    amount=msat,
    fee_cap=msat,
    wallet=words,
    created=times,
    expires=times,
    challenge=st.binary(),
    preimage=st.none(),
    fee=st.none() | msat,
    reason=words,
    updated=times,
)
fresh = (sha256(b"%d" % number).digest() for number in count())
"""Preimages that were never used before: the vault is shared by all examples."""


@settings(max_examples=60, deadline=None)
@given(drawn=reservations, fee=msat)
def test_intents(shared: SqliteVault, drawn: Intent, fee: Msat) -> None:
    preimage = next(fresh)
    wanted = replace(drawn, payment_hash=sha256(preimage).digest())
    assume(shared.unfinished(wanted.request) is None)
    assert shared.reserve(wanted) is None
    assert shared.intent(wanted.payment_hash) == wanted
    assert shared.unfinished(wanted.request) is not None
    held = shared.store_paid(wanted.payment_hash, Secret(preimage), at=wanted.updated, fee=fee)
    assert held == wanted.held(Secret(preimage), fee)
    assert shared.intent(wanted.payment_hash) == wanted.to(
        IntentState.PAID, preimage=Secret(preimage), fee=fee, reason=""
    )
    assert held in shared.credentials(wanted.request)
    shared.record(wanted.payment_hash, IntentState.ACTIVE, at=wanted.updated)

"""Are the checks complete, in order, deterministic, and do they survive whatever a server sends?

What each of them says is in the tables of ``test_checks_bill`` and ``test_checks_money``.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from l402tui.flow import checks
from l402tui.flow.bill import read_bill
from l402tui.flow.checks import CHECKS, examine
from l402tui.flow.findings import Facts, Severity
from l402tui.flow.model import (
    Intent,
    IntentState,
    Limits,
    Memory,
    PayeeMemory,
    PriceMemory,
    Spending,
    Timing,
    Unsettled,
)
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.features import Features
from l402tui.protocol.network import Network
from tests.flow import makers as m
from tests.flow import test_checks_bill, test_checks_money
from tests.flow.checking import (
    ELSEWHERE,
    HTTP_FAR,
    LOOPBACK,
    TOKEN,
    at,
    challenged,
    facts,
    finding,
    third_party,
    with_body,
    with_caveats,
    with_headers,
)

CASES = test_checks_bill.CASES + test_checks_money.CASES
FOLDER = Path(checks.__file__).parent


def test_a_good_bill_passes_every_check() -> None:
    found = examine(m.FACTS)
    assert {one.severity for one in found} == {Severity.PASS, Severity.INFO}
    assert [one.check for one in found] == [check.number for check in CHECKS]


def test_all_but_the_last_are_here() -> None:
    """C27, whether an approval is still fresh, is the flow's own."""
    assert [check.number for check in CHECKS] == [f"C{number:02}" for number in range(1, 27)]


def test_every_check_says_why_it_is_made() -> None:
    assert all(check.why.endswith((".", "?")) for check in CHECKS)
    assert len({check.title for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("number", ["C03", "C09", "C18"])
def test_a_check_that_does_not_apply_is_silent(number: str) -> None:
    given = replace(at(LOOPBACK), wallet=None)
    assert number not in {one.check for one in examine(given)}


def test_a_bill_that_cannot_be_read_is_blocked_and_nothing_stumbles() -> None:
    found = examine(challenged("L402 nonsense"))
    assert Severity.BLOCK in {one.severity for one in found}


def test_what_the_seller_writes_cannot_move_the_terminal() -> None:
    text = "cheap\x1b]52;c;aGk=\x07 \u202e 0 sat [@click=app.quit]x[/]"
    found = finding("C24", facts(bill=m.bill_for(m.invoice(description=text))))
    assert found.sentence.text.isprintable()
    assert "\\x1b]52" in found.sentence.text


# --- everything that can be said is said in some row --------------------------------------------


def _answers() -> Iterator[tuple[str, int]]:
    """Where the checks answer: every line of a return or a yield that says something."""
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                yield path.name, node.lineno


def test_every_answer_is_given_in_some_row() -> None:
    seen: set[tuple[str, int]] = set()

    def watch(frame: FrameType, event: str, argument: object) -> Any:
        path = Path(frame.f_code.co_filename)
        if path.parent != FOLDER:
            return None
        seen.add((path.name, frame.f_lineno))
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        for _, _, _, row in CASES:
            examine(row)
        examine(replace(at(LOOPBACK), wallet=None))
    finally:
        sys.settrace(before)
    never = sorted(set(_answers()) - seen - {("making.py", _line_of("making.py", "lambda"))})
    assert not never


def _line_of(name: str, words: str) -> int:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    (found,) = [number for number, line in enumerate(lines, 1) if words in line]
    return found


# --- whatever comes -----------------------------------------------------------------------------

HEADERS = st.sampled_from(
    [b"Age", b"Cache-Control", b"Cache-Status", b"X-Cache", b"Expires", b"Date", b"Content-Type"]
)
VALUES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"0",
            b"9" * 30,
            b"public, max-age=99999999999",
            b"application/json",
            b"Mon, 01 Jan 0001 00:00:00 -2359",
            b"Fri, 31 Dec 9999 23:59:59 -2359",
        ]
    ),
)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.sampled_from(["sat", "msat", "lightning", m.INVOICE.text, TOKEN, "mainnet"]),
)
NAMES = st.sampled_from(
    ["invoice", "macaroon", "token", "amount", "amount_sats", "sats", "unit", "currency",
     "network", "r_hash", "payment_hash", "methodDetails", "paymentHash"]
)  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=60),
    st.dictionaries(NAMES, st.one_of(PLAIN, st.dictionaries(NAMES, PLAIN, max_size=3)), max_size=6),
)
CAVEATS = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=30),
        st.builds(
            lambda name, value: b"%s=%s" % (name, value),
            st.sampled_from([b"services", b"weather_valid_until", b"expiration", b"path"]),
            st.one_of(st.binary(max_size=12), st.integers().map(lambda n: b"%d" % n)),
        ),
    ),
    max_size=4,
)
MONEY = st.integers(0, 10**18).map(Msat)
MAYBE_MONEY = st.one_of(st.none(), MONEY)
TIMES = st.one_of(st.none(), st.floats(0, 2e10))
ORIGINS = st.one_of(st.none(), st.text(max_size=12))


@st.composite
def bills(draw: st.DrawFn) -> Facts:
    """Whatever a server may send."""
    kind = draw(st.sampled_from(["plain", "caveats", "body", "strange", "third"]))
    if kind == "caveats":
        return with_caveats(*draw(CAVEATS))
    if kind == "body":
        return with_body(draw(BODIES))
    if kind == "third":
        return third_party()
    if kind == "strange":
        return challenged("L402 " + draw(st.text('abcL402=", {}', max_size=60)))
    headers = draw(st.lists(st.tuples(HEADERS, VALUES), max_size=4))
    return with_headers(*headers)


@st.composite
def anything(draw: st.DrawFn) -> Facts:
    """Whatever a server, a wallet and a vault may say."""
    given = draw(bills())
    if given.bill.invoice is not None:
        changes = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "amount": MAYBE_MONEY,
                    "created": st.integers(0, 2**35),
                    "expiry": st.integers(0, 2**63),
                    "min_final_cltv_expiry": st.integers(0, 2**64),
                    "features": st.integers(0, 2**40).map(Features),
                    "network": st.sampled_from(Network),
                    "description": st.one_of(st.none(), st.binary(max_size=20)),
                },
            )
        )
        invoice = replace(given.bill.invoice, **changes)
        given = replace(given, bill=replace(given.bill, invoice=invoice))
    known: Intent | None = draw(
        st.one_of(st.none(), st.sampled_from(IntentState).map(lambda state: m.PAID.to(state)))
    )
    memory = Memory(
        PayeeMemory(
            draw(st.booleans()), draw(st.one_of(st.none(), st.binary(max_size=33))), draw(TIMES),
            draw(ORIGINS),
        ),
        PriceMemory(
            tuple(draw(st.lists(MONEY, max_size=5))), draw(TIMES), draw(MAYBE_MONEY), draw(TIMES)
        ),
        Unsettled(draw(st.integers(0, 9)), draw(MONEY)),
        draw(ORIGINS),
        draw(st.booleans()),
    )  # fmt: skip
    limits = Limits(draw(MONEY), draw(MONEY), *(draw(MAYBE_MONEY) for _ in range(7)))
    return replace(
        given,
        request=replace(m.REQUEST, url=draw(st.sampled_from([m.URL, ELSEWHERE, HTTP_FAR]))),
        wallet=draw(st.sampled_from([None, m.WALLET, replace(m.WALLET, network=None)])),
        limits=limits,
        now=draw(st.floats(0, 2e10)),
        answered_at=draw(TIMES),
        spending=Spending(*(draw(MONEY) for _ in range(5))),
        timing=Timing(draw(st.integers(0, 5)), draw(TIMES), draw(TIMES)),
        memory=memory,
        known=known,
        agent=draw(st.booleans()),
        writable=draw(st.booleans()),
        refused=draw(st.sampled_from([None, m.HELD])),
    )


@settings(max_examples=400, deadline=None)
@given(anything())
@example(facts(now=0.0))
def test_whatever_comes_every_check_answers_and_always_the_same(given: Facts) -> None:
    found = examine(given)
    assert found == examine(given)
    numbers = [one.check for one in found]
    assert numbers == sorted(set(numbers))
    for one in found:
        assert one.sentence.text
        assert one.sentence.text.isprintable()
        assert one.todo.text.isprintable() or not one.todo.text


@settings(max_examples=200, deadline=None)
@given(anything(), st.sampled_from(["agent", "unwritable", "poorer", "later"]))
def test_what_is_worse_is_never_found_to_be_better(given: Facts, how: str) -> None:
    """A program gets no milder answers than a person, and less money or time opens nothing."""
    if how == "later" and given.invoice is not None:
        # Before it was made, an invoice is refused for that alone.
        given = replace(given, now=max(given.now, float(given.invoice.created)))
    worse = {
        "agent": replace(given, agent=True),
        "unwritable": replace(given, writable=False),
        "poorer": replace(given, limits=replace(given.limits, payment=sat(0), at_most=None)),
        "later": replace(given, now=given.now + 10**10),
    }[how]
    # Memories fade: what is long ago is looked at more mildly, an invoice is not.
    only = {"C16"} if how == "later" else {check.number for check in CHECKS}
    assert _worst(worse, only) >= _worst(given, only)


def _worst(given: Facts, only: set[str]) -> int:
    order = list(Severity)
    return max(
        (order.index(one.severity) for one in examine(given) if one.check in only), default=0
    )


def test_a_pair_of_headers_is_read_like_one() -> None:
    lines = (b"Cache-Control", b"max-age=60"), (b"Cache-Control", b"no-store")
    assert finding("C05", with_headers(*lines)).severity is Severity.PASS


def test_a_bill_of_another_kind_is_examined_too() -> None:
    response = m.answer(402, ((b"WWW-Authenticate", b"Payment realm=x"),), b"{}")
    assert Severity.BLOCK in {one.severity for one in examine(facts(bill=read_bill(response)))}

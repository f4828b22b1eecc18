"""What does a wallet's own list say about a vault that was restored?"""

from __future__ import annotations

from dataclasses import replace

from l402tui.flow.findings import Severity
from l402tui.flow.restored import Sent, reconcile
from l402tui.protocol.amount import Msat, sat
from tests.flow import makers as m
from tests.flow.checking import facts, finding

STRANGE = Sent(bytes(32), sat(10), Msat(1_500), m.NOW, True)


def sent(payment_hash: bytes, settled: bool | None = True) -> Sent:
    return Sent(payment_hash, m.PRICE, m.FEE, m.NOW, settled)


def test_each_payment_is_known_open_or_strange() -> None:
    known = {m.HASH: m.PAID, m.IN_FLIGHT.payment_hash: m.IN_FLIGHT}
    other = replace(m.UNKNOWN, payment_hash=b"o" * 32)
    known[other.payment_hash] = other
    found = reconcile([sent(m.HASH), sent(other.payment_hash, None), STRANGE], known.get)
    assert found.known == 2
    assert [each.payment_hash for each in found.open if each is other] == [other.payment_hash]
    assert found.unattributed == (STRANGE,)
    assert found.missing == 11_500


def test_nothing_sent_nothing_missing() -> None:
    found = reconcile([], lambda payment_hash: None)
    assert (found.known, found.open, found.unattributed, found.missing) == (0, (), (), 0)


def test_a_person_has_to_look_at_an_older_copy() -> None:
    found = finding("C26", facts(behind=3))
    assert found.severity is Severity.ASK
    assert "3 payments are not in it" in found.sentence.text
    assert found.todo is not None
    assert "payments reconcile" in found.todo.text
    assert "1 payment is not in it" in finding("C26", facts(behind=1)).sentence.text
    assert finding("C26", facts()).severity is Severity.PASS

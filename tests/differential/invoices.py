"""Do this program and ``bolt11`` read the same invoices, and read them alike?"""

from __future__ import annotations

import random
import re
from typing import Any, Final

from l402tui.protocol.features import Features
from tests.differential.invoice_cases import random_case
from tests.differential.invoice_facts import Facts
from tests.differential.invoice_readings import read_ours, read_theirs
from tests.differential.table import ACCEPTED, Difference, Report, Row, judge

_AMOUNT = re.compile(r"(\d*)([munp]?)", re.ASCII)
_DIVISOR = {"": 1, "m": 10**3, "u": 10**6, "n": 10**9, "p": 10**12}
_MSAT = 10**11


# --- the table -----------------------------------------------------------------------------------


def _mixes_case(facts: Facts, _: Difference) -> bool:
    return facts.text not in (facts.text.lower(), facts.text.upper())


def _outside_ascii(facts: Facts, _: Difference) -> bool:
    return any(ord(char) > 127 for char in facts.text)


def _is_long(facts: Facts, _: Difference) -> bool:
    return len(facts.text) > 7_089


def _prefix_goes_on(facts: Facts, _: Difference) -> bool:
    return not facts.network or _AMOUNT.fullmatch(facts.amount) is None


def _amount(facts: Facts) -> re.Match[str] | None:
    return _AMOUNT.fullmatch(facts.amount) if facts.amount else None


def _amount_not_plain(facts: Facts, _: Difference) -> bool:
    match = _amount(facts)
    return match is not None and (match[1] == "" or match[1].startswith("0"))


def _amount_is_a_fraction(facts: Facts, _: Difference) -> bool:
    match = _amount(facts)
    return match is not None and bool(int(match[1]) * _MSAT % _DIVISOR[match[2]])


def _amount_is_too_much(facts: Facts, _: Difference) -> bool:
    match = _amount(facts)
    return match is not None and int(match[1]) > 21_000_000 * _DIVISOR[match[2]]


def _padding_is_wrong(facts: Facts, _: Difference) -> bool:
    return facts.padding_is_wrong()


def _requires_the_unknown(facts: Facts, _: Difference) -> bool:
    return bool(Features(facts.number("9")).unknown_required)


def _is_described_twice(facts: Facts, _: Difference) -> bool:
    return bool(facts.counted("d") and facts.counted("h"))


def _number_is_too_big(facts: Facts, _: Difference) -> bool:
    return any(facts.number(tag) >= 2**64 for tag in "xc")


def _address_is_impossible(facts: Facts, _: Difference) -> bool:
    def fits(version: int, size: int) -> bool:
        if version in (17, 18):
            return size == 20
        return size in (20, 32) if version == 0 else 2 <= size <= 40

    return not all(fits(version, len(program)) for version, program in facts.fallbacks())


def _hop_is_not_whole(facts: Facts, _: Difference) -> bool:
    sizes = [5 * len(values) // 8 for values in facts.counted("r")]
    return any(not size or size % 51 for size in sizes)


def _is_simnet(facts: Facts, _: Difference) -> bool:
    return facts.network == "sb"


def _number_has_no_digits(facts: Facts, _: Difference) -> bool:
    return any(facts.first(tag) == () for tag in "xc9")


def _fallback_is_empty(facts: Facts, _: Difference) -> bool:
    return ("f", ()) in facts.fields


def _fallback_to_skip(facts: Facts, _: Difference) -> bool:
    return any(tag == "f" and values and values[0] > 18 for tag, values in facts.fields)


def _all_fallbacks(facts: Facts, difference: Difference) -> bool:
    several = sum(tag == "f" for tag, _ in facts.fields) > 1
    return difference.ours == facts.fallbacks() and (
        several or _fallback_to_skip(facts, difference)
    )


def _later_witness(facts: Facts, difference: Difference) -> bool:
    versions = [version for version, _ in facts.fallbacks()]
    return (
        bool(versions) and 1 <= versions[0] <= 16 and str(difference.ours).startswith(facts.network)
    )


def _every_hop(facts: Facts, difference: Difference) -> bool:
    return bool(difference.ours == facts.route_hints())


def _every_bit(facts: Facts, difference: Difference) -> bool:
    number = facts.number("9")
    bits = tuple(bit for bit in range(number.bit_length()) if number >> bit & 1)
    return difference.ours == bits and any(bit ^ 1 in bits for bit in bits)


_Row = Row[Facts]
TABLE: Final = (
    # We refuse.
    _Row(
        "one case",
        ACCEPTED,
        "we refuse an invoice that mixes upper and lower case (BIP-173: MUST NOT be accepted)",
        _mixes_case,
        "mixes upper and lower case",
        always=True,
    ),
    _Row(
        "ASCII only",
        ACCEPTED,
        "we refuse letters that become those of bech32 only in lower case (BIP-173: US-ASCII)",
        _outside_ascii,
        "not ASCII",
        always=True,
    ),
    _Row(
        "longest invoice",
        ACCEPTED,
        "we read at most 7,089 characters, what a QR code holds; BOLT-11 names no limit",
        _is_long,
        "longer than",
        always=True,
    ),
    _Row(
        "prefix read whole",
        ACCEPTED,
        "we refuse where anything but an amount follows the network (BOLT-11: SHOULD fail if "
        "amount contains a non-digit or is followed by anything but a multiplier)",
        _prefix_goes_on,
        "network is unknown|the amount must be",
        always=True,
    ),
    _Row(
        "positive amount",
        ACCEPTED,
        "we refuse an amount of zero or with leading zeros (BOLT-11: a positive decimal integer "
        "with no leading 0s)",
        _amount_not_plain,
        "the amount must be",
        always=True,
    ),
    _Row(
        "whole msat",
        ACCEPTED,
        "we refuse a fraction of a millisatoshi (BOLT-11: with p the last decimal MUST be 0)",
        _amount_is_a_fraction,
        "fraction of a millisatoshi",
        always=True,
    ),
    _Row(
        "no more than all bitcoin",
        ACCEPTED,
        "we refuse an amount beyond 21 million bitcoin, which nobody has; BOLT-11 names no limit",
        _amount_is_too_much,
        "more than all bitcoin|the amount must be",
        always=True,
    ),
    _Row(
        "padding of zeros",
        ACCEPTED,
        "we refuse fields whose spare bits are set or more than four (BOLT-11: MUST pad with 0s; "
        "BIP-173: fewer than five bits), because two texts would then be one invoice",
        _padding_is_wrong,
        "spare bits",
        always=True,
    ),
    _Row(
        "required features",
        ACCEPTED,
        "we refuse an unknown even feature bit (BOLT-11: MUST fail the payment)",
        _requires_the_unknown,
        "requires features",
        always=True,
    ),
    _Row(
        "one description",
        ACCEPTED,
        "we refuse d and h together (BOLT-11: MUST include either exactly one d or exactly one h)",
        _is_described_twice,
        "both a description",
        always=True,
    ),
    _Row(
        "64 bits",
        ACCEPTED,
        "we refuse numbers beyond 64 bits in x and c; BOLT-11 names no limit",
        _number_is_too_big,
        "64 bits",
        always=True,
    ),
    _Row(
        "possible address",
        ACCEPTED,
        "we refuse a fallback whose program no address can hold (BIP-141: 2 to 40 bytes, of "
        "version 0 20 or 32; hashes are 20)",
        _address_is_impossible,
        "fallback address is wrong",
        always=True,
    ),
    _Row(
        "whole hops",
        ACCEPTED,
        "we refuse a route hint that is empty or not made of whole hops (BOLT-11: one or more "
        "entries of 51 bytes)",
        _hop_is_not_whole,
        "whole hops",
        always=True,
    ),
    # We accept.
    _Row(
        "simnet",
        ACCEPTED,
        "we read sb, the simnet of lnd and btcd, which BOLT-11 does not list",
        _is_simnet,
    ),
    _Row(
        "number without digits",
        ACCEPTED,
        "we read a number field without digits as 0 (BOLT-11 gives x, c and 9 no minimum length)",
        _number_has_no_digits,
    ),
    _Row(
        "fallback without version",
        ACCEPTED,
        "we skip an empty fallback (BOLT-11: MUST skip over an f field with unknown version)",
        _fallback_is_empty,
    ),
    # Both accept.
    _Row(
        "every fallback",
        "fallbacks",
        "we keep every fallback and skip unknown versions (BOLT-11: MAY include one or more f; "
        "MUST skip over an f field with unknown version)",
        _all_fallbacks,
    ),
    _Row(
        "bech32m",
        "first address",
        "we write witness versions 1 to 16 in bech32m (BIP-350)",
        _later_witness,
    ),
    _Row(
        "every bit",
        "features",
        "we keep each feature bit that is set, also both of a pair (BOLT-11: 9 is a field of bits)",
        _every_bit,
    ),
    _Row(
        "every hop",
        "route hints",
        "we read every hop of a hint, and its fees and deltas as numbers without a sign (BOLT-11: "
        "entries of 51 bytes; BOLT-7: u32 and u16)",
        _every_hop,
    ),
)
"""Every known difference, each with the rule of ours that makes it."""


def compare(report: Report, kind: str, text: str, written: dict[str, Any] | None) -> None:
    """Read one invoice twice. What was ``written`` on purpose is what we must read."""
    report.cases[f"made as: {kind}"] += 1
    ours = read_ours(text)
    if written is not None:
        wrong = {k: v for k, v in written.items() if (ours.values or {}).get(k, ...) != v}
        if wrong:
            report.fail(f"invoice {text}\n    was written with {wrong}, and we read {ours}")
    judge(
        report,
        TABLE,
        ours,
        read_theirs(text),
        lambda: Facts(text),
        f"{kind} invoice {text}",
        look=written is None,  # what was written right was held against what was written
    )


def compare_random(rng: random.Random, count: int) -> Report:
    """Read ``count`` random invoices twice."""
    report = Report()
    for _ in range(count):
        compare(report, *random_case(rng))
    return report

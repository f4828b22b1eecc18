"""Do this program and ``pymacaroons`` read, emit, narrow and sign the same macaroons alike?"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from typing import Final

from tests.differential import bundles
from tests.differential.macaroon_cases import Case, random_case
from tests.differential.macaroon_facts import Facts
from tests.differential.macaroon_readings import REFUSED, read_ours, read_theirs
from tests.differential.macaroon_writer import sign
from tests.differential.table import ACCEPTED, Difference, Report, Row, judge

_Holds = Callable[[Facts, Difference], bool]


# --- where we refuse -----------------------------------------------------------------------------


def _another_way(facts: Facts, _: Difference) -> bool:
    """What the other read would be written with other bytes than these."""
    return not facts.json and facts.raw not in facts.parts.spellings(facts.case.form)


def _signature_size(facts: Facts, _: Difference) -> bool:
    return len(facts.parts.signature) != 32


def _empty_key(facts: Facts, _: Difference) -> bool:
    return any(vid == b"" for _, vid, _ in facts.parts.caveats)


def _place_without_key(facts: Facts, _: Difference) -> bool:
    return any(vid is None and place is not None for _, vid, place in facts.parts.caveats)


def _made_as(*kinds: str) -> _Holds:
    """The input was made in one of these ways, all in JSON."""
    return lambda facts, _: facts.json and facts.case.kind in kinds


def _no_exact_spelling(facts: Facts, _: Difference) -> bool:
    text, raw = facts.case.text, facts.raw
    standard, url_safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    right = (standard, standard.rstrip("="), url_safe, url_safe.rstrip("="))
    return text is not None and text not in right


# --- where we accept -----------------------------------------------------------------------------


def _is_hex(facts: Facts, _: Difference) -> bool:
    text = facts.case.text or ""
    return text in (facts.case.raw.hex(), facts.case.raw.hex().upper())


def _location_is_no_text(facts: Facts, _: Difference) -> bool:
    for place in (facts.parts.location, *(place for _, _, place in facts.parts.caveats)):
        try:
            (place or b"").decode()
        except UnicodeDecodeError:
            return True
    return False


# --- where both accept ---------------------------------------------------------------------------


def _absent_location(_: Facts, difference: Difference) -> bool:
    return difference.ours is None and difference.theirs == b""


def _emits_odd_bytes(facts: Facts, difference: Difference) -> bool:
    return bool(difference.ours == facts.emitted(facts.parts)) and facts.holds_odd_bytes()


def _emits_locations(facts: Facts, difference: Difference) -> bool:
    return bool(difference.ours == facts.emitted(facts.parts)) and facts.lacks_a_location()


def _narrows_odd_bytes(facts: Facts, difference: Difference) -> bool:
    odd = facts.holds_odd_bytes() or not facts.case.caveat.isascii()
    return bool(difference.ours == facts.narrowed()) and odd


def _narrows_locations(facts: Facts, difference: Difference) -> bool:
    return bool(difference.ours == facts.narrowed()) and facts.lacks_a_location()


def _signs_odd_bytes(facts: Facts, difference: Difference) -> bool:
    signature = sign(facts.case.key, facts.parts.identifier, facts.parts.caveats)
    right = difference.ours == (signature == facts.parts.signature)
    return right and difference.theirs == REFUSED and facts.holds_odd_bytes()


def _mints_odd_bytes(facts: Facts, difference: Difference) -> bool:
    return bool(difference.ours == facts.minted()) and facts.holds_odd_bytes()


def _rightly_read(facts: Facts, difference: Difference) -> bool:
    """Our JSON says the same as the input."""
    caveats = [(cid, vid) for cid, vid, _ in facts.parts.caveats]
    return bool(difference.ours == (facts.parts.identifier, caveats, facts.parts.signature))


def _empty_caveat(facts: Facts, difference: Difference) -> bool:
    return _rightly_read(facts, difference) and any(not cid for cid, _, _ in facts.parts.caveats)


def _json_location(facts: Facts, difference: Difference) -> bool:
    return _rightly_read(facts, difference) and _location_is_no_text(facts, difference)


_Row = Row[Facts]
_FORMAT = "libmacaroons doc/format.txt"
_MACAROONS: Final = (
    # We refuse.
    _Row(
        "signature of 32 bytes",
        ACCEPTED,
        f"we refuse a signature of another length (it is an HMAC-SHA256: {_FORMAT})",
        _signature_size,
        "signature is not 32 bytes",
        always=True,
    ),
    _Row(
        "nothing behind it",
        ACCEPTED,
        "we refuse bytes after the signature, because they would be lost when it is sent back",
        _another_way,
        "bytes after the signature",
        always=True,
    ),
    _Row(
        "shortest lengths",
        ACCEPTED,
        "we refuse lengths in v2 that are not in their shortest form or beyond 64 KiB, so that no "
        "macaroon has two writings",
        _another_way,
        "shortest form|beyond 64 KiB|signature is not 32 bytes",
        always=True,
    ),
    _Row(
        "whole packets",
        ACCEPTED,
        f"we refuse a v1 packet without its newline, its lower-case length or its end ({_FORMAT}: "
        "four hex digits, the key, a space, the value, a newline)",
        _another_way,
        "newline|no v1 packet|too small|ends in the middle",
        always=True,
    ),
    _Row(
        "packets in order",
        ACCEPTED,
        f"we refuse packets that are missing, repeated or out of order ({_FORMAT}: location, "
        "identifier, caveats, signature)",
        _another_way,
        "should begin|should stand|out of place|has a location|should end|empty verification key",
        always=True,
    ),
    _Row(
        "key of a third party",
        ACCEPTED,
        "we refuse a third-party caveat with an empty verification key, with which nobody could "
        "check a discharge",
        _empty_key,
        "empty verification key",
        always=True,
    ),
    _Row(
        "location of a third party",
        ACCEPTED,
        "we refuse a caveat with a location and no verification key: first-party caveats have none",
        _place_without_key,
        "should begin here",
        always=True,
    ),
    _Row(
        "exact base64",
        ACCEPTED,
        "we refuse text that is not exactly the base64 of its bytes (RFC 4648 3.3 and 3.5: other "
        "characters MUST be rejected, bits left over are zero): tokens go back as they came",
        _no_exact_spelling,
        "base64",
    ),
    _Row(
        "known JSON members",
        ACCEPTED,
        "we refuse JSON members that a macaroon does not have: they would be lost in other formats",
        _made_as("unknown member", "not base64"),
        "no field of this name",
    ),
    _Row(
        "JSON members once",
        ACCEPTED,
        "we refuse a JSON member that is given twice (RFC 8259 4: names SHOULD be unique)",
        _made_as("twice"),
        "given twice",
    ),
    _Row(
        "JSON types",
        ACCEPTED,
        f"we refuse a JSON member of a type it does not have, and a version but 2 ({_FORMAT})",
        _made_as("type"),
        "its JSON should have|its version is not 2",
    ),
    _Row(
        "whole JSON",
        ACCEPTED,
        "we refuse JSON without an identifier or a signature, without which nothing is signed",
        _made_as("missing"),
        "it has no",
    ),
    _Row(
        "JSON signature",
        ACCEPTED,
        "we refuse a JSON signature that is not 32 bytes: 64 characters of hex in v1",
        _made_as("signature size"),
        "signature is not",
    ),
    _Row(
        "JSON base64",
        ACCEPTED,
        "we refuse base64 in JSON that is not exact (RFC 4648 3.3 and 3.5)",
        _made_as("not base64"),
        "base64",
    ),
    # We accept.
    _Row(
        "hex",
        ACCEPTED,
        "we read tokens in hex, as lnd's clients write them in headers",
        _is_hex,
    ),
    _Row(
        "location of bytes",
        ACCEPTED,
        f"we read any bytes as a location ({_FORMAT} does not ask for UTF-8)",
        _location_is_no_text,
    ),
    # Both accept.
    _Row(
        "absent location",
        "location",
        "we tell a location that is absent from one that is empty, so that the bytes stay the same",
        _absent_location,
    ),
    _Row(
        "emits odd bytes",
        "emitted",
        f"we emit any bytes in any format, and count lengths in bytes ({_FORMAT})",
        _emits_odd_bytes,
    ),
    _Row(
        "emits locations as they were",
        "emitted",
        "we emit absent and empty locations as they were read, also those of third parties",
        _emits_locations,
    ),
    _Row(
        "adds odd bytes",
        "with a caveat",
        "we add any bytes as a caveat, and to any bytes (in JSON v1, which is text, only UTF-8)",
        _narrows_odd_bytes,
    ),
    _Row(
        "adds behind locations as they were",
        "with a caveat",
        "we add a caveat without changing what was there, absent and empty locations included",
        _narrows_locations,
    ),
    _Row(
        "checks odd bytes",
        "made by the key",
        "we check the signature over any bytes, text or not: it says nothing about the caveats",
        _signs_odd_bytes,
    ),
    _Row(
        "mints odd bytes",
        "minted",
        "we make macaroons of any bytes, and count lengths in bytes",
        _mints_odd_bytes,
    ),
    _Row(
        "empty caveats in JSON",
        "read by the other",
        "we write an empty caveat with its empty identifier, and refuse a caveat without one",
        _empty_caveat,
    ),
    _Row(
        "JSON location of bytes",
        "read by the other",
        f"we write a location that is no text in base64 ({_FORMAT}: l64)",
        _json_location,
    ),
)
TABLE: Final = (*_MACAROONS, *bundles.TABLE)
"""Every known difference, each with the rule of ours that makes it."""
_BUNDLES: Final = 0.05
"""How many of the inputs are tokens with discharges."""


def compare(report: Report, case: Case) -> None:
    """Read one macaroon twice. What was written on purpose is what we must read."""
    report.cases[f"made as: {case.form if case.parts else case.kind}"] += 1
    ours, theirs = read_ours(case), read_theirs(case)
    shown = case.text if case.text is not None else case.raw.hex()
    reproducer = f"{case.form} macaroon ({case.kind}) {shown} key {case.key.hex()}"
    reproducer += f" caveat {case.caveat.hex()}"
    if case.parts is not None:
        written = case.parts
        read = None if ours.values is None else Facts(case, ours, theirs).parts
        if read != written:
            report.fail(
                f"{reproducer}\n    was written as {written}, and we read {read} {ours.why}"
            )
    judge(report, _MACAROONS, ours, theirs, lambda: Facts(case, ours, theirs), reproducer)


def compare_random(rng: random.Random, count: int) -> Report:
    """Read ``count`` random macaroons twice."""
    report = Report()
    for _ in range(count):
        if rng.random() < _BUNDLES:
            bundles.compare_random(report, rng)
        else:
            compare(report, random_case(rng))
    return report

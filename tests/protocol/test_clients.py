"""Are the families of clients those that were seen, and does the verdict say what the text says?

The table below is a record of what twelve programs made of fifteen ways of writing a challenge,
each with a token and an invoice of its own. A column is named by the traits that explain it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256

import pytest

from l402tui.protocol.challenge import Reading, read_challenges
from l402tui.protocol.clients import (
    FAMILIES,
    HABITS,
    READERS,
    Family,
    Reads,
    able,
    judge,
)
from l402tui.protocol.conformance import Point
from l402tui.protocol.dissect import dissect_challenge
from l402tui.protocol.macaroon import Format, Spelling
from l402tui.protocol.tree import Mark
from tests.protocol.invoice_writer import HASH, NINE, D, P, write
from tests.protocol.tokens import INVOICE, spelled

M = spelled()
OTHER = spelled(b"services=other:0")
I = INVOICE  # noqa: E741 - as short as M beside it

GRAMMAR, EITHER, EITHER_ANY, NAMED, NAMED_ANY, PAIR, PAIR_ANY, EXACT, FIRST = READERS
TIGHT, COMMAS, SPLITS, CAPITALS, LSAT_ONLY, FIRST_LINE, FIRST_IN_LINE, BEHIND_PAYMENT = HABITS[:-2]
BINARY, BOLT11 = HABITS[-2:]

COLUMNS: tuple[tuple[Family, ...], ...] = (
    (PAIR, TIGHT, COMMAS, FIRST_LINE),
    (EXACT, CAPITALS),
    (NAMED_ANY, COMMAS, CAPITALS, FIRST_IN_LINE, FIRST_LINE),
    (NAMED, TIGHT),
    (PAIR_ANY, TIGHT),
    (NAMED, TIGHT, SPLITS, FIRST_LINE),
    (FIRST,),
    (NAMED_ANY, TIGHT, FIRST_IN_LINE, FIRST_LINE),
    (EITHER, TIGHT),
    (NAMED, BEHIND_PAYMENT),
    (EITHER_ANY, TIGHT),
    (GRAMMAR, FIRST_IN_LINE),
)

# "o" reads it, "-" cannot, "W" takes another value; one letter a column.
TABLE: dict[str, tuple[str, str]] = {
    "the specification's": (f'L402 version="0", token="{M}", invoice="{I}"', "--------o-oo"),
    "without version": (f'L402 token="{M}", invoice="{I}"', "------W-o-oo"),
    "macaroon=": (f'L402 macaroon="{M}", invoice="{I}"', "oooooooooooo"),
    "macaroon=, LSAT": (f'LSAT macaroon="{M}", invoice="{I}"', "oooooooooooo"),
    "both names": (
        f'L402 version="0", token="{M}", macaroon="{M}", invoice="{I}"', "--oo-o-ooooo"),
    "no space": (f'L402 macaroon="{M}",invoice="{I}"', "o-oooWoooooo"),
    "no comma": (f'L402 macaroon="{M}" invoice="{I}"', "---oWoooooo-"),
    "no quotes": (f"L402 macaroon={M}, invoice={I}", "--o-o-oo--o-"),
    "single quotes": (f"L402 macaroon='{M}', invoice='{I}'", "--W-W-WW--o-"),
    "spaces": (f'L402 macaroon = "{M}", invoice = "{I}"', "--o---o--o-o"),
    "invoice first": (f'L402 invoice="{I}", macaroon="{M}"', "--oo-o-ooooo"),
    "one between": (f'L402 macaroon="{M}", address="bcrt1q", invoice="{I}"', "-Woo-o-ooooo"),
    "lower case": (f'l402 macaroon="{M}", invoice="{I}"', "o--ooooooooo"),
    "no name": (f'LSAT {M}, invoice="{I}"', "------o-----"),
    "behind Payment": (f'Payment id="1", L402 macaroon="{M}", invoice="{I}"', "oo-oooo-ooo-"),
    "behind Cashu": (f'Cashu unit="sat", L402 macaroon="{M}", invoice="{I}"', "oo-oooo-o-o-"),
}  # fmt: skip
LETTER = {Reads.CAN: "o", Reads.CANNOT: "-", Reads.WRONG_READING: "W"}


def read(*lines: str) -> Reading:
    return read_challenges([line.encode() for line in lines])


@pytest.mark.parametrize("row", TABLE)
def test_every_column_is_explained_by_its_families(row: str) -> None:
    line, seen = TABLE[row]
    reading = read(line)
    assert "".join(LETTER[able(reading, *column).reads] for column in COLUMNS) == seen


def test_no_two_columns_are_the_same() -> None:
    told = list(zip(*(seen for _, seen in TABLE.values()), strict=True))
    assert len(set(told)) == len(told) == len(COLUMNS)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_can_and_cannot(family: Family) -> None:
    """A family that always says the same would tell nobody anything."""
    lines = [line for line, _ in TABLE.values()]
    said = {able(read(line), family).reads for line in lines}
    said.add(able(read('Basic realm="x"', lines[0]), family).reads)
    said.add(able(read('L402 macaroon="no base64!", invoice="no BOLT 11"'), family).reads)
    assert Reads.CAN in said
    assert len(said) > 1


def test_a_reason_stands_by_every_no() -> None:
    for line, _ in TABLE.values():
        for family, opinion in judge(read(line)).opinions:
            assert bool(opinion.why) == (opinion.reads is not Reads.CAN), family.name


OLD_INVOICE = write(P, D, NINE)
IN_JSON = json.dumps({"identifier": "w", "signature": "ab" * 32, "caveats": [], "location": "x"})


@pytest.mark.parametrize(
    ("token", "binary"),
    [
        (M, True),
        (spelled(format=Format.V1), True),
        (spelled(identifier=bytes(65)), False),
        (spelled(spelling=Spelling.HEX), True),
        (Spelling.URL_SAFE.spell(IN_JSON.encode()), False),
        ("not-base64!!!", False),
        (M[:-8], False),
    ],
)
def test_some_need_a_token_of_one_kind(token: str, binary: bool) -> None:
    reading = read(f'L402 macaroon="{token}", invoice="{I}"')
    assert (able(reading, BINARY).reads is Reads.CAN) == binary
    assert able(reading, NAMED).reads is Reads.CAN
    told = [node.value.text for node in dissect_challenge(reading).find("who can read it").children]
    assert (f"a client that also {BINARY.name}" in told) == (not binary)


@pytest.mark.parametrize(
    ("invoice", "reads"),
    [(I, True), (I.upper(), True), (OLD_INVOICE, True), ("not-a-bolt11", False), (I[:-1], False)],
)
def test_a_wallet_needs_an_invoice(invoice: str, reads: bool) -> None:
    reading = read(f'L402 macaroon="{M}", invoice="{invoice}"')
    assert (able(reading, BOLT11).reads is Reads.CAN) == reads
    assert able(reading, NAMED).reads is Reads.CAN


def test_lines_and_schemes() -> None:
    good = f'macaroon="{M}", invoice="{I}"'
    two = read(f"LSAT {good}", f"L402 {good}")
    assert able(two, LSAT_ONLY).reads is Reads.CAN
    assert able(two, FIRST_LINE).reads is Reads.CAN
    second = read('Payment id="1"', f"L402 {good}")
    assert able(second, FIRST_LINE).reads is Reads.CANNOT
    assert able(second, FIRST_IN_LINE).reads is Reads.CAN
    assert able(second, LSAT_ONLY).reads is Reads.CANNOT


def test_the_first_that_is_not_rejected_counts() -> None:
    good, token = f'macaroon="{M}", invoice="{I}"', f'token="{M}", invoice="{I}"'
    assert able(read(f"L402 {token}", f"L402 {good}"), PAIR).reads is Reads.CAN
    assert able(read(f"L402 {token}", f"L402 {good}"), FIRST).reads is Reads.WRONG_READING
    assert able(read(f"L402 {good}", f"L402 {token}"), FIRST).reads is Reads.CAN


def test_backslashes_and_grammar() -> None:
    escaped = read(f'L402 macaroon="\\{M}", invoice="{I}"')
    assert able(escaped, GRAMMAR).reads is Reads.CAN
    assert able(escaped, NAMED).reads is Reads.WRONG_READING
    single = read(f"L402 macaroon='{M.rstrip('=').replace('/', '_')}', invoice='{I}'")
    assert able(single, GRAMMAR).reads is Reads.WRONG_READING


def test_nothing_is_predicted_of_what_is_not_used() -> None:
    for line in ("L402", f'L402 "token={M}, invoice={I}', f'L402 token="{M}"', "Basic"):
        reading = read(line)
        assert judge(reading).challenges == ()
        assert able(reading, GRAMMAR).reads is Reads.CANNOT
        labels = {node.label.text for node in dissect_challenge(reading).walk()}
        assert "who can read it" not in labels


# --- the specification --------------------------------------------------------------------------

OTHER_PAYMENT = spelled(identifier=b"\0\0" + sha256(b"another").digest() + bytes(32))
FOLLOWED = {
    "the form": (f'L402 version="0", token="{M}", invoice="{I}"', ""),
    "no version": (f'L402 token="{M}", invoice="{I}"', "version"),
    "another version": (f'L402 version="1", token="{M}", invoice="{I}"', "version"),
    "former names": (f'LSAT version="0", macaroon="{M}", invoice="{I}"', "scheme token="),
    "no name": (f'L402 {M}, version="0", invoice="{I}"', "token= quotes"),
    "no quotes": (f'L402 version=0, token="{M}", invoice="{I}"', "quotes"),
    "no comma": (f'L402 version="0" token="{M}", invoice="{I}"', "comma"),
    "spaces": (f'L402 version="0", token = "{M}", invoice="{I}"', "comma"),
    "lower case": (f'l402 version="0", token="{M}", invoice="{I}"', ""),
    "more parameters": (f'L402 version="0", token="{M}", invoice="{I}", x="y"', ""),
    "other base64": (f'L402 version="0", token="{M.rstrip("=")}", invoice="{I}"', "base64"),
    "no bill": (f'L402 version="0", token="{M}", invoice="lnbc1"', "BOLT commits"),
    "another hash": (
        f'L402 version="0", token="{OTHER_PAYMENT}", invoice="{I}"', "commits"),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLLOWED)
def test_points_of_the_specification(name: str) -> None:
    line, expected = FOLLOWED[name]
    (judged,) = judge(read(line)).challenges
    missed = [point for point in judged.points if point.follows is not True]
    assert len(missed) == len(expected.split())
    for word, point in zip(expected.split(), missed, strict=True):
        assert word in point.rule
        assert point.why
        assert point.section
    assert judged.points[-1].follows is {"no bill": None, "another hash": False}.get(name, True)


def points_of(line: str) -> dict[str, Point]:
    (judged,) = judge(read(line)).challenges
    return {point.rule.split()[-1]: point for point in judged.points}


def test_an_invoice_without_a_payment_secret_is_an_older_one() -> None:
    token = spelled(identifier=b"\0\0" + HASH + bytes(32))
    told = points_of(f'L402 version="0", token="{token}", invoice="{OLD_INVOICE}"')
    assert told["request"].follows is None
    assert "before payment secrets" in told["request"].why
    assert told["hash"].follows is True
    told = points_of(f'L402 version="0", token="{M}", invoice="{OLD_INVOICE}"')
    assert told["hash"].follows is False
    # A character that is wrong could stand in the hash itself.
    damaged = OLD_INVOICE[:-1] + ("q" if OLD_INVOICE[-1] != "q" else "p")
    told = points_of(f'L402 version="0", token="{token}", invoice="{damaged}"')
    assert told["request"].follows is False
    assert told["hash"].follows is None
    assert told["hash"].why == "No hash can be read in the invoice."


def test_stray_bits_are_named() -> None:
    stray = b64encode(b"twenty-two bytes here!").decode()[:-3] + "R=="
    assert "bits left over" in points_of(f'L402 token="{stray}", invoice="{I}"')["padded)"].why


def test_the_branches_of_the_tree() -> None:
    tree = dissect_challenge(read(TABLE["without version"][0]))
    specification = tree.find("specification")
    assert specification.value.text == "7 of 8 points followed"
    assert specification.find("not followed").value.text == 'version="0"'
    readers = tree.find("who can read it")
    assert readers.value.text == "3 of 9 families"
    assert readers.find("would take another value").mark is Mark.WARN
    assert readers.find("cannot read it").meaning
    habits = [node.value.text for node in readers.children[len(READERS) :]]
    assert habits == ["a client that also knows LSAT only"]


def test_the_branch_of_an_answer_with_several_challenges() -> None:
    good = f'macaroon="{M}", invoice="{I}"'
    tree = dissect_challenge(read(f"LSAT {good}", f"L402 {good}"))
    assert tree.find("who can read the answer").value.text == "9 of 9 families"
    single = dissect_challenge(read(f"L402 {good}"))
    assert "who can read the answer" not in {node.label.text for node in single.walk()}

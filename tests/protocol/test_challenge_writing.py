"""Does reading give back exactly what was written, and does no text break the reader?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from l402tui.protocol.auth_header import Quoting, is_token, read_line
from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.clients import FAMILIES, READERS, Reads, judge
from l402tui.protocol.dissect import dissect_challenge
from tests.protocol.tokens import INVOICE, spelled

M = spelled()


@dataclass(frozen=True)
class Written:
    """A challenge to be written: its scheme, and its parameters or its token68."""

    scheme: str
    params: tuple[tuple[str, bytes, Quoting], ...]
    token68: str = ""


def write(challenges: list[Written], commas: list[str]) -> bytes:
    """The challenges as one header value; ``commas`` stand between, in turn."""
    pieces: list[bytes] = []
    for challenge in challenges:
        elements = [
            name.encode() + b"=" + quoted(value, quoting)
            for name, value, quoting in challenge.params
        ]
        begin = challenge.scheme.encode()
        if challenge.token68:
            begin += b" " + challenge.token68.encode()
        elif elements:
            begin += b" " + elements.pop(0)
        pieces += [begin, *elements]
    line = b""
    for number, piece in enumerate(pieces):
        line += commas[number % len(commas)].encode() * bool(number) + piece
    return line


def quoted(value: bytes, quoting: Quoting) -> bytes:
    mark = quoting.value.encode()
    inner = re.sub(rb'(["\\])', rb"\\\1", value) if quoting is Quoting.DOUBLE else value
    return mark + inner + mark


TOKEN_CHARS = "!#$%&'*+-.^_`|~09azAZ"
NAMES = st.text(TOKEN_CHARS, min_size=1, max_size=8)
ANY_VALUE = st.lists(
    st.sampled_from([*range(0x20, 0x7F), 9, *range(0x80, 0x100)]), max_size=20
).map(bytes)
BARE_VALUE = NAMES.filter(lambda name: not name.startswith("'")).map(str.encode)
SINGLE_VALUE = st.text("aZ09+/=-_.", max_size=12).map(str.encode)
VALUES = st.one_of(
    st.tuples(ANY_VALUE, st.just(Quoting.DOUBLE)),
    st.tuples(BARE_VALUE.filter(lambda value: b"'" not in value), st.just(Quoting.NONE)),
    st.tuples(SINGLE_VALUE, st.just(Quoting.SINGLE)),
)
PARAMS = st.dictionaries(NAMES, VALUES, max_size=5).map(
    lambda named: tuple((name, *value) for name, value in named.items())
)
CHALLENGES = st.one_of(
    st.builds(Written, NAMES, PARAMS),
    st.builds(Written, NAMES, st.just(()), st.from_regex(r"\A[A-Za-z0-9._~+/-]{1,12}={0,2}\Z")),
)
COMMAS = st.lists(st.sampled_from([",", ", ", " ,", " , ", ",,", ", ,\t"]), min_size=1, max_size=4)


@given(st.lists(CHALLENGES, max_size=8), COMMAS)
def test_what_is_written_is_read(challenges: list[Written], commas: list[str]) -> None:
    line = write(challenges, commas)
    read, stopped = read_line(line)
    assert stopped is None
    assert [c.scheme for c in read] == [written.scheme for written in challenges]
    for challenge, written in zip(read, challenges, strict=True):
        told = tuple((p.name, p.value, p.quoting) for p in challenge.params)
        assert told == written.params
        token68 = challenge.token68
        assert (token68 is not None) == bool(written.token68)
        if token68 is not None:
            assert line[slice(*token68)] == written.token68.encode()


@given(st.lists(CHALLENGES, max_size=8), COMMAS)
def test_every_place_holds_its_value(challenges: list[Written], commas: list[str]) -> None:
    line = write(challenges, commas)
    for challenge in read_line(line)[0]:
        for param in challenge.params:
            inner = line[param.value_start : param.value_end]
            if param.quoting is Quoting.DOUBLE:
                inner = re.sub(rb"\\(.)", rb"\1", inner, flags=re.DOTALL)
            assert inner == param.value
            whole = line[param.start : param.end]
            assert whole == param.name.encode() + b"=" + quoted(param.value, param.quoting)


VISIBLE = st.text([chr(code) for code in range(0x21, 0x7F)], min_size=1, max_size=40)
BASE64 = st.from_regex(r"\A[A-Za-z0-9+/]{1,40}={0,2}\Z")


@given(
    scheme=st.sampled_from(["L402", "LSAT", "l402", "Lsat"]),
    name=st.sampled_from(["token", "macaroon", "Token", "both"]),
    token=VISIBLE | BASE64,
    invoice=VISIBLE,
    version=st.none() | VISIBLE.filter(lambda text: len(text) < 33),
    turned=st.booleans(),
    commas=COMMAS,
)
def test_a_bill_is_what_was_written(
    *, scheme: str, name: str, token: str, invoice: str, version: str | None, turned: bool,
    commas: list[str],
) -> None:  # fmt: skip
    names = ["token", "macaroon"] if name == "both" else [name]
    params = [(each, token) for each in names] + [("invoice", invoice)]
    params += [] if version is None else [("version", version)]
    ordered = params[::-1] if turned else params
    written = Written(scheme, tuple((n, v.encode(), Quoting.DOUBLE) for n, v in ordered))
    reading = read_challenges([write([written], commas)])
    bill = reading.chosen()
    assert (bill.token, bill.invoice, bill.version) == (token, invoice, version)
    assert bill.scheme == scheme.upper()
    assert bill.token_param == name.lower()
    opinions = {family.name: opinion for family, opinion in judge(reading).opinions}
    assert opinions[READERS[0].name].reads is Reads.CAN


@given(BASE64, VISIBLE)
def test_a_token_without_a_name(token: str, invoice: str) -> None:
    line = f"L402 {token}, ".encode() + b"invoice=" + quoted(invoice.encode(), Quoting.DOUBLE)
    bill = read_challenges([line]).chosen()
    assert (bill.token, bill.token_param, bill.invoice) == (token, "positional", invoice)


PIECES = st.sampled_from(
    ["L402 ", "lsat ", "Bearer ", "Payment ", " ", ",", ", ", "=", '"', "'", "\\", "\t", "\x00",
     "é", "token=", "macaroon=", "invoice=", f'macaroon="{M}"', f'invoice="{INVOICE}"', M,
     "version=0", f'L402 macaroon="{M}", invoice="{INVOICE}"', 'L402 "token=']
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=4))
def test_no_text_breaks_the_tree_or_the_verdict(lines: list[str]) -> None:
    reading = read_challenges([line.encode() for line in lines])
    verdict = judge(reading)
    assert len(verdict.challenges) == len(reading.usable)
    assert len(verdict.opinions) == (len(FAMILIES) if reading.usable else 0)
    for node in dissect_challenge(reading).walk():
        span: Any = node.span
        assert span is None or 0 <= span.start <= span.end <= len(span.buffer.data)


def test_what_may_stand_without_quotes() -> None:
    assert is_token(TOKEN_CHARS.encode())
    assert not any(is_token(value) for value in (b"", b"a b", b"a=", b"a/b", b'"a"', b"\xff"))

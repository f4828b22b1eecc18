"""Is every way of writing a challenge read, and everything that could mean two things refused?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.auth_header import AuthChallenge, Quoting
from l402tui.protocol.challenge import Deviation, L402Challenge, Reading, read_challenges
from l402tui.protocol.errors import ChallengeError
from l402tui.protocol.macaroon import Format, Spelling
from tests.protocol.tokens import CAVEATS, INVOICE, PAYMENT_HASH, spelled

M = spelled()
OTHER_M = spelled(b"services=other:0")
URL_M = spelled(b"expiration=1924991999000", spelling=Spelling.URL_SAFE_UNPADDED,
                identifier=bytes(66).hex().encode())  # fmt: skip
V1_M = spelled(*CAVEATS, format=Format.V1, identifier=PAYMENT_HASH)
NOT_UTF8_M = spelled(b"weather_capabiliti\x95s=read")
I = INVOICE  # noqa: E741 - as short as M beside it


def read(*lines: str) -> Reading:
    return read_challenges([line.encode() for line in lines])


def chosen(*lines: str) -> L402Challenge:
    return read(*lines).chosen()


QUOTED = f'macaroon="{M}", invoice="{I}"'
# shape: (lines, token, token's parameter, deviations)
SHAPES: dict[str, tuple[list[str], str, str, set[Deviation]]] = {
    "1 of the specification": (
        [f'L402 version="0", token="{M}", invoice="{I}"'], M, "token", set()),
    "2 two lines, LSAT first": ([f"LSAT {QUOTED}", f"L402 {QUOTED}"], M, "macaroon", set()),
    "3 LSAT alone": ([f"LSAT {QUOTED}"], M, "macaroon", set()),
    "4 space only": ([f'LSAT macaroon="{URL_M}" invoice="{I}"'], URL_M, "macaroon",
                     {Deviation.NO_COMMA}),
    "4 comma without space": ([f'LSAT macaroon="{URL_M}",invoice="{I}"'], URL_M, "macaroon", set()),
    "5 unpadded": ([f'L402 macaroon="{M.rstrip("=")}", invoice="{I}"'], M.rstrip("="), "macaroon",
                   set()),
    "6 not quoted": ([f"LSAT macaroon={M}, invoice={I}"], M, "macaroon", {Deviation.UNQUOTED}),
    "6 not quoted, v1": ([f"L402 macaroon={V1_M}, invoice={I}"], V1_M, "macaroon",
                         {Deviation.UNQUOTED}),
    "7 single quotes": ([f"LSAT macaroon='{M}', invoice='{I}'"], M, "macaroon",
                        {Deviation.SINGLE_QUOTED}),
    "7 single quotes, no comma": ([f"LSAT macaroon='{M}' invoice='{I}'"], M, "macaroon",
                                  {Deviation.SINGLE_QUOTED, Deviation.NO_COMMA}),
    "7 a byte that is no UTF-8": ([f'LSAT macaroon="{NOT_UTF8_M}", invoice="{I}"'], NOT_UTF8_M,
                                  "macaroon", set()),
    "8 spaces round =": ([f'L402 macaroon = "{M}", invoice = "{I}"'], M, "macaroon",
                         {Deviation.SPACES_AROUND_EQUALS}),
    "8 space before =": ([f'L402 macaroon ="{M}", invoice="{I}"'], M, "macaroon",
                         {Deviation.SPACES_AROUND_EQUALS}),
    "8 space after =": ([f'L402 macaroon= "{M}", invoice="{I}"'], M, "macaroon",
                        {Deviation.SPACES_AROUND_EQUALS}),
    "9 lower case": ([f"l402 {QUOTED}"], M, "macaroon", {Deviation.LOWER_CASE_SCHEME}),
    "9 mixed case": ([f"Lsat {QUOTED}"], M, "macaroon", {Deviation.LOWER_CASE_SCHEME}),
    "10 both names": (
        [f'L402 version="0", token="{M}", macaroon="{M}", invoice="{I}"', 'Payment id="1"'],
        M, "both", set()),
    "13 positional": ([f'LSAT {M}, invoice="{I}"'], M, "positional", {Deviation.POSITIONAL}),
    "14 more parameters": (
        [f'L402 macaroon="{M}", invoice="{I}", id="contract", requirement_hash="sha256:ab"'],
        M, "macaroon", set()),
    "14 one in the middle": ([f'L402 macaroon="{M}", address="bc1q", invoice="{I}"'], M,
                             "macaroon", set()),
    "21 folded": ([f"LSAT {QUOTED}, L402 {QUOTED}"], M, "macaroon", set()),
    "21 behind another scheme": ([f'Payment id="1", method="lightning", L402 {QUOTED}'], M,
                                 "macaroon", set()),
    "21 before another scheme": ([f'L402 {QUOTED}, Bearer realm="x"'], M, "macaroon", set()),
    "21 behind a token68": ([f"Negotiate YWJj==, L402 {QUOTED}"], M, "macaroon", set()),
    "any order and case": ([f'L402 INVOICE="{I}", Token="{M}"'], M, "token", set()),
    "empty elements": ([f', ,L402 ,macaroon="{M}",, invoice="{I}", ,'], M, "macaroon", set()),
    "tabs": ([f'\tL402\tmacaroon="{M}"\t,\tinvoice="{I}"\t'], M, "macaroon", set()),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str) -> None:
    lines, token, param, deviations = SHAPES[name]
    reading = read(*lines)
    bill = reading.chosen()
    assert bill.token == token
    assert bill.invoice == I
    assert bill.token_param == param
    assert set(bill.deviations) == deviations
    assert reading.problems == ()
    assert len(reading.usable) + len(reading.others) == len(reading.challenges)


@pytest.mark.parametrize("name", SHAPES)
def test_every_parameter_has_its_place(name: str) -> None:
    lines = [line.encode() for line in SHAPES[name][0]]
    for challenge in read_challenges(lines).challenges:
        line = lines[challenge.line]
        assert line[challenge.start :].startswith(challenge.scheme.encode())
        for param in challenge.params:
            assert line[param.value_start : param.value_end] == param.value
            whole = line[param.start : param.end]
            assert whole.startswith(param.name.encode())
            quote = param.quoting.value.encode()
            assert whole.endswith(quote + param.value + quote)
            assert challenge.start < param.start < param.end <= challenge.end


def test_equal_bills_are_one_and_l402_is_preferred() -> None:
    assert chosen(f"LSAT {QUOTED}", f"L402 {QUOTED}").scheme == "L402"
    assert chosen(f"L402 {QUOTED}", f"LSAT {QUOTED}").scheme == "L402"
    assert chosen(f"LSAT {QUOTED}").scheme == "LSAT"


def test_version_and_the_rest() -> None:
    bill = chosen(f'L402 version="0", token="{M}", invoice="{I}", note="say \\"hi\\"", x=1')
    assert bill.version == "0"
    assert [(p.name, p.value, p.quoting) for p in bill.other] == [
        ("note", b'say "hi"', Quoting.DOUBLE),
        ("x", b"1", Quoting.NONE),
    ]
    assert chosen(f"L402 {QUOTED}").version is None


def test_other_schemes_are_kept_apart() -> None:
    reading = read('Basic realm="a, L402 macaroon=b"', f"L402 {QUOTED}", "Negotiate abc=")
    assert [c.scheme for c in reading.others] == ["Basic", "Negotiate"]
    assert reading.others[0].params[0].value == b"a, L402 macaroon=b"
    assert reading.others[1].token68 is not None
    assert len(reading.usable) == 1


REFUSED = {
    "nothing": [],
    "an empty line": [""],
    "another scheme": ['Bearer realm="x"'],
    "bare": ["L402"],
    "no invoice": [f'L402 macaroon="{M}"'],
    "no token": [f'L402 invoice="{I}"'],
    "an empty token": [f'L402 macaroon="", invoice="{I}"'],
    "token and macaroon differ": [f'L402 token="{M}", macaroon="{OTHER_M}", invoice="{I}"'],
    "a token with and without a name": [f'L402 {M}, macaroon="{M}", invoice="{I}"'],
    "token twice": [f'L402 macaroon="{M}", macaroon="{M}", invoice="{I}"'],
    "invoice twice": [f'L402 {QUOTED}, Invoice="{I}"'],
    "another parameter twice": [f'L402 {QUOTED}, id="1", id="2"'],
    "different tokens": [f"LSAT {QUOTED}", f'L402 macaroon="{OTHER_M}", invoice="{I}"'],
    "different invoices": [f'L402 {QUOTED}, L402 macaroon="{M}", invoice="{I.upper()}"'],
    "one is good, one contradicts itself": [f"L402 {QUOTED}", f'L402 {QUOTED}, invoice="x"'],
    "an open quote": [f'L402 macaroon="{M}", invoice="{I}'],
    "quotes in the middle": [f'L402 macaroon="{M}"x, invoice="{I}"'],
    "an open single quote": [f"L402 macaroon='{M}, invoice='{I}'"],
    "a stray quote": [f'L402 "macaroon={M}, invoice={I}'],
    "no value": ["L402 macaroon=, invoice="],
    "a control character": [f'L402 macaroon="{M}\x00", invoice="{I}"'],
    "not ASCII": [f'L402 macaroon="{M}é", invoice="{I}"'],
    "a space inside": [f'L402 macaroon="{M} {M}", invoice="{I}"'],
    "no comma before a scheme": [f'L402 {QUOTED} Bearer realm="x"'],
    "too long a token": [f'L402 macaroon="{"A" * 8193}", invoice="{I}"'],
    "too long an invoice": [f'L402 macaroon="{M}", invoice="{"l" * 7090}"'],
    "too long a header": [f"L402 {QUOTED}" + " " * 17_000],
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    reading = read(*REFUSED[name])
    with pytest.raises(ChallengeError) as refused:
        reading.chosen()
    assert str(refused.value).isprintable()
    assert type(refused.value) is ChallengeError


def test_the_limits_themselves_are_accepted() -> None:
    bill = chosen(f'L402 macaroon="{"A" * 8192}", invoice="{"l" * 7089}"')
    assert (len(bill.token), len(bill.invoice)) == (8192, 7089)


def test_an_unreadable_line_does_not_hide_a_good_one() -> None:
    reading = read('Basic realm="', f"L402 {QUOTED}")
    assert reading.chosen().token == M
    assert len(reading.problems) == 1


GOOD = f"L402 {QUOTED}"
OTHER_QUOTED = f'macaroon="{OTHER_M}", invoice="{I}x"'
# A whole bill, and beside it what could be another one.
HIDING: dict[str, list[str]] = {
    "another token, no invoice": [GOOD, f'L402 macaroon="{OTHER_M}"'],
    "no token, another invoice": [GOOD, f'LSAT invoice="{I}x"'],
    "another token without a name": [GOOD, f"LSAT {OTHER_M}"],
    "an empty token": [GOOD, f'L402 macaroon="", invoice="{I}"'],
    "an open quote behind": [GOOD, f'L402 macaroon="{OTHER_M}", invoice="{I}x'],
    "an open quote before": [f'L402 macaroon="{OTHER_M}", invoice="{I}x', GOOD],
    "an open quote, the same token": [GOOD, f'LSAT macaroon="{M}", invoice="{I}'],
    "a stray quote": [GOOD, f'l402 "token={OTHER_M}, invoice={I}'],
    "more parameters than are read": [GOOD, "L402 " + ",".join(f"a{n}=b" for n in range(101))],
    "swallowed by an open quote": [f'Basic realm="x, L402 {OTHER_QUOTED}', GOOD],
    "swallowed by a wrong quote": [f'Basic realm="x, lsat {OTHER_QUOTED}, y="z', GOOD],
    "behind a missing comma": [GOOD, f'Payment id="1" L402 {OTHER_QUOTED}'],
    "a parameter without =, behind it": [f'{GOOD}, invoice"{I}x"'],
    "any word, behind it": [f'{GOOD}, whatever"{I}x"'],
    "parameters without a scheme": [GOOD, f'invoice="{I}x"'],
    "a ninth challenge": [GOOD, *['Other a="b"'] * 7, f"L402 {OTHER_QUOTED}"],
    "a ninth challenge of the line": [", ".join([GOOD, *['Other a="b"'] * 7, "More"])],
    "a long line": [f"L402 {OTHER_QUOTED}" + " " * 17_000, GOOD],
    "a line too many": [GOOD, *[""] * 63, f"L402 {OTHER_QUOTED}"],
    "more than 64 KiB": [GOOD, *[" " * 16_000] * 5],
}  # fmt: skip


@pytest.mark.parametrize("name", HIDING)
def test_a_bill_beside_what_could_be_another_is_refused(name: str) -> None:
    reading = read(*HIDING[name])
    assert [(bill.token, bill.invoice) for bill in reading.usable] == [(M, I)]
    with pytest.raises(ChallengeError, match="another bill could stand where it cannot be read"):
        reading.chosen()


HARMLESS: dict[str, list[str]] = {
    "another scheme before": ['Basic realm="', GOOD],
    "another scheme behind": [GOOD, 'Payment id="1", invoice="ln'],
    "another scheme with L402 in its name": ['Basic realm="l402.example.com', GOOD],
    "another scheme in the line": [f'{GOOD}, Basic realm="x'],
    "another scheme in the line, aperture's two": [f'LSAT {QUOTED}, {GOOD}, Basic realm="x'],
    "a word behind another scheme": [f'{GOOD}, Basic realm="x", y"z"'],
    "the scheme alone": ["L402", GOOD],
    "the same token, no invoice": [f'LSAT macaroon="{M}"', GOOD],
    "the same invoice, no token": [GOOD, f'LSAT invoice="{I}"'],
    "nothing of a bill": [GOOD, 'L402 version="0"'],
    "64 lines": [GOOD, *[""] * 63],
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_mistake_that_hides_no_bill_is_no_reason(name: str) -> None:
    bill = chosen(*HARMLESS[name])
    assert (bill.scheme, bill.token, bill.invoice) == ("L402", M, I)


def test_what_was_read_before_a_mistake_is_kept() -> None:
    reading = read(f'Bearer realm="x", L402 macaroon="{M}", invoice="{I}')
    assert [c.scheme for c in reading.challenges] == ["Bearer", "L402"]
    assert reading.usable == ()
    (trouble,) = reading.troubles
    assert trouble.source is reading.challenges[1]
    assert trouble.source.params[0].value == M.encode()
    assert trouble.error.offset is not None
    assert reading.lines[0][trouble.error.offset :].startswith(b'"lnbc')


def test_at_most_eight_challenges_are_read() -> None:
    assert read(*[f"L402 {QUOTED}"] * 8).chosen().token == M
    reading = read(*[f"L402 {QUOTED}"] * 100)
    assert len(reading.challenges) == 8
    with pytest.raises(ChallengeError, match="more than 8 challenges"):
        reading.chosen()
    reading = read(", ".join(['Bearer realm="x"'] * 100))
    assert len(reading.challenges) == 8
    assert len(reading.problems) == 1


HOSTILE: dict[str, bytes] = {
    "parameters": b"L402 " + b",".join(b"a%d=b" % n for n in range(2_000)),
    "quotes": b'L402 a="' + b"\\a" * 8_000,
    "commas": b"L402 " + b"," * 16_000,
    "spaces": b"L402 a" + b" " * 16_000 + b"b",
    "schemes": b",".join([b"L402"] * 3_000),
    "one token": b"L402 " + b"a" * 16_000 + b"!",
    "equals": b"L402 a" + b"=" * 16_000,
    "single quotes": b"L402 a=" + b"'" * 16_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers_end_in_a_refusal(name: str) -> None:
    # A pattern that backtracks would not come back from these.
    assert len(HOSTILE[name]) <= 16_384
    with pytest.raises(ChallengeError):
        read_challenges([HOSTILE[name]]).chosen()


@given(st.lists(st.binary(max_size=120), max_size=4))
def test_any_bytes(lines: list[bytes]) -> None:
    check(lines)
    check([b"L402 " + line for line in lines])


PIECES = st.sampled_from(
    ["L402", "lsat", "Bearer", " ", ",", ", ", "=", '"', "'", "\\", "token", "macaroon", "invoice",
     f'macaroon="{M}"', f'invoice="{I}"', f"token={M}", M, I, "\t", "\x00", "é"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14))
def test_any_pieces(pieces: list[str]) -> None:
    check(["".join(pieces).encode()])


def check(lines: list[bytes]) -> None:
    reading = read_challenges(lines)
    for challenge in reading.challenges:
        places_are_right(challenge, lines[challenge.line])
    for problem in reading.problems:
        assert str(problem).isprintable()
    try:
        bill = reading.chosen()
    except ChallengeError:
        return
    assert bill.token.isprintable()
    assert bill.token.encode() in lines[bill.source.line]


def places_are_right(challenge: AuthChallenge, line: bytes) -> None:
    assert 0 <= challenge.start <= challenge.end <= len(line)
    for param in challenge.params:
        assert param.start <= param.value_start <= param.value_end <= param.end

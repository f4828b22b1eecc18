"""What does each part of a challenge say, and why is it there?

The tree of ``WWW-Authenticate`` lines: every challenge of every scheme, and inside an L402 one the
trees of its token and its invoice. Where one of them cannot be read its node stays, with the
reason, and the rest of the tree is there all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from l402tui.protocol.auth_header import AuthChallenge, AuthParam, Deviation
from l402tui.protocol.body_challenge import BodyChallenge, BodyField, Means, agree
from l402tui.protocol.challenge import MAX_LINES, L402Challenge, Problem, Reading
from l402tui.protocol.dissect import words
from l402tui.protocol.dissect.dialect_words import CASHU, PAYMENT
from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.dissect.invoice_broken import dissect_broken_invoice
from l402tui.protocol.dissect.parts import Place, joined, named, why
from l402tui.protocol.dissect.token import dissect_token
from l402tui.protocol.dissect.verdict import challenge_verdict, dissect_readers
from l402tui.protocol.errors import ChallengeError, InvoiceError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.invoice_glimpse import glimpsed_hash
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["dissect_body_challenge", "dissect_challenge", "dissect_line", "verdict"]

_TOKEN_NAMES = ("token", "macaroon")
_OTHERS = "A parameter of that scheme."
_UNCERTAIN = " The invoice itself is refused; no more than its payment hash is certain."
_NO_BILL = (
    "It says that L402 opens this, and gives no bill. With a 401 that is no mistake: what was sent "
    "was not accepted. A request without a credential may bring a 402 with a bill."
)
_NOT_CERTAIN = (
    "Where a value begins and ends cannot be said for certain: it is shown, and not used."
)


def dissect_challenge(reading: Reading, *, now: float | None = None) -> Node:
    """The tree of everything in ``reading``, each header line over a buffer of its own.

    With ``now`` (unix seconds) caveats that have expired say so.
    """
    lines = [
        dissect_line(reading, number, Place(Buffer(say("WWW-Authenticate"), raw)), now)
        for number, raw in enumerate(reading.lines[: MAX_LINES + 1])
    ]
    told = (verdict(reading), dissect_readers(reading))
    judged = tuple(node for node in told if node is not None)
    if len(lines) == 1 and not judged:
        return lines[0]
    mark = Mark.PLAIN if told[0] is None else Mark.BAD
    value = _count(len(reading.lines), "line")
    children = (*lines, *judged)
    return Node(say("challenges"), value, say(words.CHALLENGE), children=children, mark=mark)


def verdict(reading: Reading, status: int | None = None) -> Node | None:
    """Why no bill can be paid on these challenges; None where one can, and where there need be none
    (``status`` 401)."""
    if status == 401 and all(trouble.names_no_bill for trouble in reading.troubles):
        return None
    try:
        reading.chosen()
    except ChallengeError as error:
        return Node(say("bill"), why(error), say(words.VERDICT), mark=Mark.BAD)
    return None


def dissect_line(
    reading: Reading,
    number: int,
    place: Place,
    now: float | None = None,
    status: int | None = None,
) -> Node:
    """The tree of one header line, whose value begins at ``place``. ``status`` is that of the
    response, where it is known."""
    found = [c for c in reading.challenges if c.line == number]
    children = [_challenge(reading, challenge, place, now, status) for challenge in found]
    for trouble in reading.troubles:
        if trouble.line == number and trouble.source is None:
            size = len(reading.lines[number])
            children.append(_problem(trouble, place, size, words.UNREAD))
    schemes = shown(", ".join(challenge.scheme for challenge in found), 80)
    return Node(
        say("WWW-Authenticate"),
        schemes or say("nothing that can be read"),
        say(words.HEADER[b"www-authenticate"]),
        place.span(0, len(reading.lines[number])),
        tuple(children),
        copy=reading.lines[number],
    )


def _count(number: int, what: str) -> Shown:
    return say("1 {}" if number == 1 else "{1} {0}s", say(what), number)


def _problem(trouble: Problem, place: Place, end: int, meaning: str) -> Node:
    span = place.span(min(trouble.error.offset or 0, end), end)
    return Node(say("problem"), why(trouble.error), say(meaning), span, mark=Mark.BAD)


def _challenge(
    reading: Reading,
    challenge: AuthChallenge,
    place: Place,
    now: float | None,
    status: int | None,
) -> Node:
    ours = challenge.scheme.lower() in ("l402", "lsat")
    name_end = challenge.start + len(challenge.scheme)
    scheme_span = place.span(challenge.start, name_end)
    meaning = say(words.SCHEME if ours else "")
    children = [Node(say("scheme"), shown(challenge.scheme), meaning, scheme_span)]
    if ours:
        children += _l402_parts(reading, challenge, place, now)
    else:
        children += _other_parts(reading, challenge, place)
    for deviation in _deviations(reading, challenge):
        stray = deviation is Deviation.STRAY_QUOTE
        meaning_of_it = say(_NOT_CERTAIN if stray else words.DEVIATION)
        label, told = say("written differently"), say(deviation.value)
        children.append(Node(label, told, meaning_of_it, mark=Mark.NOTE))
    broken = [t for t in reading.troubles if t.source is challenge]
    if status == 401 and any(trouble.names_no_bill for trouble in broken):
        children.append(Node(say("bill"), say("none"), say(_NO_BILL), mark=Mark.NOTE))
        broken = []
    # A mistake behind what was read is where reading stopped: it concerns the rest of the line.
    stopped = any((t.error.offset or 0) >= challenge.end for t in broken)
    end = len(reading.lines[challenge.line]) if stopped else challenge.end
    children += [_problem(trouble, place, end, words.PROBLEM) for trouble in broken]
    for bill in reading.usable:
        if bill.source is challenge:
            children += challenge_verdict(reading, bill)
    return Node(
        say("{} challenge", shown(challenge.scheme, 40)),
        _count(len(challenge.params), "parameter"),
        say(words.CHALLENGE if ours else words.OTHER_CHALLENGE),
        place.span(challenge.start, end),
        tuple(children),
        Mark.BAD if broken else Mark.PLAIN,
    )


def _l402_parts(
    reading: Reading, challenge: AuthChallenge, place: Place, now: float | None
) -> list[Node]:
    """The parameters in their order; the invoice is read first, because the token must match it."""
    bills = challenge.named("invoice")
    invoices = {id(p): _decode_invoice(p.value) for p in bills}
    expected = None
    if len(bills) == 1:
        expected = _expected(bills[0].value, invoices[id(bills[0])])
    nodes: list[Node] = []
    if challenge.token68 is not None:
        start, end = challenge.token68
        span, text = place.span(start, end), reading.lines[challenge.line][start:end]
        nodes.append(_token(say("token"), text, span, expected, now))
    for param in challenge.params:
        name = param.name.lower()
        span = place.span(param.value_start, param.value_end)
        if name in _TOKEN_NAMES:
            nodes.append(_token(say(name), param.value, span, expected, now))
        elif name == "invoice":
            nodes.append(_invoice(param.value, span, invoices[id(param)], now))
        elif name == "version":
            value = shown(param.value)
            nodes.append(Node(say(name), value, say(words.CHALLENGE_VERSION), span))
        else:
            nodes.append(_plain(param, span))
    return nodes


def _other_parts(reading: Reading, challenge: AuthChallenge, place: Place) -> list[Node]:
    known = {"payment": PAYMENT, "mpp": PAYMENT, "cashu": CASHU}.get(challenge.scheme.lower(), {})
    nodes = [
        _plain(p, place.span(p.value_start, p.value_end), known.get(p.name.lower(), _OTHERS))
        for p in challenge.params
    ]
    if challenge.token68 is not None:
        start, end = challenge.token68
        value = shown(reading.lines[challenge.line][start:end])
        nodes.insert(0, Node(say("content"), value, say(words.TOKEN68), place.span(start, end)))
    return nodes


def _plain(param: AuthParam, span: Span, meaning: str = words.PARAMETER) -> Node:
    label, value = shown(param.name, 40), shown(param.value)
    return Node(label, value, say(meaning), span, copy=param.value)


class _Expected(NamedTuple):
    """The payment hash that the token should commit to."""

    payment_hash: bytes
    certain: bool
    """False: the invoice is refused, and its hash alone could be read."""


def _expected(text: bytes, invoice: Invoice | InvoiceError) -> _Expected | None:
    if isinstance(invoice, Invoice):
        return _Expected(invoice.payment_hash, certain=True)
    glimpsed = glimpsed_hash(text.decode("latin-1"))
    return None if glimpsed is None else _Expected(glimpsed, certain=False)


def _token(
    label: Shown, text: bytes, span: Span, expected: _Expected | None, now: float | None
) -> Node:
    invoice_hash = None if expected is None else expected.payment_hash
    tree = dissect_token(text, invoice_hash=invoice_hash, now=now)
    if expected is not None and not expected.certain:
        tree = _doubted(tree)
    meaning = joined(say(words.BEARER), tree.meaning)
    return replace(tree, label=label, meaning=meaning, span=span)


def _doubted(node: Node) -> Node:
    """The same tree, for an invoice that is refused: a hash that matches is not enough to pay."""
    children = tuple(map(_doubted, node.children))
    if node.mark is Mark.GOOD and node.value.text.startswith("MATCH with the invoice"):
        meaning = joined(node.meaning, say(_UNCERTAIN))
        return replace(node, meaning=meaning, mark=Mark.NOTE, children=children)
    return replace(node, children=children)


def _decode_invoice(text: bytes) -> Invoice | InvoiceError:
    try:
        return Invoice.decode(text.decode("latin-1"), lenient_features=True)
    except InvoiceError as error:
        return error


def _invoice(text: bytes, span: Span, invoice: Invoice | InvoiceError, now: float | None) -> Node:
    if isinstance(invoice, InvoiceError):
        meaning = joined(say(words.INVOICE), say(words.BAD_INVOICE, why(invoice)))
        tree = dissect_broken_invoice(text.decode("latin-1"), invoice, now=now)
        like_one = any(part.label.text == "network" for part in tree.children)
        value = tree.value if like_one else shown(text)
        return replace(tree, value=value, meaning=meaning, span=span, copy=text)
    tree = dissect_invoice(invoice, now=now)
    return replace(tree, meaning=joined(say(words.INVOICE), tree.meaning), span=span, copy=text)


def _deviations(reading: Reading, challenge: AuthChallenge) -> tuple[Deviation, ...]:
    """Those of the bill it was read as, where it was; they include those of the header."""
    for usable in reading.usable:
        if usable.source is challenge:
            return usable.deviations
    return challenge.deviations


def dissect_body_challenge(
    challenge: BodyChallenge,
    place: Place,
    header: L402Challenge | None = None,
    now: float | None = None,
) -> Node:
    """The tree of the bill that a JSON body beginning at ``place`` carries.

    ``header`` is the bill of the response's header, if it has one: in what they differ is said.
    """
    bill = challenge.meaning(Means.INVOICE)
    invoice = None if bill is None else _decode_invoice(bill.raw)
    expected = None if bill is None or invoice is None else _expected(bill.raw, invoice)
    children: list[Node] = []
    for found in challenge.fields:
        span = place.span(found.start, found.end)
        if found.means is Means.TOKEN:
            children.append(_token(named(found.name), found.raw, span, expected, now))
        elif found.means is Means.INVOICE:
            read = invoice if found is bill and invoice is not None else _decode_invoice(found.raw)
            told = _invoice(found.raw, span, read, now)
            children.append(replace(told, label=named(found.name)))
        else:
            children.append(_body_field(found, span))
    size = len(challenge.body)
    for error in challenge.troubles:
        children.append(_problem(Problem(0, error), place, size, words.PROBLEM))
    different = agree(header, challenge)
    children += [
        Node(say("disagrees"), told, say(words.DISAGREES), mark=Mark.WARN) for told in different
    ]
    return Node(
        say("challenge in the body"),
        _count(len(challenge.fields), "field"),
        say(words.BODY_ALONE if header is None else words.BODY_BESIDE),
        place.span(0, size),
        tuple(children),
        Mark.BAD if challenge.troubles else Mark.WARN if different else Mark.PLAIN,
    )


def _body_field(found: BodyField, span: Span) -> Node:
    meaning = say(words.BODY_FIELD[found.means.value])
    return Node(named(found.name), shown(found.raw), meaning, span, copy=found.raw)

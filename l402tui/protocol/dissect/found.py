"""What was found in this text, page or recording, and where does each thing stand?

A node "found" whose children are the trees of the things found. The first child of each says where
it stands: the line and column, the path in a JSON document, or the entry of a recording.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.dissect.challenge import dissect_challenge
from l402tui.protocol.dissect.credential import dissect_credential_header
from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.dissect.message import dissect_message
from l402tui.protocol.dissect.parts import hidden, why
from l402tui.protocol.dissect.token import dissect_token
from l402tui.protocol.errors import CredentialError, InvoiceError
from l402tui.protocol.find import Finds, Found, Sort, Where
from l402tui.protocol.har import Har
from l402tui.protocol.http_text import MAX_MESSAGES, HttpMessage
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["dissect_32_bytes", "dissect_finds", "dissect_har", "dissect_messages"]

_FOUND: Final = "What has to do with L402 in this text, in its order. The rest was passed over."
_MESSAGES: Final = "The HTTP messages in this text, in its order. The rest was passed over."
_HAR: Final = (
    "The exchanges of this recording that carry L402 material, or were answered with 401 or 402."
)
_NO_HAR: Final = (
    "Nothing in this recording has to do with L402, and nothing was answered with 401 or 402. "
    "These are its exchanges."
)
_WHERE: Final = ""
_NEARLY: Final = (
    "It begins and is made as an invoice, but its checksum is wrong: a character is mistyped, "
    "missing or too much. Nothing can be paid by it."
)
_UNPAYABLE: Final = "Its checksum is right, but it cannot be read for certain: {}."
_UNREAD: Final = "It stands where a credential belongs, but cannot be taken apart: {}."
_BYTES: Final = (
    "64 hex characters say nothing about what they are: they may be a preimage, which proves a "
    "payment and is kept secret, or a payment hash, which everybody may see. Until that is known "
    "they are treated as a preimage."
)
_DIGEST: Final = (
    "If it is a preimage, this is the payment hash that it proves: compare it with the one in an "
    "invoice or a token. If it is itself a payment hash, this means nothing."
)
_PREIMAGE: Final = "What paying the invoice reveals. It is not shown: it proves the payment."
_PROVES: Final = "The payment hash that this preimage proves."
_PLACES_SHOWN: Final = 6


def dissect_finds(finds: Finds, *, now: float | None = None) -> Node:
    """The tree of what :mod:`~l402tui.protocol.find` found. With ``now`` (unix seconds) caveats
    that have expired say so. Never raises."""
    children = [_with(_where(found), _thing(found, now)) for found in finds.found]
    if finds.more:
        told = say("{} more", finds.more)
        children.append(Node(say("…"), told, say("Too many to take apart."), mark=Mark.NOTE))
    sorts = Counter(found.sort.value for found in finds.found)
    value = shown(", ".join(_counted(number, what) for what, number in sorts.items()))
    return Node(say("found"), value, say(_FOUND), children=tuple(children))


def dissect_messages(messages: Sequence[HttpMessage], *, now: float | None = None) -> Node:
    """The tree of HTTP messages out of a text: one gives its own tree. Never raises."""
    trees = [
        dissect_message(message.start_line, message.headers, message.body, now=now)
        for message in messages
    ]
    if len(trees) == 1:
        return trees[0]
    children = [
        _with(say("line {}", message.line), tree)
        for message, tree in zip(messages, trees, strict=True)
    ]
    if len(trees) == MAX_MESSAGES:
        children.append(Node(say("…"), say("there may be more"), mark=Mark.NOTE))
    return Node(say("found"), _of_messages(messages), say(_MESSAGES), children=tuple(children))


def dissect_har(har: Har, *, now: float | None = None) -> Node:
    """The tree of what a recording says about payment. Never raises."""
    children: list[Node] = []
    for message in har.messages:
        tree = dissect_message(message.start_line, message.headers, message.body, now=now)
        if message.trouble:
            missing = Node(say("left out"), shown(message.trouble), mark=Mark.WARN)
            tree = replace(tree, children=(*tree.children, missing))
        children.append(_with(shown(message.path), tree))
    given = len({message.path.rpartition(".")[0] for message in har.messages})
    if given < har.chosen:
        more = say("{} more exchanges", har.chosen - given)
        children.append(Node(say("…"), more, mark=Mark.NOTE))
    value = say("{} of {} exchanges", har.chosen if har.telling else 0, har.total)
    meaning = say(_HAR if har.telling else _NO_HAR)
    return Node(say("found"), value, meaning, children=tuple(children))


def dissect_32_bytes(text: str, *, named: bool = False) -> Node:
    """The tree of 64 hex characters: secret, because they may be a preimage. ``named`` where
    something said that they are one."""
    raw = bytes.fromhex(text)
    buffer = Buffer(say("preimage" if named else "32 bytes"), text.encode(), secret=True)
    digest = shown(sha256(raw).hexdigest())
    checked = Node(say("SHA-256"), digest, say(_PROVES if named else _DIGEST), copy=digest.raw)
    return Node(
        say("preimage" if named else "32 bytes"),
        hidden(len(text), "hex characters")
        if named
        else say("either a preimage or a payment hash"),
        say(_PREIMAGE if named else _BYTES),
        Span(buffer, 0, len(text)),
        (checked,),
        copy=text.encode(),
        secret=True,
    )


# --- one thing -----------------------------------------------------------------------------------


def _thing(found: Found, now: float | None) -> Node:
    text = found.text
    if found.sort is Sort.CHALLENGE:
        lines = [line.encode("utf-8", "surrogatepass") for line in text.split("\n")]
        return dissect_challenge(read_challenges(lines), now=now)
    if found.sort is Sort.CREDENTIAL:
        try:
            return dissect_credential_header(found.name, text, now=now)
        except CredentialError as error:
            value = hidden(len(text), "characters")
            return _bad("credential", value, say(_UNREAD, why(error)), text, secret=True)
    if found.sort is Sort.TOKEN:
        return dissect_token(text, now=now)
    if found.sort is Sort.PREIMAGE:
        return dissect_32_bytes(text, named=True)
    if found.sort is Sort.NEARLY_INVOICE:
        return _bad("looks like an invoice", shown(text, 60), say(_NEARLY), text)
    try:
        return dissect_invoice(Invoice.decode(text, lenient_features=True), now=now)
    except InvoiceError as error:
        return _bad("invoice", shown(text, 60), say(_UNPAYABLE, why(error)), text)


def _bad(label: str, value: Shown, meaning: Shown, text: str, *, secret: bool = False) -> Node:
    raw = text.encode("utf-8", "surrogatepass")
    span = Span(Buffer(say(label), raw, secret), 0, len(raw))
    mark = Mark.WARN if label.startswith("looks") else Mark.BAD
    return Node(say(label), value, meaning, span, (), mark, raw, secret)


def _with(place: Shown, tree: Node) -> Node:
    """The same tree, with the place where it was found."""
    return replace(tree, children=(Node(say("where"), place, say(_WHERE)), *tree.children))


def _where(found: Found) -> Shown:
    told = [_place(place) for place in found.places[:_PLACES_SHOWN]]
    more = len(found.places) - len(told)
    value = say("; ".join(["{}"] * len(told)), *told)
    if found.name and not found.places[0].path:  # a path ends in the name
        value = say("{}, behind {}", value, shown(found.name, 40))
    return say("{}; and {} more", value, more) if more else value


def _place(place: Where) -> Shown:
    return shown(place.path) if place.path else say("line {}, column {}", place.line, place.column)


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def _of_messages(messages: Sequence[HttpMessage]) -> Shown:
    responses = sum(message.is_response for message in messages)
    said = [
        _counted(number, what)
        for number, what in ((len(messages) - responses, "request"), (responses, "response"))
        if number
    ]
    return shown(", ".join(said))

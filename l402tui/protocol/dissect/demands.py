"""What does each of the other protocols say, as a tree?

One function a protocol. The values themselves are drawn by
:class:`~l402tui.protocol.dissect.items.ItemTree`; here they get what is known besides: amounts with
their unit, chains by name, invoices taken apart, times held against the clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from l402tui.protocol.dialects.amounts import Chain, bitcoin_words, number_words
from l402tui.protocol.dialects.bare import BareInvoice
from l402tui.protocol.dialects.canonical import not_canonical
from l402tui.protocol.dialects.cashu import CashuRequest
from l402tui.protocol.dialects.inside import Bolt11
from l402tui.protocol.dialects.kinds import Demand, Source
from l402tui.protocol.dialects.mcp import McpPayment
from l402tui.protocol.dialects.mpp import INTENTS, MppBill, PaymentChallenge, way_words
from l402tui.protocol.dialects.named import AcceptPayment, DryRun, Manifest
from l402tui.protocol.dialects.offers import Offers
from l402tui.protocol.dialects.rails import ASK_FOR_L402, MultiRail
from l402tui.protocol.dialects.x402 import X402, Choice
from l402tui.protocol.dissect import dialect_words as words
from l402tui.protocol.dissect.demand_parts import (
    Glosses,
    Where,
    add_gloss,
    add_invoice,
    decoded_place,
    invoice_gloss,
    params,
    source_tree,
    token_gloss,
)
from l402tui.protocol.dissect.items import Gloss, ItemTree, by_offset
from l402tui.protocol.dissect.parts import joined, why
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node

__all__ = ["Where", "content", "has_invoice"]


@singledispatch
def content(demand: Demand, where: Where) -> list[Node]:
    """What the demand says, as nodes."""
    return source_tree("content", demand.source, where, {}, {}, demand)


def has_invoice(demand: Demand | None) -> bool:
    """Whether there is an invoice in it that can be read."""
    return any(bolt11.invoice is not None for bolt11 in _invoices(demand))


def _invoices(demand: Demand | None) -> Iterable[Bolt11]:
    found: list[Bolt11 | None] = []
    if isinstance(demand, X402 | MultiRail):
        found = [choice.invoice for choice in demand.choices]
    elif isinstance(demand, MppBill):
        found = [challenge.invoice for challenge in demand.challenges]
    elif isinstance(demand, BareInvoice | AcceptPayment):
        found = [demand.invoice]
    elif isinstance(demand, McpPayment):
        found = [offer.invoice for offer in demand.offers]
        found += [choice.invoice for choice in (demand.x402.choices if demand.x402 else ())]
    return [bolt11 for bolt11 in found if bolt11 is not None]


# --- x402 ----------------------------------------------------------------------------------------


@content.register
def _x402(demand: X402, where: Where) -> list[Node]:
    glosses = _choices(demand.choices, where.now)
    label = "content" if demand.source is None or demand.source.name == "body" else "decoded"
    return source_tree(label, demand.source, where, words.X402, glosses, demand)


def _choices(choices: Iterable[Choice], now: float | None) -> Glosses:
    glosses: Glosses = {}
    for choice in choices:
        amount = choice.amount_words()
        entry = choice.at
        for name in ("amount", "maxAmountRequired"):
            number = entry.get(name)
            bare = None if number is None else shown(str(number.value), 90)
            both = None if amount is None or bare is None else say("{} = {}", bare, amount)
            add_gloss(glosses, number, both)
        if choice.network is not None:
            value, meaning = _network(choice.network)
            add_gloss(glosses, entry.get("network"), value, meaning)
        add_invoice(glosses, choice.invoice, now)
        if amount is not None:
            on = say("a chain") if choice.network is None else _chain(choice.network)
            add_gloss(glosses, entry, say("{} on {}", amount, on), say("One way to pay."))
    return glosses


def _chain(chain: Chain) -> Shown:
    return say(chain.word) if chain.word else shown(chain.text, 60)


def _network(chain: Chain) -> tuple[Shown, Shown]:
    if not chain.word:
        return shown(chain.text), say(words.UNKNOWN_NETWORK)
    meaning = say(words.X402["accepts.network"])
    if chain.test:
        meaning = joined(meaning, say(words.TEST_MONEY))
    return say("{} = {}", shown(chain.text), say(chain.word)), meaning


# --- the Payment scheme --------------------------------------------------------------------------


@content.register
def _mpp(demand: MppBill, where: Where) -> list[Node]:
    nodes = [_payment(challenge, where) for challenge in demand.challenges]
    if demand.problem is not None and demand.source is not None:
        nodes += source_tree(
            "problem details", demand.source, where, words.PROBLEM_DETAILS, {}, demand
        )
    return nodes


def _payment(challenge: PaymentChallenge, where: Where) -> Node:
    place = where.header("www-authenticate", challenge.source.line)
    amount = challenge.amount_words()
    method, intent = challenge.method or "", challenge.intent or ""
    parts = [shown(part, 40) for part in (method, intent) if part]
    named = say(" ".join(["{}"] * len(parts)), *parts) if parts else None
    told = [part for part in (named, amount) if part is not None]
    value = say(", ".join(["{}"] * len(told)), *told)
    special = {
        "method": Gloss(shown(method), say(way_words(challenge))),
        "intent": Gloss(shown(intent), say(INTENTS.get(intent, words.NO_INTENT))),
    }
    if challenge.expires is not None:
        special["expires"] = _moment(challenge, challenge.expires, where.now)
    if challenge.request is not None:
        special["request"] = _request(challenge, where.now)
    elif challenge.invoice is not None:
        special["invoice"] = invoice_gloss(challenge.invoice, where.now)
    if challenge.opaque is not None:
        source = challenge.opaque
        children = _decoded(source, ItemTree(decoded_place(source), {}))
        special["opaque"] = Gloss(say(words.DECODED), children=children)
    return Node(
        say("{} challenge", shown(challenge.source.scheme, 40)),
        value,
        say(INTENTS.get(intent, "")),
        None if place is None else place.span(challenge.source.start, challenge.source.end),
        (*params(challenge.source, place, words.PAYMENT, special), *_wrong(challenge)),
        Mark.BAD if challenge.problems or challenge.request_problems else Mark.PLAIN,
    )


def _wrong(challenge: PaymentChallenge) -> tuple[Node, ...]:
    return tuple(
        Node(say("problem"), why(e), say(words.PROBLEM_ANYWHERE), mark=Mark.BAD)
        for e in challenge.problems
    )


def _moment(challenge: PaymentChallenge, at: float, now: float | None) -> Gloss:
    value = shown(challenge.source.named("expires")[0].value)
    over = now is not None and now >= at
    meaning = joined(say(words.PAYMENT["expires"]), say(words.EXPIRED if over else ""))
    return Gloss(value, meaning, (), Mark.WARN if over else Mark.PLAIN)


def _decoded(source: Source, tree: ItemTree) -> tuple[Node, ...]:
    return () if source.item is None else tree.members(source.item)


def _request(challenge: PaymentChallenge, now: float | None) -> Gloss:
    source = challenge.request
    assert source is not None  # the caller looked
    glosses: Glosses = {}
    add_invoice(glosses, challenge.invoice, now)
    if source.item is not None:
        add_gloss(glosses, source.item.get("amount"), challenge.amount_words())
    place = decoded_place(source)
    tree = ItemTree(place, words.REQUEST, glosses, by_offset(challenge.request_problems))
    children = [*_decoded(source, tree), *_canonical(source)]
    children += [
        Node(say("problem"), why(e), say(words.PROBLEM_ANYWHERE), mark=Mark.BAD)
        for e in challenge.request_problems
    ]
    return Gloss(say("{} bytes of JSON", len(source.data)), children=tuple(children))


def _canonical(source: Source) -> list[Node]:
    if source.item is None:
        return []
    fault = not_canonical(source.data, source.item)
    told = say("yes") if fault is None else say("no: {} (byte {})", why(fault), fault.offset or 0)
    mark = Mark.GOOD if fault is None else Mark.BAD
    return [Node(say("canonical"), told, say(words.CANONICAL), mark=mark)]


# --- ecash ---------------------------------------------------------------------------------------


@content.register
def _cashu(demand: CashuRequest, where: Where) -> list[Node]:
    glosses: Glosses = {}
    value = demand.amount_words() or say("an amount that is not named")
    if demand.challenge is not None:
        place = where.header("www-authenticate", demand.challenge.line)
        told = params(demand.challenge, place, words.CASHU, {})
        return [Node(say("ecash request"), value, say(words.ECASH_SCHEME), children=told)]
    item = None if demand.source is None else demand.source.item
    if item is not None:
        add_gloss(glosses, item.get("a"), demand.amount_words())
    meaning = say(words.ECASH_FORMS.get(demand.form, ""))
    children = source_tree("fields", demand.source, where, words.CASHU, glosses, demand)
    span = None
    place = where.header("x-cashu")
    if place is not None:
        size = len(place.buffer.data) - place.offset
        span = place.span(0, min(size, 16_384)) if place.offset == 0 else None
    return [Node(say("ecash request"), value, meaning, span, tuple(children))]


# --- lists of offers -----------------------------------------------------------------------------


@content.register
def _offers(demand: Offers, where: Where) -> list[Node]:
    glosses: Glosses = {}
    for offer in demand.offers:
        amount = offer.amount_words()
        add_gloss(glosses, offer.at.get("amount"), amount)
        if amount is not None:
            value = say("{}: {}", shown(offer.title or offer.id or "", 60), amount)
            add_gloss(glosses, offer.at, value)
    return source_tree("content", demand.source, where, words.OFFERS, glosses, demand)


@content.register
def _rails(demand: MultiRail, where: Where) -> list[Node]:
    glosses = _choices(demand.choices, where.now)
    for rail in demand.rails:
        price = rail.amount_words()
        for name in ("costCents", "amountCents"):
            add_gloss(glosses, rail.at.get(name), price)
        if price is not None:
            add_gloss(glosses, rail.at, say("{}: {}", shown(rail.scheme or "", 40), price))
    nodes = source_tree("content", demand.source, where, words.RAILS, glosses, demand)
    if demand.schemes:
        listed = shown(", ".join(demand.schemes))
        nodes.insert(0, Node(say("rails"), listed, say(words.PAYMENT["scheme"])))
    name, value = ASK_FOR_L402
    ask = say("{}: {}", say(name), say(value))
    nodes.append(Node(say("to get L402"), ask, say("A request header that asks for that rail.")))
    return nodes


@content.register
def _bare(demand: BareInvoice, where: Where) -> list[Node]:
    glosses: Glosses = {}
    add_invoice(glosses, demand.invoice, where.now)
    return source_tree("content", demand.source, where, words.BARE, glosses, demand)


# --- inside other messages -----------------------------------------------------------------------


@content.register
def _mcp(demand: McpPayment, where: Where) -> list[Node]:
    glosses: Glosses = {}
    if demand.x402 is not None:
        glosses |= _choices(demand.x402.choices, where.now)
    for offer in demand.offers:
        add_gloss(glosses, offer.at.get("amount"), offer.amount_words())
        add_invoice(glosses, offer.invoice, where.now)
        token = offer.at.get("token")
        if token is not None and isinstance(token.value, str):
            glosses[id(token)] = token_gloss(token.value, offer.invoice, where.now)
    for challenge in demand.challenges:
        add_gloss(glosses, challenge.at.get("request", "amount"), challenge.amount_words())
    meanings = {**words.MCP}
    for name, meaning in words.X402.items():
        # The object of x402 stands deeper here: its names are looked up by their last part.
        meanings.setdefault(name.rpartition(".")[2], meaning)
    return source_tree("content", demand.source, where, meanings, glosses, demand)


@content.register
def _manifest(demand: Manifest, where: Where) -> list[Node]:
    glosses: Glosses = {}
    for endpoint in demand.endpoints:
        price = None if endpoint.price is None else bitcoin_words(endpoint.price * 1_000)
        add_gloss(glosses, endpoint.at.get("pricing", "base_price_sats"), price)
        told = say("{} {}", shown(endpoint.method or "", 20), shown(endpoint.path or "", 80))
        add_gloss(glosses, endpoint.at, told)
    return source_tree("content", demand.source, where, words.MANIFEST, glosses, demand)


@content.register
def _accept(demand: AcceptPayment, where: Where) -> list[Node]:
    place = where.header("accept-payment")
    special = {}
    if demand.invoice is not None:
        special["invoice"] = invoice_gloss(demand.invoice, where.now)
    for name in ("macaroon", "token"):
        if demand.token is not None:
            special[name] = token_gloss(demand.token, demand.invoice, where.now)
    challenge = demand.challenge
    span = None if place is None else place.span(challenge.start, challenge.end)
    children = params(challenge, place, words.ACCEPT_PAYMENT, special)
    count = number_words(len(challenge.params))
    return [Node(say("Accept-Payment"), say("{} parameters", count), Shown(""), span, children)]


@content.register
def _dry(demand: DryRun, where: Where) -> list[Node]:
    price = say("no price") if demand.price is None else bitcoin_words(demand.price)
    nodes = [Node(say("price"), price, say("What it would have asked for."))]
    if demand.challenge is not None:
        place = where.header("x-l402-dry-run-challenge")
        span = None if place is None else place.span(0, len(demand.challenge))
        nodes.append(Node(say("challenge"), shown(demand.challenge), Shown(""), span))
    return nodes

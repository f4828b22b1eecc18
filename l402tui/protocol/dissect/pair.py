"""Do these two things belong together?

Every payment hash, preimage, token and invoice of the one is held against those of the other, and
each comparison becomes a line that says what it found and why that follows. The verdict at the top
is strict: they belong together only where something agrees and nothing contradicts.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from hashlib import sha256
from itertools import product
from typing import Final, NamedTuple

from l402tui.protocol.credential import preimage_matches
from l402tui.protocol.dissect import pair_words as words
from l402tui.protocol.dissect.pair_parts import (
    added,
    asked_for,
    difference,
    kind_of,
    refuse_word,
    relation_of,
    spelled,
    unlike,
)
from l402tui.protocol.dissect.parts import hidden
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.facts import Facts, Held, gather
from l402tui.protocol.kinship import Kinship, Relation
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node

__all__ = ["dissect_pair"]

_SIDES: Final = ("first", "second")
_RELATED: Final = (
    Kinship.SAME, Kinship.REWRITTEN, Kinship.CHILD, Kinship.PARENT, Kinship.DISCHARGE,
    Kinship.DISCHARGED, Kinship.SIBLING,
)  # fmt: skip
_MOST_INVOICES: Final = 8


def dissect_pair(first: bytes, second: bytes, *, now: float | None = None) -> Node:
    """The tree of what two things have to do with each other, a verdict at its top.

    Each is a challenge, a credential, a token, an invoice, or a preimage or payment hash of 64 hex
    characters. ``now`` (unix seconds) changes nothing yet: what belongs together does not expire.
    Secrets are not shown. Raises a DecodeError, which says which of the two cannot be read and why.
    """
    facts = [_gather(thing, side) for thing, side in zip((first, second), _SIDES, strict=True)]
    for side, mine, other in zip(_SIDES, facts, facts[::-1], strict=True):
        refuse_word(side, mine, other)
    return _Comparison(facts[0], facts[1]).tree()


def _gather(thing: bytes, side: str) -> Facts:
    try:
        return gather(thing)
    except DecodeError as error:
        raise type(error)(f"the {side} cannot be read: {error.why}", error.offset) from None


class _Finding(NamedTuple):
    """What one comparison found."""

    node: Node
    together: bool | None
    """None: it decides nothing."""


class _Claim(NamedTuple):
    """A payment hash, and which part of a thing names it (a literal of ours)."""

    name: str
    value: bytes


def _finding(
    label: str, value: Shown, meaning: Shown, together: bool | None, mark: Mark | None = None
) -> _Finding:
    usual = {True: Mark.GOOD, False: Mark.BAD, None: Mark.NOTE}[together]
    return _Finding(Node(say(label), value, meaning, mark=mark or usual), together)


class _Comparison:
    """Two things, and everything in them that can be held against each other."""

    def __init__(self, first: Facts, second: Facts) -> None:
        self._facts = (first, second)
        self._tokens = self._compared_tokens()
        self._claims = [self._claims_of(index) for index in (0, 1)]

    def tree(self) -> Node:
        findings = [
            *self._hashes(), *self._preimages(), *self._hex(), *self._token_findings(),
            *self._invoices(),
        ]  # fmt: skip
        answers = [finding.together for finding in findings]
        together = None if set(answers) <= {None} else False not in answers
        told = {True: words.TOGETHER, False: words.APART, None: words.NOTHING}[together]
        why = words.VERDICT[together]
        nodes = [*(finding.node for finding in findings), *self._by_itself()]
        mark = {True: Mark.GOOD, False: Mark.BAD, None: Mark.NOTE}[together]
        marks = {node.mark for node in nodes}
        if together is not False and Mark.BAD in marks:
            told, why, mark = words.UNFIT, words.VERDICT_UNFIT, Mark.BAD
        elif together and Mark.WARN in marks:
            mark = Mark.WARN
        sides = [self._side(index) for index in (0, 1)]
        return Node(say("two things"), say(told), say(why), children=(*sides, *nodes), mark=mark)

    # --- what is in each of them ------------------------------------------------------------------

    def _claims_of(self, index: int) -> list[_Claim]:
        """Every payment hash it names. The name of a discharge is none, though it may look so."""
        facts = self._facts[index]
        claims = [_Claim(named.name, named.value.reveal()) for named in facts.hashes]
        for held in facts.tokens:
            payment_hash = held.payment_hash
            ours = payment_hash is not None and not asked_for(facts, held)
            if payment_hash is not None and ours and not self._discharges(index, held):
                claims.append(_Claim("token", payment_hash))
        claims += [_Claim("invoice", invoice.payment_hash) for invoice in facts.invoices]
        return claims

    def _discharges(self, index: int, held: Held) -> bool:
        kinship = (Kinship.DISCHARGED, Kinship.DISCHARGE)[index]
        return any(
            pair[index] is held and relation is not None and relation.kinship is kinship
            for *pair, relation in self._tokens
        )

    def _side(self, index: int) -> Node:
        facts = self._facts[index]
        children = [
            Node(
                say("payment hash"), shown(value.hex()), say(words.SIDE), copy=value.hex().encode()
            )
            for value in dict.fromkeys(claim.value for claim in self._claims[index])
        ]
        children += [
            Node(say(named.name), hidden(64, "hex characters"), say(words.SIDE))
            for named in facts.preimages
        ]
        children += [
            Node(say("trouble"), say(words.TROUBLE, shown(trouble)), mark=Mark.WARN)
            for trouble in facts.troubles
        ]
        if facts.more_tokens:
            children.append(Node(say("tokens"), say(words.MORE_TOKENS), mark=Mark.NOTE))
        return Node(say(_SIDES[index]), say(facts.what), children=tuple(children))

    def _by_itself(self) -> list[Node]:
        """A thing that says two things at once, or whose own preimage does not open its own hash.
        Text may well hold the parts of several payments."""
        nodes: list[Node] = []
        for side, facts, claims in zip(_SIDES, self._facts, self._claims, strict=True):
            mark = Mark.WARN if facts.text else Mark.BAD
            other = next((claim for claim in claims if claim.value != claims[0].value), None)
            if other is not None:
                nodes.append(_two_hashes(side, facts, claims[0], other, mark))
            wrong = [
                named
                for named in facts.preimages
                if claims and not any(preimage_matches(named.value, c.value) for c in claims)
            ]
            if wrong:
                meaning = say(words.NOT_ITS_OWN, say(side))
                nodes.append(Node(say("by itself"), say(side), meaning, mark=mark))
        return nodes

    # --- hashes and preimages ---------------------------------------------------------------------

    def _hashes(self) -> list[_Finding]:
        first, second = self._claims
        if not first or not second:
            return []
        known = {claim.value for claim in second}
        common = list(dict.fromkeys(c.value for c in first if c.value in known))
        if not common:
            told = say(words.OTHER_HASH, _hex(first[0].value), _hex(second[0].value))
            return [_finding("payment hash", say("not the same"), told, False)]
        return [
            _finding(
                "payment hash",
                say("the same: {}", _hex(value)),
                say(words.SAME_HASH, _who(first, value), _who(second, value)),
                True,
            )
            for value in common
        ]

    def _preimages(self) -> list[_Finding]:
        found: list[_Finding] = []
        for mine, other in ((0, 1), (1, 0)):
            for named in self._facts[mine].preimages:
                found += self._opens(named.value, mine, other)
        first, second = (facts.preimages for facts in self._facts)
        if first and second:
            same = any(one.value == two.value for one, two in product(first, second))
            meaning = say(words.SAME_PREIMAGE if same else words.OTHER_PREIMAGE)
            value = say("the same" if same else "not the same")
            found.append(_finding("preimages", value, meaning, same))
        return found

    def _opens(self, preimage: Secret, mine: int, other: int) -> list[_Finding]:
        claims = self._claims[other]
        if not claims:
            return []
        digest = _hex(sha256(preimage.reveal()).digest())
        sides = say(_SIDES[mine]), say(_SIDES[other])
        if any(preimage_matches(preimage, claim.value) for claim in claims):
            return [_finding("preimage", say("opens {}", digest), say(words.OPENS, *sides), True)]
        told = say(words.OPENS_NOT, sides[0], digest, sides[1])
        return [_finding("preimage", say("opens something else"), told, False)]

    def _hex(self) -> list[_Finding]:
        """64 hex characters that may be either: both are tried."""
        first, second = (facts.either for facts in self._facts)
        found = [
            finding
            for mine, other in ((0, 1), (1, 0))
            for value in self._facts[mine].either
            for finding in self._either(value.reveal(), mine, other)
        ]
        return found + [_two_hex(one.reveal(), two.reveal()) for one, two in product(first, second)]

    def _either(self, value: bytes, mine: int, other: int) -> list[_Finding]:
        side, theirs = say(_SIDES[mine]), self._facts[other]
        claims = {claim.value for claim in self._claims[other]}
        preimages = [named.value for named in theirs.preimages]
        digest = sha256(value).digest()
        told = {
            words.HEX_IS_HASH: value in claims,
            words.HEX_IS_HASH_OF: any(preimage_matches(p, value) for p in preimages),
            words.HEX_OPENS: digest in claims,
            words.HEX_IS_PREIMAGE: Secret(value) in preimages,
        }
        fits = [sentence for sentence, holds in told.items() if holds]
        if fits:
            kinds = {words.HEX_IS_HASH, words.HEX_IS_HASH_OF}
            return [
                _finding("64 hex characters",
                         say("a payment hash: {}", _hex(value)) if sentence in kinds
                         else say("a preimage: it opens {}", _hex(digest)),
                         say(sentence, side), True)
                for sentence in fits
            ]  # fmt: skip
        if any(hmac.compare_digest(value, i.payment_secret) for i in theirs.invoices):
            meaning = say(words.HEX_IS_SECRET, side)
            return [_finding("64 hex characters", say("the payment secret"), meaning, False)]
        if not claims and not preimages:
            return []
        meaning = say(words.HEX_FITS_NOT, side)
        return [_finding("64 hex characters", say("neither hash nor preimage"), meaning, False)]

    # --- tokens -----------------------------------------------------------------------------------

    def _compared_tokens(self) -> list[tuple[Held, Held, Relation | None]]:
        """Each token of the second with the token of the first that is nearest to it."""
        pairs: list[tuple[Held, Held, Relation | None]] = []
        order = list(Kinship)
        for two in self._facts[1].tokens:
            candidates = [(one, two, relation_of(one, two)) for one in self._facts[0].tokens]
            if candidates:
                nearest = min(
                    candidates,
                    key=lambda pair: (
                        pair[0].text != pair[1].text,
                        len(order) if pair[2] is None else order.index(pair[2].kinship),
                    ),
                )
                pairs.append(nearest)
        return pairs

    def _token_findings(self) -> list[_Finding]:
        found = [self._token(*pair) for pair in self._tokens]
        if not any(finding.together for finding in found):
            return found
        # With one token found again, the others beside it need no counterpart.
        loose = {Kinship.STRANGER, None}
        return [
            _Finding(replace(finding.node, mark=Mark.NOTE), None)
            if finding.together is False
            and (None if relation is None else relation.kinship) in loose
            else finding
            for finding, (_, _, relation) in zip(found, self._tokens, strict=True)
        ]

    def _token(self, one: Held, two: Held, relation: Relation | None) -> _Finding:
        if one.text and one.text == two.text:
            return _finding("token", say("the same token"), say(words.TOKEN_SAME), True)
        same_payment = one.payment_hash is not None and one.payment_hash == two.payment_hash
        if relation is None:
            meaning = unlike(one, two) + (words.SAME_PAYMENT if same_payment else "")
            told = say(meaning, kind_of(one), kind_of(two))
            return _finding("token", say("another token"), told, None if same_payment else False)
        kinship = relation.kinship
        if kinship is Kinship.SAME:
            return _finding("token", say("the same macaroon"), spelled(one, two), True)
        meaning = words.KINSHIP[kinship] + (words.MOVED if relation.moved else "")
        together: bool | None = kinship in _RELATED
        if kinship is Kinship.STRANGER and same_payment:
            together, meaning = None, meaning + words.SAME_PAYMENT
        unproven = kinship is Kinship.SIBLING
        told = say(meaning, relation.shared if unproven else len(relation.added))
        mark = Mark.WARN if unproven else None
        found = _finding("token", say(kinship.value), told, together, mark)
        return found._replace(node=replace(found.node, children=added(relation)))

    # --- invoices ---------------------------------------------------------------------------------

    def _invoices(self) -> list[_Finding]:
        first, second = (facts.invoices[:_MOST_INVOICES] for facts in self._facts)
        found: list[_Finding] = []
        for one, two in product(first, second):
            if one.text == two.text:
                meaning = say(words.SAME_INVOICE)
                found.append(_finding("invoice", say("the same invoice"), meaning, True))
            elif one.payment_hash == two.payment_hash:
                meaning = say(words.TWO_BILLS, say(difference(one, two)))
                told = say("two bills for one payment hash")
                found.append(_finding("invoice", told, meaning, None, Mark.WARN))
        known = {claim.value for claim in self._claims[1]}
        if first and second and not found and any(c.value in known for c in self._claims[0]):
            # Something else agrees, so nothing has said yet that these do not.
            told = say(
                words.OTHER_INVOICE, _hex(first[0].payment_hash), _hex(second[0].payment_hash)
            )
            found.append(_finding("invoice", say("another invoice"), told, False))
        return found


def _two_hashes(side: str, facts: Facts, one: _Claim, other: _Claim, mark: Mark) -> Node:
    hashes = _hex(one.value), _hex(other.value)
    if facts.text:
        meaning = say(words.SEVERAL, say(side), *hashes)
    else:
        parts = say(one.name), hashes[0], say(other.name), hashes[1]
        meaning = say(words.TWO_HASHES, say(side), *parts, say(facts.what))
    return Node(say("by itself"), say(side), meaning, mark=mark)


def _hex(value: bytes) -> Shown:
    return shown(value.hex())


def _who(claims: list[_Claim], value: bytes) -> Shown:
    names = dict.fromkeys(claim.name for claim in claims if claim.value == value)
    return say(" and ".join(f"the {name}" for name in names))


def _two_hex(first: bytes, second: bytes) -> _Finding:
    label = "64 hex characters"
    if hmac.compare_digest(first, second):
        return _finding(label, say("the same"), say(words.HEX_SAME), True)
    for one, two, names in ((first, second, _SIDES), (second, first, _SIDES[::-1])):
        if preimage_matches(one, two):
            meaning = say(words.HEX_PAIR, *(say(name) for name in names))
            return _finding(label, say("preimage and payment hash"), meaning, True)
    return _finding(label, say("not the same"), say(words.HEX_STRANGERS), False)

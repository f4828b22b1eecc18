"""What does each part of a credential say, and what does it prove?

Token and preimage together are as good as cash. Their values are redacted in the tree, and the
nodes whose bytes or copies give them away are marked ``secret``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final, NamedTuple

from l402tui.protocol.commitment import committed_hash, readable_token
from l402tui.protocol.credential import (
    CredentialField,
    CredentialForm,
    ReadCredential,
    preimage_matches,
    read_credential,
    read_credential_header,
)
from l402tui.protocol.credential_forms import preimages_inside
from l402tui.protocol.credential_parts import preimage_of
from l402tui.protocol.dissect import credential_words, words
from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.dissect.parts import Place, hidden, joined, named, why
from l402tui.protocol.dissect.token import dissect_token
from l402tui.protocol.errors import CredentialError, DecodeError, IdentifierError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.macaroon import Macaroon, Token
from l402tui.protocol.node_macaroon import read_node_identifier
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["dissect_credential", "dissect_credential_header"]

_MOST_TOKENS: Final = 16
"""Tokens in one credential that are taken apart; real ones have one or two."""
_PAYMENT = (CredentialForm.PAYMENT_JSON, CredentialForm.PAYMENT_PARAMS)
_TOLD = {
    None: ("{}", Mark.NOTE),
    True: ("MATCH with {1}: {0}", Mark.GOOD),
    False: ("MISMATCH with {1}: {0}", Mark.BAD),
}


def dissect_credential(
    value: str | Secret, *, place: Place | None = None, now: float | None = None
) -> Node:
    """The tree of an ``Authorization`` value for L402 or LSAT.

    ``place`` says where the value begins in a larger buffer; without it the tree gets one of its
    own, marked secret. With ``now`` (unix seconds) caveats that have expired say so. Raises
    CredentialError where it cannot be taken apart.
    """
    raw = _bytes(value, place)
    read = read_credential(raw.decode("latin-1"))
    return _Dissection("Authorization", raw, read, place, now).tree()


def dissect_credential_header(
    name: str, value: str | Secret, *, place: Place | None = None, now: float | None = None
) -> Node:
    """The tree of any header that shows a payment (see
    :func:`~l402tui.protocol.credential.read_credential_header`), named by what it is.

    What is wrong in it gets a node of its own and the rest is there all the same. Raises
    CredentialError only where nothing can be taken apart. ``place`` and ``now`` as in
    :func:`dissect_credential`.
    """
    raw = _bytes(value, place)
    read = read_credential_header(name, raw.decode("latin-1"), keep_going=True)
    return _Dissection(name, raw, read, place, now).tree()


def _bytes(value: str | Secret, place: Place | None) -> bytes:
    """The bytes on the wire. A value out of a message was decoded as latin-1, as HTTP has it."""
    if isinstance(value, Secret):
        return value.reveal()
    if place is not None:
        try:
            return value.encode("latin-1")
        except UnicodeEncodeError:
            pass
    return value.encode("utf-8", "surrogatepass")


class _Target(NamedTuple):
    """Something that a preimage is held against."""

    name: Shown
    payment_hash: bytes | None


class _Dissection:
    """One credential and its buffer."""

    def __init__(
        self, name: str, raw: bytes, read: ReadCredential, place: Place | None, now: float | None
    ) -> None:
        self._raw, self._read, self._now = raw, read, now
        self._place = place or Place(Buffer(named(name), raw, secret=True))
        self._tokens = [readable_token(part.text.reveal().decode("latin-1"))
                        for part in read.tokens[:_MOST_TOKENS]]  # fmt: skip
        self._invoice = _decoded(read.invoice)

    def tree(self) -> Node:
        read = self._read
        children = [*self._scheme(), *self._token_nodes(), *self._proof(), *self._fields()]
        children += [
            Node(say("written differently"), say(found.value), mark=Mark.NOTE)
            for found in read.deviations
        ]
        if read.problem is not None:
            children.append(self._problem(read.problem))
        size = hidden(len(self._raw), "characters")
        value = say("{}, {}", shown(read.scheme), size) if read.scheme else size
        meaning = credential_words.FORM[read.form]
        mark = Mark.PLAIN if read.problem is None else Mark.BAD
        if read.form is CredentialForm.OTHER:
            meaning, mark = credential_words.OTHER.get(read.scheme, meaning), Mark.NOTE
        return Node(
            self._label(),
            value,
            say(meaning),
            self._place.span(0, len(self._raw)),
            tuple(children),
            mark,
            self._raw,
            secret=True,
        )

    def _label(self) -> Shown:
        form = self._read.form
        if form in (CredentialForm.L402, CredentialForm.X_PAYMENT, CredentialForm.MACAROON):
            return say("credential")
        return say(form.value)

    def _span(self, start: int, end: int) -> Span | None:
        fits = 0 <= start <= end <= len(self._raw)
        return self._place.span(start, end) if fits else None

    def _scheme(self) -> list[Node]:
        scheme, form = self._read.scheme, self._read.form
        if not scheme or not self._raw.startswith(scheme.encode()):
            return []
        meaning = say(words.SCHEME if form in (CredentialForm.L402, CredentialForm.PAYMENT_HASH)
                      else "")  # fmt: skip
        return [Node(say("scheme"), shown(scheme), meaning, self._place.span(0, len(scheme)))]

    def _token_nodes(self) -> list[Node]:
        nodes: list[Node] = []
        for part, token in zip(self._read.tokens, self._tokens, strict=False):
            tree = dissect_token(part.text.reveal(), now=self._now, secret=True)
            meaning = joined(say(words.PAID_BEARER), tree.meaning)
            span = self._place.span(part.start, part.end)
            nodes.append(replace(tree, label=say("token"), meaning=meaning, span=span))
            if isinstance(token, Token) and self._read.form is not CredentialForm.MACAROON:
                nodes += self._inside(token.macaroon)
        rest = self._read.tokens[_MOST_TOKENS:]
        if rest:
            span = self._place.span(rest[0].start, rest[-1].end)
            value, meaning = say("{} more", len(rest)), say(credential_words.MORE_TOKENS)
            nodes.append(Node(say("…"), value, meaning, span, mark=Mark.NOTE, secret=True))
        return nodes

    def _inside(self, macaroon: Macaroon) -> list[Node]:
        """The preimages among the caveats of a token that has one behind it as well, or should."""
        nodes: list[Node] = []
        for value, _ in preimages_inside(macaroon):
            label, told = say("preimage inside"), hidden(len(value), "characters")
            try:
                preimage = preimage_of(value.decode("latin-1"))
            except CredentialError as error:
                bad = say(credential_words.BAD_INSIDE, why(error))
                nodes.append(Node(label, told, bad, None, (), Mark.BAD, value, secret=True))
                continue
            meaning = credential_words.PREIMAGE_INSIDE
            if self._read.preimage is not None:
                same = preimage == self._read.preimage
                meaning += credential_words.INSIDE_SAME if same else credential_words.INSIDE_OTHER
            target = _Target(say("the token"), committed_hash(macaroon))
            checked = _checked(preimage.reveal(), [target], words.PROOF)
            nodes.append(
                Node(label, told, say(meaning), None, (checked,), Mark.PLAIN, value, secret=True)
            )
        return nodes

    def _proof(self) -> list[Node]:
        """The preimage and what it opens, or what is there instead."""
        read = self._read
        if read.form in (CredentialForm.CASHU, CredentialForm.OTHER):
            return []
        if read.payment_hash is not None:
            start = read.preimage_end - 64
            return [Node(say("payment hash"), hidden(64, "hex characters"),
                         say(credential_words.PAYMENT_HASH),
                         self._span(start, read.preimage_end), (), Mark.WARN,
                         read.payment_hash.hex().encode(), secret=True)]  # fmt: skip
        if read.preimage is None:
            return [] if read.problem is not None or read.form in _PAYMENT else [self._missing()]
        raw = read.preimage.reveal()
        proof = credential_words.PAYMENT_PROOF if read.form in _PAYMENT else words.PROOF
        node = Node(
            say("preimage"),
            hidden(2 * len(raw), "hex characters"),
            say(words.PREIMAGE),
            self._span(read.preimage_start, read.preimage_end),
            (_checked(raw, self._targets(), proof),),
            copy=raw.hex().encode(),
            secret=True,
        )
        return [node]

    def _missing(self) -> Node:
        read = self._read
        if read.form is CredentialForm.MACAROON:
            meaning = say(credential_words.NO_PREIMAGE_INSIDE[self._nature()])
            return Node(say("preimage"), say("missing"), meaning, mark=Mark.WARN)
        value = say("missing") if read.colon else say("missing, and the colon before it")
        return Node(say("preimage"), value, say(words.NO_PREIMAGE), mark=Mark.WARN)

    def _nature(self) -> str:
        """What a macaroon without a preimage is, as far as its identifier says."""
        token = self._tokens[0]
        if committed_hash(token) is not None:
            return "unpaid"
        try:
            read_node_identifier(token.macaroon.identifier if isinstance(token, Token) else b"")
        except IdentifierError:
            return "unknown"
        return "node"

    def _targets(self) -> Sequence[_Target]:
        if self._read.form in _PAYMENT:
            due = self._read.due
            if due is None and isinstance(self._invoice, Invoice):
                due = self._invoice.payment_hash
            return [_Target(say("the challenge"), due)]
        if len(self._tokens) == 1:
            return [_Target(say("the token"), committed_hash(self._tokens[0]))]
        return [
            _Target(say("token {}", number), committed_hash(token))
            for number, token in enumerate(self._tokens, 1)
        ]

    def _fields(self) -> list[Node]:
        read = self._read
        nodes = [self._field(field) for field in read.fields if not self._told_elsewhere(field)]
        if isinstance(self._invoice, Invoice):
            tree = dissect_invoice(self._invoice)
            meaning = joined(say(credential_words.INVOICE), tree.meaning)
            nodes.append(replace(tree, meaning=meaning))
            if read.due is not None and read.due != self._invoice.payment_hash:
                value = say(credential_words.TWO_HASHES)
                nodes.append(Node(say("problem"), value, mark=Mark.BAD))
        elif self._invoice is not None:
            bad = say(words.BAD_INVOICE, why(self._invoice))
            value = shown(read.invoice or "")
            nodes.append(Node(say("invoice"), value, bad, mark=Mark.BAD))
        return nodes

    def _told_elsewhere(self, field: CredentialField) -> bool:
        last = field.name.lower().rpartition(".")[2]
        return last == "preimage" and self._read.preimage is not None

    def _field(self, field: CredentialField) -> Node:
        raw = field.value.reveal()
        value = hidden(len(raw), "characters") if field.hidden else shown(raw)
        meaning = credential_words.HIDDEN_FIELD if field.hidden else credential_words.FIELD
        span = self._span(field.start, field.end)
        return Node(
            named(field.name), value, say(meaning), span, (), Mark.PLAIN, raw, secret=field.hidden
        )

    def _problem(self, error: CredentialError) -> Node:
        offset = error.offset
        span = None if offset is None else self._span(offset, len(self._raw))
        meaning = say(credential_words.PROBLEM)
        return Node(say("problem"), why(error), meaning, span, mark=Mark.BAD, secret=True)


def _checked(raw: bytes, targets: Sequence[_Target], proof: dict[bool | None, str]) -> Node:
    """The SHA-256 of a preimage, held against everything that names a payment hash."""
    digest = shown(sha256(raw).hexdigest())
    if len(targets) == 1:
        return _compared(raw, targets[0], proof, digest)
    children = tuple(
        replace(_compared(raw, target, credential_words.PROOF_OF, digest), label=target.name)
        for target in targets
    )
    worst = max((child.mark for child in children), key=[Mark.GOOD, Mark.NOTE, Mark.BAD].index)
    meaning = say(credential_words.SEVERAL)
    return Node(say("SHA-256"), digest, meaning, None, children, worst, digest.raw)


def _compared(raw: bytes, target: _Target, proof: dict[bool | None, str], digest: Shown) -> Node:
    wanted = target.payment_hash
    fits = None if wanted is None else preimage_matches(raw, wanted)
    told, mark = _TOLD[fits]
    meaning = say(proof[fits], shown((wanted or b"").hex()))
    if wanted == raw:
        meaning = say(credential_words.HASH_ITSELF)
    value = say(told, digest, target.name)
    return Node(say("SHA-256"), value, meaning, mark=mark, copy=digest.raw)


def _decoded(invoice: str | None) -> Invoice | DecodeError | None:
    if invoice is None:
        return None
    try:
        return Invoice.decode(invoice, lenient_features=True)
    except DecodeError as error:
        return error

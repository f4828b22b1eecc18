"""What does each part of an invoice say, and why is it there?

Turns a decoded :class:`~l402tui.protocol.invoice.Invoice` into the tree that all faces show. Each
field keeps its characters, down to single hops of a route and single feature bits. No clock is
asked here: how long an invoice is still good is for the face to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from l402tui.protocol.amount import format_msat
from l402tui.protocol.dissect import invoice_words as words
from l402tui.protocol.features import Features, feature_name
from l402tui.protocol.invoice import Fallback, Field, FieldState, Hop, Invoice
from l402tui.protocol.invoice_parts import FIELD_NAMES
from l402tui.protocol.network import Network
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["dissect_invoice"]

_MOST_FEATURES: Final = 64
"""Feature bits that get a line of their own; real invoices set fewer than ten."""
_MANY_DAYS: Final = 1_000
_DAY: Final = 86_400


def dissect_invoice(invoice: Invoice) -> Node:
    """The tree of an invoice, over one buffer that holds :attr:`Invoice.text`.

    What the invoice leaves to a default has a node without a span.
    """
    return _Dissection(invoice).tree()


class _Dissection:
    """One invoice, its buffer, and one method for each kind of field."""

    def __init__(self, invoice: Invoice) -> None:
        self._invoice = invoice
        self._buffer = Buffer(say("invoice"), invoice.text.encode())
        self._hints = iter(invoice.route_hints)
        self._fallbacks = iter(invoice.fallbacks)
        self._readers: dict[str, Callable[[Field], Node]] = {
            "prefix": self._network,
            "amount": self._amount,
            "timestamp": self._created,
            "p": lambda field: self._bytes(field, invoice.payment_hash),
            "s": lambda field: self._bytes(field, invoice.payment_secret),
            "h": lambda field: self._bytes(field, invoice.description_hash or b""),
            "n": lambda field: self._bytes(field, invoice.payee),
            "m": lambda field: self._bytes(field, invoice.metadata or b""),
            "d": self._description,
            "x": self._expiry,
            "c": self._final_cltv,
            "f": self._fallback,
            "r": self._route_hint,
            "9": self._features,
            "signature": self._signature,
        }

    def tree(self) -> Node:
        invoice = self._invoice
        asked = say("any amount") if invoice.amount is None else _amount(invoice.amount)
        return Node(
            say("invoice"),
            say("{} on {}", asked, _word(invoice.network)),
            say(words.INVOICE),
            Span(self._buffer, 0, len(self._buffer.data)),
            tuple(self._children()),
            copy=self._buffer.data,
        )

    def _children(self) -> Iterator[Node]:
        read = {f.tag for f in self._invoice.fields if f.state is FieldState.READ}
        for field in self._invoice.fields:
            if field.name == "signature":
                if "x" not in read:
                    yield self._expiry(None)
                if "c" not in read:
                    yield self._final_cltv(None)
            yield self._node(field)
            if field.name == "prefix" and self._invoice.amount is None:
                yield Node(say("amount"), say("any amount"), say(words.NO_AMOUNT), mark=Mark.NOTE)

    def _node(self, field: Field) -> Node:
        if field.state is FieldState.SKIPPED:
            return self._skipped(field)
        if field.state is FieldState.REPEATED:
            return self._plain(
                say("repeated {}", shown(field.name)),
                shown(field.data),
                say(words.REPEATED),
                field,
                mark=Mark.WARN,
            )
        reader = self._readers.get(field.tag or field.name)
        if reader is not None:
            return reader(field)
        label = shown(field.name)
        return self._plain(label, shown(field.data), say(words.MEANING[field.name]), field)

    def _plain(
        self,
        label: Shown,
        value: Shown,
        meaning: Shown,
        field: Field | None,
        children: tuple[Node, ...] = (),
        mark: Mark = Mark.PLAIN,
        copy: bytes = b"",
    ) -> Node:
        span = Span(self._buffer, field.start, field.end) if field is not None else None
        return Node(label, value, meaning, span, children, mark, copy)

    def _byte_span(self, field: Field, start: int, end: int) -> Span:
        """The characters that carry the bytes ``start`` to ``end`` of a field's data."""
        body = field.end - len(field.data)
        return Span(self._buffer, body + 8 * start // 5, body - (-8 * end // 5))

    def _network(self, field: Field) -> Node:
        network = self._invoice.network
        real = network is Network.MAINNET
        return self._plain(
            say("network"),
            say("{} ({})", _word(network), shown(field.data)),
            say(words.MAINNET if real else words.TEST_NETWORK),
            field,
        )

    def _amount(self, field: Field) -> Node:
        unit = field.data[-1] if field.data[-1] in words.MULTIPLIERS else ""
        digits = shown(field.data.removesuffix(unit))
        return self._plain(
            say("amount"),
            _amount(self._invoice.amount or 0),
            say(words.AMOUNT, shown(field.data), digits, say(words.MULTIPLIERS[unit])),
            field,
        )

    def _created(self, field: Field) -> Node:
        return self._plain(
            say("created"), _utc(self._invoice.created), say(words.MEANING["timestamp"]), field
        )

    def _bytes(self, field: Field, data: bytes) -> Node:
        value = shown(data.hex())
        copy = data.hex().encode() if value.cut else b""
        meaning = say(words.MEANING[field.name])
        return self._plain(shown(field.name), value, meaning, field, copy=copy)

    def _description(self, field: Field) -> Node:
        description = self._invoice.description or b""
        value = shown(description)
        copy = b"" if value.text.encode() == description else description
        meaning = words.MEANING["description"] if description else words.EMPTY_DESCRIPTION
        return self._plain(say("description"), value, say(meaning), field, copy=copy)

    def _expiry(self, field: Field | None) -> Node:
        invoice = self._invoice
        form = "{}, until {}" if field else "{} (the default), until {}"
        value = say(form, _duration(invoice.expiry), _utc(invoice.expires_at))
        return self._plain(say("expiry"), value, say(words.MEANING["expiry"]), field)

    def _final_cltv(self, field: Field | None) -> Node:
        label = FIELD_NAMES["c"]
        form = "{} blocks" if field else "{} blocks (the default)"
        value = say(form, self._invoice.min_final_cltv_expiry)
        return self._plain(shown(label), value, say(words.MEANING[label]), field)

    def _fallback(self, field: Field) -> Node:
        fallback: Fallback = next(self._fallbacks)
        kind = words.FALLBACKS.get(fallback.version, "witness version {}")
        body = field.end - len(field.data)
        children = (
            Node(
                say("type"),
                say(kind, fallback.version),
                span=Span(self._buffer, body, body + 1),
            ),
            Node(
                say("program"),
                shown(fallback.program.hex()),
                span=Span(self._buffer, body + 1, field.end),
            ),
        )
        meaning = say(words.MEANING["fallback address"])
        return self._plain(
            say("fallback address"), shown(fallback.address), meaning, field, children
        )

    def _route_hint(self, field: Field) -> Node:
        hops: tuple[Hop, ...] = next(self._hints)
        value = say("1 hop") if len(hops) == 1 else say("{} hops", len(hops))
        children = tuple(self._hop(field, number, hop) for number, hop in enumerate(hops))
        meaning = say(words.MEANING["route hint"])
        return self._plain(say("route hint"), value, meaning, field, children)

    def _hop(self, field: Field, number: int, hop: Hop) -> Node:
        first = 51 * number

        def part(label: str, value: Shown, start: int, end: int) -> Node:
            span = self._byte_span(field, first + start, first + end)
            return Node(shown(label), value, say(words.MEANING[label]), span)

        children = (
            part("node", shown(hop.node_id.hex()), 0, 33),
            part("channel", shown(hop.channel), 33, 41),
            part("base fee", _amount(hop.fee_base_msat), 41, 45),
            part("proportional fee", _millionths(hop.fee_ppm), 45, 49),
            part("CLTV delta", say("{} blocks", hop.cltv_delta), 49, 51),
        )
        return Node(
            say("hop {}", number + 1),
            say("{} over channel {}", shown(hop.node_id.hex()), shown(hop.channel)),
            say(words.MEANING["hop"]),
            self._byte_span(field, first, first + 51),
            children,
        )

    def _features(self, field: Field) -> Node:
        features: Features = self._invoice.features
        bits = features.bits
        children = [_feature(self._buffer, field, bit) for bit in bits[:_MOST_FEATURES]]
        if len(bits) > _MOST_FEATURES:
            left = len(bits) - _MOST_FEATURES
            children.append(Node(say("more"), say("{} more bits are set", left), mark=Mark.NOTE))
        unknown = features.unknown_required
        value = shown(", ".join(features.names)) if bits else say("none")
        return self._plain(
            say("features"),
            value,
            say(words.UNKNOWN_FEATURES if unknown else words.MEANING["features"]),
            field,
            tuple(children),
            Mark.BAD if unknown else Mark.PLAIN,
        )

    def _signature(self, field: Field) -> Node:
        invoice = self._invoice
        recovery = Node(
            say("recovery id"),
            say("{}", invoice.recovery_id),
            say(words.MEANING["recovery id"]),
            self._byte_span(field, 64, 65),
        )
        payee = Node(
            say("payee"),
            say("{} (recovered)", shown(invoice.payee.hex())),
            say(words.RECOVERED_PAYEE),
            copy=invoice.payee.hex().encode(),
        )
        return self._plain(
            say("signature"),
            shown(invoice.signature.hex()),
            say(words.SIGNATURE_NAMED if invoice.payee_named else words.SIGNATURE_RECOVERED),
            field,
            (recovery,) if invoice.payee_named else (recovery, payee),
        )

    def _skipped(self, field: Field) -> Node:
        known = field.tag in FIELD_NAMES
        return self._plain(
            say(
                "skipped {}" if known else "unknown field {}",
                shown(field.name if known else field.tag),
            ),
            shown(field.data),
            say(words.SKIPPED if known else words.UNKNOWN),
            field,
            mark=Mark.NOTE,
        )


def _feature(buffer: Buffer, field: Field, bit: int) -> Node:
    unknown = bit in Features(1 << bit).unknown_required
    known = words.FEATURES.get(bit & ~1, words.OTHER_FEATURE)
    place = field.end - 1 - bit // 5
    return Node(
        shown(feature_name(bit)),
        say("optional (bit {})" if bit & 1 else "required (bit {})", bit),
        say(words.UNKNOWN_FEATURE if unknown else known),
        Span(buffer, place, place + 1),
        mark=Mark.BAD if unknown else Mark.PLAIN,
    )


def _word(network: Network) -> Shown:
    return shown(network.word)


def _amount(msat: int) -> Shown:
    return shown(f"{format_msat(msat)} ({_grouped(msat)} msat)")


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _millionths(ppm: int) -> Shown:
    """``2 500 millionths (0.25 %)``."""
    percent = f"{ppm // 10_000}.{ppm % 10_000:04d}".rstrip("0").rstrip(".")
    return shown(f"{_grouped(ppm)} millionths ({percent} %)")


def _utc(seconds: int) -> Shown:
    try:
        return shown(datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    except (OverflowError, ValueError, OSError):
        return say("beyond the year 9999")


def _duration(seconds: int) -> Shown:
    """``1 hour``, ``1 minute 30 seconds``, ``7 days``."""
    days, rest = divmod(seconds, _DAY)
    if days >= _MANY_DAYS:
        return shown(f"{'more than ' if rest else ''}{_grouped(days)} days")
    amounts = (
        (days, "day"),
        (rest // 3_600, "hour"),
        (rest // 60 % 60, "minute"),
        (rest % 60, "second"),
    )
    said = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in amounts if number]
    return shown(" ".join(said) or "0 seconds")

"""How does one part of an invoice look in the tree?

One method for each kind of part, given its value. The trees of a whole invoice and of one that is
broken are made of the same nodes, so that a field looks the same in both.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from l402tui.protocol.amount import format_msat
from l402tui.protocol.dissect import invoice_words as words
from l402tui.protocol.features import Features, feature_name
from l402tui.protocol.invoice_parts import FIELD_NAMES, Field
from l402tui.protocol.invoice_values import HOP_BYTES, Fallback, Hop
from l402tui.protocol.network import Network
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["FieldNodes", "amount_words", "network_word"]

_MOST_FEATURES: Final = 64
"""Feature bits that get a line of their own; real invoices set fewer than ten."""
_MANY_DAYS: Final = 1_000
_DAY: Final = 86_400


class FieldNodes:
    """Makes the node of each part of the invoice that ``buffer`` holds.

    ``now`` in unix seconds; None: nothing is held against the clock.
    """

    def __init__(self, buffer: Buffer, now: float | None = None) -> None:
        self._buffer = buffer
        self._now = now

    def plain(
        self,
        label: Shown,
        value: Shown,
        meaning: Shown,
        field: Field | None,
        children: tuple[Node, ...] = (),
        mark: Mark = Mark.PLAIN,
        copy: bytes = b"",
    ) -> Node:
        """A node over the characters of ``field``; None: it has none, a default holds."""
        span = Span(self._buffer, field.start, field.end) if field is not None else None
        return Node(label, value, meaning, span, children, mark, copy)

    def raw(self, field: Field) -> Node:
        """A part shown as it is written."""
        meaning = say(words.MEANING[field.name])
        return self.plain(shown(field.name), shown(field.data), meaning, field)

    def network(self, field: Field, network: Network) -> Node:
        """The chain, from the prefix."""
        real = network is Network.MAINNET
        return self.plain(
            say("network"),
            say("{} ({})", network_word(network), shown(field.data)),
            say(words.MAINNET if real else words.TEST_NETWORK),
            field,
        )

    def amount(self, field: Field, msat: int) -> Node:
        """The amount, in msat."""
        unit = field.data[-1] if field.data[-1] in words.MULTIPLIERS else ""
        digits = shown(field.data.removesuffix(unit))
        return self.plain(
            say("amount"),
            amount_words(msat),
            say(words.AMOUNT, shown(field.data), digits, say(words.MULTIPLIERS[unit])),
            field,
        )

    def no_amount(self) -> Node:
        """The amount of an invoice that names none."""
        return Node(say("amount"), say("any amount"), say(words.NO_AMOUNT), mark=Mark.NOTE)

    def created(self, field: Field, seconds: int) -> Node:
        """The timestamp, in seconds since 1970."""
        return self.plain(say("created"), _utc(seconds), say(words.MEANING["timestamp"]), field)

    def hex(self, field: Field, data: bytes) -> Node:
        """A field whose bytes say nothing by themselves, in hex."""
        value = shown(data.hex())
        copy = data.hex().encode() if value.cut else b""
        meaning = say(words.MEANING[field.name])
        return self.plain(shown(field.name), value, meaning, field, copy=copy)

    def description(self, field: Field, description: bytes) -> Node:
        """What the seller wrote."""
        value = shown(description)
        copy = b"" if value.text.encode() == description else description
        meaning = words.MEANING["description"] if description else words.EMPTY_DESCRIPTION
        return self.plain(say("description"), value, say(meaning), field, copy=copy)

    def expiry(self, field: Field | None, seconds: int, created: int) -> Node:
        """How long the invoice is good; ``field`` is None where that is the default."""
        form = "{}, until {}" if field else "{} (the default), until {}"
        value = say(form, _duration(seconds), _utc(created + seconds))
        meaning = words.MEANING["expiry"]
        if not self.past(created + seconds):
            return self.plain(say("expiry"), value, say(meaning), field)
        value, meaning = say("{}: expired", value), meaning + words.PAST
        return self.plain(say("expiry"), value, say(meaning), field, mark=Mark.WARN)

    def past(self, until: int) -> bool:
        """Whether the moment (unix seconds) is over, as far as the time is known."""
        return self._now is not None and self._now >= until

    def final_cltv(self, field: Field | None, blocks: int) -> Node:
        """The CLTV expiry of the last hop; ``field`` is None where that is the default."""
        label = FIELD_NAMES["c"]
        form = "{} blocks" if field else "{} blocks (the default)"
        return self.plain(shown(label), say(form, blocks), say(words.MEANING[label]), field)

    def fallback(self, field: Field, fallback: Fallback) -> Node:
        """An on-chain address, with its type and program."""
        kind = words.FALLBACKS.get(fallback.version, words.WITNESS)
        body = field.end - len(field.data)
        version = Span(self._buffer, body, body + 1)
        program = Span(self._buffer, body + 1, field.end)
        children = (
            Node(say("type"), say(kind, fallback.version), span=version),
            Node(say("program"), shown(fallback.program.hex()), span=program),
        )
        meaning = say(words.MEANING["fallback address"])
        return self.plain(
            say("fallback address"), shown(fallback.address), meaning, field, children
        )

    def route_hint(self, field: Field, hops: tuple[Hop, ...]) -> Node:
        """A route, with every hop and every field of it."""
        value = say("1 hop") if len(hops) == 1 else say("{} hops", len(hops))
        children = tuple(self._hop(field, number, hop) for number, hop in enumerate(hops))
        meaning = say(words.MEANING["route hint"])
        return self.plain(say("route hint"), value, meaning, field, children)

    def features(self, field: Field, features: Features) -> Node:
        """What a payer must or may be able to do, bit by bit."""
        bits = features.bits
        children = [self._feature(field, bit) for bit in bits[:_MOST_FEATURES]]
        if len(bits) > _MOST_FEATURES:
            left = len(bits) - _MOST_FEATURES
            children.append(Node(say("more"), say("{} more bits are set", left), mark=Mark.NOTE))
        unknown = features.unknown_required
        return self.plain(
            say("features"),
            shown(", ".join(features.names)) if bits else say("none"),
            say(words.UNKNOWN_FEATURES if unknown else words.MEANING["features"]),
            field,
            tuple(children),
            Mark.BAD if unknown else Mark.PLAIN,
        )

    def recovery_id(self, field: Field, number: int) -> Node:
        """The last byte of the signature."""
        span = self._byte_span(field, 64, 65)
        return Node(say("recovery id"), say("{}", number), say(words.MEANING["recovery id"]), span)

    def skipped(self, field: Field) -> Node:
        """A field that readers pass over."""
        known = field.tag in FIELD_NAMES
        return self.plain(
            say(
                "skipped {}" if known else "unknown field {}",
                shown(field.name if known else field.tag),
            ),
            shown(field.data),
            say(words.SKIPPED if known else words.UNKNOWN),
            field,
            mark=Mark.NOTE,
        )

    def repeated(self, field: Field) -> Node:
        """A field that was there before."""
        label = say("repeated {}", shown(field.name))
        return self.plain(label, shown(field.data), say(words.REPEATED), field, mark=Mark.WARN)

    def _byte_span(self, field: Field, start: int, end: int) -> Span:
        """The characters that carry the bytes ``start`` to ``end`` of a field's data."""
        body = field.end - len(field.data)
        return Span(self._buffer, body + 8 * start // 5, body - (-8 * end // 5))

    def _hop(self, field: Field, number: int, hop: Hop) -> Node:
        first = HOP_BYTES * number

        def part(label: str, value: Shown, start: int, end: int) -> Node:
            span = self._byte_span(field, first + start, first + end)
            return Node(shown(label), value, say(words.MEANING[label]), span)

        children = (
            part("node", shown(hop.node_id.hex()), 0, 33),
            part("channel", shown(hop.channel), 33, 41),
            part("base fee", amount_words(hop.fee_base_msat), 41, 45),
            part("proportional fee", _millionths(hop.fee_ppm), 45, 49),
            part("CLTV delta", say("{} blocks", hop.cltv_delta), 49, 51),
        )
        return Node(
            say("hop {}", number + 1),
            say("{} over channel {}", shown(hop.node_id.hex()), shown(hop.channel)),
            say(words.MEANING["hop"]),
            self._byte_span(field, first, first + HOP_BYTES),
            children,
        )

    def _feature(self, field: Field, bit: int) -> Node:
        unknown = bit in Features(1 << bit).unknown_required
        known = words.FEATURES.get(bit & ~1, words.OTHER_FEATURE)
        place = field.end - 1 - bit // 5
        return Node(
            shown(feature_name(bit)),
            say("optional (bit {})" if bit & 1 else "required (bit {})", bit),
            say(words.UNKNOWN_FEATURE if unknown else known),
            Span(self._buffer, place, place + 1),
            mark=Mark.BAD if unknown else Mark.PLAIN,
        )


def network_word(network: Network) -> Shown:
    """The chain's name."""
    return shown(network.word)


def amount_words(msat: int) -> Shown:
    """``10 sat (10 000 msat)``."""
    return shown(f"{format_msat(msat)} ({_grouped(msat)} msat)")


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _millionths(ppm: int) -> Shown:
    """``2 500 millionths (0.25 %)``."""
    percent = f"{ppm // 10_000}.{ppm % 10_000:04d}".rstrip("0").rstrip(".")
    return shown(f"{_grouped(ppm)} millionths ({percent} %)")


def _utc(seconds: int) -> Shown:
    """A moment in seconds since 1970, as a date."""
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

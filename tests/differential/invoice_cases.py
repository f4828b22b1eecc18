"""Which invoices are tried? Half are right, the others almost.

All are signed with keys made from the run's random generator. What is wrong about an invoice is put
in before it is signed, where that is possible, so that both readers get as far as the fault.
"""

from __future__ import annotations

import random
from typing import Any, Final

from bech32 import CHARSET, bech32_encode
from coincurve import PrivateKey

from tests.protocol.invoice_writer import FieldSpec, number, quintets, resealed, write

NETWORKS: Final = ("bc", "bc", "bc", "tb", "tb", "tbs", "bcrt", "bcrt", "bcrt", "sb")
LETTERS: Final = "abc xyz 0123 ÄÖ 日本 ☕ \u202e\x1b[0m<b>\n\0"
KNOWN_PAIRS: Final = (8, 14, 16, 24, 36, 48)
ODD_AMOUNTS: Final = (
    *("0", "00", "01", "007u", "0p", "1p", "15p", "12345p", "22000000", "21000001"),
    *("9" * 20, "9" * 20 + "p", "x", "u", "25x", "25uu", "2.5u", "-25u", "25-", "25!", "+1"),
)
ODD_NETWORKS: Final = ("", "b", "c", "bcr", "bcrtx", "tbx", "tbsx", "xyz", "BC", "bt", "rt", "sbx")


class Draft:
    """An invoice that is still being written."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.key = PrivateKey(rng.randbytes(31) + b"\1")
        self.network = rng.choice(NETWORKS)
        self.amount = self._random_amount()
        self.created = rng.choice((1_767_225_600, rng.getrandbits(35)))
        self.fields: list[FieldSpec] = []
        self.written: dict[str, Any] = {}
        self.extra: dict[str, Any] = {}
        self._require()
        self._describe()
        self._add_options()
        rng.shuffle(self.fields)
        self._note_order()

    def text(self) -> str:
        """The invoice, signed."""
        prefix = f"ln{self.network}{self.amount}"
        return write(*self.fields, prefix=prefix, key=self.key, created=self.created, **self.extra)

    def expected(self) -> dict[str, Any]:
        """What a reader must find in it, while nothing wrong was put in."""
        return {
            "network": self.network,
            "created": self.created,
            "payee": self.key.public_key.format().hex(),
            **self.written,
        }

    def _random_amount(self) -> str:
        rng = self.rng
        unit = rng.choice(("", "m", "u", "u", "u", "n", "p", "none"))
        if unit == "none":
            return ""
        most = {"": 21, "m": 21_000, "u": 10**6, "n": 10**9, "p": 10**8}[unit]
        digits = rng.randint(1, most)
        return f"{digits}0p" if unit == "p" else f"{digits}{unit}"

    def _require(self) -> None:
        for tag, name in (("p", "payment hash"), ("s", "payment secret")):
            value = self.rng.randbytes(32)
            self.fields.append((tag, quintets(value)))
            self.written[name] = value.hex()

    def _describe(self) -> None:
        rng = self.rng
        if rng.random() < 0.85:
            text = "".join(rng.choices(LETTERS, k=rng.choice((0, 3, 3, 10, 10, 10, 40))))
            self.fields.append(("d", quintets(text.encode())))
            self.written |= {"description": text, "description hash": None}
        else:
            value = rng.randbytes(32)
            self.fields.append(("h", quintets(value)))
            self.written |= {"description hash": value.hex(), "description": None}

    def _add_options(self) -> None:
        rng, fields, written = self.rng, self.fields, self.written
        written |= {"expiry": 3_600, "min final CLTV expiry": 18, "metadata": None, "features": ()}
        if rng.random() < 0.4:
            written["expiry"] = rng.getrandbits(rng.choice((1, 7, 12, 20, 64)))
            fields.append(("x", number(written["expiry"]) or [0]))
        if rng.random() < 0.3:
            written["min final CLTV expiry"] = rng.getrandbits(rng.choice((1, 8, 11, 64)))
            fields.append(
                ("c", [0] * rng.choice((1, 2)) + number(written["min final CLTV expiry"]))
            )
        if rng.random() < 0.1:
            metadata = rng.randbytes(rng.choice((1, 2, 3, 4, 5, 32, 60)))
            written["metadata"] = metadata.hex()
            fields.append(("m", quintets(metadata)))
        if rng.random() < 0.15:
            fields.append(("n", quintets(self.key.public_key.format())))
        if rng.random() < 0.8:
            self._add_features()
        if rng.random() < 0.12:
            for _ in range(rng.choice((1, 1, 2))):
                hops = b"".join(random_hop(rng) for _ in range(rng.choice((1, 1, 2, 3, 5))))
                fields.append(("r", quintets(hops)))
        if rng.random() < 0.12:
            for _ in range(rng.choice((1, 1, 2))):
                fields.append(("f", random_fallback(rng)))
        if rng.random() < 0.1:
            fields.append((rng.choice("qzy0v4jk"), random_values(rng, 20)))

    def _add_features(self) -> None:
        rng = self.rng
        pairs = {8, 14, *rng.sample(KNOWN_PAIRS, rng.randint(0, 3))}
        bits = {pair + rng.choice((0, 1)) for pair in pairs}
        if rng.random() < 0.1:
            bits.add(2 * rng.randint(35, 200) + 1)
        self.written["features"] = tuple(sorted(bits))
        self.fields.append(("9", number(sum(1 << bit for bit in bits))))

    def _note_order(self) -> None:
        """What comes several times is expected in the order it was shuffled into."""
        fallbacks = [values for tag, values in self.fields if tag == "f"]
        self.written["fallbacks"] = [
            (values[0], whole_bytes(values[1:])) for values in fallbacks if values[0] <= 18
        ]
        hints = [values for tag, values in self.fields if tag == "r"]
        self.written["route hints"] = [read_hops(whole_bytes(values)) for values in hints]


def whole_bytes(values: list[int]) -> bytes:
    """What :func:`quintets` was given."""
    packed = 0
    for value in values:
        packed = packed << 5 | value
    spare = 5 * len(values) % 8
    return (packed >> spare).to_bytes(5 * len(values) // 8, "big")


def read_hops(data: bytes) -> list[tuple[Any, ...]]:
    """The fields of every hop in a hint."""
    ends = ((33, 41), (41, 45), (45, 49), (49, 51))
    return [
        (hop[:33].hex(), *(int.from_bytes(hop[start:end], "big") for start, end in ends))
        for hop in (data[at : at + 51] for at in range(0, len(data), 51))
    ]


def random_hop(rng: random.Random) -> bytes:
    """Any 51 bytes; half have small numbers as real ones do."""
    if rng.random() < 0.5:
        return rng.randbytes(51)
    numbers = rng.randrange(5_000).to_bytes(4, "big") + rng.randrange(5_000).to_bytes(4, "big")
    return b"\2" + rng.randbytes(40) + numbers + rng.randrange(500).to_bytes(2, "big")


def random_fallback(rng: random.Random) -> list[int]:
    """An address that can be: a version and a program of a length it may have."""
    version = rng.choice((0, 0, 1, 1, 2, 16, 17, 17, 18, 19, 31))
    sizes = {0: (20, 32), 1: (32,), 17: (20,), 18: (20,)}.get(version, (2, 20, 32, 40))
    return [version, *quintets(rng.randbytes(rng.choice(sizes)))]


def random_values(rng: random.Random, most: int) -> list[int]:
    """Any five-bit values."""
    return [rng.getrandbits(5) for _ in range(rng.randint(0, most))]


# --- what may be wrong with it -------------------------------------------------------------------


def drop_field(draft: Draft) -> None:
    """A field is missing."""
    draft.fields.pop(draft.rng.randrange(len(draft.fields)))


def repeat_field(draft: Draft) -> None:
    """A field is there again, with the same or other values."""
    tag, values = draft.rng.choice(draft.fields)
    if draft.rng.random() < 0.5:
        values = [draft.rng.getrandbits(5) for _ in values]
    draft.fields.insert(draft.rng.randint(0, len(draft.fields)), (tag, values))


def describe_twice(draft: Draft) -> None:
    """Both a description and the hash of one."""
    draft.fields.append(("h", quintets(draft.rng.randbytes(32))))
    draft.fields.append(("d", quintets(b"also described")))


def change_length(draft: Draft) -> None:
    """A field is some characters longer or shorter."""
    at = draft.rng.randrange(len(draft.fields))
    tag, values = draft.fields[at]
    longer = [*values, *random_values(draft.rng, 3)]
    draft.fields[at] = (tag, draft.rng.choice((longer, values[: -draft.rng.randint(1, 3)], [])))


def change_values(draft: Draft) -> None:
    """A field holds something else of the same length."""
    at = draft.rng.randrange(len(draft.fields))
    tag, values = draft.fields[at]
    values = list(values)
    for _ in range(draft.rng.randint(1, 3)):
        if values:
            values[draft.rng.randrange(-1, len(values))] = draft.rng.getrandbits(5)
    draft.fields[at] = (tag, values)


def any_field(draft: Draft) -> None:
    """A field of a known letter with anything in it."""
    draft.fields.append((draft.rng.choice("pshndxcfr9m"), random_values(draft.rng, 60)))
    draft.rng.shuffle(draft.fields)


def big_number(draft: Draft) -> None:
    """A number around or beyond 64 bits."""
    value = draft.rng.choice((2**64 - 1, 2**64, 2**65, 2**70 - 1, 2**300))
    draft.fields.insert(0, (draft.rng.choice("xc"), [0] * draft.rng.randint(0, 2) + number(value)))


def odd_features(draft: Draft) -> None:
    """Any bits at all."""
    bits = draft.rng.choice((40, 120, 600))
    draft.fields.insert(0, ("9", number(draft.rng.getrandbits(bits) & draft.rng.getrandbits(bits))))


def odd_fallback(draft: Draft) -> None:
    """A version and a program of any length."""
    program = quintets(draft.rng.randbytes(draft.rng.choice((0, 1, 2, 19, 20, 21, 32, 33, 40, 41))))
    draft.fields.append(("f", [draft.rng.getrandbits(5), *program]))
    draft.rng.shuffle(draft.fields)


def odd_hint(draft: Draft) -> None:
    """A hint that ends within a hop, or has none."""
    size = draft.rng.choice((0, 1, 33, 50, 52, 101, 103, 254, 256))
    draft.fields.append(("r", quintets(draft.rng.randbytes(size))))


def odd_amount(draft: Draft) -> None:
    """An amount that is none."""
    draft.amount = draft.rng.choice(ODD_AMOUNTS)


def odd_network(draft: Draft) -> None:
    """Letters that name no chain."""
    draft.network = draft.rng.choice(ODD_NETWORKS).lower()


def other_payee(draft: Draft) -> None:
    """It names a payee that did not sign, or none that could."""
    first = draft.rng.choice((b"\2", b"\3", b"\4", b"\0"))
    draft.fields.insert(0, ("n", quintets(first + draft.rng.randbytes(32))))


def high_s(draft: Draft) -> None:
    """The signature's other form."""
    draft.extra["high_s"] = True


def odd_recovery_id(draft: Draft) -> None:
    """Another recovery id, or none that there is."""
    draft.extra["recovery_id"] = draft.rng.choice((0, 1, 2, 3, 4, 7, 255))


def stray_values(draft: Draft) -> None:
    """Something between the last field and the signature."""
    draft.extra["stray"] = tuple(random_values(draft.rng, 5))


def not_utf8(draft: Draft) -> None:
    """A description that is no text."""
    draft.fields = [field for field in draft.fields if field[0] not in "dh"]
    draft.fields.append(("d", quintets(b"caf\xe9" + draft.rng.randbytes(3))))


FAULTS: Final = (
    drop_field,
    repeat_field,
    describe_twice,
    change_length,
    change_values,
    any_field,
    big_number,
    odd_features,
    odd_fallback,
    odd_hint,
    odd_amount,
    odd_network,
    other_payee,
    high_s,
    odd_recovery_id,
    stray_values,
    not_utf8,
)


def damaged_text(rng: random.Random, text: str) -> str:
    """Some characters changed, lost, added or cut off; the checksum is left as it was."""
    at = rng.randrange(len(text))
    match rng.randrange(8):
        case 0 | 1:
            return text[:at] + rng.choice(CHARSET) + text[at + 1 :]
        case 2:
            return text[:at] + text[at + rng.randint(1, 5) :]
        case 3:
            return text[:at] + "".join(rng.choices(CHARSET + "1b ", k=3)) + text[at:]
        case 4:
            return text[:at] + text[at:].upper()
        case 5:
            return text.upper()
        case 6:
            return rng.choice((" {}", "{}\n", "lightning:{}", "{}\0", "\ufeff{}")).format(text)
        case _:
            return text.replace("k", "\u212a", 1)  # the Kelvin sign, k when lower-cased


def noise(rng: random.Random) -> str:
    """Anything at all behind a right prefix, with a right checksum."""
    prefix = rng.choice(("lnbc", "lntb25u", "lnbcrt1m", "lnsb", "lnbc10p", "ln", "lnbc01"))
    return str(bech32_encode(prefix, random_values(rng, 250)))


def random_case(rng: random.Random) -> tuple[str, str, dict[str, Any] | None]:
    """A kind, an invoice, and what a reader must find in it (None: something is wrong with it)."""
    chance = rng.random()
    if chance < 0.03:
        return "noise", noise(rng), None
    draft = Draft(rng)
    if chance < 0.5:
        return "right", draft.text(), draft.expected()
    if chance < 0.5004:
        draft.fields += [("m", [0] * 1_000) for _ in range(rng.choice((6, 7)))]
        return "long", draft.text(), None
    if chance < 0.58:
        prefix = rng.choice(NETWORKS) + rng.choice(("", "1", "25m", "3u", *ODD_AMOUNTS))
        return "other prefix", resealed(draft.text(), f"ln{prefix}"), None
    if chance < 0.75:
        return "damaged text", damaged_text(rng, draft.text()), None
    fault = rng.choice(FAULTS)
    fault(draft)
    if rng.random() < 0.2:
        rng.choice(FAULTS)(draft)
    return fault.__name__.replace("_", " "), draft.text(), None

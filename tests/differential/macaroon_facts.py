"""What is really in a macaroon, and what should come of it?"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, replace
from functools import cached_property

from tests.differential.macaroon_cases import Case
from tests.differential.macaroon_writer import Parts, sign
from tests.differential.table import Reading


@dataclass(frozen=True)
class Facts:
    """One input, and what was read from it; what should be emitted comes from a third writer."""

    case: Case
    ours: Reading
    theirs: Reading

    @cached_property
    def parts(self) -> Parts:
        """What the one that read it found; ours, if both did."""
        values = self.ours.values or self.theirs.values
        assert values is not None
        return Parts(
            values["location"],
            values["identifier"],
            tuple(values["caveats"]),
            values["signature"],
        )

    @cached_property
    def raw(self) -> bytes:
        """The bytes; of a text those that a forgiving reader gets from it."""
        if self.case.text in (None, self.case.raw.hex(), self.case.raw.hex().upper()):
            return self.case.raw
        kept = [c for c in self.case.text or "" if c.isascii() and (c.isalnum() or c in "-_+/")]
        text = "".join(kept).replace("-", "+").replace("_", "/")
        text = text[: len(text) - (len(text) % 4 == 1)]
        return base64.b64decode(text + "=" * (-len(text) % 4))

    @property
    def json(self) -> bool:
        """Whether it is written in JSON."""
        return self.case.form.startswith("json")

    def emitted(self, parts: Parts) -> bytes:
        """The parts in the input's format; of JSON the signature has to do."""
        if self.json:
            return parts.signature
        return parts.v1() if self.case.form == "v1" else parts.v2()

    def narrowed(self) -> bytes:
        """The input with the caveat that was added, as it must be emitted."""
        caveat = self.case.caveat
        caveats = (*self.parts.caveats, (caveat, None, None))
        signature = hmac.digest(self.parts.signature, caveat, "sha256")
        return self.emitted(replace(self.parts, caveats=caveats, signature=signature))

    def minted(self) -> bytes:
        """The input made anew with the key, as it must be emitted."""
        parts = self.parts
        signature = sign(self.case.key, parts.identifier, parts.caveats)
        return self.emitted(replace(parts, location=parts.location or b"", signature=signature))

    def holds_odd_bytes(self) -> bool:
        """Whether anything in it is no UTF-8, or is UTF-8 with fewer characters than bytes in v1,
        where lengths are written before the text."""
        parts = self.parts
        values = [parts.identifier, parts.location or b"", *(cid for cid, _, _ in parts.caveats)]
        values += [place or b"" for _, _, place in parts.caveats]
        return not all(value.isascii() for value in values)

    def lacks_a_location(self) -> bool:
        """Whether the macaroon or a third-party caveat has no location, or an empty one."""
        return not self.parts.location or any(
            vid is not None and not place for _, vid, place in self.parts.caveats
        )

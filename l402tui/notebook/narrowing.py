"""How is a token narrowed in a notebook?

:func:`attenuate` makes the child and shows it beside its parent, with what the verifier makes of
each caveat. Nothing is sent, and the vault is not touched. The child's text is a secret as the
parent's is: it is not in the picture, and has to be asked for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from html import escape
from typing import Any

from l402tui.agents.profiles import known
from l402tui.protocol.attenuation import (
    CannotAttenuate,
    Child,
    Parent,
    caveat_words,
    read_parent,
)
from l402tui.protocol.attenuation import attenuate as narrowed
from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.url import Url
from l402tui.protocol.verifiers import (
    Effect,
    NoWord,
    Prediction,
    Target,
    Template,
    Wish,
    predict,
    write,
)
from l402tui.settings import home

__all__ = ["Narrowed", "NarrowingError", "attenuate"]

_INK = {
    Effect.ENFORCED: "#1a7f4b",
    Effect.IGNORED: "#9a6700",
    Effect.BREAKS: "#b3261e",
    Effect.UNKNOWN: "#5a6b7b",
}


class NarrowingError(ValueError):
    """No child can be made; the message says why."""


@dataclass(frozen=True, repr=False)
class Narrowed:
    """A child, and what is predicted of it."""

    parent: Parent
    child: Child
    prediction: Prediction

    @property
    def text(self) -> str:
        """The child itself, as it is handed over. A secret, once its preimage is known."""
        return self.child.token.text

    @property
    def passes(self) -> bool | None:
        """Whether the request in mind would be taken; None: it cannot be told from here."""
        return self.prediction.passes

    def _rows(self) -> list[tuple[str, bool, Effect, Shown, Shown]]:
        return [
            (
                str(verdict.index + 1),
                verdict.index >= self.child.first_added,
                verdict.effect,
                caveat_words(caveat),
                verdict.why,
            )
            for verdict, caveat in zip(
                self.prediction.verdicts, self.child.token.macaroon.caveats, strict=True
            )
        ]

    def _verdict(self) -> Shown:
        word = {True: "would be taken", False: "would be refused", None: "is not known"}
        name = shown(self.prediction.profile.name)
        target = self.prediction.target
        asked = say("{} {}", shown(target.method, 20), shown(target.path, 80))
        return say("{} at {}: {}. {}", asked, name, Shown(word[self.passes]), self.prediction.why)

    def __repr__(self) -> str:
        """Plain text, without the tokens."""
        lines = [
            f"{'+' if new else ' '}{number:>3}  {effect.value:<17} {words}  ({why})"
            for number, new, effect, words, why in self._rows()
        ]
        return "\n".join([*lines, self._verdict().text])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What Jupyter shows."""
        cell = 'style="text-align:left;padding:.1em .6em"'
        rows = "".join(
            f"<tr><td {cell}>{'+' if new else ''}{escape(number)}</td>"
            f'<td {cell}><b style="color:{_INK[effect]}">{escape(effect.value)}</b></td>'
            f"<td {cell}><code>{escape(words.text)}</code></td>"
            f"<td {cell}>{escape(why.text)}</td></tr>"
            for number, new, effect, words, why in self._rows()
        )
        page = (
            '<div style="font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;max-width:72em">'
            f"<table>{rows}</table><p>{escape(self._verdict().text)}</p></div>"
        )
        return {"text/plain": repr(self), "text/html": page}


def attenuate(
    token: str,
    *caveats: str,
    verifier: str = "aperture",
    expires_in: float | None = None,
    services: str = "",
    path: str = "",
    method: str = "",
    uses: int = 0,
    url: str = "",
    at: float | None = None,
) -> Narrowed:
    """A child of ``token`` (or of a credential, header or challenge with one in it).

    ``caveats`` are added as they are, after what is written in the verifier's own words:
    ``expires_in`` in seconds from now, ``services`` with commas, ``path``, ``method``, ``uses``.
    ``url`` and ``at`` (unix seconds, default now) are the request that the prediction is about.
    Raises NarrowingError, and UrlError for an address that is none.
    """
    now = time.time()
    profiles = known(home()).profiles
    if verifier not in profiles:
        raise NarrowingError(f"There is no verifier {shown(verifier, 60)}: {', '.join(profiles)}.")
    profile = profiles[verifier]
    wishes = [
        Wish(Template.EXPIRY, number=int(now + expires_in)) if expires_in is not None else None,
        Wish(Template.SERVICES, services) if services else None,
        Wish(Template.PATH, path) if path else None,
        Wish(Template.METHOD, method) if method else None,
        Wish(Template.USES, number=uses) if uses else None,
    ]
    try:
        parent = read_parent(token.encode())
        have = parent.token.macaroon.caveats
        added: list[bytes] = []
        for wish in filter(None, wishes):
            before = (*have, *(Caveat(each, None, None, 0, 0, 0) for each in added))
            added.append(write(profile, wish, before))
        child = narrowed(parent.token, [*added, *(each.encode() for each in caveats)])
    except (CannotAttenuate, NoWord) as error:
        raise NarrowingError(error.why.text) from None
    where = Url.parse(url).path if url else path or "/"
    target = Target(now if at is None else at, method=(method or "GET").upper(), path=where)
    return Narrowed(parent, child, predict(profile, child.token.macaroon.caveats, target))

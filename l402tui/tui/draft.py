"""What lies on the workbench, and what does a verifier make of it?

A parent, the caveats that were added so far, the verifier whose habits count, and the request that
the person has in mind. Every change makes a new :class:`Draft`, so that nothing on the screen is
ever half of one and half of another. Nothing here is written anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from l402tui.agents.handover import Parcel
from l402tui.protocol.attenuation import Child, Parent, attenuate
from l402tui.protocol.leaks import is_node_identifier
from l402tui.protocol.macaroon import Token
from l402tui.protocol.url import Url, UrlError
from l402tui.protocol.verifiers import Prediction, Profile, Target, Wish, predict, service_of, write

__all__ = ["Asked", "Draft", "Workbench", "begin"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that the person has in mind."""

    method: str = "GET"
    path: str = "/"
    moment: int | None = None
    """Unix seconds; None: now."""
    address: str | None = None
    """The caller's IP address; None: not known."""
    service: bytes | None = None
    """None: the only one the token names."""


@dataclass(frozen=True)
class Draft:
    """A parent and what is being made of it."""

    parent: Parent
    profile: Profile
    at: float
    """Unix seconds: the "now" of its predictions."""
    asked: Asked = Asked()
    url: str = ""
    """Where the token is meant to be used; empty: not known."""
    added: tuple[bytes, ...] = ()
    token: Token = field(kw_only=True)
    """The child so far; the parent's own while nothing was added."""

    @property
    def node(self) -> bool:
        """Whether it is a node's own macaroon, which opens the node and no shop."""
        return is_node_identifier(self.parent.token.macaroon.identifier)

    @property
    def first_added(self) -> int:
        """The index of the first caveat that the parent has not."""
        return len(self.parent.token.macaroon.caveats)

    @cached_property
    def child(self) -> Child:
        """The child with the steps of its chain."""
        return Child(self.parent.token, self.token, self.added)

    @cached_property
    def prediction(self) -> Prediction:
        """What the verifier makes of the child, for the request in mind."""
        return predict(self.profile, self.token.macaroon.caveats, self._target)

    @cached_property
    def before(self) -> Prediction:
        """The same of the parent. It has at least the parent's caveats."""
        caveats = self.parent.token.macaroon.caveats
        named = self.asked.service or service_of(caveats)
        if named == self.prediction.target.service:
            return self.prediction  # each caveat is judged by those before it
        # A child that names fewer services is read otherwise, from its first caveat on.
        return predict(self.profile, caveats, self._target)

    @property
    def _target(self) -> Target:
        asked = self.asked
        moment = self.at if asked.moment is None else asked.moment
        return Target(moment, asked.service, asked.method, asked.path, asked.address)

    @property
    def parcel(self) -> Parcel:
        """What is handed over."""
        try:
            url = Url.parse(self.url) if self.url else None
        except UrlError:
            url = None
        return Parcel(self.token, self.parent.preimage, self.parent.scheme, url)

    def caveat_for(self, wish: Wish, service: bytes | None = None) -> bytes:
        """The wish in the verifier's own words. Raises NoWord."""
        return write(self.profile, wish, self.token.macaroon.caveats, service or self.asked.service)

    # --- changes -------------------------------------------------------------------------------

    def adding(self, caveat: bytes) -> Draft:
        """With one caveat more. Raises CannotAttenuate."""
        token = attenuate(self.token, (caveat,)).token
        return replace(self, added=(*self.added, caveat), token=token)

    def without_last(self) -> Draft:
        """Without the caveat that was added last."""
        added = self.added[:-1]
        parent = self.parent.token
        return replace(self, added=added, token=attenuate(parent, added).token if added else parent)

    def at_time(self, now: float) -> Draft:
        """The same, looked at now (unix seconds)."""
        return replace(self, at=now)


def begin(
    parent: Parent, profiles: Mapping[str, Profile], now: float, url: str = "", verifier: str = ""
) -> Draft:
    """Nothing added yet. ``verifier`` is the profile's name; where there is none of it, a node's
    macaroon is held against lnd and anything else against aperture."""
    usual = "lnd" if is_node_identifier(parent.token.macaroon.identifier) else "aperture"
    draft = Draft(
        parent, profiles.get(verifier) or profiles[usual], now, url=url, token=parent.token
    )
    where = draft.parcel.url
    return replace(draft, asked=Asked(path=where.path)) if where is not None else draft


@dataclass(slots=True)
class Workbench:
    """What lies there, also while the person is on another screen."""

    draft: Draft | None = None
    wanted: bytes | None = field(default=None, repr=False)
    """The payment hash of the credential with which to begin, where the person came with one."""

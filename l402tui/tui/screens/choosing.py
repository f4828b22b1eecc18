"""Which token does the person begin with?

One of the family in the vault, or whatever they paste or name as a file. A credential that is
pasted keeps its preimage; for a token alone, the vault is asked for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from textual.events import Paste
from textual.widgets import Input

from l402tui.agents.family import Member, family, matching, walk
from l402tui.agents.profiles import known
from l402tui.flow.ports import VaultError
from l402tui.protocol.attenuation import CannotAttenuate, Parent, caveat_words, read_parent
from l402tui.protocol.caveats import format_time
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.draft import begin
from l402tui.tui.given import content
from l402tui.tui.screens.delegating import Delegating
from l402tui.tui.trouble import told_trouble
from l402tui.tui.widgets.card import Card, Line
from l402tui.tui.widgets.pastebox import PasteBox
from l402tui.tui.widgets.tokentree import USE_STYLE, TokenTree, title_of

__all__ = ["Choosing"]

_MOST: Final = 1_000
"""Tokens that are listed."""
_NONE: Final = say(
    "There is no token in the vault yet. Paste one here, or pay for something first: 1 goes to the "
    "flow."
)
_NOT_FOUND: Final = say("No token has this in its names, addresses, reasons or caveats.")
_SEEN: Final = {True: "taken", False: "refused", None: "left open"}


class Choosing(Delegating):
    """The part of the screen that chooses a parent."""

    async def open_vault(self) -> None:
        """Open it for looking, and show the family."""
        try:
            self.session = await self.till.session()
        except Exception as error:
            told = told_trouble(error)
            if told is None:
                raise
            self.answer(told)
            return
        self.look()
        self._begin_as_wanted()

    def look(self) -> None:
        """Read profiles and family anew."""
        session = self.session
        if session is None or not self.is_running:
            return
        self.known = known(session.settings.home)
        try:
            records = self.records
            payments, delegations = records.payments(every=True), records.delegations()
        except VaultError as error:
            self.answer(say("{} Nothing was changed.", shown(str(error), 400)))
            return
        self.members = family(payments, delegations, self.now(), self.known.profiles)
        self._list()

    def _list(self) -> None:
        sought = self.query_one("#search", Input).value.strip()
        self.query_one(TokenTree).show(matching(self.members, sought)[:_MOST])

    def _begin_as_wanted(self) -> None:
        wanted, self.bench.wanted = self.bench.wanted, None
        for member in self.members:
            intent = member.intent
            if wanted is not None and intent is not None and intent.payment_hash == wanted:
                self._begin(member)
                return
        if wanted is not None:
            self.answer(
                say(
                    "What was bought there is no macaroon, so nothing can be added to it, or its "
                    "preimage is not here."
                )
            )

    # --- the tree ------------------------------------------------------------------------------

    def on_token_tree_selected(self) -> None:
        """Tell about the one under the cursor."""
        if not self.has_class("working"):
            self.query_one(Card).show(self.choosing_lines())
            self.redraw()

    def on_token_tree_taken(self) -> None:
        """Begin with it."""
        member = self.query_one(TokenTree).chosen
        if member is not None:
            self._begin(member)

    def _begin(self, member: Member) -> None:
        one, intent = member.delegation, member.intent
        scheme = one.scheme if one is not None else intent.scheme if intent is not None else "L402"
        parent = Parent(member.token, member.preimage, scheme)
        verifier = one.verifier if one is not None else ""
        self._lay(parent, member.url, verifier, member.why)

    def _lay(self, parent: Parent, url: str, verifier: str, note: Shown) -> None:
        self.change(begin(parent, self.known.profiles, self.now(), url, verifier))
        self.answer(note)

    def choosing_lines(self) -> Iterator[Line]:
        """The token under the cursor, or what to do where there is none."""
        for trouble in self.known.troubles:
            yield Line("", trouble, "$text-warning")
        member = self.query_one(TokenTree).chosen
        if member is None:
            if self.session is not None:
                yield Line("", _NOT_FOUND if self.members else _NONE)
            return
        yield Line("", title_of(member), "bold")
        told = say("{}: {}", Shown(member.use.value), member.why)
        yield Line("Use now", told, USE_STYLE[member.use])
        one = member.delegation
        if one is not None and one.why:
            yield Line("Why", shown(one.why, 400))
        first = one.first_added if one is not None and not one.from_outside else None
        for at, caveat in enumerate(member.token.macaroon.caveats[:40]):
            name = "Added" if first is not None and at >= first else "Caveat"
            yield Line(name, caveat_words(caveat, 300))
        for seen in one.rehearsals if one is not None else ():
            yield Line(
                "Rehearsed",
                say(
                    "{} on {} ({}), predicted: {}",
                    shown(seen.seen),
                    format_time(int(seen.at)),
                    shown_url(seen.url, 200),
                    Shown(_SEEN[seen.predicted]),
                ),
            )

    # --- searching -----------------------------------------------------------------------------

    def do_search(self) -> None:
        """Look for a token."""
        self.choose()
        field = self.query_one("#search", Input)
        self.add_class("searching")
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """With every letter."""
        event.stop()
        if event.input.id == "search":
            self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """To what was found."""
        event.stop()
        self.query_one(TokenTree).focus()

    def stop_searching(self) -> None:
        """All of them again."""
        self.query_one("#search", Input).value = ""
        self.remove_class("searching")
        self.query_one(TokenTree).focus()

    # --- pasting -------------------------------------------------------------------------------

    def on_paste(self, event: Paste) -> None:
        """Wherever the focus is, but in a field."""
        self.choose()
        self.query_one(PasteBox).paste(event.text)

    def on_paste_box_given(self, event: PasteBox.Given) -> None:
        """Begin with it, if it is a token. What is typed is read at Enter."""
        event.stop()
        data = event.box.data
        if data.strip() and (event.whole or data.endswith(b"\n")):
            self.take(data)

    def do_paste(self) -> None:
        """An empty box to type into."""
        self.choose()
        box = self.query_one(PasteBox)
        box.give(b"")
        box.write()
        self.redraw()

    def take(self, data: bytes) -> None:
        """Begin with what was pasted, typed or named, or say why that cannot be."""
        try:
            parent = self._with_preimage(read_parent(content(data)))
        except CannotAttenuate as error:
            # It may be half of a secret, so it does not stay in sight.
            self.query_one(PasteBox).hide(True)
            self.answer(say("{} Nothing was changed.", error.why))
            return
        self.query_one(PasteBox).give(b"")
        known_as = next(
            (one for one in walk(self.members) if one.token.text == parent.token.text), None
        )
        url = known_as.url if known_as is not None else ""
        self._lay(parent, url, "", _told(parent))

    def _with_preimage(self, parent: Parent) -> Parent:
        if parent.preimage is not None or parent.payment_hash is None or self.session is None:
            return parent
        try:
            intent = self.records.intent(parent.payment_hash)
        except VaultError:
            return parent  # then only the token can be handed over, and that is said there
        preimage = intent.preimage if intent is not None else None
        return Parent(parent.token, preimage, parent.scheme, parent.binary)

    # --- to the tree and back ------------------------------------------------------------------

    def do_tokens(self) -> None:
        """To the tree of tokens, to choose another parent; from there back."""
        if self.has_class("working"):
            self.choose()
        elif self.bench.draft is not None:
            self.change(self.bench.draft)

    def _no_tokens(self) -> Shown | None:
        return None if self.bench.draft is not None else self.no_draft()

    def choose(self) -> None:
        """Show the tree."""
        if self.has_class("working"):
            self.remove_class("working")
            self.answer(Shown(""))
            self.look()
        self.query_one(TokenTree).focus()
        self.redraw()


def _told(parent: Parent) -> Shown:
    macaroon = parent.token.macaroon
    return say(
        "A macaroon of {} bytes with {} caveats. It stays as it is; a child is made beside it.",
        len(macaroon.raw),
        len(macaroon.caveats),
    )

"""What can I give to somebody else, and what could they do with it?

The workbench: a parent is chosen, caveats are added, parent and child stand side by side with what
the chosen verifier makes of each, and the child is handed over or tried out. The same as
``l402tui attenuate``, ``tokens`` and ``rehearse``. This file draws; what the keys do is in
:mod:`~l402tui.tui.screens.choosing`, :mod:`~l402tui.tui.screens.adding`,
:mod:`~l402tui.tui.screens.handing` and :mod:`~l402tui.tui.screens.trying`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.widgets import Input, Static

from l402tui.protocol.attenuation import caveat_words
from l402tui.protocol.caveats import format_time
from l402tui.protocol.node_macaroon import node_of
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.verifiers import Effect
from l402tui.tui.draft import Draft, Workbench
from l402tui.tui.keymap import Where, bindings
from l402tui.tui.rhythm import Rhythm
from l402tui.tui.screens import SCREENS
from l402tui.tui.screens.adding import Adding
from l402tui.tui.screens.choosing import Choosing
from l402tui.tui.screens.handing import Handing
from l402tui.tui.screens.trying import Trying
from l402tui.tui.theme import SHORT
from l402tui.tui.till import Till
from l402tui.tui.widgets.card import Card, Line
from l402tui.tui.widgets.caveats import EFFECT_STYLE, CaveatTable, Row
from l402tui.tui.widgets.keybar import KeyBar
from l402tui.tui.widgets.pastebox import PasteBox
from l402tui.tui.widgets.templates import TemplateRow
from l402tui.tui.widgets.titlebar import TitleBar
from l402tui.tui.widgets.tokentree import TokenTree
from l402tui.tui.words import plain, styled

__all__ = ["DelegateScreen"]

_PASTE: Final = "Or paste a token or a credential; p to type it or the name of a file."
_LEAVES: Final = say("Nothing leaves before you hand it over.")
_PASSES: Final = {True: "yes", False: "no", None: "not known"}
_PASSES_STYLE: Final = {True: "$text-success", False: "$text-error", None: "$text-warning"}
_WIDE: Final = 170
"""Columns from which there is room for a third column: parent and child need two."""
_TALL: Final = 34
"""Rows from which more than the first lines of what there is to know have room."""
_HIDDEN: Final = 12
"""Characters of a token that are shown while it is masked."""


class DelegateScreen(Choosing, Adding, Handing, Trying):
    """The workbench."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.DELEGATE)]
    PLACE = Where.DELEGATE
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]  # noqa: RUF012 - Textual's own type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT, "-high"), (_TALL, "-tall")]  # noqa: RUF012 - Textual's own type
    ALLOW_IN_MAXIMIZED_VIEW = "#status, #keys"

    def __init__(
        self, bench: Workbench, till: Till, rhythm: Rhythm, now: Callable[[], float]
    ) -> None:
        """``now`` gives unix seconds while no session is open."""
        super().__init__(bench, till, rhythm)
        self.masked = True
        self._now = now

    def compose(self) -> ComposeResult:
        """The tree of tokens, or the bench; below or beside it what there is to know."""
        yield TitleBar(SCREENS, "Delegate", id="title")
        with Container(id="body"):
            with Vertical(id="choosing"):
                search = Input(placeholder="name, address, caveat ...", compact=True, id="search")
                search.cursor_blink = False
                yield search
                yield TokenTree(id="tokens")
                yield PasteBox(_PASTE, id="given")
            with Vertical(id="bench"):
                yield CaveatTable(id="caveats")
                yield TemplateRow(id="templates")
            yield Card(id="card")
        yield Static(markup=False, id="status")
        yield KeyBar(Where.DELEGATE, Where.EVERYWHERE, id="keys")

    def on_mount(self) -> None:
        """Paint first, open the vault after."""
        self.query_one(TokenTree).border_title = "Which token? Enter begins with it"
        self.query_one(TemplateRow).border_title = "Add a caveat (c)"
        self.query_one(Card).border_title = "What there is to know"
        if self.bench.draft is not None and self.bench.wanted is None:
            self.change(self.bench.draft.at_time(self.now()))
        else:
            self.query_one(TokenTree).focus()
        self.redraw()
        self.call_after_refresh(self.run_worker, self.open_vault(), group="open")

    async def on_unmount(self) -> None:
        """Close what was opened for looking."""
        await self.till.close()

    def on_screen_resume(self) -> None:
        """Things may have happened meanwhile."""
        if not self.has_class("working"):
            self.look()

    def on_descendant_focus(self) -> None:
        """Whether keys are letters now is said at the bottom."""
        self.redraw()

    def now(self) -> float:
        """Unix seconds."""
        return self.session.clock.now() if self.session is not None else self._now()

    # --- drawing -------------------------------------------------------------------------------

    def change(self, draft: Draft | None, *, end: bool = False) -> None:
        """Lay this on the workbench and draw it."""
        if draft is None or self.draft is None or draft.parent is not self.draft.parent:
            self.masked = True  # another token: nobody has asked to see it whole
        self.bench.draft = draft
        begun = not self.has_class("working")
        self.set_class(draft is not None, "working")
        table = self.query_one(CaveatTable)
        table.show(draft, end=end)
        if draft is not None:
            name = shown(draft.profile.name)
            table.border_title = plain(say("Parent and child, as {} reads them", name))
            self.query_one(TemplateRow).show(draft.profile.templates)
        if begun:
            table.focus()
        self.redraw()

    def on_caveat_table_chosen(self) -> None:
        """Tell about what is under the cursor."""
        if self.draft is not None:
            self.query_one(Card).show(self._lines(self.draft))

    def redraw(self) -> None:
        """The line at the bottom, and the keys."""
        if not self.is_mounted:
            return
        draft = self.draft
        status = styled(_LEAVES, "")
        if self._typing:
            status = styled(say("What you type goes into the field. Esc leaves it."), "")
        elif draft is not None:
            style = _PASSES_STYLE[draft.prediction.passes]
            status = styled(_status(draft), style if self.app.size.height > SHORT else "")
        self.query_one("#status", Static).update(status)
        self.query_one(KeyBar).show(
            lambda action: action == "back" or not (self._typing or self.why_not(action)),
            {"tokens": "parent" if self.has_class("working") else "workbench"},
        )

    @property
    def _typing(self) -> bool:
        box = self.query_one(PasteBox)
        return self.query_one("#search", Input).has_focus or (box.has_focus and not box.read_only)

    def _lines(self, draft: Draft) -> Iterator[Line]:
        row = self.query_one(CaveatTable).chosen
        if row is not None:
            yield from _caveat(draft, row)
        yield Line("Passes?", _passes(draft), _PASSES_STYLE[draft.prediction.passes])
        yield Line("Token", self._token(draft))
        yield from _facts(draft)

    def _token(self, draft: Draft) -> Shown:
        text = draft.token.text
        if not self.masked:
            return shown(text, len(text))
        return say("{}… ({} characters; m shows it)", shown(text[:_HIDDEN]), len(text))

    # --- actions -------------------------------------------------------------------------------

    def _no_secrets(self) -> Shown | None:
        return self.no_draft()

    def do_secrets(self) -> None:
        """The token's text, shortened or whole."""
        self.masked = not self.masked
        self.on_caveat_table_chosen()
        if not self.masked:
            self.tell(
                say("The whole token is shown. With the preimage, whoever sees it can use it.")
            )

    def do_help(self) -> None:
        """The keys, and what each verifier makes of each caveat."""
        from l402tui.tui.modals.help import Help

        self.app.push_screen(Help(Where.DELEGATE, self.known.profiles.values()))

    def do_back(self) -> None:
        """Out of a large pane, out of the field, out of the row, out of the screen."""
        if self.maximized is not None:
            self.minimize()
        elif self.has_class("searching") and not self.has_class("working"):
            self.stop_searching()
        elif self._typing:
            self.query_one(TokenTree).focus()
        elif self.query_one(TemplateRow).has_focus and self.draft is not None:
            self.query_one(CaveatTable).focus()
        else:
            self.app.call_later(self.app.run_action, "leave_screen")


def _passes(draft: Draft) -> Shown:
    """Why it would or would not, and for which service that was looked at."""
    prediction, service = draft.prediction, draft.prediction.target.service
    if not prediction.assumed or service is None:
        return prediction.why
    named = "{} (For the service {}, the one that the token names: w says otherwise.)"
    return say(named, prediction.why, shown(service, 60))


def _status(draft: Draft) -> Shown:
    """Would it pass, and does it fit into a header?"""
    asked = draft.asked
    when = say("now") if asked.moment is None else format_time(asked.moment)
    passes = Shown(_PASSES[draft.prediction.passes])
    size, limit = draft.child.header_size, draft.profile.header_limit
    header = say("Header {} of {} bytes.", size, limit)
    if size > limit:
        header = say("{} TOO LARGE: commonly refused.", header)
    request = say("{} {}", shown(asked.method, 20), shown(asked.path, 60))
    return say("Would it pass? {}, {}: {}. {}", request, when, passes, header)


def _caveat(draft: Draft, row: Row) -> Iterator[Line]:
    added = row.index >= draft.first_added
    if row.signature:
        yield Line("Signature", _CHAIN if added else _END)
        return
    caveat, verdict = draft.token.macaroon.caveats[row.index], draft.prediction.verdicts[row.index]
    name = "Added" if added else "Caveat"
    yield Line(name, say("{}: {}", row.index + 1, caveat_words(caveat, 600)), "bold")
    effect = say("{}. {}", Shown(verdict.effect.value), verdict.why)
    yield Line("Effect", effect, EFFECT_STYLE[verdict.effect])
    if verdict.effect is Effect.ENFORCED and verdict.row is not None and verdict.row.why:
        yield Line("", shown(verdict.row.why, 400))


_CHAIN: Final = say(
    "HMAC-SHA256 of the signature before it and the caveat above. Only its beginning is shown: "
    "with the whole of a signature, the caveats behind it could be taken off."
)
_END: Final = say(
    "Where the parent's chain ends, and what the child's goes on from. Who has the parent can make "
    "any child, so it stays with you."
)


def _facts(draft: Draft) -> Iterator[Line]:
    parent, profile = draft.parent, draft.profile
    yield Line("Verifier", say("{} ({})", shown(profile.title), Shown(profile.proof.value)))
    if profile.attenuates:
        yield Line("", shown(profile.attenuates, 400), "$text-error")
    for note in profile.notes:
        yield Line("", shown(note, 400))
    macaroon = parent.token.macaroon
    yield Line("Parent", say("{}, {} bytes", Shown(macaroon.format.name), len(macaroon.raw)))
    if draft.node:
        yield Line("", say("A node's own macaroon: a key to the node. It is not kept here."))
        node = node_of(macaroon)
        if node is not None:
            yield Line("May", say("{} ({})", node.may, Shown(node.risk.value)))
        return
    if parent.payment_hash is not None:
        yield Line("Paid", say("payment hash {}", Shown(parent.payment_hash.hex())))
    there = "known here; it goes along" if parent.preimage is not None else "not known here"
    yield Line("Preimage", say(there))

"""Does the server really do with the child what was predicted?

One request is sent as the child; there is no wallet, so nothing can be paid. What was seen stands
beside what was predicted, and is written down. Where they differ, what was learned can be kept as a
profile of the person's own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from l402tui.agents.handover import Missing, Parcel
from l402tui.agents.profiles import keep
from l402tui.agents.rehearsal import Rehearsal, Seen, corrected, rehearse
from l402tui.flow.lineage import Rehearsed
from l402tui.flow.model import Request
from l402tui.flow.ports import VaultError
from l402tui.protocol.masking import shown_url
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.url import Url, UrlError
from l402tui.protocol.verifiers import Profile
from l402tui.tui.draft import Draft
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.fill import Field, Fill, Filled
from l402tui.tui.screens.delegating import Delegating
from l402tui.tui.screens.handing import delegation_of, who_and_why
from l402tui.wiring import request_of

__all__ = ["Trying"]

_ABOUT: Final = say(
    "A request is sent with the child's credential, so this server comes to know it; before, the "
    "child is written down. No wallet is there, and nothing is paid. Where the child is taken, it "
    "is asked once more without any, as a free page proves nothing; where it is refused against "
    "the prediction, the parent is tried once."
)
_FORETOLD: Final = {True: "taken", False: "refused", None: "left open"}


class Trying(Delegating):
    """The part of the screen that rehearses."""

    def _no_rehearse(self) -> Shown | None:
        draft = self.draft
        if draft is None:
            return self.no_draft()
        if draft.node:
            return say(
                "A node is no web server that could be asked here: try it with the node's own tool."
            )
        try:
            _ = draft.parcel.credential
        except Missing as error:
            return error.why
        return say("The vault is not open yet.") if self.session is None else None

    def do_rehearse(self) -> None:
        """Ask where, then send."""
        draft = self.draft
        if draft is None:
            return

        def refused(answer: str, values: dict[str, str]) -> Shown | None:
            try:
                request = request_of(values["url"], values["method"])
            except (UrlError, ValueError) as error:
                return say("This address cannot be opened: {}.", shown(str(error)))
            return self._elsewhere(draft, request.url)

        def filled(result: Filled | None) -> None:
            if result is not None and self.draft is draft:
                request = request_of(result.values["url"], result.values["method"])
                self.answer(say("Asking {} …", shown_url(request.url, 200)))
                to, why = (result.values.get(name, "") for name in ("to", "why"))
                work = self._rehearse(draft, request, to, why)
                self.run_worker(work, group="rehearse", exclusive=True)

        fields = [
            Field("url", "address", draft.url, "https://..."),
            Field("method", "method", draft.asked.method),
        ]
        if draft.added and self.written_down(draft) is None:
            fields += who_and_why()
        answers = [("send", "Send (Enter)")]
        modal = Fill("Rehearse", [_ABOUT], fields, answers, refused, rhythm=self.rhythm)
        self.app.push_screen(modal, filled)

    def _elsewhere(self, draft: Draft, url: Url) -> Shown | None:
        """A credential belongs to the origin it was bought at, and travels encrypted."""
        try:
            bought = self.records.intent(draft.parent.payment_hash or b"")
        except VaultError as error:
            return self.unwritten(error)
        if bought is not None and bought.request.url.origin != url.origin:
            return say(
                "This was bought at {}, and {} is somebody else, who could use it.",
                shown(bought.request.url.origin),
                shown(url.origin),
            )
        if url.scheme == "http" and not url.loopback:
            return say(
                "The address is not encrypted: anyone on the way could take the credential. Use "
                "https."
            )
        return None

    async def _rehearse(self, draft: Draft, request: Request, to: str, why: str) -> None:
        session = self.session
        if session is None:
            return
        asked = replace(draft.asked, method=request.method, path=request.url.path, moment=None)
        tried = replace(draft, asked=asked, url=str(request.url), at=self.now())
        try:
            if draft.added:  # what leaves is written down first
                self.records.delegated(delegation_of(tried, self.now(), to, why))
        except VaultError as error:
            self.answer(self.unwritten(error))
            return
        parent = Parcel(draft.parent.token, draft.parent.preimage, draft.parent.scheme)
        found = await rehearse(
            session.transport,
            request,
            tried.parcel.credential,
            tried.prediction,
            parent=parent.credential if draft.added else None,
        )
        kept = self._remember(tried, request, found)
        self.look()
        if self.draft is draft:
            self.change(tried)
        self.answer(say("{} {}", _told(found), kept))
        self._offer_to_learn(tried, request, found)

    def _remember(self, draft: Draft, request: Request, found: Rehearsal) -> Shown:
        seen = Rehearsed(
            at=self.now(),
            method=request.method,
            url=str(request.url),
            verifier=draft.profile.name,
            predicted=found.prediction.passes,
            seen=found.seen.value,
            status=found.status,
        )
        try:
            kept = self.records.rehearsed(Secret(draft.token.text), seen)
        except VaultError as error:
            return say("It is not written down: {}", shown(str(error), 300))
        return Shown("It is written down." if kept else "Nothing was paid.")

    # --- learning ------------------------------------------------------------------------------

    def _offer_to_learn(self, draft: Draft, request: Request, found: Rehearsal) -> None:
        first = draft.first_added if draft.added else 0
        learned = corrected(found, first_added=first, where=request.url.host, at=self.now())
        if learned is None:
            return
        new = learned.rows[: len(learned.rows) - len(draft.profile.rows)]
        told = [
            say("{}: {}. {}", shown(row.word, 60), Shown(row.effect.value), shown(row.why, 300))
            for row in new
        ]
        name = shown(learned.name)
        question = say(
            " ".join(["{}"] * (len(told) + 1)),
            *told,
            say("Keep it as a profile of your own, {}?", name),
        )

        def heard(sure: bool | None) -> None:
            if sure:
                self._learn(learned)

        self.app.push_screen(Ask("They differ. Keep what was seen?", question, "Keep", "No"), heard)

    def _learn(self, profile: Profile) -> None:
        session = self.session
        if session is None:
            return
        try:
            path = keep(session.settings.home, profile)
        except OSError as error:
            self.answer(self.unwritten(error))
            return
        self.look()
        if self.draft is not None and profile.name in self.known.profiles:
            self.use_verifier(self.known.profiles[profile.name])
        self.answer(say("Kept: {}. It is used from now on.", shown(str(path), 300)))


def _told(found: Rehearsal) -> Shown:
    foretold = Shown(_FORETOLD[found.prediction.passes])
    head = say("Predicted: {}. Seen: {}. {}", foretold, Shown(found.seen.value), found.why)
    if found.seen is Seen.UNCLEAR:
        return say("{} Whether the prediction is right is not known.", head)
    if found.differs:
        parent = found.parent
        if parent is Seen.REFUSED:
            return say("{} They differ; but the parent is refused, too.", head)
        return say("{} They differ.", head)
    agree = "They agree." if found.prediction.passes is not None else "Now it is known."
    return say("{} {}", head, Shown(agree))

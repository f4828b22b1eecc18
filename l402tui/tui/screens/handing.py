"""How does the child reach whoever it is for?

The form is chosen first; then it is said what travels along, and only then something leaves: into a
new file, onto the screen as a QR code, or to the clipboard after one more question. Before that it
is written down in the vault, or nothing leaves. A node's macaroon is not kept there: it is a key to
the node's money.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from l402tui.agents.handover import Form, Handed, Missing, hand_over
from l402tui.flow.lineage import NewDelegation
from l402tui.flow.ports import VaultError
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.delivery import write_new
from l402tui.tui.draft import Draft
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.choose import Choice, Choose
from l402tui.tui.modals.fill import Field, Fill, Filled
from l402tui.tui.screens.delegating import Delegating

__all__ = ["Handing", "delegation_of", "who_and_why"]

_ABOUT: Final = {
    Form.TOKEN: "the token alone, without its preimage",
    Form.HEADER: "the Authorization header",
    Form.CURL: "a file for curl --config",
    Form.HTTPX: "code for Python's httpx, without the credential",
    Form.ENV: "an environment variable, for a shell",
    Form.MCP: "the configuration of an MCP client",
    Form.QR: "a QR code, for a phone",
}
_ENDING: Final = {Form.HTTPX: "py", Form.ENV: "sh", Form.MCP: "json", Form.CURL: "curl"}
_COPY: Final = say(
    "This is as good as cash, and other programs can read the clipboard. What your terminal does "
    "with it, nobody here can tell."
)


class Handing(Delegating):
    """The part of the screen that hands over."""

    def _no_hand(self) -> Shown | None:
        draft = self.draft
        if draft is None or draft.added:
            return self.no_draft()
        return say("Nothing was added yet: a child needs one caveat at least. c adds one.")

    def do_hand(self) -> None:
        """Choose the form."""
        draft = self.draft
        if draft is None:
            return
        if draft.node:
            self._offer(draft, Form.TOKEN)
            return
        choices = [Choice(form.value, Shown(form.value), say(_ABOUT[form])) for form in Form]

        def chosen(name: str | None) -> None:
            if name is not None and self.draft is draft:
                self._offer(draft, Form(name))

        self.app.push_screen(Choose("Hand over as", choices), chosen)

    def _offer(self, draft: Draft, form: Form) -> None:
        """Say what travels along, and ask to whom."""
        now = self.now()
        try:
            handed = hand_over(form, draft.parcel, draft.at_time(now).prediction, now=now)
        except Missing as error:
            self.answer(say("{} Nothing has left.", error.why))
            return

        def refused(answer: str, values: dict[str, str]) -> Shown | None:
            return self._write(draft, form, handed, values) if answer == "file" else None

        def filled(result: Filled | None) -> None:
            if result is None:
                self.answer(say("Not handed over. Nothing has left."))
            elif result.answer == "copy":
                self._ask_to_copy(draft, form, handed, result.values)
            elif result.answer == "code":
                self._show_code(draft, handed, result.values)

        fill = Fill(
            f"Hand over: {form.value}", self._told(draft, handed), self._fields(draft, form),
            _ANSWERS[form], refused, rhythm=self.rhythm,
        )  # fmt: skip
        self.app.push_screen(fill, filled)

    # --- the ways out --------------------------------------------------------------------------

    def _write(
        self, draft: Draft, form: Form, handed: Handed, values: dict[str, str]
    ) -> Shown | None:
        """Into a new file; why not, if not."""
        if not values["file"]:
            return say("Give the name of a new file.")
        raw = draft.parent.binary and form is Form.TOKEN
        text = draft.token.macaroon.raw if raw else handed.text.reveal()
        kept: list[Shown] = []
        try:
            path = Path(values["file"]).expanduser().absolute()
            write_new(path, text, lambda: kept.append(self._keep(draft, values)))
        except (VaultError, OSError) as error:
            return self.unwritten(error)
        except (ValueError, RuntimeError):
            return say("This is no name of a file.")
        self.answer(say("Written for you alone: {}. {}", shown(str(path), 400), *kept))
        return None

    def _ask_to_copy(
        self, draft: Draft, form: Form, handed: Handed, values: dict[str, str]
    ) -> None:
        def heard(sure: bool | None) -> None:
            if not sure:
                self.answer(say("Not copied. Nothing has left."))
                return
            kept = self._kept(draft, values)
            if kept is not None:
                self.app.copy_to_clipboard(handed.text.reveal().decode())
                self.answer(
                    say("Sent to the terminal clipboard; not every terminal takes it. {}", kept)
                )

        if form is Form.HTTPX:  # there is no secret in it
            heard(True)
            return
        self.app.push_screen(
            Ask("Copy a credential?", _COPY, "Copy", "Cancel", rhythm=self.rhythm), heard
        )

    def _show_code(self, draft: Draft, handed: Handed, values: dict[str, str]) -> None:
        from l402tui.tui.modals.handedqr import HandedQr

        kept = self._kept(draft, values)
        if kept is not None:
            self.answer(say("Shown as a QR code. {}", kept))
            self.app.push_screen(HandedQr(handed.text, kept))

    # --- writing it down -----------------------------------------------------------------------

    def _kept(self, draft: Draft, values: dict[str, str]) -> Shown | None:
        """Write it down; None where that failed, and it was said."""
        try:
            return self._keep(draft, values)
        except VaultError as error:
            self.answer(self.unwritten(error))
            return None

    def _keep(self, draft: Draft, values: dict[str, str]) -> Shown:
        if draft.node:
            return say("It is not kept in the vault.")
        to, why = values.get("to", ""), values.get("why", "")
        number = self.records.delegated(delegation_of(draft, self.now(), to, why))
        self.look()
        return say("Kept as token {}.", number)

    # --- what is said and asked ----------------------------------------------------------------

    def _told(self, draft: Draft, handed: Handed) -> Iterator[Shown]:
        yield from handed.travels
        if draft.node:
            return
        known = self.written_down(draft)
        if known is not None:
            to = shown(known.to, 60) if known.to else say("nobody named")
            yield say(
                "It is written down already: token {}, for {}. For somebody else, add a caveat of "
                "their own, and both can be told apart.",
                known.number,
                to,
            )

    def _fields(self, draft: Draft, form: Form) -> list[Field]:
        fields = [] if draft.node or self.written_down(draft) else who_and_why()
        if form is not Form.QR:
            ending = "macaroon" if draft.node else _ENDING.get(form, "txt")
            name = f"child-{draft.token.macaroon.signature.hex()[:8]}.{ending}"
            fields.append(Field("file", "new file", name, "only you can read it"))
        return fields


def who_and_why() -> list[Field]:
    """For whom the child is, as the vault remembers it."""
    return [
        Field("to", "to whom", hint="in your words"),
        Field("why", "why", hint="in your words"),
    ]


def delegation_of(draft: Draft, now: float, to: str = "", why: str = "") -> NewDelegation:
    """The child as the vault remembers it."""
    parent, prediction = draft.parent, draft.at_time(now).prediction
    return NewDelegation(
        parent=Secret(parent.token.text),
        token=Secret(draft.token.text),
        scheme=parent.scheme,
        payment_hash=parent.payment_hash,
        first_added=draft.first_added,
        at=now,
        to=to,
        why=why,
        verifier=draft.profile.name,
        predicted=prediction.passes,
        url=draft.url,
    )


_FILE_OR_COPY: Final = (("file", "Write the file (Enter)"), ("copy", "Copy"))
_ANSWERS: Final = dict.fromkeys(Form, _FILE_OR_COPY) | {Form.QR: (("code", "Show it (Enter)"),)}

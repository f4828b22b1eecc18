"""What shall the child be able to do, and whose server is to understand it?

Caveats are added in the chosen verifier's own words and taken away again, the last one first. What
would allow more, or cannot be written, is refused where it was typed, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from l402tui.agents.moments import moment
from l402tui.protocol.amount import parse_amount
from l402tui.protocol.attenuation import CannotAttenuate
from l402tui.protocol.caveats import format_time
from l402tui.protocol.errors import AmountError
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.verifiers import Effect, NoWord, Profile, Template, Wish, service_of
from l402tui.tui.draft import Asked, Draft
from l402tui.tui.modals.choose import Choice, Choose
from l402tui.tui.modals.fill import Field, Fill, Filled
from l402tui.tui.screens.delegating import Delegating
from l402tui.tui.widgets.templates import CUSTOM, TemplateRow

__all__ = ["Adding", "BadValue", "asked_of", "fields_of", "wish_of"]

_FIELDS: Final = {
    Template.EXPIRY: ("until", "1h, 7d, or 2031-01-01T00:00:00Z"),
    Template.SERVICES: ("services", "names with commas"),
    Template.CAPABILITY: ("may", "names with commas, such as read"),
    Template.PATH: ("path", "/weather"),
    Template.METHOD: ("method", "GET"),
    Template.USES: ("uses", "a whole number"),
    Template.AMOUNT: ("amount", "100 sat"),
    Template.ADDRESS: ("address", "an IP address: 203.0.113.7"),
}
_EXAMPLE: Final = {
    Template.EXPIRY: Wish(Template.EXPIRY, number=2_000_000_000),
    Template.USES: Wish(Template.USES, number=1),
    Template.AMOUNT: Wish(Template.AMOUNT, number=1),
}


class BadValue(ValueError):
    """What was typed cannot be read; :attr:`why` says why."""

    def __init__(self, why: Shown) -> None:
        super().__init__(why.text)
        self.why = why


class Adding(Delegating):
    """The part of the screen that changes the child."""

    # --- caveats -------------------------------------------------------------------------------

    def _no_add(self) -> Shown | None:
        return self.no_draft()

    def do_add(self) -> None:
        """To the row of wishes."""
        self.query_one(TemplateRow).focus()

    def on_template_row_picked(self, event: TemplateRow.Picked) -> None:
        """Ask for its value, or say that there is no word for it."""
        event.stop()
        draft = self.draft
        if draft is None:
            return
        if event.name == CUSTOM:
            self._ask_custom(draft)
            return
        template = Template(event.name)
        if template not in draft.profile.templates:
            self.answer(_no_word(draft, template))
            return
        self._ask(draft, template)

    def _ask(self, draft: Draft, template: Template) -> None:
        profile = draft.profile
        pattern = profile.templates[template]
        fields = list(fields_of(draft, template))
        about = say("{} writes it as {}", shown(profile.name), shown(pattern))

        def caveat(values: dict[str, str]) -> bytes:
            service = values.get("service", "").encode() or None
            return draft.caveat_for(wish_of(template, values["value"], self.now()), service)

        def refused(answer: str, values: dict[str, str]) -> Shown | None:
            try:
                draft.adding(caveat(values))
            except (BadValue, NoWord, CannotAttenuate) as error:
                return error.why
            return None

        def filled(result: Filled | None) -> None:
            if result is not None:
                self._add(draft, caveat(result.values))

        title = f"Add a caveat: {template.value}"
        self.app.push_screen(Fill(title, [about], fields, _ADD, refused), filled)

    def _ask_custom(self, draft: Draft) -> None:
        about = say(
            "It is added as it stands. What {} makes of a word that it does not know: {}.",
            shown(draft.profile.name),
            Shown(draft.profile.unknown.value),
        )

        def caveat(values: dict[str, str]) -> bytes:
            return values["value"].encode("utf-8", "surrogatepass")

        def refused(answer: str, values: dict[str, str]) -> Shown | None:
            try:
                draft.adding(caveat(values))
            except CannotAttenuate as error:
                return error.why
            return None

        def filled(result: Filled | None) -> None:
            if result is not None:
                self._add(draft, caveat(result.values))

        field = Field("value", "caveat", hint=draft.profile.spacing.value)
        self.app.push_screen(Fill("Add a caveat", [about], [field], _ADD, refused), filled)

    def _add(self, draft: Draft, caveat: bytes) -> None:
        if self.draft is not draft:  # something else lies there by now
            return
        child = draft.adding(caveat).at_time(self.now())
        verdict = child.prediction.verdicts[-1]
        self.change(child, end=True)
        added, name = shown(caveat, 200), shown(child.profile.name)
        self.answer(say(_ADDED[verdict.effect], added=added, name=name))

    def _no_undo(self) -> Shown | None:
        draft = self.draft
        if draft is None or draft.added:
            return self.no_draft()
        return say("Nothing was added. What the parent has cannot be taken away by anybody.")

    def do_undo(self) -> None:
        """Take back the caveat that was added last."""
        draft = self.draft
        if draft is None or not draft.added:
            return
        self.change(draft.without_last().at_time(self.now()), end=True)
        self.answer(say("Taken back: “{}”.", shown(draft.added[-1], 200)))

    # --- whose server --------------------------------------------------------------------------

    def _no_verifier(self) -> Shown | None:
        return self.no_draft()

    def do_verifier(self) -> None:
        """Choose whose habits count."""
        profiles = self.known.profiles
        choices = [
            Choice(name, shown(name), say("{} ({})", shown(one.title), Shown(one.proof.value)))
            for name, one in profiles.items()
        ]

        def chosen(name: str | None) -> None:
            if name is not None and self.draft is not None:
                self.use_verifier(profiles[name])

        self.app.push_screen(Choose("Which verifier?", choices, one_line=True), chosen)

    def use_verifier(self, profile: Profile) -> None:
        """Predict for this one from now on."""
        draft = self.draft
        if draft is None:
            return
        now = self.now()
        changed = Draft(
            draft.parent, profile, now, draft.asked, draft.url, draft.added, token=draft.token
        )
        self.change(changed)
        kept = " The caveats stay as they are written." if draft.added else ""
        sentence = say("Predicted for {} now.", shown(profile.name))
        self.answer(say("{}{}", sentence, Shown(kept)))

    # --- which request -------------------------------------------------------------------------

    def _no_question(self) -> Shown | None:
        return self.no_draft()

    def do_question(self) -> None:
        """Which request it is held against."""
        draft = self.draft
        if draft is None:
            return
        asked = draft.asked
        when = "" if asked.moment is None else format_time(asked.moment).text
        service = (asked.service or b"").decode("utf-8", "replace")
        fields = [
            Field("method", "method", asked.method),
            Field("path", "path", asked.path),
            Field("moment", "when", when, "now; 1h, 7d, or 2031-01-01T00:00:00Z"),
            Field("address", "from", asked.address or "", "the caller's IP address; not known"),
            Field("service", "service", service, "the only one that the token names"),
        ]

        def refused(answer: str, values: dict[str, str]) -> Shown | None:
            try:
                asked_of(values, self.now())
            except BadValue as error:
                return error.why
            return None

        def filled(result: Filled | None) -> None:
            if result is None or self.draft is not draft:
                return
            now = self.now()
            changed = Draft(
                draft.parent, draft.profile, now, asked_of(result.values, now), draft.url,
                draft.added, token=draft.token,
            )  # fmt: skip
            self.change(changed)
            self.answer(Shown(""))

        about = say(
            "Nothing is sent: this is what {} is predicted to do.", shown(draft.profile.name)
        )
        answers = [("ask", "Predict (Enter)")]
        self.app.push_screen(Fill("Would it pass?", [about], fields, answers, refused), filled)


_ADDED: Final = {
    Effect.ENFORCED: "Added “{added}”.",
    Effect.IGNORED: "Added “{added}”. It restricts nothing at {name}.",
    Effect.BREAKS: "Added “{added}”. It makes the token useless at {name}; u takes it back.",
    Effect.UNKNOWN: "Added “{added}”. What {name} does with it is not known.",
}
_ADD: Final = [("add", "Add (Enter)")]


def _no_word(draft: Draft, template: Template) -> Shown:
    """Why this verifier has no caveat for it."""
    if draft.profile.attenuates:
        return shown(draft.profile.attenuates, 400)
    try:
        draft.caveat_for(_EXAMPLE.get(template, Wish(template, "/")))
    except NoWord as error:
        return error.why
    raise AssertionError("it has a word")


def fields_of(draft: Draft, template: Template) -> Iterator[Field]:
    """What has to be known for this wish."""
    label, hint = _FIELDS[template]
    yield Field("value", label, hint=hint)
    if "{service}" in draft.profile.templates[template]:
        service = draft.asked.service or service_of(draft.token.macaroon.caveats) or b""
        yield Field(
            "service", "service", service.decode("utf-8", "replace"), "the one that it is for"
        )


def wish_of(template: Template, text: str, now: float) -> Wish:
    """The wish that was typed. Raises BadValue."""
    try:
        match template:
            case Template.EXPIRY:
                return Wish(template, number=moment(text, now))
            case Template.AMOUNT:
                return Wish(template, number=parse_amount(text) // 1_000)
            case Template.USES:
                if not (text.isascii() and text.isdigit() and len(text) < 10):
                    raise BadValue(say("Write a whole number."))
                return Wish(template, number=int(text))
    except AmountError as error:
        raise BadValue(say("No amount can be read in it: {}.", shown(error.why))) from None
    except (ValueError, OverflowError) as error:
        if isinstance(error, BadValue):
            raise
        raise BadValue(_WHEN) from None
    if not text:
        raise BadValue(say("Write something."))
    return Wish(template, text)


_WHEN: Final = say("Write 90s, 15m, 1h, 7d or a date such as 2031-01-01T00:00:00Z.")


def asked_of(values: dict[str, str], now: float) -> Asked:
    """The request that was typed. Raises BadValue."""
    method, path, address = values["method"].upper(), values["path"], values["address"]
    if not (method.isascii() and method.isalpha()):
        raise BadValue(say("A method is one word of letters."))
    if not path.startswith("/"):
        raise BadValue(say("A path begins with a slash."))
    try:
        when = values["moment"]
        at = None if when in ("", "now") else moment(when, now)
    except (ValueError, OverflowError):
        raise BadValue(_WHEN) from None
    if address:
        try:
            ip_address(address)
        except ValueError:
            raise BadValue(say("{} is no IP address.", shown(address, 60))) from None
    service = values["service"].encode("utf-8", "surrogatepass") or None
    return Asked(method, path, at, address or None, service)

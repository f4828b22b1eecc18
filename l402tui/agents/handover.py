"""In which form does a token reach a sub-agent, and what travels along?

The form is a matter of taste: a header, a line for curl, code, an environment variable, the
configuration of an MCP client, a QR code. What travels along is not: the preimage always does, and
with it whoever has any token of the same payment has a whole credential. :attr:`Handed.travels`
says so, with what the profile of the verifier knows about ends and restrictions.

A secret in the arguments of a program can be read by every user of the machine, so the forms for
curl and for code keep it in a file or a variable.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from l402tui.protocol.attenuation import caveat_words
from l402tui.protocol.caveats import Kind, conditions, effective_expiry, format_time, services
from l402tui.protocol.credential import Credential
from l402tui.protocol.macaroon import Token
from l402tui.protocol.node_macaroon import node_of
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.url import Url
from l402tui.protocol.verifiers import HEADER_LIMIT, Effect, Meaning, Prediction

__all__ = ["VARIABLE", "Form", "Handed", "Missing", "Parcel", "hand_over", "lasting"]

VARIABLE: Final = "L402_CREDENTIAL"
"""The environment variable that the forms use."""
_ENDS: Final = (Meaning.SECONDS, Meaning.MILLISECONDS, Meaning.DATE)
_PLACE: Final = "https://SERVER/PATH"
"""Where no address is known."""
_QR_LIMIT: Final = 2_953
"""Bytes that fit into the largest QR code (ISO/IEC 18004, version 40-L)."""


class Form(Enum):
    """How it is written."""

    TOKEN = "token"
    """The token alone: nothing opens with it until the preimage comes another way."""
    HEADER = "header"
    CURL = "curl"
    """A file for ``curl --config``."""
    HTTPX = "httpx"
    ENV = "env"
    MCP = "mcp"
    QR = "qr"
    """What the QR code says; the faces draw it."""


class Missing(ValueError):
    """The form cannot be written; :attr:`why` says what is missing."""

    def __init__(self, why: Shown) -> None:
        super().__init__(why.text)
        self.why = why


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is handed over."""

    token: Token
    preimage: Secret | None
    """32 bytes; None where it is not known here."""
    scheme: str = "L402"
    url: Url | None = None
    """Where it is meant to be used."""

    @property
    def preimage_inside(self) -> bool:
        """Whether the token alone opens the door."""
        read = conditions(self.token.macaroon.caveats)
        return any(each is not None and each.kind is Kind.PREIMAGE for each in read)

    @property
    def credential(self) -> Secret:
        """``L402 token:preimage``. Raises Missing."""
        if self.preimage is None:
            raise Missing(
                say(
                    "The preimage is not known here, and without it the token opens nothing. Give "
                    "the whole credential (L402 token:preimage), or hand over the token alone."
                )
            )
        return Credential(Secret(self.token.text), self.preimage).header_value(self.scheme)


@dataclass(frozen=True, slots=True)
class Handed:
    """What the sub-agent gets."""

    text: Secret
    """Ends with a newline where it is a file's content."""
    travels: tuple[Shown, ...]
    """Sentences for whoever hands it over."""


def hand_over(
    form: Form, parcel: Parcel, prediction: Prediction | None = None, *, now: float
) -> Handed:
    """Write it in this form. ``prediction`` is about the token in the parcel, ``now`` in unix
    seconds. Raises Missing."""
    text = _WRITERS[form](parcel)
    return Handed(Secret(text), tuple(_travels(form, parcel, prediction, now)))


# --- forms ----------------------------------------------------------------------------------------


def _token(parcel: Parcel) -> str:
    return parcel.token.text + "\n"


def _header(parcel: Parcel) -> str:
    return f"Authorization: {_value(parcel)}\n"


def _curl(parcel: Parcel) -> str:
    value, url = (
        text.replace("\\", "\\\\").replace('"', '\\"') for text in (_value(parcel), _where(parcel))
    )
    return (
        "# Save it where only its reader may read it, then: curl --config FILE\n"
        f'url = "{url}"\n'
        f'header = "Authorization: {value}"\n'
    )


def _httpx(parcel: Parcel) -> str:
    _value(parcel)
    return (
        "import os\n\n"
        "import httpx\n\n"
        f"# {VARIABLE} holds the credential. It goes to this server and to no other.\n"
        f'headers = {{"Authorization": os.environ[{VARIABLE!r}]}}\n'
        f"answer = httpx.get({_where(parcel)!r}, headers=headers, follow_redirects=False)\n"
        "answer.raise_for_status()\n"
        "print(answer.text)\n"
    )


def _env(parcel: Parcel) -> str:
    return f"export {VARIABLE}={shlex.quote(_value(parcel))}\n"


def _mcp(parcel: Parcel) -> str:
    host = parcel.url.host if parcel.url is not None else "SERVER"
    server = {
        "type": "http",
        "url": _where(parcel),
        "headers": {"Authorization": _value(parcel)},
    }
    return json.dumps({"mcpServers": {host: server}}, indent=2) + "\n"


def _qr(parcel: Parcel) -> str:
    value = _value(parcel)
    if len(value) > _QR_LIMIT:
        raise Missing(
            say("It has {} characters; a QR code holds {}.", len(value), _QR_LIMIT),
        )
    return value


def _value(parcel: Parcel) -> str:
    return parcel.credential.reveal().decode()


def _where(parcel: Parcel) -> str:
    return _PLACE if parcel.url is None else str(parcel.url)


_WRITERS: Final = {
    Form.TOKEN: _token,
    Form.HEADER: _header,
    Form.CURL: _curl,
    Form.HTTPX: _httpx,
    Form.ENV: _env,
    Form.MCP: _mcp,
    Form.QR: _qr,
}


# --- what travels along ---------------------------------------------------------------------------


def _travels(
    form: Form, parcel: Parcel, prediction: Prediction | None, now: float
) -> Iterator[Shown]:
    node = node_of(parcel.token.macaroon)
    if node is not None:
        yield say(
            "A key to the node, and nothing else is needed with it. It may: {} ({}).",
            node.may,
            Shown(node.risk.value),
        )
    elif form is Form.TOKEN and parcel.preimage_inside:
        yield say(
            "The preimage stands in the token itself: whoever has the token needs nothing else."
        )
    elif form is Form.TOKEN:
        yield say(
            "The token alone. It opens nothing until the preimage comes another way; whoever has "
            "the preimage already can use it now."
        )
    elif form is Form.HTTPX:
        yield say(
            "The code alone. The credential, with the preimage, goes into {}: see the form env.",
            Shown(VARIABLE),
        )
    else:
        yield say(
            "The preimage goes along. Whoever has it and any other token of this payment, such as "
            "the parent, has a whole credential: keep the parent and the 402 to yourself."
        )
    yield _end(parcel, prediction, now)
    yield from _open(parcel, prediction)
    limit = prediction.profile.header_limit if prediction is not None else HEADER_LIMIT
    size = len("Authorization: ") + len(parcel.token.text) + len(parcel.scheme) + 2 + 64
    if size > limit:
        yield say(
            "The header has {} bytes; servers and proxies commonly refuse more than {}.",
            size,
            limit,
        )
    yield say("Nobody but the server can take it back.")


def _end(parcel: Parcel, prediction: Prediction | None, now: float) -> Shown:
    if prediction is None:
        end = effective_expiry(parcel.token.macaroon.caveats)
        if end is None:
            return say("It names no end in time.")
        return say("It says that it ends on {}.", format_time(end.at))
    profile = shown(prediction.profile.name)
    if prediction.end is not None:
        seconds = round(prediction.end - now)
        if seconds <= 0:
            return say("It ended on {}; {} refuses it.", format_time(prediction.end), profile)
        told = say(
            "It ends on {}, in {}; {} enforces that.",
            format_time(prediction.end),
            Shown(lasting(seconds)),
            profile,
        )
        return _for_one_service(parcel, prediction, told)
    named = effective_expiry(parcel.token.macaroon.caveats)
    if named is None:
        return say("It has no end in time that {} enforces.", profile)
    return say(
        "It says that it ends on {}, and {} does not look at that.", format_time(named.at), profile
    )


def _for_one_service(parcel: Parcel, prediction: Prediction, told: Shown) -> Shown:
    """An end that is written with the name of a service ends no other."""
    named = services(parcel.token.macaroon.caveats) or ()
    others = [one.name for one in named if one.name != prediction.target.service]
    by_name = any(
        each.row is not None and "{service}" in each.row.word and each.row.meaning in _ENDS
        for each in prediction.having(Effect.ENFORCED)
    )
    if not others or not by_name or prediction.target.service is None:
        return told
    return say(
        "{} That is for the service {} alone: {} may go on.",
        told,
        shown(prediction.target.service, 60),
        shown(b", ".join(others), 120),
    )


def lasting(seconds: int) -> str:
    """A stretch of time in its largest unit: ``3 days``, ``1 hour``."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}" + ("" if number == 1 else "s")
    return f"{seconds} s"


def _open(parcel: Parcel, prediction: Prediction | None) -> Iterator[Shown]:
    """What is not restricted, although it reads as if it were."""
    if prediction is None:
        yield say("Which of its caveats the server enforces is not known: choose a verifier.")
        return
    profile = shown(prediction.profile.name)
    for effect, words in (
        (Effect.IGNORED, "{} restricts nothing at {}: caveat {} is skipped."),
        (Effect.UNKNOWN, "Whether {} restricts anything at {} is not known (caveat {})."),
        (Effect.BREAKS, "{} makes the token useless at {}: caveat {} is refused there."),
    ):
        for verdict in prediction.having(effect):
            word = caveat_words(parcel.token.macaroon.caveats[verdict.index], 60)
            yield say(words, word, profile, verdict.index + 1)

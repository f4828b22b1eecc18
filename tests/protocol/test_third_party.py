"""Does a token need the word of a third party, and does pymacaroons take it as we make it?"""

from __future__ import annotations

import base64

import pytest
from pymacaroons import Macaroon as OtherMacaroon
from pymacaroons import Verifier

from l402tui.protocol.attenuation import CannotAttenuate, attenuate
from l402tui.protocol.discharge import Bundle, Status, examine
from l402tui.protocol.macaroon import Format, Macaroon, Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.third_party import add_question, answer_question, bound_bundle

ROOT = b"the server's own key"
SHARED = Secret(b"shared with the third party")
QUESTION = b"is anna a customer of yours?"
WHERE = "https://anna.example/"
FORMATS = list(Format)


def parent(format: Format = Format.V2) -> Token:
    minted = Macaroon.mint(ROOT, b"an identifier", b"lsat", [b"services=weather:0"], format)
    return Token.read(base64.b64encode(minted.raw).decode())


def asking(format: Format = Format.V2) -> Token:
    return add_question(parent(format), location=WHERE, question=QUESTION, key=SHARED)


@pytest.mark.parametrize("format", FORMATS)
def test_the_question_is_in_the_token_and_everything_else_as_it_was(format: Format) -> None:
    before, after = parent(format), asking(format)
    *kept, added = after.macaroon.caveats
    assert [each.cid for each in kept] == [b"services=weather:0"]
    assert (added.cid, added.location, added.third_party) == (QUESTION, WHERE.encode(), True)
    assert after.spelling is before.spelling
    assert after.macaroon.format is format
    assert after.macaroon.verify_signature(ROOT)


@pytest.mark.parametrize("format", [Format.V1, Format.V2])
def test_pymacaroons_verifies_token_and_bound_discharge(format: Format) -> None:
    token = attenuate(asking(format), [b"agent=anna"]).token
    discharge = answer_question(QUESTION, SHARED, caveats=[b"until=noon"], format=format)
    root, bound = (
        OtherMacaroon.deserialize(base64.urlsafe_b64encode(each.raw).decode().rstrip("="))
        for each in bound_bundle(token, [discharge])
    )
    verifier = Verifier()
    for words in ("services=weather:0", "agent=anna", "until=noon"):
        verifier.satisfy_exact(words)
    assert verifier.verify(root, ROOT, [bound])


@pytest.mark.parametrize("format", FORMATS)
def test_examined_with_the_root_key_it_is_bound(format: Format) -> None:
    token = asking(format)
    bundle = Bundle(bound_bundle(token, [answer_question(QUESTION, SHARED, format=format)]))
    found = examine(bundle, ROOT)
    assert found.verified is True
    assert [each.status for each in found.answers] == [Status.BOUND]


def test_a_discharge_that_is_not_bound_or_not_theirs() -> None:
    token = asking()
    unbound = Bundle((token.macaroon, answer_question(QUESTION, SHARED)))
    assert examine(unbound, ROOT).answers[0].status is Status.UNBOUND
    forged = answer_question(QUESTION, Secret(b"guessed by somebody else"))
    assert examine(Bundle(bound_bundle(token, [forged])), ROOT).answers[0].status is Status.FOREIGN
    assert examine(Bundle((token.macaroon,)), ROOT).answers[0].status is Status.MISSING


def test_the_seal_is_another_one_each_time() -> None:
    first, second = asking(), asking()
    assert first.text != second.text
    assert first.macaroon.caveats[-1].vid != second.macaroon.caveats[-1].vid


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"question": b""}, "empty"),
        ({"question": b"q" * 2000}, "1024 bytes"),
        ({"key": Secret(b"short")}, "5 bytes"),
    ],
)
def test_what_is_refused(changes: dict[str, object], words: str) -> None:
    given = {"location": WHERE, "question": QUESTION, "key": SHARED, **changes}
    with pytest.raises(CannotAttenuate, match=words):
        add_question(parent(), **given)  # type: ignore[arg-type]  # each has the type it needs


def test_json_v1_takes_text_only() -> None:
    with pytest.raises(CannotAttenuate, match="No child"):
        add_question(parent(Format.JSON_V1), location=WHERE, question=b"\xff\xfe\x00", key=SHARED)

"""A token and its discharges, pasted together."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from pymacaroons import MACAROON_V2, Macaroon
from pymacaroons.serializers import BinarySerializer

from l402tui.protocol.dissect import dissect
from l402tui.protocol.tree import Mark, Node

KEY, SHARED = b"root" * 8, "shared between the two"


def raw(macaroon: Macaroon) -> bytes:
    made: bytes = BinarySerializer().serialize_raw(macaroon)
    return made


def asking(*questions: str) -> Macaroon:
    token = Macaroon(location="api", identifier=b"a token", key=KEY, version=MACAROON_V2)
    for question in questions:
        token.add_third_party_caveat("https://idp.example", SHARED, question)
    return token


def discharge(question: str, *caveats: str) -> Macaroon:
    made = Macaroon(location="idp", identifier=question, key=SHARED, version=MACAROON_V2)
    for caveat in caveats:
        made.add_first_party_caveat(caveat)
    return made


def text(*macaroons: Macaroon, between: str = ",") -> str:
    return between.join(base64.b64encode(raw(one)).decode() for one in macaroons)


def binary(*macaroons: Macaroon) -> bytes:
    return b"".join(map(raw, macaroons))


def labels(tree: Node) -> list[str]:
    return [child.label.text for child in tree.children]


@pytest.mark.parametrize("write", [text, binary, lambda *m: text(*m, between="\n")])
def test_each_caveat_says_what_became_of_it(write: Callable[..., str | bytes]) -> None:
    token = asking("are you a member?", "are you of age?")
    bound = token.prepare_for_request(discharge("are you a member?", "time-before 2030"))
    tree = dissect(write(token, bound))
    assert labels(tree) == ["token", "discharge", "third-party caveats"]
    first, second = tree.find("third-party caveats").children
    assert (first.value.text, first.mark) == ("are you a member?", Mark.NOTE)
    assert "answers the caveat" in first.meaning.text
    assert (second.value.text, second.mark) == ("are you of age?", Mark.BAD)
    assert "No discharge" in second.meaning.text


def test_a_discharge_that_answers_nothing_is_told() -> None:
    tree = dissect(text(asking("a?"), discharge("a?"), discharge("b?")))
    assert labels(tree) == ["token", "discharge", "unused", "third-party caveats"]
    assert tree.find("unused").mark is Mark.WARN


def test_one_macaroon_is_no_bundle() -> None:
    assert dissect(text(asking("a?"))).label.text == "macaroon"


def test_a_preimage_in_one_of_them_makes_all_of_it_a_secret() -> None:
    secret = "ab" * 32
    tree = dissect(text(asking("a?"), discharge("a?", f"preimage={secret}")))
    assert tree.secret
    told = " ".join(f"{one.label} {one.value} {one.meaning}" for one in tree.walk())
    assert secret not in told

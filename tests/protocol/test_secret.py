"""A secret does not slip out."""

import copy
import json
import pickle

import pytest

from l402tui.protocol.secret import Secret

CANARY = "canary-7f3a"


def test_no_way_of_printing_shows_it() -> None:
    secret = Secret(CANARY)
    for text in (repr(secret), str(secret), f"{secret}", f"{secret!r:>30}", f"{[secret]}"):
        assert CANARY not in text
        assert CANARY.encode().hex() not in text


def test_it_cannot_be_written_elsewhere() -> None:
    secret = Secret(CANARY)
    for write in (pickle.dumps, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            write(secret)


def test_it_comes_out_on_request_only() -> None:
    assert Secret(CANARY).reveal() == CANARY.encode()
    assert not hasattr(Secret(CANARY), "__dict__")


def test_equality_is_by_value_and_type() -> None:
    assert Secret(b"a") == Secret("a")
    assert Secret(b"a") != Secret(b"b")
    assert Secret(b"a") != b"a"
    assert len({Secret(b"a"), Secret("a"), Secret(b"b")}) == 2

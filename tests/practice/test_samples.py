"""The samples in the repository are the ones that the program makes, and each can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from l402tui.practice.samples import MADE_AT, samples, write
from l402tui.protocol.dissect import dissect
from l402tui.protocol.dissect.pair import dissect_pair
from l402tui.protocol.tree import Mark, Node

FOLDER = Path(__file__).parents[2] / "sample_tokens"
WRONG = {
    "challenge-wrong-invoice.txt": "MISMATCH",
    "challenge-two-bills.txt": "two different bills",
    "token-signed-blob.txt": "EXPIRED",
    "invoice-damaged.txt": "checksum",
}
"""Those in which something is wrong, and the word that says so."""
DOUBTFUL = {"challenge-unquoted.txt", "token-widened.txt", "token-unsigned.txt"}
TEACHES = {
    "challenge-token-param.txt": "2026",
    "challenge-unquoted.txt": "not quoted",
    "challenge-among-others.txt": "Bearer",
    "token-narrowed-twice.txt": "together",
    "token-v1.txt": "RequestPath",
    "token-json.txt": "JSON v2",
    "token-hex-identifier.txt": "132",
    "token-third-party.txt": "https://vouch.example",
    "token-discharged.txt": "This discharge answers the caveat",
    "token-node-key.txt": "invoices",
    "token-unsigned.txt": "anyone can forge this",
    "token-signed-blob.txt": "cannot be attenuated",
    "token-rune.txt": "rune",
    "credential-two-tokens.txt": "MATCH",
    "credential-in-macaroon.txt": "MATCH",
    "answer-json.txt": "amount_sats",
    "answer-grpc.txt": "gRPC",
    "recording.har": "/weather",
    "shell.txt": "MATCH",
    "other-x402.txt": "x402",
    "other-payment.txt": "one request",
    "other-cashu.txt": "https://mint.example",
}
"""A word that the tree must have for the sample to teach what it says."""


def words(node: Node) -> str:
    return "\n".join(f"{one.label} {one.value} {one.meaning}" for one in node.walk())


def test_they_are_made_not_written(tmp_path: Path) -> None:
    (tmp_path / "old.txt").touch()
    write(tmp_path)
    made = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
    assert kept == made, "run python -m l402tui.practice.samples sample_tokens"
    assert len(made) >= 20


@pytest.mark.parametrize("name", samples())
def test_each_teaches_what_it_says(name: str) -> None:
    tree = dissect(samples()[name].content, now=MADE_AT)
    marks = {node.mark for node in tree.walk()}
    assert (Mark.BAD in marks) == (name in WRONG)
    assert (Mark.WARN in marks) == (name in DOUBTFUL)
    assert WRONG.get(name, "") in words(tree)
    assert TEACHES.get(name, "") in words(tree)


def test_what_belongs_together_does() -> None:
    def verdict(first: str, second: str) -> str:
        pair = samples()[first].content.encode(), samples()[second].content.encode()
        return dissect_pair(*pair, now=MADE_AT).value.text

    together = "they belong together"
    assert verdict("challenge.txt", "credential.txt") == together
    assert verdict("token.txt", "token-narrowed-twice.txt") == together
    assert verdict("invoice.txt", "token-hex-identifier.txt") == together
    assert verdict("invoice.txt", "answer-json.txt") == together
    assert verdict("challenge-two-bills.txt", "other-cashu.txt") != together

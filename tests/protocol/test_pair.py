"""Is it told right whether two things belong together, and never on too little evidence?"""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.practice.samples import samples
from l402tui.protocol.dissect import pair_words
from l402tui.protocol.dissect.pair import dissect_pair
from l402tui.protocol.errors import CredentialError, DecodeError, InvoiceError
from l402tui.protocol.facts import gather
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.kinship import Kinship, relate
from l402tui.protocol.macaroon import Format, Macaroon, Spelling, Token
from l402tui.protocol.tree import Mark, Node
from tests.protocol.invoice_writer import NINE, D, P, S, quintets, write
from tests.protocol.tokens import (
    BOTH,
    CAVEATS,
    IDENTIFIER,
    INVOICE,
    KEY,
    PAYMENT_HASH,
    PREIMAGE,
    TOKEN,
    VALID,
    mint,
    spelled,
)

TOGETHER: Final = pair_words.TOGETHER
APART: Final = pair_words.APART
NOTHING: Final = pair_words.NOTHING
UNFIT: Final = pair_words.UNFIT

PRE: Final = PREIMAGE.hex()
HASH: Final = PAYMENT_HASH.hex()
CHALLENGE: Final = f'L402 macaroon="{TOKEN.text}", invoice="{INVOICE}"'
CREDENTIAL: Final = f"L402 {TOKEN.text}:{PRE}"
CHILD: Final = TOKEN.attenuate(b"n_uses=1").text
OTHER_HASH: Final = sha256(b"\x07" * 32).digest()
OTHER_PRE: Final = "07" * 32
OTHER_IDENTIFIER: Final = b"\0\0" + OTHER_HASH + bytes(32)
OTHER: Final = Spelling.STANDARD.spell(mint(*CAVEATS, identifier=OTHER_IDENTIFIER).raw)
OTHER_INVOICE: Final = write(("p", quintets(OTHER_HASH)), S, D, NINE)
AT_ODDS: Final = f'L402 macaroon="{TOKEN.text}", invoice="{OTHER_INVOICE}"'
RESIGNED: Final = Spelling.STANDARD.spell(
    Macaroon.mint(b"another key", IDENTIFIER, b"lsat", CAVEATS).raw
)
FORGED: Final = Spelling.STANDARD.spell(
    Macaroon.mint(b"another key", IDENTIFIER, b"lsat", (*CAVEATS, b"n_uses=1")).raw
)
NAMELESS: Final = Spelling.STANDARD.spell(mint(identifier=b"a name and no hash").raw)
IN_HEX: Final = TOKEN.macaroon.raw.hex()
PAID: Final = TOKEN.macaroon.with_caveat(b"preimage=" + PRE.encode()).raw.hex()
OTHER_TOKEN_ID: Final = Spelling.STANDARD.spell(
    mint(*CAVEATS, identifier=b"\0\0" + PAYMENT_HASH + bytes(32)).raw
)
BROKEN: Final = NAMELESS[:-8]
UNSIGNED: Final = base64.b64encode(json.dumps({"hash": HASH, "exp": 1_900_000_000_000}).encode()
                                   ).decode()  # fmt: skip
BODY: Final = json.dumps({"macaroon": TOKEN.text, "invoice": INVOICE})
REQUEST: Final = base64.urlsafe_b64encode(
    json.dumps({"amount": "5", "methodDetails": {"paymentHash": HASH}}).encode()
).decode()
ANSWER: Final = "Payment " + base64.urlsafe_b64encode(
    json.dumps(
        {"challenge": {"id": "1", "request": REQUEST}, "payload": {"preimage": PRE}}
    ).encode()
).decode().rstrip("=")  # fmt: skip
IN_JSON: Final = json.dumps(
    {
        "v": 2, "l": "lsat", "i64": base64.urlsafe_b64encode(IDENTIFIER).decode().rstrip("="),
        "c": [{"i": caveat.decode()} for caveat in CAVEATS],
        "s64": base64.urlsafe_b64encode(TOKEN.macaroon.signature).decode().rstrip("="),
    }
)  # fmt: skip

PAIRS: Final[dict[str, tuple[str | bytes, str | bytes, str]]] = {
    "bill and payment": (CHALLENGE, CREDENTIAL, TOGETHER),
    "with names": (f"WWW-Authenticate: {CHALLENGE}", f"Authorization: {CREDENTIAL}", TOGETHER),
    "bill and attenuated": (CHALLENGE, f"L402 {CHILD}:{PRE}", TOGETHER),
    "bill and metadata": (CHALLENGE, f"Macaroon: {PAID}", TOGETHER),
    "bill and its invoice": (CHALLENGE, INVOICE, TOGETHER),
    "bill and its token": (CHALLENGE, TOKEN.text, TOGETHER),
    "bill and preimage": (CHALLENGE, PRE, TOGETHER),
    "bill and hash": (CHALLENGE, HASH, TOGETHER),
    "bill and hash credential": (CHALLENGE, f"L402 {HASH}", TOGETHER),
    "bill and hash header": (CHALLENGE, f"X-Payment-Hash: {HASH}", TOGETHER),
    "invoice and preimage": (INVOICE, PRE, TOGETHER),
    "invoice with lightning:": (f"lightning:{INVOICE.upper()}", INVOICE, TOGETHER),
    "token and invoice": (TOKEN.text, INVOICE, TOGETHER),
    "token in binary": (TOKEN.macaroon.raw, TOKEN.text, TOGETHER),
    "token in hex": (IN_HEX, TOKEN.text, TOGETHER),
    "credential and preimage": (CREDENTIAL, PRE, TOGETHER),
    "credential and hash": (CREDENTIAL, HASH, TOGETHER),
    "preimage and hash": (PRE, HASH, TOGETHER),
    "hash twice": (HASH, HASH.upper(), TOGETHER),
    "half a bill": (f'L402 macaroon="{TOKEN.text}"', CREDENTIAL, TOGETHER),
    "one of two tokens": (f"L402 {OTHER},{TOKEN.text}:{PRE}", TOKEN.text, UNFIT),
    "one of two tokens, invoice": (f"L402 {TOKEN.text},{OTHER}:{PRE}", INVOICE, UNFIT),
    "bill at odds, its invoice": (AT_ODDS, OTHER_INVOICE, UNFIT),
    "bill at odds, its token": (AT_ODDS, TOKEN.text, UNFIT),
    "bill at odds, preimage for the invoice": (AT_ODDS, OTHER_PRE, UNFIT),
    "bill at odds, preimage for the token": (AT_ODDS, PRE, UNFIT),
    "bill at odds, hash": (AT_ODDS, HASH, UNFIT),
    "bill at odds, payment": (AT_ODDS, CREDENTIAL, UNFIT),
    "bill at odds, payment of the invoice": (AT_ODDS, f"L402 {TOKEN.text}:{OTHER_PRE}", UNFIT),
    "bill at odds, the other way round": (
        AT_ODDS,
        f'L402 macaroon="{OTHER}", invoice="{INVOICE}"',
        APART,
    ),
    "bill at odds, bill": (AT_ODDS, CHALLENGE, APART),
    "bill at odds, nothing": (AT_ODDS, NAMELESS, APART),
    "two bills, one of the invoices": (
        f'{CHALLENGE}\nLSAT macaroon="{OTHER}", invoice="{OTHER_INVOICE}"',
        OTHER_INVOICE,
        UNFIT,
    ),
    "body at odds": (
        json.dumps({"macaroon": TOKEN.text, "invoice": OTHER_INVOICE}),
        OTHER_INVOICE,
        UNFIT,
    ),
    "payment of another, same preimage": (
        f"L402 {TOKEN.text}:{OTHER_PRE}",
        f'Payment preimage="{OTHER_PRE}"',
        APART,
    ),
    "log of several payments": (f"pay {INVOICE} and {OTHER_INVOICE}", INVOICE, TOGETHER),
    "payment without a name": (f"{TOKEN.text}:{PRE}", CHALLENGE, TOGETHER),
    "payment of another without a name": (f"{OTHER}:{PRE}", CHALLENGE, APART),
    "one word twice": ("not~readable", "L402 not~readable:", TOGETHER),
    "63 hex characters as a token": (f"L402 {PRE[1:]}:", PRE[1:], TOGETHER),
    "body and payment": (BODY, CREDENTIAL, TOGETHER),
    "body with a hash": (f'{{"invoice": "{INVOICE}", "payment_hash": "{HASH}"}}', PRE, TOGETHER),
    "body with a hash alone": (
        f'{{"invoice": "not readable", "payment_hash": "{HASH}"}}',
        INVOICE,
        TOGETHER,
    ),
    "Payment bill": (f'Payment id="1", request="{REQUEST}"', f'Payment preimage="{PRE}"', TOGETHER),
    "Payment bill with invoice": (
        f'Payment method="lightning", invoice="{INVOICE}"',
        PRE,
        TOGETHER,
    ),
    "Payment answer": (f"Authorization: {ANSWER}", CHALLENGE, TOGETHER),
    "amid other text": (f"the log says: token {TOKEN.text} was paid", INVOICE, TOGETHER),
    "log and credential": (f"x Authorization: {CREDENTIAL} y", f"see {INVOICE} there", TOGETHER),
    "preimage in JSON": (f'{{"id": 1, "preimage": "{PRE}"}}', INVOICE, TOGETHER),
    "invoice in a log": (f"pay {OTHER_INVOICE} now", CREDENTIAL, APART),
    "kinds of tokens": (NAMELESS, UNSIGNED, APART),
    "opaque and macaroon": ("not~readable~at~all", NAMELESS, APART),
    "broken and whole": (NAMELESS, f"L402 {BROKEN}:", APART),
    "broken twice": (f"L402 {BROKEN}:", f"LSAT {BROKEN}:", TOGETHER),
    "two tokens, one payment": (OTHER_TOKEN_ID, TOKEN.text, TOGETHER),
    "foreign, one payment": (UNSIGNED, TOKEN.text, TOGETHER),
    "two preimages": (f'Payment preimage="{PRE}"', f'Payment preimage="{"07" * 32}"', APART),
    "same preimage": (f'Payment preimage="{PRE}"', f"Payment preimage={PRE}", TOGETHER),
    "preimage in place of a token": (CHALLENGE, f"L402 {PRE}", TOGETHER),
    "preimage as a hash": (CHALLENGE, f"X-Payment-Hash: {PRE}", TOGETHER),
    "half a bill, invoice": (f'L402 invoice="{INVOICE}"', PRE, TOGETHER),
    "half a bill, nothing": (f'L402 version="0", other="{TOKEN.text}"', TOKEN.text, NOTHING),
    "another scheme": (f'Other request="{REQUEST}"', INVOICE, NOTHING),
    "one of two opaque tokens": ("L402 not~readable,not~legible:", "L402 not~legible:", TOGETHER),
    "quoted token": (f'"{TOKEN.text}"', f"macaroon={TOKEN.text}", TOGETHER),
    "token in JSON": (IN_JSON, TOKEN.text, TOGETHER),
    "answer for another": (ANSWER, OTHER_INVOICE, APART),
    "body of another": (BODY, f"L402 {OTHER}:{PRE}", APART),
    "opaque token": ('L402 macaroon="not~readable", invoice="x"', "L402 not~readable:", TOGETHER),
    "another payment": (CHALLENGE, f"L402 {OTHER}:{PRE}", APART),
    "another preimage": (CHALLENGE, f"L402 {TOKEN.text}:{'07' * 32}", APART),
    "hash for preimage": (CHALLENGE, f"L402 {TOKEN.text}:{HASH}", APART),
    "other invoice": (CHALLENGE, OTHER_INVOICE, APART),
    "other 64 hex": (CHALLENGE, "07" * 32, APART),
    "two strangers in hex": (HASH, "07" * 32, APART),
    "forged": (CHALLENGE, f"L402 {FORGED}:{PRE}", APART),
    "resigned": (TOKEN.text, RESIGNED, APART),
    "nameless tokens": (NAMELESS, Spelling.HEX.spell(mint(identifier=b"other").raw), APART),
    "opaque tokens": ("L402 not~readable:", "L402 not~legible:", APART),
    "nothing in common": (INVOICE, NAMELESS, NOTHING),
    "hex and nameless": (NAMELESS, HASH, NOTHING),
    "no credential": (CREDENTIAL, "Authorization: Bearer sesame", NOTHING),
}


def pair(first: str | bytes, second: str | bytes) -> Node:
    one, two = (t.encode() if isinstance(t, str) else t for t in (first, second))
    return dissect_pair(one, two)


def reasons(tree: Node, label: str) -> list[tuple[str, Mark]]:
    return [(n.value.text, n.mark) for n in tree.children[2:] if n.label.text == label]


@pytest.mark.parametrize("name", PAIRS)
def test_the_verdict(name: str) -> None:
    first, second, verdict = PAIRS[name]
    for tree in (pair(first, second), pair(second, first)):
        assert tree.value.text == verdict
        marks = {node.mark for node in tree.children[2:]}
        assert (Mark.BAD in marks) == (verdict in (APART, UNFIT))
        assert (Mark.GOOD in marks) or verdict not in (TOGETHER, UNFIT)
        if verdict in (APART, UNFIT):
            assert tree.mark is Mark.BAD
        for text in (t.text for n in tree.walk() for t in (n.label, n.value, n.meaning)):
            assert PRE not in text
            assert "sesame" not in text
            assert TOKEN.text not in text
        assert PRE.encode() not in b"".join(node.copy for node in tree.walk())


@pytest.mark.parametrize("name", [n for n, (one, _, v) in PAIRS.items() if v == TOGETHER])
def test_a_thing_belongs_to_itself(name: str) -> None:
    for thing in PAIRS[name][:2]:
        if thing != f'L402 macaroon="{TOKEN.text}"':
            assert pair(thing, thing).value.text in (TOGETHER, NOTHING)


def test_what_is_at_odds_with_itself_proves_nothing() -> None:
    tree = pair(AT_ODDS, OTHER_INVOICE)
    assert reasons(tree, "invoice") == [("the same invoice", Mark.GOOD)]
    assert reasons(tree, "by itself") == [("first", Mark.BAD)]
    told = meaning_of(tree, "by itself")
    assert f"a part of it (token) names {HASH}" in told
    assert f"another part (invoice) names {OTHER_HASH.hex()}" in told
    assert "The challenge itself is for two different payments." in told
    both = pair(AT_ODDS, f"L402 {TOKEN.text}:{OTHER_PRE}")
    assert [side for side, _ in reasons(both, "by itself")] == ["first", "second"]


def test_tokens_and_invoices_are_compared_with_their_like() -> None:
    turned = f'L402 macaroon="{OTHER}", invoice="{INVOICE}"'
    tree = pair(AT_ODDS, turned)
    assert len(reasons(tree, "payment hash")) == 2
    assert reasons(tree, "token") == [(Kinship.STRANGER.value, Mark.BAD)]
    assert reasons(tree, "invoice") == [("another invoice", Mark.BAD)]
    assert "two different payments" in meaning_of(tree, "invoice")


def test_text_may_hold_several_payments() -> None:
    tree = pair(f"pay {INVOICE} and {OTHER_INVOICE}", INVOICE)
    assert (tree.value.text, tree.mark) == (TOGETHER, Mark.WARN)
    assert "names more than one payment" in meaning_of(tree, "by itself")


def test_a_discharge_beside_its_token_is_no_second_payment() -> None:
    cid = sha256(b"a question").digest()
    own = Spelling.STANDARD.spell(third_party(cid).raw)
    discharge = Spelling.STANDARD.spell(mint(identifier=cid).raw)
    tree = pair(f"L402 {own},{discharge}:{PRE}", INVOICE)
    assert (tree.value.text, tree.mark) == (TOGETHER, Mark.GOOD)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (PRE[1:], "it is 63 hex characters, and a preimage"),
        (PRE + "0", "it is 65 hex characters"),
        (PRE[:-2].upper(), "it is 62 hex characters"),
        (f"0x{PRE}", "it begins with 0x"),
        ("sesame", "it is no challenge, credential, invoice, macaroon or preimage"),
        ("0193c6f2-0000-7000-8000-00000000000a", "it is no challenge"),
    ],
)
def test_a_word_that_tells_nothing_is_refused(word: str, told: str) -> None:
    for one, two, side in ((word, INVOICE, "first"), (INVOICE, word, "second")):
        with pytest.raises(DecodeError, match=f"the {side} cannot be read: {told}") as refused:
            pair(one, two)
        assert PRE[2:-2] not in str(refused.value).lower()
    if "hex" in told or "0x" in told:
        with pytest.raises(DecodeError, match="cannot be read"):
            pair(CHALLENGE, word)


def test_a_bill_and_its_payment_say_why() -> None:
    tree = pair(CHALLENGE, f"L402 {CHILD}:{PRE}")
    assert reasons(tree, "payment hash") == [(f"the same: {HASH}", Mark.GOOD)]
    assert reasons(tree, "preimage") == [(f"opens {HASH}", Mark.GOOD)]
    assert reasons(tree, "token") == [("derived from it", Mark.GOOD)]
    assert [side.value.text for side in tree.children[:2]] == ["challenge", "credential"]
    assert tree.find("added caveat").value.text == "n_uses=1"
    told = next(n for n in tree.children[2:] if n.label.text == "payment hash").meaning.text
    assert "the token and the invoice of the first, the token of the second" in told


def test_64_hex_characters_are_tried_as_both() -> None:
    assert reasons(pair(PRE, INVOICE), "64 hex characters") == [
        (f"a preimage: it opens {HASH}", Mark.GOOD)
    ]
    assert reasons(pair(HASH, INVOICE), "64 hex characters") == [
        (f"a payment hash: {HASH}", Mark.GOOD)
    ]
    assert reasons(pair(HASH, f'Payment preimage="{PRE}"'), "64 hex characters") == [
        (f"a payment hash: {HASH}", Mark.GOOD)
    ]
    only_preimage = f'Payment preimage="{PRE}"'
    told = reasons(pair(only_preimage, PRE), "64 hex characters")
    assert told == [(f"a preimage: it opens {HASH}", Mark.GOOD)]
    told = reasons(pair("07" * 32, INVOICE), "64 hex characters")
    assert told == [("neither hash nor preimage", Mark.BAD)]


def test_a_payment_secret_is_told_from_a_preimage() -> None:
    secret = Invoice.decode(INVOICE).payment_secret.hex()
    tree = pair(INVOICE, secret)
    assert reasons(tree, "64 hex characters") == [("the payment secret", Mark.BAD)]
    assert tree.value.text == APART


def test_two_bills_for_one_payment_hash() -> None:
    first, second = write(), write(P, S, ("d", quintets(b"another")), NINE, prefix="lnbcrt26u")
    tree = pair(first, second)
    assert tree.value.text == TOGETHER
    assert tree.mark is Mark.WARN
    assert reasons(tree, "invoice") == [("two bills for one payment hash", Mark.WARN)]
    meaning = next(n for n in tree.children[2:] if n.label.text == "invoice").meaning.text
    assert "they differ in amount, description." in meaning
    assert reasons(pair(first, write(P, S, D, NINE)), "invoice")[0][0] == "the same invoice"
    other = write(("p", quintets(bytes(32))), S, D, NINE)
    assert pair(first, other).value.text == APART
    assert reasons(pair(first, other), "invoice") == []


def test_a_token_spelled_otherwise_is_told() -> None:
    (token,) = reasons(pair(TOKEN.text, TOKEN.text), "token")
    assert token == ("the same token", Mark.GOOD)
    node = pair(TOKEN.text, IN_HEX).children[-1]
    assert node.value.text == "the same macaroon"
    assert "base64 in the first, hex in the second" in node.meaning.text
    raw = pair(TOKEN.macaroon.raw, TOKEN.macaroon.raw).children[-1]
    assert raw.meaning.text == pair_words.TOKEN_SAME


def meaning_of(tree: Node, label: str) -> str:
    return next(node.meaning.text for node in tree.children[2:] if node.label.text == label)


def test_tokens_that_are_not_both_macaroons_say_why() -> None:
    assert "without a signature chain" in meaning_of(
        pair("L402 not~readable:", "L402 not~legible:"), "token"
    )
    kinds = meaning_of(pair(NAMELESS, UNSIGNED), "token")
    assert kinds.startswith("Of different kinds, macaroon and ")
    assert "same payment" not in kinds
    for one, two in ((NAMELESS, f"L402 {BROKEN}:"), (f"L402 {BROKEN}:", NAMELESS)):
        assert "at least one of them cannot be read" in meaning_of(pair(one, two), "token")


@pytest.mark.parametrize("other", [OTHER_TOKEN_ID, UNSIGNED])
def test_two_tokens_for_one_payment(other: str) -> None:
    tree = pair(other, TOKEN.text)
    assert reasons(tree, "token")[0][1] is Mark.NOTE
    assert meaning_of(tree, "token").endswith("They are for the same payment all the same.")
    assert "same payment all" not in meaning_of(pair(OTHER, TOKEN.text), "token")


def test_only_a_token_without_a_counterpart_is_let_off() -> None:
    tree = pair(TOKEN.text, f"L402 {OTHER},{TOKEN.text},not~readable:{PRE}")
    assert [mark for _, mark in reasons(tree, "token")] == [Mark.NOTE, Mark.GOOD, Mark.NOTE]
    tree = pair(TOKEN.text, f"L402 {FORGED},{TOKEN.text}:{PRE}")
    assert [mark for _, mark in reasons(tree, "token")] == [Mark.BAD, Mark.GOOD]
    assert tree.value.text == APART
    tree = pair(f"L402 {CHILD},{TOKEN.text}:", TOKEN.text)
    assert reasons(tree, "token") == [("the same token", Mark.GOOD)]


def test_the_preimages_of_both_are_held_against_each_other() -> None:
    other = f'Payment preimage="{"07" * 32}"'
    assert reasons(pair(CREDENTIAL, other), "preimages") == [("not the same", Mark.BAD)]
    assert "different preimages" in meaning_of(pair(CREDENTIAL, other), "preimages")
    assert reasons(pair(CREDENTIAL, PAID), "preimages") == [("the same", Mark.GOOD)]
    assert "the same preimage" in meaning_of(pair(CREDENTIAL, PAID), "preimages")
    told = meaning_of(pair(other, TOKEN.text), "preimage")
    digest = sha256(bytes([7]) * 32).hexdigest()
    assert f"in the first is {digest}, and the second names" in told


def test_the_mark_at_the_top() -> None:
    assert pair(CHALLENGE, CREDENTIAL).mark is Mark.GOOD
    assert pair(INVOICE, NAMELESS).mark is Mark.NOTE
    assert pair(f"L402 {FORGED}:{'07' * 32}", TOKEN.text).mark is Mark.BAD


def test_a_location_that_was_changed_is_told() -> None:
    moved = Macaroon.mint(KEY, IDENTIFIER, b"elsewhere", CAVEATS).raw.hex()
    assert "locations differ" in meaning_of(pair(TOKEN.text, moved), "token")
    assert "locations differ" not in meaning_of(pair(TOKEN.text, CHILD), "token")


def test_many_added_caveats_are_counted() -> None:
    grown = Macaroon.mint(KEY, IDENTIFIER, b"lsat", (*CAVEATS, *[b"a=1"] * 103)).raw.hex()
    node = pair(TOKEN.text, grown).children[-1]
    assert len(node.children) == 101
    assert node.children[-1].value.text == "3 more"
    assert "over the 103 more" in node.meaning.text


def test_what_does_not_fit_by_itself_is_told() -> None:
    tree = pair(f"L402 {TOKEN.text}:{'07' * 32}", TOKEN.text)
    assert reasons(tree, "by itself") == [("first", Mark.BAD)]
    assert reasons(pair(CREDENTIAL, TOKEN.text), "by itself") == []


def test_a_discharge_is_not_taken_for_another_payment() -> None:
    """The name of a discharge may be 32 bytes long, as a payment hash is."""
    cid = sha256(b"a question").digest()
    first = Token.read(VALID["third-party-zero-nonce"]["v2_b64"])
    asked = mint(identifier=cid)
    own = Token.read(Spelling.STANDARD.spell(third_party(cid).raw))
    tree = pair(own.text, Spelling.STANDARD.spell(asked.raw))
    assert tree.value.text == TOGETHER
    assert reasons(tree, "token") == [(Kinship.DISCHARGE.value, Mark.GOOD)]
    assert reasons(tree, "payment hash") == []
    back = pair(Spelling.STANDARD.spell(asked.raw), own.text)
    assert reasons(back, "token") == [(Kinship.DISCHARGED.value, Mark.GOOD)]
    assert pair(first.text, Spelling.STANDARD.spell(asked.raw)).value.text == APART


def third_party(cid: bytes) -> Macaroon:
    """TOKEN with a caveat for somebody else, written out by hand (format 2, small lengths)."""
    vid = bytes(40)
    raw = TOKEN.macaroon.raw[: -len(b"\0\x06\x20") - 32]
    body = b"\x01\x07http://\x02" + bytes([len(cid)]) + cid + b"\x04" + bytes([len(vid)]) + vid
    return Macaroon.decode(raw + body + b"\0" + b"\0\x06\x20" + bytes(32))


# --- macaroons among themselves -------------------------------------------------------------------


@pytest.mark.parametrize("format", BOTH)
def test_what_one_macaroon_is_to_another(format: Format) -> None:
    parent = mint(*CAVEATS, format=format)
    child = parent.with_caveat(b"a=1").with_caveat(b"b=2")
    forged = Macaroon.mint(b"?", IDENTIFIER, b"lsat", (*CAVEATS, b"a=1"), format)
    moved = Macaroon.mint(KEY, IDENTIFIER, b"elsewhere", CAVEATS, format)
    for first, second, kinship, shared, added in [
        (parent, parent, Kinship.SAME, 3, 0),
        (parent, child, Kinship.CHILD, 3, 2),
        (child, parent, Kinship.PARENT, 3, 2),
        (parent, forged, Kinship.FALSE_CHILD, 3, 1),
        (forged, parent, Kinship.FALSE_PARENT, 3, 1),
        (parent, Macaroon.mint(b"?", IDENTIFIER, b"lsat", CAVEATS, format), Kinship.RESIGNED, 3, 0),
        (parent, moved, Kinship.REWRITTEN, 3, 0),
        (child, parent.with_caveat(b"c=3"), Kinship.SIBLING, 3, 1),
        (parent, mint(b"a=1", format=format), Kinship.SIBLING, 0, 1),
        (parent, mint(identifier=OTHER_IDENTIFIER, format=format), Kinship.STRANGER, 0, 0),
    ]:
        relation = relate(first, second)
        assert (relation.kinship, relation.shared) == (kinship, shared)
        assert len(relation.added) == added
    assert relate(parent, moved).moved
    assert not relate(parent, child).moved
    assert relate(parent, moved.with_caveat(b"x")).kinship is Kinship.CHILD


def test_a_child_across_formats() -> None:
    old, new = (mint(*CAVEATS, format=format) for format in BOTH)
    assert relate(old, new).kinship is Kinship.REWRITTEN
    assert relate(old, new.with_caveat(b"a=1")).kinship is Kinship.CHILD


def test_a_chain_through_a_third_party_caveat() -> None:
    vector = VALID["third-party-zero-nonce"]
    whole = Token.read(vector["v2_b64"]).macaroon
    cids = [caveat.cid for caveat in whole.caveats]
    at = next(i for i, caveat in enumerate(whole.caveats) if caveat.third_party)
    root = bytes.fromhex(vector["root_key_hex"])
    before = Macaroon.mint(root, whole.identifier, whole.location, cids[:at])
    assert relate(before, whole).kinship is Kinship.CHILD
    twin = Macaroon.mint(root, whole.identifier, whole.location, cids)
    assert relate(twin, whole).kinship is Kinship.SIBLING


def test_siblings_are_not_called_proven() -> None:
    tree = pair(TOKEN.attenuate(b"a=1").text, TOKEN.attenuate(b"b=2").text)
    assert tree.value.text == TOGETHER
    assert tree.mark is Mark.WARN
    node = tree.children[-1]
    assert node.mark is Mark.WARN
    assert "the same 3 caveats" in node.meaning.text
    assert "root key" in node.meaning.text


def test_an_added_preimage_stays_hidden() -> None:
    tree = pair(TOKEN.text, PAID)
    assert tree.find("added caveat").value.text == "preimage, hidden"


# --- what cannot be read --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("thing", "error"),
    [
        (b"", DecodeError),
        (b"\xff\xfe", DecodeError),
        (b"hello world", DecodeError),
        (b"x" * 300_000, DecodeError),
        (INVOICE[:-1].encode(), InvoiceError),
        (b"L402 :" + PRE.encode(), CredentialError),
    ],
)
def test_which_of_the_two_cannot_be_read_is_told(thing: bytes, error: type[DecodeError]) -> None:
    with pytest.raises(error, match="the first cannot be read"):
        dissect_pair(thing, TOKEN.text.encode())
    with pytest.raises(error, match="the second cannot be read"):
        dissect_pair(TOKEN.text.encode(), thing)


def test_a_part_that_cannot_be_read_is_told_and_the_rest_compared() -> None:
    tree = pair(CHALLENGE.replace(INVOICE, INVOICE[:-1]), CREDENTIAL)
    assert tree.value.text == TOGETHER
    assert tree.find("trouble").mark is Mark.WARN
    tree = pair(f"{CREDENTIAL}00", TOKEN.text)
    assert tree.value.text == TOGETHER
    assert "here are 66" in tree.find("trouble").value.text
    assert PRE not in tree.find("trouble").value.text


def test_what_is_gathered_is_named_and_kept_secret() -> None:
    both = f"WWW-Authenticate: {CHALLENGE}\nAuthorization: {CREDENTIAL}"
    for text, what in (
        (both, "challenge and credential"),
        (CHALLENGE, "challenge"),
        (f"Authorization: {CREDENTIAL}", "credential"),
        (PRE, "32 bytes in hex"),
        (INVOICE, "invoice"),
        (BODY, "body of a 402"),
        (TOKEN.text, "token"),
        (f"see {TOKEN.text} there", "text that holds it"),
    ):
        facts = gather(text.encode())
        assert facts.what == what
        assert not facts.more_tokens
        assert PRE not in repr(facts)
        assert TOKEN.text not in repr(facts)
    assert len(gather(both.encode()).tokens) == 1


def test_many_tokens_cost_little() -> None:
    tokens = ",".join("abcd" + "e" * (i % 40) for i in range(500))
    facts = gather(f"L402 {tokens}:{PRE}".encode())
    assert len(facts.tokens) == 16
    assert facts.more_tokens
    assert pair(f"L402 {tokens}:{PRE}", CREDENTIAL).find("tokens").value.text


THINGS: Final = sorted(
    {t.encode() if isinstance(t, str) else t for one, two, _ in PAIRS.values() for t in (one, two)}
)


@given(st.sampled_from(THINGS), st.sampled_from(THINGS), st.integers(0, 300), st.binary(max_size=3))
def test_any_damage(first: bytes, second: bytes, at: int, junk: bytes) -> None:
    damaged = second[:at] + junk + second[at + len(junk) :]
    for one, two in ((first, damaged), (damaged, second), (second[:at], first)):
        try:
            tree = dissect_pair(one, two)
        except DecodeError as error:
            told = str(error)
        else:
            told = tree.value.text
            assert told in (TOGETHER, APART, NOTHING, UNFIT)
        assert told.isprintable()


@given(st.binary(max_size=120) | st.text(max_size=120).map(str.encode))
def test_any_thing(thing: bytes) -> None:
    try:
        told = dissect_pair(thing, CREDENTIAL.encode()).value.text
    except DecodeError as error:
        told = str(error)
    assert told.isprintable()


@given(st.lists(st.binary(max_size=12), max_size=4), st.lists(st.binary(max_size=12), max_size=4))
def test_every_real_child_is_known_and_no_other(old: list[bytes], new: list[bytes]) -> None:
    parent = mint(*old)
    child = mint(*old, *new)
    assert relate(parent, child).kinship is (Kinship.CHILD if new else Kinship.SAME)
    assert relate(child, parent).kinship is (Kinship.PARENT if new else Kinship.SAME)
    forged = Macaroon.mint(b"?", IDENTIFIER, b"lsat", [*old, *new])
    assert relate(parent, forged).kinship is (Kinship.FALSE_CHILD if new else Kinship.RESIGNED)


def test_what_a_child_has_more_says_what_it_does() -> None:
    wider = spelled(b"services=a:0", b"services=a:0,b:0")
    node = pair(spelled(b"services=a:0"), wider).find("added caveat")
    assert node.mark is Mark.WARN
    assert "allows more than caveat 1: it adds b" in node.meaning.text
    narrower = spelled(b"services=a:0,b:0", b"services=a:0")
    assert pair(spelled(b"services=a:0,b:0"), narrower).find("added caveat").mark is Mark.PLAIN


def test_a_token_and_its_bundle_are_compared() -> None:
    asking, bundle = (
        samples()[f"token-{name}.txt"].content for name in ("third-party", "discharged")
    )
    tree = pair(asking, bundle)
    assert tree.value.text == "they belong together"
    told = [node.value.text for node in tree.children if node.label.text == "token"]
    assert told == ["the same macaroon", "the discharge of one of its third-party caveats"]


@pytest.mark.parametrize("word", ["nope", "token", "x" * 15])
def test_a_short_word_is_no_token(word: str) -> None:
    with pytest.raises(DecodeError, match="the second cannot be read"):
        pair(TOKEN.text, word)

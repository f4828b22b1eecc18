"""Are credentials made, taken apart and kept secret?"""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.credential import (
    CREDENTIAL_HEADERS,
    Credential,
    CredentialDeviation,
    CredentialForm,
    preimage_matches,
    read_credential,
    read_credential_header,
    read_preimage,
)
from l402tui.protocol.dissect.credential import dissect_credential, dissect_credential_header
from l402tui.protocol.dissect.parts import Place
from l402tui.protocol.errors import CredentialError
from l402tui.protocol.macaroon import Spelling
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say
from l402tui.protocol.tree import Buffer, Mark, Node
from tests.protocol.tokens import INVOICE, PAYMENT_HASH, PREIMAGE, TOKEN, mint, spelled

VALUE = f"L402 {TOKEN.text}:{PREIMAGE.hex()}"


def test_a_header_is_the_token_byte_for_byte() -> None:
    credential = Credential(Secret(TOKEN.text), Secret(PREIMAGE))
    assert credential.header_value().reveal() == VALUE.encode()
    assert credential.header_value("LSAT").reveal() == VALUE.replace("L402", "LSAT").encode()
    with pytest.raises(CredentialError):
        credential.header_value("Bearer")


def test_nothing_of_it_is_printed() -> None:
    credential = Credential(Secret(TOKEN.text), Secret(PREIMAGE))
    for thing in (credential, credential.header_value(), read_credential(VALUE)):
        assert PREIMAGE.hex() not in repr(thing)
        assert TOKEN.text not in f"{thing} {thing!r}"


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "a\0", "é"])
def test_a_token_that_could_break_the_header_is_refused(token: str) -> None:
    with pytest.raises(CredentialError):
        Credential(Secret(token), Secret(PREIMAGE))


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_preimage_has_32_bytes(size: int) -> None:
    with pytest.raises(CredentialError):
        Credential(Secret("token"), Secret(bytes(size)))
    assert not preimage_matches(bytes(size), sha256(bytes(size)).digest())


def test_a_preimage_proves_its_payment_hash() -> None:
    assert preimage_matches(PREIMAGE, PAYMENT_HASH)
    assert preimage_matches(Secret(PREIMAGE), PAYMENT_HASH)
    assert not preimage_matches(PAYMENT_HASH, PAYMENT_HASH)
    assert not preimage_matches(bytes(32), PAYMENT_HASH)


def test_a_pasted_preimage() -> None:
    assert read_preimage(f"  {PREIMAGE.hex().upper()}\n") == Secret(PREIMAGE)
    for wrong in ("", "00", "zz" * 32, PREIMAGE.hex() + "0", "0x" + PREIMAGE.hex()[2:], "٠" * 64):
        with pytest.raises(CredentialError):
            read_preimage(wrong)


@pytest.mark.parametrize("scheme", ["L402", "LSAT", "l402", "Lsat"])
@pytest.mark.parametrize("preimage", [PREIMAGE.hex(), PREIMAGE.hex().upper()])
def test_taking_apart(scheme: str, preimage: str) -> None:
    value = f"{scheme}  {TOKEN.text}:{preimage} "
    read = read_credential(value)
    assert read.scheme == scheme
    (part,) = read.tokens
    assert part.text == Secret(TOKEN.text)
    assert value[part.start : part.end] == TOKEN.text
    assert value[read.preimage_start :].startswith(preimage)
    assert read.credential == Credential(Secret(TOKEN.text), Secret(PREIMAGE))


def test_several_tokens_are_kept() -> None:
    read = read_credential(f"L402 one,two,three:{PREIMAGE.hex()}")
    assert [part.text.reveal() for part in read.tokens] == [b"one", b"two", b"three"]
    assert [(part.start, part.end) for part in read.tokens] == [(5, 8), (9, 12), (13, 18)]
    assert read.credential.token == Secret("one,two,three")


@pytest.mark.parametrize(("value", "colon"), [("LSAT abc:", True), ("L402 abc", False)])
def test_a_missing_preimage_is_named(value: str, colon: bool) -> None:
    read = read_credential(value)
    assert read.preimage is None
    assert read.colon is colon
    with pytest.raises(CredentialError, match="preimage is missing"):
        _ = read.credential


@pytest.mark.parametrize(
    "value",
    [
        "",
        "L402",
        "L402 ",
        "L402abc:" + "00" * 32,
        "Bearer abc",
        "L402 :" + "00" * 32,
        "L402 abc:00",
        "L402 abc:" + "0" * 65,
        "L402 abc:" + "zz" * 32,
        "L402 a b:" + "00" * 32,
        "L402 a,,b:" + "00" * 32,
        "L402 abc:" + "00" * 32 + " x",
        "L402 \x1b[31m:" + "00" * 32,
        "L402 " + "a" * 20_000,
    ],
)
def test_what_is_no_credential_is_refused(value: str) -> None:
    with pytest.raises(CredentialError) as refused:
        read_credential(value)
    assert str(refused.value).isprintable()


@given(st.text(max_size=200), st.text(max_size=80))
def test_any_text(token: str, preimage: str) -> None:
    for value in (token, f"L402 {token}", f"L402 {token}:{preimage}", f"LSAT a:{preimage}"):
        try:
            read = read_credential(value)
        except CredentialError:
            continue
        assert value[read.tokens[0].start : read.tokens[0].end].encode() in (
            read.tokens[0].text.reveal(),
        )


# --- every header that shows a payment ------------------------------------------------------------

PRE = PREIMAGE.hex()
PAID = TOKEN.macaroon.with_caveat(b"preimage=" + PRE.encode())
"""The whole credential in one macaroon."""


def payment(**changes: Any) -> str:
    """A ``Payment`` credential as base64url of JSON."""
    request = {"amount": "12", "methodDetails": {"paymentHash": PAYMENT_HASH.hex()}}
    challenge = {"id": "c-1", "method": "lightning", "request": packed(request)}
    return "Payment " + packed({"challenge": challenge, "payload": {"preimage": PRE}, **changes})


def packed(said: Any) -> str:
    return Spelling.URL_SAFE_UNPADDED.spell(json.dumps(said).encode())


FORMS: dict[str, tuple[str, str, CredentialForm, bool]] = {
    "the specification": ("Authorization", VALUE, CredentialForm.L402, True),
    "LSAT": ("authorization:", VALUE.replace("L402", "LSAT"), CredentialForm.L402, True),
    "unpaid": ("Authorization", f"LSAT {TOKEN.text}:", CredentialForm.L402, False),
    "token alone": ("Authorization", f"L402 {TOKEN.text}", CredentialForm.L402, False),
    "X-Payment": ("X-Payment", f"{TOKEN.text}:{PRE}", CredentialForm.X_PAYMENT, True),
    "Macaroon": ("Macaroon", PAID.raw.hex(), CredentialForm.MACAROON, True),
    "gateway": ("Grpc-Metadata-Macaroon", PAID.raw.hex(), CredentialForm.MACAROON, True),
    "metadata of 2026": ("token", PAID.raw.hex(), CredentialForm.MACAROON, True),
    "no preimage inside": ("macaroon", TOKEN.macaroon.raw.hex(), CredentialForm.MACAROON, False),
    "hash": ("Authorization", f"L402 {PAYMENT_HASH.hex()}", CredentialForm.PAYMENT_HASH, False),
    "hash header": ("X-Payment-Hash", PAYMENT_HASH.hex(), CredentialForm.PAYMENT_HASH, False),
    "Payment JSON": ("Authorization", payment(), CredentialForm.PAYMENT_JSON, True),
    "Payment parameters": (
        "Authorization", f'Payment method="lightning", preimage="{PRE}"',
        CredentialForm.PAYMENT_PARAMS, True),
    "another method": (
        "Authorization",
        payment(challenge={"method": "tempo"}, payload={"signature": "0xsesame"}),
        CredentialForm.PAYMENT_JSON, False),
    "ecash": ("Authorization", "Cashu cashuBsesame", CredentialForm.CASHU, False),
    "ecash header": ("X-Cashu", "cashuAsesame", CredentialForm.CASHU, False),
    "a bill for ecash": ("X-Cashu", "creqAsesame", CredentialForm.OTHER, False),
    "bearer": ("Authorization", "Bearer aaaa.bbbb.sesame", CredentialForm.OTHER, False),
    "nameless": ("Authorization", "sesame open", CredentialForm.OTHER, False),
    "x402": ("X-PAYMENT", packed({"x402Version": 1, "payload": "sesame"}),
             CredentialForm.OTHER, False),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_told_apart(name: str) -> None:
    header, value, form, paid = FORMS[name]
    read = read_credential_header(header, value)
    assert read.form is form
    assert read.preimage == (Secret(PREIMAGE) if paid else None)
    assert (PAYMENT_HASH.hex() if form is CredentialForm.PAYMENT_HASH else None) == (
        read.payment_hash and read.payment_hash.hex()
    )
    for part in read.tokens:
        assert value[part.start : part.end].encode() == part.text.reveal()
    at = value[max(read.preimage_start, 0) : max(read.preimage_end, 0)]
    if paid and form is CredentialForm.MACAROON:
        assert bytes.fromhex(at).decode() == PRE
    elif paid and form is not CredentialForm.PAYMENT_JSON:
        assert at == PRE
    if form is CredentialForm.PAYMENT_HASH:
        assert value[read.preimage_end - 64 : read.preimage_end] == PAYMENT_HASH.hex()
        assert read.scheme == value.partition(" ")[0] * (header == "Authorization")
    for field in read.fields:
        if field.start >= 0:
            assert value[field.start : field.end].encode() == field.value.reveal()
    has_colon = form in (CredentialForm.L402, CredentialForm.X_PAYMENT) and name != "token alone"
    assert read.colon is has_colon
    assert PRE not in repr(read)
    assert "sesame" not in repr(read)
    assert TOKEN.text not in repr(read)
    assert repr(PAYMENT_HASH) not in repr(replace(read, due=None))


@pytest.mark.parametrize("name", FORMS)
def test_each_form_has_a_tree_that_gives_nothing_away(name: str) -> None:
    header, value, form, paid = FORMS[name]
    tree = dissect_credential_header(header, value)
    assert tree.secret
    assert tree.mark is not Mark.BAD
    assert tree.span is not None
    assert tree.span.buffer.secret
    assert tree.span.bytes() == value.encode()
    told = told_by(tree)
    for secret in (PRE, PRE.upper(), "sesame", TOKEN.text, PAID.raw.hex()):
        assert secret not in told
    for node in tree.walk():
        if PRE.encode() in node.copy or b"sesame" in node.copy:
            assert node.secret
        if node.span is not None and PRE.encode() in node.span.bytes():
            assert node.span.buffer.secret
    if paid and name != "Payment parameters":
        assert tree.find("SHA-256").mark is Mark.GOOD
    assert (form is CredentialForm.OTHER) == (tree.label.text == "no L402 credential")


def told_by(tree: Node) -> str:
    return "\n".join(
        f"{text.text} {text.raw!r}"
        for node in tree.walk()
        for text in (node.label, node.value, node.meaning)
    )


def paid_with(*preimages: str) -> str:
    macaroon = TOKEN.macaroon
    for preimage in preimages:
        macaroon = macaroon.with_caveat(b"preimage=" + preimage.encode())
    return macaroon.raw.hex()


D = CredentialDeviation
DEVIATIONS: dict[str, tuple[str, str, tuple[CredentialDeviation, ...]]] = {
    "none": ("Authorization", VALUE, ()),
    "upper-case hex": ("Authorization", VALUE.replace(PRE, PRE.upper()), (D.UPPER_CASE_HEX,)),
    "lower scheme": ("Authorization", VALUE.replace("L402", "l402"), (D.SCHEME_CASE,)),
    "two tokens": ("Authorization", VALUE.replace(":", ",abc:"), (D.SEVERAL_TOKENS,)),
    "empty preimage": ("Authorization", "LSAT abc:", (D.EMPTY_PREIMAGE,)),
    "no colon": ("Authorization", "L402 abc", (D.NO_COLON,)),
    "a hash": ("Authorization", f"L402 {PAYMENT_HASH.hex()}", (D.HASH_ALONE,)),
    "a hash in its header": ("X-Payment-Hash", PAYMENT_HASH.hex(), ()),
    "not hex": ("Macaroon", Spelling.STANDARD.spell(PAID.raw), (D.NOT_HEX,)),
    "twice": ("Macaroon", paid_with("00" * 32, PRE), (D.PREIMAGE_TWICE,)),
    "upper inside": ("Macaroon", paid_with(PRE.upper()), (D.UPPER_CASE_HEX,)),
    "none inside": ("Macaroon", paid_with(), (D.NO_PREIMAGE_INSIDE,)),
    "padded": ("Authorization", f"{payment()}=", (D.PADDED,)),
    "upper in JSON": (
        "Authorization", payment(payload={"preimage": PRE.upper()}), (D.UPPER_CASE_HEX,)),
    "single quotes": ("Authorization", f"Payment preimage='{PRE}'", (D.QUOTING,)),
}  # fmt: skip


@pytest.mark.parametrize("name", DEVIATIONS)
def test_what_is_written_differently_is_named(name: str) -> None:
    header, value, expected = DEVIATIONS[name]
    value = value if name != "padded" else value + "=" * (-len(value.split()[1]) % 4)
    assert read_credential_header(header, value).deviations == expected
    told = [
        node.value.text
        for node in dissect_credential_header(header, value).walk()
        if node.label.text == "written differently"
    ]
    assert told == [deviation.value for deviation in expected]


def test_of_two_preimage_caveats_the_last_one_counts() -> None:
    assert read_credential_header("Macaroon", paid_with("00" * 32, PRE)).preimage == Secret(
        PREIMAGE
    )
    read = read_credential_header("Macaroon", paid_with(PRE, "00" * 32))
    assert read.preimage == Secret(bytes(32))
    tree = dissect_credential_header("Macaroon", paid_with(PRE, "00" * 32))
    assert tree.find("SHA-256").mark is Mark.BAD


TROUBLES: dict[str, tuple[str, str, str, int | None]] = {
    "too long": ("Authorization", f"L402 abc:{PRE}00", "64 hex characters, here are 66", 9 + 64),
    "too short": ("Authorization", f"L402 abc:{PRE[:-1]}", "here are 63", 9 + 63),
    "0x": ("Authorization", f"L402 abc:0x{PRE}", "without 0x", 9),
    "no hex": ("Authorization", f"L402 abc:{PRE[:-2]}zz", "no hex", 9 + 62),
    "base64": (
        "Authorization", f"L402 abc:{Spelling.STANDARD.spell(PREIMAGE)}", "base64 of 32 bytes", 9),
    "hash too short": ("X-Payment-Hash", PAYMENT_HASH.hex()[1:], "64 hex characters", 0),
    "something follows": (
        "Authorization", f'Payment preimage="{PRE}", Basic a="b"', "second credential follows", 85),
    "a stray quote": ("Authorization", f'Payment preimage="{PRE}", a="', "never closed", 87),
    "only a scheme": ("Authorization", "Payment =", "parameter should stand here", 8),
    "another header": ("X-Api-Key", "sesame", "not known to carry", None),
    "nothing": ("Authorization", " ", "nothing in it", 0),
    "no macaroon": ("Macaroon", "sesame!", "no macaroon", 0),
    "broken macaroon": ("Macaroon", PAID.raw.hex()[:-2], "cannot be read", None),
    "broken caveat": ("Macaroon", paid_with("sesame"), "preimage caveat", None),
    "no ecash": ("X-Cashu", "sesame", "cashuA or cashuB", 0),
    "no JSON": ("Authorization", "Payment c2VzYW1l", "not base64 of JSON", 8),
    "an array": ("Authorization", f"Payment {packed(['sesame'])}", "no object", 8),
    "no payload": ("Authorization", "Payment " + packed({"challenge": {"a": 1}}), "no payload", 8),
    "two payloads": (
        "Authorization",
        "Payment " + Spelling.URL_SAFE_UNPADDED.spell(b'{"payload":{"preimage":"%s"},"payload":{}}'
                                                      % PRE.encode()),
        "for certain", 8),
    "deep JSON": ("Authorization", "Payment " + Spelling.URL_SAFE_UNPADDED.spell(b"[" * 9_000),
                  "for certain", 8),
    "no preimage": ("Authorization", 'Payment method="lightning"', "no preimage", 26),
    "two preimages": (
        "Authorization", f'Payment preimage="{PRE}", preimage="{PRE}"', "more than one", None),
    "too long a header": ("Macaroon", "0" * 17_000, "16 KiB", 16_384),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLES)
def test_what_is_wrong_is_said_with_its_place(name: str) -> None:
    header, value, why, offset = TROUBLES[name]
    with pytest.raises(CredentialError, match=why) as refused:
        read_credential_header(header, value)
    if offset is not None:
        assert refused.value.offset == offset
    for secret in (PRE, "sesame"):
        assert secret not in str(refused.value)


@pytest.mark.parametrize("name", ["too long", "no hex", "broken macaroon", "broken caveat"])
def test_the_rest_is_shown_all_the_same(name: str) -> None:
    header, value, why, _ = TROUBLES[name]
    tree = dissect_credential_header(header, value)
    assert tree.mark is Mark.BAD
    assert tree.find("problem").mark is Mark.BAD
    assert why in tree.find("problem").value.text
    assert tree.find("token").secret
    assert PRE not in told_by(tree)
    with pytest.raises(CredentialError):
        dissect_credential(value)


def test_a_credential_in_another_form_is_not_sent_as_l402() -> None:
    for value in (payment(), f"L402 {PAYMENT_HASH.hex()}"):
        with pytest.raises(CredentialError):
            _ = read_credential_header("Authorization", value).credential
    read = read_credential_header("X-Payment", f"{TOKEN.text}:{PRE}")
    assert read.credential == Credential(Secret(TOKEN.text), Secret(PREIMAGE))


# --- what a preimage proves -----------------------------------------------------------------------


def test_each_of_several_tokens_is_held_against_the_preimage() -> None:
    other = spelled(b"a=1", identifier=b"\0\0" + bytes(range(200, 232)) + bytes(32))
    nameless = spelled(b"a=1", identifier=b"a name and no hash")
    tree = dissect_credential(f"L402 {TOKEN.text},{other},{nameless}:{PRE}")
    checked = tree.find("SHA-256")
    assert [node.label.text for node in checked.children] == ["token 1", "token 2", "token 3"]
    assert [node.mark for node in checked.children] == [Mark.GOOD, Mark.BAD, Mark.NOTE]
    assert checked.mark is Mark.BAD
    tree = dissect_credential(f"L402 {TOKEN.text},{spelled(b'b=1')}:{PRE}")
    assert tree.find("SHA-256").mark is Mark.GOOD


def test_a_payment_hash_in_place_of_the_preimage_is_recognised() -> None:
    tree = dissect_credential(f"L402 {TOKEN.text}:{PAYMENT_HASH.hex()}")
    checked = tree.find("SHA-256")
    assert checked.mark is Mark.BAD
    assert checked.meaning.text.startswith("What stands here is the payment hash itself")
    tree = dissect_credential(f"L402 {TOKEN.text}:{bytes(32).hex()}")
    assert "the payment hash itself" not in tree.find("SHA-256").meaning.text


@pytest.mark.parametrize(
    ("behind", "inside", "same", "mark"),
    [
        (PRE, PRE, "It is the same one", Mark.GOOD),
        (PRE, "00" * 32, "It is not the one", Mark.BAD),
        ("", PRE, "credential by itself", Mark.GOOD),
    ],
)
def test_a_preimage_inside_the_token_is_held_against_it(
    behind: str, inside: str, same: str, mark: Mark
) -> None:
    token = TOKEN.attenuate(b"preimage=" + inside.encode()).text
    node = dissect_credential(f"L402 {token}:{behind}").find("preimage inside")
    assert same in node.meaning.text
    assert node.find("SHA-256").mark is mark
    assert node.secret


def test_what_a_payment_credential_answers() -> None:
    tree = dissect_credential_header("Authorization", payment())
    assert tree.find("challenge.request.amount").value.text == "12"
    assert tree.find("SHA-256").mark is Mark.GOOD
    wrong = payment(payload={"preimage": "00" * 32})
    assert dissect_credential_header("Authorization", wrong).find("SHA-256").mark is Mark.BAD
    request = {"methodDetails": {"invoice": INVOICE, "paymentHash": "00" * 32}}
    challenge = {"id": "c-1", "method": "lightning", "request": packed(request)}
    tree = dissect_credential_header("Authorization", payment(challenge=challenge))
    assert tree.find("invoice").children
    assert "another" in tree.find("problem").value.text
    request = {"methodDetails": {"invoice": INVOICE}}
    challenge = {"id": "c-1", "method": "lightning", "request": packed(request)}
    tree = dissect_credential_header("Authorization", payment(challenge=challenge))
    assert tree.find("SHA-256").mark is Mark.GOOD


def test_a_macaroon_without_a_preimage_is_a_bill_or_a_nodes() -> None:
    unpaid = dissect_credential_header("Macaroon", TOKEN.macaroon.raw.hex()).find("preimage")
    assert "names a payment hash" in unpaid.meaning.text
    free = dissect_credential_header("Macaroon", mint(identifier=b"a name").raw.hex())
    assert "some other service" in free.find("preimage").meaning.text
    # The root key id and one operation, after a nonce of 16 bytes (macaroon-bakery, version 3).
    operation = b"\x0a\x04info\x12\x04read"
    identifier = b"\x03\x0a\x10" + bytes(16) + b"\x12\x010" + b"\x1a\x0c" + operation
    baked = dissect_credential_header("Macaroon", mint(identifier=identifier).raw.hex())
    assert "the macaroon of a Lightning node" in baked.find("preimage").meaning.text


def test_many_tokens_do_not_make_many_nodes() -> None:
    value = "L402 " + ",".join(["abc"] * 2_000) + f":{PRE}"
    tree = dissect_credential(value)
    assert len([node for node in tree.children if node.label.text == "token"]) == 16
    assert tree.find("…").value.text == "1984 more"
    assert len(tree.find("SHA-256").children) == 16


def test_a_preimage_has_a_place_only_where_its_characters_stand() -> None:
    in_base64 = Spelling.STANDARD.spell(PAID.raw)
    for text in (in_base64, in_base64.rstrip("=")):
        read = read_credential_header("Macaroon", text)
        assert (read.preimage_start, read.preimage_end) == (-1, -1)
        assert dissect_credential_header("Macaroon", text).find("SHA-256").mark is Mark.GOOD
    read = read_credential_header("Authorization", payment())
    assert (read.preimage_start, read.preimage_end) == (-1, -1)
    shifted = read_credential_header("Macaroon", f"  {PAID.raw.hex()}")
    plain = read_credential_header("Macaroon", PAID.raw.hex())
    assert shifted.preimage_start == plain.preimage_start + 2 > 2


def test_a_token_in_json_keeps_its_commas() -> None:
    token = '{"a":1,"b":[2,3]}'
    (part,) = read_credential(f"L402 {token}:{PRE}").tokens
    assert part.text == Secret(token)


def test_many_fields_are_cut_off() -> None:
    challenge = {f"k{number}": "v" for number in range(100)}
    value = payment(challenge={"method": "lightning", **challenge})
    assert len(read_credential_header("Authorization", value).fields) == 64
    deep: Any = "sesame"
    for _ in range(50):
        deep = {"a": deep}
    read = read_credential_header("Authorization", payment(challenge=deep))
    assert read.fields[0].value == Secret("1 inside")
    assert read.fields[0].name == "challenge.a.a.a.a"


def test_places_in_a_larger_buffer() -> None:
    line = b"Authorization: " + VALUE.encode()
    place = Place(Buffer(say("request"), line, secret=True), 15)
    tree = dissect_credential_header("Authorization", VALUE, place=place)
    preimage = tree.find("preimage").span
    assert preimage is not None
    assert preimage.buffer.data is line
    assert preimage.bytes() == PRE.encode()


HEADERS = sorted(CREDENTIAL_HEADERS)


@given(
    st.sampled_from(HEADERS),
    st.sampled_from([value for _, value, _, _ in FORMS.values()]),
    st.integers(0, 400),
    st.text(max_size=4),
)
def test_a_damaged_header(header: str, value: str, at: int, junk: str) -> None:
    damaged = value[:at] + junk + value[at + len(junk) :]
    for thing in (damaged, value[:at], value):
        refusal(header, thing)
        try:
            tree = dissect_credential_header(header, thing)
        except CredentialError:
            continue
        assert PRE not in told_by(tree)
        for node in tree.walk():
            span = node.span
            assert span is None or 0 <= span.start <= span.end <= len(span.buffer.data)


@given(st.sampled_from(HEADERS), st.text(max_size=120), st.booleans())
def test_any_header(header: str, value: str, scheme: bool) -> None:
    value = f"Payment {value}" if scheme else value
    told = refusal(header, value)
    if not told:
        read = read_credential_header(header, value)
        assert read.preimage is None or len(read.preimage) == 32


def refusal(header: str, value: str) -> str:
    """Why it is refused; empty where it is not. Anything but a CredentialError is a mistake."""
    try:
        read_credential_header(header, value)
    except CredentialError as error:
        told = str(error)
    else:
        told = ""
    assert told.isprintable()
    return told


# --- each line of the tree ------------------------------------------------------------------------


def of(name: str, value: str, label: str) -> Node:
    return dissect_credential_header(name, value).find(label)


def spanned(node: Node) -> bytes:
    assert node.span is not None
    return node.span.bytes()


def test_the_scheme_is_shown_where_it_is_one() -> None:
    scheme = of("Authorization", VALUE, "scheme")
    assert (scheme.value.text, spanned(scheme)) == ("L402", b"L402")
    assert "called before 2023" in scheme.meaning.text
    bearer = of("Authorization", "Bearer sesame", "scheme")
    assert (bearer.value.text, bearer.meaning.text) == ("Bearer", "")
    for name, value in (("X-Payment", f"{TOKEN.text}:{PRE}"), FORMS["x402"][:2]):
        labels = [node.label.text for node in dissect_credential_header(name, value).walk()]
        assert "scheme" not in labels
    tree = dissect_credential(VALUE)
    assert tree.value.text == f"L402, ‹hidden: {len(VALUE)} characters›"
    tree = dissect_credential_header("Macaroon", PAID.raw.hex())
    assert tree.value.text == f"‹hidden: {2 * len(PAID.raw)} characters›"


def test_what_is_hidden_says_how_much_it_is() -> None:
    preimage = of("Authorization", VALUE, "preimage")
    assert preimage.value.text == "‹hidden: 64 hex characters›"
    for name, value in (FORMS["hash"][:2], FORMS["hash header"][:2]):
        node = of(name, value, "payment hash")
        assert spanned(node) == node.copy == PAYMENT_HASH.hex().encode()
        assert node.mark is Mark.WARN


def test_which_part_is_missing() -> None:
    assert of("Authorization", "L402 abc:", "preimage").value.text == "missing"
    alone = of("Authorization", "L402 abc", "preimage").value.text
    assert alone == "missing, and the colon before it"
    for name in ("another method", "no preimage"):
        value = FORMS[name][1] if name in FORMS else TROUBLES[name][1]
        tree = dissect_credential_header("Authorization", value)
        assert "preimage" not in [node.label.text for node in tree.walk()]


def test_what_the_hash_of_a_preimage_is_held_against() -> None:
    of_token = of("Authorization", VALUE, "SHA-256")
    assert of_token.value.text.startswith("MATCH with the token: ")
    assert "the payment hash in the token" in of_token.meaning.text
    of_bill = of("Authorization", payment(), "SHA-256")
    assert of_bill.value.text.startswith("MATCH with the challenge: ")
    assert "of the challenge that is answered" in of_bill.meaning.text
    free = of("Authorization", f'Payment preimage="{PRE}"', "SHA-256")
    assert (free.value.text, free.mark) == (PAYMENT_HASH.hex(), Mark.NOTE)


def test_fields_of_a_payment_credential() -> None:
    value = f'Payment method="lightning", memo="sesame", preimage="{PRE}"'
    tree = dissect_credential_header("Authorization", value)
    method, memo = tree.find("method"), tree.find("memo")
    assert (method.value.text, method.secret, spanned(method)) == ("lightning", False, b"lightning")
    assert (memo.value.text, memo.secret) == ("‹hidden: 6 characters›", True)
    assert "not shown" in memo.meaning.text
    assert "challenge" in method.meaning.text
    assert [node.label.text for node in tree.walk()].count("preimage") == 1
    broken = f'Payment preimage="{PRE}0"'
    field = of("Authorization", broken, "preimage")
    assert field.secret
    assert PRE not in field.value.text


def test_an_invoice_inside_a_payment_credential() -> None:
    def answer(**details: str) -> Node:
        request = packed({"methodDetails": details})
        challenge = {"id": "c-1", "method": "lightning", "request": request}
        return dissect_credential_header("Authorization", payment(challenge=challenge))

    agreed = answer(invoice=INVOICE, paymentHash=PAYMENT_HASH.hex())
    assert "problem" not in [node.label.text for node in agreed.walk()]
    assert "problem" not in [node.label.text for node in answer(invoice=INVOICE).walk()]
    assert answer(invoice=INVOICE, paymentHash="00" * 32).find("problem").mark is Mark.BAD
    broken = answer(invoice=INVOICE[:-1]).find("invoice")
    assert broken.mark is Mark.BAD
    assert broken.value.text.startswith("lnbcrt")
    assert "invoice" not in [node.label.text for node in answer(other="x").walk()]


def test_where_a_problem_begins() -> None:
    assert spanned(of("Authorization", f"L402 abc:{PRE}00", "problem")) == b"00"
    problem = of("Authorization", f"L402 abc:{PRE[:-2]}zz", "problem")
    assert (spanned(problem), problem.secret) == (b"zz", True)


def test_bytes_that_are_no_ascii_keep_their_places() -> None:
    line = b"Authorization: Bearer \xe9\xe9"
    place = Place(Buffer(say("request"), line, secret=True), 15)
    value = line[15:].decode("latin-1")
    assert spanned(dissect_credential_header("Authorization", value, place=place)) == line[15:]
    pasted = dissect_credential_header("Authorization", value)
    assert spanned(pasted) == value.encode()
    wide = dissect_credential_header("Authorization", "Bearer \u20ac", place=place)
    assert wide.value.text.startswith("Bearer, ")

"""Does a macaroon that was cut off, or pasted with something around it, get the right answer?"""

from __future__ import annotations

from base64 import b64encode

import pytest

from l402tui.protocol.dissect.token import dissect_token
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import MAX_BYTES, Format, Spelling
from l402tui.protocol.token import read_token
from l402tui.protocol.tree import Mark
from tests.protocol.tokens import PAYMENT_HASH, TOKEN, mint


@pytest.mark.parametrize(
    "text", [TOKEN.text[:-8], TOKEN.text[:-3], TOKEN.text + "!", mint().raw.hex()[:-1], "AgEEbHNh"]
)
def test_a_broken_macaroon_is_called_broken_and_not_opaque(text: str) -> None:
    with pytest.raises(MacaroonError):
        read_token(text)
    tree = dissect_token(text)
    assert (tree.label.text, tree.mark) == ("macaroon", Mark.BAD)
    assert "byte" in tree.meaning.text
    assert tree.copy == text.encode()


@pytest.mark.parametrize("format", [Format.V1, Format.V2])
def test_what_is_whole_of_a_broken_macaroon_is_still_shown(format: Format) -> None:
    raw = mint(b"services=weather:0", b"path=/a", format=format).raw
    for broken in (raw[:-10].hex(), Spelling.STANDARD.spell(raw[:-10]), raw[:-10]):
        tree = dissect_token(broken, invoice_hash=PAYMENT_HASH)
        assert (tree.label.text, tree.mark) == ("macaroon", Mark.BAD)
        labels = [node.label.text for node in tree.children]
        assert labels == ["location", "identifier", "services", "path"]
        assert tree.find("payment hash").mark is Mark.GOOD
        services = tree.find("services")
        assert services.value.text == "weather:0"
        assert services.span is not None
        assert services.span.bytes() == b"services=weather:0"
    cut = dissect_token(Spelling.STANDARD.spell(raw)[:-24] + "...")
    assert [node.label.text for node in cut.children][-1] == "path"
    swapped = dissect_token(raw.replace(b"path", b"path\n" if format is Format.V1 else b"pat"))
    assert swapped.find("services").value.text == "weather:0"
    longer = dissect_token(raw + b"x", secret=True)
    signature = longer.find("signature")
    assert signature.secret
    assert signature.value.text == "‹hidden: 32 bytes›"
    assert (
        dissect_token(raw + b"x").find("signature").value.text
        == mint(b"services=weather:0", b"path=/a", format=format).signature.hex()
    )


def test_a_preimage_in_a_broken_macaroon_is_hidden() -> None:
    secret = "5e" * 32
    raw = mint(b"preimage=" + secret.encode(), b"a=b").raw
    tree, cut = dissect_token(raw[:-9].hex()), dissect_token(raw[:-50].hex())
    assert tree.secret
    assert tree.find("preimage").secret
    assert cut.secret
    assert [node.label.text for node in cut.children] == ["location", "identifier"]
    for node in (*tree.walk(), *cut.walk()):
        assert secret not in node.value.text
        assert secret.encode().hex() not in node.value.text
        assert node.span is None or node.span.buffer.secret


def test_nothing_and_too_much_are_refused() -> None:
    for text in ("", "A" * (2 * MAX_BYTES + 1), b64encode(bytes(MAX_BYTES + 1)).decode()):
        with pytest.raises(MacaroonError):
            read_token(text)
        assert dissect_token(text).mark is Mark.BAD


@pytest.mark.parametrize(
    "pasted",
    [
        f"  {TOKEN.text}\r\n",
        f'"{TOKEN.text}"',
        f"Macaroon {TOKEN.text}",
        f"Grpc-Metadata-Macaroon: {mint().raw.hex()}",
        f'macaroon="{TOKEN.text}"',
        f"'Macaroon {TOKEN.text}'\n",
        TOKEN.text.replace("=", "%3D").replace("+", "%2b").replace("/", "%2F"),
        "\n".join(TOKEN.text[at : at + 64] for at in range(0, len(TOKEN.text), 64)),
    ],
)
def test_what_a_person_pastes_is_read_and_what_was_around_it_is_said(pasted: str) -> None:
    tree = dissect_token(pasted)
    assert tree.label.text == "macaroon"
    assert tree.mark is Mark.PLAIN
    if pasted != TOKEN.text:
        assert tree.find("pasted with").value
    assert tree.copy in (pasted.encode(), TOKEN.text.encode())


@pytest.mark.parametrize(
    "pasted", [TOKEN.text[:20] + "\n" + TOKEN.text[20:], "%ZZ" + TOKEN.text, TOKEN.text + "%00"]
)
def test_what_could_mean_two_things_is_not_put_together(pasted: str) -> None:
    assert dissect_token(pasted).mark is not Mark.PLAIN

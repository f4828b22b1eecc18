"""Does the real lnd do with a narrowed macaroon what our profile of it predicts?

The rule: the file is narrowed by the program as a person does it, then our own wallet uses the
child over both lines, and the node has the last word. What the program would not write is added by
hand.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from l402tui.cli.exits import Exit
from l402tui.flow.events import PaymentSettled, PaymentUnknown
from l402tui.flow.model import WalletFacts
from l402tui.protocol.macaroon import Macaroon, Token
from l402tui.protocol.node_macaroon import read_node_identifier
from l402tui.protocol.secret import Secret
from l402tui.protocol.spelling import Spelling
from l402tui.protocol.third_party import add_question
from l402tui.protocol.verifiers import PROFILES, Target, predict
from l402tui.wallets.lnd import LndWallet
from tests.cli.command import Commands, Done

from .customer import Customer
from .network import Network
from .node import Node
from .payer import RIGHTS, Purse, intent_to_pay, over_rest, payments_of, settings
from .processes import HOST
from .watching import result

LND = PROFILES["lnd"]
LINES = {"grpc": settings, "rest": over_rest}


@pytest.fixture
def person(network: Network, tmp_path: Path) -> Iterator[Commands]:
    """Somebody with the program and no vault."""
    commands = Commands(tmp_path / "home")
    yield commands
    commands.end()


@pytest.fixture(scope="module")
def baked(alice: Node) -> bytes:
    """A macaroon that can pay."""
    return alice.client.bake_macaroon(*RIGHTS)


@pytest.fixture
def pay(baked: bytes, tmp_path: Path) -> Path:
    """Its file."""
    file = tmp_path / "whole.macaroon"
    file.touch(0o600)
    file.write_bytes(baked)
    return file


def narrow(person: Commands, parent: Path, *wishes: str) -> tuple[Macaroon, Done]:
    """What the program makes of a file, beside it; the file itself stays as it is."""
    before = parent.read_bytes()
    child = person.home.with_name("child.macaroon")
    done = person.run("attenuate", str(parent), *wishes, "--from", HOST, "-o", str(child))
    assert done.code == Exit.OK, done.err
    assert "an LND node, for its own macaroons" in done.err
    assert parent.read_bytes() == before
    assert child.stat().st_mode & 0o777 == 0o600
    return Macaroon.decode(child.read_bytes()), done


@asynccontextmanager
async def wallet(
    alice: Node, folder: Path, macaroon: Macaroon, line: str
) -> AsyncIterator[LndWallet]:
    connected = LndWallet.connect(LINES[line](alice, folder, macaroon.raw))
    try:
        yield connected
    finally:
        await connected.close()


async def facts(alice: Node, folder: Path, macaroon: Macaroon) -> dict[str, WalletFacts]:
    """What the wallet makes of the node with this macaroon, over each line."""
    found = {}
    for line in LINES:
        async with wallet(alice, folder, macaroon, line) as connected:
            found[line] = await connected.facts()
    return found


def foretold(macaroon: Macaroon) -> bool | None:
    return predict(LND, macaroon.caveats, Target(time.time(), address=HOST)).passes


# --- caveat by caveat -----------------------------------------------------------------------------

REFUSED = "not accept the macaroon"
EXPIRED = "macaroon: it has expired."
ELSEWHERE = "for another address than this one."


@pytest.mark.parametrize(
    ("wishes", "trouble"),
    [
        (("--expires", "1h"), ""),
        (("--expires", "2020-01-01"), EXPIRED),
        (("--address", "127.0.0.1"), ""),
        (("--address", "10.1.1.1"), ELSEWHERE),
        (("--caveat", "iprange 127.0.0.0/8"), ""),
        (("--caveat", "iprange 10.0.0.0/8"), ELSEWHERE),
        (("--expires", "1h", "--address", "127.0.0.1", "--caveat", "iprange 127.0.0.0/8"), ""),
        (("--caveat", "lnd-custom shop anything"), REFUSED),
        (("--caveat", "agent anna"), REFUSED),
        (("--caveat", "services=weather:0"), REFUSED),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
async def test_what_the_program_adds_is_enforced_over_both_lines(
    person: Commands, alice: Node, pay: Path, tmp_path: Path, wishes: tuple[str, ...], trouble: str
) -> None:
    child, done = await asyncio.to_thread(narrow, person, pay, *wishes, "--for", "lnd")
    assert foretold(child) is (not trouble)
    assert f"GET /: {'no' if trouble else 'yes'}." in done.err
    for line, seen in (await facts(alice, tmp_path, child)).items():
        assert seen.ready is (not trouble), line
        assert trouble in str(seen.trouble or ""), line


UNTIL = b"time-before "
# What is added by hand, whether it can be told, and whether the node takes it.
TABLE: list[tuple[tuple[bytes, ...], bool | None, bool]] = [
    ((UNTIL + b"2099-01-01T00:00:00+02:00",), True, True),
    ((UNTIL + b"2099-01-01T00:00:00.1234567891Z",), True, True),
    ((UNTIL + b"2099-01-01 00:00:00Z",), False, False),
    ((UNTIL + b"2099-01-01t00:00:00z",), False, False),
    ((UNTIL + b"2099-01-01T00:00:00",), False, False),
    ((UNTIL + b"2099-02-30T00:00:00Z",), False, False),
    ((UNTIL + b"4070908800",), False, False),
    ((UNTIL,), False, False),
    ((b"time-before",), False, False),
    ((b"time-before=2099-01-01T00:00:00Z",), False, False),
    ((UNTIL + b"2098-01-01T00:00:00Z", UNTIL + b"2099-01-01T00:00:00Z"), True, True),
    ((UNTIL + b"2020-01-01T00:00:00Z", UNTIL + b"2099-01-01T00:00:00Z"), False, False),
    ((b"ipaddr 127.0.0.1", b"ipaddr 127.0.0.1"), True, True),
    ((b"ipaddr 127.0.0.1", b"ipaddr 10.1.1.1"), False, False),
    ((b"ipaddr 127.0.0.1,10.1.1.1",), False, False),
    ((b"ipaddr  127.0.0.1",), False, False),
    ((b"ipaddr ::1",), False, False),
    ((b"ipaddr ::ffff:127.0.0.1",), None, True),
    ((b"iprange 127.0.0.1/8",), True, True),
    ((b"iprange 127.0.0.1",), False, False),
    ((b"iprange 127.0.0.0/255.0.0.0",), False, False),
    ((b"iprange ::/0",), False, False),
    ((b"iprange ::ffff:127.0.0.0/104",), None, True),
    ((b"iprange 10.0.0.0/8", b"iprange 127.0.0.0/8"), False, False),
    ((b"lnd-custom",), False, False),
    ((b"a = b",), False, False),
    ((b"agent",), False, False),
    ((b"",), False, False),
    ((b"error whatever",), False, False),
    ((b"declared user anna",), None, True),
    ((b"declared user anna", b"declared user ben"), None, False),
]


def by_hand(whole: bytes, caveats: Sequence[bytes]) -> Macaroon:
    macaroon = Macaroon.decode(whole)
    for caveat in caveats:
        macaroon = macaroon.with_caveat(caveat)
    return macaroon


@pytest.mark.parametrize(
    ("caveats", "told", "taken"),
    TABLE,
    ids=[b" + ".join(caveats).decode() for caveats, _, _ in TABLE],
)
async def test_the_node_does_what_was_predicted(
    alice: Node,
    baked: bytes,
    tmp_path: Path,
    caveats: tuple[bytes, ...],
    told: bool | None,
    taken: bool,
) -> None:
    child = by_hand(baked, caveats)
    assert foretold(child) is told
    assert told in (None, taken)
    seen = await facts(alice, tmp_path, child)
    assert {line: each.ready for line, each in seen.items()} == {"grpc": taken, "rest": taken}


async def test_a_third_party_caveat_breaks_the_macaroon(
    alice: Node, baked: bytes, tmp_path: Path
) -> None:
    token = Token(baked.hex(), Spelling.HEX, Macaroon.decode(baked))
    key = Secret(b"k" * 32)
    asking = add_question(token, location="https://anna.example", question=b"who?", key=key)
    assert foretold(asking.macaroon) is False
    seen = await facts(alice, tmp_path, asking.macaroon)
    assert [each.ready for each in seen.values()] == [False, False]


def test_every_row_of_the_profile_is_held_against_the_node() -> None:
    words = {caveats[0].split(b" ")[0].decode() for caveats, _, _ in TABLE}
    assert {row.word for row in LND.rows} <= words


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 has to be set up")
def test_over_rest_the_node_sees_its_own_gateway(alice: Node, baked: bytes) -> None:
    """Whoever asks comes from 127.0.0.2, which only the gateway knows."""
    trust = ssl.create_default_context(cafile=str(alice.tls))
    line = httpx.HTTPTransport(verify=trust, local_address="127.0.0.2")
    with httpx.Client(transport=line, trust_env=False) as client:
        seen = {}
        for address in ("127.0.0.1", "127.0.0.2"):
            child = by_hand(baked, [f"ipaddr {address}".encode()])
            headers = {"Grpc-Metadata-macaroon": child.raw.hex()}
            seen[address] = client.get(f"{alice.rest}/v1/getinfo", headers=headers).status_code
    assert seen == {"127.0.0.1": 200, "127.0.0.2": 500}
    assert any("own gateway" in note for note in LND.notes)


# --- a wallet for somebody else -------------------------------------------------------------------


@pytest.mark.parametrize("line", LINES)
async def test_a_narrowed_macaroon_still_pays(
    person: Commands, alice: Node, bob: Node, pay: Path, tmp_path: Path, line: str
) -> None:
    wishes = ("--expires", "1h", "--address", "127.0.0.1")
    child, _ = await asyncio.to_thread(narrow, person, pay, *wishes)
    invoice = bob.client.add_invoice(100)
    async with wallet(alice, tmp_path, child, line) as connected:
        paid = await result(connected.pay(intent_to_pay(alice, invoice)))
    assert isinstance(paid, PaymentSettled)
    assert paid.preimage.reveal() == invoice.preimage
    assert [each.status for each in payments_of(alice, invoice.payment_hash)] == ["SUCCEEDED"]


@pytest.mark.parametrize("line", LINES)
async def test_an_expired_macaroon_pays_nothing_and_says_why(
    alice: Node, bob: Node, baked: bytes, tmp_path: Path, line: str
) -> None:
    child = by_hand(baked, [UNTIL + b"2020-01-01T00:00:00Z"])
    invoice = bob.client.add_invoice(100)
    async with wallet(alice, tmp_path, child, line) as connected:
        failed = await result(connected.pay(intent_to_pay(alice, invoice)))
    # It may not look after payments any more either, so it claims nothing about this one.
    assert isinstance(failed, PaymentUnknown)
    assert EXPIRED in str(failed.why)
    assert not failed.ask_again
    assert payments_of(alice, invoice.payment_hash) == []


def test_the_program_says_so_before_anything_is_paid(
    network: Network, alice: Node, baked: bytes, tmp_path: Path
) -> None:
    child = by_hand(baked, [UNTIL + b"2020-01-01T00:00:00Z"])
    customer = Customer(tmp_path / "home", settings(alice, tmp_path, child.raw))
    purse = Purse(alice)
    done = customer.buy(network.url("weather"))
    assert done.code == Exit.REFUSED
    assert EXPIRED in " ".join(done.err.split())
    assert "No money was spent." in done.err
    assert purse.payments == []


def test_the_nodes_own_file_is_narrowed_beside_it_and_read(person: Commands, alice: Node) -> None:
    """The verifier is known from the macaroon itself, and what it may do is said."""
    child, done = narrow(person, alice.macaroon, "--expires", "1h")
    assert child.caveats[-1].cid.startswith(UNTIL)
    assert "A node's macaroon is not kept in the vault" in done.err
    whole = Macaroon.decode(alice.macaroon.read_bytes())
    assert child.identifier == whole.identifier
    seen = person.run("inspect", str(person.home.with_name("child.macaroon")))
    assert seen.code == Exit.OK, seen.err
    words = " ".join(seen.out.decode().split())
    for permission in read_node_identifier(whole.identifier).permissions:
        assert permission.entity.decode() in words
    assert "pay over Lightning" in words
    assert "can move money" in words
    assert child.caveats[-1].cid.decode() in words


def test_nothing_is_written_over_the_parent(person: Commands, pay: Path) -> None:
    before = pay.read_bytes()
    done = person.run("attenuate", str(pay), "--expires", "1h", "-o", str(pay))
    assert done.code == Exit.USAGE
    assert "left alone" in done.err
    assert pay.read_bytes() == before


def test_longer_than_its_parent_is_refused(person: Commands, pay: Path) -> None:
    narrow(person, pay, "--expires", "1h")
    child = person.home.with_name("child.macaroon")
    done = person.run("attenuate", str(child), "--expires", "2h")
    assert (done.code, done.out) == (Exit.USAGE, b"")
    assert "ends later than before" in done.err

"""What is a person's program set against, when a server, a network or a wallet means harm?

The real command line runs in this process: its vault is a file, its requests go over sockets, and
its wallet speaks LND's REST to a node that keeps the list of everything it was asked to pay. Only
the Internet's names, the passing of time and the person at the terminal are ours. A case asserts
three things: how often the wallet was asked to send (:attr:`World.sends`), what a server heard
(:attr:`Shop.heard`), and what the person read (:attr:`Told.text`).
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from io import StringIO
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO, TypeVar

import httpcore
import pytest
import trustme
from coincurve import PrivateKey

from l402tui.__main__ import main
from l402tui.flow.model import Intent
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.macaroon import Macaroon
from l402tui.vault import SqliteVault
from l402tui.web import transport
from l402tui.wiring import Session, SystemClock, open_session
from tests.protocol.invoice_writer import FieldSpec, bits, number, quintets, write
from tests.wallets.lnd_fake import FAILED, IN_FLIGHT, SUCCEEDED, Abort, payment
from tests.wallets.lnd_fake import settings as lnd_files
from tests.wallets.lnd_rest_fake import RestNode

T = TypeVar("T")

AUTHORITY: Final = trustme.CA()
NODE_CERTIFICATE: Final = AUTHORITY.issue_cert("127.0.0.1")
SELLER: Final = PrivateKey(sha256(b"whoever sells on this street").digest())
ROOT_KEY: Final = b"the shop's root key"
GOODS: Final = b'{"weather": "sunny"}\n'
FEE: Final = 1_000
"""msat that the node takes for each payment."""


# --- bills ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bill:
    """One challenge, with what only its seller knows."""

    token: str
    invoice: str
    preimage: bytes
    payment_hash: bytes

    @property
    def challenge(self) -> str:
        """The value of ``WWW-Authenticate``."""
        return f'L402 macaroon="{self.token}", invoice="{self.invoice}"'

    @property
    def authorization(self) -> str:
        """What a customer who has paid sends."""
        return f"L402 {self.token}:{self.preimage.hex()}"


def token_for(payment_hash: bytes, *caveats: bytes, location: bytes = b"lsat") -> str:
    """A token that commits to this hash, as base64."""
    identifier = bytes(2) + payment_hash + sha256(b"token id" + payment_hash).digest()
    minted = Macaroon.mint(ROOT_KEY, identifier, location, caveats or (b"services=weather:0",))
    return base64.b64encode(minted.raw).decode()


_preimages: Final = (sha256(b"preimage %d" % n).digest() for n in count())


def bill(
    amount: str = "100n",
    *,
    network: str = "bcrt",
    description: bytes = b"Weather report",
    caveats: Sequence[bytes] = (),
    token: str | None = None,
    cltv: int = 80,
    expiry: int = 3_600,
    age: int = 5,
    features: tuple[int, ...] = (8, 14),
    more: Sequence[FieldSpec] = (),
    fields: Sequence[FieldSpec] | None = None,
    key: PrivateKey = SELLER,
    preimage: bytes | None = None,
    **odd: Any,
) -> Bill:
    """A bill over ``amount`` as BOLT-11 writes it (``100n`` is 10 sat), made ``age`` seconds ago.

    ``more`` are further fields, ``fields`` replaces all of them, ``odd`` goes to the writer.
    """
    preimage = preimage or next(_preimages)
    payment_hash = sha256(preimage).digest()
    usual: list[FieldSpec] = [
        ("p", quintets(payment_hash)),
        ("s", quintets(sha256(b"secret" + payment_hash).digest())),
        ("d", quintets(description)),
        ("x", number(expiry)),
        ("c", number(cltv)),
        ("9", bits(*features)),
        *more,
    ]
    text = write(
        *(usual if fields is None else fields),
        prefix=f"ln{network}{amount}",
        key=key,
        created=int(time.time() + Hurried.later) - age,
        **odd,
    )
    token = token_for(payment_hash, *caveats) if token is None else token
    return Bill(token, text, preimage, payment_hash)


# --- servers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    raw: bytes
    number: int
    """How many came before it."""

    @property
    def method(self) -> str:
        return self.raw.split(b" ", 1)[0].decode()

    @property
    def target(self) -> str:
        return self.raw.split(b" ", 2)[1].decode()

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case name; of several the last."""
        lines = self.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        pairs = (line.decode("latin-1").partition(":") for line in lines)
        return {name.lower(): value.strip() for name, _, value in pairs}

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


class Cut:
    """The connection is reset here."""


@dataclass(frozen=True)
class Drip:
    """These bytes, one every ``seconds``, for as long as anybody listens."""

    data: bytes
    seconds: float = 0.05
    endless: bool = False


Reply = bytes | Iterable[bytes | Cut | Drip]


def answer(
    status: int = 200, body: bytes = GOODS, *headers: tuple[str, str], length: int | None = None
) -> bytes:
    """A whole answer. ``length`` is what it claims to be."""
    lines = [f"HTTP/1.1 {status} Reason", *(f"{name}: {value}" for name, value in headers)]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode("latin-1", "surrogateescape") + b"\r\n\r\n" + body


def wants(bill: Bill, *headers: tuple[str, str], body: bytes = b"payment required\n") -> bytes:
    """The 402 of a bill."""
    return answer(402, body, ("WWW-Authenticate", bill.challenge), *headers)


class Shop:
    """A server of the street. :attr:`reply` makes each answer; :attr:`heard` is what came."""

    def __init__(self, name: str, scheme: str) -> None:
        self.name = name
        self.scheme = scheme
        self.port = 0
        self.heard: list[Asked] = []
        self.reply: Callable[[Asked], Reply] = lambda asked: answer()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"{self.scheme}://{self.name}"

    def sells(self, bill: Bill, *, then: Callable[[Asked], Reply] | None = None) -> Bill:
        """Ask for the bill until its credential comes; ``then`` makes the answer to that."""

        def reply(asked: Asked) -> Reply:
            if asked.authorization == bill.authorization:
                return answer() if then is None else then(asked)
            return wants(bill)

        self.reply = reply
        return bill

    def says(self, reply: Reply) -> None:
        """The same answer to everything."""
        self.reply = lambda asked: reply

    @property
    def credentials(self) -> list[str]:
        """The Authorization header of each request that had one."""
        return [asked.authorization for asked in self.heard if asked.authorization]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                asked = Asked(head, len(self.heard))
                length = int(asked.headers.get("content-length", 0))
                asked = Asked(head + await reader.readexactly(length), len(self.heard))
                self.heard.append(asked)
                reply = self.reply(asked)
                for part in [reply] if isinstance(reply, bytes) else reply:
                    await _write(writer, part)
                if not isinstance(reply, bytes) or b"Content-Length" not in reply:
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the customer has gone, or the case is over
        finally:
            writer.close()


async def _write(writer: asyncio.StreamWriter, part: bytes | Cut | Drip) -> None:
    match part:
        case Cut():
            await writer.drain()
            writer.transport.abort()
        case Drip(data, seconds, endless):
            while True:
                for byte in data:
                    writer.write(bytes((byte,)))
                    await writer.drain()
                    await asyncio.sleep(seconds)
                if not endless:
                    break
        case _:
            writer.write(part)
            await asyncio.sleep(0)  # or a server without end would not see that nobody is there
            await writer.drain()


# --- the node ------------------------------------------------------------------------------------


class ShopNode(RestNode):
    """An LND node that can reach every seller of the street, and knows what it has paid.

    A script in ``sends`` or ``tracks`` goes before what it would say by itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Bill] = {}
        self.paid: dict[bytes, Bill] = {}

    def knows(self, *bills: Bill) -> None:
        """These can be paid."""
        self.known |= {bill.invoice.lower(): bill for bill in bills}

    def _script(self, name: str, request: Any) -> list[Any]:
        if name == "SendPaymentV2":
            return self.sends.popleft() if self.sends else self._pay(request)
        if request.payment_hash == bytes(32):
            return self.trial
        if self.tracks:
            return self.tracks.popleft()
        bill = self.paid.get(request.payment_hash)
        return [_done(bill)] if bill else [Abort("NOT_FOUND", "payment isn't initiated")]

    def _pay(self, request: Any) -> list[Any]:
        bill = self.known.get(request.payment_request.lower())
        if bill is None:  # no route leads there
            named = Invoice.decode(request.payment_request).payment_hash.hex()
            return [payment(FAILED, failure_reason=2, payment_hash=named)]
        if bill.payment_hash in self.paid:
            return [Abort("ALREADY_EXISTS", "invoice is already paid")]
        self.paid[bill.payment_hash] = bill
        return [payment(IN_FLIGHT, payment_hash=bill.payment_hash.hex()), _done(bill)]


def _done(bill: Bill) -> Any:
    named = bill.payment_hash.hex()
    return payment(SUCCEEDED, bill.preimage.hex(), payment_hash=named, fee_msat=FEE)


# --- what is ours: names, time, the person --------------------------------------------------------


class Street(httpcore.AsyncNetworkBackend):
    """Every name leads to a public address, and every public address to a shop on loopback."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.ports: dict[tuple[str, int], int] = {}
        self.resolved: list[str] = []
        self.dialed: list[tuple[str, int]] = []
        self._real = httpcore.AnyIOBackend()

    def opens(self, name: str, port: int, real: int) -> None:
        """From now on ``name:port`` is that port of this machine."""
        (address,) = self.names.setdefault(name, [f"11.22.33.{len(self.names) + 1}"])
        self.ports[address, port] = real

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a name."""
        self.resolved.append(host)
        if host not in self.names:
            raise OSError(f"{host} is not known here")
        return self.names[host]

    async def connect_tcp(self, host: str, port: int, *args: Any, **more: Any) -> Any:
        """Connect to the shop with this address."""
        self.dialed.append((host, port))
        if (host, port) in self.ports:
            return await self._real.connect_tcp("127.0.0.1", self.ports[host, port])
        if host == "127.0.0.1":
            return await self._real.connect_tcp(host, port)
        raise httpcore.ConnectError("refused") from ConnectionRefusedError("refused")


class Hurried:
    """The real time without its pauses; ``later`` is how far ahead it is, in seconds."""

    later: float = 0.0
    slept: list[float] = []  # noqa: RUF012 - made anew for every world

    def now(self) -> float:
        """Unix seconds."""
        return time.time() + type(self).later

    async def sleep(self, seconds: float) -> None:
        """The time passes at once."""
        type(self).slept.append(seconds)
        type(self).later += seconds
        await asyncio.sleep(0)


class Person:
    """Somebody at the terminal, who answers each question with the next of these words."""

    def __init__(self, *words: str) -> None:
        self.words = list(words)
        self.out: TextIO = StringIO()
        self.size = (100, 40)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def write(self, lines: Iterable[str]) -> None:
        """Read by the person."""
        for line in lines:
            print(line, file=self.out)

    async def ask(self, question: str, *, hidden: bool = False) -> str:
        """The next answer; an unexpected question gets none."""
        print(question, file=self.out)
        return self.words.pop(0) if self.words else ""

    @property
    def read(self) -> str:
        """All that was on the terminal."""
        assert isinstance(self.out, StringIO)
        return self.out.getvalue()


# --- all together --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What came of a command."""

    code: int
    out: bytes
    err: str
    terminal: str = ""

    @property
    def text(self) -> str:
        """What the person read, in one line."""
        return " ".join(f"{self.terminal} {self.err}".split())


@dataclass
class World:
    """One person, one vault, one node, and a street of shops."""

    home: Path
    street: Street
    node: ShopNode
    loop: Loop
    output: pytest.CaptureFixture[bytes]
    monkeypatch: pytest.MonkeyPatch
    _shops: list[asyncio.Server] = field(default_factory=list)

    @property
    def sends(self) -> int:
        """How often the wallet was asked to pay."""
        return len(self.node.requests("SendPaymentV2"))

    @property
    def paid(self) -> list[str]:
        """The states of all payments that the vault knows, oldest first."""
        with SqliteVault.open(self.home) as vault:
            return [intent.state.value for intent in vault.payments(every=True)]

    @property
    def intents(self) -> Sequence[Intent]:
        """All payments that the vault knows, oldest first."""
        with SqliteVault.open(self.home) as vault:
            return vault.payments(every=True)

    def real_time(self) -> None:
        """Pauses last as long as they say: for runs that wait for each other."""
        self.monkeypatch.setattr("l402tui.wiring.SystemClock", SystemClock)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        Hurried.later += seconds

    @property
    def pauses(self) -> list[float]:
        """How long the program would have waited, each time."""
        return Hurried.slept

    def bill(self, amount: str = "100n", **more: Any) -> Bill:
        """A bill that the node can pay; see :func:`bill`."""
        made = bill(amount, **more)
        self.node.knows(made)
        return made

    def shop(
        self, name: str = "shop.example", *, tls: bool = True, port: int | None = None
    ) -> Shop:
        """Open a shop: at ``https://name``, or without ``tls`` at ``http://name``."""
        shop = Shop(name, "https" if tls else "http")
        context: ssl.SSLContext | None = None
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            AUTHORITY.issue_cert(name).configure_cert(context)

        async def start() -> asyncio.Server:
            return await asyncio.start_server(shop.serve, "127.0.0.1", 0, ssl=context)

        server = self.loop.run(start())
        self._shops.append(server)
        shop.port = server.sockets[0].getsockname()[1]
        self.street.opens(name, port or (443 if tls else 80), shop.port)
        return shop

    def local_shop(self) -> Shop:
        """A shop on this machine, as a person would type it: ``http://127.0.0.1:port``."""
        shop = self.shop("local.example", tls=False)
        shop.name = f"127.0.0.1:{shop.port}"
        return shop

    def settings(self, text: str = "", *, limits: str = "") -> None:
        """Write settings.toml: these lines, the node's, and these limits."""
        node = lnd_files(self.home, self.node.address, NODE_CERTIFICATE)
        lines = [
            text,
            f"[lnd]\nrpcserver = '{node.rpcserver}'\ntlscertpath = '{node.tlscertpath}'",
            f"macaroonpath = '{node.macaroonpath}'\ntimeout_seconds = {node.timeout_seconds}",
            f"[limits]\n{limits}",
        ]
        (self.home / "settings.toml").write_text("\n".join(lines))

    def run(self, *arguments: str, person: Sequence[str] | None = None) -> Told:
        """Run a command to its end. ``person`` types these words; without it nobody is there."""
        who = None if person is None else Person(*person)
        self.monkeypatch.setattr("l402tui.cli.terminal.Terminal.open", lambda: who)
        self.output.readouterr()
        try:
            code = main(arguments)
        except SystemExit as error:  # what argparse does with words it does not know
            code = error.code if isinstance(error.code, int) else 1
        sys.stdout.flush()
        got = self.output.readouterr()
        return Told(code, got.out, got.err.decode(), who.read if who else "")

    def get(self, url: str, *arguments: str, person: Sequence[str] | None = None) -> Told:
        """``l402tui get``: with ``--yes``, or with a person who is asked."""
        chosen = ("--yes",) if person is None else ()
        return self.run("get", url, "--wallet", "lnd", *chosen, *arguments, person=person)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """What ``get`` would use, for a case that runs flows of its own."""
        from l402tui.settings import load

        async with open_session(load(), "lnd") as opened:
            yield opened

    def close(self) -> None:
        """Every shop closes."""
        for server in self._shops:
            self.loop.run(_stopped(server))


async def _stopped(server: asyncio.Server) -> None:
    server.close()


class Loop:
    """An event loop in a thread of its own, in which the servers live."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="street", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it there and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        """End whatever is still under way, and the thread."""
        self.run(self._end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end_tasks(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def opened(
    home: Path, monkeypatch: pytest.MonkeyPatch, output: pytest.CaptureFixture[bytes]
) -> Iterator[World]:
    """A new world."""
    home.mkdir(mode=0o700)
    street, node, loop = Street(), ShopNode(), Loop()
    trusted = ssl.create_default_context()
    AUTHORITY.configure_trust(trusted)
    ways = partial(transport.HttpTransport, tls=trusted, resolve=street.resolve, dial=street)
    monkeypatch.setattr(transport, "HttpTransport", ways)
    monkeypatch.setattr("l402tui.wiring.SystemClock", Hurried)
    monkeypatch.setattr(Hurried, "later", 0.0)
    monkeypatch.setattr(Hurried, "slept", [])
    monkeypatch.setenv("L402TUI_HOME", str(home))
    world = World(home, street, node, loop, output, monkeypatch)
    try:
        loop.run(node.start(NODE_CERTIFICATE))
        world.settings()
        yield world
    finally:
        world.close()
        loop.run(_node_stopped(node))
        loop.close()


async def _node_stopped(node: ShopNode) -> None:
    await node.stop()

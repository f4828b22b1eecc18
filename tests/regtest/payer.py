"""How does a test pay a real invoice with the program's own LND wallet?

The rule: the wallet gets what a person would give it, an address and two files, and the rights of a
macaroon that is just enough; what happened is then asked of the node, with `Node.client`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from l402tui.flow.model import Intent, IntentState, Request
from l402tui.protocol.amount import Msat
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.settings import LndSettings

from .lnd_client import Invoice, Payment
from .node import Node

RIGHTS = (
    "/routerrpc.Router/SendPaymentV2",
    "/routerrpc.Router/TrackPaymentV2",
    "/lnrpc.Lightning/GetInfo",
    "/lnrpc.Lightning/ChannelBalance",
)
"""What the wallet needs, and nothing else."""


def settings(
    node: Node, folder: Path, macaroon: bytes | None = None, *, search_s: int = 15
) -> LndSettings:
    """Return what a person would write to use the node.

    Args:
        node: whose address and certificate.
        folder: where the macaroon file is put, readable for its owner only.
        macaroon: its rights; those of `RIGHTS` where not given.
        search_s: how long the node looks for routes.
    """
    path = folder / "pay.macaroon"
    path.touch(0o600)
    path.write_bytes(macaroon or node.client.bake_macaroon(*RIGHTS))
    return LndSettings(node.rpc, str(node.tls), str(path), search_s)


def over_rest(
    node: Node, folder: Path, macaroon: bytes | None = None, *, search_s: int = 15
) -> LndSettings:
    """Return what a person would write to use the node's REST; see `settings`."""
    return replace(settings(node, folder, macaroon, search_s=search_s), rpcserver=node.rest)


def intent_to_pay(node: Node, invoice: Invoice, fee_cap_msat: int = 2000) -> Intent:
    """Return the intent to pay an invoice through a node, as the vault would hold it."""
    asked = node.client.decode(invoice.bolt11)
    now = time.time()
    return Intent(
        payment_hash=invoice.payment_hash,
        state=IntentState.SENDING,
        request=Request(Url.parse("https://shop.example/")),
        scheme="L402",
        token=Secret("token"),
        invoice=invoice.bolt11,
        amount=Msat(asked.amount_msat),
        fee_cap=Msat(fee_cap_msat),
        wallet=f"lnd:{node.pubkey}",
        created=now,
        expires=now + asked.expiry_s,
    )


def payments_of(node: Node, payment_hash: bytes) -> list[Payment]:
    """Return what the node's own list has for a hash."""
    return [each for each in node.client.payments() if each.payment_hash == payment_hash]


class Purse:
    """What a node has begun to pay since this was made, by its own list."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._before = len(node.client.payments())

    @property
    def payments(self) -> list[Payment]:
        """Return them, oldest first."""
        return self._node.client.payments()[self._before :]

    @property
    def states(self) -> list[str]:
        """Return how each of them stands."""
        return [each.status for each in self.payments]


@dataclass(frozen=True)
class Person:
    """Somebody with a home folder and a node, who runs the program."""

    home: Path
    lnd: LndSettings

    def environment(self) -> dict[str, str]:
        """Return the environment the person's programs run in."""
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
        return {
            **kept,
            "L402TUI_HOME": str(self.home),
            "LNCLI_RPCSERVER": self.lnd.rpcserver,
            "LNCLI_TLSCERTPATH": self.lnd.tlscertpath,
            "LNCLI_MACAROONPATH": self.lnd.macaroonpath,
        }

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start ``l402tui`` with these arguments and return at once."""
        return self._start([sys.executable, "-m", "l402tui", *words])

    def run(self, *words: str) -> "Ran":
        """Run ``l402tui`` with these arguments to its end."""
        return finished(self.start(*words))

    def run_script(self, source: str, *words: str) -> "Ran":
        """Run some Python to its end, with the person's environment."""
        return finished(self._start([sys.executable, "-c", source, *words]))

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            env=self.environment(),
            cwd=self.home.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@dataclass(frozen=True)
class Ran:
    """How a program ended: its exit code (minus the signal, where it was killed) and its words."""

    code: int
    data: bytes
    words: str


def finished(process: subprocess.Popen[bytes], timeout_s: float = 60) -> Ran:
    """Wait until a program has ended; one that does not is killed."""
    try:
        data, words = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Ran(process.returncode, data, words.decode())

"""What is the real network, as a whole?

The rule: `Network.start` returns when a payment would succeed, and `Network.stop` returns when no
process is left. Everything is inside one folder and on 127.0.0.1::

    alice --(10,000,000 sat)--> carol --(10,000,000 sat)--> bob <-- aperture --> a small service
    pays                        routes, for a fee           is paid

Each channel's far end starts with 1,000,000 sat of it.

``python -m tests.regtest.network`` starts one, prints where everything is, and keeps it up until
Enter is pressed: for trying things by hand.
"""

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .aperture import SERVICES, Aperture, PaidService
from .build import HOW_TO_GET, Binaries, binaries
from .chain import Chain
from .node import Node
from .processes import wait_until
from .service import RecordingService, SeenRequest

__all__ = ["SERVICES", "Network", "Node", "PaidService", "SeenRequest"]

CAPACITY_SAT = 10_000_000
PUSHED_SAT = 1_000_000


class Network:
    """btcd, three lnd nodes in a line, and aperture in front of a recording service.

    Args:
        programs: the binaries, see `build.binaries`.
        folder: an empty folder for everything the network writes.

    Attributes:
        chain: btcd; `chain.mine()` adds a block.
        alice: the node that pays.
        carol: the node in between; she takes 1 sat and a millionth.
        bob: the node that aperture issues its invoices through.
        nodes: all three.
        aperture: the proxy's process and address.
        service: what is behind aperture; `service.requests` is what reached it.
    """

    def __init__(self, programs: Binaries, folder: Path) -> None:
        self.folder = folder
        self.service = RecordingService()
        self.chain = Chain(programs.btcd, folder / "btcd")
        self.alice, self.carol, self.bob = self.nodes = (
            Node("alice", programs.lnd, folder / "alice", self.chain),
            Node("carol", programs.lnd, folder / "carol", self.chain),
            Node("bob", programs.lnd, folder / "bob", self.chain),
        )
        self.aperture = Aperture(
            programs.aperture, folder / "aperture", self.bob, self.service.address
        )

    @property
    def aperture_url(self) -> str:
        """Where clients ask, without a trailing slash."""
        return self.aperture.url

    def url(self, service: str, path: str = "") -> str:
        """Return the address of a service, or of something below it.

        Args:
            service: a name in the price list, `SERVICES`.
            path: what follows the service's own path, such as "/today?status=503".
        """
        return f"{self.aperture.url}{SERVICES[service].path}{path}"

    def start(self) -> None:
        """Start everything and wait until alice can pay bob.

        Raises:
            NetworkError: something did not come up; the end of its log is in the text. What had
                been started is ended.
        """
        try:
            self.service.start()
            self.chain.start()
            for node in self.nodes:
                node.launch()
            for node in self.nodes:
                node.wait_until_ready()
            self.aperture.launch()
            self._fund()
            self._open_channels()
            self.aperture.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything and wait until it is gone. Nothing is kept, so nothing is asked nicely."""
        self.aperture.process.kill()
        for node in self.nodes:
            node.kill()
        self.chain.stop()
        self.service.stop()

    def restart_bob(self) -> None:
        """Restart the node that is paid, and then aperture, which ends when its node does."""
        self.bob.restart()
        self.aperture.restart()

    def mend(self) -> None:
        """Bring back whatever a test left stopped, killed or frozen."""
        for node in self.nodes:
            node.process.thaw()
        gone = [node for node in self.nodes if not node.process.running]
        for node in gone:
            node.restart()
        if gone:
            for node in self.nodes:
                node.wait_until_ready()
        if self.bob in gone or not self.aperture.process.running:
            self.aperture.restart()

    def __enter__(self) -> "Network":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _fund(self) -> None:
        """Give every node coins on the chain."""
        self.chain.fund([node.client.new_address() for node in self.nodes])
        for node in self.nodes:
            node.process.wait_until("its coins are confirmed", node.client.confirmed_sat)

    def _open_channels(self) -> None:
        """Open alice -> carol and carol -> bob, and wait until alice knows the whole way."""
        ends = ((self.alice, self.carol), (self.carol, self.bob))
        with ThreadPoolExecutor() as both:
            list(both.map(lambda pair: _open_channel(*pair), ends))
        self.chain.mine(6)  # announced to others only six blocks deep
        for node, channels in ((self.alice, 1), (self.carol, 2), (self.bob, 1)):
            node.wait_for_channels(channels)
        for node in self.nodes:
            _wait_for_graph(node, len(ends))


def _open_channel(funder: Node, peer: Node) -> None:
    funder.client.connect(peer.pubkey, peer.peer)
    # The peers tell each other a moment later that they have seen the newest block.
    wait_until(
        f"{funder.name} opens a channel to {peer.name}",
        lambda: funder.client.open_channel(peer.pubkey, CAPACITY_SAT, PUSHED_SAT),
    )


def _wait_for_graph(node: Node, channels: int) -> None:
    node.process.wait_until(
        f"it knows {channels} channels and their fees",
        lambda: node.client.announced_channels() == channels,
    )


def _main() -> int:
    programs = binaries()
    if programs is None:
        print(HOW_TO_GET, file=sys.stderr)
        return 1
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="l402tui-regtest-") as folder,
        Network(programs, Path(folder)) as network,
    ):
        print(f"up after {time.monotonic() - started:.1f} s")
        for service in SERVICES.values():
            print(f"{network.url(service.name)}  {service.price_sat} sat")
        for node in network.nodes:
            print(f"{node.name}: {node.rpc}  {node.rest}\n  {node.tls}\n  {node.macaroon}")
        input("Enter ends it: ")
    return 0


if __name__ == "__main__":
    raise SystemExit(_main())

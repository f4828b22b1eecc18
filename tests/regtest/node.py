"""What is one Lightning node of the network, from a test's point of view?

The rule: everything a wallet needs to know is an attribute (`rpc`, `rest`, `tls`, `macaroon`), what
a test wants to ask goes through `client`, and what can happen to a node in real life (restart,
power cut, hanging) is one method each, which returns when the node is usable again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .chain import Chain
from .lnd_client import LndClient
from .processes import HOST, Process, free_ports

# What forwarding costs. Only the middle node of a route takes it, so alice pays it to carol.
BASE_FEE_MSAT = 1000
FEE_RATE_PPM = 1


class Node:
    """An lnd node on the regtest chain.

    Attributes:
        name: alice, carol or bob.
        rpc: host and port of its gRPC server.
        rest: address of its REST server, with the scheme.
        peer: host and port where other nodes connect.
        tls: its tls.cert, for both servers.
        macaroon: its admin.macaroon.
        folder: where all its files are.
        process: the running lnd: its pid, its log.
    """

    def __init__(self, name: str, binary: Path, folder: Path, chain: Chain) -> None:
        folder.mkdir(parents=True)
        rpc_port, rest_port, peer_port = free_ports(3)
        self.name = name
        self.folder = folder
        self.rpc = f"{HOST}:{rpc_port}"
        self.rest = f"https://{HOST}:{rest_port}"
        self.peer = f"{HOST}:{peer_port}"
        self.tls = folder / "tls.cert"
        self.macaroon = folder / "data" / "chain" / "bitcoin" / "regtest" / "admin.macaroon"
        self.pubkey = ""
        self._channels = 0
        self._client: LndClient | None = None
        self.process = Process(
            name,
            [
                str(binary),
                f"--lnddir={folder}",
                f"--alias={name}",
                "--noseedbackup",
                "--bitcoin.regtest",
                "--bitcoin.node=btcd",
                f"--btcd.rpchost={chain.rpc}",
                f"--btcd.rpcuser={chain.user}",
                f"--btcd.rpcpass={chain.password}",
                f"--btcd.rpccert={chain.cert}",
                f"--listen={self.peer}",
                f"--rpclisten={self.rpc}",
                f"--restlisten={HOST}:{rest_port}",
                f"--tlsextraip={HOST}",
                "--nobootstrap",
                "--trickledelay=50",
                "--gossip.sub-batch-delay=20ms",
                "--bitcoin.defaultchanconfs=1",
                f"--bitcoin.basefee={BASE_FEE_MSAT}",
                f"--bitcoin.feerate={FEE_RATE_PPM}",
                "--debuglevel=warn",
            ],
            folder,
        )

    @property
    def client(self) -> LndClient:
        """A connection to the node with all rights."""
        if self._client is None:
            self._client = self.connect()
        return self._client

    def connect(self, macaroon: Path | bytes | None = None, *, timeout_s: float = 10) -> LndClient:
        """Return another connection, for a ``with`` block or to be closed by the caller.

        Args:
            macaroon: whose rights it has; all rights where not given.
            timeout_s: how long one ordinary call may take.
        """
        return LndClient(self.rpc, self.tls, macaroon or self.macaroon, timeout_s)

    def launch(self) -> None:
        """Start lnd and return at once; `wait_until_ready` waits."""
        self.process.start()

    def wait_until_ready(self) -> None:
        """Wait until the node answers, knows the newest block, and its channels are usable."""
        self.process.wait_until("it answers and is synced to the chain", self._synced, 60)
        self.wait_for_channels(self._channels)

    def wait_for_channels(self, count: int) -> None:
        """Wait until this many channels are active; after a restart wait for as many again."""
        self._channels = count
        self.process.wait_until(
            f"{count} of its channels are active",
            lambda: sum(each.active for each in self.client.channels()) >= count,
        )

    def start(self) -> None:
        """Start lnd and wait until it is usable."""
        self.launch()
        self.wait_until_ready()

    def stop(self) -> None:
        """End lnd in good order and wait until it is gone."""
        self._disconnect()
        self.process.stop()

    def kill(self) -> None:
        """End lnd as a power cut would, and wait until it is gone."""
        self._disconnect()
        self.process.kill()

    def restart(self) -> None:
        """`stop` (or whatever is left to stop), then `start`."""
        self.stop()
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Within this block the node accepts connections and answers nothing."""
        self.process.freeze()
        try:
            yield
        finally:
            self.process.thaw()

    def _synced(self) -> bool:
        if not (self.macaroon.exists() and self.client.serving()):
            return False
        info = self.client.info()
        self.pubkey = info.pubkey
        return info.synced_to_chain

    def _disconnect(self) -> None:
        """Drop the connection: a gRPC channel waits ever longer before it tries a node again."""
        if self._client is not None:
            self._client.close()
            self._client = None

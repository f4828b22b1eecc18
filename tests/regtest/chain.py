"""Where do the blocks and the first coins of the network come from?

The rule: one btcd on regtest, started once, because lnd does not survive a restart of its btcd.

btcd takes the address that mined coins go to only at its start, when no wallet exists yet. So they
go to a script that anyone may spend (``OP_TRUE``, wrapped as p2wsh), and `Chain.fund` spends one
such coin into the wallets: no signature, no restart.
"""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from .processes import HOST, NetworkError, Process, free_ports

# p2wsh of the one-byte script OP_TRUE (0x51); spending it takes the witness [0x51] and no key.
_ANYONE = "bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85"
_WITNESS = "010151"  # one item, one byte long: the script itself

# Segwit is active from block 432, and a mined coin can be spent 100 blocks later: both are past.
_FIRST_BLOCKS = 450
_COIN_BTC = 50
_FEE_BTC = 0.0002


class Chain:
    """A btcd on regtest and its JSON-RPC.

    Attributes:
        rpc: host and port of the JSON-RPC server.
        user, password: its credentials.
        cert: its certificate.
        process: the running btcd.
    """

    def __init__(self, binary: Path, folder: Path) -> None:
        folder.mkdir(parents=True)
        rpc_port, peer_port = free_ports(2)
        self.rpc = f"{HOST}:{rpc_port}"
        self.user = self.password = "regtest"
        self.cert = folder / "rpc.cert"
        self._http: httpx.Client | None = None
        self.process = Process(
            "btcd",
            [
                str(binary),
                "--regtest",
                f"--datadir={folder / 'data'}",
                f"--logdir={folder / 'logs'}",
                f"--configfile={folder / 'no-such-file'}",
                "--txindex",
                f"--rpcuser={self.user}",
                f"--rpcpass={self.password}",
                f"--rpclisten={self.rpc}",
                f"--rpccert={self.cert}",
                f"--rpckey={folder / 'rpc.key'}",
                f"--listen={HOST}:{peer_port}",
                "--nodnsseed",
                "--nostalldetect",
                f"--miningaddr={_ANYONE}",
                "--trickleinterval=100ms",
                "--debuglevel=warn",
            ],
            folder,
        )

    def start(self) -> None:
        """Start btcd, wait until it answers, and mine the first blocks."""
        self.process.start()
        self.process.wait_until("its RPC server answers", lambda: self.call("getinfo"))
        self.mine(_FIRST_BLOCKS)

    def stop(self) -> None:
        """End btcd; the chain is not needed again."""
        if self._http is not None:
            self._http.close()
        self.process.kill()

    def mine(self, blocks: int = 1) -> None:
        """Mine so many blocks."""
        self.call("generate", blocks)

    def height(self) -> int:
        """Return how many blocks there are."""
        return int(self.call("getblockcount"))

    def fund(self, addresses: Sequence[str]) -> None:
        """Share one mined coin out among these addresses, and mine the block that does it.

        Args:
            addresses: p2pkh or p2sh; btcd's createrawtransaction knows no others.
        """
        first_block = self.call("getblock", self.call("getblockhash", 1))
        coin = {"txid": first_block["tx"][0], "vout": 0}
        share = round((_COIN_BTC - _FEE_BTC) / len(addresses), 8)
        outputs = dict.fromkeys(addresses, share)
        unsigned = self.call("createrawtransaction", [coin], outputs)
        # BIP 144: marker and flag after the 4-byte version, witnesses before the 4-byte lock time.
        complete = f"{unsigned[:8]}0001{unsigned[8:-8]}{_WITNESS}{unsigned[-8:]}"
        self.call("sendrawtransaction", complete)
        self.mine()

    def call(self, method: str, *parameters: Any) -> Any:
        """Call a JSON-RPC method of btcd and return its result.

        Raises:
            NetworkError: btcd answered with an error.
        """
        if self._http is None:
            trusted = ssl.create_default_context(cafile=str(self.cert))
            # trust_env=False: no proxy of the person's between a test and its own machine.
            self._http = httpx.Client(
                base_url=f"https://{self.rpc}",
                auth=(self.user, self.password),
                verify=trusted,
                timeout=60,
                trust_env=False,
            )
        body = {"jsonrpc": "1.0", "id": 1, "method": method, "params": parameters}
        answer = self._http.post("/", json=body)
        try:
            content = answer.json()
        except ValueError:
            raise NetworkError(f"btcd: {method}: {answer.status_code} {answer.text}") from None
        if content.get("error"):
            raise NetworkError(f"btcd: {method}: {content['error']['message']}")
        return content["result"]

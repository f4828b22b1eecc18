"""What does the proxy in front of the service ask for, and for which paths?

The rule: the services below are the whole price list; a test names a service, never a number that
it would have to keep equal to this file.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from .node import Node
from .processes import HOST, Process, free_ports


@dataclass(frozen=True)
class PaidService:
    """One entry of aperture's price list.

    Attributes:
        name: what the ``services`` caveat calls it; its paths are /name and everything below.
        price_sat: what a token for it costs; 0 for a service that asks for nothing.
        capabilities: the value of its ``NAME_capabilities`` caveat.
        timeout_s: how long a token is valid (``NAME_valid_until``); None for ever.
    """

    name: str
    price_sat: int
    capabilities: str = ""
    timeout_s: int | None = None

    @property
    def path(self) -> str:
        """The path the service begins at."""
        return f"/{self.name}"

    def configuration(self, backend: str) -> dict[str, Any]:
        """Return the entry as aperture's configuration file has it."""
        entry: dict[str, Any] = {
            "name": self.name,
            "hostregexp": ".*",
            "pathregexp": f"^{self.path}(/.*)?$",
            "address": backend,
            "protocol": "http",
        }
        if not self.price_sat:
            return {**entry, "auth": "off"}
        entry |= {"price": self.price_sat, "capabilities": self.capabilities}
        if self.timeout_s is not None:
            entry["timeout"] = self.timeout_s
        return entry


SERVICES = {
    service.name: service
    for service in (
        PaidService("weather", price_sat=10, capabilities="read,write"),
        PaidService("hour", price_sat=25, timeout_s=3600),
        # Dear enough for the fee rate to show: 1,000 msat and 2,500,000 msat * 1 ppm = 1,002 msat.
        PaidService("archive", price_sat=2500, capabilities="read"),
        # More than alice's channel holds: this payment can only fail.
        PaidService("mansion", price_sat=12_000_000),
        PaidService("open", price_sat=0),
    )
}


class Aperture:
    """The L402 proxy, issuing its invoices through one node.

    Attributes:
        url: where clients ask, without a trailing slash.
        process: the running aperture.
    """

    def __init__(self, binary: Path, folder: Path, node: Node, backend: str) -> None:
        folder.mkdir(parents=True)
        address = f"{HOST}:{free_ports(1)[0]}"
        self.url = f"http://{address}"
        self._configuration = folder / "aperture.yaml"
        self._database = folder / "aperture.db"
        # JSON is YAML.
        self._configuration.write_text(
            json.dumps(
                {
                    "listenaddr": address,
                    "insecure": True,
                    "debuglevel": "info",
                    "dbbackend": "sqlite",
                    "authenticator": {
                        "network": "regtest",
                        "lndhost": node.rpc,
                        "tlspath": str(node.tls),
                        "macdir": str(node.macaroon.parent),
                    },
                    "services": [each.configuration(backend) for each in SERVICES.values()],
                },
                indent=2,
            )
        )
        self.process = Process(
            "aperture",
            [
                str(binary),
                f"--configfile={self._configuration}",
                f"--basedir={folder}",
                # Only the flag decides where the database is; the file's own key is not read.
                f"--sqlite.dbfile={self._database}",
            ],
            folder,
        )

    def launch(self) -> None:
        """Start aperture and return at once."""
        self.process.start()

    def wait_until_ready(self) -> None:
        """Wait until aperture asks for money, which it does when its node answers it."""
        price_list = f"{self.url}{SERVICES['weather'].path}"
        self.process.wait_until(
            "it answers with 402",
            lambda: httpx.get(price_list, trust_env=False).status_code == 402,
        )

    def restart(self) -> None:
        """End aperture in good order and start it again; tokens stay valid."""
        self.process.stop()
        self.launch()
        self.wait_until_ready()

    def adopt(self, identifier: bytes, root_key: bytes) -> None:
        """Make aperture know a token of the test's own: what it never writes itself, it can read.

        Args:
            identifier: 66 bytes, as aperture makes them.
            root_key: the 32 bytes that the token's chain begins with.
        """
        with closing(sqlite3.connect(self._database)) as db, db:
            db.execute(
                "INSERT INTO secrets (hash, secret, created_at) VALUES (?, ?, ?)",
                (hashlib.sha256(identifier).digest(), root_key, "2026-01-01 00:00:00"),
            )

    @contextmanager
    def without_its_newest_secret(self) -> Iterator[None]:
        """Within this block aperture does not know the token that it made last."""
        with closing(sqlite3.connect(self._database)) as db:
            columns = "hash, secret, created_at"
            newest = f"SELECT id, {columns} FROM secrets ORDER BY id DESC LIMIT 1"
            number, *secret = db.execute(newest).fetchone()
            with db:
                db.execute("DELETE FROM secrets WHERE id = ?", (number,))
            yield
            with db:  # its number may be another one's by now
                db.execute(f"INSERT INTO secrets ({columns}) VALUES (?, ?, ?)", secret)

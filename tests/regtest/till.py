"""What is bought where the test writes the bill?

The rule: an L402 server on loopback that asks for whatever invoice a test hands it, and delivers to
whoever brings the right preimage, as aperture does; so that an invoice can be one that aperture
never issues: on hold, expired, of another network, over a whole bitcoin. Every request is kept.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from l402tui.practice.mint import CredentialRefused, Mint

from .processes import HOST

SERVICE = "till"


@dataclass(frozen=True)
class Asked:
    """One request as the till saw it, and the status it answered with."""

    path: str
    authorization: str | None
    status: int


class Till:
    """Shows one bill to everybody, until it is given another one.

    Attributes:
        url: where to ask, without a trailing slash.
        asked: every request since the start, oldest first.
        deaf: takes no credential, and asks again.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.deaf = False
        self._mint = Mint(os.urandom(32))
        self._bill: tuple[str, str] | None = None
        till = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # the name is the base class's
                authorization = self.headers.get("Authorization")
                status = 200 if till._takes(authorization) else 402
                till.asked.append(Asked(self.path, authorization, status))
                body = json.dumps({"path": self.path}).encode() + b"\n"
                self.send_response(status)
                if status == 402 and till._bill is not None:
                    token, invoice = till._bill
                    bill = f'L402 macaroon="{token}", invoice="{invoice}"'
                    self.send_header("WWW-Authenticate", bill)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing on the test run's screen; `asked` has it all."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://{HOST}:{self._server.server_address[1]}"

    def asks(self, bolt11: str, payment_hash: bytes) -> None:
        """From now on show this invoice, always with the same token."""
        self._bill = self._mint.token(payment_hash, [f"services={SERVICE}:0"]), bolt11

    @property
    def delivered(self) -> list[Asked]:
        """Return the requests that were paid for."""
        return [each for each in self.asked if each.status == 200]

    def __enter__(self) -> Till:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _takes(self, authorization: str | None) -> bool:
        if self.deaf:
            return False
        try:
            self._mint.check(authorization or "", SERVICE, 0.0)
        except CredentialRefused:
            return False
        return True

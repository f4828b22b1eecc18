"""What answers behind aperture, and what did it see?

The rule: a small HTTP service in this process that keeps every request whole, so that a test can
say not only what the client got but what reached the service, and how often.
"""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from .processes import HOST


@dataclass(frozen=True)
class SeenRequest:
    """A request as it reached the service. Header names are as they were sent."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None; upper and lower case are the same."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class RecordingService:
    """Answers every request with JSON that says what was asked, and remembers the request.

    Two things can be asked for in the query: ``?status=503`` answers with that status, and
    ``?wait=0.5`` answers after so many seconds (10 at most).

    Attributes:
        address: host and port.
        requests: what it got since the last `clear`, oldest first.
    """

    def __init__(self) -> None:
        self.requests: list[SeenRequest] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                seen = SeenRequest(
                    self.command, self.path, tuple(self.headers.items()), self.rfile.read(length)
                )
                service.requests.append(seen)
                query = parse_qs(urlsplit(self.path).query)
                time.sleep(min(float(query.get("wait", ["0"])[0]), 10.0))
                body = json.dumps({"method": seen.method, "path": seen.path}).encode() + b"\n"
                self.send_response(int(query.get("status", ["200"])[0]))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            # The names are the base class's.
            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer

            def log_message(self, format: str, *args: object) -> None:
                """Nothing on the test run's screen; `requests` has it all."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.address = f"{HOST}:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def clear(self) -> None:
        """Forget the requests seen so far."""
        self.requests.clear()

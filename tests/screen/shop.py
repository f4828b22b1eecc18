"""A server that has nothing but payloads to sell.

``/KIND/FIRST/COUNT`` answers with COUNT payloads from number FIRST on: in the body, in headers, in
the reason, in a bill, in place of HTTP. ``/harmless/...`` in front answers with harmless words.
"""

from __future__ import annotations

import json
import re
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from tests.flow import makers

from .payloads import BENIGN, PAYLOADS, Payload

__all__ = ["KINDS", "body_of", "chosen", "serving"]

_PATH: Final = re.compile(
    r"(?P<harmless>/harmless)?/(?P<kind>[a-z-]+)/(?P<first>\d+)/(?P<count>\d+)"
)
_CONTROLS: Final = bytes(code for code in (*range(0x20), 0x7F) if code != 9)


@contextmanager
def serving() -> Iterator[str]:
    """The address of the shop, without a slash at its end."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Visitor) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Visitor(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        line = self.rfile.readline().split()
        while self.rfile.readline().strip():
            pass
        kind, batch = chosen(line[1].decode("ascii", "replace"))
        self.wfile.write(KINDS[kind](batch))


def chosen(path: str) -> tuple[str, Sequence[Payload]]:
    """Which kind of answer, and with which payloads. Anywhere else there is a page of them."""
    found = _PATH.match(path)
    if found is None:
        return "error", PAYLOADS[:3]
    table = BENIGN if found["harmless"] else PAYLOADS
    first = int(found["first"])
    return found["kind"], table[first : first + int(found["count"])]


def body_of(kind: str, batch: Sequence[Payload]) -> bytes:
    """The body of such an answer."""
    if kind == "text":
        return b"\n".join(one.raw for one in batch if _is_text(one.raw)) + b"\n"
    return b"\n".join(one.raw for one in batch) + b"\n"


def _is_text(raw: bytes) -> bool:
    try:
        return "\0" not in raw.decode()
    except UnicodeDecodeError:
        return False


def _answer(status: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status, *(name + b": " + value for name, value in headers)]
    lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _headers(batch: Sequence[Payload]) -> list[tuple[bytes, bytes]]:
    """What may stand in a header at all: no control characters."""
    values = (one.raw.translate(None, _CONTROLS) for one in batch)
    return [(b"X-Odd-%d" % at, value) for at, value in enumerate(values)]


def _good(kind: str) -> Callable[[Sequence[Payload]], bytes]:
    return lambda batch: _answer(b"200 OK", _headers(batch), body_of(kind, batch))


def _bill(batch: Sequence[Payload]) -> bytes:
    texts = "".join(one.raw.decode("utf-8", "backslashreplace") for one in batch)
    description = texts.encode()[:600].decode("utf-8", "ignore")  # an invoice takes 639 bytes
    made = makers.invoice(batch[0].number, description=description, created=int(time.time()))
    token = makers.token(made.payment_hash, [b"services=shop:0", *(b"x=" + p.raw for p in batch)])
    challenge = f'L402 macaroon="{token}", invoice="{made.text}"'.encode()
    headers = [(b"WWW-Authenticate", challenge), *_headers(batch)]
    return _answer(b"402 " + _headers(batch)[0][1], headers, body_of("any", batch))


def _odd_bill(batch: Sequence[Payload]) -> bytes:
    values = [value for _, value in _headers(batch)]
    headers = [
        (b"WWW-Authenticate", b'Payment id="' + value + b'", method="x"') for value in values[:3]
    ]
    headers += [
        (b"WWW-Authenticate", b'L402 macaroon="' + value + b'", invoice="lnbc1"')
        for value in values[:3]
    ]
    texts = [one.raw.decode("utf-8", "backslashreplace") for one in batch]
    told = {"x402Version": 1, "error": texts[0], "accepts": [
        {"scheme": text, "network": text, "description": text, "resource": text} for text in texts
    ]}  # fmt: skip
    body = json.dumps(told).encode()
    return _answer(b"402 Pay", [*headers, (b"Content-Type", b"application/json")], body)


def _error(batch: Sequence[Payload]) -> bytes:
    return _answer(b"503 " + _headers(batch)[0][1], _headers(batch), body_of("text", batch))


def _no_header(batch: Sequence[Payload]) -> bytes:
    return _answer(b"402 Pay", [(b"WWW-Authenticate", one.raw) for one in batch], b"")


def _no_http(batch: Sequence[Payload]) -> bytes:
    return b"HTTP/1.1 402 " + batch[0].raw + b"\r\n" + batch[-1].raw + b": x\r\n\r\n" + batch[0].raw


def _elsewhere(batch: Sequence[Payload]) -> bytes:
    return _answer(b"302 Found", [(b"Location", b"/" + _headers(batch)[0][1])], b"")


KINDS: Final[dict[str, Callable[[Sequence[Payload]], bytes]]] = {
    "text": _good("text"),
    "any": _good("any"),
    "bill": _bill,
    "odd-bill": _odd_bill,
    "error": _error,
    "no-header": _no_header,
    "no-http": _no_http,
    "elsewhere": _elsewhere,
}
"""Every kind of answer."""

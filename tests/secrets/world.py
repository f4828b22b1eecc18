"""Where are the secrets planted?

In everything that a person gives (headers, query, body), in everything that a practice server says
(headers, redirects, the body that is bought), and in what a node needs. Who passes by the server is
written down, so that the credential that was paid for is a canary as well.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from l402tui.practice.run import PracticeServer
from l402tui.practice.server import practice_app
from l402tui.protocol.macaroon import Token

from .canaries import Canaries

__all__ = ["HEADERS", "QUERY", "Errand", "Shop", "credential", "fronted", "node_files", "shopping"]

HEADERS = (
    "Cookie",
    "X-Api-Key",
    "X-Auth-Token",
    "X-Access-Token",
    "X-Csrf-Token",
    "X-Vault-Token",
    "X-Amz-Security-Token",
    "Api-Key",
    "Macaroon",
    "Grpc-Metadata-Macaroon",
    "X-Macaroon",
    "X-Payment",
    "Payment-Signature",
    "X-Cashu",
    "Mcp-Session-Id",
    "X-Client-Secret",
    "X-Password",
    "X-Signature",
    "X-Preimage",
    "Proxy-Authorization",
)
QUERY = ("api_key", "access_token", "sig", "password", "key", "session", "X-Amz-Signature")
FIELDS = ("password", "client_secret", "refresh_token", "api_key", "privateKey")
SAID = ("Set-Cookie", "X-Session-Token", "X-Refresh-Token", "X-Api-Key")
"""Headers of every answer."""


class Errand:
    """A request full of secrets. All of it comes from files and stdin."""

    def __init__(self, canaries: Canaries, folder: Path) -> None:
        self.headers: list[tuple[str, str]] = []
        for name in HEADERS:
            value = canaries.text(f"header: {name}")
            if name == "Cookie":
                value = f"theme=dark; sid={value}"
            elif name == "Proxy-Authorization":
                value = f"Basic {base64.b64encode(f'me:{value}'.encode()).decode()}"
            self.headers.append((name, value))
        pairs = "&".join(f"{name}={canaries.text(f'query: {name}')}" for name in QUERY)
        self.target = f"/weather?city=Oslo&{pairs}"
        self.sending = f"/forecast?city=Oslo&{pairs}"
        """The same where a POST is taken."""
        body = {name: canaries.text(f"body: {name}") for name in FIELDS}
        self.body = json.dumps({"city": "Oslo", **body})
        self._headers, self._body = folder / "headers.txt", folder / "body.json"
        self._headers.write_text("".join(f"{name}: {value}\n" for name, value in self.headers))
        self._body.write_text(self.body)

    @property
    def options(self) -> tuple[str, ...]:
        """For ``get``; the URL comes by stdin."""
        return ("-", "-H", f"@{self._headers}")

    @property
    def with_body(self) -> tuple[str, ...]:
        """The same as a POST."""
        kind = ("-H", "Content-Type: application/json")
        return (*self.options, *kind, "--data-binary", f"@{self._body}")


class Shop:
    """The practice server behind a front that adds secrets, and writes down what it hears."""

    def __init__(self, canaries: Canaries) -> None:
        self._canaries = canaries
        self.said = [(name, canaries.text(f"answer: {name}")) for name in SAID]
        self.goods = json.dumps(
            {"city": "Oslo", "access_token": canaries.text("delivered: access_token")}
        ).encode()
        canaries.add("delivered: whole", self.goods)
        self.moved = canaries.text("redirect: token")
        self.server: PracticeServer

    @property
    def url(self) -> str:
        return self.server.url

    def front(self, app: ASGIApp) -> ASGIApp:
        """The practice server's own app, with more in its answers."""

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith("/_node"):
                await app(scope, receive, send)
                return
            if scope["path"] == "/moved":
                place = f"/free?token={self.moved}".encode()
                head = {"type": "http.response.start", "status": 307}
                await send({**head, "headers": [(b"location", place), (b"content-length", b"0")]})
                await send({"type": "http.response.body", "body": b""})
                return
            self._hear(dict(scope["headers"]).get(b"authorization", b""))
            good = False

            async def more(message: Message) -> None:
                nonlocal good
                if message["type"] == "http.response.start":
                    good = message["status"] == 200 and scope["path"] != "/free"
                    headers = [
                        (
                            name,
                            str(len(self.goods)).encode() if good and _is_length(name) else value,
                        )
                        for name, value in message["headers"]
                    ]
                    said = [
                        (name.lower().encode(), _cookie(name, value).encode())
                        for name, value in self.said
                    ]
                    message = {**message, "headers": [*headers, *said]}
                elif good:
                    message = {**message, "body": self.goods}
                await send(message)

            await app(scope, receive, more)

        return served

    def _hear(self, authorization: bytes) -> None:
        scheme, _, pair = authorization.decode("latin-1").partition(" ")
        token, colon, preimage = pair.partition(":")
        if scheme in ("L402", "LSAT") and colon:
            credential(self._canaries, token, preimage)


def credential(canaries: Canaries, token: str, preimage: str) -> None:
    """What was paid for, as canaries."""
    macaroon = Token.read(token).macaroon
    canaries.add("paid: token", token[-44:])  # its signature: the rest is alike in many of them
    canaries.add("paid: signature", macaroon.signature.hex())
    canaries.add("paid: preimage", preimage)
    canaries.add("paid: credential", f"{token[-4:]}:{preimage}")


def _is_length(name: bytes) -> bool:
    return name.lower() == b"content-length"


def _cookie(name: str, value: str) -> str:
    return f"sid={value}; Path=/; HttpOnly" if name == "Set-Cookie" else value


@contextmanager
def shopping(
    canaries: Canaries, patch: pytest.MonkeyPatch, *, hold: bool = False
) -> Iterator[Shop]:
    """The shop, open."""
    shop = fronted(canaries, patch)
    with PracticeServer.in_thread() as server:
        server.node.hold = hold
        shop.server = server
        yield shop


def fronted(canaries: Canaries, patch: pytest.MonkeyPatch) -> Shop:
    """A shop that stands before every practice server of this test."""
    shop = Shop(canaries)
    patch.setattr(
        "l402tui.practice.run.practice_app", lambda *given: shop.front(practice_app(*given))
    )
    return shop


def node_files(canaries: Canaries, folder: Path, macaroon: bytes) -> tuple[str, ...]:
    """The options for an LND node that is not there, with a macaroon and a key of its own."""
    canaries.add("lnd: macaroon", macaroon[20:])
    canaries.add("lnd: macaroon in hex", macaroon[20:].hex())
    canaries.add("lnd: macaroon in base64", base64.b64encode(macaroon)[40:])
    leaf = trustme.CA().issue_cert("127.0.0.1")
    key = leaf.private_key_pem.bytes()
    canaries.add("lnd: TLS key", b"".join(key.splitlines()[1:-1]))
    certificate, path = folder / "tls.cert", folder / "pay.macaroon"
    certificate.write_bytes(leaf.cert_chain_pems[0].bytes() + key)
    path.write_bytes(macaroon)
    for private in (certificate, path):
        private.chmod(0o600)
    return (
        *("--wallet", "lnd", "--rpcserver", "https://127.0.0.1:9"),
        *("--tlscertpath", str(certificate), "--macaroonpath", str(path)),
    )

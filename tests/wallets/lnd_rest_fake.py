"""The node that says what it is told to say, over REST and real TLS, on loopback.

It takes the scripts of :class:`~.lnd_fake.FakeNode` and writes them as grpc-gateway does: one JSON
object a line in HTTP chunks, all fields, 64-bit numbers as strings, enums as names. What a gateway
would never write is scripted as :class:`Raw` bytes and :class:`Cut`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import trustme
from google.protobuf import json_format
from lndgrpc.compiled import lightning_pb2, router_pb2  # noqa: TID253

from .lnd_fake import Abort, FakeNode, Hang

_STATUS = {
    "CANCELLED": (1, 499),
    "UNKNOWN": (2, 500),
    "INVALID_ARGUMENT": (3, 400),
    "DEADLINE_EXCEEDED": (4, 504),
    "NOT_FOUND": (5, 404),
    "ALREADY_EXISTS": (6, 409),
    "PERMISSION_DENIED": (7, 403),
    "FAILED_PRECONDITION": (9, 400),
    "OUT_OF_RANGE": (11, 400),
    "UNIMPLEMENTED": (12, 501),
    "INTERNAL": (13, 500),
    "UNAVAILABLE": (14, 503),
    "UNAUTHENTICATED": (16, 401),
}
"""Number and HTTP status of each gRPC status."""
_CHUNKED = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"


@dataclass(frozen=True)
class Raw:
    """These bytes are written as they are, as (part of) the body of a stream."""

    body: bytes


@dataclass(frozen=True)
class Until:
    """The node says nothing until this is set."""

    event: asyncio.Event


class Cut:
    """The connection breaks."""


@dataclass(frozen=True)
class Http:
    """This whole answer, head and body, instead of one that LND would give."""

    answer: bytes


def as_json(message: Any) -> dict[str, Any]:
    """A message as the gateway writes it."""
    told: dict[str, Any] = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return told


def line(message: Any) -> bytes:
    """A message as a line of a stream."""
    return json.dumps({"result": as_json(message)}).encode() + b"\n"


def error(abort: Abort) -> dict[str, Any]:
    """An error as the gateway writes it."""
    return {"code": _STATUS[abort.code][0], "message": abort.details, "details": []}


@dataclass
class RestNode(FakeNode):
    """``received`` is every byte that came through the encryption, ``accepted`` how many
    connections there were."""

    received: bytes = b""
    accepted: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    async def start(self, certificate: trustme.LeafCert, port: int = 0) -> None:
        """Listen, on a free port unless told which."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection."""
        self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        self.accepted += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.received += head
                length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1]) if length else 0)
                self.received += body
                await self._answer(head, body, reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the caller has gone, or was cut off
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(
        self, head: bytes, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first, *lines = head.decode("ascii").splitlines()
        method, path, _ = first.split(" ")
        headers = {
            n.lower(): v.strip() for n, _, v in (each.partition(":") for each in lines if each)
        }
        metadata = {
            name.removeprefix("grpc-metadata-"): value
            for name, value in headers.items()
            if name.startswith("grpc-metadata-")
        }
        match method, path.rpartition("/"):
            case "GET", ("/v1", _, "getinfo"):
                self._note("GetInfo", lightning_pb2.GetInfoRequest(), metadata)
                self._one(writer, self.info)
            case "GET", ("/v1/balance", _, "channels"):
                self._note("ChannelBalance", lightning_pb2.ChannelBalanceRequest(), metadata)
                self._one(writer, self.balance)
            case "GET", ("/v1", _, named) if named.startswith("payments?"):
                # Strict too: what is no field of the request raises.
                query = dict(parse_qsl(named.partition("?")[2], strict_parsing=True))
                complete = query.pop("include_incomplete") == "true"
                listing = json_format.ParseDict(
                    {**query, "include_incomplete": complete}, lightning_pb2.ListPaymentsRequest()
                )
                self._note("ListPayments", listing, metadata)
                self._one(writer, self.listed(listing))
            case "POST", ("/v2/router", _, "send"):
                # Strict: a name that LND does not have, or a number that is none, raises.
                order = json_format.Parse(body, router_pb2.SendPaymentRequest())
                self._note("SendPaymentV2", order, metadata)
                await self._lines(reader, writer, self._script("SendPaymentV2", order))
            case "GET", ("/v2/router/track", _, named):
                asked = router_pb2.TrackPaymentRequest(payment_hash=base64.urlsafe_b64decode(named))
                self._note("TrackPaymentV2", asked, metadata)
                await self._lines(reader, writer, self._script("TrackPaymentV2", asked))
            case _:
                self._one(writer, Abort("NOT_FOUND", "Not Found"))

    def _one(self, writer: asyncio.StreamWriter, told: Any) -> None:
        if isinstance(told, Http):
            writer.write(told.answer)
            return
        status, said = 200, told if isinstance(told, bytes) else b""
        if isinstance(told, Abort):
            status, said = _STATUS[told.code][1], json.dumps(error(told)).encode()
        elif not said:
            said = json.dumps(as_json(told)).encode()
        length = b"Content-Length: %d\r\n" % len(said)
        writer.write(
            _head(status) + b"Content-Type: application/json\r\n" + length + b"\r\n" + said
        )

    async def _lines(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, script: list[Any]
    ) -> None:
        begun = whole = False

        def write(body: bytes, status: int = 200) -> None:
            nonlocal begun
            if not begun:
                writer.write(_head(status) + _CHUNKED + b"\r\n")
            begun = True
            writer.write(b"%x\r\n%b\r\n" % (len(body), body))

        for told in script:
            match told:
                case Abort():
                    wrapped = json.dumps({"error": error(told)}).encode() + b"\n"
                    write(wrapped, _STATUS[told.code][1])
                    break
                case Http(answer):
                    writer.write(answer)
                    whole = begun = True
                case Raw(body):
                    write(body)
                case Until(event):
                    await event.wait()
                case Cut():
                    await writer.drain()
                    writer.transport.abort()
                    raise ConnectionAbortedError
                case Hang():
                    await writer.drain()
                    try:
                        await reader.readexactly(1)  # until the caller goes away
                    finally:
                        self.left.set()
                case message:
                    write(line(message))
            await writer.drain()
        if not begun:
            writer.write(_head(200) + _CHUNKED + b"\r\n")
        if not whole:
            writer.write(b"0\r\n\r\n")


def _head(status: int) -> bytes:
    return b"HTTP/1.1 %d -\r\n" % status

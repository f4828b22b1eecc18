"""Every answer, and every way not to get one, becomes an event."""

from __future__ import annotations

import asyncio
import errno
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import httpcore
import pytest

from l402tui.flow.events import Answered, Challenged, Fault, Unreachable
from l402tui.flow.model import Request, Response
from l402tui.protocol.url import Url
from l402tui.web.faults import explain
from l402tui.web.head_watch import HEADER_LIMIT
from l402tui.web.transport import HttpTransport
from tests.web.raw_server import OK, listening, raw_server

LONG = b"x" * 100_000


async def answered(transport: HttpTransport, url: Url) -> Response:
    event = await transport.send(Request(url), None)
    assert isinstance(event, Answered | Challenged), event
    return event.response


async def unreachable(transport: HttpTransport, url: Url) -> Unreachable:
    event = await transport.send(Request(url), None)
    assert isinstance(event, Unreachable), event
    return event


async def test_headers_keep_order_spelling_and_bytes(transport: HttpTransport) -> None:
    lines = b"WWW-authenticate: LSAT a\r\nX-Raw: \xff\x1b[2J\r\nwww-Authenticate: L402 b\r\n"
    reply = b"HTTP/1.1 402 Pay \xff up\r\n" + lines + b"Content-Length: 3\r\n\r\n\0\xff\n"
    async with raw_server(reply) as server:
        event = await transport.send(Request(server.url), None)
    assert isinstance(event, Challenged)
    response = event.response
    assert (response.status, response.reason, response.version) == (402, b"Pay \xff up", "HTTP/1.1")
    assert response.headers == (
        (b"WWW-authenticate", b"LSAT a"),
        (b"X-Raw", b"\xff\x1b[2J"),
        (b"www-Authenticate", b"L402 b"),
        (b"Content-Length", b"3"),
    )
    assert response.body == b"\0\xff\n"
    assert response.complete
    assert response.url == server.url
    assert response.hops == ()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"402 Payment Required", Challenged),
        (b"401 Unauthorized\r\nWWW-Authenticate: L402 token=x", Challenged),
        (b"401 Unauthorized\r\nWWW-Authenticate: Basic", Answered),
        (b"200 OK\r\nWWW-Authenticate: L402 token=x", Answered),
        (b"500 Broken", Answered),
        (b"204 Nothing", Answered),
    ],
)
async def test_what_counts_as_a_challenge(
    transport: HttpTransport, head: bytes, kind: type
) -> None:
    async with raw_server(b"HTTP/1.1 " + head + b"\r\nContent-Length: 0\r\n\r\n") as server:
        assert type(await transport.send(Request(server.url), None)) is kind


async def test_early_hints_are_passed_over(transport: HttpTransport) -> None:
    async with raw_server(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK) as server:
        assert (await answered(transport, server.url)).status == 200


async def test_one_connection_serves_two_requests(transport: HttpTransport) -> None:
    async with raw_server() as server:
        await answered(transport, server.url)
        await answered(transport, server.url)
        assert (len(server.heard), server.connections) == (2, 1)


async def test_proxies_of_the_environment_are_ignored(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with raw_server() as proxy, raw_server() as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, str(proxy.url))
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        await answered(transport, server.url)
        assert (proxy.connections, server.connections) == (0, 1)


# Limits.


@pytest.mark.parametrize(("limit", "complete"), [(9, False), (10, True)])
async def test_the_body_is_cut_at_the_limit(limit: int, complete: bool) -> None:
    transport = HttpTransport(body_limit=limit)
    async with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789") as server:
        response = await answered(transport, server.url)
    await transport.close()
    assert response.body == b"0123456789"[:limit]
    assert response.complete is complete


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 10\r\n\r\n01234",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\nnonsense\r\n",
    ],
)
async def test_a_body_that_ends_early_is_kept_as_far_as_it_came(
    transport: HttpTransport, framing: bytes
) -> None:
    # A name of its own for the header keeps the test server from waiting for more requests.
    reply = b"HTTP/1.1 402 Pay\r\n" + framing.replace(b"Content-Length", b"content-length")
    async with raw_server(reply) as server:
        event = await transport.send(Request(server.url), None)
    assert isinstance(event, Challenged)
    assert event.response.body == b"01234"
    assert not event.response.complete


async def test_a_body_that_never_ends_is_kept_as_far_as_it_came() -> None:
    transport = HttpTransport(deadline=0.2)
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234"
    async with raw_server(reply, hang=True) as server:
        response = await answered(transport, server.url)
    await transport.close()
    assert (response.body, response.complete) == (b"01234", False)


@pytest.mark.parametrize(
    "headers",
    [
        b"X: " + b"x" * HEADER_LIMIT + b"\r\n",
        b"X: " + b"x" * 200_000 + b"\r\n",
        b"X: y\r\n" * (HEADER_LIMIT // 6 + 1),
    ],
)
async def test_headers_over_the_limit_are_refused(transport: HttpTransport, headers: bytes) -> None:
    async with raw_server(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n") as server:
        event = await unreachable(transport, server.url)
    assert event.fault is Fault.TOO_LARGE
    assert event.maybe_received


async def test_headers_just_under_the_limit_are_read(transport: HttpTransport) -> None:
    line = (b"X: " + b"x" * 30_000 + b"\r\n") * 2
    async with raw_server(OK.replace(b"OK\r\n", b"OK\r\n" + line, 1)) as server:
        assert (await answered(transport, server.url)).complete


# No answer.


@pytest.mark.parametrize("limits", [{"deadline": 0.2}, {"idle": 0.2}])
async def test_silence_is_a_timeout_after_sending(limits: dict[str, float]) -> None:
    transport = HttpTransport(**limits)  # type: ignore[arg-type]  # both are seconds
    async with raw_server(b"", hang=True) as server:
        event = await unreachable(transport, server.url)
    await transport.close()
    assert event.fault is Fault.TIMEOUT
    assert event.maybe_received
    assert event.why.text == (
        f"127.0.0.1:{server.port} took the request but did not answer within 0.2 seconds."
    )


async def test_no_connection_in_time_is_a_timeout_before_sending() -> None:
    # A listener whose queue is full answers nobody.
    with socket.socket() as full, socket.socket() as first:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())
        transport = HttpTransport(deadline=0.3)
        url = Url.parse(f"http://127.0.0.1:{full.getsockname()[1]}/")
        seen = {(await unreachable(transport, url)).maybe_received for _ in range(3)}
        await transport.close()
    assert False in seen


async def test_nothing_listens(transport: HttpTransport) -> None:
    async with raw_server() as server:
        url = server.url
    event = await unreachable(transport, url)
    assert event.fault is Fault.CONNECT
    assert not event.maybe_received
    assert event.why.text == f"The connection was refused: nothing listens at {url.authority}."


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (b"", Fault.CONNECT),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 200", Fault.CONNECT),
        (b"HTTP/1.1 abc\r\n\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 101 Switching\r\n\r\n", Fault.PROTOCOL),
    ],
)
async def test_what_is_no_http_answer(transport: HttpTransport, reply: bytes, fault: Fault) -> None:
    async with raw_server(reply) as server:
        event = await unreachable(transport, server.url)
    assert event.fault is fault
    assert event.maybe_received


async def test_a_reset_connection(transport: HttpTransport) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        linger = b"\1\0\0\0\0\0\0\0"  # on, for no time: closing resets
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async with listening(reset) as port:
        event = await unreachable(transport, Url.parse(f"http://127.0.0.1:{port}/"))
    assert event.fault is Fault.CONNECT
    assert event.maybe_received
    assert "broke" in event.why.text


def test_a_name_that_does_not_exist() -> None:
    error = httpcore.ConnectError("x")
    error.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    event = explain(error, Url.parse("http://nobody.example/"), sent=False)
    assert event.fault is Fault.CONNECT
    assert event.why.text == "The name nobody.example cannot be found: Name or service not known."


def test_several_addresses_that_all_refuse() -> None:
    error = httpcore.ConnectError("no address answered")
    refused = [ConnectionRefusedError(errno.ECONNREFUSED, "no") for _ in range(2)]
    error.__cause__ = OSError("no address answered")
    error.__cause__.__cause__ = ExceptionGroup("each of them", refused)
    event = explain(error, Url.parse("http://localhost:1/"), sent=False)
    assert event.why.text == "The connection was refused: nothing listens at localhost:1."


def test_hostile_words_in_an_error_are_made_visible() -> None:
    event = explain(
        httpcore.RemoteProtocolError("\x1b[2J"), Url.parse("http://x.example/"), sent=True
    )
    assert "\\x1b[2J" in event.why.text


# TLS.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for ``localhost``, signed by itself, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command")
    folder = tmp_path_factory.mktemp("tls")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", "key", "-out", "cert", "-days", "2", "-subj", "/CN=test"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    return both


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def test_an_untrusted_certificate(
    transport: HttpTransport, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # the environment decides nothing
    async with raw_server(tls=server_side(certificate)) as server:
        event = await unreachable(transport, Url.parse(f"https://localhost:{server.port}/"))
        assert server.heard == []
    assert event.fault is Fault.TLS
    assert not event.maybe_received
    assert event.why.text == (
        f"The certificate of localhost:{server.port} is not valid: self-signed certificate."
    )


async def test_a_certificate_of_another_name(certificate: Path) -> None:
    transport = HttpTransport(tls=ssl.create_default_context(cafile=certificate))
    async with raw_server(tls=server_side(certificate)) as server:
        event = await unreachable(transport, Url.parse(f"https://127.0.0.1:{server.port}/"))
        assert server.heard == []
        good = await answered(transport, Url.parse(f"https://localhost:{server.port}/"))
        await transport.close()  # here, since TLS says goodbye on both sides
    assert event.fault is Fault.TLS
    assert "mismatch" in event.why.text
    assert good.status == 200


async def test_a_server_without_tls(transport: HttpTransport) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad\r\n\r\n")

    async with listening(plain) as port:
        event = await unreachable(transport, Url.parse(f"https://localhost:{port}/"))
    assert event.fault is Fault.TLS
    assert not event.maybe_received
    assert event.why.text.startswith(f"No encrypted connection to localhost:{port}: ")

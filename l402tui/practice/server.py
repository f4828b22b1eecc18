"""Which addresses does the practice server answer?

``/weather`` and ``/forecast`` cost something, ``/free`` does not, ``/`` explains; below
``/with/<switch>,<switch>/`` the same things are sold with mistakes, and ``/_node/`` is the practice
wallet's node. It answers only programs on this machine that asked for this machine by name.
"""

from __future__ import annotations

import ipaddress
from email.utils import formatdate
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from l402tui.flow.ports import Clock
from l402tui.practice.answers import answer
from l402tui.practice.closing import Closing
from l402tui.practice.goods import GOODS
from l402tui.practice.mint import Mint
from l402tui.practice.node import PracticeNode
from l402tui.practice.node_api import node_routes
from l402tui.practice.paywall import Paywall
from l402tui.practice.switches import Switch, Switches
from l402tui.protocol.amount import format_msat

__all__ = ["practice_app"]

_OUR_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


def practice_app(node: PracticeNode, switches: Switches, closing: Closing) -> ASGIApp:
    """The whole server around one node, with these switches on for every request."""
    paywall = Paywall(node, Mint(node.seed), closing)

    async def front(request: Request) -> Response:
        return answer(200, _front_page(switches))

    async def free(request: Request) -> Response:
        return answer(200, "This page costs nothing.\n")

    async def sale(request: Request) -> Response:
        good = GOODS.get(request.path_params["good"])
        if good is None:
            return await missing(request, None)
        try:
            more = Switches.parse(request.path_params.get("switches", ""))
        except ValueError as error:
            return answer(404, f"{error}\n")
        return await paywall.serve(request, good.apart(more), switches.plus(more))

    async def missing(request: Request, _: Exception | None) -> Response:
        return answer(404, "There is nothing here. The list is at /\n")

    # None as methods: the paywall itself says which ones a thing takes.
    app = Starlette(
        routes=[
            Route("/", front),
            Route("/free", free),
            *node_routes(node),
            Route("/with/{switches}/{good}", sale, methods=_ALL),
            Route("/{good}", sale, methods=_ALL),
        ],
        exception_handlers={404: missing},
    )
    return _Guard(app, node.clock)


_ALL: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _front_page(switches: Switches) -> str:
    lines = [
        "l402tui practice server",
        "",
        "An L402 server for learning and trying things out. It runs inside l402tui, answers only",
        "this computer, and its money is play money.",
        "",
    ]
    for good in GOODS.values():
        lines.append(f"/{good.service:<10} {format_msat(good.price):>6}  {good.description}")
    lines += [f"/{'free':<10} {'0 sat':>6}  A page that costs nothing", ""]
    if switches.on:
        lines += ["On for every request: " + ", ".join(one.value for one in switches), ""]
    lines.append("With a mistake: /with/<name>/weather, several names with commas between them.")
    lines += [f"  {switch.value:<27} {switch.sentence}" for switch in Switch]
    return "\n".join(lines) + "\n"


class _Guard:
    """Only loopback peers that name a loopback host; and the date comes from the node's clock.

    The host is checked because a web page of somebody else can make a browser ask here under a name
    of its own (DNS rebinding); a browser also tells on itself with an ``Origin`` header.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock.now(), usegmt=True).encode()
                message["headers"] = [*message.get("headers", ()), (b"Date", date)]
            await send(message)

        app: ASGIApp = self._app
        if not _is_ours(scope):
            app = answer(421, "This server answers only programs on this computer.\n")
        elif not _is_for_us(scope):
            # What comes behind it on this connection may have been meant as its body.
            close = ((b"Connection", b"close"),)
            app = answer(400, "This is no proxy, and a body has one length.\n", headers=close)
        await app(scope, receive, dated)


def _is_ours(scope: Scope) -> bool:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        return False
    name, colon, port = hosts[0].rpartition(":")
    host = name if colon and port.isdecimal() else hosts[0]
    if host not in _OUR_NAMES or not _is_loopback(scope.get("client")):
        return False
    browser = any(name == b"origin" for name, _ in headers)
    return not (browser and scope["path"].startswith("/_node/"))


def _is_for_us(scope: Scope) -> bool:
    """Whether it asks for something here (RFC 9112 section 3.2.1), with a body that ends in one
    place (section 6.1)."""
    names = {name for name, _ in scope["headers"]}
    return scope["path"].startswith("/") and not names >= {b"content-length", b"transfer-encoding"}


def _is_loopback(client: tuple[str, int] | None) -> bool:
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False

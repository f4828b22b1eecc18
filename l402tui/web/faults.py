"""Why did no answer come?

Every way httpcore can fail, as one :class:`~l402tui.flow.events.Fault` and one sentence. What the
other side or the system said is quoted only after :func:`~l402tui.protocol.text.shown`.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import TypeVar

import httpcore

from l402tui.flow.events import Fault, Unreachable
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.url import Url
from l402tui.web.head_watch import HeadRefused
from l402tui.web.network import AddressRefused

__all__ = ["explain", "late"]

_E = TypeVar("_E", bound=BaseException)


def late(url: Url, seconds: float, *, sent: bool) -> Unreachable:
    """The answer took longer than ``seconds``; ``sent`` where the request had begun to leave."""
    where, limit = shown(url.authority), shown(f"{seconds:g}")
    if sent:
        sentence = say("{} took the request but did not answer within {} seconds.", where, limit)
    else:
        sentence = say("No connection to {} within {} seconds.", where, limit)
    return Unreachable(Fault.TIMEOUT, sentence, maybe_received=sent)


def explain(error: Exception, url: Url, *, sent: bool) -> Unreachable:
    """What this error means. ``sent`` says whether any byte of the request may have left."""
    where = shown(url.authority)
    fault, sentence = _what(error, where, url)
    return Unreachable(fault, sentence, maybe_received=sent)


def _what(error: Exception, where: Shown, url: Url) -> tuple[Fault, Shown]:
    inside = _cause(error, AddressRefused)
    if inside is not None:
        return Fault.REFUSED_ADDRESS, _inside(inside, url)
    head = _cause(error, HeadRefused)
    if head is not None:
        return head.fault, _head(head, where)
    certificate = _cause(error, ssl.SSLCertVerificationError)
    if certificate is not None:
        reason = shown(certificate.verify_message)
        return Fault.TLS, say("The certificate of {} is not valid: {}.", where, reason)
    tls = _cause(error, ssl.SSLError)
    if tls is not None:
        reason = shown((tls.reason or "").replace("_", " ").lower() or "the handshake failed")
        return Fault.TLS, say("No encrypted connection to {}: {}.", where, reason)
    name = _cause(error, socket.gaierror)
    if name is not None:
        host = shown(url.host)
        return Fault.CONNECT, say("The name {} cannot be found: {}.", host, _said(name))
    if isinstance(error, httpcore.RemoteProtocolError):
        return _not_http(str(error), where)
    if _cause(error, ConnectionRefusedError) is not None:
        return Fault.CONNECT, say("The connection was refused: nothing listens at {}.", where)
    system = _cause(error, OSError)
    reason = _said(system) if system is not None else shown(str(error) or "no reason was given")
    if isinstance(error, httpcore.ConnectError):
        return Fault.CONNECT, say("No connection to {}: {}.", where, reason)
    return Fault.CONNECT, say("The connection to {} broke: {}.", where, reason)


def _inside(refused: AddressRefused, url: Url) -> Shown:
    if refused.address == url.host:
        why = "A redirect leads to {}, which is {}. Only you may go there, by asking for it."
        return say(why, shown(url.authority), Shown(refused.where))
    return say(
        "The name {} leads to {}, which is {}. If you mean that, ask for the address itself, or "
        "write the name into private_hosts in settings.toml.",
        shown(url.host),
        shown(refused.address),
        Shown(refused.where),
    )


def _head(refused: HeadRefused, where: Shown) -> Shown:
    if refused.fault is Fault.TOO_LARGE:
        sentence = "The headers of the answer from {} are too long: {}."
    else:
        sentence = "The answer from {} is not valid HTTP: {}."
    return say(sentence, where, Shown(refused.why))


def _not_http(said: str, where: Shown) -> tuple[Fault, Shown]:
    if "disconnected without sending" in said:
        return Fault.CONNECT, say("{} closed the connection before it had answered.", where)
    return Fault.PROTOCOL, say("The answer from {} is not valid HTTP: {}.", where, shown(said))


def _said(error: OSError) -> Shown:
    return shown(error.strerror or str(error) or type(error).__name__)


def _cause(error: BaseException, kind: type[_E]) -> _E | None:
    """The first error of this kind among the causes."""
    return next((one for one in _causes(error) if isinstance(one, kind)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]

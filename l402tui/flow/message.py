"""What goes over the wire in a flow: the request, the answer, and the bill in a 402.

Plain values. Times are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256

from l402tui.protocol.challenge import L402Challenge, Reading
from l402tui.protocol.dialects import Dialect
from l402tui.protocol.dissect.grpc import asks_for_payment
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.identifier import Identifier
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.macaroon import Token
from l402tui.protocol.url import Url

__all__ = [
    "Bill",
    "Hop",
    "Request",
    "Response",
    "Saved",
    "purpose_of",
]


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that may be sent again without asking (RFC 9110 section 9.2.1)."""
LOOKS = frozenset({"HEAD", "OPTIONS", "TRACE"})
"""Methods whose answers nobody buys."""

_PAST_CACHES = (("Cache-Control", "no-cache"), ("Pragma", "no-cache"))


def purpose_of(method: str, origin: str, path: str) -> str:
    """:attr:`Request.purpose` of a request of which no more than this is known."""
    kind = "look" if method.upper() in SAFE_METHODS else "act"
    return f"{kind} {origin}{path}"


@dataclass(frozen=True, slots=True)
class Request:
    """What a person wants from a server."""

    url: Url
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    """Only what the person gave; the transport adds its own."""
    body: bytes = b""

    def __repr__(self) -> str:
        names = ", ".join(name for name, _ in self.headers)
        return f"<Request {self.method} {self.url!r} [{names}] {len(self.body)} bytes>"

    @property
    def fingerprint(self) -> str:
        """Names this very request: the same method, address, headers and body (hex SHA-256)."""
        digest = sha256()
        for part in (self.method, str(self.url), *(f"{k.lower()}:{v}" for k, v in self.headers)):
            digest.update(len(part).to_bytes(4, "big") + part.encode("utf-8", "surrogatepass"))
        digest.update(self.body)
        return digest.hexdigest()

    @property
    def purpose(self) -> str:
        """What a payment for this request buys, as far as that can be told before: requests of the
        same kind to the same path of the same origin need one credential between them."""
        return purpose_of(self.method, self.url.origin, self.url.path)

    def past_caches(self) -> Request:
        """The same, to be answered by the server itself (RFC 9111 sections 5.2.1.4 and 5.4)."""
        names = {name.lower() for name, _ in _PAST_CACHES}
        kept = (pair for pair in self.headers if pair[0].lower() not in names)
        return replace(self, headers=(*kept, *_PAST_CACHES))

    @property
    def only_looks(self) -> bool:
        """Whether it never pays, whoever says yes."""
        return self.method.upper() in LOOKS

    @property
    def echoed(self) -> bool:
        """Whether the server sends it back as it came: no credential may be in it (RFC 9110
        section 9.3.8)."""
        return self.method.upper() == "TRACE"

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once: by its method, or by an
        ``Idempotency-Key``, under which a server acts only once."""
        return self.method.upper() in SAFE_METHODS or any(
            name.lower() == "idempotency-key" and value for name, value in self.headers
        )


@dataclass(frozen=True, slots=True)
class Hop:
    """A redirect that was followed."""

    status: int
    url: Url
    """Where it led."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A body that went to a file, because it may be larger than memory."""

    path: str
    """Where it is to stand when it is whole."""
    size: int
    """Bytes that are there so far, those of an earlier run included."""
    sha256: str
    """Of these bytes, in hex."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, as received."""

    status: int
    reason: bytes
    version: str
    """``HTTP/1.1`` or ``HTTP/2``."""
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    """In the order and spelling of the wire."""
    body: bytes = field(repr=False)
    url: Url
    """Where it came from, after redirects."""
    hops: tuple[Hop, ...] = ()
    complete: bool = True
    """False where the body ended early or was longer than the limit."""
    seconds: float = 0.0
    saved: Saved | None = None
    """Where the body is, if not in :attr:`body`, which is empty then."""

    @property
    def size(self) -> int:
        """Bytes of the body, wherever it is."""
        return len(self.body) if self.saved is None else self.saved.size

    def values(self, name: bytes) -> tuple[bytes, ...]:
        """Every value of a header, one a line, in order. ``name`` in lower case."""
        return tuple(value for key, value in self.headers if key.lower() == name)

    @property
    def wants_payment(self) -> bool:
        """A 402, a 401 that carries an L402 challenge, or gRPC's way of a 402: treated alike (the
        specification uses both numbers for a credential that is not accepted)."""
        if self.status == 402 or asks_for_payment(self.headers):
            return True
        return self.status == 401 and any(
            scheme in value.lower()
            for value in self.values(b"www-authenticate")
            for scheme in (b"l402", b"lsat")
        )


@dataclass(frozen=True, slots=True)
class Bill:
    """A 402, decoded as far as it goes. What could not be read stays in ``problems``."""

    response: Response
    reading: Reading = field(repr=False)
    challenge: L402Challenge | None = field(default=None, repr=False)
    token: Token | None = None
    identifier: Identifier | None = None
    invoice: Invoice | None = None
    problems: tuple[DecodeError, ...] = ()
    dialect: Dialect | None = None
    """Set where the 402 is not L402: what it is instead."""
    in_body: bool = False
    """The challenge stood in the JSON body alone: it is checked and shown, and never paid.
    :attr:`reading` has it as the header line it should have been."""

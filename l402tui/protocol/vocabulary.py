"""Which conditions are in use in caveats, and what does each of them claim?

There is no registry: every server has words of its own. This is the table of those that are known,
one row a word: what kind of condition it is, in what it counts, what it claims in a sentence, how
several of the same add up, and in whose words it is. It says what is claimed, never that a server
enforces it. A word that is not here is :data:`UNKNOWN_WORD`.

Sources: L402 protocol specification, "macaroons"; the caveats that aperture, boltwall, lsat-js,
plebai-l402, l402_middleware, ngx-l402, l402-toolkit, bolthub, paygate, SettleGrid, cashu-l402,
ln-church-agent, Fewsats, blockbuster and lnd write.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

__all__ = [
    "CAPABILITIES_SUFFIX",
    "COMPARISON",
    "CONSTRAINT",
    "LNC",
    "SUFFIXES",
    "UNKNOWN_WORD",
    "VALID_UNTIL_SUFFIX",
    "WORDS",
    "Kind",
    "Rule",
    "Together",
    "Unit",
]


class Kind(Enum):
    """What a condition is about."""

    SERVICES = "services"
    CAPABILITIES = "capabilities"
    CONSTRAINT = "constraint"
    """A limit on one capability: ``<capability>_<constraint>``."""
    EXPIRY = "expiry"
    PREIMAGE = "preimage"
    """The payment's preimage inside the token: such a token is a credential by itself."""
    LIMIT = "limit"
    """How often or for how much."""
    REQUEST = "request"
    """Which requests: method, path, host, body."""
    CALLER = "caller"
    """From where, or by whom, it may be used."""
    BINDING = "binding"
    """One thing the token belongs to: a resource, a file, a payment."""
    NOTE = "note"
    """It restricts nothing."""
    EXTENSION = "extension"
    """For a program beside the server that checks the token."""
    OTHER = "other"


class Unit(Enum):
    """In what an expiry counts."""

    SECONDS = "unix seconds"
    MILLISECONDS = "unix milliseconds"
    BY_SIZE = "seconds or milliseconds, judged by its size"
    DATE = "an RFC 3339 date"


class Together(Enum):
    """What several conditions with the same key come to: all of them have to hold."""

    EARLIEST = "the earliest"
    SMALLEST = "the smallest"
    COMMON = "what all of them name"
    """Lists of names, with commas between."""
    DEEPEST = "the longest, where each lies below the others"
    """Path prefixes, compared segment by segment."""
    NARROWEST = "the smallest network, where each lies in the others"
    PATTERNS = "what matches all of them"
    """Lists of path patterns with ``*`` (one segment) and ``**`` (the rest)."""
    EQUAL = "the same in all of them"
    """Two that differ cannot both hold."""
    SERVER = "up to the server"
    """What two that differ come to is not known."""
    NOTHING = "nothing: it restricts nothing"


class Rule(NamedTuple):
    """What is known about one word."""

    kind: Kind
    claim: str
    """A sentence of what it claims."""
    dialect: str
    """In whose words it is; read after "known from". Empty: in nobody's that is known."""
    together: Together = Together.EQUAL
    unit: Unit | None = None
    """For moments in time."""


_SPEC: Final = "the specification"
_BOLTWALL: Final = "boltwall"
_MIDDLEWARE: Final = "l402_middleware"
_NGINX: Final = "ngx-l402"
_BOLTHUB: Final = "bolthub"
_PAYGATE: Final = "paygate"
_GRID: Final = "SettleGrid"
_CASHU: Final = "cashu-l402"
_CHURCH: Final = "ln-church-agent"
_TOOLKIT: Final = "l402-toolkit"
_FEWSATS: Final = "Fewsats"
_LND: Final = "lnd"
_SEVERAL: Final = "more than one server"

CAPABILITIES_SUFFIX: Final = b"_capabilities"
VALID_UNTIL_SUFFIX: Final = b"_valid_until"

_ENDS: Final = "The token ends then."
_CAPABILITIES: Final = Rule(
    Kind.CAPABILITIES,
    "What may be done at that service. An empty list restricts nothing.",
    _SPEC,
    Together.COMMON,
)


def _ends(dialect: str, unit: Unit) -> Rule:
    return Rule(Kind.EXPIRY, _ENDS, dialect, Together.EARLIEST, unit)


def _same(kind: Kind, claim: str, dialect: str) -> Rule:
    return Rule(kind, claim, dialect)


SUFFIXES: Final[tuple[tuple[bytes, Rule], ...]] = (
    (CAPABILITIES_SUFFIX, _CAPABILITIES),
    (VALID_UNTIL_SUFFIX, _ends(_SPEC, Unit.SECONDS)),
)
"""Words that begin with a service's name."""

CONSTRAINT: Final = Rule(
    Kind.CONSTRAINT,
    "A limit on that capability. What it counts in, and whether it is a least or a most, is up to "
    "the service.",
    _SPEC,
    Together.SERVER,
)
"""For a key that begins with the name of a capability the same token names."""

COMPARISON: Final = Rule(
    Kind.OTHER,
    "A comparison. Verifiers that split at = only find no condition in it and skip it, or refuse "
    "the token.",
    "lsat-js",
    Together.SERVER,
)
"""For ``key<value`` and ``key>value``."""

UNKNOWN_WORD: Final = Rule(
    Kind.OTHER,
    "A condition this program does not know. A server may enforce it, skip it or refuse the token.",
    "",
    Together.SERVER,
)

WORDS: Final[dict[bytes, Rule]] = {
    # --- what is sold
    b"services": Rule(
        Kind.SERVICES,
        "Which services the token opens, each with its tier. Repeated, it may only name fewer.",
        _SPEC,
        Together.COMMON,
    ),
    b"capabilities": _CAPABILITIES._replace(dialect=_PAYGATE),
    b"service": _same(Kind.BINDING, "The one service the token is for.", _SEVERAL),
    b"resource_id": _same(Kind.BINDING, "The one resource that was paid for.", _TOOLKIT),
    b"file_id": _same(Kind.BINDING, "The one file that was paid for.", _FEWSATS),
    b"external_id": _same(
        Kind.BINDING, "The one thing that was paid for, by its seller's own id.", "blockbuster"
    ),
    b"tenantId": _same(Kind.BINDING, "Whose gateway the token is for.", _BOLTHUB),
    b"endpointId": _same(Kind.BINDING, "The one endpoint the token is for.", _BOLTHUB),
    # --- until when
    b"expiration": _ends(_BOLTWALL, Unit.MILLISECONDS),
    b"ExpiresAt": _ends(_NGINX, Unit.SECONDS),
    b"lnc.expires_at": _ends(_CHURCH, Unit.SECONDS),
    b"time-before": _ends(_LND, Unit.DATE),
    **dict.fromkeys(
        (b"valid_until", b"expires_at", b"expires", b"expiry", b"exp"),
        _ends(_SEVERAL, Unit.BY_SIZE),
    ),
    # --- which requests
    b"method": Rule(
        Kind.REQUEST,
        "Only requests with this method, or one of these methods.",
        _SEVERAL,
        Together.COMMON,
    ),
    b"path": Rule(
        Kind.REQUEST,
        "Only paths like this: * stands for one segment, ** for the rest.",
        _PAYGATE,
        Together.PATTERNS,
    ),
    b"path_prefix": Rule(
        Kind.REQUEST, "Only this path and what lies below it.", _BOLTHUB, Together.DEEPEST
    ),
    b"route": _same(Kind.REQUEST, "Only this path.", _BOLTWALL),
    b"RequestPath": _same(Kind.REQUEST, "Only this path.", _MIDDLEWARE),
    b"RequestMethod": _same(Kind.REQUEST, "Only this method.", _MIDDLEWARE),
    b"Realm": _same(Kind.REQUEST, "Only the paths the server has put under this name.", _NGINX),
    b"bodyHash": _same(Kind.REQUEST, "Only a request whose body has this hash.", "plebai-l402"),
    b"requestHash": _same(Kind.REQUEST, "Only the one request that has this hash.", "matador"),
    b"lnc.method": _same(Kind.REQUEST, "Only this method.", _CHURCH),
    b"lnc.host": _same(Kind.REQUEST, "Only requests to this host.", _CHURCH),
    b"lnc.resource_url": _same(Kind.REQUEST, "Only this address.", _CHURCH),
    b"lnc.idempotency_key": _same(
        Kind.REQUEST, "Only the one request with this key, however often it is sent.", _CHURCH
    ),
    b"lnc.requirement_hash": _same(
        Kind.REQUEST, "Only what the server's statement with this hash requires.", _CHURCH
    ),
    # --- how often, how much
    b"n_uses": Rule(Kind.LIMIT, "At most this many requests in all.", _BOLTHUB, Together.SMALLEST),
    b"max_sats": Rule(
        Kind.LIMIT, "At most this many satoshi spent in all.", _BOLTHUB, Together.SMALLEST
    ),
    b"max_ttl_seconds": Rule(
        Kind.LIMIT, "Good for at most this many seconds.", _CASHU, Together.SMALLEST
    ),
    # --- by whom
    b"ip": _same(Kind.CALLER, "Only from this IP address.", _BOLTWALL),
    b"client_ip": Rule(
        Kind.CALLER,
        "Only from this IP address, or one of these.",
        _PAYGATE,
        Together.COMMON,
    ),
    b"ipaddr": _same(Kind.CALLER, "Only from this IP address.", _LND),
    b"iprange": Rule(
        Kind.CALLER, "Only from this range of IP addresses.", _LND, Together.NARROWEST
    ),
    b"challenge": Rule(
        Kind.CALLER,
        "Only for who can sign this challenge with the key that is named in it.",
        _BOLTWALL,
        Together.SERVER,
    ),
    # --- the payment
    b"preimage": Rule(
        Kind.PREIMAGE,
        "The payment's preimage inside the token: whoever has this token needs nothing else.",
        "aperture's client",
        Together.SERVER,
    ),
    **dict.fromkeys(
        (b"payment_hash", b"paymentHash"),
        _same(Kind.BINDING, "The payment hash of the invoice the token was sold for.", _SEVERAL),
    ),
    b"payment_method": _same(Kind.BINDING, "The way it was or has to be paid.", _CASHU),
    b"condition_kind": _same(Kind.BINDING, "Which kind of ecash condition has to be met.", _CASHU),
    b"locktime": Rule(
        Kind.BINDING,
        "When the lock of the ecash ends; from then on its payer may take it back.",
        _CASHU,
        unit=Unit.SECONDS,
    ),
    b"amount": _same(Kind.BINDING, "What was to be paid.", _CHURCH),
    b"amount_sats": _same(Kind.BINDING, "What was to be paid, in satoshi.", _GRID),
    b"amount_cents": _same(Kind.BINDING, "What was to be paid, in cents.", _GRID),
    b"created_at": Rule(
        Kind.NOTE, "When the token was made.", _GRID, Together.NOTHING, Unit.BY_SIZE
    ),
    # --- beside the server
    b"lnd-custom": Rule(
        Kind.EXTENSION,
        "A condition for a program beside lnd; without that program lnd refuses the macaroon.",
        _LND,
        Together.SERVER,
    ),
}
"""Every word that is known by its whole name."""

LNC: Final = Rule(
    Kind.OTHER,
    "Something the client compares with its request before it pays.",
    _CHURCH,
)
"""For any other ``lnc.`` word."""

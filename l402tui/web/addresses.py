"""Is this address out on the internet, or inside: this machine, its network, its cloud?

A server can lead us somewhere: by a redirect, or by a name of its own that resolves to 127.0.0.1.
What listens inside trusts whoever can reach it, so only a person may send us there, by typing the
address, or a name that everybody knows to be a local one.
The lists are IANA's special-purpose registries (RFC 6890), as :mod:`ipaddress` has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

__all__ = ["Address", "inside", "literal", "local_name"]

Address = IPv4Address | IPv6Address

_LOCAL_NAMES: Final = frozenset(
    {
        "localhost",  # RFC 6761
        "test",
        "local",  # RFC 6762, and what its appendix G lists
        "intranet",
        "internal",
        "private",
        "corp",
        "home",
        "lan",
        "onion",  # RFC 7686: a name server that knows it is Tor's own, on this machine
    }
)
"""Last labels that no name server of the internet answers for with a place of somebody's own."""
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052
_COMPATIBLE: Final = IPv6Network("::/96")  # RFC 4291 section 2.5.5.1
_SHARED: Final = IPv4Network("100.64.0.0/10")  # RFC 6598: between a provider and its customers
_METADATA: Final = frozenset(
    map(ip_address, ("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192"))
) | {
    ip_address("168.63.129.16"),  # looks public, and is answered by the host of a virtual machine
    ip_address("fd00:ec2::254"),
}


def literal(host: str) -> Address | None:
    """The address that this host is, where it is one and no name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def local_name(host: str) -> bool:
    """Whether this name means a place nearby by itself: a single word, or below ``.local`` or one
    of the other names that the internet's own name servers know nothing of."""
    name = host.removesuffix(".").lower()
    last = name.rpartition(".")[2]
    return last == name or last in _LOCAL_NAMES or name.endswith(".home.arpa")  # RFC 8375


def inside(address: Address) -> str | None:
    """Where this address leads to, in words, if that is not the internet; None for the internet.

    An IPv6 address that only wraps an IPv4 one is judged by both.
    """
    words = [_where(one) for one in (*_wrapped(address), address)]
    return next((word for word in words if word is not None), None)


def _where(address: Address) -> str | None:
    if address in _METADATA:
        return "the metadata of a cloud's machine"
    if address.is_loopback or address.is_unspecified:
        return "this machine itself"
    if address.is_link_local:
        return "the local link"
    if isinstance(address, IPv6Address) and any(address in net for net in (_NAT64, _COMPATIBLE)):
        return None  # what it wraps decides
    if isinstance(address, IPv4Address) and address in _SHARED:
        return "a provider's own network"
    if address.is_multicast:
        return "many machines at once"
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    if not address.is_global or address.is_reserved or site_local:
        return "a private network"
    return None


def _wrapped(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses inside an IPv6 one."""
    if not isinstance(address, IPv6Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if (address in _NAT64 or address in _COMPATIBLE) and int(address) & 0xFFFFFFFF > 1:
        yield IPv4Address(int(address) & 0xFFFFFFFF)

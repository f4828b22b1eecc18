"""Which place does this address name, and may we go there at all?

A credential belongs to one *origin*: scheme, host and port, in one canonical form (RFC 6454).
Hosts are compared and shown in their ASCII form (punycode), because letters of other scripts can
look like Latin ones. Addresses that hide where they lead are refused here (check C01).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

__all__ = ["Url", "UrlError"]

_DEFAULT_PORT: Final = {"http": 80, "https": 443}
# Surrogates are what Python makes of bytes that are no text.
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f-\xa0\ud800-\udfff\\<>\"^`{|}]")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_LEGACY_IPV4: Final = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*", re.ASCII)


class UrlError(ValueError):
    """An address we do not open; the message says why."""


@dataclass(frozen=True, slots=True)
class Url:
    """A canonical http or https address without fragment."""

    scheme: str
    host: str
    """ASCII: a lower-case (punycode) name without trailing dot, or an IP without brackets."""
    port: int
    path: str
    query: str
    """Without the question mark; empty where there is none."""

    @classmethod
    def parse(cls, text: str) -> Url:
        """Read an address a person typed or a server sent.

        Raises UrlError for other schemes than http and https, user names and passwords, control
        characters and blanks, ``%00``, host names that are no names, and numbers that only some
        programs read as an IP address.
        """
        if len(text) > 8_000:
            raise UrlError("it is longer than 8,000 characters")
        if _FORBIDDEN.search(text) or "%00" in text:
            raise UrlError("it contains a hidden, blank or reserved character")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise UrlError("it cannot be taken apart into host, port and path") from None
        scheme = parts.scheme.lower()
        if scheme not in _DEFAULT_PORT:
            raise UrlError("only http:// and https:// addresses are opened")
        if "@" in parts.netloc:
            raise UrlError("it contains login text before an @, which hides the real host")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]")
        host = _host(parts.hostname or "", parts.netloc)
        return cls(scheme, host, _DEFAULT_PORT[scheme] if port is None else port, path, query)

    def __repr__(self) -> str:
        from l402tui.protocol.masking import masked_url  # which knows this class

        return f"<Url {masked_url(str(self))}>"

    @property
    def authority(self) -> str:
        """Host, and port where it is not the scheme's own: what a ``Host`` header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """``https://host[:port]``: what a credential is bound to."""
        return f"{self.scheme}://{self.authority}"

    @property
    def target(self) -> str:
        """Path and query: what the request line says."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def __str__(self) -> str:
        return self.origin + self.target

    @property
    def loopback(self) -> bool:
        """Whether it leads to this machine: an address of 127.0.0.0/8, ::1, or ``localhost``.

        Names below ``localhost`` do not count: not every resolver keeps them on this machine.
        """
        if self.host == "localhost":
            return True
        address = _address(self.host)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return address is not None and address.is_loopback

    @property
    def encrypted(self) -> bool:
        """Whether nobody on the way can read it."""
        return self.scheme == "https"

    @property
    def onion(self) -> bool:
        """Whether it is an onion service: encrypted if, and only if, it is reached through Tor."""
        return self.host.endswith(".onion")

    @property
    def unicode_host(self) -> str | None:
        """The name in its own letters, where that differs from :attr:`host`."""
        if "xn--" not in self.host:
            return None
        import idna

        try:
            return idna.decode(self.host)
        except idna.IDNAError:
            return None

    def join(self, location: str) -> Url:
        """The address a ``Location`` header leads to from here. Raises UrlError."""
        if _FORBIDDEN.search(location):
            raise UrlError("it contains a hidden, blank or reserved character")
        try:
            return Url.parse(urljoin(str(self), location))
        except ValueError as error:
            raise error if isinstance(error, UrlError) else UrlError("it is no address") from None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _host(name: str, netloc: str) -> str:
    if not name:
        raise UrlError("it names no host")
    if "[" in netloc:
        if "%" in name or not isinstance(_address(name), ipaddress.IPv6Address):
            raise UrlError("the host in brackets is no IPv6 address")
        return str(ipaddress.IPv6Address(name))
    name = name.removesuffix(".")
    if not name.isascii():
        import idna

        try:
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError:
            raise UrlError("the host is no valid international name") from None
    name = name.lower()
    if _address(name) is None and _LEGACY_IPV4.fullmatch(name):
        raise UrlError("the host is a number that only some programs read as an IP address")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise UrlError("the host is no valid name")
    return name

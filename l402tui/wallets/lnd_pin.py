"""Who may answer as the node, and what is it when somebody else does?

The same as over gRPC: the only root of trust is the node's own certificate, which OpenSSL takes as
the end of a chain where it is told to (``VERIFY_X509_PARTIAL_CHAIN``). So the handshake succeeds
with the holder of that certificate's key, or with one for whom that very key has signed, and with
nobody else; no public authority counts. The name in the certificate must fit the address too. All
of it happens before the first byte of a request.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Final

from l402tui.wallets.lnd_calls import RpcFault

__all__ = ["fault_of_connection", "pinned_to"]

# X509_V_ERR_CERT_HAS_EXPIRED; X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH.
_WORDS: Final = {
    10: "certificate has expired",
    62: "hostname verification",
    64: "hostname verification",
}


def pinned_to(certificate: bytes) -> ssl.SSLContext:
    """A context that trusts this certificate (PEM) and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # names are checked, TLS is 1.2 or newer
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate.decode("ascii"))
    return context


def fault_of_connection(error: BaseException) -> RpcFault:
    """Why a connection did not come about or broke, in the words of gRPC (see ``lnd_words``)."""
    for one in _causes(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            words = _WORDS.get(one.verify_code, "certificate_verify_failed")
            return RpcFault("UNAVAILABLE", words)
        if isinstance(one, ssl.SSLError):
            return RpcFault("UNAVAILABLE", "handshake failed")
    return RpcFault("UNAVAILABLE", "")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, the nearest first."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__

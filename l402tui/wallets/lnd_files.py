"""Which node may be talked to, and with which right?

Reads what a person gives for LND: the node's address, its certificate, and the macaroon that may
pay. No network here; whatever cannot be used is a SettingsError that says how to mend it. The
macaroon is never quoted, not even where it is mistyped.
"""

from __future__ import annotations

import os
import re
import ssl
import stat
from pathlib import Path
from typing import Final

from l402tui.flow.model import Advice
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.settings import LndSettings, SettingsError
from l402tui.wallets.lnd_rights import BAKE

__all__ = [
    "advice_on_files",
    "is_url",
    "read_address",
    "read_certificate",
    "read_macaroon",
    "read_url",
]

DEFAULT_PORT: Final = 10009
REST_PORT: Final = 8080
_FILE_LIMIT: Final = 64 * 1024
_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?", re.ASCII)
_SCHEME: Final = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
_PEM: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+?-----END CERTIFICATE-----", re.ASCII
)


def read_address(given: str) -> str:
    """``host:port`` of the node; without a port it is lncli's 10009. Raises SettingsError."""
    match = _ADDRESS.fullmatch(given.strip())
    port = int(match[2] or DEFAULT_PORT) if match else 0
    if match is None or not 0 < port < 65536:
        raise SettingsError(
            f"lnd.rpcserver: {given[:80]!a} is not an address of the form host:port, "
            f"such as localhost:{DEFAULT_PORT}."
        )
    return f"{match[1]}:{port}"


def is_url(given: str) -> bool:
    """Whether the address begins with a scheme, and so means REST and not gRPC."""
    return _SCHEME.match(given) is not None


def read_url(given: str) -> str:
    """``https://host:port`` of the node's REST. Raises SettingsError.

    Only https, because the macaroon goes with every call, and only with a port: what a URL means
    without one (443) is not what LND means (8080).
    """
    scheme, _, rest = given.strip().partition("://")
    match = _ADDRESS.fullmatch(rest.removesuffix("/"))
    if scheme.lower() == "http":
        raise SettingsError(
            "lnd.rpcserver: over http:// anybody on the way could read the macaroon, and spend. "
            "LND's REST speaks https://."
        )
    port = int(match[2] or 0) if match else 0
    if scheme.lower() != "https" or match is None or not 0 < port < 65536:
        # Before an @ there may be a password.
        quoted = "the URL" if "@" in given else f"{given[:80]!a}"
        raise SettingsError(
            f"lnd.rpcserver: {quoted} is not an address of the form https://host:port, "
            f"such as https://localhost:{REST_PORT}. (For gRPC write host:port.)"
        )
    return f"https://{match[1]}:{port}"


def read_certificate(path: str) -> bytes:
    """The first certificate in the file, as PEM. Raises SettingsError.

    Only the first one counts: where a file holds a chain, that is the node's own, and nothing
    else is to be trusted.
    """
    found = _PEM.search(_read(Path(path).expanduser(), "lnd.tlscertpath", private=False))
    try:
        if found is None:
            raise ValueError
        ssl.PEM_cert_to_DER_cert(found[0].decode("ascii"))
        # What OpenSSL cannot load here, the connection could not use either.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
            cadata=found[0].decode("ascii")
        )
    except (ValueError, ssl.SSLError):
        raise SettingsError(
            f"lnd.tlscertpath: {path} holds no certificate. It must be the node's own tls.cert."
        ) from None
    return found[0] + b"\n"


def read_macaroon(given: str) -> Secret:
    """The macaroon in hex, as LND wants it on the wire. Raises SettingsError.

    ``given`` is the path of a file that holds the macaroon's bytes or its hex, and that only its
    owner (and, as lnd writes it, its group) can read. The macaroon itself is not taken: arguments
    and environment are no place for it.
    """
    if not given:
        raise SettingsError(
            "lnd.macaroonpath is not set, so nothing can be paid by LND. Name a macaroon with "
            "--macaroonpath, LNCLI_MACAROONPATH or in settings.toml. "
            f"One that is just enough: {BAKE}"
        )
    looks_like_path = os.sep in given or "/" in given or given.endswith(".macaroon")
    if not looks_like_path and not Path(given).is_file():
        raise SettingsError(
            "lnd.macaroonpath is not the path of a file. (What was given is not repeated here, "
            "because it may be secret.) A macaroon itself is not taken, because others can read "
            "arguments and environment: put it into a file that only you can read."
        )
    raw = _read(Path(given).expanduser(), "lnd.macaroonpath", private=True)
    try:
        return _macaroon(raw)
    except MacaroonError:
        pass
    try:
        return _macaroon(bytes.fromhex(raw.decode("ascii")))
    except ValueError:  # of the hex, of the ASCII or of the macaroon
        raise SettingsError(f"lnd.macaroonpath: {given} is not a macaroon.") from None


def _macaroon(raw: bytes) -> Secret:
    Macaroon.decode(raw)
    return Secret(raw.hex())


def advice_on_files(settings: LndSettings) -> Advice | None:
    """What others can read of these files, and should not; None where that is nothing."""
    macaroon = Path(settings.macaroonpath).expanduser()
    certificate = Path(settings.tlscertpath).expanduser()
    said: list[Shown] = []
    if os.name == "posix" and _mode(macaroon) & 0o040:
        said.append(say("The group of {} can read it, and spend.", shown(str(macaroon))))
    if os.name == "posix" and _mode(certificate) & 0o044 and _holds_key(certificate):
        said.append(say("{} holds a private key, and others can read it.", shown(str(certificate))))
    if not said:
        return None
    cure = say("chmod 600, or a copy that only you can read.")
    return Advice(say(" ".join(["{}"] * len(said)), *said), cure, serious=True)


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


def _holds_key(path: Path) -> bool:
    return b"PRIVATE KEY-----" in _read(path, "lnd.tlscertpath", private=False)


def _read(path: Path, key: str, *, private: bool) -> bytes:
    try:
        with path.open("rb") as file:
            # Asked of the open file, so that it cannot be exchanged in between.
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            # lnd writes its own macaroons for its group to read (0640): that is its choice to make.
            if private and os.name == "posix" and mode & 0o027:
                raise SettingsError(
                    f"{key}: {path} is open to others (mode {mode:04o}), and whoever reads it "
                    f"can spend. Run: chmod 600 {path} (or use a copy that only you can read)"
                )
            return file.read(_FILE_LIMIT)
    except OSError as error:
        raise SettingsError(f"{key}: {path} cannot be read: {error.strerror}.") from None

"""Which choices has the person made, and where are things kept?

Settings come from ``settings.toml`` in the home folder (``L402TUI_HOME``, or the platform's place
for user data), and environment variables win over the file. An unknown key is an error that names
the file and the key, so that a typing mistake never silently means "no limit". Secrets are not kept
here: a wallet's macaroon is named by its path.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

__all__ = ["LimitSettings", "LndSettings", "Settings", "SettingsError", "home", "load"]

FILE: Final = "settings.toml"
WALLETS: Final = ("practice", "external", "lnd")
KEYRINGS: Final = ("auto", "never")


class SettingsError(ValueError):
    """The settings cannot be used as they are; the message names the file, the key and the cure."""


@dataclass(frozen=True, slots=True)
class LndSettings:
    """Where the LND node is. The names are lncli's own."""

    rpcserver: str = "localhost:10009"
    """``host:port`` for gRPC, ``https://host:port`` for REST."""
    tlscertpath: str = "~/.lnd/tls.cert"
    macaroonpath: str = ""
    """The path of a file, never the macaroon itself. Empty: nothing can be paid by LND."""
    timeout_seconds: int = 60
    """For how long the node looks for routes. What is under way then is tracked, not given up."""
    cltv_limit: int = 1008
    """Blocks for which a payment that gets stuck may lock money, on its whole way: a week. A usual
    bill asks for up to 144 at the payee, and that leaves six hops as much. At most the node's own
    ``max-cltv-expiry`` (2016, where its owner has said nothing)."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What may be spent. Amounts as a person writes them: ``1000 sat``, ``2500 msat``.

    The others are for several payments together, fees included; empty means no limit. A day is
    24 hours that slide, and so is an hour.
    """

    payment: str = "1000 sat"
    fee: str = "10 sat"
    origin_hour: str = ""
    origin_day: str = ""
    hour: str = ""
    day: str = ""
    total: str = ""
    """Everything, ever."""
    unsettled: str = ""
    """What may be in payments that have begun and not ended."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All choices, with their defaults."""

    wallet: str = "external"
    """The wallet that pays where the command line names none."""
    network: str = "bitcoin"
    """Which network an external wallet is on: bitcoin, testnet, signet, regtest or simnet."""
    timeout_seconds: float = 30.0
    """How long a server may take for a whole answer."""
    body_limit: int = 64 * 1024 * 1024
    """Bytes of an answer that are read at most."""
    private_hosts: tuple[str, ...] = ()
    """Names that may lead to addresses inside (this machine, its network) although they look as if
    they were out on the internet. Only for requests that name such a host, never for redirects."""
    keyring: Literal["auto", "never"] = "auto"
    """Whether a vault that is begun is sealed: where a keyring of the system takes its key, or not
    at all. One that is there already stays as it is."""
    limits: LimitSettings = field(default_factory=LimitSettings)
    lnd: LndSettings = field(default_factory=LndSettings)
    home: Path = field(default_factory=lambda: home())

    @property
    def file(self) -> Path:
        """Where these choices are written down, if they are."""
        return self.home / FILE


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder where everything is kept (not made here)."""
    moved = environ.get("L402TUI_HOME")
    if moved:
        return Path(moved).expanduser()
    # Imported here: `--version` and `inspect` do not need it.
    from platformdirs import user_data_path

    return user_data_path("l402tui", appauthor=False)


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises SettingsError."""
    where = home(environ)
    path = where / FILE
    table: dict[str, Any] = {}
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}. Mend it or move it away.") from None
    for key in ("rpcserver", "tlscertpath", "macaroonpath"):
        value = environ.get(f"LNCLI_{key.upper()}")
        if value:
            lnd = table.setdefault("lnd", {})
            if isinstance(lnd, dict):
                lnd[key] = value
    settings: Settings = _fill(Settings, table, path, "")
    if settings.wallet not in WALLETS:
        raise SettingsError(f"{path}: wallet must be one of {', '.join(WALLETS)}.")
    if settings.keyring not in KEYRINGS:
        raise SettingsError(f"{path}: keyring must be one of {', '.join(KEYRINGS)}.")
    return settings


def _fill(cls: type[Any], table: dict[str, Any], path: Path, prefix: str) -> Any:
    known = {item.name: item for item in fields(cls) if item.name != "home"}
    values: dict[str, Any] = {"home": path.parent} if cls is Settings else {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if key not in known:
            near = ", ".join(sorted(known))
            raise SettingsError(f"{path}: there is no setting {name!r}. Known here: {near}.")
        default = getattr(cls(), key)
        if key in ("limits", "lnd"):
            if not isinstance(value, dict):
                raise SettingsError(f"{path}: {name} must be a table, as in [{name}].")
            values[key] = _fill(type(default), value, path, f"{name}.")
            continue
        if isinstance(default, tuple):
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise SettingsError(f"{path}: {name} must be a list of texts in quotes.")
            values[key] = tuple(value)
            continue
        wanted = (int, float) if isinstance(default, float) else type(default)
        if not isinstance(value, wanted) or isinstance(value, bool):
            kind = "text in quotes" if isinstance(default, str) else "a number"
            raise SettingsError(f"{path}: {name} must be {kind}.")
        values[key] = value
    return cls(**values)

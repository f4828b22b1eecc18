"""Where do the real nodes' binaries come from?

The rule: built from source, from the versions pinned in ``go/``, once; kept outside the checkout,
in a folder named after those pins, so that a new pin is a new folder and an old one stays usable.

``python -m tests.regtest.build`` builds what is missing (about seven minutes on two cores the
first time, seconds afterwards); ``--check`` only says whether it is there.
``L402TUI_REGTEST_BIN`` names another folder to look in and to build into.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_dir

HOW_TO_GET = (
    "the real nodes are not built: run `python -m tests.regtest.build` once "
    "(needs Go; about 7 minutes on two cores)"
)

_GO = Path(__file__).parent / "go"
_SUFFIX = ".exe" if sys.platform == "win32" else ""


class BuildError(Exception):
    """The binaries could not be built; the text says why and what to do."""


@dataclass(frozen=True)
class Binaries:
    """The three programs of the network."""

    btcd: Path
    lnd: Path
    aperture: Path

    @classmethod
    def inside(cls, folder: Path) -> "Binaries":
        """Return the paths the programs have, or will have, in ``folder``."""
        return cls(*(folder / f"{name}{_SUFFIX}" for name in ("btcd", "lnd", "aperture")))

    def missing(self) -> list[Path]:
        """Return those that are not there."""
        return [each for each in (self.btcd, self.lnd, self.aperture) if not each.is_file()]


@dataclass(frozen=True)
class Module:
    """One Go module of ours: a folder with a go.mod, and what to build with it.

    There are two, because lnd and aperture each need their own replacement of the same protobuf
    library. Being a module at all is what makes their versions pinnable: ``go install
    PROGRAM@VERSION`` refuses a program whose own go.mod replaces anything.
    """

    name: str
    packages: tuple[str, ...]
    tags: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return _GO / self.name

    @property
    def pins(self) -> tuple[Path, Path]:
        """The two files that decide which versions are built."""
        return self.folder / "go.mod", self.folder / "go.sum"

    @property
    def go_version(self) -> tuple[int, ...]:
        """The oldest Go that builds this module, such as (1, 25, 10)."""
        found = re.search(r"^go ([\d.]+)$", self.pins[0].read_text(), re.MULTILINE)
        if found is None:
            raise BuildError(f"{self.pins[0]} has no `go` line")
        return _version(found[1])


MODULES = (
    Module(
        "nodes",
        ("github.com/lightningnetwork/lnd/cmd/lnd", "github.com/btcsuite/btcd"),
        # lnd leaves its sub-servers out unless asked for.
        ("signrpc", "walletrpc", "chainrpc", "invoicesrpc", "routerrpc", "peersrpc"),
    ),
    Module("aperture", ("github.com/lightninglabs/aperture/cmd/aperture",)),
)


def folder() -> Path:
    """Return the folder the binaries are kept in, whether or not it exists."""
    if chosen := os.environ.get("L402TUI_REGTEST_BIN"):
        return Path(chosen).expanduser().absolute()
    digest = hashlib.sha256()
    for module in MODULES:
        digest.update(" ".join((*module.packages, *module.tags)).encode())
        for pin in module.pins:
            # A checkout may have other line ends; the pins are the same.
            digest.update(pin.read_bytes().replace(b"\r\n", b"\n"))
    return Path(user_cache_dir("l402tui")) / "regtest" / digest.hexdigest()[:16]


def binaries() -> Binaries | None:
    """Return the binaries if all are built, else None (see `HOW_TO_GET`)."""
    found = Binaries.inside(folder())
    return None if found.missing() else found


def build() -> Binaries:
    """Build what is missing and return the binaries.

    Raises:
        BuildError: there is no Go, it is too old, or it failed.
    """
    target = folder()
    wanted = Binaries.inside(target)
    if not wanted.missing():
        print(f"already built: {target}")
        return wanted
    go = _go()
    target.mkdir(parents=True, exist_ok=True)
    # Beside the target, because a rename is atomic only within one file system: a build that is
    # interrupted, or another one at the same time, never leaves half a binary under its name.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as temporary:
        for module in MODULES:
            _build(go, module, Path(temporary))
        for made in sorted(Path(temporary).iterdir()):
            made.replace(target / made.name)
    if missing := wanted.missing():
        raise BuildError(f"the build left these out: {', '.join(each.name for each in missing)}")
    print(f"built: {target}")
    return wanted


def _build(go: str, module: Module, into: Path) -> None:
    names = ", ".join(package.rpartition("/")[2] for package in module.packages)
    print(f"building {names} ...", flush=True)
    started = time.monotonic()
    # -buildvcs=false: the commit of our own checkout says nothing about these programs.
    command = [go, "build", "-buildvcs=false", "-o", f"{into}{os.sep}"]
    if module.tags:
        command += ["-tags", " ".join(module.tags)]
    done = subprocess.run(
        [*command, *module.packages], cwd=module.folder, env=_environment(), check=False
    )
    if done.returncode != 0:
        raise BuildError(f"go build failed for {names} (exit code {done.returncode}), see above")
    print(f"built {names} in {time.monotonic() - started:.0f} s", flush=True)


def _go() -> str:
    """Return the path of a Go that is new enough."""
    wanted = max(module.go_version for module in MODULES)
    text = ".".join(map(str, wanted))
    go = shutil.which("go")
    if go is None:
        raise BuildError(f"Go is not installed: install Go {text} or newer, then run this again")
    asked = subprocess.run(
        [go, "env", "GOVERSION"],
        capture_output=True,
        text=True,
        env=_environment(),
        check=False,
    )
    found = re.search(r"go(\d+(?:\.\d+)+)", asked.stdout)
    if found is None:
        raise BuildError(f"`go env GOVERSION` says nothing usable: {asked.stdout or asked.stderr}")
    if _version(found[1]) < wanted:
        raise BuildError(f"Go {found[1]} is too old: install Go {text} or newer")
    return go


def _environment() -> dict[str, str]:
    """Our environment, with Go told to use itself and never to fetch another toolchain."""
    return {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"}


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, or with ``--check`` only look; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.regtest.build", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--check", action="store_true", help="only say whether it is all there")
    if parser.parse_args(arguments).check:
        missing = Binaries.inside(folder()).missing()
        print(HOW_TO_GET if missing else f"built: {folder()}")
        return 1 if missing else 0
    try:
        build()
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What may a person give for LND, and what is said where it cannot be used?"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from l402tui.settings import LndSettings, SettingsError, load
from l402tui.wallets.lnd import LndWallet
from l402tui.wallets.lnd_files import (
    advice_on_files,
    is_url,
    read_address,
    read_certificate,
    read_macaroon,
    read_url,
)

from .lnd_fake import MACAROON, settings

CERTIFICATE = trustme.CA().issue_cert("127.0.0.1")


@pytest.fixture
def good(tmp_path: Path) -> LndSettings:
    return settings(tmp_path, "127.0.0.1:10009", CERTIFICATE)


def refused(given: LndSettings) -> str:
    """The sentence with which the settings are refused."""
    with pytest.raises(SettingsError) as error:
        LndWallet.connect(given)
    return str(error.value)


# --- the address ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("localhost:10009", "localhost:10009"),
        ("node.example", "node.example:10009"),
        (" 127.0.0.1:1 ", "127.0.0.1:1"),
        ("[::1]", "[::1]:10009"),
        ("[fe80::1]:443", "[fe80::1]:443"),
    ],
)
def test_an_address_is_a_host_and_a_port(given: str, read: str) -> None:
    assert read_address(given) == read


@pytest.mark.parametrize(
    "given",
    [
        "",
        "unix:/run/lnd",
        "node:0",
        "node:70000",
        "a b",
        "::1:10009",
        "n\x1b",
    ],
)
def test_anything_else_is_no_address(good: LndSettings, given: str) -> None:
    sentence = refused(replace(good, rpcserver=given))
    assert "lnd.rpcserver" in sentence
    assert "localhost:10009" in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://localhost:8080", "https://localhost:8080"),
        (" HTTPS://node.example:8080/ ", "https://node.example:8080"),
        ("https://[::1]:443", "https://[::1]:443"),
    ],
)
def test_a_url_means_rest(given: str, read: str) -> None:
    assert is_url(given)
    assert read_url(given) == read


@pytest.mark.parametrize("given", ["localhost:8080", "node", "[::1]:443", "a b", "unix:/run/lnd"])
def test_anything_else_means_grpc(given: str) -> None:
    assert not is_url(given)


@pytest.mark.parametrize(
    "given",
    [
        "https://localhost",  # 443 or 8080: nobody knows which was meant
        "https://localhost:0",
        "https://localhost:70000",
        "https://localhost:8080/lnd",
        "https://localhost:8080?x",
        "https://me:secret@localhost:8080",
        "https://",
        "https://:8080",
        "https://a b:8080",
        "https://n\x1b:8080",
        "https://nöde:8080",
        "grpc://localhost:10009",
        "wss://localhost:8080",
    ],
)
def test_other_urls_are_refused(good: LndSettings, given: str) -> None:
    sentence = refused(replace(good, rpcserver=given))
    assert "lnd.rpcserver" in sentence
    assert "https://localhost:8080" in sentence
    assert "secret" not in sentence
    assert sentence.isprintable()


def test_without_encryption_there_is_no_rest(good: LndSettings) -> None:
    assert "read the macaroon" in refused(replace(good, rpcserver="http://localhost:8080"))


def test_the_environment_and_the_file_may_name_a_url(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[lnd]\nrpcserver = "https://localhost:8080"\n')
    environ = {"L402TUI_HOME": str(tmp_path)}
    assert load(environ).lnd.rpcserver == "https://localhost:8080"
    environ["LNCLI_RPCSERVER"] = "https://node.example:8080"
    assert load(environ).lnd.rpcserver == "https://node.example:8080"


# --- the certificate -----------------------------------------------------------------------------


def test_only_the_first_certificate_of_a_chain_is_read(tmp_path: Path) -> None:
    ca = trustme.CA()
    leaf = ca.issue_cert("127.0.0.1").cert_chain_pems[0].bytes()
    chain = tmp_path / "chain.pem"
    chain.write_bytes(b"a comment\n" + leaf + ca.cert_pem.bytes())
    assert read_certificate(str(chain)).strip() == leaf.strip()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no certificate",
        CERTIFICATE.private_key_pem.bytes(),
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n",
    ],
)
def test_a_file_without_a_certificate_is_refused(
    good: LndSettings, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "tls.cert").write_bytes(content)
    assert "holds no certificate" in refused(good)


def test_a_missing_certificate_is_named(good: LndSettings, tmp_path: Path) -> None:
    missing = str(tmp_path / "elsewhere.cert")
    sentence = refused(replace(good, tlscertpath=missing))
    assert missing in sentence
    assert "cannot be read" in sentence


# --- the macaroon --------------------------------------------------------------------------------


def test_a_macaroon_comes_from_a_file_of_bytes_or_of_hex(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.touch(0o600)
    path.write_bytes(MACAROON)
    from_bytes = read_macaroon(str(path))
    path.write_text(MACAROON.hex() + "\n")
    assert from_bytes == read_macaroon(str(path))
    assert from_bytes.reveal() == MACAROON.hex().encode()


@pytest.mark.skipif(os.name != "posix", reason="files have no such modes here")
@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o601])
def test_a_macaroon_that_others_can_read_is_refused(good: LndSettings, mode: int) -> None:
    Path(good.macaroonpath).chmod(mode)
    assert f"chmod 600 {good.macaroonpath}" in refused(good)


@pytest.mark.skipif(os.name != "posix", reason="files have no such modes here")
def test_a_macaroon_as_lnd_writes_it_is_taken(good: LndSettings) -> None:
    Path(good.macaroonpath).chmod(0o640)
    assert read_macaroon(good.macaroonpath).reveal() == MACAROON.hex().encode()


def test_without_a_macaroon_it_is_said_how_to_make_one(good: LndSettings) -> None:
    sentence = refused(replace(good, macaroonpath=""))
    assert "LNCLI_MACAROONPATH" in sentence
    assert "lncli bakemacaroon" in sentence


def test_a_missing_file_is_named(good: LndSettings) -> None:
    assert "/nowhere/pay.macaroon" in refused(replace(good, macaroonpath="/nowhere/pay.macaroon"))


@pytest.mark.parametrize("typo", ["", "0", "z"])
def test_a_macaroon_itself_is_not_taken_and_not_repeated(good: LndSettings, typo: str) -> None:
    sentence = refused(replace(good, macaroonpath=MACAROON.hex() + typo))
    assert "not the path of a file" in sentence
    assert "only you can read" in sentence
    assert MACAROON.hex()[:16] not in sentence


@pytest.mark.parametrize("content", [b"", b"\x02garbage", b"\xff\xfe", b"abcd", MACAROON[:-1]])
def test_a_file_with_anything_else_is_no_macaroon(good: LndSettings, content: bytes) -> None:
    Path(good.macaroonpath).write_bytes(content)
    assert "is not a macaroon" in refused(good)


def test_hex_of_anything_else_is_no_macaroon(good: LndSettings) -> None:
    assert "not the path of a file" in refused(replace(good, macaroonpath="ab" * 40))


@pytest.mark.skipif(os.name != "posix", reason="files have no such modes here")
def test_what_others_can_read_is_pointed_out(good: LndSettings) -> None:
    macaroon, certificate = Path(good.macaroonpath), Path(good.tlscertpath)
    macaroon.chmod(0o600)
    certificate.chmod(0o644)
    assert advice_on_files(good) is None  # a certificate is public
    macaroon.chmod(0o640)
    told = advice_on_files(good)
    assert told is not None
    assert told.serious
    assert "group" in told.what.text
    certificate.write_bytes(certificate.read_bytes() + CERTIFICATE.private_key_pem.bytes())
    told = advice_on_files(good)
    assert told is not None
    assert "group" in told.what.text
    assert "private key" in told.what.text
    certificate.chmod(0o600)
    macaroon.chmod(0o600)
    assert advice_on_files(good) is None


# --- the rest ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [-1, 0, 3601])
def test_the_time_for_looking_must_make_sense(good: LndSettings, seconds: int) -> None:
    assert "lnd.timeout_seconds" in refused(replace(good, timeout_seconds=seconds))


@pytest.mark.parametrize("blocks", [-1, 0, 4033])
def test_the_limit_for_locks_must_make_sense(good: LndSettings, blocks: int) -> None:
    assert "lnd.cltv_limit" in refused(replace(good, cltv_limit=blocks))


@pytest.mark.parametrize("package", ["grpc", "lndgrpc.compiled"])
def test_without_the_extra_it_is_said_what_to_install(
    good: LndSettings, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert "pip install 'l402tui[lnd]'" in refused(good)


FRESH = """
import asyncio, os, sys
from l402tui.settings import LndSettings
from l402tui.wallets.lnd import LndWallet
assert "grpc" not in sys.modules, "gRPC is imported only where a connection is made"
before = dict(os.environ)
def no_tls(_, writer):
    writer.write(b"HTTP/1.1 400 Bad Request\\r\\n\\r\\n")
    writer.close()
async def main():
    async with await asyncio.start_server(no_tls, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        wallet = LndWallet.connect(LndSettings(f"127.0.0.1:{port}", *sys.argv[1:]))
        assert "does not speak TLS" in str((await wallet.facts()).trouble)
        await wallet.close()
asyncio.run(main())
assert dict(os.environ) == before, set(os.environ.items()) ^ set(before.items())
"""


@pytest.mark.parametrize("suites", [None, "HIGH"])
def test_the_environment_stays_as_it_was_and_nothing_is_printed(
    good: LndSettings, suites: str | None
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GRPC_")}
    if suites:
        environment["GRPC_SSL_CIPHER_SUITES"] = suites
    done = subprocess.run(
        [sys.executable, "-c", FRESH, good.tlscertpath, good.macaroonpath],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

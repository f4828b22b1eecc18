"""What is inside is told from what is on the internet."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from l402tui.web.addresses import inside, literal, local_name

HERE = "this machine itself"
CLOUD = "the metadata of a cloud's machine"
PRIVATE = "a private network"


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("127.0.0.1", HERE),
        ("127.255.255.254", HERE),
        ("0.0.0.0", HERE),
        ("::", HERE),
        ("::1", HERE),
        ("::ffff:127.0.0.1", HERE),
        ("::ffff:169.254.169.254", CLOUD),
        ("::127.0.0.1", HERE),
        ("64:ff9b::127.0.0.1", HERE),
        ("64:ff9b::10.0.0.1", PRIVATE),
        ("2002:7f00:1::", HERE),
        ("2002:c0a8:101::1", PRIVATE),
        ("169.254.169.254", CLOUD),
        ("169.254.170.2", CLOUD),
        ("100.100.100.200", CLOUD),
        ("168.63.129.16", CLOUD),
        ("192.0.0.192", CLOUD),
        ("fd00:ec2::254", CLOUD),
        ("169.254.0.1", "the local link"),
        ("fe80::1", "the local link"),
        ("fe80::1%eth0", "the local link"),
        ("10.0.0.1", PRIVATE),
        ("172.16.0.1", PRIVATE),
        ("172.31.255.255", PRIVATE),
        ("192.168.0.1", PRIVATE),
        ("198.18.0.1", PRIVATE),
        ("240.0.0.1", PRIVATE),
        ("255.255.255.255", PRIVATE),
        ("fc00::1", PRIVATE),
        ("fd12::1", PRIVATE),
        ("fec0::1", PRIVATE),
        ("2001:db8::1", PRIVATE),
        ("2001:0:0:0:0:0:80ff:fffe", HERE),  # Teredo, with 127.0.0.1 in it
        ("::ffff:8.8.8.8", PRIVATE),  # nothing on the internet is called so
        ("100.64.0.1", "a provider's own network"),
        ("224.0.0.1", "many machines at once"),
        ("ff02::1", "many machines at once"),
    ],
)
def test_inside(address: str, where: str) -> None:
    assert inside(ip_address(address)) == where


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "172.32.0.1",
        "192.169.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "2a00::1",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "::8.8.8.8",
    ],
)
def test_on_the_internet(address: str) -> None:
    assert inside(ip_address(address)) is None


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "LOCALHOST",
        "x.localhost",
        "printer",
        "nas.local",
        "box.lan",
        "a.home.arpa",
        "db.internal",
        "shop.test",
        "mail.corp",
        "abc.onion",
    ],
)
def test_names_of_places_nearby(name: str) -> None:
    assert local_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "example.com",
        "localhost.example.com",
        "local.example",
        "1.0.0.127.in-addr.arpa",
        "a.arpa",
        "127.0.0.1.nip.io",
        "home.arpa.example",
        "xhome.arpa",
    ],
)
def test_names_that_anybody_may_have(name: str) -> None:
    assert not local_name(name)


def test_what_is_an_address() -> None:
    assert literal("127.0.0.1") is not None
    assert literal("::1") is not None
    for name in ("localhost", "0x7f000001", "2130706433", "127.1", ""):
        assert literal(name) is None

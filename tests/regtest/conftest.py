"""How does a test get the real network?

The rule: ask for it by name. ``network`` is started once per pytest run, by the first test that
asks; ``alice``, ``carol``, ``bob`` are its nodes, ``service`` is what is behind aperture, with an
empty memory for each test. Tests that use any of them carry the mark ``regtest``.

Where the binaries are not built these tests skip, and one line says how to get them; with
``L402TUI_REQUIRE_REGTEST=1`` they fail with it, so that a green run cannot hide that none ran.

``customer`` runs the program with a home folder of its own and alice as its node (over REST, where
the test is parametrized so), ``purse`` is what alice has begun to pay since the test began, and
``till`` asks for the invoice that the test chose.

All tests share one network. What a test leaves stopped, killed or frozen is brought back after it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .build import HOW_TO_GET, binaries
from .customer import Customer
from .network import Network, Node
from .payer import Purse, over_rest, settings
from .service import RecordingService
from .till import Till

_HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "regtest: runs on real Lightning nodes (tests/regtest)")


@pytest.hookimpl(tryfirst=True)  # before pytest selects by mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the network, so that ``-m "not regtest"`` leaves it out."""
    skip = binaries() is None and not _required()
    for item in items:
        if _HERE in item.path.parents and "network" in getattr(item, "fixturenames", ()):
            item.add_marker("regtest")
            item.add_marker(pytest.mark.xdist_group("network"))  # one process starts the nodes
            if skip:  # by a mark, because pytest then says the reason once and not for each test
                item.add_marker(pytest.mark.skip(reason=HOW_TO_GET))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how to get the binaries also where pytest is not asked for the reasons of skips."""
    skipped = terminalreporter.stats.get("skipped", ())
    count = sum(HOW_TO_GET in str(each.longrepr) for each in skipped)
    if count:
        terminalreporter.write_line(f"{count} regtest tests skipped: {HOW_TO_GET}", yellow=True)


def _required() -> bool:
    return os.environ.get("L402TUI_REQUIRE_REGTEST") == "1"


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """The running network; see `network.Network`."""
    programs = binaries()
    if programs is None:
        if _required():
            pytest.fail(HOW_TO_GET, pytrace=False)
        pytest.skip(HOW_TO_GET)
    with Network(programs, tmp_path_factory.mktemp("regtest")) as running:
        yield running


@pytest.fixture(autouse=True)
def mended(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test that used the network, bring back what it left broken."""
    yield
    if "network" in request.fixturenames:
        running: Network = request.getfixturevalue("network")
        running.mend()


@pytest.fixture(scope="session")
def alice(network: Network) -> Node:
    """The node that pays."""
    return network.alice


@pytest.fixture(scope="session")
def carol(network: Network) -> Node:
    """The node in between, which takes a fee."""
    return network.carol


@pytest.fixture(scope="session")
def bob(network: Network) -> Node:
    """The node that is paid; aperture's."""
    return network.bob


@pytest.fixture
def service(network: Network) -> RecordingService:
    """What is behind aperture, having seen no request yet."""
    network.service.clear()
    return network.service


@pytest.fixture
def customer(request: pytest.FixtureRequest, alice: Node, tmp_path: Path) -> Iterator[Customer]:
    """Somebody who runs the program, with alice as their node."""
    line = over_rest if getattr(request, "param", "grpc") == "rest" else settings
    person = Customer(tmp_path / "home", line(alice, tmp_path))
    yield person
    person.end()


@pytest.fixture
def purse(alice: Node) -> Purse:
    """What alice begins to pay from here on."""
    return Purse(alice)


@pytest.fixture
def till() -> Iterator[Till]:
    """A server of ours that delivers against any invoice."""
    with Till() as open_till:
        yield open_till

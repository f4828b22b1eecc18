"""Does ``get -o`` stream what is large, leave what broke off, and go on without paying again?"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from l402tui.protocol.url import Url
from tests.cli.command import Commands, paid

PAY = ("--wallet", "practice", "--yes")
TEXT = bytes(range(256)) * 1000
HALF = len(TEXT) // 2


class Shop(ThreadingHTTPServer):
    """A practice server that has something large at ``/big`` for whoever shows a credential."""

    daemon_threads = True

    def __init__(self, practice: PracticeServer) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.practice = Url.parse(practice.url)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.deliver: Callable[[_Counter], None] = whole
        self.asked: list[str | None] = []
        """The Range of each request that showed a credential."""


class _Counter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Shop

    def do_GET(self) -> None:
        self.close_connection = True
        shown = self.headers.get("Authorization", "")
        if self.path == "/free" or (self.path == "/big" and shown):
            self.server.asked.append(self.headers.get("Range"))
            self.server.deliver(self)
            return
        self._pass_on("/weather" if self.path == "/big" else self.path)

    do_POST = do_GET

    def _pass_on(self, path: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        practice = HTTPConnection(self.server.practice.host, self.server.practice.port)
        practice.request(self.command, path, body, dict(self.headers.items()))
        answer = practice.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        practice.close()

    def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def whole(counter: _Counter) -> None:
    counter.answer(200, TEXT, {"ETag": '"1"'})


def half(counter: _Counter) -> None:
    counter.answer(200, TEXT[:HALF], {"ETag": '"1"', "Content-Length": str(len(TEXT))})


def half_for_good(counter: _Counter) -> None:
    counter.answer(200, TEXT[:HALF], {"Content-Length": str(len(TEXT))})


def rest(counter: _Counter) -> None:
    asked = counter.headers.get("Range")
    if asked is None or counter.headers.get("If-Range") != '"1"':
        return whole(counter)
    first = int(asked.removeprefix("bytes=").removesuffix("-"))
    place = f"bytes {first}-{len(TEXT) - 1}/{len(TEXT)}"
    return counter.answer(206, TEXT[first:], {"ETag": '"1"', "Content-Range": place})


@contextmanager
def opened(practice: PracticeServer) -> Iterator[Shop]:
    shop = Shop(practice)
    thread = threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield shop
    finally:
        shop.shutdown()
        shop.server_close()
        thread.join()


@pytest.fixture
def shop(server: PracticeServer) -> Iterator[Shop]:
    with opened(server) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder / "big"


def files(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_a_body_may_be_larger_than_the_memory_limit(
    l402tui: Commands, shop: Shop, server: PracticeServer, target: Path
) -> None:
    l402tui.settings("body_limit = 1000\n")
    done = l402tui.run("get", f"{shop.url}/big", *PAY, "-o", str(target), "--json")
    assert done.code == Exit.OK
    assert target.read_bytes() == TEXT
    assert files(target) == ["big"]
    (answered,) = (event for event in done.events if event["event"] == "answered")
    digest = sha256(TEXT).hexdigest()
    assert answered["saved"] == {"path": str(target), "bytes": len(TEXT), "sha256": digest}
    assert f"{len(TEXT)} bytes written to" in done.err
    assert len(paid(server)) == 1


def test_what_broke_off_goes_on_and_nothing_is_paid_again(
    l402tui: Commands, shop: Shop, server: PracticeServer, target: Path
) -> None:
    shop.deliver = half
    get = ("get", f"{shop.url}/big", *PAY, "-o", str(target))
    first = l402tui.run(*get)
    assert first.code == Exit.UNDELIVERED
    assert "Paid, but the answer ended early." in first.err
    assert f"{HALF} bytes are kept in" in first.err
    assert "The same command with -c goes on from there." in first.err
    assert files(target) == ["big.part", "big.part.json"]
    assert (target.parent / "big.part").stat().st_mode & 0o777 == 0o600

    shop.deliver = rest
    second = l402tui.run(*get, "-c")
    assert second.code == Exit.OK
    assert "No money was spent now" in second.err
    assert f"{len(TEXT)} bytes written to" in second.err
    assert target.read_bytes() == TEXT
    assert files(target) == ["big"]
    assert shop.asked == [None, f"bytes={HALF}-"]
    assert len(paid(server)) == 1


def test_where_the_server_offers_no_rest_it_begins_anew_without_paying(
    l402tui: Commands, shop: Shop, server: PracticeServer, target: Path
) -> None:
    shop.deliver = half_for_good
    get = ("get", f"{shop.url}/big", *PAY, "-o", str(target), "-c")
    first = l402tui.run(*get)
    assert first.code == Exit.UNDELIVERED
    assert "it will begin anew" in first.err
    shop.deliver = rest
    assert l402tui.run(*get).code == Exit.OK
    assert target.read_bytes() == TEXT
    assert shop.asked == [None, None]
    assert len(paid(server)) == 1


def test_a_download_that_was_killed_goes_on(
    l402tui: Commands, shop: Shop, server: PracticeServer, target: Path
) -> None:
    halfway, over = threading.Event(), threading.Event()

    def hanging(counter: _Counter) -> None:
        half(counter)
        halfway.set()
        over.wait(30)

    shop.deliver = hanging
    get = ("get", f"{shop.url}/big", *PAY, "-o", str(target))
    run = l402tui.begin(*get, "--json")
    run.until("retried")
    assert halfway.wait(30)
    part = target.parent / "big.part"
    while part.stat().st_size < HALF:  # what was sent is on its way here
        assert run.process.poll() is None
    run.signal(signal.SIGKILL)
    assert run.end().code == -signal.SIGKILL
    over.set()
    shop.deliver = rest
    assert l402tui.run(*get, "-c").code == Exit.OK
    assert target.read_bytes() == TEXT
    assert shop.asked == [None, f"bytes={HALF}-"]
    assert len(paid(server)) == 1


def test_ctrl_c_says_what_is_kept(
    l402tui: Commands, shop: Shop, server: PracticeServer, target: Path
) -> None:
    over = threading.Event()

    def hanging(counter: _Counter) -> None:
        half(counter)
        over.wait(30)

    shop.deliver = hanging
    run = l402tui.begin("get", f"{shop.url}/big", *PAY, "-o", str(target), "--json")
    run.until("retried")
    part = target.parent / "big.part"
    while part.stat().st_size < HALF:
        assert run.process.poll() is None
    run.signal(signal.SIGINT)
    done = run.end()
    over.set()
    assert done.code == Exit.STOPPED
    assert "Money was spent" in done.err
    assert f"{HALF} bytes are kept in" in done.err
    assert "-c goes on from there" in done.err


def test_something_free_goes_on_too(l402tui: Commands, shop: Shop, target: Path) -> None:
    shop.deliver = half
    get = ("get", f"{shop.url}/free", "--no-pay", "-o", str(target))
    first = l402tui.run(*get)
    assert first.code == Exit.UNREACHABLE
    assert "it is not whole" in first.err
    assert "-c goes on from there" in first.err
    shop.deliver = rest
    assert l402tui.run(*get, "-c").code == Exit.OK
    assert target.read_bytes() == TEXT


def test_without_c_it_begins_anew(l402tui: Commands, shop: Shop, target: Path) -> None:
    shop.deliver = half
    get = ("get", f"{shop.url}/free", "--no-pay", "-o", str(target))
    l402tui.run(*get)
    shop.deliver = rest
    assert l402tui.run(*get).code == Exit.OK
    assert target.read_bytes() == TEXT
    assert shop.asked == [None, None]


def test_an_error_is_delivered_as_before(l402tui: Commands, shop: Shop, target: Path) -> None:
    shop.deliver = lambda counter: counter.answer(404, b"nothing", {})
    done = l402tui.run("get", f"{shop.url}/free", "--no-pay", "-o", str(target))
    assert done.code == Exit.HTTP_ERROR
    assert target.read_bytes() == b"nothing"
    assert files(target) == ["big"]


def test_a_bill_leaves_no_part_behind(l402tui: Commands, shop: Shop, target: Path) -> None:
    done = l402tui.run("get", f"{shop.url}/big", "--no-pay", "-o", str(target))
    assert done.code == Exit.OK
    assert "It would cost" in done.err
    assert files(target) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-c",), "-c goes on with a file: name it with -o. Nothing was sent."),
        (("-c", "-o", "-"), "-c goes on with a file"),
        (("-c", "-o", "/dev/null"), "-c goes on with a file"),
    ],
)
def test_there_must_be_a_file_to_go_on_with(
    l402tui: Commands, arguments: tuple[str, ...], words: str
) -> None:
    done = l402tui.run("get", "http://127.0.0.1:9/", *arguments)
    assert done.code == Exit.USAGE
    assert words in done.err


def test_a_part_that_is_somebody_elses(l402tui: Commands, shop: Shop, target: Path) -> None:
    (target.parent / "big.part").symlink_to("/etc/passwd")
    done = l402tui.run("get", f"{shop.url}/free", "--no-pay", "-o", str(target))
    assert done.code == Exit.USAGE
    assert "Nothing was sent" in done.err
    assert shop.asked == []


def test_a_second_run_at_the_same_time_sends_nothing(
    l402tui: Commands, shop: Shop, server: PracticeServer, target: Path
) -> None:
    over = threading.Event()

    def hanging(counter: _Counter) -> None:
        half(counter)
        over.wait(30)

    shop.deliver = hanging
    get = ("get", f"{shop.url}/free", "--no-pay", "-o", str(target), "--json")
    run = l402tui.begin(*get)
    run.until("requested")
    while not shop.asked:
        assert run.process.poll() is None
    done = l402tui.run(*get)
    over.set()
    assert done.code == Exit.USAGE
    assert "another run is writing it. Nothing was sent." in done.err
    assert len(shop.asked) == 1
    assert run.end().code == Exit.UNREACHABLE


def test_a_full_disk_is_our_own_trouble(l402tui: Commands, shop: Shop, target: Path) -> None:
    (target.parent / "big.part.json").mkdir()  # what cannot be written to
    done = l402tui.run("get", f"{shop.url}/free", "--no-pay", "-o", str(target))
    assert done.code == Exit.BROKEN
    assert "The body could not be written to" in done.err
    assert "Is a directory" in done.err

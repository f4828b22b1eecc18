"""FILE.part is ours alone, grows, survives, and takes its place only when it is whole."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from l402tui.flow.message import Request, Response
from l402tui.protocol.url import Url
from l402tui.web.part import Admit, Part, PartBusy

URL = Url.parse("https://example.com/file?signed=1")
REQUEST = Request(URL)
ETAG = (b"ETag", b'"v1"')
DATE = (b"Date", b"Sat, 21 Nov 2026 12:00:00 GMT")
Pairs = tuple[tuple[bytes, bytes], ...]


def head(*headers: tuple[bytes, bytes], status: int = 200, url: Url = URL) -> Response:
    return Response(status, b"", "HTTP/1.1", headers, b"", url)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "answer"


def beside(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def admit(part: Part, request: Request, answer: Response, *, asked: bool) -> Admit:
    """As the transport does it."""
    admitted = part.admit(request, answer, asked=asked)
    if admitted is Admit.REST:
        part.take_up()
    return admitted


def broken_off(target: Path, *headers: tuple[bytes, bytes], text: bytes = b"01234") -> None:
    """An earlier run that came this far."""
    part = Part.open(target)
    assert admit(part, REQUEST, head(*headers), asked=False) is Admit.HERE
    assert part.write(text)
    part.close()


def resumed(target: Path, request: Request = REQUEST, url: Url = URL) -> Pairs:
    part = Part.open(target, resume=True)
    asks = part.rest_of(request, url)
    part.close()
    return asks


# The file itself.


def test_it_is_written_beside_its_place_and_moved_there(target: Path) -> None:
    part = Part.open(target)
    assert stat.S_IMODE(part.path.stat().st_mode) == 0o600
    assert admit(part, REQUEST, head(ETAG), asked=False) is Admit.HERE
    assert part.write(b"some")
    assert part.write(b"thing")
    assert not target.exists()
    assert stat.S_IMODE((target.parent / "answer.part.json").stat().st_mode) == 0o600
    saved = part.saved()
    assert (saved.path, saved.size) == (str(target), 9)
    assert saved.sha256 == sha256(b"something").hexdigest()
    part.finish(0o644)
    part.close()
    assert target.read_bytes() == b"something"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert beside(target) == ["answer"]


def test_what_was_there_keeps_its_mode(target: Path) -> None:
    target.write_text("old")
    target.chmod(0o640)
    part = Part.open(target)
    admit(part, REQUEST, head(), asked=False)
    part.write(b"new")
    assert target.read_text() == "old"
    part.finish(0o644)
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("new", 0o640)


def test_nothing_came_and_nothing_stays(target: Path) -> None:
    Part.open(target).close()
    part = Part.open(target)
    admit(part, REQUEST, head(ETAG), asked=False)
    part.close()
    part.close()
    assert beside(target) == []


def test_something_came_and_stays(target: Path) -> None:
    broken_off(target, ETAG)
    assert beside(target) == ["answer.part", "answer.part.json"]
    assert stat.S_IMODE((target.parent / "answer.part").stat().st_mode) == 0o600


def test_two_runs_never_write_the_same_part(target: Path) -> None:
    part = Part.open(target)
    with pytest.raises(PartBusy, match="another run is writing it"):
        Part.open(target)
    admit(part, REQUEST, head(), asked=False)
    part.write(b"x")
    part.close()
    Part.open(target).close()


def other_owner(path: Path) -> None:
    path.write_text("theirs")
    os.link(path, path.with_name("elsewhere"))


@pytest.mark.parametrize(
    "put",
    [
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: path.symlink_to("nowhere"),
        lambda path: path.mkdir(),
        lambda path: os.mkfifo(path),
        other_owner,
    ],
)
def test_a_part_that_is_not_ours_is_left_alone(target: Path, put: object) -> None:
    assert callable(put)
    put(target.with_name("answer.part"))
    before = beside(target)
    with pytest.raises(PartBusy, match="it is there already"):
        Part.open(target)
    assert beside(target) == before


def test_an_old_part_is_closed_to_others(target: Path) -> None:
    old = target.with_name("answer.part")
    old.write_text("old")
    old.chmod(0o666)
    Part.open(target).close()
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    assert old.read_text() == "old"  # until something comes


def test_a_note_that_is_a_link_is_not_followed(target: Path) -> None:
    victim = target.with_name("victim")
    victim.write_text("mine")
    target.with_name("answer.part.json").symlink_to(victim)
    part = Part.open(target)
    with pytest.raises(OSError, match="symbolic"):
        admit(part, REQUEST, head(ETAG), asked=False)
    part.close()
    assert victim.read_text() == "mine"


def test_a_disk_that_is_almost_full_is_left_alone(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = Part.open(target)
    admit(part, REQUEST, head(ETAG), asked=False)
    real = os.fstatvfs(0)
    full = os.statvfs_result((*real[:4], 1, *real[5:]))
    monkeypatch.setattr(os, "fstatvfs", lambda _: full)
    assert not part.write(b"x")
    assert part.trouble is not None
    assert part.trouble.errno == errno.ENOSPC
    part.close()


# What goes to it.


@pytest.mark.parametrize(
    ("answer", "admitted"),
    [
        (head(), Admit.HERE),
        (head(status=206), Admit.HERE),
        (head(status=299), Admit.HERE),
        (head(status=300), Admit.ELSEWHERE),
        (head(status=402), Admit.ELSEWHERE),
        (head(status=416), Admit.ELSEWHERE),
        (head(status=500), Admit.ELSEWHERE),
        (head((b"WWW-Authenticate", b"L402 x"), status=401), Admit.ELSEWHERE),
    ],
)
def test_only_a_good_answer_goes_to_the_file(
    target: Path, answer: Response, admitted: Admit
) -> None:
    broken_off(target, ETAG)
    part = Part.open(target)
    assert admit(part, REQUEST, answer, asked=False) is admitted
    assert part.kept == (5 if admitted is Admit.ELSEWHERE else 0)
    part.close()


# Going on.


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ((ETAG,), b'"v1"'),
        ((ETAG, (b"Accept-Ranges", b"bytes")), b'"v1"'),
        ((ETAG, (b"Content-Length", b"10")), b'"v1"'),
        ((ETAG, (b"Content-Length", b"5")), None),  # it is all here
        ((ETAG, (b"Accept-Ranges", b"none")), None),
        ((ETAG, (b"Content-Encoding", b"gzip")), None),
        ((ETAG, ETAG), None),
        (((b"ETag", b'W/"v1"'),), None),
        (((b"ETag", b"v1"),), None),
        (((b"ETag", b'"\xff"'),), None),
        ((), None),
        ((DATE, (b"Last-Modified", b"Sat, 21 Nov 2026 11:59:00 GMT")), b"Sat, 21 Nov 2026 11:59"),
        ((DATE, (b"Last-Modified", b"Sat, 21 Nov 2026 11:59:30 GMT")), None),
        (((b"Last-Modified", b"Sat, 21 Nov 2020 11:59:00 GMT"),), None),
        ((DATE, (b"Last-Modified", b"yesterday")), None),
        ((DATE, ETAG, (b"Last-Modified", b"Sat, 21 Nov 2020 11:59:00 GMT")), b'"v1"'),
    ],
)
def test_what_is_asked_for(target: Path, headers: Pairs, validator: bytes | None) -> None:
    broken_off(target, *headers)
    asks = resumed(target)
    if validator is None:
        assert asks == ()
        return
    (range_name, wanted), (condition_name, condition) = asks
    assert (range_name, wanted, condition_name) == (b"Range", b"bytes=5-", b"If-Range")
    assert condition.startswith(validator)


def test_who_may_not_go_on(target: Path) -> None:
    broken_off(target, ETAG)
    assert resumed(target) != ()
    assert resumed(target, url=Url.parse("https://example.com/file?signed=2")) != ()
    assert resumed(target, url=Url.parse("https://example.com/other")) == ()
    assert resumed(target, url=Url.parse("http://example.com/file")) == ()
    other = Request(URL, headers=(("X", "y"),))
    assert resumed(target, other) == ()
    part = Part.open(target)  # without being told to go on
    assert part.rest_of(REQUEST, URL) == ()
    part.close()


@pytest.mark.parametrize(
    "request_", [Request(URL, "POST"), Request(URL, headers=(("Range", "bytes=0-4"),))]
)
def test_requests_that_have_no_rest(target: Path, request_: Request) -> None:
    part = Part.open(target)
    admit(part, request_, head(ETAG), asked=False)
    part.write(b"01234")
    assert not part.resumable
    part.close()
    assert beside(target) == ["answer.part"]


@pytest.mark.parametrize(
    "note",
    [b"", b"{", b"[]", b"7", b'{"request": 1}', b"\xff", b"null"],
)
def test_a_note_that_is_none(target: Path, note: bytes) -> None:
    broken_off(target, ETAG)
    target.with_name("answer.part.json").write_bytes(note)
    assert resumed(target) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("validator", '"a"\r\nX: y'),
        ("validator", '"\u00e4"'),
        ("validator", 7),
        ("size", "10"),
        ("size", True),
        ("place", "elsewhere"),
        ("request", "another"),
    ],
)
def test_a_note_that_was_changed(target: Path, field: str, value: object) -> None:
    broken_off(target, ETAG)
    note = target.with_name("answer.part.json")
    noted = json.loads(note.read_text())
    assert resumed(target) != ()
    note.write_text(json.dumps({**noted, field: value}))
    assert resumed(target) == ()


@pytest.mark.parametrize("taken", [False, True])
def test_a_part_that_moves_away_while_it_is_locked_is_not_written(
    target: Path, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    broken_off(target, ETAG)
    part, lock = target.with_name("answer.part"), fcntl.flock

    def finished_meanwhile(opened: int, how: int) -> None:
        if not target.exists():
            part.rename(target)  # as the run does that just ends
            if taken:  # and another one begins
                part.touch()
        lock(opened, how)

    monkeypatch.setattr(fcntl, "flock", finished_meanwhile)
    mine = Part.open(target)
    admit(mine, REQUEST, head(), asked=False)
    mine.write(b"new")
    assert target.read_bytes() == b"01234"
    assert part.read_bytes() == b"new"
    mine.close()


def ranged(content_range: str, *more: tuple[bytes, bytes]) -> Response:
    return head((b"Content-Range", content_range.encode()), *more, status=206)


@pytest.mark.parametrize(
    ("answer", "admitted"),
    [
        (ranged("bytes 5-9/10"), Admit.REST),
        (ranged("bytes 5-9/*"), Admit.REST),
        (ranged("bytes 5-7/10"), Admit.REST),
        (ranged("bytes 5-9/10", ETAG), Admit.REST),
        (ranged("bytes 5-9/10", (b"ETag", b'"v2"')), Admit.ANEW),
        (ranged("bytes 4-9/10"), Admit.ANEW),
        (ranged("bytes 6-9/10"), Admit.ANEW),
        (ranged("bytes 5-4/10"), Admit.ANEW),
        (ranged("bytes 5-10/10"), Admit.ANEW),
        (ranged("bytes 5-10/11"), Admit.ANEW),
        (ranged("bytes */10"), Admit.ANEW),
        (ranged("5-9/10"), Admit.ANEW),
        (ranged("bytes 5-9/10", (b"Content-Range", b"bytes 5-9/10")), Admit.ANEW),
        (ranged("bytes 5-9/10", (b"Content-Encoding", b"gzip")), Admit.ANEW),
        (head((b"Content-Type", b"multipart/byteranges"), status=206), Admit.ANEW),
        (head((b"Content-Range", b"bytes */10"), status=416), Admit.ANEW),
        (head(ETAG), Admit.HERE),
        (head(status=503), Admit.ELSEWHERE),
    ],
)
def test_what_a_rest_must_look_like(target: Path, answer: Response, admitted: Admit) -> None:
    broken_off(target, ETAG, (b"Content-Length", b"10"))
    part = Part.open(target, resume=True)
    assert part.rest_of(REQUEST, URL)
    assert admit(part, REQUEST, answer, asked=True) is admitted
    assert part.kept == (0 if answer.status == 200 else 5)
    if admitted is Admit.ANEW:
        assert part.rest_of(REQUEST, URL) == ()
    part.close()


@pytest.mark.parametrize(
    ("content_range", "more", "whole"),
    [
        ("bytes 5-9/10", b"56789", True),
        ("bytes 5-9/*", b"56789", True),
        ("bytes 5-7/10", b"567", False),
        ("bytes 5-9/10", b"567", False),
    ],
)
def test_the_rest_is_appended(target: Path, content_range: str, more: bytes, whole: bool) -> None:
    broken_off(target, ETAG, (b"Content-Length", b"10"))
    part = Part.open(target, resume=True)
    assert admit(part, REQUEST, ranged(content_range), asked=True) is Admit.REST
    assert part.write(more)
    assert part.whole is whole
    saved = part.saved()
    assert saved.sha256 == sha256(b"01234" + more).hexdigest()
    assert saved.size == part.kept == 5 + len(more)
    assert part.resumable
    part.close()
    assert target.with_name("answer.part").read_bytes() == b"01234" + more


def test_a_rest_brings_what_it_says(target: Path) -> None:
    broken_off(target, ETAG)  # of a size that nobody told
    part = Part.open(target, resume=True)
    admit(part, REQUEST, ranged("bytes 5-9/*"), asked=True)
    part.write(b"567")
    assert not part.whole
    part.close()


def test_a_size_that_is_told_later_counts(target: Path) -> None:
    broken_off(target, ETAG)
    part = Part.open(target, resume=True)
    admit(part, REQUEST, ranged("bytes 5-7/10"), asked=True)
    part.write(b"567")
    assert not part.whole
    part.close()

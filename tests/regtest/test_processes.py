"""Are nodes started, watched and ended the way the network relies on? (No real node needed.)"""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from .processes import NetworkError, Process, free_ports, wait_until

FOREVER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]


def alive(pid: int) -> bool:
    """Say whether the process runs; one that only waits to be reaped does not."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
    return re.search(r"^State:\s+Z", status, re.MULTILINE) is None


def test_the_pid_is_the_programs_own(tmp_path: Path) -> None:
    process = Process("node", [sys.executable, "-c", "import os; print(os.getpid())"], tmp_path)
    process.start()
    pid = process.pid
    wait_until("it printed its pid", process.log_tail)
    process.stop()
    assert int(process.log_tail()) == pid
    assert not process.running


def test_the_error_of_a_program_that_ends_shows_its_last_words(tmp_path: Path) -> None:
    program = "import sys; print('address in use'); sys.exit(3)"
    process = Process("node", [sys.executable, "-c", program], tmp_path)
    process.start()
    with pytest.raises(NetworkError) as failed:
        process.wait_until("it answers", lambda: False)
    assert "it answers" in str(failed.value)
    assert "exit code 3" in str(failed.value)
    assert "address in use" in str(failed.value)


def test_the_error_of_a_wait_in_vain_names_the_last_exception(tmp_path: Path) -> None:
    process = Process("node", FOREVER, tmp_path)
    process.start()

    def refused() -> bool:
        raise ConnectionError("nobody there")

    try:
        with pytest.raises(NetworkError, match="nobody there"):
            process.wait_until("it answers", refused, timeout_s=0.1)
    finally:
        process.kill()


def test_a_program_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    process = Process("node", FOREVER, tmp_path)
    worker = threading.Thread(target=process.start)
    worker.start()
    worker.join()
    wait_until("it is up", process.log_tail)
    assert process.running
    process.kill()
    assert not process.running


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's part is Linux only")
def test_a_program_ends_with_a_test_run_that_is_killed(tmp_path: Path) -> None:
    module = Process.__module__
    run = (
        "import os, signal, sys, time\n"
        f"sys.path[:] = {sys.path!r}\n"
        f"from pathlib import Path\nfrom {module} import Process\n"
        f"process = Process('node', {FOREVER!r}, Path({str(tmp_path)!r}))\n"
        "process.start()\n"
        "while not process.log_tail(): time.sleep(0.01)\n"
        "print(process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", run], capture_output=True, text=True, check=False
    )
    pid = int(killed.stdout)
    wait_until("the program has ended too", lambda: not alive(pid), timeout_s=5)


def test_a_program_sees_nothing_of_the_persons_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    show = "import os; print(os.environ.get('HTTPS_PROXY'), os.environ['HOME'])"
    process = Process("node", [sys.executable, "-c", show], tmp_path)
    process.start()
    wait_until("it printed", process.log_tail)
    process.kill()
    assert process.log_tail() == f"None {tmp_path}"


def test_free_ports_are_different() -> None:
    assert len(set(free_ports(20))) == 20

"""How does a node end when the test run that started it is killed?

The rule: no orphans. This file is run as a program, ``python leash.py PARENT_PID PROGRAM ARG...``:
it asks the kernel to kill this process as soon as the parent is gone, then *becomes* the program,
so the pid the parent knows is the program's own.

A ``preexec_fn`` would be shorter, but it runs Python between fork and exec, which can deadlock in
a process that has gRPC's threads. Where the kernel offers no such request (anything but Linux) the
program is started all the same; there, a killed test run can leave nodes behind.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def tie_to(parent_pid: int) -> None:
    """Ask the kernel to kill this process when the process ``parent_pid`` ends.

    Raises:
        OSError: the kernel refused.
        SystemExit: the parent had already ended before the request was made.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    if os.getppid() != parent_pid:  # it ended between our start and the request
        raise SystemExit(1)


if __name__ == "__main__":
    tie_to(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])

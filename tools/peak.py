"""The most memory that a process had at a time, of its own.

In: a process, ours or one that we started. Out: MiB. The one idea: what getrusage and wait4 say begins with the peak of
whoever started the process, so that a small program started by a large one seems large; /proc tells each program's
own, but only as long as it runs.
Source: getrusage(2), proc(5) (VmHWM), setmax_mm_hiwater_rss in the kernel's exec.
"""

import os
import re
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_LOOK_S = 0.002


@dataclass(frozen=True)
class Used:
    """What a process took.

    Args:
        cpu_s: User and system time, with the children that it waited for.
        wall_s: From when `watched` was called to its end.
        peak_mib: The most memory that it had at a time. Exact where that is more than we ever had; where it is less,
            without what came in its last 2 ms.
    """

    cpu_s: float
    wall_s: float
    peak_mib: float


def peak_mib(pid: int | None = None) -> float:
    """Return the most memory of a process so far, 0 if it is gone.

    Args:
        pid: Which; ours if absent.
    """
    try:
        text = Path(f"/proc/{'self' if pid is None else pid}/status").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = re.search(r"^VmHWM:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def forget_peak() -> None:
    """Let the most memory of our process begin anew, with what it has now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def watched(process: "subprocess.Popen[bytes]", limit_s: float | None = None) -> Used:
    """Wait for a process that was just started, and set its `returncode`.

    Args:
        process: Which; nobody else waits for it.
        limit_s: It is killed after so many seconds; None: never.
    """
    begin, seen, ended = time.perf_counter(), peak_mib(process.pid), False
    handle = os.pidfd_open(process.pid)
    try:
        looking = select.poll()
        looking.register(handle, select.POLLIN)
        while not ended:
            ended = bool(looking.poll(_LOOK_S * 1e3))
            seen = max(seen, peak_mib(process.pid))
            if limit_s is not None and time.perf_counter() - begin > limit_s:
                os.kill(process.pid, signal.SIGKILL)  # still there: we have not waited for it
    finally:
        os.close(handle)
    wall_s = time.perf_counter() - begin
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    told = used.ru_maxrss / 1024
    return Used(used.ru_utime + used.ru_stime, wall_s, told if told > peak_mib() else seen)

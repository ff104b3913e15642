"""A network namespace with nothing in it, for tests that load rules into a kernel."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def empty_network() -> Iterator[None]:
    """Put this thread, and what it starts, into a network of its own with a loopback; needs root."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    assert _LIBC.unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield
    finally:
        assert _LIBC.setns(home, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        os.close(home)


def rules() -> str:
    """Return all rules of the kernel, as nft prints them."""
    return subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout

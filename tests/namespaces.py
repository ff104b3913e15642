"""Network namespaces for tests that load rules into a kernel: one with nothing in it, and who reaches whom in a lab."""

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from redshank.lab.network import Network

SOON_S, PATIENCE_S = 0.25, 20.0
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


def reaches(home: Network, name: str, target: str, place: str = "gateway", *, source: str = "") -> bool:
    """Tell whether a client in one namespace gets through to a server in another, with patience for a busy machine."""
    return _answered(home, name, target, place, source, PATIENCE_S)


def stopped(home: Network, name: str, target: str, place: str = "gateway", *, source: str = "") -> bool:
    """Tell whether a client gets no answer."""
    return not _answered(home, name, target, place, source, SOON_S)


def _answered(home: Network, name: str, target: str, place: str, source: str, within_s: float) -> bool:
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    with ExitStack() as stack:
        with home.inside(place):
            server = stack.enter_context(socket.socket(family))
        with home.inside(name):
            client = stack.enter_context(socket.socket(family))
        server.bind((target, 0))
        server.listen()
        client.settimeout(within_s)
        if source:
            client.bind((source, 0))
        try:
            client.connect(server.getsockname()[:2])
        except TimeoutError:
            return False
        return True

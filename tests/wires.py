"""Network namespaces of a test's own, and veth pairs in them, for tests of live capture (marker root).

In: a `with` block. Out: inside it, this thread is in a namespace without a name that holds one veth pair, and nothing
of the machine. The namespace is gone as soon as nobody uses it: nothing is left even after kill -9.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NEAR, FAR = "near", "far"
"""The two ends of the pair: what goes into one comes out of the other."""

NO_HEADER, PPP = 65534, 512
"""ARPHRD_ values for `tun`."""

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def private_network(*lines: str) -> Iterator[None]:
    """Enter a new namespace with lo, near and far; `lines` are further `ip` commands to run there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    assert _LIBC.unshare(_CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    try:
        # Without IPv6 nobody sends anything unasked, so what comes is what the test sent.
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
        ip("link set lo up", f"link add {NEAR} type veth peer name {FAR}", *lines)
        ip(f"link set {NEAR} up arp off", f"link set {FAR} up arp off")
        yield
    finally:
        assert _LIBC.setns(home, _CLONE_NEWNET) == 0
        os.close(home)


def ip(*lines: str) -> None:
    """Run `ip` commands where this thread is."""
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True, timeout=20)


def ip_says(line: str) -> str:
    """Return what an `ip` command prints."""
    return subprocess.run(["ip", *line.split()], capture_output=True, text=True, check=True, timeout=20).stdout


def send(frames: list[bytes], name: str = NEAR) -> None:
    """Send frames as they are."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as handle:
        handle.bind((name, 0))
        for frame in frames:
            handle.send(frame)


@contextmanager
def tun(name: str, hardware: int) -> Iterator[int]:
    """Make an interface of this hardware (ARPHRD_); what is written to the descriptor comes in on it."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1001))  # TUNSETIFF, without a header
        fcntl.ioctl(device, 0x400454CD, hardware)  # TUNSETLINK
        ip(f"link set {name} up")
        yield device
    finally:
        os.close(device)

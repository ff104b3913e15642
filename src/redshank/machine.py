"""What kind of machine this is, as far as watching a network is concerned.

In: the kernel, /proc and the package's folder. Out: `Machine`, facts without an opinion. The one idea: whatever cannot
be found out is None or absent, so that this works for everybody, everywhere, and needs no rights.
Source: proc_meminfo(5), capabilities(7), netdevice(7), adjtimex(2), linux/ethtool.h.
"""

import ctypes
import fcntl
import os
import platform
import shutil
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from redshank.core.kernel_store import users_folders

LIBRARIES = ("redshank", "numpy", "pyarrow", "onnxruntime", "numba")
PROGRAMS = ("ip", "nft")
CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13}
_SIOCGIFFLAGS, _SIOCETHTOOL = 0x8913, 0x8946
_UP, _LOOPBACK = 0x1, 0x8
_GRO, _FLAGS, _LRO = 0x2B, 0x25, 1 << 15  # ETHTOOL_GGRO, ETHTOOL_GFLAGS, ETH_FLAG_LRO
_TIMEX_BYTES = 512  # more than struct timex has anywhere; modes = 0 only asks
_UNSYNCHRONIZED = 5  # TIME_ERROR


@dataclass(frozen=True)
class Link:
    """An interface.

    Args:
        up: Whether it is.
        loopback: Whether it is the loopback interface.
        merging: Which offloads put packets together before anybody sees them: "gro", "lro".
    """

    up: bool
    loopback: bool = False
    merging: tuple[str, ...] = ()


@dataclass(frozen=True)
class Machine:
    """The facts.

    Args:
        system: Kernel and processor.
        python: Version of the interpreter.
        libraries: Versions of what is installed.
        cpus: Processors that this process may use.
        load: Processes that ran or waited to, in the mean of five minutes.
        total_mib, free_mib: Memory, and what of it is available; None if the kernel does not tell.
        rights: Capabilities in force, of CAPABILITIES; None if the kernel does not tell.
        links: Interfaces by name.
        synchronized: Whether the kernel's clock is; None if it does not tell.
        programs: Where programs are that the service starts, by name.
        kernels: Compiled kernels on disk.
    """

    system: str = ""
    python: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)
    cpus: int = 1
    load: float = 0.0
    total_mib: int | None = None
    free_mib: int | None = None
    rights: frozenset[str] | None = None
    links: Mapping[str, Link] = field(default_factory=dict)
    synchronized: bool | None = None
    programs: Mapping[str, str] = field(default_factory=dict)
    kernels: int = 0


def look(proc: Path = Path("/proc")) -> Machine:
    """Look once.

    Args:
        proc: Where the kernel tells about itself.

    Example:
        >>> look().links["lo"].loopback
        True
    """
    memory = meminfo(_text(proc / "meminfo"))
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        libraries=_versions(),
        cpus=len(os.sched_getaffinity(0)),
        load=os.getloadavg()[1],
        total_mib=memory.get("MemTotal"),
        free_mib=memory.get("MemAvailable"),
        rights=rights(_text(proc / "self/status")),
        links=_links(),
        synchronized=_synchronized(),
        programs={name: place for name in PROGRAMS if (place := shutil.which(name))},
        kernels=_kernels(),
    )


def meminfo(text: str) -> dict[str, int]:
    """Return the values of /proc/meminfo in MiB.

    Example:
        >>> meminfo("MemTotal:        2048 kB")
        {'MemTotal': 2}
    """
    rows = (line.replace(":", " ").split() for line in text.splitlines())
    return {row[0]: int(row[1]) // 1024 for row in rows if len(row) > 1 and row[1].isdecimal()}


def rights(status: str) -> frozenset[str] | None:
    """Return which of CAPABILITIES are in force, from /proc/self/status.

    Example:
        >>> sorted(rights("CapEff: 0000000000002000"))
        ['CAP_NET_RAW']
    """
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            bits = int(line.split()[1], 16)
            return frozenset(name for name, number in CAPABILITIES.items() if bits >> number & 1)
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _links() -> dict[str, Link]:
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # it went away meanwhile
                asked = fcntl.ioctl(handle.fileno(), _SIOCGIFFLAGS, struct.pack("16s24x", name.encode()))
                (flags,) = struct.unpack("H", asked[16:18])
                wanted = (("gro", _GRO, 1), ("lro", _FLAGS, _LRO))
                merging = tuple(word for word, command, bit in wanted if _offload(handle, name, command) & bit)
                found[name] = Link(bool(flags & _UP), bool(flags & _LOOPBACK), merging)
    return found


def _offload(handle: socket.socket, name: str, command: int) -> int:
    """Ask the driver; what it does not know is off."""
    value = ctypes.create_string_buffer(struct.pack("=II", command, 0))
    try:
        fcntl.ioctl(handle.fileno(), _SIOCETHTOOL, struct.pack("16sP", name.encode(), ctypes.addressof(value)))
    except OSError:
        return 0
    data: int = struct.unpack("=II", value.raw[:8])[1]
    return data


def _synchronized() -> bool | None:
    room = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = ctypes.CDLL(None).adjtimex(room)
    return None if state < 0 else state != _UNSYNCHRONIZED


def _kernels() -> int:
    """Count the libraries where core/kernel_store.py puts them."""
    users = (path for folder in users_folders() for path in (folder / "redshank").rglob("*.so"))
    places = (Path(__file__).parent.rglob("__pycache__/*.so"), users)
    return sum(f".{sys.implementation.cache_tag}." in path.name for found in places for path in found)

"""The network interfaces of this machine: which there are, whether they are up, and what their frames begin with.

In: names as a person gives them, or `any`. Out: one Interface each, or every mistake at once.
The one idea: frames are taken with their own link layer where decoding knows it (Ethernet, plain IP, 802.11); of all
other hardware ring.py writes a Linux cooked header in place of the link layer. `any` is one Interface for all there are
and will be, the loopback interface among them; each of its frames says which hardware it came from.
Source: netdevice(7), packet(7), linux/if_arp.h (ARPHRD_*), https://www.tcpdump.org/linktypes.html.
"""

import fcntl
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from redshank.core.errors import ConfigError, RedshankError, SourceError
from redshank.core.registry import alternatives

COOKED = 276
"""LINKTYPE_LINUX_SLL2."""

LOOPBACK = 772
"""ARPHRD_ of the loopback interface, on which the kernel shows every packet twice: when it leaves and when it comes."""

ANY = "any"
"""In place of a name: all interfaces."""

MIXED = -1
"""In place of a LINKTYPE_ value: every frame has its own."""

LINK_TYPES = {1: 1, LOOPBACK: 1, 519: 101, 65534: 101, 801: 105, 803: 127}
"""LINKTYPE_ by ARPHRD_: Ethernet, loopback, raw IP, none (tun, WireGuard), 802.11, 802.11 with radiotap."""

_SIOCGIFFLAGS, _SIOCGIFHWADDR, _IFF_UP = 0x8913, 0x8927, 1


@dataclass(frozen=True)
class Interface:
    """One interface.

    Args:
        name: As `ip link` shows it.
        index: The kernel's number of it, 0 of `any`.
        hardware: Its ARPHRD_ value, -1 of `any`.
        link_type: LINKTYPE_ value of the frames we take from it, or MIXED.
    """

    name: str
    index: int
    hardware: int
    link_type: int


def find(names: Sequence[str]) -> list[Interface]:
    """Look the interfaces up, in the caller's network namespace.

    Args:
        names: As `ip link` shows them; at least one, each once. Or ANY alone.

    Raises:
        ConfigError: If there is none of a name, a name is given twice, none is given, or one beside ANY; all problems
            are told.
        SourceError: If an interface is down.

    Example:
        >>> find(["no-such"])
        Traceback (most recent call last):
        redshank.core.errors.ConfigError: live: no interface 'no-such'; ...
    """
    if list(names) == [ANY]:
        return [Interface(ANY, 0, -1, MIXED)]
    if ANY in names:
        raise ConfigError(f"live: 'any' is all interfaces; leave {', '.join(repr(n) for n in names if n != ANY)} away")
    there = {name: index for index, name in socket.if_nameindex()}
    problems = [f"live: no interface {name!r}; {alternatives(name, there)}" for name in names if name not in there]
    problems += [f"live: interface {name!r} is given twice" for name in sorted(set(names)) if names.count(name) > 1]
    if not names:
        problems.append(f"live: no interface is given; name at least one (there are: {', '.join(there)})")
    if problems:
        raise ConfigError(problems)
    found, down = [], []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        for name in names:
            try:
                (flags,) = struct.unpack("H", _ask(handle, _SIOCGIFFLAGS, name)[16:18])
                (hardware,) = struct.unpack("H", _ask(handle, _SIOCGIFHWADDR, name)[16:18])
            except OSError as error:
                raise gone(name, error.strerror) from None
            if not flags & _IFF_UP:
                down.append(name)
            found.append(Interface(name, there[name], hardware, LINK_TYPES.get(hardware, COOKED)))
    if down:
        which = " and ".join(repr(name) for name in down)
        raise SourceError(
            f"live: interface {which} is down; set it up with `ip link set {down[0]} up`, "
            f"or name another (there are: {', '.join(there)})"
        )
    return found


def gone(name: str, reason: str | None) -> RedshankError:
    """Return the error for an interface that went away while we looked at it."""
    return SourceError(f"live: interface {name!r} is gone ({reason}); start again when it is there")


def _ask(handle: socket.socket, request: int, name: str) -> bytes:
    answer: bytes = fcntl.ioctl(handle.fileno(), request, struct.pack("16s24x", name.encode()))
    return answer

"""Look around: own addresses, gateways, resolvers, DHCP servers, operators, and who has which link-layer address.

In: what iproute2 prints as JSON, /proc, files of resolvers and of DHCP clients (`leases`), the environment. Out:
Surroundings and, kept up to date, the never-block list. The one idea: reading is at this edge and understanding is in
small functions on text; where the kernel cannot be asked there is no list, and without a list nothing is enforced.
Source: ip-address(8), ip-route(8), ip-neighbour(8), proc_net_tcp.rst of Linux, resolv.conf(5), rtnetlink(7), sshd(8)
for SSH_CONNECTION.
"""

import ipaddress
import json
import os
import re
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from redshank.core.errors import ActionError
from redshank.respond import leases
from redshank.respond.leases import Facts
from redshank.respond.names import Names
from redshank.respond.protected import Protected, Surroundings
from redshank.respond.target import canonical

RESOLVERS = ("etc/resolv.conf", "run/systemd/resolve/resolv.conf", "run/NetworkManager/resolv.conf")
MOST_BYTES = 1 << 20
"""Read of any file; leases are a few kilobytes."""
PATIENCE_S = 5.0
NEIGHBOR_S = 1.0
"""How old the list may be when neighbors have changed and nothing else."""
ESTABLISHED = "01"
SSH_PORTS = (22,)

# RTM_NEWNEIGH and RTM_DELNEIGH of rtnetlink(7); what stands for changes that were lost.
_NEIGHBOR, _LOST = {28, 29}, 0
# RTMGRP_LINK, _NEIGH, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE.
_GROUPS = 0x1 | 0x4 | 0x10 | 0x40 | 0x100 | 0x400


def own(links: Sequence[Mapping[str, Any]]) -> Facts:
    """Give addresses of this machine and of its networks' broadcasts, from `ip -j address`."""
    for link in links:
        name = link.get("ifname", "?")
        if link.get("link_type") == "ether":
            yield str(link.get("address", "")), f"own link-layer address ({name})"
        for entry in link.get("addr_info", ()):
            yield str(entry.get("local", "")), f"own address ({name})"
            if "broadcast" in entry:
                yield str(entry["broadcast"]), f"broadcast ({name})"


def gateways(routes: Sequence[Mapping[str, Any]]) -> Facts:
    """Give the next hops and local addresses of all routes, from `ip -j route show table all`."""
    for route in routes:
        for hop in (route, *route.get("nexthops", ())):
            yield str(hop.get("gateway") or hop.get("via", {}).get("host", "")), f"gateway ({hop.get('dev', '?')})"
        if route.get("type") in {"local", "broadcast", "anycast"}:
            yield str(route.get("dst", "")), f"{route['type']} address ({route.get('dev', '?')})"


def neighbors(entries: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return link-layer addresses by IP address, from `ip -j neighbor`."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        with suppress(ValueError):
            ip, mac = canonical(str(entry.get("dst", ""))), canonical(str(entry.get("lladdr", "")))
            found[ip] = (*(known for known in found.get(ip, ()) if known != mac), mac)
    return found


def resolvers(text: str) -> Facts:
    """Give the name servers of a resolv.conf."""
    for server in re.findall(r"^\s*nameserver\s+(\S+)", text, re.MULTILINE):
        yield server, "DNS server"


def sessions(text: str, ports: Sequence[int]) -> Facts:
    """Give the far ends of established TCP sessions with one of our `ports`, from /proc/net/tcp or tcp6."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        with suppress(ValueError, IndexError):
            port = int(fields[1].rpartition(":")[2], 16)
            if fields[3] == ESTABLISHED and port in ports:
                yield _from_proc(fields[2].rpartition(":")[0]), f"operator (session with port {port})"


def _from_proc(digits: str) -> str:
    # Words of 32 bits, each printed as the machine holds it.
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    return str(ipaddress.ip_address(packed))


def operators(environment: Mapping[str, str]) -> Facts:
    """Give the far end of the SSH session that this program was started from."""
    for name in ("SSH_CONNECTION", "SSH_CLIENT"):
        if words := environment.get(name, "").split():
            yield words[0], f"operator ({name})"


def look(
    extra: Sequence[tuple[str, str]] = (), ssh_ports: Sequence[int] = SSH_PORTS, root: Path = Path("/")
) -> Surroundings:
    """Look around once.

    Args:
        extra: What the settings name, each with a reason.
        ssh_ports: Ports of ours whose sessions are an operator's; none if empty.
        root: Where files and /proc are; another folder in tests.

    Raises:
        ActionError: If the kernel cannot be asked.
    """
    facts = [*extra, *own(_ip("address")), *gateways(_ip("route", "show", "table", "all"))]
    for name in RESOLVERS:
        facts += resolvers(_text(root / name))
    for path in _found(root, leases.TEXTS):
        facts += leases.servers(_text(path))
    for path in _found(root, leases.MESSAGES):
        facts += leases.message(_bytes(path))
    for path in _found(root, leases.MESSAGES6):
        facts += leases.message6(_bytes(path))
    for name in ("tcp", "tcp6"):
        # Of this thread: a thread may be in a network namespace of its own.
        facts += sessions(_text(root / "proc/thread-self/net" / name), ssh_ports)
    facts += operators(os.environ)
    return Surroundings(tuple(facts), neighbors(_ip("neighbor")))


def _found(root: Path, patterns: Sequence[str]) -> Iterator[Path]:
    return chain.from_iterable(sorted(root.glob(pattern)) for pattern in patterns)


def _text(path: Path) -> str:
    return _bytes(path).decode(errors="replace")


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError:
        # Each of these files is there on some systems only.
        return b""


def _ip(*arguments: str) -> list[dict[str, Any]]:
    argv = ["ip", "-j", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  fixed program and arguments
            argv, capture_output=True, text=True, check=True, timeout=PATIENCE_S
        )
        found: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise ActionError(
            f"respond: `{' '.join(argv)}` failed ({error}); without it nobody knows whom to protect, so nothing is "
            "enforced; install iproute2"
        ) from None
    # iproute2 writes an empty object for what it leaves out.
    return [entry for entry in found if entry]


class Lookout:
    """The never-block list, kept up to date: it looks again when the kernel tells of a change, and now and then.

    Files and sessions tell of no change, hence the "now and then".

    Args:
        extra: What the settings name, each with a reason.
        ssh_ports: Ports of ours whose sessions are an operator's.
        every_s: How old the list may be, in s.
        names: Peers that the settings give as names; none if absent.
        root: Where files and /proc are; another folder in tests.
    """

    def __init__(
        self,
        extra: Sequence[tuple[str, str]] = (),
        ssh_ports: Sequence[int] = SSH_PORTS,
        every_s: float = 10.0,
        names: Names | None = None,
        root: Path = Path("/"),
    ) -> None:
        self._extra, self._ssh_ports, self._every_s = tuple(extra), tuple(ssh_ports), every_s
        self._names, self._root = names or Names(), root
        self._looked_for: tuple[tuple[str, str], ...] = ()
        self._protected: Protected | None = None
        self._looked_s = 0.0
        self._news: set[int] = set()
        self.seen = Surroundings()
        self._changes = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
        self._changes.bind((0, _GROUPS))

    def protected(self) -> Protected:
        """Return the list as it is now.

        Raises:
            ActionError: If the kernel cannot be asked.
        """
        self._news |= self._told()
        now_s = time.monotonic()
        # Neighbors come and go all the time, and looking takes some 50 ms.
        age_s = self._every_s if not self._news else NEIGHBOR_S if self._news <= _NEIGHBOR else 0.0
        extra = (*self._extra, *self._names.facts())
        if self._protected is None or extra != self._looked_for or now_s - self._looked_s >= age_s:
            self.seen = look(extra, self._ssh_ports, self._root)
            self._news, self._looked_for = set(), extra
            self._protected = Protected.of(self.seen, self._protected)
            self._looked_s = now_s
        return self._protected

    def protect(self, extra: Sequence[tuple[str, str]]) -> None:
        """Take what the settings name now in place of what they named; may be called from any thread.

        It counts from the next time that the list is asked for.

        Args:
            extra: As at the beginning.
        """
        self._extra = tuple(extra)

    def _told(self) -> set[int]:
        """Return the kinds of changes that the kernel has told of since."""
        kinds: set[int] = set()
        try:
            while message := self._changes.recv(65_536):
                kinds.add(int(struct.unpack_from("=H", message, 4)[0]))
        except BlockingIOError:
            return kinds
        except OSError:
            # ENOBUFS: more changes than the queue holds.
            return {*kinds, _LOST}
        return kinds

    def close(self) -> None:
        """Stop listening."""
        self._changes.close()

"""A small network of namespaces on one bridge, with no way out of it.

In: names and addresses. Out: a context in which each name is a network namespace `rsk<pid>-<name>`, joined by a bridge
that the gateway has, or a namespace of its own; behind the gateway one more, "cloud", plays the servers of the outside.
The one idea: no link ever touches the machine's own namespace, so nothing that is sent here can leave, and deleting
the namespaces deletes everything.
Source: network_namespaces(7), veth(4), ip-netns(8), SIOCETHTOOL of linux/ethtool.h.
"""

import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redshank.core.errors import ActionError
from redshank.lab.arena import Addresses

FOLDER = Path("/run/netns")
BRIDGE = "bridge"
GATEWAY = "gateway"
CLOUD = "cloud"
LAN_LINK = "br0"
"""The bridge, in the namespace that has it."""
CLONE_NEWNET = 0x40000000
SIOCETHTOOL = 0x8946
OFFLOADS = {"checksum": 0x17, "scatter_gather": 0x19, "segmentation": 0x1F, "generic_segmentation": 0x24}
"""ETHTOOL_S* commands: without these a capture shows giant frames with unfinished checksums, unlike any wire."""
STOP_S = 3.0

_LIBC = ctypes.CDLL(None, use_errno=True)


def need_root(user: int | None = None) -> None:
    """Refuse to go on without the right to make namespaces.

    Args:
        user: Effective user; asked of the system if absent.

    Raises:
        ActionError: If not root, or a tool is missing.
    """
    user = os.geteuid() if user is None else user
    if user != 0:
        raise ActionError(f"lab: needs root to make network namespaces, this is user {user}; run it with sudo")
    absent = [tool for tool in ("ip", "tcpdump", "mosquitto", "mosquitto_passwd") if shutil.which(tool) is None]
    if absent:
        raise ActionError(f"lab: not installed: {', '.join(absent)}; run `make services`")


def ip(*arguments: str, batch: list[str] | None = None) -> str:
    """Run iproute2 and return what it prints.

    Args:
        arguments: Its arguments.
        batch: Commands for `-batch`, one per line, on standard input.

    Raises:
        ActionError: If it fails; its own first line is in the message.
    """
    argv = ["ip", *arguments, *(["-batch", "-"] if batch is not None else [])]
    done = subprocess.run(  # noqa: S603  fixed program, arguments made by the lab
        argv, input="\n".join(batch or []) + "\n", capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        reason = (done.stderr.strip() or "no message").splitlines()[0]
        raise ActionError(f"lab: `{' '.join(argv)}` failed: {reason}")
    return done.stdout


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    # A zombie has ended, even if nobody has asked for its exit status yet.
    return state not in "ZX"


def leftovers() -> list[str]:
    """List namespaces of labs whose process is gone."""
    found = []
    for path in sorted(FOLDER.glob("rsk*-*")):
        match = re.fullmatch(r"rsk(\d+)-[a-z0-9]+", path.name)
        if match and not _alive(int(match[1])):
            found.append(path.name)
    return found


def remove(names: list[str]) -> None:
    """Delete namespaces of the lab, and end what still runs inside them."""
    for name in names:
        with suppress(ActionError):
            for pid in ip("netns", "pids", name).split():
                if int(pid) != os.getpid():
                    with suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
            ip("netns", "del", name)


class Network:
    """The namespaces of one lab; use as a context.

    Args:
        addresses: Who lives where; must name a "gateway" on the bridge and an "uplink".
        switch: Namespace that has the bridge: GATEWAY, as in a home, whose one box is switch and router; or BRIDGE, one
            of its own that does nothing else, with the gateway at one of its ports.

    Raises:
        ActionError: On entering, if the namespaces cannot be made.
    """

    def __init__(self, addresses: Addresses, switch: str = BRIDGE) -> None:
        self.addresses = addresses
        self.switch = switch
        self.prefix = f"rsk{os.getpid()}-"
        self.lan_names = [name for name in addresses.v4 if self._on_lan(name)]
        self._files: dict[str, int] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._home = -1

    def _on_lan(self, name: str) -> bool:
        return self.addresses.v4[name].rpartition(".")[0] == str(self.addresses.lan[0]).rpartition(".")[0]

    def __enter__(self) -> Self:
        """Build everything, or leave nothing."""
        need_root()
        remove(leftovers())
        if list(FOLDER.glob(f"{self.prefix}*")):
            raise ActionError(f"lab: namespaces '{self.prefix}*' exist; one process runs one lab at a time")
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._build()
        except BaseException:
            self._teardown()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Take everything down, whatever happened."""
        self._teardown()

    def namespace(self, name: str) -> str:
        """Return the namespace's full name, as iproute2 knows it."""
        return f"{self.prefix}{name}"

    def _build(self) -> None:
        members = [*dict.fromkeys((self.switch, *self.lan_names)), CLOUD]
        ip(batch=[f"netns add {self.namespace(name)}" for name in members])
        for name in members:
            self._files[name] = os.open(FOLDER / self.namespace(name), os.O_RDONLY | os.O_CLOEXEC)
            if name not in self.addresses.v6:
                self.set_kernel(name, "ipv6/conf/default/disable_ipv6", "1")
            else:
                # There is no router to ask, and everybody asking three times is all that a short capture would show.
                self.set_kernel(name, "ipv6/conf/default/router_solicitations", "0")
        self._build_switch()
        ip(
            "-n",
            self.namespace(GATEWAY),
            batch=[f"link add eth1 type veth peer name eth0 netns {self.namespace(CLOUD)}"],
        )
        for name in self.lan_names:
            self._configure(name)
        uplink = self.addresses.v4["uplink"]
        outside = [name for name in self.addresses.v4 if name not in self.lan_names and name != "uplink"]
        ip(
            "-n",
            self.namespace(CLOUD),
            batch=[
                "link set lo up",
                "link set eth0 up",
                *(f"addr add {self.addresses.v4[name]}/24 dev eth0" for name in outside),
                f"route add {self.addresses.lan} via {uplink}",
            ],
        )
        self._plain_frames(CLOUD, "eth0")
        self.set_kernel(GATEWAY, "ipv4/ip_forward", "1")

    def _build_switch(self) -> None:
        macs = self.addresses.macs
        own = f" address {macs[self.switch]}" if self.switch in macs else ""
        lines = [f"link add {LAN_LINK}{own} type bridge mcast_snooping 0", f"link set {LAN_LINK} up"]
        for number, name in enumerate(name for name in self.lan_names if name != self.switch):
            peer = f"peer name eth0 address {macs[name]} netns {self.namespace(name)}"
            lines += [f"link add port{number} type veth {peer}", f"link set port{number} master {LAN_LINK} up"]
        # What a switch itself says in IPv6 it says over the bridge, never at a port.
        self.set_kernel(self.switch, "ipv6/conf/default/disable_ipv6", "1")
        ip("-n", self.namespace(self.switch), batch=lines)
        if self.switch in self.addresses.v6:
            self.set_kernel(self.switch, f"ipv6/conf/{LAN_LINK}/disable_ipv6", "0")

    def _configure(self, name: str) -> None:
        link = LAN_LINK if name == self.switch else "eth0"
        lines = ["link set lo up", f"link set {link} up", f"addr add {self.addresses.v4[name]}/24 brd + dev {link}"]
        if name in self.addresses.v6:
            lines.append(f"addr add {self.addresses.v6[name]}/64 dev {link} nodad")
        if name == GATEWAY:
            lines += ["link set eth1 up", f"addr add {self.addresses.v4['uplink']}/24 dev eth1"]
        else:
            lines.append(f"route add default via {self.addresses.v4[GATEWAY]}")
        ip("-n", self.namespace(name), batch=lines)
        self._plain_frames(name, link)
        if name in self.addresses.v6:
            # The default of 30 s makes every pair ask again and again: a twentieth of all flows would be that.
            self.set_kernel(name, f"ipv6/neigh/{link}/base_reachable_time_ms", "600000")
        if name == GATEWAY:
            self._plain_frames(name, "eth1")

    def _plain_frames(self, name: str, link: str) -> None:
        with self.inside(name), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
            for command in OFFLOADS.values():
                value = ctypes.create_string_buffer(struct.pack("=II", command, 0))
                request = struct.pack("16sP", link.encode(), ctypes.addressof(value))
                with suppress(OSError):
                    # A kernel that does not know one of them has nothing to switch off.
                    fcntl.ioctl(handle.fileno(), SIOCETHTOOL, request)

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Enter a namespace of this lab; sockets made in the block stay there for life.

        The block must not await: the whole thread is inside.

        Raises:
            ActionError: If there is no such namespace, or it is the machine's own.
        """
        if name not in self._files:
            raise ActionError(f"lab: no namespace '{name}' in this lab (there are: {', '.join(self._files)})")
        if os.fstat(self._files[name]).st_ino == os.fstat(self._home).st_ino:
            raise ActionError(f"lab: namespace '{name}' is the machine's own; nothing is started there")
        self._switch(self._files[name])
        try:
            yield
        finally:
            self._switch(self._home)

    def _switch(self, file: int) -> None:
        if _LIBC.setns(file, CLONE_NEWNET) != 0:
            raise ActionError(f"lab: setns failed: {os.strerror(ctypes.get_errno())}")

    def set_kernel(self, name: str, setting: str, value: str) -> None:
        """Set one `net.` setting of the kernel inside a namespace of the lab."""
        with self.inside(name):
            Path("/proc/sys/net", setting).write_text(value, encoding="ascii")

    def neighbors(self, name: str) -> dict[str, str]:
        """Return the ARP table of a namespace: link-layer address by IPv4 address."""
        with self.inside(name):
            lines = Path("/proc/thread-self/net/arp").read_text(encoding="ascii").splitlines()[1:]
        return {fields[0]: fields[3] for fields in map(str.split, lines)}

    def start(self, name: str, argv: list[str], **options: Any) -> "subprocess.Popen[bytes]":  # noqa: ANN401  Popen's own
        """Start a program inside a namespace; it ends with the lab."""
        if name not in self._files:
            raise ActionError(f"lab: no namespace '{name}' in this lab (there are: {', '.join(self._files)})")
        process = subprocess.Popen(  # noqa: S603  programs and arguments made by the lab
            ["ip", "netns", "exec", self.namespace(name), *argv],  # noqa: S607  found by need_root
            stdin=subprocess.DEVNULL,
            # A Ctrl-C at the terminal must reach us alone: we end these programs in our own order.
            start_new_session=True,
            **options,
        )
        self._processes.append(process)
        return process

    def _teardown(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stderr is not None:
                process.stderr.close()
        for file in (*self._files.values(), self._home):
            if file >= 0:
                os.close(file)
        self._processes, self._files, self._home = [], {}, -1
        remove([path.name for path in sorted(FOLDER.glob(f"{self.prefix}*"))])

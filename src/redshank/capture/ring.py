"""One interface's packets in memory that the kernel writes and we read: an AF_PACKET ring, TPACKET_V3.

In: an open interface. Out: its frames as Blocks whose `data` is the ring itself: no byte is copied, no call is made for
a packet. The one idea: the ring is cut into stretches; the kernel fills one, hands it over when it is full or RETIRE_MS
old, and gets it back when its frames are done with. What finds no room is dropped, and counted by the kernel.

Two steps, so that a parent process can open what its children read: `opened` makes a socket on which nothing arrives
yet (its filter keeps no packet), `Ring` maps it into memory and `start` lets packets in.

Times are the kernel's, from when a packet came into or went out of the network stack; asking for them on the socket
makes them the same for everybody who captures, tcpdump included.
Source: packet(7), Documentation/networking/packet_mmap.rst and linux/if_packet.h of the kernel.
"""

import ctypes
import mmap
import os
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from redshank.capture import bpf
from redshank.capture.interface import COOKED, LINK_TYPES, LOOPBACK, MIXED, Interface, gone
from redshank.capture.source import Block, index_room
from redshank.capture.words import Bytes, little_u16
from redshank.core.errors import RefusedError, SourceError
from redshank.core.kernel import lean_kernel

RETIRE_MS = 10
"""A stretch that holds a packet is handed over at the latest after twice this: once it is seen, the next time taken."""

STRETCH_BYTES = 512 * 1024
"""Larger ones cost less per packet; smaller ones let a ring hold more of a slow wire, where each lasts RETIRE_MS."""

MAX_FRAMES = STRETCH_BYTES // 64
"""More than a stretch ever holds: what the kernel writes before a frame alone takes 82 bytes."""

_LIBC = ctypes.CDLL(None, use_errno=True)
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP, _PACKET_RX_RING, _PACKET_STATISTICS, _PACKET_VERSION = 1, 5, 6, 10
_PACKET_FANOUT, _PACKET_IGNORE_OUTGOING = 18, 23
_PROMISCUOUS, _TPACKET_V3, _ETH_P_ALL, _SO_TIMESTAMPNS = 1, 2, 0x0003, 35
_FRAME_BYTES = 2048  # TPACKET_V3 packs frames as they come, and only wants to see a size that divides the stretch

# Fan-out by a hash that is the same for both directions; the first socket asks for an identifier nobody else uses.
_FANOUT_HASH, _FANOUT_UNIQUE, _FANOUT_NO_OUTGOING, _FANOUT_DEFRAG = 0x0000, 0x2000, 0x4000, 0x8000
NEW_GROUP = -1
"""In place of a fan-out group: make one."""

# In 32-bit words. Of a stretch: status, packets, place of the first. Of a frame: next, s, ns, captured, length, ...
_STATUS, _COUNT, _FIRST = 2, 3, 4
_USER = 1
_NEXT, _SECONDS, _NS, _CAPTURED, _LENGTH, _FLAGS, _PLACES, _VLAN = 0, 1, 2, 3, 4, 5, 6, 8
_VLAN_VALID = 0x10
_ADDRESS_AT, _HARDWARE_AT = 48, 56  # sockaddr_ll, behind the frame's header, and the ARPHRD_ value in it
_COOKED_BYTES = 20

_HARDWARE, _LINK_TYPES = tuple(LINK_TYPES), tuple(LINK_TYPES.values())

Words = npt.NDArray[np.uint32]


@dataclass
class Counters:
    """What the kernel counted for one ring, since it was opened.

    Args:
        received: Packets put into the ring.
        dropped: Packets that passed the filter and found no room.
        freezes: How often the ring was full.
    """

    received: int = 0
    dropped: int = 0
    freezes: int = 0


def afford(rings: int, ring_mib: int, meminfo: str | None = None) -> None:
    """Refuse rings that would take the memory of everybody else: the kernel gives them all that there is.

    Args:
        rings: How many, over all interfaces and workers.
        ring_mib: Size of each in MiB.
        meminfo: What /proc/meminfo says; it is read if absent.

    Raises:
        SourceError: If they need more than half of the memory that is free.
    """
    text = Path("/proc/meminfo").read_text(encoding="ascii") if meminfo is None else meminfo
    free_mib = next(int(line.split()[1]) // 1024 for line in text.splitlines() if line.startswith("MemAvailable:"))
    if 2 * rings * ring_mib > free_mib:
        raise SourceError(
            f"live: {rings} rings of {ring_mib} MiB need {rings * ring_mib} MiB, more than half of the {free_mib} MiB "
            "that are free; set sensor.ring_mib or sensor.workers lower"
        )


def opened(interface: Interface, ring_mib: int, *, promiscuous: bool, fanout: int | None = None) -> socket.socket:
    """Open a ring on which nothing arrives before `start`.

    Args:
        interface: Where to capture.
        ring_mib: Size of the ring in MiB.
        promiscuous: Also take frames that are addressed to others, as long as this socket is open; of `any`, those of
            the interfaces that there are now.
        fanout: Group of sockets of this interface that share its packets by flow, IPv4 fragments put together first;
            NEW_GROUP makes one, see `group`.

    Raises:
        RefusedError: If we may not capture.
        SourceError: If the interface went away, or there is no memory for the ring.
    """
    try:
        # Protocol 0: not one packet arrives before the filter is in place and the socket is bound.
        whole = socket.SOCK_DGRAM if interface.link_type == COOKED else socket.SOCK_RAW
        handle = socket.socket(socket.AF_PACKET, whole, 0)
    except PermissionError:
        python = Path(sys.executable).resolve()
        raise RefusedError(
            f"live: no right to capture on {interface.name!r} (CAP_NET_RAW); the unit in deploy/systemd gives it, and "
            f"root has it; or once `setcap cap_net_raw+ep {python}`"
        ) from None
    try:
        bpf.attach(handle, bpf.everything(0))
        handle.setsockopt(_SOL_PACKET, _PACKET_VERSION, _TPACKET_V3)
        handle.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        _allocate(handle, interface, ring_mib)
        loopback = interface.hardware == LOOPBACK
        if loopback:
            handle.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        _bind(handle, interface.index)
        if promiscuous and interface.index:
            _join(handle, interface.index)
        elif promiscuous:
            for index, _ in socket.if_nameindex():
                with suppress(OSError):  # one that is gone by now
                    _join(handle, index)
        if fanout is not None:
            kind = _FANOUT_HASH | _FANOUT_DEFRAG | (_FANOUT_NO_OUTGOING if loopback else 0)
            kind |= _FANOUT_UNIQUE if fanout == NEW_GROUP else 0
            handle.setsockopt(_SOL_PACKET, _PACKET_FANOUT, struct.pack("=HH", max(fanout, 0), kind))
    except OSError as error:
        handle.close()
        raise gone(interface.name, error.strerror) from None
    except SourceError:
        handle.close()
        raise
    return handle


def group(handle: socket.socket) -> int:
    """Return the fan-out group that this socket is in."""
    return handle.getsockopt(_SOL_PACKET, _PACKET_FANOUT) & 0xFFFF


def _bind(handle: socket.socket, index: int) -> None:
    """Bind to an interface by its index; 0 is all of them, for which Python's own bind knows no name."""
    address = struct.pack("=HHi12x", socket.AF_PACKET, socket.htons(_ETH_P_ALL), index)
    if _LIBC.bind(handle.fileno(), address, len(address)) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _join(handle: socket.socket, index: int) -> None:
    member = struct.pack("=iHH8x", index, _PROMISCUOUS, 0)
    handle.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, member)


def _allocate(handle: socket.socket, interface: Interface, ring_mib: int) -> None:
    count = ring_mib * 1024 * 1024 // STRETCH_BYTES
    frames = count * (STRETCH_BYTES // _FRAME_BYTES)
    request = struct.pack("=7I", STRETCH_BYTES, count, _FRAME_BYTES, frames, RETIRE_MS, 0, 0)
    try:
        handle.setsockopt(_SOL_PACKET, _PACKET_RX_RING, request)
    except OSError as error:
        raise SourceError(
            f"live: no ring of {ring_mib} MiB for {interface.name!r} ({error.strerror}); set sensor.ring_mib lower"
        ) from None


def prepare() -> None:
    """Load what indexes a stretch before the first one comes: while that is loaded, or compiled, a ring fills."""
    _walk(np.zeros(4, np.uint8), np.zeros(1, np.uint32), 0, 0, 0, *index_room(0))


class Ring:
    """The ring of one interface, mapped into memory.

    Args:
        handle: What `opened` gave, perhaps in another process.
        interface: As there.
        ring_mib: As there.
    """

    def __init__(self, handle: socket.socket, interface: Interface, ring_mib: int) -> None:
        self.interface = interface
        self.counters = Counters()
        self.handle = handle
        # The numpy views keep the mapping alive as long as anybody looks at a Block of it.
        memory = mmap.mmap(handle.fileno(), ring_mib * 1024 * 1024, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._data = np.frombuffer(memory, np.uint8).reshape(-1, STRETCH_BYTES)
        self._words = self._data.view(np.uint32)
        self._heads = [self._words[n, :12] for n in range(len(self._data))]
        self._at = 0
        self._arrays = index_room(MAX_FRAMES)

    def fileno(self) -> int:
        """Return the socket's descriptor: it can be polled for a stretch that is ready."""
        return self.handle.fileno()

    def start(self, program: bpf.Program) -> None:
        """Let in the packets that `program` keeps from now on; `bpf.everything(0)` lets in none."""
        bpf.attach(self.handle, program)

    @property
    def ready(self) -> bool:
        """Whether the kernel has handed over a stretch."""
        return bool(self._heads[self._at][_STATUS] & _USER)

    @property
    def empty(self) -> bool:
        """Whether there is no packet in the ring at all, neither handed over nor still with the kernel."""
        head = self._heads[self._at]
        return not head[_STATUS] & _USER and not head[_COUNT]

    @property
    def first_ns(self) -> int:
        """Time of the first packet of the stretch that is ready."""
        first = int(self._heads[self._at][_FIRST]) // 4
        seconds, ns = self._words[self._at, first + _SECONDS : first + _NS + 1].tolist()
        return int(seconds) * 1_000_000_000 + int(ns)

    @property
    def fill(self) -> float:
        """Share of the ring that waits to be read, 0 to 1."""
        return float(np.mean(self._words[:, _STATUS] & _USER))

    def block(self) -> Block:
        """Return the frames of the stretch that is ready; the Block, its arrays and its data hold until `release`."""
        data, words = self._data[self._at], self._words[self._at]
        count = int(words[_COUNT])
        _walk(data, words, int(words[_FIRST]), count, self.interface.link_type, *self._arrays)
        offset, captured, length, ts_ns, link_type, vlan = self._arrays
        return Block(
            data,
            offset[:count],
            captured[:count],
            length[:count],
            ts_ns[:count],
            link_type[:count],
            vlan[:count],
            int(ts_ns[count - 1]),
        )

    def release(self) -> None:
        """Give the stretch that was read back to the kernel."""
        self._words[self._at, _STATUS] = 0
        self._at = (self._at + 1) % len(self._heads)

    def count(self) -> None:
        """Bring `counters` up to date; the kernel starts its own anew whenever they are read.

        Raises:
            SourceError: If the interface was removed.
        """
        answer = self.handle.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 12)
        packets, drops, freezes = struct.unpack("=3I", answer)
        self.counters.received += packets - drops
        self.counters.dropped += drops
        self.counters.freezes += freezes

    def went_down(self) -> bool:
        """Ask whether the interface was set down since last asked; packets come again when it is up.

        Raises:
            SourceError: If it was removed: nothing comes any more.
        """
        if not self.handle.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return False  # also of `any`, which no interface ends
        try:
            if socket.if_nametoindex(self.interface.name) == self.interface.index:
                return True
        except OSError:
            pass
        raise gone(self.interface.name, "it was removed")

    def close(self) -> None:
        """Give the interface back; Blocks that are still held stay readable."""
        self.handle.close()


@lean_kernel
def _walk(
    data: Bytes,
    words: Words,
    at: int,
    count: int,
    link: int,
    offset: npt.NDArray[np.int64],
    captured: npt.NDArray[np.int32],
    length: npt.NDArray[np.int64],
    ts_ns: npt.NDArray[np.int64],
    link_type: npt.NDArray[np.int32],
    vlan: npt.NDArray[np.int32],
) -> None:
    """Index the `count` frames from byte `at` on; `link` is the LINKTYPE_ value of all, or MIXED."""
    for index in range(count):
        word = at >> 2
        places = 0 + int(words[word + _PLACES])
        start = at + (places & 0xFFFF)
        size = 0 + int(words[word + _CAPTURED])
        wire = 0 + int(words[word + _LENGTH])
        kind = _link_type(little_u16(data, at + _HARDWARE_AT)) if link == MIXED else link
        if kind == COOKED:
            layer = (places >> 16) - (
                places & 0xFFFF
            )  # bytes of the link layer that goes; none is left of a cooked socket's
            start += layer - _COOKED_BYTES
            size = max(size - layer, 0) + _COOKED_BYTES
            wire = max(wire - layer, 0) + _COOKED_BYTES
            _cook(data, at + _ADDRESS_AT, start)
        link_type[index] = kind
        offset[index] = start
        captured[index] = size
        length[index] = wire
        ts_ns[index] = (0 + int(words[word + _SECONDS])) * 1_000_000_000 + (0 + int(words[word + _NS]))
        tagged = words[word + _FLAGS] & _VLAN_VALID
        vlan[index] = (0 + int(words[word + _VLAN])) & 0x0FFF if tagged else -1
        at += 0 + int(words[word + _NEXT])


@lean_kernel
def _link_type(hardware: int) -> int:
    """Return the LINKTYPE_ value of frames of this hardware."""
    for k in range(len(_HARDWARE)):
        if _HARDWARE[k] == hardware:
            return _LINK_TYPES[k]
    return COOKED


@lean_kernel
def _cook(data: Bytes, address: int, at: int) -> None:
    """Write a Linux cooked header, version 2, from the kernel's sockaddr_ll; both have the same fields."""
    data[at] = data[address + 2]  # protocol, already as on the wire
    data[at + 1] = data[address + 3]
    data[at + 2] = 0
    data[at + 3] = 0
    for n in range(4):  # interface and hardware are in the machine's order, which is little-endian wherever we run
        data[at + 4 + n] = data[address + 7 - n]
    data[at + 8] = data[address + 9]
    data[at + 9] = data[address + 8]
    for n in range(10):  # packet type, length of the address, the address
        data[at + 10 + n] = data[address + 10 + n]

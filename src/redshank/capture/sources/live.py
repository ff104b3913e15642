"""Capture from network interfaces, as they are now.

In: names of interfaces, a filter. Out: Blocks whose data lies in the kernel's ring (ring.py); when nothing comes, an
empty Block every QUIET_MS that says until when the wire was watched, so that flows end in time.
The one idea: `clock_ns` is taken before a wait that found nothing and counts only if no ring holds a packet after it:
a packet of an earlier time would have to take longer than the whole wait from its time stamp into the ring.

What is seen is what the kernel sees. Both directions are taken; on the loopback interface every packet passes twice,
and is taken when it comes. Packets that this machine sends have unfinished checksums and may be larger than any wire
carries (the network card finishes and cuts them: TSO, GSO); those it receives may have been put together (GRO).
`ethtool -K IFACE gro off gso off tso off` shows single packets; without it counts of packets are those of the kernel's,
bytes are nearly the same. Leave sensor.checksums off on a machine that sends itself. A VLAN tag that the card took out
is in Block.vlan; Block.length is then without its four bytes.
Source: packet(7), tcpdump(8).
"""

import select
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

import numpy as np

from redshank.capture.bpf import Program, compiled, everything
from redshank.capture.interface import Interface, find
from redshank.capture.ring import Counters, Ring, afford, opened
from redshank.capture.source import Block, PacketSource
from redshank.core.errors import ConfigError

QUIET_MS = 20
"""How long nothing comes before an empty Block says so."""

_COUNT_NS = 200_000_000
_RANGES = {"snap_bytes": (64, 262_144, "bytes"), "ring_mib": (1, 4_096, "MiB")}


class Live(PacketSource):
    """Some interfaces. Packets are queued from the moment this is made; needs CAP_NET_RAW and nothing else.

    Blocks of several interfaces come in the order of their first packets, as far as they have arrived.

    Args:
        interfaces: Names, as `ip link` shows them.
        bpf: Which packets to take, as pcap-filter(7) says; None or blank: all.
        snap_bytes: Bytes of each packet that are looked at, 64 to 262,144.
        promiscuous: Also take frames addressed to others.
        ring_mib: Memory for each interface in which packets wait, 1 to 4,096 MiB.
        fanout: Share the packets of each interface, by flow, with other rings of this fan-out group; ring.NEW_GROUP
            makes a group. None: take all.

    Raises:
        ConfigError: If a value is out of range, the filter is wrong, or there is no such interface.
        SourceError: If an interface is down, we may not capture, or the rings would take too much memory.
    """

    def __init__(
        self,
        interfaces: Sequence[str],
        *,
        bpf: str | None = None,
        snap_bytes: int = 65_535,
        promiscuous: bool = True,
        ring_mib: int = 64,
        fanout: int | None = None,
    ) -> None:
        self.anomalies: dict[str, int] = {}
        self._rings: list[Ring] = []
        self._counted_ns = 0
        found, programs = plan(interfaces, bpf, snap_bytes, ring_mib)
        try:
            for interface in found:
                handle = opened(interface, ring_mib, promiscuous=promiscuous, fanout=fanout)
                self._rings.append(Ring(handle, interface, ring_mib))
            for one, program in zip(self._rings, programs, strict=True):
                one.start(program)
        except BaseException:
            self.close()
            raise

    @classmethod
    def of(cls, rings: Sequence[Ring]) -> Self:
        """Read rings that somebody else opened and starts."""
        live = cls.__new__(cls)
        live.anomalies = {}
        live._rings = list(rings)  # noqa: SLF001  this is a second constructor
        live._counted_ns = 0  # noqa: SLF001  as above
        return live

    def __enter__(self) -> Self:
        """Close at the end of a `with` block, whoever reads."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Close."""
        self.close()

    @property
    def counters(self) -> dict[str, Counters]:
        """What the kernel counted, by interface; brought up to date several times a second."""
        return {one.interface.name: one.counters for one in self._rings}

    @property
    def received(self) -> int:
        """Packets that the kernel put into the rings so far."""
        return sum(one.counters.received for one in self._rings)

    @property
    def dropped(self) -> int:
        """Packets that passed the filter and found no room in a ring so far."""
        return sum(one.counters.dropped for one in self._rings)

    @property
    def fill(self) -> float:
        """Share of the fullest ring that waits to be read, 0 to 1."""
        return max(one.fill for one in self._rings)

    def blocks(self) -> Iterator[Block]:
        """Give frames as they come, until `stop`; what was queued then is still given. A second call gives nothing.

        A Block holds until the next is asked for: then its memory goes back to the kernel.

        Raises:
            SourceError: If an interface is removed.
        """
        if any(one.fileno() < 0 for one in self._rings):
            return
        try:
            yield from self._watch()
            self._count()
        finally:
            self.close()

    def close(self) -> None:
        """Give the interfaces back; what is still queued is lost."""
        for one in self._rings:
            one.close()

    def _watch(self) -> Iterator[Block]:
        waiting = select.poll()
        for one in self._rings:
            waiting.register(one, select.POLLIN)
        last = False
        while True:
            ready = [one for one in self._rings if one.ready]
            if ready:
                first = min(ready, key=lambda one: one.first_ns)
                yield first.block()
                first.release()
                self._count_sometimes()
            if self.stopping and not last:
                last = True
                for one in self._rings:
                    one.start(everything(0))
            if ready:
                continue
            before_ns = time.time_ns()
            events = waiting.poll(QUIET_MS)
            self._count_sometimes()
            self._heed([event for _, event in events])
            if not events and all(one.empty for one in self._rings):
                if last:
                    return
                yield _nothing_until(before_ns)

    def _heed(self, events: Sequence[int]) -> None:
        if any(event & select.POLLERR for event in events):
            for one in self._rings:
                if one.went_down():
                    self.anomalies["interface_down"] = self.anomalies.get("interface_down", 0) + 1

    def _count_sometimes(self) -> None:
        now_ns = time.monotonic_ns()
        if now_ns - self._counted_ns > _COUNT_NS:
            self._counted_ns = now_ns
            self._count()

    def _count(self) -> None:
        for one in self._rings:
            one.count()
        for name, count in (
            ("ring_dropped", self.dropped),
            ("ring_frozen", sum(one.counters.freezes for one in self._rings)),
        ):
            if count:
                self.anomalies[name] = count


def plan(
    interfaces: Sequence[str], bpf: str | None, snap_bytes: int, ring_mib: int, *, workers: int = 1
) -> tuple[list[Interface], list[Program]]:
    """Check what a person chose, and compile the filter for every interface.

    Args:
        interfaces: As Live.
        bpf: As Live.
        snap_bytes: As Live.
        ring_mib: As Live.
        workers: Rings for each interface.

    Raises:
        ConfigError: As Live.
        SourceError: As Live.
    """
    given = {"snap_bytes": snap_bytes, "ring_mib": ring_mib}
    problems = [
        f"sensor.{name}: {given[name]} is not {low:,} to {high:,} {unit}"
        for name, (low, high, unit) in _RANGES.items()
        if not low <= given[name] <= high
    ]
    if problems:
        raise ConfigError(problems)
    found = find(interfaces)
    afford(workers * len(found), ring_mib)
    return found, [compiled(bpf or "", interface.link_type, snap_bytes) for interface in found]


def _nothing_until(clock_ns: int) -> Block:
    return Block(
        np.empty(0, np.uint8),
        np.empty(0, np.int64),
        np.empty(0, np.int32),
        np.empty(0, np.int64),
        np.empty(0, np.int64),
        np.empty(0, np.int32),
        np.empty(0, np.int32),
        clock_ns,
    )

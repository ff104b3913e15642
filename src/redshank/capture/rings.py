"""Frames of some rings, in the order of their arrival, and until when the wires were watched.

In: rings that somebody opened and starts. Out: Blocks whose data lies in the kernel's ring (ring.py); when nothing
comes, an empty Block every QUIET_MS that says until when the wire was watched, so that flows end in time.
The one idea: `clock_ns` is taken before a wait that found nothing and counts only if no ring holds a packet after it:
a packet of an earlier time would have to take longer than the whole wait from its time stamp into the ring.
Source: packet(7).
"""

import select
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

import numpy as np

from redshank.capture.bpf import everything
from redshank.capture.ring import Counters, Ring
from redshank.capture.source import Block, PacketSource, index_room

QUIET_MS = 20
"""How long nothing comes before an empty Block says so."""

_COUNT_NS = 200_000_000


class Rings(PacketSource):
    """Some rings. Blocks of several come in the order of their first packets, as far as they have arrived.

    Args:
        rings: They are closed with this.
    """

    def __init__(self, rings: Sequence[Ring]) -> None:
        self.anomalies: dict[str, int] = {}
        self.rings = list(rings)
        self._counted_ns = 0

    def __enter__(self) -> Self:
        """Close at the end of a `with` block, whoever reads."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Close."""
        self.close()

    @property
    def counters(self) -> dict[str, Counters]:
        """What the kernel counted, by interface; brought up to date several times a second."""
        return {one.interface.name: one.counters for one in self.rings}

    @property
    def received(self) -> int:
        """Packets that the kernel put into the rings so far."""
        return sum(one.counters.received for one in self.rings)

    @property
    def dropped(self) -> int:
        """Packets that passed the filter and found no room in a ring so far."""
        return sum(one.counters.dropped for one in self.rings)

    @property
    def fill(self) -> float:
        """Share of the fullest ring that waits to be read, 0 to 1."""
        return max(one.fill for one in self.rings)

    def blocks(self) -> Iterator[Block]:
        """Give frames as they come, until `stop`; what was queued then is still given. A second call gives nothing.

        A Block holds until the next is asked for: then its memory goes back to the kernel.

        Raises:
            SourceError: If an interface is removed.
        """
        if any(one.fileno() < 0 for one in self.rings):
            return
        try:
            yield from self._watch()
            self._count()
        finally:
            self.close()

    def close(self) -> None:
        """Give the interfaces back; what is still queued is lost."""
        for one in self.rings:
            one.close()

    def _watch(self) -> Iterator[Block]:
        waiting = select.poll()
        for one in self.rings:
            waiting.register(one, select.POLLIN)
        last = False
        while True:
            ready = [one for one in self.rings if one.ready]
            if ready:
                first = min(ready, key=lambda one: one.first_ns)
                yield first.block()
                first.release()
                self._count_sometimes()
            if self.stopping and not last:
                last = True
                for one in self.rings:
                    one.start(everything(0))
            if ready:
                continue
            before_ns = time.time_ns()
            events = waiting.poll(QUIET_MS)
            self._count_sometimes()
            self._heed([event for _, event in events])
            if not events and all(one.empty for one in self.rings):
                if last:
                    return
                yield _nothing_until(before_ns)

    def _heed(self, events: Sequence[int]) -> None:
        if any(event & select.POLLERR for event in events):
            for one in self.rings:
                if one.went_down():
                    self.anomalies["interface_down"] = self.anomalies.get("interface_down", 0) + 1

    def _count_sometimes(self) -> None:
        now_ns = time.monotonic_ns()
        if now_ns - self._counted_ns > _COUNT_NS:
            self._counted_ns = now_ns
            self._count()

    def _count(self) -> None:
        for one in self.rings:
            one.count()
        for name, count in (
            ("ring_dropped", self.dropped),
            ("ring_frozen", sum(one.counters.freezes for one in self.rings)),
        ):
            if count:
                self.anomalies[name] = count


def _nothing_until(clock_ns: int) -> Block:
    return Block(np.empty(0, np.uint8), *index_room(0), clock_ns)

"""How many different things did one group of flows do in the last so many seconds?

In: events in the order in which they are told, each with a group, a value and packet time. Out: for each, whether its
group has now at least so many different values within the span. The one idea: to know whether there are `at_least`
values it is enough to remember the `at_least` that were seen last, so memory is bounded for each group.

Flows are told when they end, so their times (of their first packets) come out of order: a value keeps the latest time
at which it was seen, the newest time of a group is the end of its window, and an event is a hit if it lies in a window
that has enough values, even if it is too old to be remembered itself. A value seen again counts once; that is also how
a flow with interim rows counts once.

Groups are bounded too: each has one of eight places by its hash; if all eight are taken, the group that was heard of
least recently makes room, and is counted as forgotten if its window was not over. Hashes of texts are keyed by Python's
secret, so that nobody can choose groups that share their places.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.detect.sigma.columns import Mask

WAYS = 8
MOST_GROUPS = 8192
BUDGET_BYTES = 2 << 20
MOST_VALUES = 1000

Longs = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


class Window:
    """What the groups of one correlation did lately.

    Args:
        at_least: Different values from which on an event is a hit, 1 to 1,000.
        span_ns: Length of the window, packet time.

    Attributes:
        forgotten: Groups that had to make room for another before their window was over.
    """

    def __init__(self, at_least: int, span_ns: int) -> None:
        groups = WAYS
        while groups < MOST_GROUPS and 2 * groups * at_least * 16 <= BUDGET_BYTES:
            groups *= 2
        self.at_least, self.span_ns = at_least, span_ns
        self.forgotten = 0
        self._events = 0
        self._groups = np.zeros(groups, dtype=np.uint64)
        self._heard = np.full(groups, -1, dtype=np.int64)
        self._held = np.zeros(groups, dtype=np.int64)
        # Zeros are memory only once something is written there.
        self._values = np.zeros((groups, at_least), dtype=np.uint64)
        self._times = np.zeros((groups, at_least), dtype=np.int64)
        none = np.zeros(0, dtype=np.uint64)
        self.add(none, none, np.zeros(0, dtype=np.int64))  # so that the kernel is there before the first event

    def add(self, groups: Hashes, values: Hashes, times_ns: Longs) -> Mask:
        """Take events in, and tell which are hits.

        Shape:
            groups, values, times_ns, returns: [n].
        """
        hits = np.zeros(len(groups), dtype=np.bool_)
        self.forgotten += _count(
            *(hits, groups, values, times_ns, self._groups, self._heard, self._held, self._values, self._times),
            *(self.span_ns, self._events),
        )
        self._events += len(groups)
        return hits


@lean_kernel
def _count(
    hits: Mask,
    groups: Hashes,
    values: Hashes,
    times: Longs,
    known: Hashes,
    heard: Longs,
    held: Longs,
    kept_values: Hashes,
    kept_times: Longs,
    span: int,
    events_before: int,
) -> int:
    """Take events in and mark the hits; return how many groups were forgotten.

    Shape:
        hits, groups, values, times: [n]; known, heard, held: [g]; kept_values, kept_times: [g, at_least].
    """
    buckets = np.uint64(len(known) // WAYS)
    most = kept_values.shape[1]
    forgotten = 0
    for event in range(len(groups)):
        first = int(groups[event] % buckets) * WAYS
        slot = first
        for way in range(first, first + WAYS):
            if heard[way] >= 0 and known[way] == groups[event]:
                slot = way
                break
            if heard[way] < heard[slot]:
                slot = way
        time = times[event]
        if heard[slot] < 0 or known[slot] != groups[event]:
            for place in range(held[slot]):
                if kept_times[slot, place] >= time - span:
                    forgotten += 1
                    break
            known[slot] = groups[event]
            held[slot] = 0
        heard[slot] = events_before + event
        count = held[slot]
        oldest, same = 0, -1
        for place in range(count):
            if kept_values[slot, place] == values[event]:
                same = place
            if kept_times[slot, place] < kept_times[slot, oldest]:
                oldest = place
        if same >= 0:
            kept_times[slot, same] = max(kept_times[slot, same], time)
        elif count < most:
            kept_values[slot, count], kept_times[slot, count] = values[event], time
            held[slot] = count + 1
        elif time >= kept_times[slot, oldest]:
            kept_values[slot, oldest], kept_times[slot, oldest] = values[event], time
        if held[slot] < most:
            continue
        earliest, newest = kept_times[slot, 0], kept_times[slot, 0]
        for place in range(1, most):
            earliest = min(earliest, kept_times[slot, place])
            newest = max(newest, kept_times[slot, place])
        hits[event] = newest - earliest <= span and newest - time <= span
    return forgotten

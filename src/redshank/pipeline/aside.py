"""Which flows speak for what is usual of a device, and which are set aside.

In: verdicts, and alerts as they are told. Out: a mark for each flow. The one idea: what is called usual is what a
detector judged benign and no alert is about. So a flow is set aside that raised an alarm, that no known family fits, or
that nobody could judge; and, whatever was said of it, one between the device of an alert and a target of it, while the
alert went on. Of an alert that does not name all its targets all flows of its device are.

The flows of an attack before its first alert are looked at after it, mostly: flows wait for the inventory for a minute,
or some ten thousand of them. What was looked at before stays usual. At most MOST_ALERTS alerts are remembered, those
told last.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.records import Alert

MOST_ALERTS = 2_048
AFTER_NS = 60_000_000_000
"""How long after the last flow of an alert others may still be of it."""
_NS_PER_S = 1_000_000_000


class _Told(NamedTuple):
    """What an alert is about; no targets: whoever its device spoke to."""

    device: str
    targets: frozenset[str]
    first_ns: float
    last_ns: float

    def covers(self, begin_ns: int, end_ns: int) -> bool:
        """Tell whether it went on at some time between these."""
        return self.first_ns <= end_ns and self.last_ns >= begin_ns


def judged_benign(verdicts: pa.RecordBatch) -> pa.BooleanArray:
    """Tell which flows a detector judged, and neither raised an alarm on nor called unknown."""
    judged = pc.or_(verdicts.column("family").is_valid(), verdicts.column("score").is_valid())
    odd = pc.or_(*(verdicts.column(name).fill_null(False) for name in ("alarm", "unknown")))
    return pc.and_not(judged, odd)


class Aside:
    """The alerts of a run, as far as flows that come now may be of them.

    Attributes:
        forgotten: Alerts that had to make room.
    """

    def __init__(self) -> None:
        self.forgotten = 0
        self._told: dict[str, _Told] = {}

    def note(self, alerts: Iterable[Alert]) -> None:
        """Remember what alerts are about."""
        for alert in alerts:
            whole = len(alert.targets) >= alert.target_count
            times_ns = (alert.first_seen_s * _NS_PER_S, alert.last_seen_s * _NS_PER_S + AFTER_NS)
            self._told.pop(alert.id, None)
            self._told[alert.id] = _Told(alert.device, frozenset(alert.targets if whole else ()), *times_ns)
            if len(self._told) > MOST_ALERTS:
                del self._told[next(iter(self._told))]
                self.forgotten += 1

    def of(self, flows: pa.RecordBatch) -> pa.BooleanArray:
        """Tell which flows an alert is about.

        Args:
            flows: Columns `ts`, `src_ip` and `dst_ip`. [n]
        """
        found = np.zeros(flows.num_rows, np.bool_)
        ts = flows.column("ts").cast(pa.int64())
        begin, end = pc.min(ts).as_py(), pc.max(ts).as_py()
        lately = [one for one in self._told.values() if begin is not None and one.covers(begin, end)]
        names = pa.array(list({one.device for one in lately}), pa.string())
        there = pc.or_(*(pc.is_in(flows.column(name), names) for name in ("src_ip", "dst_ip")))
        rows = np.flatnonzero(there.to_numpy(zero_copy_only=False))
        if len(rows):
            found[rows] = _about(lately, flows.take(pa.array(rows)), ts.fill_null(begin).to_numpy()[rows])
        return pa.array(found)


def _about(told: list[_Told], flows: pa.RecordBatch, ts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell which flows these alerts are about; each two addresses are looked at once."""
    of_device: dict[str, list[_Told]] = {}
    for one in told:
        of_device.setdefault(one.device, []).append(one)
    first, second = (flows.column(name).fill_null("").dictionary_encode() for name in ("src_ip", "dst_ip"))
    sources, targets = first.dictionary.to_pylist(), second.dictionary.to_pylist()
    codes = first.indices.to_numpy().astype(np.int64) * len(targets) + second.indices.to_numpy()
    pairs, which = np.unique(codes, return_inverse=True)
    order = np.argsort(which, kind="stable")
    begins = np.searchsorted(which[order], np.arange(len(pairs) + 1))
    found = np.zeros(len(ts), np.bool_)
    for number, pair in enumerate(pairs.tolist()):
        ends = sources[pair // len(targets)], targets[pair % len(targets)]
        own = order[begins[number] : begins[number + 1]]
        for device, other in (ends, ends[::-1]):
            for one in of_device.get(device, ()):
                if not one.targets or other in one.targets:
                    found[own] |= (ts[own] >= one.first_ns) & (ts[own] <= one.last_ns)
    return found

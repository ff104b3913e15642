"""How much traffic there was of which kind, and what was said of it, gathered between two writes to the store.

In: FLOW and VERDICT batches. Out: flows and IP bytes by kind (`store/traffic.py`). The one idea: a flow counts once, by
its final row, and what is counted apart is bounded, because names and times in logs may be anything: past MOST_SERVICES
names of services the others are "other", and past MOST_KINDS kinds at once flows are only counted as missing.
Flows wait until some thousand are there or the counts are taken: to group ten costs as much.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.detect.device_groups import DeviceGroups
from redshank.flows.ended import ended
from redshank.store.traffic import FINE_S, Kind

MOST_KINDS = 4_096
MOST_SERVICES = 64
"""Names of services, of protocols, and of families that a run tells apart."""
SETTLE_ROWS = 16_384
"""Flows that wait at most to be counted."""
OTHER = "other"
ALARM, UNKNOWN, BENIGN, UNJUDGED = "alarm", "unknown", "benign", "unjudged"
_KEYS = Kind._fields
_OF_FLOW = ("part", "src_ip", "service", "proto", "src_ip_bytes", "dst_ip_bytes")
_OF_VERDICT = ("score", "family", "unknown", "alarm")
_NS_PER_S = 1_000_000_000


class Counting:
    """The counts since they were taken last.

    Args:
        groups: Groups of devices, by the address that began the flow.

    Attributes:
        missing: Flows that are in no count, since this was made; of those taken so far.
        reached_ns: Latest packet time seen, ns since the epoch; None before the first.
    """

    def __init__(self, groups: DeviceGroups) -> None:
        self.missing = 0
        self.reached_ns: int | None = None
        self._groups = groups
        self._names: dict[str, set[str]] = {"service": set(), "proto": set(), "family": set()}
        self._counts: dict[Kind, tuple[int, int]] = {}
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def see(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> None:
        """Count flows and what was said of them, row by row; rows of flows that go on are not counted."""
        times = flows.column("ts").cast(pa.int64())
        latest = pc.max(times).as_py()
        if latest is not None:
            self.reached_ns = latest
        columns = {
            "ts": times.fill_null(self.reached_ns or 0),
            **{name: flows.column(name) for name in _OF_FLOW},
            **{name: verdicts.column(name) for name in _OF_VERDICT},
        }
        self._waiting.append(pa.RecordBatch.from_pydict(columns))
        self._rows += flows.num_rows
        if self._rows >= SETTLE_ROWS:
            self._settle()

    def _settle(self) -> None:
        if not self._rows:
            return
        rows = pa.concat_batches(self._waiting)
        self._waiting, self._rows = [], 0
        ts = rows.column("ts").to_numpy()
        devices = rows.column("src_ip").dictionary_encode()
        names = pa.array([self._groups.of(one) for one in devices.dictionary.to_pylist()], pa.string())
        sizes = [rows.column(name).fill_null(0) for name in ("src_ip_bytes", "dst_ip_bytes")]
        alarm = rows.column("alarm").fill_null(False)
        unknown = rows.column("unknown").fill_null(False)
        could_tell = pc.or_(rows.column("family").is_valid(), rows.column("score").is_valid())
        table = pa.table(
            {
                "start_s": ts // (FINE_S * _NS_PER_S) * FINE_S,
                "group": names.take(devices.indices).fill_null(self._groups.of(None)),
                "service": rows.column("service").fill_null(""),
                "proto": rows.column("proto").fill_null(""),
                "verdict": pc.case_when(
                    pc.make_struct(alarm, unknown, could_tell, field_names=["a", "u", "t"]),
                    *(ALARM, UNKNOWN, BENIGN, UNJUDGED),
                ),
                "family": pc.if_else(alarm, rows.column("family").fill_null(UNKNOWN), ""),
                "size": pc.add(*(pc.cast(size, pa.float64(), safe=False) for size in sizes)),
            }
        ).filter(ended(rows))
        counted = table.group_by(list(_KEYS), use_threads=False).aggregate([("size", "sum"), ([], "count_all")])
        columns = [counted.column(name).to_pylist() for name in (*_KEYS, "size_sum", "count_all")]
        for *key, size, count in zip(*columns, strict=True):
            self.add({Kind(*key): (count, int(np.clip(size, 0, 2.0**62)))})

    def add(self, counts: dict[Kind, tuple[int, int]]) -> None:
        """Count flows and bytes by kind: new ones, or those that could not be written."""
        for given, (flows, size) in counts.items():
            kind = given._replace(
                service=self._bounded("service", given.service),
                proto=self._bounded("proto", given.proto),
                family=self._bounded("family", given.family),
            )
            before = self._counts.get(kind)
            if before is None and len(self._counts) >= MOST_KINDS:
                self.missing += flows
                continue
            told, grown = before or (0, 0)
            self._counts[kind] = (told + flows, grown + size)

    def take(self) -> dict[Kind, tuple[int, int]]:
        """Return the counts and begin anew."""
        self._settle()
        taken, self._counts = self._counts, {}
        return taken

    def _bounded(self, name: str, value: str) -> str:
        known = self._names[name]
        if value not in known:
            if len(known) >= MOST_SERVICES:
                return OTHER
            known.add(value)
        return value

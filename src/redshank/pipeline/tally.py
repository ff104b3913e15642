"""What a run saw: flows, verdicts, alerts and talkers, counted while it goes.

In: FLOW and VERDICT batches, alerts, and a source's own counts. Out: metrics, and a `Summary` at the end. The one idea:
a flow counts once, by its final row; and devices with few bytes are forgotten first, so that forged addresses cost no
memory.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.metrics import FORGOTTEN, Metrics
from redshank.core.records import Alert
from redshank.detect.detector import Detector, kind_of
from redshank.flows.source import FlowSource
from redshank.pipeline.intake import SHED

UNKNOWN = "unknown"
UNDECIDED = "undecided"
"""How verdicts are counted that have no family: nothing fits, or the detector could not tell."""

PACKETS, PACKET_BYTES = ("", "packets"), ("", "bytes")
_TOTALS = {PACKETS: "redshank_packets_total", PACKET_BYTES: "redshank_packet_bytes_total"}

TALKERS_SHOWN = 10
TALKERS_KEPT = 20_000  # beyond twice this many the quiet half is forgotten: addresses may be forged


@dataclass(frozen=True)
class Talker:
    """A device that began flows: how many, and how many bytes went both ways at the IP level."""

    device: str
    flows: int
    ip_bytes: int


@dataclass(frozen=True)
class Summary:
    """What a run saw.

    Args:
        packets, packet_bytes: Packets metered; 0 for records of other tools.
        flows: Flows judged.
        interim: Rows judged before their flow's end, beside them.
        alarms: Flows whose score reached the threshold, at their end or before.
        verdicts: Flows by family at their end; "unknown": none fits, "undecided": the detector could not tell.
        alerts: Alerts by family and severity.
        talkers: Devices with the most bytes, at most ten; approximate past 40,000 devices.
        anomalies: Malformed or odd input, by "stage.name".
        undelivered: Alerts that a sink gave up on, by sink.
        shed: Rows given up before they were judged, by step; as of `Health`.
        seconds: Wall-clock time of the run.
        interrupted: Whether Ctrl-C ended it.
    """

    packets: int
    packet_bytes: int
    flows: int
    interim: int
    alarms: int
    verdicts: dict[str, int]
    alerts: dict[tuple[str, str], int]
    talkers: tuple[Talker, ...]
    anomalies: dict[str, int]
    undelivered: dict[str, int]
    shed: dict[str, int]
    seconds: float
    interrupted: bool


class Tally:
    """The counts of one run.

    Args:
        metrics: Counted into, too.

    Attributes:
        interim: Rows judged before their flow's end.
        alarms: Flows that raised an alarm.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._forgotten: Counter[tuple[str, int, str]] = Counter()
        self._unsaid = 0
        self._flows = 0
        self.interim = 0
        self.alarms = 0
        self._verdicts: Counter[str] = Counter()
        self._alerts: Counter[tuple[str, str]] = Counter()
        self._talkers: dict[str, tuple[int, int]] = {}
        self._sources: dict[str, tuple[FlowSource, dict[tuple[str, str], int]]] = {}
        self._counted: Counter[tuple[str, str]] = Counter()
        self._of: dict[str, Counter[tuple[str, str]]] = {}

    def flows(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> None:
        """Count flows at their end, with their verdicts, row by row."""
        self._flows += flows.num_rows
        nothing = pc.if_else(verdicts.column("unknown").fill_null(False), UNKNOWN, UNDECIDED)
        families = pc.coalesce(verdicts.column("family"), nothing)
        for detector, family, count in _groups([verdicts.column("detector"), families], []):
            self._verdicts[family] += count
            self._metrics.count("redshank_verdicts_total", count, detector=detector, family=family)
        parts = [flows.column(name).fill_null("") for name in ("part", "part_reason")]
        for part, reason, count in _groups(parts, []):
            self._metrics.count("redshank_flows_total", count, part=part, reason=reason)
        latest = pc.max(flows.column("ts").cast(pa.int64())).as_py()
        if latest is not None:
            self._metrics.set("redshank_packet_time_seconds", latest / 1e9)
        sizes = [flows.column(name).fill_null(0) for name in ("src_ip_bytes", "dst_ip_bytes")]
        # Counts of other tools may be anything up to 2^63: their sum must neither wrap nor raise.
        both = pc.add(*(pc.cast(size, pa.float64(), safe=False) for size in sizes))
        for device, size, count in _groups([flows.column("src_ip").fill_null("")], [both]):
            told, talked = self._talkers.get(device, (0, 0))
            self._talkers[device] = (told + int(size), talked + count)
        if len(self._talkers) > 2 * TALKERS_KEPT:
            loudest = sorted(self._talkers.items(), key=lambda item: item[1], reverse=True)
            self._talkers = dict(loudest[:TALKERS_KEPT])

    def rows(self, interim: int, alarms: int) -> None:
        """Count rows of flows that go on, and flows that raised an alarm."""
        self.interim += interim
        self.alarms += alarms

    def allowed(self, counts: Mapping[str, int]) -> None:
        """Count flows that an allowance kept quiet, by its id."""
        for allowance, count in counts.items():
            self._metrics.count("redshank_allowed_total", count, allowance=allowance)

    def forgotten(self, detectors: Sequence[Detector]) -> None:
        """Count what detectors forgot since the last call."""
        for at, detector in enumerate(detectors):
            self.forgot(kind_of(detector), detector.forgotten, at)

    def forgot(self, by: str, counts: Mapping[str, int], at: int = 0) -> None:
        """Count what a memory of bounded size forgot since the last call.

        Args:
            by: Who remembers.
            counts: How often something was forgotten since it began, by what it is.
            at: Tells those apart that have one name.
        """
        for memory, count in counts.items():
            more = count - self._forgotten[by, at, memory]
            self._forgotten[by, at, memory] = count
            if more > 0:  # a bundle that takes over has forgotten nobody
                self._metrics.count(FORGOTTEN, more, by=by, memory=memory)

    def unsaid(self, groups: int) -> None:
        """Count groups of which nothing was told, given how many there were since it began."""
        self._metrics.count("redshank_unsaid_groups_total", groups - self._unsaid)
        self._unsaid = groups

    def events(self, stage: str, counts: Mapping[str, int]) -> None:
        """Count named events of a stage, given how often each was since it began."""
        for name, count in counts.items():
            if more := count - self._counted[stage, name]:
                self._counted[stage, name] = count
                self._metrics.count("redshank_anomalies_total", more, stage=stage, name=name)

    def alerts(self, alerts: Iterable[Alert]) -> None:
        """Count alerts, each when it is told first."""
        for alert in alerts:
            if not alert.revision:
                self._alerts[alert.family, alert.severity] += 1
                self._metrics.count("redshank_alerts_total", family=alert.family)

    def source(self, name: str, source: FlowSource) -> None:
        """Count what a source counted since the last time; one that was opened again under a name begins at 0."""
        same, before = self._sources.get(name, (None, {}))
        if same is not source:
            before = {}
        now = {**source.anomalies, PACKETS: source.packets, PACKET_BYTES: source.packet_bytes}
        for what, count in now.items():
            more = count - before.get(what, 0)
            self._counted[what] += more
            self._of.setdefault(name, Counter())[what] += more
            if more and what in _TOTALS:
                self._metrics.count(_TOTALS[what], more)
            elif more:
                self._metrics.count("redshank_anomalies_total", more, stage=what[0], name=what[1])
        self._sources[name] = (source, now)

    def of(self, name: str) -> Mapping[tuple[str, str], int]:
        """Return what the source of this name counted so far, by (stage, name)."""
        return self._of.get(name, {})

    def summary(self, undelivered: dict[str, int], seconds: float, *, interrupted: bool) -> Summary:
        """Return what was seen so far; arguments as of `Summary`."""
        odd = sorted(item for item in self._counted.items() if item[0] not in _TOTALS)
        return Summary(
            packets=self._counted[PACKETS],
            packet_bytes=self._counted[PACKET_BYTES],
            flows=self._flows,
            interim=self.interim,
            alarms=self.alarms,
            verdicts=dict(self._verdicts.most_common()),
            alerts=dict(sorted(self._alerts.items())),
            talkers=self._loudest(),
            anomalies={f"{stage}.{name}": count for (stage, name), count in odd if count},
            undelivered=undelivered,
            shed=self._metrics.named(SHED),
            seconds=seconds,
            interrupted=interrupted,
        )

    def _loudest(self) -> tuple[Talker, ...]:
        ranked = sorted(self._talkers.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
        return tuple(Talker(device, flows, size) for device, (size, flows) in ranked[:TALKERS_SHOWN])


def _groups(keys: list[pa.Array], sums: list[pa.Array]) -> Iterator[tuple[Any, ...]]:
    """Give (keys..., sums..., count) of each combination of keys, in the order of first appearance."""
    names = [f"k{i}" for i in range(len(keys))]
    table = pa.table([*keys, *sums], names=[*names, *(f"s{i}" for i in range(len(sums)))])
    wanted = [(f"s{i}", "sum") for i in range(len(sums))]
    counted = table.group_by(names, use_threads=False).aggregate([*wanted, ([], "count_all")])
    columns = [*names, *(f"s{i}_sum" for i in range(len(sums))), "count_all"]
    yield from zip(*(counted.column(name).to_pylist() for name in columns), strict=True)

"""Attacks that are known, through the whole line of a service, in a temporary folder: is each of them told?

In: `Settings`, of which the detectors and how alerts are made count. Out: a row for each check: what was looked for,
and whether it came. The one idea: a service is run as `redshank run` runs one, with a store, a sink and a dry run of
its own, on traffic whose truth is known. What fires has passed every stage, and nothing of a site is touched.

The traffic is a recording of the lab that ships with the package, and some flows made here, each of which a rule of our
own is for. The bundle that ships was taught on that recording: this says that the stages work, not how well it detects.
Detectors that learnt other networks may miss what this home does; the row says which family.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from redshank import site
from redshank.alerts.eve_log import from_line
from redshank.alerts.sink import Sink
from redshank.capture.sources.pcap import Pcap
from redshank.checking import Finding
from redshank.config import Archive, Detect, Respond, Service, Settings, Store
from redshank.core.allowance import Allowance
from redshank.core.errors import DeliveryError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert, Evidence
from redshank.core.schema import BENIGN, flow_batch
from redshank.data.place import LEARN
from redshank.flows.meter import MeterSettings
from redshank.flows.source import FlowSource
from redshank.flows.sources.sensor import Sensor
from redshank.pipeline.service import Feed
from redshank.running import Running
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances
from redshank.store.database import Database
from redshank.store.devices import Inventory
from redshank.store.ledger import Journal

SIGNATURES = "signatures"
RULESETS = "rulesets"
BLOCK = {"measure": "block", "ttl_s": 60.0}
"""What the dry run does about every alert."""
TESTED = "selftest"
"""Family of the alert that sinks are tried with."""


@dataclass(frozen=True)
class Crafted:
    """Flows that one rule is for.

    Args:
        rule: Its name.
        device: Who acts; no other flow is of it.
        count: How many flows, one a second.
        columns: By FLOW name: one value for all, or a function of the row's number.
    """

    rule: str
    device: str
    count: int
    columns: Mapping[str, Any]

    def rows(self, begin_ns: int) -> pa.RecordBatch:
        """Return the flows.

        Args:
            begin_ns: When the first begins, ns since the epoch.
        """
        values = {
            "ts": lambda i: begin_ns + i * 1_000_000_000,
            "uid": lambda i: f"C{self.rule}{i}",
            "src_ip": self.device,
            "src_port": lambda i: 40_000 + i,
            "part": "final",
            "part_reason": "closed",
            **self.columns,
        }
        columns = {
            name: [value(i) if callable(value) else value for i in range(self.count)] for name, value in values.items()
        }
        return flow_batch(columns, self.count)


CRAFTED = (
    Crafted(
        "telnet-sweep",
        "192.0.2.10",
        12,
        {"dst_ip": lambda i: f"198.51.100.{i + 1}", "dst_port": 23, "proto": "tcp", "conn_state": "S0", "history": "S"},
    ),
    Crafted(
        "sql-in-request",
        "192.0.2.11",
        6,
        {
            "dst_ip": "198.51.100.20", "dst_port": 80, "proto": "tcp", "service": "http", "conn_state": "SF",
            "history": "ShADadFf", "http_method": "GET", "http_uri": "/items?id=1%27+UNION+SELECT+name+FROM+users--",
        },
    ),
    Crafted(
        "dns-tunnel-flow",
        "192.0.2.12",
        3,
        {
            "dst_ip": "198.51.100.53", "dst_port": 53, "proto": "udp", "service": "dns", "src_bytes": 9_000,
            "src_pkts": 60, "dns_query": f"{'0123456789abcdef' * 3}.example.org", "dns_qtype": 16,
        },
    ),
)  # fmt: skip
"""Addresses are of documentation (RFC 5737), so that none of a site is meant."""


def packaged(settings: Settings) -> Settings:
    """Return settings with the detectors that ship with the package, in place of a site's own."""
    return settings.model_copy(
        update={"detect": Detect(detectors=(site.CLASSIFIER, SIGNATURES)), "detectors": {}, "sources": ()}
    )


def findings(settings: Settings) -> list[Finding]:
    """Run known attacks through a service, and tell what fired.

    Args:
        settings: Detectors and alerts are made as they say.

    Raises:
        RedshankError: If a detector cannot be made, or cannot judge.
    """
    truth = _truth()
    quiet = quiet_device(truth)
    rules = _crafted(settings)
    metrics, told = Metrics(), list[Alert]()
    with TemporaryDirectory(prefix="redshank-selftest-") as folder:
        place = Path(folder)
        trial = _trial(settings, place)
        with closing(Database(trial.store_place, create=True)) as database:
            reason = "one device that is not to be told about"
            Allowances(database).give(Allowance.of(TESTED, reason, time.time(), device=quiet))
        source = _Replay(rules)
        with Running(trial, metrics, feeds={"recording": Feed(lambda: source, patient=True)}, tell=told.extend) as made:
            made.run()
        seen = [_family(name, truth, told) for name in sorted({family for family, _ in truth})]
        seen += [_rule(one, told) for one in rules]
        seen += [
            Finding("allowance", *_quiet(quiet, told, metrics)),
            Finding("store", *_store(trial, told)),
            Finding("eve", *_eve(place, told)),
            Finding("ledger", *_ledger(trial, place, metrics)),
            Finding("metrics", *_metrics(source, told, metrics)),
        ]
    return seen


def tried(sinks: Mapping[str, Sink], now_s: float) -> Iterator[Finding]:
    """Deliver one alert that says that it is a test to each sink, and tell who took it.

    Args:
        sinks: By name; closed afterwards.
        now_s: The time, s since the epoch.
    """
    for name, sink in sinks.items():
        with closing(sink):
            try:
                sink.deliver(marked_alert(now_s))
            except DeliveryError as error:
                yield Finding(f"sinks {name}", False, str(error))
            else:
                yield Finding(f"sinks {name}", True, f"took a test alert: {sink!r}")


def marked_alert(now_s: float) -> Alert:
    """Return an alert that nobody can take for a real one.

    Example:
        >>> marked_alert(1.7e9).severity
        'low'
    """
    flow = Evidence(f"{TESTED}-{now_s:.3f}", now_s, "192.0.2.1", 1, "192.0.2.2", 2, "tcp", None, 0.0)
    return Alert(
        id=f"{TESTED}-{now_s:.3f}",
        device="192.0.2.1",
        family=TESTED,
        severity="low",
        first_seen_s=now_s,
        last_seen_s=now_s,
        count=1,
        score=0.0,
        targets=("192.0.2.2",),
        target_count=1,
        measure="Nothing: `redshank selftest --sinks` sent this alert to see whether it arrives. There is no attack.",
        bundle=TESTED,
        evidence=(flow,),
        reasons=("a test, no attack",),
    )


Truth = Mapping[tuple[str, str], tuple[float, float]]
"""From when to when a device did what is of a family, packet time in s, by family and address."""


def quiet_device(truth: Truth) -> str:
    """Return a device without which each family still has one that shows it.

    Example:
        >>> quiet_device({("dos", "a"): (0, 1), ("dos", "b"): (0, 1), ("xss", "b"): (0, 1)})
        'a'
    """
    families = {family for family, _ in truth}
    return min(
        device for _, device in truth if all(any(f == family and d != device for f, d in truth) for family in families)
    )


def _truth() -> Truth:
    """Read whose flows of the recording are attacks; of a redirected device, those that somebody else answered."""
    labels = pa_csv.read_csv(LEARN / "labels.csv.gz").select(["family", "src_ip", "start_s", "end_s"])
    spans = labels.group_by(["family", "src_ip"]).aggregate([("start_s", "min"), ("end_s", "max")])
    return {
        (row["family"], row["src_ip"]): (row["start_s_min"], row["end_s_max"])
        for row in spans.to_pylist()
        if row["family"] != BENIGN
    }


def _crafted(settings: Settings) -> list[Crafted]:
    """Return the flows whose rules run."""
    own = settings.detectors.get(SIGNATURES, {})
    runs = SIGNATURES in settings.detect.detectors and own.get("starter", True)
    return [one for one in CRAFTED if runs and one.rule not in own.get("off", ())]


def _trial(settings: Settings, place: Path) -> Settings:
    return settings.model_copy(
        update={
            "sources": (),
            "sinks": {"eve": {"path": str(place / "eve.json")}},
            "respond": Respond(backend="dry_run", rules=(BLOCK,), model_alone=True),
            "backends": {"dry_run": {"path": str(place / RULESETS)}},
            "store": Store(),
            "archive": Archive(),
            "service": Service(state=place / "state", metrics=""),
        }
    )


class _Replay(FlowSource):
    """The recording, and then what was crafted."""

    def __init__(self, crafted: Sequence[Crafted]) -> None:
        self._sensor = Sensor(Pcap(LEARN / "capture.pcap.gz"), MeterSettings(seed=0))
        self._crafted = crafted
        self.anomalies = self._sensor.anomalies

    @property
    def packets(self) -> int:  # type: ignore[override]  # as the sensor counts them
        return self._sensor.packets

    @property
    def packet_bytes(self) -> int:  # type: ignore[override]  # as above
        return self._sensor.packet_bytes

    def batches(self) -> Iterator[pa.RecordBatch]:
        latest_ns = 0
        for flows in self._sensor.batches():
            latest_ns = max(latest_ns, pc.max(flows.column("ts").cast(pa.int64())).as_py() or 0)
            yield flows
        for one in self._crafted:
            yield one.rows(latest_ns)


def _family(family: str, truth: Truth, told: Sequence[Alert]) -> Finding:
    """Look for an alert about a device that did it. What knows no families of ours must have spoken at that time."""
    families = {name for name, _ in truth}
    did = {device: span for (name, device), span in truth.items() if name == family}

    def tells(alert: Alert) -> bool:
        if alert.device not in did or alert.family == family:
            return alert.device in did
        begin_s, end_s = did[alert.device]
        return alert.family not in families and alert.first_seen_s <= end_s and begin_s <= alert.last_seen_s

    devices = sorted({alert.device for alert in told if tells(alert)})
    if devices:
        return Finding(family, True, f"alerts name {len(devices)} of {len(did)} devices: {', '.join(devices)}")
    return Finding(family, False, f"no alert names one of the {len(did)} devices: {', '.join(sorted(did))}")


def _rule(one: Crafted, told: Sequence[Alert]) -> Finding:
    hit = any(alert.device == one.device and one.rule in alert.rules for alert in told)
    words = f"{one.count} flows of {one.device} that it is for"
    return Finding(f"rule {one.rule}", hit, words if hit else f"no alert names it after {words}")


def _quiet(device: str, told: Sequence[Alert], metrics: Metrics) -> tuple[bool, str]:
    flows, alerts = metrics.total("redshank_allowed_total"), sum(alert.device == device for alert in told)
    return flows > 0 and not alerts, f"{flows} flows of {device} were kept quiet, {alerts} alerts name it"


def _store(trial: Settings, told: Sequence[Alert]) -> tuple[bool, str]:
    with closing(Database(trial.store_place, only_read=True)) as database:
        count, devices = Alerts(database).count(), len(Inventory(database).devices())
    wanted = len({alert.id for alert in told})
    return 0 < count == wanted and devices > 0, f"holds {count} of {wanted} alerts, and {devices} devices"


def _eve(place: Path, told: Sequence[Alert]) -> tuple[bool, str]:
    path = place / "eve.json"
    found = [from_line(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    lines = sorted((alert.id, alert.revision) for alert in found if alert)
    wanted = sorted((alert.id, alert.revision) for alert in told)
    return bool(lines) and lines == wanted, f"has {len(lines)} lines for {len(wanted)} tellings"


def _ledger(trial: Settings, place: Path, metrics: Metrics) -> tuple[bool, str]:
    with closing(Database(trial.store_place, only_read=True)) as database:
        lines = len(Journal(database).lines())
    states = metrics.labelled("redshank_actions_total")
    proposed, applied = (states.get(("block", state), 0) for state in ("proposed", "applied"))
    told = (place / RULESETS).exists()
    words = f"{lines} lines: {proposed} blocks proposed, {applied} applied in a dry run"
    if problems := metrics.total("redshank_action_problems_total"):
        words += f"; {problems} problems, see `redshank check`"
    return lines > 0 and applied > 0 and told, words


def _metrics(source: FlowSource, told: Sequence[Alert], metrics: Metrics) -> tuple[bool, str]:
    packets, alerts = metrics.total("redshank_packets_total"), metrics.total("redshank_alerts_total")
    wanted = len({alert.id for alert in told})
    words = f"{packets} of {source.packets} packets, {alerts} of {wanted} alerts are counted"
    return (packets, alerts) == (source.packets, wanted) and packets > 0, words

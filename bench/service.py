"""The whole service under load: flows offered at a rate, through detection, store and EVE, for a while each.

In: rates and a length. Out: a table: what was judged and what was shed, time from flow to recorded alert, memory at the
beginning, at the end and in each minute, CPU. The flows are those of the lab's homes over and over, each time as other
flows of the present; twice a second (`--devices-per-s`) a new device floods, so that an alert is due: its time is from
the last of the flows that make it due to the alert's being in the store. Each rate has a process of its own, so that
memory and time are its own. The generator shares it: `cpu_s` is without what making the batches took, which is
`offering_cpu_s`. The published rates beside ours are of other machines: they tell orders of magnitude.
Source: 83 flows a second, the best-known open-source IPS that uses machine learning; 1,650 packets a second, KitNET.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy import stats

from redshank.config import load
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.core.schema import FLOW
from redshank.flows.source import FlowSource
from redshank.flows.sources.table import Table
from redshank.pipeline.service import Feed
from redshank.running import Running

HOMES = Path(__file__).resolve().parents[1] / "src/redshank/lab/recordings/homes"
STEP_S = 0.025
"""As a live sensor gives rows."""
DEVICES_PER_S = 2.0
PROBE_FLOWS = 8
POOL = 200_000
FIRST_PROBE = IPv4Address("100.64.0.1")
"""The first device that floods; none of the homes has addresses there."""
SHED = "redshank_shed_rows_total"
SETTLE_S = 5
"""A service's first seconds fill its queues and caches: no memory that grows."""
MINUTE_S = 60


class Offered(FlowSource):
    """Gives flows at a rate, whether anybody keeps up or not.

    Args:
        rate: Flows per second.
        seconds: How long.
        devices_per_s: New devices that flood, each second.

    Attributes:
        rows: Flows offered.
        probes: When each device that floods did, by its address.
        cpu_s: What making the batches took.
    """

    def __init__(self, rate: float, seconds: float, devices_per_s: float = DEVICES_PER_S) -> None:
        self.anomalies, self.packets, self.packet_bytes = {}, 0, 0
        self.cpu_s = 0.0
        self.rows = 0
        self.probes: dict[str, float] = {}
        self._rate, self._seconds, self._probe_s = rate, seconds, 1 / devices_per_s
        self._pool = _pool()
        self._flood = _flood()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give a batch every STEP_S; devices that flood join in."""
        begin = time.monotonic()
        step, at, probed = 0, 0, 0
        while not self.stopping and time.monotonic() - begin < self._seconds:
            step += 1
            due = begin + step * STEP_S
            time.sleep(max(0.0, due - time.monotonic()))
            cpu = time.thread_time()
            wanted = int(self._rate * step * STEP_S) - self.rows
            if wanted <= 0:
                continue
            start = at % (self._pool.num_rows - wanted)
            at += wanted
            batch = _present(self._pool.slice(start, wanted), self.rows)
            self.rows += wanted
            while step * STEP_S >= probed * self._probe_s:
                device = str(FIRST_PROBE + probed)
                flood = _present(self._flood, self.rows, device)
                batch = pa.concat_batches([batch, flood])
                self.rows += flood.num_rows
                self.probes[device] = time.monotonic()
                probed += 1
            self.cpu_s += time.thread_time() - cpu
            yield batch


def _homes(family: str) -> pa.Table:
    """Return the flows of one family in the homes' recordings."""
    tables = []
    for path in sorted(HOMES.glob("*.parquet")):
        rows = pa.Table.from_batches(Table(path).batches())
        tables.append(rows.filter(pc.equal(pq.read_table(path, columns=["family"])["family"], family)))
    return pa.concat_tables(tables)


def _pool() -> pa.RecordBatch:
    """Return 200 thousand benign flows to choose from."""
    benign = _homes("benign")
    many = pa.concat_tables([benign] * (1 + POOL // benign.num_rows)).combine_chunks()
    return many.to_batches(max_chunksize=many.num_rows)[0]


def _flood() -> pa.RecordBatch:
    """Return some flows of the lab's floods."""
    return _homes("dos").slice(0, PROBE_FLOWS).combine_chunks().to_batches()[0]


def _present(flows: pa.RecordBatch, number: int, device: str | None = None) -> pa.RecordBatch:
    """Return flows as others, of now."""
    rows = flows.num_rows
    now_ns = time.time_ns()
    columns = {name: flows.column(name) for name in FLOW.names}
    columns["ts"] = pa.array(np.full(rows, now_ns), FLOW.field("ts").type)
    columns["uid"] = pc.binary_join_element_wise("C", pa.array(np.arange(number, number + rows)).cast(pa.string()), "")
    if device:
        columns["src_ip"] = pa.array([device] * rows)
    return pa.RecordBatch.from_arrays([columns[name] for name in FLOW.names], schema=FLOW)


def _rss_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def slope_of(memory: list[float]) -> tuple[float, float, float]:
    """Return MiB a minute, and its 95 % interval: a line through the means of whole minutes.

    Means of minutes, because what a second holds the next one mostly holds too: seconds would make the interval far
    too narrow. Fewer than three minutes give no interval.

    Example:
        >>> [round(value, 3) for value in slope_of([100.0 + second / 60 for second in range(240)])]
        [1.0, 1.0, 1.0]
    """
    means = minutes_of(memory)
    if len(means) < 3:
        return float("nan"), float("nan"), float("nan")
    line = stats.linregress(np.arange(len(means)), means)
    wide = float(stats.t.ppf(0.975, len(means) - 2)) * line.stderr
    return float(line.slope), float(line.slope - wide), float(line.slope + wide)


def minutes_of(memory: list[float]) -> list[float]:
    """Return the mean of each whole minute, of a value a second."""
    whole = len(memory) // MINUTE_S
    means: list[float] = np.array(memory[: whole * MINUTE_S]).reshape(whole, MINUTE_S).mean(axis=1).tolist()
    return means


def measure(
    rate: float, seconds: float, settings_text: str = "", devices_per_s: float = DEVICES_PER_S
) -> dict[str, float | list[float]]:
    """Offer flows at one rate to a service of its own, with so many new devices a second that flood."""
    told: dict[str, float] = {}

    def tell(alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            if alert.device in source.probes:
                told.setdefault(alert.device, time.monotonic())

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "redshank.toml").write_text(
            f"[service]\nstate = '{folder}'\nmetrics = ''\n[sinks.eve]\npath = '{folder / 'eve.json'}'\n{settings_text}"
        )
        source, metrics = Offered(rate, seconds, devices_per_s), Metrics()
        memory: list[float] = []
        load_average = 0.0
        looked = threading.Event()

        def look() -> None:
            nonlocal load_average
            while not looked.wait(1.0):
                memory.append(_rss_mib())
                load_average += os.getloadavg()[0]

        watcher = threading.Thread(target=look, daemon=True)
        with Running(
            load(folder / "redshank.toml"),
            metrics,
            feeds={"offered": Feed(lambda: source, patient=False)},
            tell=tell,
        ) as running:
            cpu = time.process_time()
            watcher.start()
            done = running.run()
            cpu = time.process_time() - cpu - source.cpu_s
        looked.set()
    shed = metrics.total(SHED)
    waits = np.array([told[device] - at for device, at in source.probes.items() if device in told])
    settled = memory[min(SETTLE_S, len(memory) - 1) :] or [float("nan")]
    slope, low, high = slope_of(settled)
    return {
        "rate": rate,
        "offered": source.rows,
        "judged": done.flows,
        "shed": shed,
        "alerts_due": len(source.probes),
        "alerts_told": len(waits),
        "other_alerts": sum(done.alerts.values()) - len(waits),
        **{f"p{q}_s": round(float(np.percentile(waits, q)), 4) if len(waits) else float("nan") for q in (50, 95, 99)},
        "rss_begin_mib": round(settled[0], 1),
        "rss_end_mib": round(settled[-1], 1),
        "rss_most_mib": round(max(settled), 1),
        "rss_slope_mib_per_min": round(slope, 3),
        "slope_low": round(low, 3),
        "slope_high": round(high, 3),
        "rss_minutes_mib": [round(mean, 1) for mean in minutes_of(settled)],
        "cpu_s": round(cpu, 1),
        "offering_cpu_s": round(source.cpu_s, 1),
        "flows_per_cpu_s": round(done.flows / cpu),
        "wall_s": round(done.seconds, 1),
        "load": round(load_average / max(1, len(memory)), 1),
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=[2_000, 5_000, 10_000, 20_000])
    parser.add_argument("--seconds", type=float, default=60.0, help="for each rate")
    parser.add_argument("--settings", default="", help="more settings, as TOML")
    parser.add_argument("--devices-per-s", type=float, default=DEVICES_PER_S, help="new ones, each of which floods")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if len(asked.rates) > 1:
        same = ["--seconds", str(asked.seconds), "--settings", asked.settings]
        same += ["--devices-per-s", str(asked.devices_per_s), *(["--json"] if asked.json else [])]
        for rate in asked.rates:
            subprocess.run([sys.executable, __file__, "--rates", str(rate), *same], check=True)
        return
    found = measure(asked.rates[0], asked.seconds, asked.settings, asked.devices_per_s)
    print(json.dumps(found) if asked.json else "  ".join(f"{name} {_shown(value)}" for name, value in found.items()))


def _shown(value: float | list[float]) -> str:
    return " ".join(f"{one:g}" for one in value) if isinstance(value, list) else f"{value:g}"


if __name__ == "__main__":
    main()

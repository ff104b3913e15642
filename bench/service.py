"""The whole service under load: flows offered at a rate, through detection, store and EVE, for a while each.

In: rates and a length. Out: a table: what was judged and what was shed, time from flow to recorded alert, memory at the
beginning, at the end and in each minute, CPU. The flows are those of the lab's homes over and over, each time as other
flows of the present; twice a second (`--devices-per-s`) a new device floods, or one of so many in turn (`--devices`),
so that an alert is due: its time is from the last of the flows that make it due to the alert's being in the store. Each
rate has a process of its own, so that memory and time are its own. The generator shares it: `cpu_s` is without what
making the batches took, which is `offering_cpu_s`, and memory is with its flows, which are 105 MiB. `rss` is all that
is resident, `anon` is without files (libraries, the store's shared index). The published rates beside ours are of other
machines: they tell orders of magnitude.
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
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy import stats

from redshank.config import load
from redshank.core.memory import hold_little
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
FLOODING = "100."
"""How the addresses of devices that flood begin."""
SHED = "redshank_shed_rows_total"
SETTLE_S = 5
"""A service's first seconds fill its queues and caches: no memory that grows."""
MINUTE_S = 60


class Offered(FlowSource):
    """Gives flows at a rate, whether anybody keeps up or not.

    Args:
        rate: Flows per second.
        seconds: How long.
        devices_per_s: Floods each second, each of another device.
        devices: How many devices flood in turn; 0: each is a new one.

    Attributes:
        rows: Flows offered.
        cpu_s: What making the batches took.
    """

    def __init__(self, rate: float, seconds: float, devices_per_s: float = DEVICES_PER_S, devices: int = 0) -> None:
        self.anomalies, self.packets, self.packet_bytes = {}, 0, 0
        self.cpu_s = 0.0
        self.rows = 0
        self._rate, self._seconds, self._probe_s, self._devices = rate, seconds, 1 / devices_per_s, devices
        # Of each flood: the number of its first flow, when it was, when it was told. No objects: memory is measured.
        self._first, self._at_s, self._told_s = array("q"), array("d"), array("d")
        self._pool = _pool()
        self._flood = _flood()

    @property
    def floods(self) -> int:
        """How many there were."""
        return len(self._first)

    def told(self, alert: Alert) -> None:
        """Note that an alert is in the store."""
        if alert.device.startswith(FLOODING):
            flood = bisect_right(self._first, int(alert.evidence[0].uid[1:])) - 1
            if np.isnan(self._told_s[flood]):
                self._told_s[flood] = time.monotonic()

    def waits_s(self) -> npt.NDArray[np.float64]:
        """Return how long each flood that was told had to wait for it."""
        waits: npt.NDArray[np.float64] = np.array(self._told_s) - np.array(self._at_s)
        return waits[np.isfinite(waits)]

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
                device = str(FIRST_PROBE + (probed % self._devices if self._devices else probed))
                flood = _present(self._flood, self.rows, device)
                batch = pa.concat_batches([batch, flood])
                self._at_s.append(time.monotonic())
                self._told_s.append(float("nan"))
                self._first.append(self.rows)
                self.rows += flood.num_rows
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


def _memory_mib() -> tuple[float, float]:
    """Return what is resident, and how much of it is no file's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return int(found["VmRSS"].split()[0]) / 1024, int(found["RssAnon"].split()[0]) / 1024


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
    rate: float,
    seconds: float,
    settings_text: str = "",
    devices_per_s: float = DEVICES_PER_S,
    devices: int = 0,
    settle_s: int = SETTLE_S,
) -> dict[str, float | list[float]]:
    """Offer flows at one rate to a service of its own, with so many floods a second; memory counts from `settle_s` on.

    The arguments are those of `Offered`.
    """
    hold_little()  # as a service does before it has any memory: here the generator's comes first

    def tell(alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            source.told(alert)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "redshank.toml").write_text(
            f"[service]\nstate = '{folder}'\nmetrics = ''\n[sinks.eve]\npath = '{folder / 'eve.json'}'\n{settings_text}"
        )
        source, metrics = Offered(rate, seconds, devices_per_s, devices), Metrics()
        memory: list[tuple[float, float]] = []
        load_average = 0.0
        looked = threading.Event()

        def look() -> None:
            nonlocal load_average
            while not looked.wait(1.0):
                memory.append(_memory_mib())
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
    waits = source.waits_s()
    settled = memory[min(settle_s, len(memory) - 1) :] or [(float("nan"), float("nan"))]
    resident, anonymous = ([one[kind] for one in settled] for kind in (0, 1))
    return {
        "rate": rate,
        "offered": source.rows,
        "judged": done.flows,
        "shed": shed,
        "alerts_due": source.floods,
        "alerts_told": len(waits),
        "other_alerts": sum(done.alerts.values()) - len(waits),
        **{f"p{q}_s": round(float(np.percentile(waits, q)), 4) if len(waits) else float("nan") for q in (50, 95, 99)},
        **_grown("rss", resident),
        **_grown("anon", anonymous),
        "cpu_s": round(cpu, 1),
        "offering_cpu_s": round(source.cpu_s, 1),
        "flows_per_cpu_s": round(done.flows / cpu),
        "wall_s": round(done.seconds, 1),
        "load": round(load_average / max(1, len(memory)), 1),
    }


def _grown(name: str, memory: list[float]) -> dict[str, float | list[float]]:
    slope, low, high = slope_of(memory)
    return {
        f"{name}_begin_mib": round(memory[0], 1),
        f"{name}_end_mib": round(memory[-1], 1),
        f"{name}_most_mib": round(max(memory), 1),
        f"{name}_slope_mib_per_min": round(slope, 3),
        f"{name}_slope_low": round(low, 3),
        f"{name}_slope_high": round(high, 3),
        f"{name}_minutes_mib": [round(mean, 1) for mean in minutes_of(memory)],
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=[2_000, 5_000, 10_000, 20_000])
    parser.add_argument("--seconds", type=float, default=60.0, help="for each rate")
    parser.add_argument("--settings", default="", help="more settings, as TOML")
    parser.add_argument("--devices-per-s", type=float, default=DEVICES_PER_S, help="floods, each of another one")
    parser.add_argument(
        "--devices", type=int, default=0, help="that flood in turn, more than flood within a window; 0: always new"
    )
    parser.add_argument("--settle", type=int, default=SETTLE_S, help="seconds before memory is looked at")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if len(asked.rates) > 1:
        same = ["--seconds", str(asked.seconds), "--settings", asked.settings]
        same += ["--devices-per-s", str(asked.devices_per_s), "--devices", str(asked.devices)]
        same += ["--settle", str(asked.settle), *(["--json"] if asked.json else [])]
        for rate in asked.rates:
            subprocess.run([sys.executable, __file__, "--rates", str(rate), *same], check=True)
        return
    found = measure(*(asked.rates[0], asked.seconds, asked.settings, asked.devices_per_s, asked.devices, asked.settle))
    print(json.dumps(found) if asked.json else "  ".join(f"{name} {_shown(value)}" for name, value in found.items()))


def _shown(value: float | list[float]) -> str:
    return " ".join(f"{one:g}" for one in value) if isinstance(value, list) else f"{value:g}"


if __name__ == "__main__":
    main()

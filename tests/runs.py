"""Sinks, detectors and rows for tests of the pipeline."""

from dataclasses import dataclass, field

import pyarrow as pa

from redshank.alerts.sink import Sink
from redshank.core.errors import DeliveryError
from redshank.core.records import Alert
from redshank.core.schema import verdict_batch
from redshank.detect.detector import Detector

ATTACK = ["benign"] * 60 + ["scanning"] * 30 + ["dos"] * 10


@dataclass
class Memory(Sink):
    """Keep alerts; fail on those of one family."""

    fails_on: str = ""
    alerts: list[Alert] = field(default_factory=list)
    closed: int = 0

    def deliver(self, alert: Alert) -> None:
        if alert.family == self.fails_on:
            raise DeliveryError(f"memory: alert {alert.id} not kept")
        self.alerts.append(alert)

    def close(self) -> None:
        self.closed += 1


@dataclass(frozen=True)
class Constant(Detector):
    """Give every flow the same verdict."""

    score: float | None
    family: str | None
    alarm: bool

    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        n = flows.num_rows
        columns = {
            "uid": flows.column("uid"),
            "ts": flows.column("ts"),
            "detector": pa.array(["constant"] * n),
            "score": pa.array([self.score] * n, pa.float64()),
            "family": pa.array([self.family] * n, pa.string()),
            "alarm": pa.array([self.alarm] * n),
        }
        return verdict_batch(columns, n)


def parts(batch: pa.RecordBatch, *names: str) -> pa.RecordBatch:
    """Return the rows as interim or final rows, as named."""
    return batch.set_column(batch.schema.get_field_index("part"), "part", pa.array(names, pa.string()))

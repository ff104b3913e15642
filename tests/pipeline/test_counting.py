from typing import Any

import pyarrow as pa
import pytest

from bundles import flows
from redshank.core.schema import verdict_batch
from redshank.detect.device_groups import DeviceGroups
from redshank.pipeline import counting
from redshank.pipeline.counting import Counting
from redshank.store.traffic import FINE_S, Kind
from runs import parts

START_S = 1_700_000_100
"""A time at which a span of five minutes begins."""
EVERYONE = DeviceGroups()


def batch(n: int, **columns: list[Any]) -> pa.RecordBatch:
    given: dict[str, Any] = {
        "ts": [START_S * 10**9] * n,
        "src_ip": ["10.0.0.7"] * n,
        "service": ["dns"] * n,
        "proto": ["udp"] * n,
    }
    return flows(["benign"] * n, **given | {"src_ip_bytes": [60] * n, "dst_ip_bytes": [40] * n} | columns)


def said(*rows: tuple[float | None, str | None, bool | None, bool | None]) -> pa.RecordBatch:
    columns = dict(zip(("score", "family", "alarm", "unknown"), zip(*rows, strict=True), strict=True))
    return verdict_batch({name: list(values) for name, values in columns.items()}, len(rows))


def test_flows_are_counted_by_what_was_said_of_them() -> None:
    one = Counting(EVERYONE)
    one.see(
        batch(5),
        said(
            (0.01, "benign", False, False),
            (0.9, "scanning", True, False),
            (0.9, None, True, True),
            (0.4, None, False, True),
            (None, None, None, None),
        ),
    )
    verdicts = {(kind.verdict, kind.family): count for kind, count in one.take().items()}
    assert verdicts == {
        ("benign", ""): (1, 100),
        ("alarm", "scanning"): (1, 100),
        ("alarm", "unknown"): (1, 100),
        ("unknown", ""): (1, 100),
        ("unjudged", ""): (1, 100),
    }
    assert one.take() == {}


def test_a_flow_counts_by_its_last_row_in_the_span_and_the_group_in_which_it_began() -> None:
    one = Counting(DeviceGroups({"10.0.0.0/24": "cameras"}))
    rows = batch(3, ts=[START_S * 10**9, (START_S + FINE_S) * 10**9, None], src_ip=["10.0.0.7", "10.1.0.7", None])
    one.see(parts(rows, "interim", "final", "final"), said(*[(0.0, "benign", False, False)] * 3))
    assert one.take() == {Kind(START_S + FINE_S, "all", "dns", "udp", "benign", ""): (2, 200)}
    assert one.reached_ns == (START_S + FINE_S) * 10**9


def test_names_and_kinds_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_SERVICES", 3)
    monkeypatch.setattr(counting, "MOST_KINDS", 5)
    one = Counting(EVERYONE)
    many = batch(8, service=[f"s{n}" for n in range(8)], src_ip_bytes=[2**62] * 8)
    one.see(many, said(*[(0.0, "benign", False, False)] * 8))
    found = {kind.service: count for kind, count in one.take().items()}
    assert {service: count for service, (count, _) in found.items()} == {"s0": 1, "s1": 1, "s2": 1, "other": 5}
    assert found["s0"][1] <= 2**62
    late = batch(8, ts=[(START_S + n * FINE_S) * 10**9 for n in range(8)])
    one.see(late, said(*[(0.0, "benign", False, False)] * 8))
    taken = one.take()
    assert len(taken) == 5
    assert one.missing == 3
    one.add(taken)
    assert one.take() == taken, "what could not be written comes back"

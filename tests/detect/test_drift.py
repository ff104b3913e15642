import logging

import numpy as np
import pyarrow as pa
import pytest

from blocks import SECOND, known, times, traffic
from redshank.core.metrics import Metrics
from redshank.core.schema import TIMESTAMP, flow_batch
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.drift import Drift, Moved


def test_traffic_as_it_was_moves_nothing_and_traffic_that_changed_is_told_with_its_columns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = Metrics()
    watch = Drift(known(), every_s=0, detector="classifier", metrics=metrics)
    assert watch.take(*traffic(800, 1), times(800)) == []
    with caplog.at_level(logging.WARNING):
        (told,) = watch.take(*traffic(800, 2, shift=0.7), times(800, 800))
    assert told.group == "all"
    assert told.p_value <= 0.001
    assert list(told.columns) == ["src_bytes"]
    assert str(told).startswith("traffic of group all has moved away from what was learnt: src_bytes (PSI ")
    assert [record.getMessage() for record in caplog.records] == [f"drift: {told}"]
    assert metrics.labelled("redshank_drift_events_total") == {("classifier", "all"): 1}
    (last,) = watch.compared()[-1:]
    for part, psi in (("inputs", last.psi["src_bytes"]), ("scores", last.psi["p_value"])):
        assert f'redshank_drift_psi{{detector="classifier",group="all",part="{part}"}} {psi}' in metrics.text()
    assert watch.moved == {"all": watch.moved["all"]}
    assert watch.take(*traffic(800, 3), times(800, 1600)) == []
    assert watch.moved == {}, "it is back"


def test_p_values_that_are_uniform_no_more_are_drift_of_the_score() -> None:
    x, p, devices = traffic(800, 4)
    (told,) = Drift(known(), every_s=0).take(x, p**2, devices, times(800))
    assert list(told.columns) == ["p_value"]


def test_groups_are_told_apart_and_the_narrowest_network_counts() -> None:
    watch = Drift(known(), DeviceGroups({"10.0.0.0/16": "home", "10.0.1.0/24": "cameras"}), every_s=0)
    x, p, devices = traffic(2400, 6)
    moved = np.array([device.startswith("10.0.1.") for device in devices.to_pylist()])
    x[moved, 1] += 2
    told = watch.take(x, p, devices, times(2400))
    assert [one.group for one in told] == ["cameras"]
    assert watch.take(x[:5], p[:5], pa.array([None, "", "nobody", "fe80::1", "10.9.9.9"]), times(5)) == []


def test_one_device_moves_no_group_alone_however_much_it_says() -> None:
    x, p, devices = traffic(4000, 7)
    loud = np.arange(4000) % 2 == 0
    x[loud, 1] = 50
    names = [("10.0.0.99" if at else device) for at, device in zip(loud.tolist(), devices.to_pylist(), strict=True)]
    watch = Drift(known(), every_s=0)
    watch.take(x, p, pa.array(names), times(4000))
    psi = [one.psi["src_bytes"] for one in watch.compared()]
    assert len(psi) > 2
    assert max(psi) < 0.5, "an eighth of a block, not half of it"


def test_old_blocks_are_forgotten_by_packet_time() -> None:
    watch = Drift(known(), horizon_s=100, every_s=0)
    x, p, devices = traffic(800, 8, shift=2)
    for at in range(0, 800, 100):  # a block each, an hour apart: never four at once
        assert watch.take(x[at : at + 100], p[at : at + 100], devices[at : at + 100], times(100, at * 36)) == []
    assert watch.moved == {}


def test_an_event_reads_as_the_reason_of_a_question() -> None:
    said = str(Moved("cameras", 0.0005, {"dst_bytes": 0.4567, "p_value": 0.1}))
    assert said == (
        "traffic of group cameras has moved away from what was learnt: dst_bytes (PSI 0.46), p_value (PSI 0.10); "
        "p = 0.0005"
    )


def test_a_group_is_compared_at_most_once_in_a_time_however_busy_it_is_and_so_is_the_first_time() -> None:
    watch = Drift(known(), every_s=4000)
    for part in range(20):  # 8,000 flows in 8,000 s: four blocks in a row, then one each 1,000 s
        watch.take(*traffic(400, 12 + part), times(400, 400 * part))
    assert [one.at_ns / SECOND for one in watch.compared()] == [3300, 7300]


def test_another_network_is_told_by_the_first_blocks_until_a_comparison_finds_it_back() -> None:
    watch = Drift(known(), every_s=4000)
    (told,) = watch.take(*traffic(400, 9, shift=2), times(400))
    assert list(told.columns) == ["src_bytes"]
    assert [(one.p_value, one.moved) for one in watch.compared()] == [(told.p_value, True)]
    assert told.p_value < 0.001
    for part in range(1, 20):
        assert watch.take(*traffic(400, 9 + part), times(400, 400 * part)) == []
    assert [one.moved for one in watch.compared()] == [False, False]
    assert watch.moved == {}


def test_what_the_first_blocks_leave_in_doubt_is_told_by_the_comparison() -> None:
    watch = Drift(known(), every_s=4000)
    told = [watch.take(*traffic(400, 9 + part, shift=0.5), times(400, 400 * part)) for part in range(10)]
    assert [len(one) for one in told] == [0] * 8 + [1, 0]
    assert [one.moved for one in watch.compared()] == [True]


def test_first_blocks_that_are_far_enough_apart_are_compared_at_once() -> None:
    watch = Drift(known(), every_s=400)
    watch.take(*traffic(399, 10), times(399))
    assert watch.compared() == []
    watch.take(*traffic(1, 11), times(1, 399))
    assert [one.moved for one in watch.compared()] == [False]


def test_it_does_not_wait_for_ever_after_one_flow_of_a_far_time() -> None:
    watch = Drift(known(), every_s=4000)
    ts = times(4000)
    ts[300] = 4_000_000_000 * SECOND
    watch.take(*traffic(4000, 14), ts)
    watch.take(*traffic(4000, 15), times(4000, 4000))
    assert len(watch.compared()) >= 2


def test_of_a_batch_flows_that_have_ended_count_and_are_wanted() -> None:
    x, p, devices = traffic(1200, 16)
    window, wanted = np.concatenate([x * 0, x], axis=1), np.arange(1200) < 900
    watch = Drift(known(), every_s=0)

    def batch(begin: int) -> pa.RecordBatch:
        ts = pa.array(times(1200, begin)).cast(TIMESTAMP)
        return flow_batch({"ts": ts, "src_ip": devices, "part": ["interim", "final", None] * 400}, 1200)

    watch.follow(batch(0), window, p, wanted)
    assert len(watch.compared()) == 1, "600 flows are six blocks"
    watch.follow(batch(1200), window, p)
    assert len(watch.compared()) == 2, "800 more"


def test_a_group_that_rests_goes_on_after_time_jumped_back_but_not_for_a_few_long_flows() -> None:
    watch = Drift(known(), every_s=4000)

    def follow(n: int, begin: int, seed: int) -> int:
        x, p, devices = traffic(n, seed)
        ts = pa.array(times(n, begin)).cast(TIMESTAMP)
        watch.follow(flow_batch({"ts": ts, "src_ip": devices}, n), x, p)
        return len(watch.compared())

    assert sum(follow(400, 47_000 + 400 * part, 70 + part) for part in range(10)) == 1
    for part in range(10):  # half a block of long flows, then some of now
        assert follow(50, 40_000, 2 + part) + follow(10, 50_400, 20 + part) == 0
    compared = [follow(400, 10_000 + 400 * part, 40 + part) for part in range(11)]
    assert sum(compared) == 1

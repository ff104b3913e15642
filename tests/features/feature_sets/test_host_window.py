import logging
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.schema import flow_batch
from redshank.data.clean import Floats
from redshank.features.feature_sets.conn import Conn
from redshank.features.feature_sets.host_window import KEPT, STEPS, HostWindow

FINGERPRINT = "42f5c0656fddba19"

SECOND = 1_000_000_000
WIDTH = len(HostWindow.columns)
PKTS = [column.name for column in HostWindow.columns].index("src_pkts")


def example(place: Path) -> HostWindow:
    del place
    return HostWindow()


def flows(starts: list[int], sources: list[Any], uids: list[Any] | None = None) -> pa.RecordBatch:
    """Return flows that start at these seconds; the n-th has n packets."""
    columns: dict[str, object] = {
        "ts": [None if start is None else start * SECOND for start in starts],
        "src_ip": sources,
        "uid": uids or [None] * len(starts),
        "src_pkts": list(range(len(starts))),
    }
    return flow_batch(columns, len(starts))


def windows(x: Floats) -> list[list[int]]:
    """Return the numbers of the flows that each window holds."""
    pkts = x.reshape(len(x), STEPS, WIDTH)[:, :, PKTS]
    return [row[~np.isnan(row)].astype(int).tolist() for row in pkts]


def expected(starts: list[int], sources: list[str], uids: list[int], devices: int) -> tuple[list[list[int]], int]:
    """Say what the windows are, flow by flow and in no hurry; and how many devices were forgotten."""
    kept: dict[str, list[tuple[int, int, int]]] = {}
    found, forgotten = [], 0
    for number, (start, source, uid) in enumerate(zip(starts, sources, uids, strict=True)):
        if source in kept:
            kept[source] = kept.pop(source)  # a dict remembers the order: the first was seen least recently
        else:
            if len(kept) == devices:
                del kept[next(iter(kept))]
                forgotten += 1
            kept[source] = []
        mine = kept[source]
        same = next((at for at, one in enumerate(mine) if one[:2] == (start, uid)), None)
        before = [one for at, one in enumerate(mine) if one[0] <= start and at != same]
        found.append([*[one[2] for one in before][-STEPS + 1 :], number])
        if same is None:
            at = sum(one[0] <= start for one in mine)
            kept[source] = [*mine[:at], (start, uid, number), *mine[at:]][-KEPT:]
        else:
            mine[same] = (start, uid, number)
    return found, forgotten


def test_a_flow_comes_after_the_fifteen_before_it_of_its_device() -> None:
    x = HostWindow().encode(flows(list(range(40)), ["a", "b"] * 20))
    assert x.shape == (40, STEPS * WIDTH)
    assert windows(x)[0] == [0]
    assert windows(x)[7] == [1, 3, 5, 7]
    assert windows(x)[39] == list(range(9, 40, 2))


def test_each_step_is_what_conn_says_of_that_flow() -> None:
    batch = flows(list(range(20)), ["a"] * 20)
    steps = HostWindow().encode(batch).reshape(20, STEPS, WIDTH)[19, :, :-1]
    assert steps.tobytes() == Conn().encode(batch)[4:].tobytes()


def test_a_step_tells_the_time_since_the_flow_before() -> None:
    x = HostWindow().encode(flows([10, 13, 13, 20], ["a"] * 4)).reshape(4, STEPS, WIDTH)
    assert np.isnan(x[0, -1, -1])
    assert x[3, -4:, -1].tolist() == pytest.approx([np.nan, 3, 0, 7], nan_ok=True)


def test_the_oldest_step_of_a_full_window_knows_the_flow_before_it() -> None:
    x = HostWindow().encode(flows([0, *range(5, 21)], ["a"] * 17)).reshape(17, STEPS, WIDTH)
    assert x[-1, 0, -1] == 5


def test_a_flow_that_is_told_late_sees_nothing_that_started_after_it() -> None:
    x = HostWindow().encode(flows([10, 20, 30, 15, 40], ["a"] * 5))
    assert windows(x) == [[0], [0, 1], [0, 1, 2], [0, 3], [0, 3, 1, 2, 4]]


def test_a_final_row_takes_the_place_of_the_interim_row_of_its_flow() -> None:
    x = HostWindow().encode(flows([10, 11, 10, 12], ["a"] * 4, ["one", "two", "one", "three"]))
    assert windows(x) == [[0], [0, 1], [2], [2, 1, 3]]


def test_a_flow_without_time_or_source_is_alone_and_leaves_no_trace() -> None:
    starts: list[Any] = [1, None, 2, 3]
    assert windows(HostWindow().encode(flows(starts, ["a", "a", None, "a"]))) == [[0], [1], [2], [0, 3]]


def test_the_device_seen_least_recently_is_forgotten_counted_and_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    features = HostWindow(devices=2)
    with caplog.at_level(logging.WARNING):
        x = features.encode(flows(list(range(7)), ["a", "b", "a", "c", "a", "b", "b"]))
        features.encode(flows([8, 9], ["d", "e"]))
    assert windows(x) == [[0], [1], [0, 2], [3], [0, 2, 4], [5], [5, 6]]
    assert features.forgotten == 4
    assert [record.getMessage() for record in caplog.records] == [
        "host_window: more than 2 devices; those seen least recently are forgotten, and counted"
    ]


@settings(max_examples=examples(25), deadline=None)
@given(seed=st.integers(0, 2**32 - 1), devices=st.integers(1, 4), cut=st.integers(1, 30))
def test_any_stream_in_any_batches_gives_the_windows_that_a_slow_reading_gives(
    seed: int, devices: int, cut: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = 120
    starts = np.sort(rng.integers(0, 60, rows))
    late = rng.random(rows) < 0.2
    starts[late] = rng.integers(0, 60, late.sum())
    sources = [f"10.0.0.{n}" for n in rng.integers(0, rng.integers(1, 7), rows)]
    uids = rng.integers(0, 90, rows).tolist()
    found = HostWindow(devices)
    batch = flows(starts.tolist(), sources, [f"C{uid}" for uid in uids])
    x = np.concatenate([found.encode(batch.slice(at, cut)) for at in range(0, rows, cut)])
    assert (windows(x), found.forgotten) == expected(starts.tolist(), sources, uids, devices)

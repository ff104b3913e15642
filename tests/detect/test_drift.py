import json
import logging

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.core.metrics import Metrics
from redshank.detect import drift
from redshank.detect.drift import BLOCKS, Drift, Moved, Reference, compare, reference_of
from redshank.features.feature_set import Column

COLUMNS = (Column("proto", "category", ("tcp", "udp", "icmp")), Column("src_bytes", "bytes"), Column("gap", "s"))
SECOND = 1_000_000_000


def traffic(
    n: int, seed: int, shift: float = 0.0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64], list[str | None]]:
    """Draw flows of twenty devices; `shift` moves the bytes, by standard deviations."""
    rng = np.random.default_rng(seed)
    x = np.stack([rng.integers(2, 5, n), rng.normal(shift, 1, n), rng.exponential(1, n)], axis=1).astype(np.float32)
    x[rng.random(n) < 0.1, 2] = np.nan
    return x, rng.uniform(0.001, 1, n), [f"10.0.{i % 2}.{i}" for i in rng.integers(0, 20, n)]


def known(n: int = 2400, seed: int = 0) -> Reference:
    x, p, devices = traffic(n, seed)
    return reference_of(x, p, [device or "" for device in devices], COLUMNS)


def times(n: int, begin: int = 0) -> npt.NDArray[np.int64]:
    return (begin + np.arange(n)) * SECOND


def test_traffic_as_it_was_moves_nothing_and_traffic_that_changed_is_told_with_its_columns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = Metrics()
    watch = Drift(known(), metrics=metrics)
    assert watch.take(*traffic(800, 1), times(800)) == []
    with caplog.at_level(logging.WARNING):
        (told,) = watch.take(*traffic(800, 2, shift=0.7), times(800, 800))
    assert told.group == "all"
    assert told.p_value <= 0.001
    assert list(told.columns) == ["src_bytes"]
    assert str(told).startswith("traffic of group all has moved away from what was learnt: src_bytes (PSI ")
    assert [record.getMessage() for record in caplog.records] == [f"drift: {told}"]
    assert metrics.labelled("redshank_drift_events_total") == {("all",): 1}
    assert watch.moved == {"all": watch.moved["all"]}
    assert watch.take(*traffic(800, 3), times(800, 1600)) == []
    assert watch.moved == {}, "it is back"


def test_p_values_that_are_uniform_no_more_are_drift_of_the_score() -> None:
    x, p, devices = traffic(800, 4)
    (told,) = Drift(known()).take(x, p**2, devices, times(800))
    assert list(told.columns) == ["p_value"]


def test_the_chance_of_a_false_event_is_what_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    # 150 comparisons at 10 %: 15 expected, spread 3.7. 199 draws are enough to tell 10 %.
    monkeypatch.setattr(drift, "DRAWS", 199)
    rng = np.random.default_rng(5)
    base = known()
    low = 0
    for seed in range(150):
        x, p, _ = traffic(28 * 60, 100 + seed)
        counts = np.array([np.bincount(b.ravel(), minlength=base.starts[-1]) for b in np.split(base.bins(x, p), 28)])
        p_value, _, names = compare(Reference(base.edges, 60, counts[BLOCKS:]), counts[:BLOCKS], rng, alpha=0.1)
        low += p_value <= 0.1
        assert (p_value <= 0.1) is (len(names) > 0)
    assert 15 - 4 * 3.7 < low <= 15 + 3 * 3.7


def test_groups_are_told_apart_and_the_narrowest_network_counts() -> None:
    watch = Drift(known(), {"10.0.0.0/16": "home", "10.0.1.0/24": "cameras"})
    x, p, devices = traffic(2400, 6)
    moved = np.array([str(device).startswith("10.0.1.") for device in devices])
    x[moved, 1] += 2
    told = watch.take(x, p, devices, times(2400))
    assert [one.group for one in told] == ["cameras"]
    assert watch.take(x[:5], p[:5], [None, "", "nobody", "fe80::1", "10.9.9.9"], times(5)) == []
    with pytest.raises(ValueError, match="10.0.1.0/99"):
        Drift(known(), {"10.0.1.0/99": "cameras"})


def test_one_device_moves_no_group_alone_however_much_it_says() -> None:
    x, p, devices = traffic(4000, 7)
    loud = np.arange(4000) % 2 == 0
    x[loud, 1] = 50
    devices = [("10.0.0.99" if at else device) for at, device in zip(loud.tolist(), devices, strict=True)]
    watch = Drift(known())
    watch.take(x, p, devices, times(4000))
    sizes = [counts.sum() // 4 for counts in drift._Filling(known()).fill(known().bins(x, p), np.array(devices))]
    assert sizes == [100] * len(sizes)
    psi = watch.moved["all"].columns if watch.moved else {}
    assert psi.get("src_bytes", 0) < 0.5, "an eighth of a block, not half of it"


def test_old_blocks_are_forgotten_by_packet_time() -> None:
    watch = Drift(known(), horizon_s=100)
    x, p, devices = traffic(800, 8, shift=2)
    for at in range(0, 800, 100):  # a block each, an hour apart: never four at once
        assert watch.take(x[at : at + 100], p[at : at + 100], devices[at : at + 100], times(100, at * 36)) == []
    assert watch.moved == {}


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 500), max_size=8))
def test_blocks_do_not_depend_on_how_flows_are_cut_into_batches(cuts: list[int]) -> None:
    base = known()
    x, p, devices = traffic(500, 9)
    bins, names = base.bins(x, p), np.array(devices)
    whole = list(drift._Filling(base).fill(bins, names))
    filling, found = drift._Filling(base), []
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), 500], strict=True):
        found += list(filling.fill(bins[begin:end], names[begin:end]))
    assert len(whole) == len(found) > 2
    assert all((one == other).all() for one, other in zip(whole, found, strict=True))


def test_a_network_of_one_device_fills_blocks_too() -> None:
    base = known()
    x, p, _ = traffic(1600, 10)
    full = list(drift._Filling(base).fill(base.bins(x, p), np.full(1600, "10.0.0.1")))
    assert [int(counts.sum()) // 4 for counts in full] == [12, 12]


def test_reference_survives_a_manifest_and_a_damaged_one_is_refused() -> None:
    base = known()
    again = Reference.from_dict(json.loads(json.dumps(base.to_dict(), sort_keys=True)), COLUMNS)
    assert list(again.edges) == list(base.edges)
    assert (again.blocks == base.blocks).all()
    assert again.flows == base.flows == 100
    for value, message in (
        (3, "'reference' is 3; learn it again"),
        ({**base.to_dict(), "blocks": ["1 2 x"]}, "'reference' is {'edges'"),
        ({**base.to_dict(), "blocks": ["1 2"]}, r"blocks \(1, 2\) of 100 flows in 4 columns, wanted the bins of 4"),
        ({**base.to_dict(), "flows": 0}, "of 0 flows"),
    ):
        with pytest.raises(ValueError, match=message):
            Reference.from_dict(value, COLUMNS)


def test_absent_and_new_values_have_bins_of_their_own() -> None:
    base = known()
    x = np.array([[2, 0, 1], [np.nan, np.nan, np.nan], [9, 1e9, 0]], dtype=np.float32)
    bins = base.bins(x, np.array([0.5, np.nan, 0.0]))
    assert (np.diff(base.starts)[None] > bins - base.starts[:-1]).all()
    assert (bins[1] == base.starts[1:] - 1).all()
    assert bins[2, 0] not in base.bins(np.array([[2, 0, 0], [3, 0, 0], [4, 0, 0]], dtype=np.float32), np.zeros(3))[:, 0]


def test_an_event_reads_as_the_reason_of_a_question() -> None:
    said = str(Moved("cameras", 0.0005, {"dst_bytes": 0.4567, "p_value": 0.1}))
    assert said == (
        "traffic of group cameras has moved away from what was learnt: dst_bytes (PSI 0.46), p_value (PSI 0.10); "
        "p = 0.0005"
    )

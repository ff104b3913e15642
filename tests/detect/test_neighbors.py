import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from redshank.detect import neighbors
from redshank.detect.neighbors import Floats, KnownFlows, written
from redshank.features.feature_set import Column

COLUMNS = (Column("proto", "category", ("tcp", "udp")), Column("bytes", "bytes"), Column("seconds", "s"))
CLASSES = ("benign", "scanning", "dos")
FLOWS = {
    "benign": ["2 600 1", "2 700 1.5", "3 500 1", "2 800 2", "3 900 1.2"],
    "dos": ["2 9e6 9", "2 8e6 8", "2 7e6 7", "2 6e6 6", "2 5e6 5"],
    "scanning": ["2 40 0", "2 44 0", "2 60 nan", "2 48 0.1", "2 52 0.1"],
}
VALUES = st.sampled_from([0, 1, 2, 3, 44, 9e6, 3e38, -5, np.inf, -np.inf, np.nan]) | st.floats(width=32)
DRAWN = arrays(np.float32, st.tuples(st.integers(0, 12), st.just(3)), elements=VALUES)


def float32(*rows: tuple[float, ...]) -> Floats:
    return np.array(rows, np.float32)


def told_of(known: KnownFlows, x: Floats) -> list[str]:
    """Look flows of one alert up."""
    return known.nearest(x, np.zeros(len(x), np.int64))


def test_a_flow_is_said_to_be_most_like_the_known_flows_nearest_to_it() -> None:
    known = KnownFlows(FLOWS, COLUMNS, CLASSES)
    assert told_of(known, float32((2, 45, 0), (2, 1e9, 9), (3, 650, 1.2), (2, 41, 0))) == [
        "most like scanning (4 of the 5 nearest known flows)",
        "most like dos (5 of the 5 nearest known flows)",
        "most like benign (5 of the 5 nearest known flows)",
        "most like scanning (4 of the 5 nearest known flows)",
    ], "one of those of scanning has no seconds, and is a third of the way off for that alone"


def test_where_they_disagree_each_class_of_several_is_counted() -> None:
    few = {"benign": ["2 1 1", "2 2 1"], "dos": ["2 3 1", "2 4 1"], "scanning": ["2 5 1"]}
    flow = float32((2, 1, 1))
    assert told_of(KnownFlows(few, COLUMNS, CLASSES), flow) == ["nearest known flows: benign 2, dos 2, others 1"]
    two = {"benign": ["2 1 1", "2 2 1"], "dos": ["2 3 1", "2 4 1", "2 5 1"]}
    assert told_of(KnownFlows(two, COLUMNS, CLASSES), flow) == ["nearest known flows: dos 3, benign 2"]
    most = {"benign": ["2 1 1"], "dos": ["2 2 1", "2 3 1", "2 4 1", "2 5 1"]}
    assert told_of(KnownFlows(most, COLUMNS, CLASSES), flow) == ["most like dos (4 of the 5 nearest known flows)"]


def test_a_known_flow_as_it_is_written_is_nearest_to_itself() -> None:
    x = np.random.default_rng(2).lognormal(3, 4, (60, 3)).astype(np.float32)
    x[:, 0], x[7, 2] = np.arange(60) % 3, np.nan
    texts = written(np.repeat(x, 5, axis=0))
    assert np.array_equal(np.array([[float(v) for v in text.split()] for text in texts], np.float32), x, equal_nan=True)
    flows = {"benign": texts[:30], "dos": [text for text in texts[30:] for _ in range(5)]}
    told = told_of(KnownFlows(flows, COLUMNS, CLASSES), x[30:])
    assert set(told) == {"most like dos (5 of the 5 nearest known flows)"}


@given(DRAWN, st.integers(0, 99))
def test_any_flows_get_one_of_few_texts_whatever_order_they_and_the_known_ones_have(x: Floats, seed: int) -> None:
    rng = np.random.default_rng(seed)
    told = told_of(KnownFlows(FLOWS, COLUMNS, CLASSES), x)
    assert all(
        re.fullmatch(r"most like \w+ \([45] of the 5 .*\)|nearest known flows: \w+ [23], \w+ [12].*", one)
        for one in told
    )
    assert all(len(one) <= 60 for one in told)
    order = rng.permutation(len(x))
    shuffled = {name: rng.permutation(FLOWS[name]).tolist() for name in rng.permutation(list(FLOWS)).tolist()}
    assert told_of(KnownFlows(shuffled, COLUMNS, CLASSES), x[order]) == [told[at] for at in order]


def test_of_many_different_flows_some_are_looked_up_spread_over_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors, "MOST_LOOKED_UP", 4)
    known = KnownFlows(FLOWS, COLUMNS, CLASSES)
    different = float32(*product((2, 3), range(5), (1,)))
    told = told_of(known, different)
    assert [at for at, text in enumerate(told) if text] == [0, 1, 5, 9], "the first, and others"
    alerts = np.array([7, 7, 7, 7, 3, 7, 7, 5, 5, 7])
    told = known.nearest(different, alerts)
    assert [at for at, text in enumerate(told) if text] == [0, 1, 4, 7], "the first of each alert, then another"
    many = known.nearest(different, np.arange(10))
    assert sum(map(bool, many)) == 4, "never more"
    same = float32(*[(2, 45, 0), (2, 9e6, 9)] * 50)
    assert all(told_of(known, same)), "a flood is the same few flows over and over"


@pytest.mark.parametrize(
    ("flows", "shown"),
    [
        (3, "3"),
        ({}, r"\{\}"),
        ({"benign": "2 1 1"}, r"\{'benign': '2 1 1'\}"),
        ({"benign": 5}, r"\{'benign': 5\}"),
        ({"benign": [[2, 1, 1]] * 5}, r"\{'benign': \[\["),
        ({"benign": ["2 1 1"] * 4}, r"\{'benign'"),
        ({"benign": ["2 1 one"] * 5}, r"\{'benign'"),
        ({"benign": ["2 1 1"] * 5 + ["2 1"]}, r"\{'benign'"),
        ({"benign": ["2 1 1 1"] * 5}, r"\{'benign'"),
        ({"worms": ["2 1 1"] * 5}, r"\{'worms'"),
    ],
)
def test_known_flows_that_are_none_are_refused(flows: object, shown: str) -> None:
    with pytest.raises(ValueError, match=f"'known_flows' is {shown}.*, wanted 5 flows or more of 3 columns, by class"):
        KnownFlows(flows, COLUMNS, CLASSES)


def test_values_beyond_float32_are_no_error() -> None:
    assert told_of(KnownFlows({"dos": ["2 1e300 -inf"] * 5}, COLUMNS, CLASSES), float32((2, 1, 1)))[0]

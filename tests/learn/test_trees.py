import math
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import model_rows
from redshank.features.feature_set import Column
from redshank.learn.export import score
from redshank.learn.trees import graph, known, round_down

COLUMNS = (Column("bytes", "bytes"), Column("proto", "category", ("tcp", "udp")))
SHARE = 1 / (1 + math.exp(-1))  # sigmoid of a leaf of 1


def _split(feature: int = 0, threshold: float = 0.1, missing: str = "NaN", **more: Any) -> dict[str, Any]:
    node = {
        "split_feature": feature,
        "threshold": threshold,
        "decision_type": "<=",
        "default_left": False,
        "missing_type": missing,
        "left_child": {"leaf_value": 1.0},
        "right_child": {"leaf_value": -1.0},
    }
    return {"tree_structure": {**node, **more}}


def _goes_left(tree: dict[str, Any], value: float, code: float = 2) -> bool:
    x = np.array([[value, code]], dtype=np.float32)
    attack = score(graph([tree], COLUMNS, 2), x)[0, 1]
    assert attack == pytest.approx(SHARE, abs=1e-6) or attack == pytest.approx(1 - SHARE, abs=1e-6)
    return bool(attack > 0.5)


@given(st.floats(allow_nan=False), st.floats(width=32, allow_nan=False))
def test_a_rounded_threshold_parts_float32_values_as_the_float64_one_does(threshold: float, value: float) -> None:
    assert (value <= round_down(threshold)) == (value <= threshold)


def test_a_value_equal_to_the_float32_next_to_the_threshold_takes_the_right_branch() -> None:
    above = float(np.float32(0.1))  # float32(0.1) is above 0.1
    below = float(np.nextafter(np.float32(0.1), np.float32(0)))
    assert not _goes_left(_split(threshold=0.1), above)
    assert _goes_left(_split(threshold=0.1), below)


@pytest.mark.parametrize(
    ("default_left", "missing", "threshold", "left"),
    [
        (True, "NaN", -5.0, True),
        (False, "NaN", 5.0, False),
        (True, "None", -5.0, False),
        (False, "None", 5.0, True),
    ],
)
def test_an_absent_value_goes_where_training_sent_it_or_counts_as_zero(
    *,
    default_left: bool,
    missing: str,
    threshold: float,
    left: bool,
) -> None:
    tree = _split(threshold=threshold, missing=missing, default_left=default_left)
    assert _goes_left(tree, math.nan) == left


@pytest.mark.parametrize(
    ("code", "left"), [(math.nan, True), (0, True), (1, False), (-7, False), (4, False), (2, False)]
)
def test_absent_and_impossible_codes_are_mended_before_the_trees(code: float, left: bool) -> None:  # noqa: FBT001
    assert _goes_left(_split(feature=1, threshold=0.5, missing="None"), 0, code) == left


def test_no_trees_give_equal_probabilities() -> None:
    x = np.zeros((3, 2), dtype=np.float32)
    assert score(graph([], COLUMNS, 2), x).tolist() == [[0.5, 0.5]] * 3
    assert score(graph([], COLUMNS, 4), x).tolist() == [[0.25] * 4] * 3


def test_a_split_that_the_graph_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="tree 0: a split '==' with missing values as 'NaN'"):
        graph([_split(decision_type="==")], COLUMNS, 2)
    with pytest.raises(ValueError, match="tree 0: a split '<=' with missing values as 'Zero'"):
        graph([_split(missing="Zero")], COLUMNS, 2)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_lightgbm_and_the_graph_agree_on_every_threshold(n_classes: int) -> None:
    rng = np.random.default_rng(0)
    x = np.stack([rng.lognormal(3, 3, 500), rng.integers(0, 4, 500)], axis=1).astype(np.float32)
    x[rng.random(500) < 0.1, 0] = np.nan
    y = (np.nan_to_num(x[:, 0]) > 20).astype(int) + (x[:, 1] == 2) * (n_classes > 2)
    task = {"objective": "multiclass", "num_class": 3} if n_classes > 2 else {"objective": "binary"}
    booster = lightgbm.train({**task, "verbosity": -1, "min_data_in_leaf": 5}, lightgbm.Dataset(x, y), 20)
    trees = booster.dump_model()["tree_info"]
    cuts = np.array(sorted(_thresholds(trees, 0)), dtype=np.float32)
    at = np.concatenate([cuts, np.nextafter(cuts, np.float32(np.inf)), np.nextafter(cuts, np.float32(-np.inf))])
    rows = np.stack([np.repeat(at, 4), np.tile(np.arange(4, dtype=np.float32), len(at))], axis=1)
    wanted = np.asarray(booster.predict(rows))
    found = score(graph(trees, COLUMNS, n_classes), rows)
    assert np.abs(found - (np.stack([1 - wanted, wanted], axis=1) if n_classes == 2 else wanted)).max() < 1e-5


def _thresholds(trees: list[dict[str, Any]], feature: int) -> set[float]:
    waiting = [tree["tree_structure"] for tree in trees]
    found: set[float] = set()
    for node in waiting:  # grows while it is walked
        if "split_feature" in node:
            waiting += [node["left_child"], node["right_child"]]
            if node["split_feature"] == feature:
                found.add(node["threshold"])
    return found


def test_absent_and_impossible_codes_become_codes_the_trees_know() -> None:
    x = model_rows.raw(4)
    x[:, 3] = [np.nan, -2, 5, 4]
    assert known(x, model_rows.COLUMNS)[:, 3].tolist() == [0, 1, 1, 4]
    assert np.array_equal(known(x, model_rows.COLUMNS)[:, :3], x[:, :3], equal_nan=True)

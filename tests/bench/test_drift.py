import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from blocks import COLUMNS, known, times, traffic

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_drift", BENCH / "drift.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["bench_drift"] = made
    spec.loader.exec_module(made)
    return made


def drawn(bench: ModuleType, n: int, seed: int, shift: float = 0.0) -> Any:
    return bench.Traffic(*traffic(n, seed, shift), times(n))


@pytest.fixture
def side(bench: ModuleType) -> Any:
    return bench.Side("anomaly", None, known(), COLUMNS)


def test_the_first_comparison_of_a_dataset_says_what_moved(bench: ModuleType, side: Any) -> None:
    same = bench.first("as it was", side, drawn(bench, 1700, 1))
    assert (same["comparisons"], same["beyond"], same["moved_most"]) == (4, 0, None)
    moved = bench.first("moved", side, drawn(bench, 1700, 2, shift=2))
    assert moved["beyond"] == moved["comparisons"] == 4
    assert moved["first_p"] <= 0.001
    assert moved["moved_most"].startswith("src_bytes (PSI ")
    assert bench.first("short", side, drawn(bench, 300, 3))["first_p"] is None


def test_homes_are_compared_in_a_row_and_spread_and_each_block_once(bench: ModuleType, side: Any) -> None:
    quiet = drawn(bench, 5000, 4)
    hour, others = quiet[:3750], traffic(1250, 5, shift=2)
    x, p = np.concatenate([hour.x, others[0]]), np.concatenate([hour.p, others[1]])
    late = bench.Traffic(x, p, bench.pa.concat_arrays([hour.devices, others[2]]), times(5000))
    rows = list(bench.rate("a home", "the bundle's", side, [(side.learnt, quiet), (side.learnt, late)]))
    assert [(row["blocks"], row["comparisons"]) for row in rows] == [("in a row", 24), ("spread", 24)]
    in_a_row, spread = (row["beyond"] for row in rows)
    assert in_a_row in {3, 4}, "the last quarter moved"
    assert spread == 0, "one block of four is of that quarter"
    assert rows[0]["low"] < in_a_row / 24 < rows[0]["high"]


def test_a_home_is_compared_with_its_own_first_half_and_with_that_of_the_others(bench: ModuleType, side: Any) -> None:
    rows = list(bench.rates(side, [drawn(bench, 9600, 6), drawn(bench, 9600, 7, shift=2)]))
    assert [row["reference"] for row in rows[::2]] == [
        "the bundle's",
        "of the same home's first",
        "of another home's first",
    ]
    assert [row["beyond"] for row in rows] == [24, 24, 0, 0, 12, 12]
    assert rows[4]["comparisons"] == 12

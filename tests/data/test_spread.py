import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.errors import ConfigError
from redshank.data.grouping import Grouping
from redshank.data.spread import LARGEST, by_group, spread

SHARES = (0.6, 0.1, 0.1, 0.2)


@settings(max_examples=examples(25), deadline=None)
@given(st.integers(0, 2**31), st.integers(4, 40), st.integers(1, 4))
def test_a_class_with_enough_groups_of_its_own_is_in_every_part(seed: int, groups: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    kind = np.arange(groups) % classes
    counts = np.zeros((groups, classes))
    counts[np.arange(groups), kind] = rng.integers(1, 1000, groups)
    part = spread(counts, SHARES, seed)
    assert set(part.tolist()) <= {0, 1, 2, 3}
    for at in range(classes):
        if (kind == at).sum() >= len(SHARES):
            assert set(part[kind == at].tolist()) == {0, 1, 2, 3}


def test_a_scarce_class_trains_first_and_is_tested_then() -> None:
    counts = np.ones((8, 2))
    counts[2:, 1] = 0
    part = spread(counts, SHARES, seed=1)
    assert sorted(part[:2].tolist()) == [0, 3]


def test_what_matters_first_is_in_every_part_before_scarce_classes_are_placed() -> None:
    # Four groups attack, two of them as one family, the others as one each: every part must have an attack.
    counts = np.array([[9, 1, 1, 0, 0], [9, 1, 1, 0, 0], [9, 1, 0, 1, 0], [9, 1, 0, 0, 1], [9, 0, 0, 0, 0]], float)
    for seed in range(5):
        assert sorted(spread(counts, SHARES, seed, first=2)[:4].tolist()) == [0, 1, 2, 3]


def test_many_groups_are_spread_by_the_shares() -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 50, (2 * LARGEST, 1)).astype(float)
    part = spread(counts, SHARES, seed=3)
    have = np.bincount(part, weights=counts[:, 0]) / counts.sum()
    assert have.tolist() == pytest.approx(SHARES, abs=0.03)


def test_the_same_seed_gives_the_same_parts_and_another_others() -> None:
    counts = np.random.default_rng(0).integers(0, 9, (30, 3)).astype(float)
    assert spread(counts, SHARES, 5).tolist() == spread(counts, SHARES, 5).tolist()
    assert spread(counts, SHARES, 5).tolist() != spread(counts, SHARES, 6).tolist()


def grouped(groups: int, rows: int) -> Grouping:
    return Grouping("source", np.arange(rows) % groups, tuple(f"g{n}" for n in range(groups)))


def test_a_group_counts_by_its_vectors_not_by_its_rows() -> None:
    # One group says the same thing 900 times: by rows it would fill the training part alone.
    number = np.concatenate([np.zeros(900, np.int64), np.arange(1, 101)])
    groups = Grouping(
        "source", np.concatenate([np.zeros(900, np.int64), 1 + np.arange(100) % 20]), tuple(map(str, range(21)))
    )
    y = np.zeros(1000, np.int64)
    rows, notes = by_group(groups, number, y, np.full(1000, "benign"), SHARES, 0)
    vectors = [len(np.unique(number[part])) for part in rows]
    assert vectors[0] == pytest.approx(60, abs=12)
    assert notes["groups_per_part"]["train"] > 5


def test_named_groups_are_tested_and_the_others_make_the_rest() -> None:
    y = np.arange(200) % 2
    rows, notes = by_group(grouped(10, 200), np.arange(200), y, np.where(y == 0, "benign", "dos"), SHARES, 0, [3])
    assert set((rows[3] % 10).tolist()) == {3}
    assert sum(map(len, rows)) == 200
    assert notes["groups_per_part"]["test"] == 1


def test_too_few_groups_are_refused() -> None:
    y = np.arange(20) % 2
    with pytest.raises(ConfigError, match="by: there are 3 groups by source, a split into 4 parts needs as many"):
        by_group(grouped(3, 20), np.arange(20), y, np.full(20, "benign"), SHARES, 0)

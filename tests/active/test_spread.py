import numpy as np
import pytest

from redshank.active.spread import farthest_first, groups, in_turns, mean_distance, nearest, sample, typical_first

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(5_000, 3)).astype(np.float32)
OTHERS = RNG.normal(size=(7, 3)).astype(np.float32)


def test_a_sample_is_bounded_repeatable_and_has_each_row_once() -> None:
    found = sample(1_000, 30, seed=4)
    assert len(set(found.tolist())) == 30
    assert found.tolist() == sample(1_000, 30, seed=4).tolist()
    assert found.tolist() != sample(1_000, 30, seed=5).tolist()


def test_the_nearest_is_found_across_blocks() -> None:
    apart = ((POINTS[:, None, :] - OTHERS[None, :, :]) ** 2).sum(axis=2).min(axis=1)
    assert nearest(POINTS, OTHERS) == pytest.approx(apart, abs=1e-4)


def test_nothing_is_near_where_there_is_nothing() -> None:
    assert np.isinf(nearest(POINTS[:4], OTHERS[:0])).all()


def test_the_mean_distance_is_that_to_the_nearest_neighbors_only() -> None:
    line = np.array([[0.0], [1.0], [2.0], [50.0]], dtype=np.float32)
    assert mean_distance(line, line, 2).tolist() == [0.5, 0.5, 0.5, 24.0]
    assert mean_distance(line[:1], line[:2], 20).tolist() == [0.5]


def test_groups_are_never_more_than_points_and_count_their_labels() -> None:
    two = np.array([[0.0, 0.0], [9.0, 9.0]], dtype=np.float32)
    group, covered = groups(two, np.full((5, 2), 8.0, np.float32), 10, seed=0)
    assert len(set(group.tolist())) == 2
    assert covered[group].tolist() == [0, 5]


def test_a_large_group_gives_all_its_rows_the_compared_ones_first() -> None:
    group = np.zeros(1_200, dtype=np.int64)
    picked = typical_first(POINTS[:1_200], group, np.array([3]), 1_200, seed=0)
    assert sorted(picked.tolist()) == list(range(1_200))
    far = np.linalg.norm(POINTS[picked], axis=1)
    assert far[:50].mean() < 0.5 * far.mean()


def test_a_group_without_rows_has_no_turn() -> None:
    picked = typical_first(POINTS[:4], np.array([0, 0, 2, 2]), np.array([1, 0, 0]), 3, seed=0)
    assert picked[0] in {2, 3}
    assert picked[1] in {0, 1, 2, 3}
    assert in_turns(np.array([2, 0]), np.zeros(2, np.float32), 2, 0, np.zeros(3, np.int64)).tolist() in ([1, 0], [0, 1])


def test_the_farthest_comes_first_and_each_only_once() -> None:
    line = np.array([[0.0], [0.0], [4.0], [10.0], [7.0]], dtype=np.float32)
    assert farthest_first(line, nearest(line, line[:1]), 3).tolist() == [3, 2, 4]
    assert sorted(farthest_first(line, nearest(line, line[:0]), 9).tolist()) == [0, 1, 2, 3, 4]

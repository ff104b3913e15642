import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pools import pool
from redshank.active.strategies.mixed import EXPLORED, Mixed, borders, quotas
from redshank.active.strategy import Strategy, interleaved


def example() -> Strategy:
    return Mixed()


def test_a_tenth_is_asked_at_random_whatever_the_model_thinks() -> None:
    # Everything but rows 0 to 99 is certain and lies in one place: nothing but chance asks there.
    rng = np.random.default_rng(0)
    p = np.tile([1.0, 0.0], (2000, 1))
    p[:100] = 0.5
    points = np.zeros((2000, 2))
    points[:100] = rng.normal(size=(100, 2))
    given_pool = pool(p, points, known=np.zeros((EXPLORED, 2)), y=np.arange(EXPLORED) % 2)
    asked = np.concatenate([Mixed().query(given_pool, 20, seed)[:20] for seed in range(30)])
    assert 30 <= (asked >= 100).sum() <= 360


def test_the_first_questions_look_for_what_is_unusual_and_what_is_typical() -> None:
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.normal(at, 0.1, (rows, 2)) for at, rows in ((0, 500), (5, 480), (20, 20))])
    unusual = np.r_[np.full(980, 0.4), np.full(20, 0.9)]
    asked = Mixed().query(pool(np.full((1000, 3), 1 / 3), points, anomaly=unusual, known=points[:1], y=[0]), 10, 0)
    assert (asked >= 980).any()
    assert any(500 <= row < 980 for row in asked.tolist())


def test_then_questions_go_to_the_families_that_the_model_doubts() -> None:
    p = np.zeros((3000, 3))
    p[:2900] = (0.98, 0.01, 0.01)
    p[2900:2950] = (0.02, 0.96, 0.02)
    p[2950:] = (0.2, 0.3, 0.5)
    given_pool = pool(p, known=np.zeros((EXPLORED, 2)), y=np.arange(EXPLORED) % 3)
    asked = np.bincount(p[borders(given_pool, 60, 3)].argmax(axis=1), minlength=3)
    assert asked[2] >= 40
    assert asked[0] >= 4
    assert asked[1] >= 4


def test_a_family_with_too_few_rows_leaves_its_questions_to_others() -> None:
    p = np.tile([0.9, 0.1], (30, 1))
    p[:2] = (0.4, 0.6)
    assert sorted(borders(pool(p), 30, 0).tolist()) == list(range(30))
    assert {0, 1} <= set(borders(pool(p), 10, 0).tolist())


def test_a_family_that_the_model_never_tells_is_asked_about_where_it_is_likeliest() -> None:
    p = np.tile([0.6, 0.4, 0.0], (500, 1))
    p[:9, 2] = np.linspace(0.1, 0.3, 9)
    p[:9, 0] = 0.6 - p[:9, 2]
    asked = set(borders(pool(p, known=np.zeros((3, 2)), y=[0, 1, 2]), 20, 0).tolist())
    assert set(range(9)) <= asked


@given(doubt=st.lists(st.floats(0, 1), min_size=1, max_size=12), size=st.integers(0, 50))
def test_quotas_add_up_and_a_family_in_more_doubt_has_about_as_many_or_more(doubt: list[float], size: int) -> None:
    found = quotas(np.array(doubt), size)
    assert found.sum() == size
    assert (found >= 0).all()
    most, least = int(np.argmax(doubt)), int(np.argmin(doubt))
    assert found[most] >= found[least] - 1


@given(
    lists=st.lists(st.permutations(range(12)), min_size=1, max_size=3),
    size=st.integers(0, 15),
)
def test_lists_are_merged_without_repetition_and_in_their_order(lists: list[list[int]], size: int) -> None:
    shares = [1 / len(lists)] * len(lists)
    merged = interleaved([np.array(one) for one in lists], shares, size).tolist()
    assert len(merged) == len(set(merged)) == min(size, 12)
    if len(lists) == 1:
        assert merged == lists[0][:size]


@pytest.mark.parametrize("size", [10, 20, 40])
def test_any_first_part_holds_the_shares(size: int) -> None:
    lists = [np.arange(0, 100), np.arange(100, 200), np.arange(200, 300)]
    merged = interleaved(lists, [0.1, 0.4, 0.5], 100)[:size] // 100
    assert abs(np.bincount(merged, minlength=3) - np.array([0.1, 0.4, 0.5]) * size).max() <= 1

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.active.guard import Cap, Guard, clusters, trust, within
from redshank.active.loop import Plan, learn_actively
from redshank.active.strategies.random import Random
from tables import Logistic, parts

ROWS = 40


@given(
    sorts=st.lists(st.lists(st.integers(-1, 4), min_size=ROWS, max_size=ROWS), min_size=1, max_size=2),
    cap=st.builds(Cap, once=st.floats(0, 1), ever=st.integers(1, 6), share=st.just(0.0)),
    size=st.integers(1, 12),
    order=st.permutations(range(ROWS)),
)
def test_no_cap_is_exceeded_order_is_kept_and_the_rounds_end(
    sorts: list[list[int]], cap: Cap, size: int, order: list[int]
) -> None:
    group_of = [np.array(one, np.int64) for one in sorts]
    guard = Guard(group_of, [cap] * len(sorts))
    left, asked = np.array(order, np.int64), np.empty(0, np.int64)
    for _ in range(ROWS + 1):
        may = guard.still(left)
        found = guard(may, size)
        assert guard(may, size).tolist() == found.tolist(), "to try is not to ask"
        guard.count(found)
        if not len(found):
            assert not len(may), "something may still be asked, and nothing was"
            break
        place = [may.tolist().index(row) for row in found.tolist()]
        assert place == sorted(set(place))
        assert len(found) <= size
        for group in group_of:
            assert np.bincount(group[found][group[found] >= 0]).max(initial=0) <= max(1, int(cap.once * size))
        asked = np.concatenate([asked, found])
        left = left[~np.isin(left, found)]
    else:
        pytest.fail("the rounds do not end")
    for group in group_of:
        assert np.bincount(group[asked][group[asked] >= 0]).max(initial=0) <= cap.ever
    free = np.all([group < 0 for group in group_of], axis=0)
    assert set(np.flatnonzero(free).tolist()) <= set(asked.tolist()), "a row in no group is never refused"


def test_the_tightest_of_several_caps_binds() -> None:
    device, cluster = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 0, 1, 2])
    guard = Guard([device, cluster], [Cap(0.4, 9), Cap(0.2, 9)])
    assert guard(np.arange(6), 5).tolist() == [0, 1, 5]


def test_a_group_may_come_back_when_it_is_a_small_share_of_all() -> None:
    group = np.array([0] * 5 + [-1] * 100)
    guard = Guard([group], [Cap(1.0, 2, share=0.05)])
    guard.count(np.array([0, 1]))
    assert guard(np.arange(5), 5).tolist() == []
    assert guard.still(np.array([2, 3])).tolist() == []
    guard.count(guard(np.arange(5, 105), 100))
    assert guard.still(np.array([2, 3])).tolist() == [2, 3]


def test_questions_of_before_count() -> None:
    group = np.zeros(6, np.int64)
    assert Guard([group], [Cap(1.0, 3)], asked=np.array([0, 1]))(np.arange(2, 6), 4).tolist() == [2]


@pytest.mark.parametrize("cap", [Cap(ever=0), Cap(once=1.5), Cap(share=-0.1)])
def test_a_cap_that_is_none_is_refused(cap: Cap) -> None:
    with pytest.raises(ValueError, match="ever is 1 or more, once and share are 0 to 1"):
        Guard([np.zeros(3, np.int64)], [cap])


def test_rows_that_are_nearly_equal_are_in_one_cluster() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(at, 0.01, (50, 2)) for at in (0, 5, 10, 15)]).astype(np.float32)
    found = clusters(points, seed=0, count=12)
    assert found.tolist() == clusters(points, seed=0, count=12).tolist()
    assert all(not set(found[:50]) & set(found[at : at + 50]) for at in (50, 100, 150))


def test_the_loop_asks_within_the_caps() -> None:
    table = parts(rows=200)
    group = np.arange(200) % 3
    plan = Plan(initial=20, batch=10, rounds=9, gate=False)
    learned = learn_actively(table, Logistic(), Random(), plan, admit=Guard([group], [Cap(0.2, 12)]))
    assert np.bincount(group[learned.labelled[20:]]).tolist() == [12, 12, 12]


def test_an_analyst_is_heard_up_to_his_cap() -> None:
    assert within(np.array([2, 0, 2, 2, 0]), 2).tolist() == [True, True, True, False, True]
    assert not within(np.array([0, 0]), 0).any()


def test_trust_grows_with_right_answers_and_with_their_number() -> None:
    assert trust(0, 0) == trust(0, 9) == 0.0
    assert trust(18, 20) < trust(19, 20) < trust(20, 20) < trust(60, 60) < 1
    assert trust(20, 20) == pytest.approx(0.05 ** (1 / 20))  # the bound for n of n is level to the 1/n

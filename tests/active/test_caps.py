import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.active.caps import Cap, Guard, by_device

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


def test_a_device_has_a_fifth_or_twice_its_equal_share_where_there_are_few() -> None:
    assert by_device(["a", "a", "b"])[1] == Cap(once=1.0, share=1.0)
    assert by_device([f"d{n}" for n in range(8)])[1] == Cap(once=0.25, share=0.25)
    assert by_device([f"d{n}" for n in range(50)])[1] == Cap(once=0.2, share=0.2)

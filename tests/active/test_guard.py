import numpy as np
import pytest

from redshank.active.caps import Cap, Guard
from redshank.active.guard import clusters, trust, within
from redshank.active.loop import Plan, learn_actively
from redshank.active.strategies.random import Random
from tables import Logistic, parts


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

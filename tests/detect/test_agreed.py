import pytest

from redshank.detect.agreed import Agreed, OfFamily, summed, wilson

ONE = Agreed("a", "b", "aa", "bb", 90, (OfFamily("dos", 5, 1, 2, 0),))
OTHER = Agreed("a", "b", "aa", "bb", 10, (OfFamily("dos", 1, 0, 0, 1), OfFamily("scanning", only_shadow=7)))


def test_alarms_of_one_alone_are_what_they_differ_in() -> None:
    assert (ONE.differing, ONE.share) == (2, 88 / 90)


def test_before_the_first_flow_nothing_is_known() -> None:
    empty = Agreed("a", "b", "aa", "bb")
    assert (empty.share, empty.interval) == (None, None)


def test_runs_of_one_pair_add_up_by_family() -> None:
    found = summed([ONE, OTHER])
    assert found == Agreed(
        "a", "b", "aa", "bb", 100, (OfFamily("dos", 6, 1, 2, 1), OfFamily("scanning", only_shadow=7))
    )
    assert found.share == 0.9
    assert summed([]) is None


@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (1, 1), (999, 1000), (10**9, 10**9)])
def test_the_interval_holds_the_share_and_stays_between_none_and_all(hits: int, trials: int) -> None:
    low, high = wilson(hits, trials)
    assert 0.0 <= low <= hits / trials <= high <= 1.0
    assert low < high

import pytest
from scipy import stats

from redshank.lab.per_day import per_day


@pytest.mark.parametrize(("count", "hours"), [(1, 24.0), (7, 12.0), (68, 2.0)])
def test_the_bounds_are_the_rates_at_which_so_few_or_so_many_are_seen_once_in_forty(count: int, hours: float) -> None:
    rate, low, high = per_day(count, hours)
    assert rate == pytest.approx(count * 24 / hours)
    assert stats.poisson.sf(count - 1, low * hours / 24) == pytest.approx(0.025)
    assert stats.poisson.cdf(count, high * hours / 24) == pytest.approx(0.025)


def test_a_day_without_any_leaves_room_for_more_than_three() -> None:
    assert per_day(0, 24.0) == pytest.approx((0.0, 0.0, 3.689), abs=1e-3)

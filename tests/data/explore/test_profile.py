import numpy as np
import pytest
from scipy import stats

from explored import ROWS, table
from redshank.data.explore.profile import QUANTILES, measure, missing_by_class, profile
from redshank.data.explore.table import Doubles


def test_basics_are_scipys() -> None:
    values = np.random.default_rng(0).lognormal(3, 1, 500)
    found = measure(values)
    assert found.mean == pytest.approx(values.mean())
    assert found.std == pytest.approx(values.std())
    assert found.skewness == pytest.approx(stats.skew(values))
    assert found.kurtosis == pytest.approx(stats.kurtosis(values))
    assert found.quantiles == pytest.approx(np.quantile(values, QUANTILES))


def test_a_constant_has_no_shape() -> None:
    found = measure(np.full(1000, 1.1))
    assert (found.std, found.skewness, found.kurtosis) == (0, None, None)


@pytest.mark.parametrize(
    ("values", "heavy"),
    [(np.arange(100.0), False), (np.append(np.arange(100.0), 3.9e9), True), (np.full(9, 1e7), True)],
)
def test_what_spans_orders_of_magnitude_is_heavy(values: Doubles, heavy: bool) -> None:  # noqa: FBT001  drawn
    assert measure(values).heavy is heavy


def test_a_column_says_what_it_lacks_and_what_it_repeats() -> None:
    fields = {field.name: field for field in table().fields}
    service = profile(fields["service"])
    assert (service.kind, service.distinct) == ("text", 2)
    assert service.missing == service.marked == dict(service.top)["-"]
    size = profile(fields["size"])
    assert size.marked == 0
    assert size.missing > 0
    assert size.top[0][0] == "100.0"
    assert profile(fields["constant"]).distinct == 1
    shares = missing_by_class(table(), fields["service"])
    rows = np.bincount(table().y)
    assert (shares * rows).sum() == pytest.approx(service.missing)
    assert rows.sum() == ROWS

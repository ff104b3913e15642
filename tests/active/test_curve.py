import pytest

from redshank.active.curve import average
from redshank.active.loop import Round


def _round(labels: int, score: float, families: int = 2) -> Round:
    return Round(labels, labels, True, 0.5, score, 0.5, families)


def test_a_point_is_the_mean_over_seeds_with_its_range() -> None:
    averaged = average([[_round(10, 0.2, 1), _round(20, 0.8)], [_round(10, 0.4, 4), _round(20, 0.6)]])
    assert [point.labels for point in averaged] == [10, 20]
    assert averaged[0].mean == pytest.approx(0.3)
    assert (averaged[0].low, averaged[0].high, averaged[0].families) == (0.2, 0.4, 2.5)


def test_curves_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        average([[_round(10, 0.2), _round(20, 0.3)], [_round(10, 0.2)]])

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.metering.moments import count, gap_spread, size_spread, spread
from redshank.flows.metering.table import END


def _exact(values: list[int]) -> float:
    mean = Fraction(sum(values), len(values))
    return sqrt(sum((value - mean) ** 2 for value in values) / len(values))


@settings(max_examples=examples(80), deadline=None)
@given(
    packets=st.lists(
        st.tuples(st.integers(20, 65_575), st.sampled_from([0, 1, 10**6, 3 * 10**11, 10**15, -(10**9)])),
        min_size=1,
        max_size=30,
    )
)
def test_sums_give_mean_and_spread_without_any_loss(packets: list[tuple[int, int]]) -> None:
    end, now, gaps = np.zeros(1, END)[0], 10**18, []
    for place, (size, step) in enumerate(packets):
        now += step
        gaps += [max(step, 0)] if place else []
        count(end, size, now)
    sizes = [size for size, _ in packets]
    assert (int(end["packets"]), int(end["ip_bytes"])) == (len(sizes), sum(sizes))
    assert (int(end["size_min"]), int(end["size_max"])) == (min(sizes), max(sizes))
    found = sqrt(size_spread(end)) / len(sizes)
    assert found == pytest.approx(_exact(sizes), rel=1e-12)
    if gaps:
        assert (int(end["gap_min"]), int(end["gap_max"]), int(end["gap_sum"])) == (min(gaps), max(gaps), sum(gaps))
        found = sqrt(gap_spread(end)) / len(gaps)
        assert found == pytest.approx(_exact(gaps), rel=1e-12)


def test_a_steady_stream_has_no_spread_at_all() -> None:
    end = np.zeros(1, END)[0]
    for place in range(100_000):
        count(end, 1500, place * 299_999_999_999)
    assert gap_spread(end) == 0.0
    assert int(end["gap_squares_hi"]) > 0


def test_the_spread_of_nothing_is_none() -> None:
    assert spread(0, 0, 0, 0) == 0.0

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from redshank.features.gower import Bools, Floats, Gower

CATEGORIES = np.array([True, False, False])
VALUES = st.sampled_from([0, 1, 2, 3, 7, 1e-30, 1e30, 3e38, -5, np.inf, -np.inf, np.nan]) | st.floats(width=32)
FLOWS = arrays(np.float32, st.tuples(st.integers(1, 12), st.just(3)), elements=VALUES)


def _float32(*values: object) -> Floats:
    return np.array(values, dtype=np.float32)


def _numbers(columns: int) -> Bools:
    return np.zeros(columns, dtype=np.bool_)


def _apart(x: Floats, others: Floats, categories: Bools) -> Floats:
    return Gower(others, categories).distances(np.atleast_2d(x)).reshape(-1)


def test_no_unit_drowns_another_column() -> None:
    others = _float32([10, 0.0], [20, 0.5], [30_000_000, 1.0], [40_000_000, 0.5])
    apart = _apart(_float32(15, 1.0), others, _numbers(2))
    assert apart.argmin() == 2, "its seconds are the same; of bytes it is two ranks away"
    assert _apart(others[1], others, _numbers(2))[1] == 0.0


def test_codes_are_alike_or_not_and_so_is_what_is_absent() -> None:
    others = _float32([2], [3], [9], [np.nan])
    assert _apart(_float32(3), others, np.array([True])).tolist() == [1.0, 0.0, 1.0, 1.0]
    assert _apart(_float32(np.nan), others, _numbers(1)).tolist() == [1.0, 1.0, 1.0, 0.0]
    assert _apart(_float32(5), _float32([np.nan]), _numbers(1)).tolist() == [1.0]


def test_values_that_are_all_the_same_or_infinite_are_compared() -> None:
    others = _float32([7, np.inf], [7, -np.inf], [7, 1])
    apart = _apart(_float32(9, np.inf), others, _numbers(2))
    assert np.isfinite(apart).all()
    assert apart.argmin() == 0


def test_many_flows_are_compared_as_each_alone_is() -> None:
    rng = np.random.default_rng(1)
    known, x = (rng.lognormal(5, 3, (rows, 3)).astype(np.float32) for rows in (40, 9))
    x[:, 0], known[:, 0] = rng.integers(0, 3, 9), rng.integers(0, 2, 40)
    x[3, 1] = known[5, 2] = np.nan
    together = Gower(known, CATEGORIES).distances(x)
    assert np.array_equal(together, np.stack([_apart(row, known, CATEGORIES) for row in x]))


@given(FLOWS, FLOWS, st.integers(0, 99))
def test_any_values_are_compared_and_the_order_of_the_flows_says_nothing(known: Floats, x: Floats, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(known))
    apart = Gower(known, CATEGORIES).distances(x)
    assert ((apart >= 0) & (apart <= 1)).all()
    assert np.array_equal(Gower(known[order], CATEGORIES).distances(x), apart[:, order])


@given(FLOWS)
def test_a_known_flow_is_its_own_nearest(known: Floats) -> None:
    assert (np.diag(Gower(known, CATEGORIES).distances(known)) == 0).all()

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from model_rows import COLUMNS, raw
from redshank.core.errors import ConfigError
from redshank.features.feature_set import UNKNOWN, Column
from redshank.learn.inputs import EMBEDDING, SPREAD_MAX, Bins, Plain, fit_inputs
from redshank.learn.model import Floats

PLAIN = (Column("share", "1"),)
FITTED = fit_inputs("bins", raw(200), COLUMNS, bins=8).eval()


def _column(*values: float) -> Floats:
    return np.array(values, dtype=np.float32)[:, None]


def _encode(inputs: torch.nn.Module, x: Floats) -> Floats:
    with torch.no_grad():
        encoded: Floats = inputs.eval()(torch.from_numpy(x)).numpy()
    return encoded


def test_each_bin_says_how_far_the_value_has_come_through_it() -> None:
    inputs = Bins(_column(0, 1, 3), PLAIN, bins=2)
    found = _encode(inputs, _column(-5, 0, 0.25, 1, 2, 3, 9))[:, :2]
    assert found.tolist() == [[0, 0], [0, 0], [0.25, 0], [1, 0], [1, 0.5], [1, 1], [1, 1]]


def test_a_number_is_also_standardized_and_bounded() -> None:
    inputs = Bins(_column(2, 4, 6), PLAIN, bins=1)
    found = _encode(inputs, _column(4, 6, 1e30))[:, -1]
    assert found.tolist() == pytest.approx([0, math.sqrt(1.5), SPREAD_MAX])


def test_a_heavy_tail_is_cut_in_its_logarithm() -> None:
    inputs = Bins(_column(0, 10, 1e3, 1e9), (Column("bytes", "bytes", heavy_tail=True),), bins=1)
    found = _encode(inputs, _column(0, 1e9, 999))[:, 0]
    assert found.tolist() == pytest.approx([0, 1, math.log(1000) / math.log(1e9 + 1)], abs=1e-4)


def test_times_below_a_second_are_told_apart() -> None:
    times = _column(0, 1e-6, 1e-5, 1e-3, 1, 100)
    inputs = Bins(times, (Column("duration", "s", heavy_tail=True),), bins=8)
    found = _encode(inputs, times)
    gaps = np.abs(found[:, None] - found[None]).max(axis=2) + np.eye(len(times))
    assert gaps.min() > 0.9


def test_a_frequent_value_does_not_take_the_bins_of_the_others() -> None:
    x = np.concatenate([np.zeros(9900), np.linspace(1, 100, 100)]).astype(np.float32)[:, None]
    inputs = Bins(x, PLAIN, bins=16)
    assert (inputs.low.numpy() > 1).sum() >= 6


def test_edges_are_apart_enough_for_two_runtimes_to_agree() -> None:
    x = np.exp(np.random.default_rng(0).normal(10, 1e-4, (500, 1))).astype(np.float32)
    inputs = Bins(x, (Column("bytes", "bytes", heavy_tail=True),), bins=64)
    assert (1 / inputs.per_width.numpy()).min(initial=1) >= 0.01


@pytest.mark.parametrize("bins", [1, 2, 3, 7, 16])
def test_bins_reach_from_the_least_to_the_greatest_value_and_are_not_too_many(bins: int) -> None:
    x = np.random.default_rng(0).random((500, 1)).astype(np.float32)
    inputs = Bins(x, PLAIN, bins)
    high = inputs.low + 1 / inputs.per_width
    assert bins // 2 < len(high) <= bins
    assert torch.allclose(inputs.low[1:], high[:-1])
    assert [float(inputs.low[0]), float(high[-1])] == pytest.approx([x.min(), x.max()])


def test_a_missing_flag_is_there_only_where_training_rows_have_absent_values() -> None:
    columns = (Column("a", "1"), Column("b", "1"))
    x = np.array([[1, 2], [np.nan, 3], [2, 4]], dtype=np.float32)
    inputs = Bins(x, columns, bins=1)
    assert inputs.width == 2 + 2 + 1
    assert _encode(inputs, x)[:, -1].tolist() == [0, 1, 0]


def test_an_absent_number_counts_as_the_median() -> None:
    inputs = Bins(_column(1, 2, 9), PLAIN, bins=2)
    assert np.array_equal(_encode(inputs, _column(math.nan)), _encode(inputs, _column(2)))


def test_a_constant_or_ever_absent_number_has_no_bins() -> None:
    assert Bins(_column(7, 7, 7), PLAIN, bins=8).width == 1
    assert Bins(_column(math.nan, math.nan), PLAIN, bins=8).width == 1 + 1


def test_each_category_has_a_row_of_the_table_for_each_code() -> None:
    columns = (Column("proto", "category", ("tcp", "udp")), Column("state", "category", ("S0",)))
    inputs = Bins(np.array([[2, 2]], dtype=np.float32), columns, bins=4)
    assert inputs.width == 2 * EMBEDDING
    found = _encode(inputs, np.array([[math.nan, 0], [3, 2], [4, -1], [1, 1]], dtype=np.float32))
    table = inputs.table.weight.detach().numpy()
    wanted = [[0, 4], [3, 6], [1, 5], [1, 5]]  # proto has codes 0 to 3, state begins at 4
    assert np.array_equal(found, np.array([np.concatenate(table[row]) for row in wanted]))


def test_some_categories_are_hidden_while_training_so_that_unknown_is_learnt() -> None:
    inputs = Bins(np.full((1, 1), 2, dtype=np.float32), (Column("proto", "category", ("tcp",)),), bins=4).train()
    torch.manual_seed(0)
    with torch.no_grad():
        found = inputs(torch.full((5000, 1), 2.0))
    hidden = (found == inputs.table.weight[1]).all(dim=1).float().mean()
    assert 0.005 < float(hidden) < 0.02


@given(st.lists(st.floats(width=32), min_size=len(COLUMNS), max_size=len(COLUMNS)))
@settings(max_examples=examples(200), deadline=None)
def test_whatever_comes_in_the_encoding_is_bounded(values: list[float]) -> None:
    x = np.array([values], dtype=np.float32)
    for inputs in (FITTED, fit_inputs("minmax", raw(9), COLUMNS, 1)):
        found = _encode(inputs, x)
        assert found.shape == (1, inputs.width)
        assert np.abs(found).max() <= SPREAD_MAX + 5  # embeddings start as standard normal numbers


def test_values_that_are_not_finite_do_not_spoil_the_fit() -> None:
    inputs = Bins(_column(1, 2, 3, math.inf, -math.inf), PLAIN, bins=2)
    assert np.isfinite(_encode(inputs, _column(1, 2, math.inf))).all()
    assert inputs.mean.tolist() == [2]


def test_minmax_scales_as_the_studies_do() -> None:
    inputs = fit_inputs("minmax", _column(10, 20, 30), PLAIN, bins=16)
    assert _encode(inputs, _column(10, 15, 30, 99, -99, math.nan)).ravel().tolist() == [0, 0.25, 1, 1, 0, 0]


def test_minmax_passes_scaled_columns_through() -> None:
    x = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    x[0], x[1] = 0, 1
    assert np.array_equal(_encode(fit_inputs("minmax", x, PLAIN * 3, bins=16), x), x)


def test_an_encoding_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="inputs: 'mimmax' is not one of bins, minmax"):
        fit_inputs("mimmax", raw(3), COLUMNS, bins=16)


@pytest.mark.parametrize("bins", [0, 257])
def test_a_number_of_bins_out_of_range_is_refused(bins: int) -> None:
    with pytest.raises(ConfigError, match=f"bins: {bins} is not between 1 and 256"):
        fit_inputs("bins", raw(3), COLUMNS, bins)


@pytest.mark.parametrize("bins", [0, 16])
def test_plain_input_is_finite_and_bounded_whatever_comes_in(bins: int) -> None:
    plain = Plain(raw(90), COLUMNS, bins)
    x = np.concatenate([raw(20, seed=1), np.repeat([[np.nan], [np.inf], [-np.inf], [3e38], [-3e38]], 6, axis=1)])
    found = plain(torch.from_numpy(x.astype(np.float32)))
    assert found.shape == (25, plain.width)
    assert found.dtype == torch.float64
    assert found.abs().max() <= (2 if bins else SPREAD_MAX)


def test_a_quantile_is_the_share_of_training_rows_below_and_one_beyond_them_stands_further_out() -> None:
    x = np.linspace(0, 100, 101, dtype=np.float32)[:, None]
    plain = Plain(x, (Column("share", "1"),), 32)
    found = plain(torch.tensor([[0.0], [25], [100], [-50], [150], [1e9]])).flatten()
    assert found[:3].tolist() == pytest.approx([0, 0.25, 1], abs=0.02)
    assert -1 < found[3] < 0
    assert 1 < found[4] < 2
    assert found[5] == 2


def test_a_number_that_never_changed_still_tells_a_value_that_is_new() -> None:
    plain = Plain(np.full((9, 1), 3, dtype=np.float32), (Column("share", "1"),), 16)
    assert plain(torch.tensor([[3.0], [4.0]])).flatten().tolist() == [0, pytest.approx(0.2)]


@pytest.mark.parametrize("bins", [0, 16])
def test_rounding_of_a_number_that_never_changed_is_no_spread(bins: int) -> None:
    # log(1 + 100) of 1,000 rows: numpy's mean is 9e-16 off, and two runtimes may differ by as much.
    column = (Column("src_bytes", "bytes", heavy_tail=True),)
    plain = Plain(np.full((1000, 1), 100, dtype=np.float32), column, bins)
    assert plain(torch.tensor([[100.0]])).abs().max() < 1e-12
    assert plain(torch.tensor([[101.0]])).abs().max() < 0.1


def test_plain_input_has_one_place_per_code_and_says_which_column_each_place_tells_of() -> None:
    plain = Plain(raw(90), COLUMNS)
    assert sorted(place for places in plain.places for place in places) == list(range(plain.width))
    assert [len(places) for places in plain.places] == [1, 2, 2, 5, 6, 2]
    x = raw(4)
    x[:, 3] = [np.nan, 2, 99, -1]
    codes = plain(torch.from_numpy(x))[:, list(plain.places[3])]
    assert codes.argmax(dim=1).tolist() == [0, 2, UNKNOWN, UNKNOWN]
    assert (codes.sum(dim=1) == 1).all()
    x[:, 1] = [np.nan, 1, np.nan, 1]
    flags = plain(torch.from_numpy(x))[:, plain.places[1][1]]
    assert flags.tolist() == [1, 0, 1, 0]

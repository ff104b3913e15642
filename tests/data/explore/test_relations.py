import numpy as np
import pytest
from scipy import stats

from explored import table
from redshank.data.explore import relations
from redshank.data.explore.relations import association, category, correlations, cramers_v, cross_tab, ranks


def test_correlations_are_scipys_over_the_rows_that_have_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relations, "CHUNK", 37)
    rng = np.random.default_rng(0)
    a = rng.normal(size=200) + 1.5e9
    b = a * 2 + rng.normal(size=200)
    c = rng.lognormal(size=200)
    c[::5] = np.nan
    found = correlations([a, b, c, np.full(200, 3.0)])
    there = ~np.isnan(c)
    assert found[0, 1] == pytest.approx(stats.pearsonr(a, b).statistic)
    assert found[0, 2] == pytest.approx(stats.pearsonr(a[there], c[there]).statistic)
    assert np.allclose(found, found.T, equal_nan=True)
    assert np.isnan(found[3]).all()
    assert correlations([]).shape == (0, 0)


def test_ranks_share_their_mean_and_absent_has_none() -> None:
    size = next(field for field in table().fields if field.name == "size")
    values = size.row_numbers()
    there = ~np.isnan(values)
    mine = ranks(size)
    assert np.isnan(mine[~there]).all()
    assert np.allclose(mine[there] * there.sum(), stats.rankdata(values[there]), rtol=1e-5)
    double = next(field for field in table().fields if field.name == "double")
    found = correlations([mine[there], ranks(double)[there]])[0, 1]
    assert found == pytest.approx(stats.spearmanr(values[there], double.row_numbers()[there]).statistic, abs=1e-3)


def test_cramers_v_is_scipys() -> None:
    counts = np.random.default_rng(1).integers(0, 40, (4, 3))
    assert cramers_v(counts) == pytest.approx(stats.contingency.association(counts, method="cramer"))
    assert np.isnan(cramers_v(np.array([[3, 4]])))
    assert cramers_v(np.array([[3, 0], [0, 4], [0, 0]])) == pytest.approx(1)


def test_rare_values_of_a_category_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relations, "CATEGORY", 2)
    service = next(field for field in table().fields if field.name == "service")
    codes, names = category(service)
    assert names[1] == "(others)"
    assert np.bincount(codes)[0] == np.bincount(service.codes).max()


def test_a_cross_tab_counts_every_row() -> None:
    found = cross_tab(np.array([0, 1, 1]), np.array([2, 0, 0]), 2, 3)
    assert found.tolist() == [[0, 0, 1], [2, 0, 0]]


def test_the_class_is_the_last_category() -> None:
    fields = [field for field in table().fields if field.kind == "text"]
    names, found = association(table(), fields)
    assert names == ["src_ip", "state", "service", "constant", "class"]
    assert found[0, -1] == pytest.approx(1 / np.sqrt(2), abs=0.01)  # it tells one of three classes from the others
    assert found[2, -1] < 0.1

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from explored import ROWS, leaking, surveyed, table, unlabelled
from redshank.data.explore.survey import STAGES, density, shown_as, sides, survey
from redshank.data.explore.table import Table, from_labelled


def test_every_column_has_a_profile_and_every_part_is_told() -> None:
    told: list[str] = []
    found = survey(table(), told=told.append)
    assert [one.name for one in found.profiles] == [field.name for field in table().fields]
    assert len(told) <= STAGES
    assert told[0] == "describing columns"
    assert found.identifiers == {"pkSeqID", "src_ip", "ts"}


def test_the_same_seed_gives_the_same_survey() -> None:
    again, other, first = survey(table()).audit, survey(table(), seed=4).audit, surveyed().audit
    assert again is not None
    assert other is not None
    assert first is not None
    assert (again.singles, again.sets, again.order) == (first.singles, first.sets, first.order)
    assert other.singles != first.singles


def test_a_density_is_near_scipys() -> None:
    values = np.random.default_rng(0).normal(size=2000)
    grid = np.linspace(-4, 4, 256)
    mine = density(values, grid)
    theirs = stats.gaussian_kde(values, bw_method="silverman")(grid)
    assert np.abs(mine - theirs).max() < 0.03
    assert mine.sum() * (grid[1] - grid[0]) == pytest.approx(1)
    assert density(values[:1], grid).size == 0
    assert np.isfinite(density(np.zeros(5), grid)).all()


def test_a_view_counts_every_row_that_has_a_value() -> None:
    view = next(view for view in surveyed().views if view.name == "size")
    missing = next(one.missing for one in surveyed().profiles if one.name == "size")
    assert view.heavy
    assert view.sides == ("benign", "attack")
    assert view.counts.sum() == ROWS - missing
    assert [box.name for box in view.boxes] == ["benign", "dos", "scan"]
    assert all(np.diff(box.ends).min() >= 0 for box in view.boxes)


def test_a_heavy_value_is_shown_by_its_logarithm_with_its_sign() -> None:
    assert shown_as(np.array([-99.0, 0, 9]), heavy=True).tolist() == pytest.approx([-2, 0, 1])
    assert shown_as(np.array([-99.0]), heavy=False).tolist() == [-99]


def test_many_classes_without_a_benign_one_are_three_and_the_others() -> None:
    y = np.repeat(np.arange(6), [5, 4, 3, 2, 1, 1])
    names, side = sides(Table("t", (), y, tuple("abcdef"), benign=False))
    assert names == ("a", "b", "c", "(others)")
    assert np.bincount(side).tolist() == [5, 4, 3, 4]


def test_classes_are_counted_over_the_file_and_over_time() -> None:
    over = {one.of: one for one in surveyed().timelines}
    assert set(over) == {"row", "time"}
    assert all(one.counts.sum() == ROWS for one in over.values())
    assert over["row"].counts[0, :30].sum() == 600


def test_without_classes_there_is_no_audit() -> None:
    found = unlabelled()
    assert found.audit is None
    assert found.crossed
    assert found.views


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_table_of_hardly_anything_is_surveyed(rows: int) -> None:
    labelled = leaking()
    assert labelled.raw is not None
    at = np.arange(rows) * 400 % ROWS
    few = replace(labelled, raw=labelled.raw.take(at), family=labelled.family[at])
    found = survey(from_labelled(few))
    assert len(found.table) == rows
    assert (found.audit is not None) == (rows > 2)  # the first two are benign

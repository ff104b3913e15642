from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from labelled import labelled
from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ActionError, ConfigError
from redshank.data.cleaning import STEPS, Cleaning, Rows, clean_table, read_steps
from redshank.data.dataset import Own
from redshank.features.feature_set import Column

X = raw(200)
TRAIN = Rows(X, classes(X), np.ones(len(X), np.float32))
CLEAN = ("missing:median", "outliers:quantile", "skew:yeo-johnson", "encode:one-hot", "scale:robust")


def test_steps_follow_one_another_and_say_what_they_did() -> None:
    cleaning = Cleaning(CLEAN)
    kept = cleaning.fit(TRAIN, COLUMNS, 3)
    assert [record.name for record in cleaning.records_] == list(CLEAN)
    assert cleaning.records_[-1].rows == len(kept.y) < len(X)
    assert kept.x.shape[1] == len(cleaning.columns_) == 4 + 5 + 6
    assert np.isfinite(kept.x).all()
    # Rows to judge are treated as the training rows were, and none is dropped.
    assert len(cleaning.apply(X)) == len(X)
    there = {row.tobytes() for row in cleaning.apply(X)}
    assert all(row.tobytes() in there for row in kept.x)


def test_every_problem_of_a_list_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        read_steps(["mising:median", "scale:robus", "scale", "spelling"])
    assert caught.value.problems == [
        "cleaning step: no 'mising'; did you mean 'missing'? (there are: " + ", ".join(STEPS.names()) + ")",
        "cleaning step scale: no way 'robus'; did you mean 'robust'? (there are: standard, minmax, robust)",
        "cleaning step spelling: works on the table, so it must stand before 'scale'",
    ]


def test_steps_that_leave_no_row_are_refused() -> None:
    rows = Rows(np.full((3, 6), np.nan, np.float32), np.zeros(3, np.int64), np.ones(3, np.float32))
    with pytest.raises(ActionError, match="cleaning step missing:drop: dropped all 3 training rows; leave it out"):
        Cleaning(["missing:drop"]).fit(rows, COLUMNS, 3)


def test_each_step_of_a_sequence_is_treated_alike_and_padding_stays() -> None:
    flat = np.where(np.isnan(X[:60]), np.float32(3), X[:60])
    flat[::6] = np.nan  # no history yet
    rows = Rows(flat.reshape(20, -1), np.arange(20) % 2, np.ones(20, np.float32))
    cleaning = Cleaning(["missing:mean", "scale:standard"])
    kept = cleaning.fit(rows, COLUMNS, 2, steps=3)
    one = cleaning.apply(rows.x).reshape(60, -1)
    assert np.array_equal(np.isnan(one).all(axis=1), np.isnan(flat).all(axis=1))
    assert np.abs(np.nanmean(one[:, :3], axis=0)).max() < 1e-4
    assert np.allclose(kept.x, cleaning.apply(rows.x), equal_nan=True)
    with pytest.raises(ConfigError, match="cleaning step encode:target: takes single flows, and rows are sequences"):
        Cleaning(["encode:target"]).fit(rows, COLUMNS, 2, steps=3)


def test_steps_for_the_table_work_on_a_datasets_own_columns() -> None:
    table = pa.table({"state": ["on ", "off"] * 200, "level": ["1", "2"] * 200})
    data = replace(labelled(), own=Own(table), raw=table)
    clean, records = clean_table(data, read_steps(["spelling", "types", "scale"]))
    assert clean.own is not None
    assert clean.raw is not None
    assert clean.own.table["state"][0].as_py() == "true"
    assert str(clean.raw.schema.field("level").type) == "double"
    assert [record.name for record in records][:2] == ["spelling (raw columns)", "types (raw columns)"]
    assert data.own is not None
    assert data.own.table["state"][0].as_py() == "on "


def test_flows_alone_have_no_spellings() -> None:
    data = replace(labelled(), raw=None, own=None)
    with pytest.raises(ConfigError, match="cleaning step spelling: works on a dataset's own columns, and 'drawn' has"):
        clean_table(data, read_steps(["spelling"]))
    assert clean_table(data, read_steps(["scale"])) == (data, [])
    with pytest.raises(ConfigError, match="model input is made of flows here .feature set 'conn'.; use --features own"):
        clean_table(labelled(), read_steps(["types"]), "conn")


def test_steps_are_fitted_on_what_earlier_steps_left() -> None:
    x = np.array([[1], [2], [3], [4], [1e6]], dtype=np.float32)
    rows = Rows(x, np.zeros(5, np.int64), np.ones(5, np.float32))
    cleaning = Cleaning(["outliers:iqr", "scale:minmax"])
    assert cleaning.fit(rows, (Column("a", "1"),), 1).x.ravel().tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert cleaning.apply(x)[-1, 0] > 1000

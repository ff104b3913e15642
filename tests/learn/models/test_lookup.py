from pathlib import Path

import numpy as np

from model_rows import COLUMNS, classes, raw
from redshank.features.feature_set import Column
from redshank.learn.models.lookup import Lookup

TWO = (Column("src_bytes", "bytes", heavy_tail=True), Column("proto", "category", ("tcp", "udp")))


def example(place: Path) -> Lookup:  # noqa: ARG001  needs no files
    return Lookup()


def test_a_vector_is_looked_up_exactly_then_by_magnitude_then_by_category_then_not_at_all() -> None:
    x = np.array([[100, 2], [100, 2], [120, 2], [5000, 2], [5, 3]], dtype=np.float32)
    model = Lookup().fit(x, np.array([0, 1, 1, 0, 2]), columns=TWO, n_classes=3)
    asked = np.array([[100, 2], [120, 2], [99, 2], [9e9, 2], [7e7, 0]], dtype=np.float32)
    wanted: list[list[float]] = [
        [1 / 2, 1 / 2, 0],
        [0, 1, 0],
        [1 / 3, 2 / 3, 0],
        [1 / 2, 1 / 2, 0],
        [2 / 5, 2 / 5, 1 / 5],
    ]
    assert np.allclose(model.predict_proba(asked), wanted)


def test_the_zeros_are_one_and_so_are_the_absent_values() -> None:
    x = np.array([[0, 2], [np.nan, 3]], dtype=np.float32)
    model = Lookup().fit(x, np.array([0, 1]), columns=TWO, n_classes=2)
    other = np.array([0x7FC00001], dtype=np.uint32).view(np.float32)[0]
    assert model.predict_proba(np.array([[-0.0, 2], [other, 3]], dtype=np.float32)).tolist() == [[1, 0], [0, 1]]


def test_no_row_is_forgotten() -> None:
    x = raw(300)
    found = Lookup().fit(x, classes(x), columns=COLUMNS, n_classes=3).predict_proba(x)
    assert (found.argmax(axis=1) == classes(x)).all()
    assert found.max(axis=1).min() == 1

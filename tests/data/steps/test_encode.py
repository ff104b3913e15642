from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model_rows import COLUMNS, PROTO, classes, raw
from redshank.data.clean import Floats
from redshank.data.cleaning import Rows
from redshank.data.steps.encode import Encode
from redshank.features.feature_set import UNKNOWN, Column

X = raw(300)
TRAIN = Rows(X, classes(X), np.ones(len(X), np.float32))
KIND = (Column("kind", "category", ("a", "b")),)


def example(place: Path) -> Encode:  # noqa: ARG001  needs no files
    return Encode("one-hot")


def one_column(codes: Sequence[float], y: list[int]) -> Rows:
    return Rows(np.array(codes, np.float32)[:, None], np.array(y), np.ones(len(y), np.float32))


def test_one_hot_raises_one_flag_per_category() -> None:
    step = Encode("one-hot").fit(TRAIN, COLUMNS, 3)
    clean = step.apply(X)
    names = [column.name for column in step.columns_]
    assert names[3:8] == ["proto=absent", "proto=unknown", "proto=tcp", "proto=udp", "proto=icmp"]
    flags = clean[:, 3:8]
    assert (flags.sum(axis=1) == 1).all()
    # And back again.
    assert np.array_equal(flags.argmax(axis=1), np.nan_to_num(X[:, PROTO]))
    assert np.array_equal(clean[:, :3], X[:, :3], equal_nan=True)


def test_a_code_that_is_impossible_is_unknown() -> None:
    rows = one_column([2, 3, np.nan], [0, 1, 1])
    strange = np.array([[99], [-3], [UNKNOWN]], dtype=np.float32)
    for way in ("one-hot", "ordinal", "target"):
        clean = Encode(way).fit(rows, KIND, 2).apply(strange)
        assert (clean == clean[-1]).all()
    assert Encode("ordinal").fit(rows, KIND, 2).apply(strange).ravel().tolist() == [1, 1, 1]


def test_target_is_the_share_of_a_class_drawn_towards_the_share_among_all() -> None:
    # Ten rows of a, two of them attacks; ten of b, all attacks. Among all 12 of 20.
    rows = one_column([2] * 10 + [3] * 10, [1] * 2 + [0] * 8 + [1] * 10)
    step = Encode("target").fit(rows, KIND, 2)
    shares = step.apply(np.array([[2], [3], [1]], dtype=np.float32)).ravel()
    assert np.allclose(shares, [(2 + 10 * 0.6) / 20, (10 + 10 * 0.6) / 20, 0.6])
    assert [column.name for column in step.columns_] == ["kind, share of class 1"]


def test_no_training_row_sees_its_own_class() -> None:
    # With classes by chance and a category per pair of rows, a share that knew its own row would tell its class.
    rng = np.random.default_rng(0)
    column = (Column("many", "category", tuple(f"v{i}" for i in range(400))),)
    rows = Rows(
        (2 + np.arange(800) % 400).astype(np.float32)[:, None], rng.integers(0, 2, 800), np.ones(800, np.float32)
    )
    step = Encode("target", seed=1).fit(rows, column, 2)

    def tells(x: Floats) -> float:
        return float(np.corrcoef(x.ravel(), rows.y)[0, 1])

    assert tells(step.apply(rows.x)) > 0.5
    assert abs(tells(step.train(rows).x)) < 0.15


def test_embedding_leaves_the_column_to_the_network() -> None:
    step = Encode("embedding").fit(TRAIN, COLUMNS, 3)
    assert step.columns_ == COLUMNS
    assert np.array_equal(step.apply(X), X, equal_nan=True)

from collections.abc import Sequence
from typing import Self

import numpy as np
import pytest

from model_rows import COLUMNS, raw
from redshank.features.feature_set import Column
from redshank.learn.export import export, score
from redshank.learn.model import Classes, Floats, Model
from redshank.learn.models.constant import Constant

TRUTH = Constant().fit(raw(4), np.array([0, 1, 1, 1]), columns=COLUMNS, n_classes=2)


class Liar(Model):
    """Its graph is right; what it says itself is not, for batches of `wrong` rows."""

    def __init__(self, wrong: int = 7, by: float = 0.25) -> None:
        self.wrong = wrong
        self.by = by

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,
        warm_start: bool = False,
        steps: int = 1,
    ) -> Self:
        raise AssertionError(x, y, columns, n_classes, weight, validation, warm_start, steps)

    def predict_proba(self, x: Floats) -> Floats:
        found = TRUTH.predict_proba(x)
        return found + np.float32(self.by) if len(x) == self.wrong else found

    def to_onnx(self) -> bytes:
        return TRUTH.to_onnx()


def test_an_honest_model_is_exported() -> None:
    graph = export(TRUTH, raw(3))
    assert graph == TRUTH.to_onnx()
    assert score(graph, raw(2)).tolist() == [[0.25, 0.75]] * 2


@pytest.mark.parametrize("rows", [1, 7, 256])
def test_a_graph_that_differs_at_one_batch_size_is_refused(rows: int) -> None:
    with pytest.raises(ValueError, match=f"Liar: graph and model differ by 0.25 in a batch of {rows}, allowed is 0.00"):
        export(Liar(rows), raw(3))


def test_a_model_that_says_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="differ by inf in a batch of 7"):
        export(Liar(7, float("nan")), raw(3))


def test_rounding_differences_are_allowed() -> None:
    assert export(Liar(7, 1e-6), raw(3))

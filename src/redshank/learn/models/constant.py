"""The trivial row of every table of results: each flow gets the class frequencies of the training rows.

In: classes. Out: the same probabilities for every row. What a figure is worth shows beside this one.
"""

from collections.abc import Sequence
from dataclasses import field
from typing import Self

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from sklearn.utils.validation import check_is_fitted

from redshank.features.feature_set import Column
from redshank.learn.model import Classes, Floats, Model


class Constant(Model):
    """Predicts how often each class was seen.

    Args:
        seed: Taken as by every model; nothing here is random.
    """

    seed: int = 0
    frequencies_: Floats = field(init=False)

    def fit(
        self,
        x: Floats,  # noqa: ARG002  only how often a class was seen counts
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,  # noqa: ARG002  there is nothing to stop early
        warm_start: bool = False,  # noqa: ARG002  counting again costs nothing
        steps: int = 1,
    ) -> Self:
        """Count the classes."""
        counts = np.bincount(y, weights=weight, minlength=n_classes)
        self.frequencies_ = (counts / counts.sum()).astype(np.float32)
        self.columns_ = tuple(columns) * steps
        self.classes_ = np.arange(n_classes)
        self.curve_ = []
        return self

    def predict_proba(self, x: Floats) -> Floats:
        """Return the frequencies, once per row."""
        check_is_fitted(self, "frequencies_")
        return np.repeat(self.frequencies_[None], len(x), axis=0)

    def to_onnx(self) -> bytes:
        """Return a graph that repeats the frequencies for each row."""
        check_is_fitted(self, "frequencies_")
        k = len(self.classes_)
        nodes = [
            helper.make_node("Shape", ["x"], ["rows"], start=0, end=1),
            helper.make_node("Concat", ["rows", "k"], ["shape"], axis=0),
            helper.make_node("Expand", ["frequencies", "shape"], ["probabilities"]),
        ]
        values = [
            numpy_helper.from_array(np.array([k], dtype=np.int64), "k"),
            numpy_helper.from_array(self.frequencies_, "frequencies"),
        ]
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", len(self.columns_)])
        out = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", k])
        graph = helper.make_graph(nodes, "constant", [x], [out], values)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        whole: bytes = model.SerializeToString(deterministic=True)
        return whole

"""Write LightGBM trees as an ONNX graph that takes the same branches, bit for bit.

In: LightGBM's trees as it dumps them. Out: the graph, from raw values to probabilities.
The one idea: LightGBM compares float32 values with float64 thresholds, the graph with float32 ones. A threshold is
rounded down, never to nearest: then `x <= threshold` holds for the same float32 values.
Source: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html; LightGBM's `Tree::NumericalDecision`
for what becomes of an absent value.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from redshank.features.feature_set import UNKNOWN, Column


def graph(trees: Sequence[dict[str, Any]], columns: Sequence[Column], n_classes: int) -> bytes:
    """Build the graph.

    Args:
        trees: `tree_info` of LightGBM's `dump_model`; tree i belongs to score i modulo the number of scores.
        columns: What the columns of the input are.
        n_classes: 2 for the binary objective (one score, sigmoid), more for the multiclass one (softmax).
    """
    scores = 1 if n_classes == 2 else n_classes
    nodes = [
        helper.make_node("IsNaN", ["x"], ["absent"]),
        helper.make_node("And", ["absent", "category"], ["absent_category"]),
        helper.make_node("Where", ["absent_category", "zero", "x"], ["code"]),
        helper.make_node("Less", ["code", "zero"], ["below"]),
        helper.make_node("GreaterOrEqual", ["code", "codes"], ["above"]),
        helper.make_node("Or", ["below", "above"], ["outside"]),
        helper.make_node("And", ["outside", "category"], ["unknown"]),
        helper.make_node("Where", ["unknown", "unknown_code", "code"], ["known"]),
        helper.make_node(
            "TreeEnsembleRegressor", ["known"], ["scores"], domain="ai.onnx.ml", **_ensemble(trees, scores)
        ),
    ]
    codes = np.array([column.codes for column in columns])
    values = [
        numpy_helper.from_array(codes > 0, "category"),
        numpy_helper.from_array(codes.astype(np.float32), "codes"),
        numpy_helper.from_array(np.array(0, dtype=np.float32), "zero"),
        numpy_helper.from_array(np.array(UNKNOWN, dtype=np.float32), "unknown_code"),
    ]
    if scores == 1:
        values.append(numpy_helper.from_array(np.array(1, dtype=np.float32), "one"))
        nodes += [
            helper.make_node("Sigmoid", ["scores"], ["attack"]),
            helper.make_node("Sub", ["one", "attack"], ["benign"]),
            helper.make_node("Concat", ["benign", "attack"], ["probabilities"], axis=1),
        ]
    else:
        nodes.append(helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", len(columns)])
    out = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", n_classes])
    versions = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(helper.make_graph(nodes, "trees", [x], [out], values), opset_imports=versions)
    model.ir_version = 10
    whole: bytes = model.SerializeToString(deterministic=True)
    return whole


def _ensemble(trees: Sequence[dict[str, Any]], scores: int) -> dict[str, Any]:
    """Return the attributes of the ensemble node. No tree at all is one leaf of 0."""
    table = _Table()
    for i, tree in enumerate(trees or [{"tree_structure": {"leaf_value": 0.0}}]):
        table.add(i, i % scores, tree["tree_structure"])
    return {
        "aggregate_function": "SUM",
        "n_targets": scores,
        "post_transform": "NONE",
        **{f"nodes_{name}": values for name, values in table.nodes.items()},
        **{f"target_{name}": values for name, values in table.leaves.items()},
    }


class _Table:
    """Nodes and leaves, an attribute per column."""

    def __init__(self) -> None:
        names = ("treeids", "nodeids", "modes", "featureids", "values", "truenodeids", "falsenodeids")
        self.nodes: dict[str, list[Any]] = {name: [] for name in (*names, "missing_value_tracks_true")}
        self.leaves: dict[str, list[Any]] = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}

    def add(self, tree: int, target: int, root: dict[str, Any]) -> None:
        """Number the nodes breadth first and append them."""
        waiting = [root]
        for i, node in enumerate(waiting):  # grows while it is walked
            if "split_feature" not in node:
                self._append(self.nodes, tree, i, "LEAF", 0, 0.0, 0, 0, 0)
                self._append(self.leaves, tree, i, target, float(node["leaf_value"]))
                continue
            if node["decision_type"] != "<=" or node["missing_type"] == "Zero":
                raise ValueError(
                    f"tree {tree}: a split {node['decision_type']!r} with missing values as "
                    f"{node['missing_type']!r} has no counterpart in the graph"
                )
            threshold = round_down(float(node["threshold"]))
            # Where training saw no absent value, LightGBM takes one for 0.
            left = node["default_left"] if node["missing_type"] == "NaN" else threshold >= 0
            at = len(waiting)
            self._append(self.nodes, tree, i, "BRANCH_LEQ", node["split_feature"], threshold, at, at + 1, int(left))
            waiting += [node["left_child"], node["right_child"]]

    @staticmethod
    def _append(columns: dict[str, list[Any]], *row: object) -> None:
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)


def round_down(threshold: float) -> float:
    """Return the greatest float32 that is not above `threshold`.

    Example:
        >>> round_down(0.1) <= 0.1 < float(np.float32(0.1))
        True
    """
    largest = float(np.finfo(np.float32).max)
    if math.isinf(threshold):
        return threshold
    if abs(threshold) > largest:  # LightGBM writes 1e300 where only absent values part from the others
        return largest if threshold > 0 else -math.inf
    near = np.float32(threshold)
    if float(near) > threshold:
        near = np.nextafter(near, np.float32(-np.inf))
    return float(near)

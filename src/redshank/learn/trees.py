"""Write trees of LightGBM or scikit-learn as an ONNX graph that takes the same branches, bit for bit.

In: trees as LightGBM dumps them or scikit-learn holds them. Out: the graph, from raw values to probabilities.
The one idea: both compare float32 values with float64 thresholds, the graph with float32 ones. A threshold is rounded
down, never to nearest: then `x <= threshold` holds for the same float32 values.
Source: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html; LightGBM's `Tree::NumericalDecision`
for what becomes of an absent value.
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper, numpy_helper

from redshank.features.feature_set import UNKNOWN, Column
from redshank.learn.model import Classes, Floats

OUT = "probabilities"


class Branches(Protocol):
    """What scikit-learn holds of a tree, an array per property of its nodes; a child of -1 makes a leaf."""

    children_left: npt.NDArray[np.int64]
    children_right: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float64]
    missing_go_to_left: npt.NDArray[np.uint8]
    value: npt.NDArray[np.float64]


def known(x: Floats, columns: Sequence[Column]) -> Floats:
    """Return `x` with absent categories as code 0 and impossible codes as UNKNOWN, as the graph does."""
    out = x.copy()
    for j, column in enumerate(columns):
        if column.codes:
            code = np.where(np.isnan(x[:, j]), 0, x[:, j])
            out[:, j] = np.where((code >= 0) & (code < column.codes), code, UNKNOWN)
    return out


def graph(trees: Sequence[dict[str, Any]], columns: Sequence[Column], n_classes: int) -> bytes:
    """Build the graph of boosted trees.

    Args:
        trees: `tree_info` of LightGBM's `dump_model`; tree i belongs to score i modulo the number of scores.
        columns: What the columns of the input are.
        n_classes: 2 for the binary objective (one score, sigmoid), more for the multiclass one (softmax).
    """
    scores = 1 if n_classes == 2 else n_classes
    table = _Table()
    for i, tree in enumerate(trees or [{"tree_structure": {"leaf_value": 0.0}}]):  # no tree at all is one leaf of 0
        table.add(i, i % scores, tree["tree_structure"])
    if scores > 1:
        return _whole(table, scores, columns, n_classes, [helper.make_node("Softmax", ["scores"], [OUT], axis=1)])
    nodes = [
        helper.make_node("Sigmoid", ["scores"], ["attack"]),
        helper.make_node("Sub", ["one", "attack"], ["benign"]),
        helper.make_node("Concat", ["benign", "attack"], [OUT], axis=1),
    ]
    return _whole(table, scores, columns, n_classes, nodes)


def forest_graph(trees: Sequence[Branches], classes: Classes, columns: Sequence[Column], n_classes: int) -> bytes:
    """Build the graph of a forest: the mean of what the trees say.

    Args:
        trees: `tree_` of each of scikit-learn's trees; a value is the share of each class.
        classes: Which of the classes the shares are of.
        columns: What the columns of the input are.
        n_classes: Number of classes.
    """
    table = _Table()
    for i, tree in enumerate(trees):
        table.extend(i, tree, classes, 1 / len(trees))
    # Shares that were added in float32 sum to 1 but for rounding.
    return _whole(table, n_classes, columns, n_classes, [helper.make_node("Identity", ["scores"], [OUT])])


def _whole(table: "_Table", scores: int, columns: Sequence[Column], n_classes: int, last: Sequence[NodeProto]) -> bytes:
    ensemble: dict[str, Any] = {
        "aggregate_function": "SUM",
        "n_targets": scores,
        "post_transform": "NONE",
        **{f"nodes_{name}": values for name, values in table.nodes.items()},
        **{f"target_{name}": values for name, values in table.leaves.items()},
    }
    nodes = [
        helper.make_node("IsNaN", ["x"], ["absent"]),
        helper.make_node("And", ["absent", "category"], ["absent_category"]),
        helper.make_node("Where", ["absent_category", "zero", "x"], ["code"]),
        helper.make_node("Less", ["code", "zero"], ["below"]),
        helper.make_node("GreaterOrEqual", ["code", "codes"], ["above"]),
        helper.make_node("Or", ["below", "above"], ["outside"]),
        helper.make_node("And", ["outside", "category"], ["unknown"]),
        helper.make_node("Where", ["unknown", "unknown_code", "code"], ["known"]),
        helper.make_node("TreeEnsembleRegressor", ["known"], ["scores"], domain="ai.onnx.ml", **ensemble),
        *last,
    ]
    codes = np.array([column.codes for column in columns])
    values = [
        numpy_helper.from_array(codes > 0, "category"),
        numpy_helper.from_array(codes.astype(np.float32), "codes"),
        *(
            numpy_helper.from_array(np.array(value, dtype=np.float32), name)
            for name, value in (("zero", 0), ("one", 1), ("unknown_code", UNKNOWN))
            if any(name in node.input for node in nodes)
        ),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", len(columns)])
    out = helper.make_tensor_value_info(OUT, TensorProto.FLOAT, ["n", n_classes])
    versions = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(helper.make_graph(nodes, "trees", [x], [out], values), opset_imports=versions)
    model.ir_version = 10
    whole: bytes = model.SerializeToString(deterministic=True)
    return whole


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

    def extend(self, tree: int, branches: Branches, classes: Classes, scale: float) -> None:
        """Append a tree of scikit-learn, each leaf with its shares times `scale`."""
        n = len(branches.feature)
        leaf = branches.children_left < 0
        self.nodes["treeids"] += [tree] * n
        self.nodes["nodeids"] += range(n)
        self.nodes["modes"] += np.where(leaf, "LEAF", "BRANCH_LEQ").tolist()
        self.nodes["featureids"] += np.where(leaf, 0, branches.feature).tolist()
        self.nodes["values"] += [
            0.0 if end else round_down(at) for end, at in zip(leaf, branches.threshold, strict=True)
        ]
        self.nodes["truenodeids"] += np.where(leaf, 0, branches.children_left).tolist()
        self.nodes["falsenodeids"] += np.where(leaf, 0, branches.children_right).tolist()
        self.nodes["missing_value_tracks_true"] += np.where(leaf, 0, branches.missing_go_to_left).tolist()
        shares = branches.value[:, 0] * leaf[:, None]
        node, which = np.nonzero(shares)
        self.leaves["treeids"] += [tree] * len(node)
        self.leaves["nodeids"] += node.tolist()
        self.leaves["ids"] += classes[which].tolist()
        self.leaves["weights"] += (shares[node, which] * scale).tolist()

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

"""Arithmetic on what a model reads or says, written once as ONNX nodes.

In: operations that a cleaning step adds. Out: their result on rows, or the same operations in front of a model's graph
or behind it.
The one idea: what training computes and what a gateway computes are the same nodes in the same runtime, so there is no
second version that could disagree. Only operations that mean the same in every opset since 13 are used: they can stand
around any graph.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

Floats = npt.NDArray[np.float32]

OPSET = 18
RAW, CLEAN, ANSWER = "x", "clean", "probabilities"


class Nodes:
    """Nodes to be added to a graph.

    Args:
        graph: What is there already; names are told apart from those that were added to it before.
    """

    def __init__(self, graph: onnx.GraphProto | None = None) -> None:
        self.first = 0 if graph is None else len(graph.node) + len(graph.initializer)
        self.nodes: list[onnx.NodeProto] = []
        self.values: list[onnx.TensorProto] = []

    def constant(self, value: npt.ArrayLike, dtype: type[np.generic] = np.float32) -> str:
        """Add a constant and return its name."""
        name = f"added_value_{self.first + len(self.values)}"
        self.values.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401  ONNX has kinds of its own
        """Add a node and return the name of what it gives."""
        name = f"added_{self.first + len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [name], name=name, **attributes))
        return name

    def where_absent(self, x: str, then: str) -> str:
        """Return `x` with `then` in place of what is NaN or infinite."""
        absent = self.add("Or", self.add("IsNaN", x), self.add("IsInf", x))
        return self.add("Where", absent, then, x)


Build = Callable[[Nodes, str], str]
"""Adds operations on the tensor of the given name and returns the name of what they give."""


def run(build: Build, x: Floats, width: int) -> Floats:
    """Apply operations to rows.

    Args:
        build: Adds them.
        x: Rows.
        width: Columns of the result.

    Shape:
        x: [n, c] float32; returns: [n, width] float32.

    Example:
        >>> run(lambda graph, x: graph.add("Abs", x), np.array([[-1.0, 2.0]], dtype=np.float32), 2).tolist()
        [[1.0, 2.0]]
    """
    nodes = Nodes()
    nodes.nodes.append(helper.make_node("Identity", [build(nodes, RAW)], [CLEAN]))
    given = helper.make_tensor_value_info(RAW, TensorProto.FLOAT, ["n", x.shape[1]])
    wanted = helper.make_tensor_value_info(CLEAN, TensorProto.FLOAT, ["n", width])
    graph = helper.make_graph(nodes.nodes, "cleaning", [given], [wanted], nodes.values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    result: Floats = session.run([CLEAN], {RAW: np.ascontiguousarray(x, dtype=np.float32)})[0]
    return result


def prepend(build: Build, graph: bytes, width: int) -> bytes:
    """Put operations in front of a model's graph.

    Args:
        build: Adds them.
        graph: A model's graph with the input `x`.
        width: Columns of the raw input that the new graph takes.
    """
    model = onnx.load_from_string(graph)
    nodes = Nodes(model.graph)
    clean = build(nodes, RAW)
    for node in model.graph.node:
        for at, name in enumerate(node.input):
            if name == RAW:
                node.input[at] = clean
    behind = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes.nodes, *behind])
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info(RAW, TensorProto.FLOAT, ["n", width]))
    return _whole(model, nodes)


def append(build: Build, graph: bytes) -> bytes:
    """Put operations behind a model's graph; they give as many columns as they get.

    Args:
        build: Adds them.
        graph: A model's graph with the output `probabilities`.
    """
    model = onnx.load_from_string(graph)
    nodes = Nodes(model.graph)
    said = f"said_{nodes.first}"
    for node in model.graph.node:
        for names in (node.input, node.output):
            for at, name in enumerate(names):
                if name == ANSWER:
                    names[at] = said
    nodes.nodes.append(helper.make_node("Identity", [build(nodes, said)], [ANSWER]))
    model.graph.node.extend(nodes.nodes)
    return _whole(model, nodes)


def _whole(model: onnx.ModelProto, nodes: Nodes) -> bytes:
    model.graph.initializer.extend(nodes.values)
    del model.graph.value_info[:]
    whole: bytes = model.SerializeToString(deterministic=True)
    return whole

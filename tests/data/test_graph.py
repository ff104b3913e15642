import numpy as np
import onnx
from onnx import TensorProto, helper

from redshank.data.graph import Nodes, append, prepend, run
from redshank.learn.export import score


def half(graph: Nodes, x: str) -> str:
    return graph.add("Mul", graph.where_absent(x, graph.constant(8)), graph.constant(0.5))


def test_operations_give_the_same_alone_and_around_a_graph() -> None:
    x = np.array([[2.0, np.nan], [np.inf, -4.0]], dtype=np.float32)
    assert run(half, x, 2).tolist() == [[1, 4], [4, -2]]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])
    wanted = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["probabilities"])], "g", [given], [wanted])
    behind = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    whole = prepend(half, behind.SerializeToString(), 2)
    onnx.checker.check_model(onnx.load_from_string(whole), full_check=True)
    assert score(whole, x).tolist() == [[-1, -4], [-4, 2]]
    assert score(prepend(half, whole, 2), x).tolist() == [[-0.5, -2], [-2, 1]], "twice, with names of its own each time"
    around = append(half, append(half, whole))
    onnx.checker.check_model(onnx.load_from_string(around), full_check=True)
    assert score(around, x).tolist() == [[-0.25, -1], [-1, 0.5]]


def test_no_rows_are_no_rows() -> None:
    assert run(half, np.empty((0, 3), np.float32), 3).shape == (0, 3)

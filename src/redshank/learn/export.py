"""Export a trained model, and prove that the graph says what the model says.

In: a model and sample rows. Out: the ONNX graph, checked against `predict_proba` with the runtime that serves it, at
several batch sizes and with values absent.
"""

import numpy as np
import onnxruntime

from redshank.learn.model import Floats, Model

BATCHES = (1, 7, 256)
TOLERANCE = 1e-4  # float32 arithmetic in another order differs by about 1e-6


def export(model: Model, sample: Floats) -> bytes:
    """Return `model.to_onnx()` after checking it.

    Args:
        model: A trained model.
        sample: Real raw rows, at least one; repeated to fill a batch.

    Shape:
        sample: [n, c] float32.

    Raises:
        ValueError: If a probability differs by more than TOLERANCE; the largest difference is named.
    """
    graph = model.to_onnx()
    difference, batch = max((_difference(model, graph, rows), len(rows)) for rows in _batches(sample))
    if not difference <= TOLERANCE:
        raise ValueError(
            f"{type(model).__name__}: graph and model differ by {difference:.2g} in a batch of {batch}, "
            f"allowed is {TOLERANCE:g}"
        )
    return graph


def score(graph: bytes, x: Floats) -> Floats:
    """Run a graph on one thread.

    Shape:
        x: [n, c] float32; returns: [n, k] float32.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    probabilities: Floats = session.run(["probabilities"], {"x": x})[0]
    return probabilities


def _batches(sample: Floats) -> list[Floats]:
    """Return batches of sample rows, one of rows with every other value absent, and one of absent values only."""
    filled = [np.resize(sample, (size, sample.shape[1])) for size in BATCHES]
    holes = filled[-1].copy()
    holes[::2, ::2] = np.nan
    holes[1::2, 1::2] = np.nan
    return [*filled, holes, np.full_like(filled[1], np.nan)]


def _difference(model: Model, graph: bytes, x: Floats) -> float:
    """Return the largest difference; NaN counts as infinite."""
    difference = np.abs(score(graph, x) - model.predict_proba(x))
    return float(np.nan_to_num(difference, nan=np.inf).max())

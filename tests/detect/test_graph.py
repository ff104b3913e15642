import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bundles import flows, graph, tiny_bundle
from redshank.core.errors import BundleError
from redshank.detect.graph import MICRO_BATCH, Graph
from redshank.features.feature_set import FEATURE_SETS

X = FEATURE_SETS.find("conn")().encode(flows(["benign", "scanning", "dos"] * MICRO_BATCH, seed=3))


def test_probabilities_do_not_depend_on_the_rows_beside() -> None:
    one = Graph(tiny_bundle())
    whole = one.probabilities(X)
    assert whole.shape == (3 * MICRO_BATCH, 3)
    assert whole[:3].argmax(axis=1).tolist() == [0, 1, 2]
    around = slice(MICRO_BATCH - 5, MICRO_BATCH + 5)
    np.testing.assert_allclose(one.probabilities(X[around]), whole[around], atol=1e-6)


def test_no_rows_give_no_probabilities() -> None:
    assert Graph(tiny_bundle()).probabilities(X[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (b"\x08nonsense", r"^bundle tiny: the runtime refuses model\.onnx \(.*\); fetch or train it again$"),
        (graph(width=5), r"refuses model\.onnx \(.*Got: 19 Expected: 5"),
        (graph(k=2), r"gives probabilities \(2, 2\) for 2 flows and 3 classes; train it again$"),
        (
            graph(activation="Neg"),
            r"gives \[.*\] for an empty flow, and no probabilities that sum to 1; train",
        ),
    ],
)
def test_a_graph_that_does_not_fit_is_refused_before_the_first_flow(model: bytes, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        Graph(tiny_bundle(model=model))


def test_the_runtime_tells_nobody_of_this_device(tmp_path: Path) -> None:
    others = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "CI", "XDG_"))}
    subprocess.run(
        [sys.executable, "-c", "import redshank.detect.graph"],
        env={**others, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        check=True,
        timeout=120,
    )
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name]

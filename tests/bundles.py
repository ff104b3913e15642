"""A tiny bundle, flows it can judge, and a source of them, for tests of everything from detection to the command line.

The graph is a multinomial logistic regression on the logarithms of two columns of the feature set "conn": a device that
answers is benign, one that gets no answer is scanned, and many bytes that nobody answers are a flood.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
from onnx import TensorProto, helper, numpy_helper

from redshank.core.bundle import Bundle, Manifest
from redshank.core.schema import TIMESTAMP, flow_batch
from redshank.detect import calibrate
from redshank.detect.detectors.classifier import Classifier, like_benign
from redshank.detect.reference import reference_of
from redshank.features.feature_set import FEATURE_SETS
from redshank.features.feature_sets.host_window import HostWindow
from redshank.flows.source import FlowSource

CLASSES = ["benign", "scanning", "dos"]
USED = ("src_ip_bytes", "dst_pkts")
START_NS = 1_700_000_100_000_000_000  # a whole number of windows of 300 s since the epoch


def graph(k: int = 3, width: int | None = None, *, guarded: bool = True, activation: str = "Softmax") -> bytes:
    """Return the graph of `k` classes as ONNX.

    Args:
        k: Classes, 2 or 3.
        width: Another number of columns than the feature set has.
        guarded: Whether an absent value counts as 0; if not, its row comes out as NaN.
        activation: What makes probabilities of the logits; anything but Softmax makes none.
    """
    names = [column.name for column in FEATURE_SETS.find("conn").columns]
    weights = np.array([[0, 3], [0, -6], [2, 0]], dtype=np.float32)[:k].T
    constants: dict[str, np.ndarray[Any, Any]] = {
        "used": np.array([names.index(name) for name in USED], dtype=np.int64),
        "zero": np.array(0, dtype=np.float32),
        "one": np.array(1, dtype=np.float32),
        "weights": weights,
        "bias": np.array([-1, 4, -20], dtype=np.float32)[:k],
    }
    nodes = [
        helper.make_node("Gather", ["x", "used"], ["two"], axis=1),
        helper.make_node("IsNaN", ["two"], ["absent"]),
        helper.make_node("Where", ["absent", "zero" if guarded else "two", "two"], ["filled"]),
        helper.make_node("Add", ["filled", "one"], ["more"]),
        helper.make_node("Log", ["more"], ["logs"]),
        helper.make_node("Gemm", ["logs", "weights", "bias"], ["logits"]),
        helper.make_node(activation, ["logits"], ["probabilities"]),
    ]
    made = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", width or len(names)])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", k])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def flows(kinds: Sequence[str], seed: int = 0, **columns: Any) -> pa.RecordBatch:
    """Draw one FLOW row per kind: a class of the bundle, or "strange" for what fits none.

    Rows are a second apart from START_NS on, from 10.0.0.66 if an attack and 10.0.0.5 if not. `columns` replaces some.
    """
    rng = np.random.default_rng(seed)
    n = len(kinds)
    kind = np.array(kinds)
    ip_bytes = {"benign": 600.0, "scanning": 44.0, "dos": 5e6, "strange": 2.0e4}
    answers = {"benign": 6, "scanning": 0, "dos": 0, "strange": 1}
    src_ip_bytes = [int(ip_bytes[name] * rng.uniform(0.7, 1.3)) for name in kinds]
    dst_pkts = [answers[name] + int(rng.integers(0, 4)) * (name == "benign") for name in kinds]
    values: dict[str, Any] = {
        "ts": [START_NS + i * 1_000_000_000 for i in range(n)],
        "uid": [f"C{seed}x{i}" for i in range(n)],
        "src_ip": np.where(kind == "benign", "10.0.0.5", "10.0.0.66").tolist(),
        "src_port": [40_000 + i % 20_000 for i in range(n)],
        "dst_ip": [f"10.0.1.{i % 200}" for i in range(n)],
        "dst_port": [1883] * n,
        "proto": ["tcp"] * n,
        "duration": [0.5] * n,
        "src_bytes": [100] * n,
        "dst_bytes": [100] * n,
        "src_pkts": [5] * n,
        "src_ip_bytes": src_ip_bytes,
        "dst_pkts": dst_pkts,
        "dst_ip_bytes": [60 * count for count in dst_pkts],
        "community_id": [f"1:{i:027d}=" for i in range(n)],
        "part": ["final"] * n,
        "part_reason": ["closed"] * n,
    }
    return flow_batch({**values, **columns}, n)


@cache
def _calibration(k: int) -> dict[str, Any]:
    kinds = ["benign"] * 2000 + ["scanning"] * 300 + ["dos"] * 300
    x = FEATURE_SETS.find("conn")().encode(flows(kinds, seed=99))
    session = onnxruntime.InferenceSession(graph(k), providers=["CPUExecutionProvider"])
    probabilities = session.run(["probabilities"], {"x": x})[0]
    y = np.minimum(np.repeat([0, 1, 2], [2000, 300, 300]), k - 1).astype(np.int64)
    return calibrate.fit(probabilities, y).to_dict()


def tiny_bundle(k: int = 3, **changes: Any) -> Bundle:
    """Return the bundle, of three classes or two; `changes` replaces entries of its manifest, `model` its graph."""
    model = changes.pop("model", None) or graph(k)
    found = FEATURE_SETS.find("conn")
    manifest = Manifest(
        name="tiny",
        feature_set="conn",
        feature_version=found.version,
        fingerprint=found.fingerprint(),
        columns=[column.name for column in found.columns],
        task="family" if k > 2 else "binary",
        classes=CLASSES if k > 2 else ["benign", "attack"],
        model="logistic",
        settings={},
        calibration=_calibration(k),
        provenance={"dataset": "drawn in tests/bundles.py", "seed": 99},
    )
    return Bundle(replace(manifest, **changes), model)


def windowed() -> Bundle:
    """Return a bundle that judges a flow by the one fifteen flows before it: the first step of its window."""
    names = [column.name for column in HostWindow.columns]
    width = HostWindow.steps * len(names)
    return tiny_bundle(
        feature_set="host_window", fingerprint=HostWindow.fingerprint(), columns=names, model=graph(width=width)
    )


def many(kind: str, seed: int = 0, begin_s: int = 0, **columns: Any) -> pa.RecordBatch:
    """Draw 2,000 flows of one kind, of 50 devices, two seconds apart: a comparison with `watching_bundle`."""
    rows = 2000
    ts = pa.array(START_NS + (begin_s + 2 * np.arange(rows)) * 10**9).cast(TIMESTAMP)
    return flows([kind] * rows, seed, src_ip=[f"10.0.0.{at % 50}" for at in range(rows)], ts=ts, **columns)


@cache
def watching_bundle(name: str = "tiny") -> Bundle:
    """Return the bundle with a reference of 2,000 benign flows: 24 blocks of some 80."""
    past, bundle, found = many("benign"), tiny_bundle(name=name), FEATURE_SETS.find("conn")
    p = np.array(Classifier(bundle).judge(past).column("p_value").to_pylist())
    like = np.flatnonzero(like_benign(past, p))
    devices = past.column("src_ip").take(like.tolist())
    made = reference_of(found().encode(past)[like], p[like], devices, found.columns)
    return tiny_bundle(name=name, calibration={**bundle.manifest.calibration, "reference": made.to_dict()})


class Flows(FlowSource):
    """A source of the batches it is given; `error` is raised after the last of them.

    Args:
        batches: FLOW batches.
        error: What the source fails with, if it does.
    """

    def __init__(self, batches: Sequence[pa.RecordBatch], error: BaseException | None = None) -> None:
        self.anomalies = {}
        self.packets = 0
        self.packet_bytes = 0
        self._batches = batches
        self._error = error

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give them; each flow counts for ten packets of 100 bytes, each batch for one anomaly."""
        for batch in self._batches:
            self.packets += 10 * batch.num_rows
            self.packet_bytes += 1000 * batch.num_rows
            self.anomalies["decode", "ipv4_truncated"] = self.anomalies.get(("decode", "ipv4_truncated"), 0) + 1
            yield batch
        if self._error:
            raise self._error

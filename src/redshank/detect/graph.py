"""Run the graph of a bundle: raw feature values in, class probabilities out.

In: a bundle, then rows of its feature set. Out: the probabilities of its classes, uncalibrated. The one idea: detection
and evaluation run a bundle by this very code, so what was measured is what serves.
"""

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort

from redshank.core.bundle import MODEL_FILE, Bundle
from redshank.core.errors import BundleError
from redshank.features.feature_set import FEATURE_SETS

# Rows per call of the graph: bounds its memory; a BiLSTM was 11 times as fast per row here as with single rows.
MICRO_BATCH = 256
TOLERANCE = 0.01  # what float32 and a quantised graph may miss of a sum of 1

_ORT_ERRORS = (
    ort.Fail,
    ort.InvalidArgument,
    ort.InvalidGraph,
    ort.InvalidProtobuf,
    ort.NoSuchFile,
    ort.NotImplemented,
    ort.RuntimeException,
)

_WIDTH = {"probabilities": "classes", "errors": "columns"}


class Graph:
    """The graph of a bundle, on one thread of the CPU.

    Args:
        bundle: The model and its manifest.

    Raises:
        BundleError: If the runtime refuses the graph, or it does not take the bundle's columns or give its classes.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._name, self._classes = bundle.manifest.name, len(bundle.manifest.classes)
        self._columns = len(bundle.manifest.columns)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what goes wrong is raised, and reported once, by us
        try:
            self._session = onnxruntime.InferenceSession(bundle.model, options, providers=["CPUExecutionProvider"])
        except _ORT_ERRORS as error:
            raise self._refused(error) from None
        # Two rows prove what the graph takes and gives before the first flow comes.
        steps = FEATURE_SETS.find(bundle.manifest.feature_set).steps
        rows = np.zeros((2, steps * len(bundle.manifest.columns)), dtype=np.float32)
        rows[1] = np.nan
        given = self.probabilities(rows)
        known = given[np.isfinite(given).all(axis=1)]
        if (known < -TOLERANCE).any() or (abs(known.sum(axis=1) - 1) > TOLERANCE).any():
            raise BundleError(
                f"bundle {self._name}: {MODEL_FILE} gives {np.array2string(known[0], precision=3)} for an empty flow, "
                "and no probabilities that sum to 1; train it again"
            )

    def probabilities(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return class probabilities as the graph gives them; a damaged one may give NaN.

        Shape:
            x: [n, steps * c] float32; returns: [n, k] float32; c columns and k classes of the bundle.

        Raises:
            BundleError: If the graph fails, or gives another shape.
        """
        return self._run("probabilities", x, self._classes)

    def errors(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return how badly the graph of an autoencoder gives back each column of a flow itself.

        Shape:
            x: [n, steps * c] float32; returns: [n, c] float32, 0 or more.

        Raises:
            BundleError: If the graph tells no such thing, or as `probabilities`.
        """
        return self._run("errors", x, self._columns)

    def _run(self, output: str, x: npt.NDArray[np.float32], width: int) -> npt.NDArray[np.float32]:
        given = np.empty((len(x), width), dtype=np.float32)
        try:
            for start in range(0, len(x), MICRO_BATCH):
                part = x[start : start + MICRO_BATCH]
                (values,) = self._session.run([output], {"x": part})
                if np.shape(values) != (len(part), width):
                    raise BundleError(
                        f"bundle {self._name}: {MODEL_FILE} gives {output} {np.shape(values)} for {len(part)} flows "
                        f"and {width} {_WIDTH[output]}; train it again"
                    )
                given[start : start + len(part)] = values
        except (*_ORT_ERRORS, ValueError) as error:
            raise self._refused(error) from None
        return given

    def _refused(self, error: Exception) -> BundleError:
        detail = " ".join(str(error).split())[:200]
        return BundleError(f"bundle {self._name}: the runtime refuses {MODEL_FILE} ({detail}); fetch or train it again")

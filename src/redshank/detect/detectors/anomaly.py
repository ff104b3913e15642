"""Judge flows by how unlike benign traffic they are, with a model that has seen nothing else.

In: FLOW rows and a bundle that `redshank learn` made. Out: VERDICT rows. The one idea: the only thing known about such
a model is how it scores benign flows, so a verdict says no more than that.

- `p_value`: the share of benign calibration flows at least as odd.
- `alarm`: the score of the graph is at or above the threshold for the detector's share of the false-alarm rate.
- `score`: the most that the p-value allows (`most_probable`): the probability of an attack if one flow in a hundred is
  one, and the odds against benign are the greatest that such a p-value can mean. A bound and no more; nobody calibrated
  it on attacks. It is 0.01 where nothing is odd, and no p-value from 2,000 benign flows brings it above 0.5.
- `family` is benign, or null with `unknown` for an alarm: what it is, such a model cannot say.
- Everything is null while the detector warms up (`detect/warming.py`), and where the graph gives no number.
- `reasons`: the columns that the graph gave back worst, against its errors on benign flows.

Source: the bound, Sellke, Bayarri and Berger, "Calibration of p Values for Testing Precise Null Hypotheses", The
American Statistician, 2001; conformal p-values as in `detect/calibrate.py`.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.bundle import Bundle
from redshank.core.errors import BundleError
from redshank.core.metrics import Metrics
from redshank.core.schema import BENIGN, verdict_batch
from redshank.detect import calibrate
from redshank.detect.calibrate import Calibration, Doubles
from redshank.detect.detector import Detector, no_flows
from redshank.detect.detectors.classifier import certified
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.drift import Drift
from redshank.detect.graph import Graph
from redshank.detect.reasons import Rebuilt, listed
from redshank.detect.reference import Reference
from redshank.detect.warming import Warming
from redshank.features.feature_set import FEATURE_SETS

PRIOR = 0.01
"""Share of attacks that the score supposes, the same as that of `learn/one_class.py`."""
ODD = 0.05
"""A flow with a p-value up to this counts as odd while the detector warms up."""


class Anomaly(Detector):
    """A model of benign traffic, on one thread of the CPU.

    Args:
        bundle: The model and its manifest.
        false_alarm_rate: As of `Classifier`.
        sharing: As of `Classifier`.
        warm_up: Flows in a row that must look like the traffic that the bundle knows before it judges; 0: it judges at
            once.
        groups: As of `detect/drift.py`; every device is in one group if absent.
        metrics: Told of drift, if given.

    Attributes:
        drift: Whether traffic is still what the bundle learnt from; None if the bundle has no reference.

    Raises:
        BundleError: If the bundle was made for other features, its calibration or graph is damaged, it learnt from more
            than benign traffic, or it certifies no false-alarm rate at all.
        ConfigError: If the bundle has no threshold for the rate.
    """

    def __init__(
        self,
        bundle: Bundle,
        false_alarm_rate: float = 0.01,
        sharing: int = 1,
        warm_up: int = 200,
        groups: DeviceGroups | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        manifest = bundle.manifest
        found = FEATURE_SETS.find(manifest.feature_set)
        bundle.require(found.name, found.version, found.fingerprint(), [column.name for column in found.columns])
        self.name = manifest.name
        self._sha256 = manifest.sha256
        self.features = found()
        try:
            self._calibration = Calibration.from_dict(manifest.calibration)
            self._rebuilt = Rebuilt(found.columns, manifest.calibration.get("benign_errors"))
            told = manifest.calibration.get("reference")
            reference = None if told is None else Reference.from_dict(told, found.columns)
        except ValueError as error:
            raise BundleError(f"bundle {self.name}: {error}; make one with `redshank learn`") from None
        self.false_alarm_rate, self.threshold = certified(self.name, self._calibration, false_alarm_rate, sharing)
        self._graph = Graph(bundle)
        self._graph.errors(np.zeros((1, found.steps * len(found.columns)), dtype=np.float32))
        self.warming = Warming(self.name, warm_up)
        self.remembers = found.remembers or self.warming.wanted
        self.drift = None if reference is None else Drift(reference, groups, detector="anomaly", metrics=metrics)

    @property
    def forgotten(self) -> Mapping[str, int]:
        """See `Detector.forgotten`."""
        return self.features.forgot()

    @property
    def bundles(self) -> Mapping[str, str]:
        """What it judges with; see `Detector.bundles`."""
        return {self.name: self._sha256}

    @property
    def fingerprint(self) -> str:
        """See `Detector.fingerprint`."""
        return self.features.fingerprint()

    @property
    def silent(self) -> str:
        """See `Detector.silent`."""
        return "warms up: it has not seen yet that it knows this network" if self.warming.wanted else ""

    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Judge each flow.

        Shape:
            returns: VERDICT rows, one per row of `flows`, in the same order.
        """
        x = self.features.encode(flows)
        odd = calibrate.attack_score(self._graph.probabilities(x))
        p = calibrate.p_values(self._calibration, odd)
        if self.drift is not None:
            self.drift.follow(flows, x, p)
        silent = np.isnan(odd) | no_flows(flows)
        if self.warming.wanted:
            silent |= ~self.warming.ready(flows.column("src_ip"), p <= ODD)
        alarm = (odd >= self.threshold) & ~silent
        rows = flows.num_rows
        columns = {
            "uid": flows.column("uid"),
            "ts": flows.column("ts"),
            "detector": pa.repeat(pa.scalar("anomaly"), rows),
            "bundle": pa.repeat(pa.scalar(self.name), rows),
            "score": pa.array(most_probable(p), mask=silent),
            "family": pa.DictionaryArray.from_arrays(
                pa.array(np.zeros(rows, dtype=np.int32), mask=silent | alarm), pa.array([BENIGN])
            ).cast(pa.string()),
            "p_value": pa.array(p, mask=silent),
            "unknown": pa.array(alarm, mask=silent),
            "alarm": pa.array(alarm, mask=silent),
            "reasons": self._reasons(x, alarm),
        }
        return verdict_batch(columns, rows)

    def _reasons(self, x: npt.NDArray[np.float32], wanted: npt.NDArray[np.bool_]) -> pa.ListArray:
        some = x[wanted]
        texts = self._rebuilt.worst(some[:, -len(self.features.columns) :], self._graph.errors(some))
        return listed(texts, wanted)


def most_probable(p: Doubles, prior: float = PRIOR) -> Doubles:
    """Return the highest probability of an attack that a p-value under benign allows.

    Args:
        p: p-values, above 0.
        prior: Share of attacks among the flows, 0 to 1.

    Shape:
        p, returns: [n]; NaN stays NaN.

    Example:
        >>> most_probable(np.array([1.0, 0.01, 0.0001])).round(3).tolist()
        [0.01, 0.075, 0.801]
    """
    # Below 1/e the odds against benign are at most 1 / (-e p ln p); above it a p-value says nothing.
    against = np.where(p < 1 / np.e, -np.e * p * np.log(np.minimum(p, 1.0)), 1.0)
    bound: Doubles = np.where(np.isnan(p), np.nan, prior / (prior + (1 - prior) * against))
    return bound

"""Judge flows with a trained classifier.

In: FLOW rows and a bundle. Out: VERDICT rows. The one idea: everything that decides (features, scaling, temperature,
thresholds) travels in the bundle, so that what was measured is what runs.

How a verdict comes about, row by row:

- `score` is the calibrated probability of any class but benign.
- `alarm` is score >= the bundle's threshold for the false-alarm rate that was asked for.
- `unknown`: no class of the bundle fits, benign included; then `family` is null, alarm or not.
- `family` of an alarm is its most probable class but benign ("attack" in a binary bundle), and benign of no alarm.
- `reasons` of an alarm or an unknown flow: its values that benign traffic rarely has, or else the one that comes
  nearest to that and the likeliest classes; then what flows most like it are, if the bundle carries any.
- Where the graph gives no finite number, or a row is no flow, the detector cannot tell: score, family, p_value and
  unknown are null.

One detector sees one network once, in the order in which flows are told: a feature set that remembers earlier flows
goes on from batch to batch.

Drift is looked for in the flows that are `like_benign`: an attack that the model tells is an alert, and no drift.

Source: calibration and unknown as in `detect/calibrate.py`, reasons in `detect/reasons.py` and `detect/neighbors.py`.
"""

import logging
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.bundle import Bundle
from redshank.core.errors import BundleError, ConfigError
from redshank.core.metrics import Metrics
from redshank.core.schema import BENIGN, verdict_batch
from redshank.detect import calibrate
from redshank.detect.calibrate import Calibration
from redshank.detect.detector import Bools, Detector, Doubles, Floats, Seen, no_flows
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.drift import Drift
from redshank.detect.fuse import share
from redshank.detect.graph import Graph
from redshank.detect.neighbors import KnownFlows
from redshank.detect.reasons import Quantiles, likely, listed
from redshank.detect.reference import Reference
from redshank.features.feature_set import FEATURE_SETS

ODDEST = 0.01
"""Flows with a p-value up to this are left out where drift is looked for, whatever false-alarm rate is asked for."""

_log = logging.getLogger(__name__)


class Classifier(Detector):
    """A trained classifier, on one thread of the CPU.

    Args:
        bundle: The model and its manifest.
        false_alarm_rate: Share of benign flows that may raise an alarm, 0 to 1; one of the bundle's rates. Where the
            bundle had too few benign rows to certify it, the nearest certified rate above it serves, and a warning
            says so.
        sharing: How many statistical detectors share that rate, 1 or more; see `detect/fuse.py`.
        groups: As of `detect/drift.py`; every device is in one group if absent.
        metrics: Told of drift, which is looked for if they are given.

    Attributes:
        drift: Whether traffic is still what the bundle learnt from; None if nobody asks, or it has no reference.

    Raises:
        BundleError: If the bundle was made for other features, its calibration or graph is damaged, or it certifies no
            false-alarm rate at all.
        ConfigError: If the bundle has no threshold for the rate.
    """

    def __init__(
        self,
        bundle: Bundle,
        false_alarm_rate: float = 0.01,
        sharing: int = 1,
        groups: DeviceGroups | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        manifest = bundle.manifest
        found = FEATURE_SETS.find(manifest.feature_set)
        names = [column.name for column in found.columns]
        self._fingerprint = found.fingerprint()
        bundle.require(found.name, found.version, self._fingerprint, names)
        self.name = manifest.name
        self._sha256 = manifest.sha256
        self.classes = manifest.classes
        self._features = found()
        self.remembers = found.remembers
        try:
            self._calibration = Calibration.from_dict(manifest.calibration)
            self._quantiles = Quantiles(names, manifest.calibration.get("benign_quantiles", {}))
            told = manifest.calibration.get("reference")
            reference = None if told is None else Reference.from_dict(told, found.columns)
            flows = manifest.calibration.get("known_flows")
            self._known = None if flows is None else KnownFlows(flows, found.columns, self.classes)
        except ValueError as error:
            raise BundleError(f"bundle {self.name}: {error}; train it again") from None
        if (
            len(self.classes) < 2
            or self.classes[0] != BENIGN
            or len(self._calibration.class_scores) != len(self.classes)
        ):
            raise BundleError(
                f"bundle {self.name}: classes {self.classes} with conformity of {len(self._calibration.class_scores)}; "
                f"wanted '{BENIGN}' first, one more at least, and as many of both; train it again"
            )
        self.false_alarm_rate, self.threshold = certified(self.name, self._calibration, false_alarm_rate, sharing)
        self._graph = Graph(bundle)
        self._seen: tuple[pa.RecordBatch, Floats, Doubles, Bools] | None = None
        if reference is not None and metrics is not None:
            self.drift = Drift(reference, groups, detector="classifier", metrics=metrics)

    @property
    def forgotten(self) -> Mapping[str, int]:
        """See `Detector.forgotten`."""
        return self._features.forgot()

    @property
    def families(self) -> Sequence[str]:
        """Its classes but the benign one."""
        return self.classes[1:]

    @property
    def bundles(self) -> Mapping[str, str]:
        """What it judges with; see `Detector.bundles`."""
        return {self.name: self._sha256}

    @property
    def fingerprint(self) -> str:
        """See `Detector.fingerprint`."""
        return self._fingerprint

    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Judge each flow.

        Shape:
            returns: VERDICT rows, one per row of `flows`, in the same order.
        """
        x = self._features.encode(flows)
        p, unknown = self._look(x)
        score = calibrate.attack_score(p)
        silent = np.isnan(score) | no_flows(flows)
        alarm = (score >= self.threshold) & ~silent
        unknown &= ~silent
        self._seen = (flows, x, p, unknown)
        p_value = calibrate.p_values(self._calibration, score)
        if self.drift is not None:
            self.drift.follow(flows, x, p_value, like_benign(flows, p_value))
        # Class 0 stands for every row that is no alarm; the place of the largest of the others counts from 1.
        family = np.where(alarm, 1 + np.argmax(np.where(np.isnan(p), 0.0, p)[:, 1:], axis=1), 0) if len(p) else alarm
        rows = flows.num_rows
        families = pa.DictionaryArray.from_arrays(
            pa.array(family.astype(np.int32), mask=silent | unknown), pa.array(self.classes, type=pa.string())
        )
        columns = {
            "uid": flows.column("uid"),
            "ts": flows.column("ts"),
            "detector": pa.repeat(pa.scalar("classifier"), rows),
            "bundle": pa.repeat(pa.scalar(self.name), rows),
            "score": pa.array(score, mask=silent),
            "family": families.cast(pa.string()),
            "p_value": pa.array(p_value, mask=silent),
            "unknown": pa.array(unknown, mask=silent),
            "alarm": pa.array(alarm),
            "reasons": self._reasons(x, p, alarm | unknown, _groups(flows, family.astype(np.int64))),
        }
        return verdict_batch(columns, rows)

    @property
    def seen(self) -> Seen | None:
        """See `Detector.seen`."""
        if self._seen is None:
            return None
        return Seen(
            *self._seen,
            classes=tuple(self.classes),
            feature_set=self._features.name,
            fingerprint=self.fingerprint,
            bundle=self.name,
            sha256=self._sha256,
            look=self._look,
        )

    def _look(self, x: Floats) -> tuple[Doubles, Bools]:
        """Return calibrated probabilities, and whether no class fits."""
        p = calibrate.calibrated(self._calibration, self._graph.probabilities(x))
        return p, calibrate.unknown(self._calibration, p)

    def goes_on_from(self, before: "Classifier") -> None:
        """Take over what the features of another classifier remember, if they are the same; it must judge no more."""
        if type(before._features) is type(self._features):  # noqa: SLF001  of the same class
            self._features = before._features  # noqa: SLF001  as above

    def _reasons(self, x: Floats, p: Doubles, wanted: Bools, group: npt.NDArray[np.int64]) -> pa.ListArray:
        own = x[wanted, -len(self._features.columns) :]
        texts = self._quantiles.beyond(own)
        plain = [at for at, values in enumerate(texts) if not values]
        nearest = self._quantiles.within(own[plain])
        for at, value, classes in zip(plain, nearest, likely(p[wanted][plain], self.classes), strict=True):
            texts[at] = [value, *classes] if value else classes
        if self._known is not None:
            known = self._known.nearest(own, group[wanted])
            texts = [[*some, *filter(None, [near])] for some, near in zip(texts, known, strict=True)]
        return listed(texts, wanted)


def _groups(flows: pa.RecordBatch, family: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return a number for each source and family: what one alert is about.

    Shape:
        family: [n] places of families; returns: [n].
    """
    source = flows.column("src_ip").dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
    groups: npt.NDArray[np.int64] = source.astype(np.int64) * (int(family.max(initial=0)) + 1) + family
    return groups


def like_benign(flows: pa.RecordBatch, p: Doubles) -> Bools:
    """Mark the flows that drift is looked for in: those that the model does not take for an attack.

    Of benign traffic the oddest hundredth is missing, in a bundle's reference as in service; an attack that the model
    tells is missing as well. So a burst of it moves nothing, and what it does not tell does.

    Shape:
        p: [n] p-values; returns: [n].
    """
    marked: Bools = (p > ODDEST) & ~no_flows(flows)
    return marked


def certified(name: str, calibration: Calibration, rate: float, sharing: int) -> tuple[str, float]:
    """Return the false-alarm rate in force, of all detectors that share it, and this one's threshold.

    Args:
        name: The bundle, for messages.
        calibration: Its calibration.
        rate: The rate asked for, one of the calibration's.
        sharing: How many detectors share it.

    Raises:
        BundleError: If neither that rate nor a greater one is certified.
        ConfigError: If the bundle has no threshold for the rate.
    """
    wanted = calibrate.rate_text(rate)
    known = sorted(calibration.thresholds, key=float)
    if wanted not in known:
        raise ConfigError(
            f"false-alarm rate: {wanted} has no threshold in bundle {name}; allowed are {', '.join(known)}"
        )
    for text in known[known.index(wanted) :]:
        tau = calibrate.threshold(calibration, share(float(text), sharing))
        if math.isfinite(tau):
            if text != wanted:
                _log.warning(
                    "bundle %s: %d benign calibration rows cannot certify a false-alarm rate of %s; using %s",
                    *(name, calibration.benign_rows, wanted, text),
                )
            return text, tau
    raise BundleError(
        f"bundle {name}: {calibration.benign_rows} benign calibration rows certify no false-alarm rate from {wanted} "
        f"to {known[-1]}; train it with at least {math.ceil(sharing / float(known[-1])) - 1}"
    )

"""What a detector is: FLOW rows in, VERDICT rows out.

The score means the same everywhere: calibrated probability of an attack, 0 to 1. A detector that cannot tell says
null. Scoring changes nothing in the detector, unless it says that it remembers (docs/decisions/0026).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.registry import Kind
from redshank.core.schema import verdict_batch
from redshank.detect.agreed import Agreed
from redshank.detect.drift import Compared, Drift, Moved
from redshank.flows.claims import ARP

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Seen:
    """What a model saw in a batch, for whoever asks a person about flows.

    Args:
        flows: The batch.
        x: Its raw feature values. [n, c]
        p: Probabilities of the classes, NaN where the model gave none. [n, k]
        unknown: Whether no class fits. [n]
        classes: The classes, benign first.
        feature_set, fingerprint: What computed `x`.
        bundle, sha256: The model.
        look: Gives `p` and `unknown` of other rows; may be called from another thread.
    """

    flows: pa.RecordBatch
    x: Floats
    p: Doubles
    unknown: Bools
    classes: tuple[str, ...]
    feature_set: str
    fingerprint: str
    bundle: str
    sha256: str
    look: Callable[[Floats], tuple[Doubles, Bools]]


class Detector(ABC):
    """A detector."""

    remembers: bool = False
    """Whether a verdict may rest on flows that were judged before: then one object sees the flows of one network once,
    in the order in which they are told. In either case it makes no difference how they were cut into batches."""

    drift: Drift | None = None
    """What compares what comes with the traffic that it learnt from; None if it learnt nothing, or nobody asks."""

    @property
    def forgotten(self) -> Mapping[str, int]:
        """What had to make room in bounded memory since it began, by what remembers: a feature set, a rule."""
        return {}

    @property
    def families(self) -> Sequence[str]:
        """The families that it may tell of; none if it tells no families apart."""
        return ()

    @property
    def bundles(self) -> Mapping[str, str]:
        """What it judges with now: names of bundles, with the SHA-256 of their graphs."""
        return {}

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the features that it reads with now; "" if it reads no feature set."""
        return ""

    @property
    def silent(self) -> str:
        """Why it says nothing at present, in words; "" if it judges."""
        return ""

    @property
    def compares(self) -> bool:
        """Whether it compares what comes with the traffic that it learnt from; what learnt nothing does not."""
        return self.drift is not None

    def compared(self) -> Sequence[Compared]:
        """Return the comparisons with the traffic that it learnt from, made since this was asked last."""
        return () if self.drift is None else self.drift.compared()

    @property
    def agreed(self) -> Agreed | None:
        """How far a bundle that judges beside it agrees with the one in service; None if none does."""
        return None

    @property
    def moved(self) -> Mapping[str, Moved]:
        """Groups of devices whose traffic is not what it learnt from, at the last comparison."""
        return {} if self.drift is None else self.drift.moved

    @property
    def seen(self) -> Seen | None:
        """What it saw in the batch that it judged last; None if it tells no classes apart."""
        return None

    def reload(self) -> None:  # noqa: B027  most have nothing to read again
        """Read again what a person may change while it runs, between two batches.

        Raises:
            RedshankError: If that cannot be read; then all stays as it was.
        """

    @abstractmethod
    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Judge each flow.

        Shape:
            returns: VERDICT rows, one per row of `flows`, in the same order.
        """


def no_flows(flows: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """Mark the rows that are no flows of packets, of which a model of flows cannot tell (`flows/claims.py`).

    Example:
        >>> no_flows(pa.RecordBatch.from_pydict({"proto": ["tcp", "arp", None]})).tolist()
        [False, True, False]
    """
    found: npt.NDArray[np.bool_] = pc.equal(flows.column("proto"), ARP).fill_null(False).to_numpy(zero_copy_only=False)
    return found


def seen_of(detectors: Sequence[Detector], flows: pa.RecordBatch) -> Seen | None:
    """Return what the first detector that tells classes apart saw in a batch; None if it did not judge this one."""
    seen = next((one for one in (detector.seen for detector in detectors) if one is not None), None)
    return seen if seen is not None and seen.flows is flows else None


def kind_of(detector: Detector) -> str:
    """Return how logs and metrics call a detector: the file that it is in."""
    return type(detector).__module__.rpartition(".")[2]


def abstained(detector: str, flows: pa.RecordBatch) -> pa.RecordBatch:
    """Return VERDICT rows that say nothing of these flows.

    Example:
        >>> from redshank.core.schema import flow_batch
        >>> abstained("anomaly", flow_batch({"uid": ["C1"]}, 1)).select(["uid", "detector", "alarm"]).to_pylist()
        [{'uid': 'C1', 'detector': 'anomaly', 'alarm': None}]
    """
    rows = flows.num_rows
    columns = {"uid": flows.column("uid"), "ts": flows.column("ts"), "detector": pa.repeat(pa.scalar(detector), rows)}
    return verdict_batch(columns, rows)


DETECTORS: Kind[Detector] = Kind("redshank.detect.detectors", Detector, "detector")

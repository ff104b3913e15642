"""What a detector is: FLOW rows in, VERDICT rows out.

The score means the same everywhere: calibrated probability of an attack, 0 to 1. A detector that cannot tell says
null. Scoring changes nothing in the detector.
"""

from abc import ABC, abstractmethod

import pyarrow as pa

from redshank.core.registry import Kind


class Detector(ABC):
    """A detector."""

    @abstractmethod
    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Judge each flow.

        Shape:
            returns: VERDICT rows, one per row of `flows`, in the same order.
        """


DETECTORS: Kind[Detector] = Kind("redshank.detect.detectors", Detector, "detector")

"""What becomes of a batch that a detector cannot judge: counted, kept aside, and the others go on.

In: detectors and batches. Out: verdicts; of a detector that failed, verdicts that say nothing. The one idea: what made
a detector fail once will come again, so ending the service would only begin it anew in a loop, with nobody watching
meanwhile. The first batches are kept as FOLDER/DETECTOR-N.parquet for whoever mends it, `silent` tells of it until the
detector judges a batch again, and nothing is retried: other batches are judged as ever.
"""

import logging
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from redshank.core.errors import RedshankError
from redshank.core.files import replacing
from redshank.core.metrics import Metrics
from redshank.detect.detector import Detector, abstained, kind_of
from redshank.flows.withheld import withheld

KEPT = 8
"""Batches of a detector that are kept, over restarts; later ones are only counted."""
ERRORS = (
    RedshankError, ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, OSError, RuntimeError,
    TypeError, ValueError, pa.ArrowException,
)  # fmt: skip
"""What a detector may fail with: a bundle that gives nonsense, or an error of the program."""

_log = logging.getLogger(__name__)


class Failures:
    """The failures of one run.

    Args:
        folder: Where batches are kept; made when there is one.
        metrics: Counted into.
    """

    def __init__(self, folder: Path, metrics: Metrics) -> None:
        self._folder, self._metrics = folder, metrics
        self._counts: Counter[str] = Counter()
        self._failing: dict[str, str] = {}

    def judge(self, detector: Detector, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Return what a detector says of flows; nothing, if it fails."""
        kind = kind_of(detector)
        try:
            verdicts = detector.judge(flows)
        except ERRORS as error:
            self._note(kind, error, flows)
            return abstained(kind, flows)
        if self._failing.pop(kind, None):
            _log.info("detector %s: judges again", kind)
        return verdicts

    def silent(self, detector: Detector) -> str:
        """Return why a detector says nothing at present, in words; "" if it judges."""
        return self._failing.get(kind_of(detector), "") or detector.silent

    @property
    def problem(self) -> str:
        """What is not well, in words; "" if every detector judged its last batch."""
        return "; ".join(f"detector {kind}: {text}" for kind, text in self._failing.items())

    def _note(self, kind: str, error: BaseException, flows: pa.RecordBatch) -> None:
        self._counts[kind] += 1
        self._metrics.count("redshank_detector_failures_total", detector=kind)
        self._metrics.count("redshank_unjudged_rows_total", flows.num_rows, detector=kind)
        # The whole error once in the log, with where it arose; the rest is for one line.
        if self._counts[kind] == 1:
            _log.error("detector %s: a batch of %d rows cannot be judged", kind, flows.num_rows, exc_info=error)
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        self._failing[kind] = f"could not judge its last batch ({said}); {self._counts[kind]} such batches in this run"
        self._keep(kind, flows)

    def _keep(self, kind: str, flows: pa.RecordBatch) -> None:
        place = next((path for n in range(KEPT) if not (path := self._folder / f"{kind}-{n}.parquet").exists()), None)
        if place is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with replacing(place) as part:
                pq.write_table(pa.Table.from_batches([withheld(flows)]), part, compression="zstd")
        except (RedshankError, OSError, pa.ArrowException) as error:
            _log.warning("detector %s: the batch is not kept: %s", kind, error)

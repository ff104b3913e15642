"""A model of what is usual, before anybody let it learn what is usual here: it says nothing, and says why.

In: FLOW rows. Out: VERDICT rows without a word. The one idea: the bundle that ships knows the lab's homes. On another
network most of what it finds odd is merely new to it (68 false alerts in two quiet hours of a home of the lab that it
had not seen, `docs/measured.md`), so it judges only where somebody asked for that in the settings.
"""

import logging

import pyarrow as pa

from redshank.detect.detector import Detector, abstained

_log = logging.getLogger(__name__)


class Unlearned(Detector):
    """What stands for a detector that has not learnt this network.

    Args:
        name: The detector, as its verdicts call it.
        why: Why it says nothing, and what to do, in words.
    """

    def __init__(self, name: str, why: str) -> None:
        self._name, self._why = name, why
        _log.warning("detector %s: %s", name, why)

    @property
    def silent(self) -> str:
        """See `Detector.silent`."""
        return self._why

    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Say nothing; see `Detector.judge`."""
        return abstained(self._name, flows)

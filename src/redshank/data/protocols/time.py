"""What came first trains, what came later tests.

In: a dataset with times. Out: of the time that each family spans, the first 60 % train (their last sixth validates),
the next 20 % calibrate, the last 20 % test; rows within an embargo after each border are left out, so that no window
reaches from one part into the next. The one idea: a random split lets a model learn a burst from its own middle.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.errors import ConfigError
from redshank.data.clean import Classes
from redshank.data.dataset import Labelled
from redshank.data.encoding import Encoding, Rows
from redshank.data.protocol import Lenient

BORDERS = (0.5, 0.6, 0.8)
"""Where validation, calibration and test begin, as shares of a family's span."""


@dataclass(frozen=True, kw_only=True)
class Time(Lenient):
    """Earlier rows of each family train, later ones test.

    Args:
        column: Where times stand if the dataset has no flows with `ts`: a column of its own, in seconds.
        embargo_s: Seconds after each border whose rows are left out; at least the length of a window of the model.
        seen: "drop" leaves a vector out that an earlier part holds, "keep" only counts it.
    """

    name: ClassVar[str] = "time"

    column: str = "ts"
    embargo_s: float = 60.0

    def __post_init__(self) -> None:
        """Check what can be checked without data."""
        super().__post_init__()
        if not self.embargo_s >= 0:
            raise ConfigError(f"protocol time: embargo_s: {self.embargo_s} is not a number of seconds from 0")

    def split(self, labelled: Labelled, y: Classes, encoding: Encoding, seed: int) -> tuple[list[Rows], dict[str, Any]]:
        """See `Protocol.split`."""
        del y, encoding
        times = self._seconds(labelled)
        parts: list[list[Rows]] = [[] for _ in range(len(BORDERS) + 1)]
        embargoed, bare = 0, []
        for family in np.unique(labelled.family):
            rows = np.flatnonzero((labelled.family == family) & np.isfinite(times))
            if not len(rows):
                continue
            since = times[rows] - times[rows].min()
            borders = np.array(BORDERS) * since.max()
            part = np.searchsorted(borders, since, side="right")
            out = np.zeros(len(rows), dtype=bool)
            for border in borders:
                out |= (since >= border) & (since < border + self.embargo_s)
            embargoed += int(out.sum())
            for at, chosen in enumerate(parts):
                chosen.append(rows[(part == at) & ~out])
            if any(not len(chosen[-1]) for chosen in parts):
                bare.append(str(family))
        shuffle = np.random.default_rng(seed)
        notes: dict[str, Any] = {"embargo_s": self.embargo_s, "rows_under_embargo": embargoed}
        if not np.isfinite(times).all():
            notes["rows_without_time"] = int((~np.isfinite(times)).sum())
        if bare:
            notes["families_not_in_every_part"] = bare
        return [shuffle.permutation(np.concatenate(chosen)) for chosen in parts], notes

    def _seconds(self, labelled: Labelled) -> npt.NDArray[np.float64]:
        flows, own = labelled.flows, labelled.own
        starts = flows.column("ts")
        if self.column == "ts" and starts.null_count < len(flows):
            nanoseconds = starts.cast(pa.int64()).cast(pa.float64(), safe=False)
            return np.array(nanoseconds.to_numpy(zero_copy_only=False), dtype=np.float64) / 1e9
        if own is not None and self.column in own.table.column_names:
            column = own.table[self.column].combine_chunks()
            if pa.types.is_timestamp(column.type):
                column = column.cast(pa.timestamp("ns")).cast(pa.int64()).cast(pa.float64(), safe=False)
                return np.array(column.to_numpy(zero_copy_only=False), dtype=np.float64) / 1e9
            if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
                return np.array(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
        raise ConfigError(
            f"protocol time: '{labelled.name}' has no times in '{self.column}'; name a column of its own, or use group"
        )

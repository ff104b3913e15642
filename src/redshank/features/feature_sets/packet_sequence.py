"""The first packets of a flow, one by one: how it talks, whatever it talks about.

In: FLOW rows with the sizes and gaps of their first packets. Out: [n, 16 * 3] float32: IP length, time since the packet
before, and who sent it, of the first 16 packets, the first of them first. What a flow has not is NaN: a flow of two
packets has fourteen steps of nothing. Only our own sensor tells them; other records leave every step empty.
Source: the order of sizes and directions as in Lopez-Martin et al., IEEE Access 2017. We differ: no port, no window
size, no payload.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.features.feature_set import Column, FeatureSet

STEPS = 16
MOST_S = 1e9
"""No gap is longer; a larger value is an error."""


class PacketSequence(FeatureSet):
    """Sizes, gaps and directions of a flow's first packets.

    Wrong for flows of other tools' records: they hold no packets.

    Example:
        >>> from redshank.core.schema import flow_batch
        >>> two = flow_batch({"first_sizes_bytes": [[60, -1500]], "first_gaps_s": [[0.0, 0.5]]}, rows=1)
        >>> PacketSequence().encode(two)[0, :6].tolist()
        [60.0, 0.0, 0.0, 1500.0, 0.5, 1.0]
    """

    name: ClassVar[str] = "packet_sequence"
    version: ClassVar[int] = 1
    columns: ClassVar[tuple[Column, ...]] = (
        Column("size", "bytes", heavy_tail=True),
        Column("gap", "s", heavy_tail=True),
        Column("from_responder", "1"),
    )
    steps: ClassVar[int] = STEPS
    needs: ClassVar[tuple[str, ...]] = ("first_sizes_bytes", "first_gaps_s")

    def encode(self, flows: pa.RecordBatch) -> npt.NDArray[np.float32]:
        """Turn FLOW rows into raw feature values.

        Shape:
            returns: [n, 48] float32; n rows of `flows`.
        """
        sizes, gaps = _first(flows.column("first_sizes_bytes")), _first(flows.column("first_gaps_s"))
        x = np.empty((flows.num_rows, STEPS, len(self.columns)), dtype=np.float32)
        x[:, :, 0] = np.abs(sizes)
        x[:, :, 1] = np.where((gaps >= 0) & (gaps <= MOST_S), gaps, np.nan)
        x[:, :, 2] = np.where(np.isnan(sizes), np.nan, sizes < 0)
        return x.reshape(flows.num_rows, STEPS * len(self.columns))


def _first(lists: pa.ListArray) -> npt.NDArray[np.float64]:
    """Return the first values of each list, NaN where there are none.

    Shape:
        returns: [n, 16] float64.
    """
    values = lists.flatten().cast(pa.float64()).to_numpy(zero_copy_only=False)  # those of lists that are not null
    lengths = np.array(lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int64)
    begins = np.cumsum(lengths) - lengths
    step = np.arange(STEPS)
    there = step < lengths[:, None]
    first = np.full(there.shape, np.nan)
    first[there] = values[(begins[:, None] + step)[there]]
    return first

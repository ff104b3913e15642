"""Read the packets of a Block: PACKET records in stretches, with the bytes they point into.

In: Blocks, in order. Out: stretches of PACKET records, each with its data.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.capture.decode import decode
from redshank.capture.packet import ANOMALIES, HARMLESS, PACKET
from redshank.capture.source import Block

__all__ = ["ANOMALIES", "HARMLESS", "Reader"]


class Reader:
    """Reads one stream of packets.

    Args:
        checksums: Verify checksums.
    """

    def __init__(self, *, checksums: bool = False) -> None:
        self.counts = np.zeros(len(ANOMALIES), np.int64)
        self._checksums = checksums
        self._packets = np.zeros(0, PACKET)

    def packets(self, block: Block) -> Iterator[tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]]:
        """Give the packets of a block, in order, as (data, PACKET records whose payload lies in data).

        Valid until the next.

        Shape:
            yields: [b] uint8, [n] PACKET.
        """
        if len(self._packets) < len(block.offset):
            self._packets = np.zeros(len(block.offset), PACKET)
        count = decode(block, self._packets, self.counts, checksums=self._checksums)
        if count:
            yield block.data, self._packets[:count]

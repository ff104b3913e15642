"""What a source of packets is: a wire or a file that gives blocks of frames.

In: a place (file, interface). Out: `Block`s, each a stretch of raw bytes with the place, time and link layer of every
frame in it. Blocks bound the memory: a source never holds more than one, and its next may lie in the same place.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redshank.core.registry import Kind

IndexRoom = tuple[
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int64],
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
]
"""What a Block says of its frames: offset, captured, length, ts_ns, link_type and vlan."""


def index_room(frames: int) -> IndexRoom:
    """Return room for the index of some frames.

    Args:
        frames: How many.

    Shape:
        returns: [frames] each.
    """
    wide, narrow = np.int64, np.int32
    return (
        np.empty(frames, wide),
        np.empty(frames, narrow),
        np.empty(frames, wide),
        np.empty(frames, wide),
        np.empty(frames, narrow),
        np.empty(frames, narrow),
    )


@dataclass(frozen=True)
class Block:
    """Some frames, as they lie in memory until the source is asked for the next Block.

    Args:
        data: The bytes all frames lie in.
        offset: Where each frame starts in `data`.
        captured: Bytes captured of each frame; offset + captured never passes the end of `data`.
        length: Bytes each frame had on the wire.
        ts_ns: Capture time of each frame, ns since the epoch.
        link_type: LINKTYPE_ value of each frame (https://www.tcpdump.org/linktypes.html).
        vlan: VLAN identifier that the network card took out of each frame, -1 if none; None: it took none out.
        clock_ns: The wire was watched until then, ns since the epoch; a block without frames says that nothing came.
            None: the source is no wire, and time is what frames say.

    Shape:
        data: [b] uint8; the others: [n], int64, int32, int64, int64, int32, int32.
    """

    data: npt.NDArray[np.uint8]
    offset: npt.NDArray[np.int64]
    captured: npt.NDArray[np.int32]
    length: npt.NDArray[np.int64]
    ts_ns: npt.NDArray[np.int64]
    link_type: npt.NDArray[np.int32]
    vlan: npt.NDArray[np.int32] | None = None
    clock_ns: int | None = None


class PacketSource(ABC):
    """A source of packets.

    Wire data never raises: what cannot be read is counted in `anomalies` by name. A source that cannot start raises
    SourceError.
    """

    stopping: bool = False
    """Set by `stop`; a source that waits for more looks at it several times a second."""
    anomalies: dict[str, int]

    def stop(self) -> None:
        """Ask a source that would wait for more (a wire, a growing folder) to end as at the end of a file."""
        self.stopping = True

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """Give the frames in the order of the source, block by block."""


PACKET_SOURCES: Kind[PacketSource] = Kind("redshank.capture.sources", PacketSource, "packet source")

"""A capture with other times.

In: a capture file, plain pcap with microseconds as tcpdump writes it, and what becomes of a time. Out: its bytes.
The one idea: only the 8 bytes of each record's time are written anew, a block of frames at a time, so memory does not
grow with the file, and frames keep their order and their content.
Source: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/ (section 5, packet record).
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from redshank.capture.pcap_records import HEADER_BYTES
from redshank.capture.sources.pcap import Pcap

RECORD_BYTES = 16
S_NS, US_NS = 1_000_000_000, 1_000

Shift = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]]


def retimed(capture: Path, shift: Shift) -> Iterator[bytes]:
    """Give a capture's bytes with the times that `shift` gives for its times, ns since the epoch.

    Args:
        capture: A little-endian pcap file in microseconds.
        shift: From times to times.

    Shape:
        shift: [n] to [n].

    Raises:
        SourceError: If it is no capture.
    """
    with capture.open("rb") as file:
        yield file.read(HEADER_BYTES)
    for block in Pcap(capture).blocks():
        start = int(block.offset[0]) - RECORD_BYTES
        data = block.data[start : int(block.offset[-1] + block.captured[-1])].copy()
        ts_ns = shift(block.ts_ns)
        times = np.stack([ts_ns // S_NS, ts_ns % S_NS // US_NS], axis=1).astype("<u4")
        heads = block.offset - RECORD_BYTES - start
        data[heads[:, None] + np.arange(8)] = times.view(np.uint8)
        yield data.tobytes()

"""A flood of distinct flows through the whole sensor: what it takes in memory and time, and what it gives up.

In: --flows, how many (5 million if absent). Out: one line of JSON. Every packet begins a flow of its own: SYNs with
data, and datagrams, from addresses and ports that never come twice; nothing ends before the table is full. The process
must stay small, and every flow must come out: rows = flows, packets in rows = packets sent.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from redshank.capture.source import Block, PacketSource
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
from peak import peak_mib

FLOWS = 5_000_000
FRAMES = 8192
LENGTH = 90
START_NS = 1_700_000_000_000_000_000
STEP_NS = 200
"""Time between packets: 5 million a second."""


class Flood(PacketSource):
    """Frames that each begin a flow.

    Args:
        flows: How many.
    """

    def __init__(self, flows: int) -> None:
        self.anomalies: dict[str, int] = {}
        self._flows = flows

    def blocks(self) -> Iterator[Block]:
        """Give blocks of Ethernet frames."""
        frames = np.zeros((FRAMES, LENGTH), np.uint8)
        frames[:, 12:14] = 8, 0
        frames[:, 14:24] = 0x45, 0, 0, LENGTH - 14, 0, 0, 0, 0, 64, 0
        frames[:, 30:34] = 10, 0, 0, 1
        for start in range(0, self._flows, FRAMES):
            count = min(FRAMES, self._flows - start)
            number = np.arange(start, start + count, dtype=np.uint32)
            some = frames[:count]
            udp = number % 4 == 0
            some[:, 23] = np.where(udp, 17, 6)
            some[:, 26:30] = (number * np.uint32(2_654_435_761)).astype(">u4").view(np.uint8).reshape(-1, 4)
            some[:, 34:36] = (1024 + number % 60_000).astype(">u2").view(np.uint8).reshape(-1, 2)
            some[:, 36:38] = 0x1F, 0x90  # to port 8080
            some[:, 38:42] = number.astype(">u4").view(np.uint8).reshape(-1, 4)  # TCP: the sequence number
            some[udp, 38:42] = 0, LENGTH - 34, 0, 0
            some[:, 46:48] = 0x50, 2  # SYN; in a datagram, payload
            captured = np.full(count, LENGTH, np.int32)
            yield Block(
                data=some.reshape(-1),
                offset=np.arange(count, dtype=np.int64) * LENGTH,
                captured=captured,
                length=captured.astype(np.int64),
                ts_ns=START_NS + number.astype(np.int64) * STEP_NS,
                link_type=np.ones(count, np.int32),
            )


def main() -> int:
    """Run the flood and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, default=FLOWS)
    flows = parser.parse_args().flows
    sensor = Sensor(Flood(flows), MeterSettings())
    rows = packets = 0
    begin = time.monotonic()
    for batch in sensor.batches():
        rows += batch.num_rows
        packets += pc.sum(batch["src_pkts"]).as_py() + pc.sum(batch["dst_pkts"]).as_py()
    anomalies = sensor.anomalies
    print(
        json.dumps(
            {
                "flows": flows,
                "rows": rows,
                "packets": packets,
                "flow_evicted": anomalies.get(("meter", "flow_evicted"), 0),
                "payload_evicted": anomalies.get(("meter", "payload_evicted"), 0),
                "seconds": round(time.monotonic() - begin, 1),
                "peak_mib": round(peak_mib()),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Our own meter as a source of flows: packets in, FLOW batches out.

In: any source of packets. Out: FLOW rows, in the order in which flows end; those that are left when the packets end
come last. Anomalies of all stages are merged under (stage, name).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.capture.packet import CARRIES
from redshank.capture.reader import ANOMALIES, HARMLESS, Reader
from redshank.capture.source import PacketSource
from redshank.flows import meter
from redshank.flows.meter import Meter, MeterSettings
from redshank.flows.rows import flow_rows
from redshank.flows.service import STREAM, Recognizer
from redshank.flows.source import FlowSource

SEEN = "seen"
"""Stage of what is counted and nothing odd: frames that are known and not metered, ARP above all."""


class Sensor(FlowSource):
    """Meters a source of packets.

    Args:
        packets: Where the packets come from.
        settings: How to meter them.
    """

    def __init__(self, packets: PacketSource, settings: MeterSettings = MeterSettings()) -> None:  # noqa: B008  frozen
        self.packets = 0
        self.packet_bytes = 0
        self._source = packets
        self._settings = settings
        self._meter = Meter(settings)
        self._recognizer = Recognizer()
        self._heard: dict[int, list[bytes]] = {}  # by serial, the first payload of each side
        self._reader = Reader(checksums=settings.checksums)

    @property
    def anomalies(self) -> dict[tuple[str, str], int]:  # type: ignore[override]  # merged when asked for
        """Count what was odd so far, by (stage, name)."""
        merged = {("capture", name): count for name, count in self._source.anomalies.items()}
        for stage, names, counts in (
            ("decode", ANOMALIES, self._reader.counts),
            ("meter", meter.ANOMALIES, self._meter.counts),
        ):
            merged |= {
                (SEEN if name in HARMLESS else stage, name): int(count)
                for name, count in zip(names, counts, strict=True)
                if count
            }
        return merged

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give FLOW batches of at most 8,192 rows."""
        for block in self._source.blocks():
            self.packets += len(block.offset)
            self.packet_bytes += int(block.length.sum())
            for data, packets in self._reader.packets(block):
                for payloads in self._meter.feed(packets[packets["carrier"] != CARRIES]):
                    for payload in payloads:
                        sides = self._heard.setdefault(int(payload["serial"]), [b"", b""])
                        at = int(payload["offset"])
                        sides[payload["side"]] = data[at : at + int(payload["length"])].tobytes()
                    ended = self._meter.take()
                    if ended is not None:
                        yield self._batch(*ended)
        self._reader.finish()
        for ended in self._meter.finish():
            yield self._batch(*ended)

    def _batch(self, rows: npt.NDArray[Any], ends: npt.NDArray[Any]) -> pa.RecordBatch:
        heard = [self._heard.pop(serial, [b"", b""]) for serial in rows["serial"].tolist()]
        ends_at = np.cumsum([0] + [len(side) for sides in heard for side in sides])
        streams = np.zeros(len(rows), STREAM)
        streams["client_at"], streams["client_end"], streams["server_end"] = (
            ends_at[:-1:2],
            ends_at[1::2],
            ends_at[2::2],
        )
        streams["server_at"], streams["proto"] = streams["client_end"], rows["proto"]
        streams["resp_port"] = np.where(rows["orig_is_a"] == 1, rows["b_port"], rows["a_port"])
        data = np.frombuffer(b"".join(side for sides in heard for side in sides), np.uint8)
        return flow_rows(rows, ends, self._recognizer.texts(self._recognizer.look(data, streams)))

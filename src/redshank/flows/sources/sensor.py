"""Our own meter as a source of flows: packets in, FLOW batches out.

In: any source of packets. Out: FLOW rows, in the order in which they are due; flows that are left when the packets end
come last; where it is asked for, rows of devices that claim another's address (flows/claims.py) between them. Anomalies
of all stages are merged under (stage, name).
"""

from collections.abc import Iterator

import pyarrow as pa

from redshank.capture.link import ARP
from redshank.capture.reader import ANOMALIES, HARMLESS, Reader
from redshank.capture.source import Block, PacketSource
from redshank.core.errors import RedshankError
from redshank.flows import meter
from redshank.flows.claims import UNTOLD, Claims
from redshank.flows.meter import Ended, Meter, MeterSettings
from redshank.flows.metering.rows import flow_rows
from redshank.flows.service import Recognizer
from redshank.flows.source import FlowSource

SEEN = "seen"
"""Stage of what is counted and nothing odd: frames that are known and not metered, ARP above all."""

HOLD_NS = 25_000_000
"""How long a live sensor gathers rows: a batch of a few rows costs as much as one of hundreds."""


class Sensor(FlowSource):
    """Meters a source of packets.

    Args:
        packets: Where the packets come from.
        settings: How to meter them.
        live: Give rows every HOLD_NS, however few they are, and at once where nothing comes: for a wire, where somebody
            waits for them. The rows are the same.
        claims: Give a row also for each device that claims another's address by ARP; such a row is no flow of packets.
    """

    def __init__(
        self,
        packets: PacketSource,
        settings: MeterSettings = MeterSettings(),  # noqa: B008  frozen
        *,
        live: bool = False,
        claims: bool = False,
    ) -> None:
        self.packets = 0
        self.packet_bytes = 0
        self._source = packets
        self._live = live
        self._given_ns = 0
        self._reader = Reader(checksums=settings.checksums)
        self._meter = Meter(settings)
        self._recognizer = Recognizer()
        self._claims = Claims() if claims else None

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
        if self._claims and self._claims.untold:
            merged["meter", UNTOLD] = self._claims.untold
        return merged

    def stop(self) -> None:
        """Ask the source of packets to end."""
        super().stop()
        self._source.stop()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give FLOW batches of at most 4,096 rows; of a source of packets that fails what was open first."""
        failure: RedshankError | None = None
        blocks = self._source.blocks()
        while True:
            try:
                block = next(blocks, None)
            except RedshankError as error:
                failure, block = error, None
            if block is None:
                break
            self.packets += len(block.offset)
            self.packet_bytes += int(block.length.sum())
            arp = int(self._reader.counts[ARP])
            for data, packets in self._reader.packets(block):
                for ended in self._meter.feed(packets, data):
                    yield self._batch(ended)
            if self._claims and self._reader.counts[ARP] > arp:
                told = self._claims.take(block)
                if told is not None:
                    yield told
            if block.clock_ns is not None:
                for ended in self._meter.advance(block.clock_ns):
                    yield self._batch(ended)
            rest = self._meter.take(force=self._live and self._is_due(block))
            if rest is not None:
                yield self._batch(rest)
        self._reader.finish()
        for ended in self._meter.finish():
            yield self._batch(ended)
        if failure is not None:
            raise failure

    def _is_due(self, block: Block) -> bool:
        """Say whether it is time to give rows: after HOLD_NS of packet time, or when nothing comes any more."""
        if not len(block.offset):
            return True
        last_ns = int(block.ts_ns[-1])
        if abs(last_ns - self._given_ns) < HOLD_NS:
            return False
        self._given_ns = last_ns
        return True

    def _batch(self, ended: Ended) -> pa.RecordBatch:
        rows = ended.rows
        rows["services"] = self._recognizer.look(ended.data, ended.streams, rows["services"])
        self._meter.remember(ended)
        services = rows["services"].copy()  # one behind the other
        fields = self._recognizer.fields(ended.data, ended.streams, services)
        return flow_rows(ended, self._recognizer.texts(services), fields)

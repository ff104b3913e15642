"""One of the processes that share an interface: the program that fanout.py starts.

In: on standard input one line of JSON, an Order, and then nothing until the end of work is the end of that input: also
when whoever started us is gone. Inherited: the sockets of the rings. Out: on standard output FLOW batches as an Arrow
stream; beside a batch, and at the end beside an empty one, a Report of what was counted so far.
"""

import json
import os
import sys
import threading
from dataclasses import asdict, dataclass, field
from socket import socket
from typing import Any

import pyarrow as pa

from redshank.capture.interface import Interface
from redshank.capture.ring import Ring
from redshank.capture.rings import Rings
from redshank.core.errors import RedshankError
from redshank.core.schema import FLOW
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor
from redshank.flows.warm import warm

REPORT = b"report"
"""Key of the metadata beside a batch."""


@dataclass(frozen=True)
class Order:
    """What a worker is to do.

    Args:
        sockets: Descriptor of an opened ring, by interface.
        interfaces: The fields of each Interface.
        ring_mib: Size of each ring.
        meter: The fields of MeterSettings.
    """

    sockets: list[int]
    interfaces: list[dict[str, Any]]
    ring_mib: int
    meter: dict[str, Any]


@dataclass(frozen=True)
class Report:
    """What a worker counted so far.

    Args:
        packets, packet_bytes: As of a FlowSource.
        anomalies: (stage, name, count).
        received, dropped: Packets that its rings took, and had no room for.
        ended: Whether this is the last.
        error: Why it ended, if not because it was asked to.
    """

    packets: int = 0
    packet_bytes: int = 0
    anomalies: list[tuple[str, str, int]] = field(default_factory=list)
    received: int = 0
    dropped: int = 0
    ended: bool = False
    error: str = ""


def main() -> None:
    """Meter until standard input ends."""
    # What anybody prints must not get between the batches.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    order = Order(**json.loads(sys.stdin.buffer.readline()))
    rings = [
        Ring(socket(fileno=descriptor), Interface(**interface), order.ring_mib)
        for descriptor, interface in zip(order.sockets, order.interfaces, strict=True)
    ]
    live = Rings(rings)
    sensor = Sensor(live, MeterSettings(**order.meter), live=True, claims=True)
    threading.Thread(target=_heed, args=(live,), daemon=True).start()
    warm()
    nothing = pa.RecordBatch.from_arrays([pa.array([], field.type) for field in FLOW], schema=FLOW)
    with out, pa.ipc.new_stream(out, FLOW) as stream:
        stream.write_batch(nothing, _report(sensor, live))  # says that we are ready
        out.flush()
        error = ""
        try:
            for batch in sensor.batches():
                stream.write_batch(batch, _report(sensor, live))
                out.flush()
        except RedshankError as reason:
            error = str(reason)
        stream.write_batch(nothing, _report(sensor, live, ended=True, error=error))


def _heed(live: Rings) -> None:
    # Not through sys.stdin: its lock would be held while the program ends.
    while os.read(0, 4096):
        pass
    live.stop()


def _report(sensor: Sensor, live: Rings, *, ended: bool = False, error: str = "") -> dict[bytes, bytes]:
    counted = [(stage, name, count) for (stage, name), count in sensor.anomalies.items()]
    now = Report(sensor.packets, sensor.packet_bytes, counted, live.received, live.dropped, ended, error)
    return {REPORT: json.dumps(asdict(now)).encode()}


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        os._exit(1)  # whoever started us is gone: there is nobody to tell

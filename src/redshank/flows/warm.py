"""Load what metering needs before the first packet comes.

In: nothing. Out: the compiled kernels of rings, decoding, metering, rows and all services are in memory. A wire does
not wait: while kernels are loaded for the first packets, its ring fills, and a fast wire fills it in a tenth of a
second.
The one idea: meter a handful of frames of our own in a table of its own, throw the rows away, and show every service
no flow at all.

    python -m redshank.flows.warm    # compiles what is not on disk yet, as the installation does
"""

import gzip
import io
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from redshank.capture import ring
from redshank.capture.source import Block, PacketSource
from redshank.capture.sources.pcap import Pcap
from redshank.core.schema import FLOW, flow_batch
from redshank.flows.meter import MeterSettings
from redshank.flows.parquet.writer import Writer
from redshank.flows.records.cells import JSON
from redshank.flows.records.numerals import moments
from redshank.flows.records.text_rows import TextRows
from redshank.flows.service import NAMES, STREAM, Fields, find
from redshank.flows.sources.sensor import Sensor

_ETHERNET, _LIVE_BLOCKS = 1, 2
_REMEMBERING = (
    "from redshank.detect.sigma.window import Window; Window(1, 1);"
    "from redshank.features.feature_sets.host_window import HostWindow; HostWindow()"
)
"""Run in a process of its own: nothing here may import what lies above."""


def warm() -> int:
    """Meter some frames; return how many flows there were.

    Example:
        >>> warm()
        3
    """
    rows = _meter()
    _services()
    return rows


def main() -> None:
    """Compile all kernels, those of files and the meter, of services, and of what remembers flows, side by side."""
    began = time.monotonic()
    print("redshank: loading kernels; compiling them takes some minutes, once", file=sys.stderr)  # noqa: T201  a command
    parts = [*(f"from redshank.flows import warm; warm.{half}()" for half in ("_files", "_services")), _REMEMBERING]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    running = [subprocess.Popen([sys.executable, "-c", part], env=environment) for part in parts]  # noqa: S603  our own text
    failed = [one.wait() for one in running]
    if any(failed):
        raise SystemExit(f"redshank: kernels cannot be compiled (exit codes {failed}); see above")
    print(f"redshank: kernels are ready, {time.monotonic() - began:.0f} s", file=sys.stderr)  # noqa: T201  as above


def _meter() -> int:
    ring.prepare()
    sensor = Sensor(_Frames(), MeterSettings(capacity=16), live=True)
    return sum(batch.num_rows for batch in sensor.batches())


def _files() -> None:
    """Meter captures of one packet, in every form that is read; write a row as text and as Parquet, and read a time."""
    _meter()
    moments(pa.array(["0"]))
    assert sum(map(len, TextRows(JSON).blocks(flow_batch({}, rows=1)))) == len("{}\n")
    writer = Writer(io.BytesIO(), FLOW)
    writer.write(flow_batch({}, rows=1))
    assert writer.close() == 1
    frame = _ethernet(_ipv4(17, struct.pack(">4H", 4000, 4001, 8, 0)))
    pcap = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _ETHERNET)
    pcap += struct.pack("<4I", 1, 0, len(frame), len(frame)) + frame
    section = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    pcapng = section + _block(1, struct.pack("<HHI", _ETHERNET, 0, 65535))
    pcapng += _block(6, struct.pack("<5I", 0, 0, 1, len(frame), len(frame)) + frame)
    with tempfile.TemporaryDirectory() as folder:
        for content in (pcap, pcapng, gzip.compress(pcap)):
            path = Path(folder) / "capture"
            path.write_bytes(content)
            rows = sum(batch.num_rows for batch in Sensor(Pcap(path), MeterSettings(capacity=16)).batches())
            assert rows == 1


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


def _services() -> None:
    data, streams, none = np.zeros(1, np.uint8), np.zeros(0, STREAM), np.zeros(0, np.int64)
    for service in map(find, NAMES):
        service.recognize(data, streams, none, np.zeros(0, np.uint8))
        if service.fields:
            Fields(service).columns(data, streams, none)


class _Frames(PacketSource):
    def __init__(self) -> None:
        self.anomalies = {}

    def blocks(self) -> Iterator[Block]:
        """Give a question of DNS, the start of a TCP flow with a line of HTTP, IPv6, and ARP, as a wire would."""
        question = bytes.fromhex("00010100000100000000000003777777076578616d706c650000010001")
        request = b"GET / HTTP/1.1\r\n\r\n"
        frames = [
            _ethernet(_ipv4(17, struct.pack(">4H", 4000, 53, 8 + len(question), 0) + question)),
            _ethernet(_ipv4(6, struct.pack(">HHIIBBHHH", 4001, 80, 1, 0, 0x50, 2, 1024, 0, 0))),
            _ethernet(_ipv4(6, struct.pack(">HHIIBBHHH", 4001, 80, 2, 1, 0x50, 24, 1024, 0, 0) + request)),
            _ethernet(struct.pack(">IHBB32x4H", 6 << 28, 8, 17, 64, 5, 6, 8, 0), 0x86DD),
            _ethernet(bytes(28), 0x0806),
        ]
        for number in range(_LIVE_BLOCKS):
            sizes = np.array([len(frame) for frame in frames])
            times = np.arange(len(frames)) + 1_000_000 * number
            yield Block(
                np.frombuffer(b"".join(frames), np.uint8).copy(),
                np.cumsum(sizes) - sizes,
                sizes.astype(np.int32),
                sizes,
                times,
                np.full(len(frames), _ETHERNET, np.int32),
                np.full(len(frames), -1, np.int32),
                int(times[-1]),
            )


def _ethernet(packet: bytes, ethertype: int = 0x0800) -> bytes:
    return bytes(12) + struct.pack(">H", ethertype) + packet


def _ipv4(proto: int, segment: bytes) -> bytes:
    return struct.pack(">BBHIBBHII", 0x45, 0, 20 + len(segment), 0, 64, proto, 0, 0x0A000001, 0x0A000002) + segment


if __name__ == "__main__":
    main()

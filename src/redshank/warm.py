"""Compile every kernel now, so that no later run has to: `python -m redshank.warm`.

In: nothing. Out: compiled kernels in numba's cache on disk, beside the modules or, where that folder cannot be
written, in the user's cache folder. Meters captures of a few frames of our own in every form that is read, and shows
each service a flow without bytes. Where everything is compiled this takes some seconds.
"""

import gzip
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from redshank.capture.sources.pcap import Pcap
from redshank.flows import service
from redshank.flows.meter import MeterSettings
from redshank.flows.service import NAMES, STREAM
from redshank.flows.sources.sensor import Sensor
from redshank.flows.warm import warm as warm_meter

_DNS = bytes.fromhex(
    "020000000002020000000001080045000039000000004011000a0a0000010a0000020fa0003500250000"
    "00010100000100000000000003777777076578616d706c650000010001"
)
_SYN = bytes.fromhex(
    "02000000000202000000000108004500002800000000400600000a0000010a0000020fa1005000000001000000005002ffff00000000"
)
_ECHO = bytes.fromhex(
    "0200000000020200000000018100000586dd6000000000083a40fd000000000000000000000000000001"
    "fd0000000000000000000000000000028000000000010001"
)
_FRAMES = (_DNS, _SYN, _ECHO)  # the last is of IPv6, behind a VLAN tag


def warm() -> Iterator[str]:
    """Compile or load every kernel; give the name of each part when its turn comes."""
    yield "metering"
    warm_meter()
    for name, capture in (("pcap", _pcap()), ("pcapng", _pcapng()), ("gzip", gzip.compress(_pcap()))):
        yield name
        _meter(capture)
    for name in NAMES:
        yield name
        _look(name)


def _meter(capture: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture"
        path.write_bytes(capture)
        for checksums in (False, True):
            for _ in Sensor(Pcap(path), MeterSettings(capacity=16, checksums=checksums)).batches():
                pass


def _look(name: str) -> None:
    found = service.find(name)
    streams, data = np.zeros(1, STREAM), np.zeros(1, np.uint8)
    found.recognize(data, streams, np.zeros(1, np.uint8))
    if found.read is not None:
        found.columns(data, streams)


def _pcap() -> bytes:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(struct.pack("<4I", 1, 0, len(one), len(one)) + one for one in _FRAMES)


def _pcapng() -> bytes:
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))

    section = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    interface = block(1, struct.pack("<HHI", 1, 0, 65535))
    packets = (block(6, struct.pack("<5I", 0, 0, 1, len(one), len(one)) + one) for one in _FRAMES)
    return section + interface + b"".join(packets)


def main(say: Callable[[str], None] = lambda line: print(line, file=sys.stderr)) -> None:  # noqa: T201  for a person
    """Say what is being done and do it."""
    began = time.perf_counter()
    parts = 4 + len(NAMES)
    say(f"compiling kernels, once after an installation or a change: {parts} parts, some minutes")
    for number, part in enumerate(warm(), 1):
        if number % 10 == 0:
            say(f"compiling kernels: {number} of {parts}, {part}")
    say(f"kernels are compiled: {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()

"""The wire and a capture of it give the same flows, and nothing is lost without being counted."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from frames import UDP, ethernet, ipv4, ipv6, tcp, udp, vlan
from peers import until
from redshank.capture.source import Block
from redshank.capture.sources.live import Live
from redshank.capture.sources.pcap import Pcap
from redshank.core.schema import FLOW
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor
from wires import FAR, private_network, send

pytestmark = [pytest.mark.root, pytest.mark.service]

SETTINGS = MeterSettings(capacity=4096, udp_idle_s=0.4, dns_idle_s=0.2, interim_packets=4, interim_s=0.3)
QUERY = b"\0\1\1\0\0\1" + bytes(6) + b"\3www\7example\0\0\1\0\1"


def _traffic() -> list[list[bytes]]:
    """Some flows of every kind, in rounds; the pauses between rounds end some of them."""
    rounds: list[list[bytes]] = [[] for _ in range(6)]
    for number, one in enumerate(rounds):
        for port in range(2000, 2040):
            seq = 1000 + 100 * number
            head = {"src_port": port, "dst_port": 80}
            if number == 0:
                one.append(ethernet(ipv4(tcp(flags="S", seq=999, **head))))  # type: ignore[arg-type]
                back = tcp(flags="SA", seq=4999, ack=1000, src_port=80, dst_port=port)
                one.append(ethernet(ipv4(back, src="10.0.0.2", dst="10.0.0.1")))
            one.append(ethernet(ipv4(tcp(b"GET / HTTP/1.1\r\n\r\n".ljust(100), flags="PA", seq=seq, ack=5000, **head))))  # type: ignore[arg-type]
        one += [ethernet(ipv4(udp(QUERY, src_port=3000 + number + n, dst_port=53), UDP)) for n in range(20)]
        one.append(ethernet(vlan(ipv4(udp(b"tagged", src_port=7, dst_port=7), UDP), 5), 0x8100))
        one.append(ethernet(ipv6(udp(b"six", src_port=8, dst_port=9), UDP)))
        whole = udp(bytes(2000), src_port=500 + number, dst_port=501)
        one.append(ethernet(ipv4(whole[:1000], UDP, ident=number, more_fragments=True)))
        one.append(ethernet(ipv4(whole[1000:], UDP, ident=number, offset=1000)))
    return rounds


def _wait_for(stream: IO[str], words: str) -> None:
    for line in stream:
        if words in line:
            return
    pytest.fail(f"tcpdump never said {words!r}")


def _count(path: Path) -> int:
    return sum(len(block.offset) for block in Pcap(path).blocks())


class Watched(Live):
    """Counts frames, and stops when all came."""

    wanted, seen = 0, 0

    def blocks(self) -> Iterator[Block]:
        for block in super().blocks():
            self.seen += len(block.offset)
            yield block
            if self.seen >= self.wanted:
                self.stop()


def test_a_replay_of_what_tcpdump_wrote_gives_the_rows_of_the_wire(tmp_path: Path) -> None:
    path = tmp_path / "same.pcap"
    argv = [
        "tcpdump",
        "-i",
        FAR,
        "-w",
        str(path),
        "--time-stamp-precision=nano",
        "-B",
        "8192",
        "-U",
        "--immediate-mode",
    ]
    rounds = _traffic()
    with private_network():
        live = Watched([FAR], ring_mib=16)
        live.wanted = sum(map(len, rounds))
        dump = subprocess.Popen([*argv, "-Z", "root"], stderr=subprocess.PIPE, text=True)
        assert dump.stderr is not None
        _wait_for(dump.stderr, "listening on")
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        talker = threading.Thread(target=_talk, args=(here, rounds))
        talker.start()
        sensor = Sensor(live, SETTINGS, live=True)
        wire = pa.Table.from_batches(sensor.batches(), FLOW)
        talker.join()
        os.close(here)
        until(lambda: _count(path) >= live.wanted)
        dump.send_signal(signal.SIGINT)
        said = dump.communicate(timeout=60)[1]
    assert re.search(r"\b0 packets dropped by kernel", said), said
    assert sensor.packets == live.received == live.wanted
    assert live.dropped == 0
    again = Sensor(Pcap(path), SETTINGS)
    replay = pa.Table.from_batches(again.batches(), FLOW)
    assert again.packets == sensor.packets
    # The card took the tag of six frames out, and Block.length is without it.
    assert again.packet_bytes == sensor.packet_bytes + 4 * 6
    assert again.anomalies == sensor.anomalies
    order = [("ts", "ascending"), ("uid", "ascending"), ("src_pkts", "ascending"), ("dst_pkts", "ascending")]
    for name in FLOW.names:
        one, other = (table.sort_by(order)[name] for table in (wire, replay))
        assert one.equals(other), f"{name}: {one} on the wire, {other} from the capture"
    assert set(wire["part_reason"].to_pylist()) == {"packets", "time", "idle", "end_of_input"}
    assert 5 in wire["vlan"].to_pylist()


def _talk(here: int, rounds: list[list[bytes]], then: Callable[[], None] | None = None) -> None:
    assert ctypes.CDLL(None).setns(here, 0x40000000) == 0
    _send(rounds)
    if then:
        then()


def _send(rounds: list[list[bytes]]) -> None:
    for one in rounds:
        for at in range(0, len(one), 50):
            send(one[at : at + 50])
            time.sleep(0.002)
        time.sleep(0.12)


class Busy(Live):
    """A wire whose reader is busy with the first packets until most of the others were sent."""

    most = threading.Event()

    def blocks(self) -> Iterator[Block]:
        for block in super().blocks():
            if len(block.offset):
                assert self.most.wait(200)
            yield block


def test_under_overload_every_packet_is_metered_or_counted_as_dropped() -> None:
    frames = [ethernet(ipv4(udp(bytes(900), src_port=1000 + n, dst_port=9), UDP)) for n in range(100)]
    with private_network():
        live = Busy([FAR], ring_mib=1)
        sensor = Sensor(live, MeterSettings(), live=True)
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

        def then() -> None:
            live.most.set()
            _send([frames * 10])
            live.stop()

        talker = threading.Thread(target=_talk, args=(here, [frames * 10] * 7, then))
        talker.start()
        metered = sum(
            batch.filter(pc.equal(batch["part"], "final"))["src_pkts"].sum().as_py() or 0 for batch in sensor.batches()
        )
        talker.join()
        os.close(here)
    assert live.dropped > 500
    assert metered == sensor.packets == live.received
    assert sensor.packets + live.dropped == 8000
    assert sensor.anomalies["capture", "ring_dropped"] == live.dropped


def test_a_kill_during_capture_leaves_no_file_under_its_name(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    with private_network():
        argv = [str(Path(sys.executable).parent / "redshank"), "flows", "-i", FAR, "-o", str(out)]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        give_up = time.monotonic() + 60
        while not list(tmp_path.iterdir()) and time.monotonic() < give_up and process.poll() is None:
            send([ethernet(ipv4(udp(b"x", src_port=n), UDP)) for n in range(1, 50)])
            time.sleep(0.05)
        running = process.poll() is None
        process.kill()
        said = process.communicate(timeout=60)[0]
    assert running, said
    assert [file.name for file in tmp_path.iterdir()] == [f".out.parquet.{process.pid}.part"]

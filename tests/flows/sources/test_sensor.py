from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from frames import arp, block, ethernet, icmp, ipv4, pcap, tcp, udp
from redshank.capture.source import Block, PacketSource
from redshank.capture.sources.pcap import Pcap
from redshank.core.errors import SourceError
from redshank.core.schema import FLOW
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import SEEN, Sensor


class Blocks(PacketSource):
    """Frames from memory, a few at a time."""

    def __init__(self, frames: list[bytes], size: int) -> None:
        self.anomalies = {"file_truncated": 1}
        self._frames, self._size = frames, size

    def blocks(self) -> Iterator[Block]:
        for start in range(0, len(self._frames), self._size):
            chosen = self._frames[start : start + self._size]
            yield block(chosen, ts_ns=[(start + k + 1) * 10**6 for k in range(len(chosen))])


def conversation(port: int = 40000) -> list[bytes]:
    request, reply = b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"
    segments = [
        ipv4(tcp(seq=99, flags="S", src_port=port, dst_port=8081)),
        ipv4(tcp(seq=499, ack=100, flags="SA", src_port=8081, dst_port=port), src="10.0.0.2", dst="10.0.0.1"),
        ipv4(tcp(request, seq=100, ack=500, flags="PA", src_port=port, dst_port=8081)),
        ipv4(tcp(reply, seq=500, ack=118, flags="PA", src_port=8081, dst_port=port), src="10.0.0.2", dst="10.0.0.1"),
    ]
    return [ethernet(segment) for segment in segments]


def example(place: Path) -> Sensor:
    frames = [*conversation(), ethernet(ipv4(icmp(), proto=1)), ethernet(ipv4(udp(b"x"), proto=17)), b"short"]
    path = place / "small.pcap"
    path.write_bytes(pcap([(number * 10**6, frame) for number, frame in enumerate(frames)]))
    return Sensor(Pcap(path), MeterSettings(capacity=64, seed=1))


def test_packets_of_a_file_become_flows(tmp_path: Path) -> None:
    sensor = example(tmp_path)
    table = pa.Table.from_batches(sensor.batches(), FLOW)
    assert table["proto"].to_pylist() == ["tcp", "icmp", "udp"]
    assert table["service"].to_pylist() == ["http", None, None]
    assert table["src_mac"][0].as_py() == "02:00:00:00:00:01"
    assert sensor.packets == 7
    assert sensor.packet_bytes == sum(map(len, conversation())) + 42 + 43 + 5


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_flows_do_not_depend_on_the_cut_into_blocks(size: int) -> None:
    frames = [frame for port in range(1, 30) for frame in conversation(port)]
    tables = [
        pa.Table.from_batches(Sensor(Blocks(frames, cut), MeterSettings(capacity=64, seed=cut)).batches(), FLOW)
        for cut in (size, 5000)
    ]
    assert tables[0].equals(tables[1])
    assert set(tables[0]["service"].to_pylist()) == {"http"}


def test_flows_that_are_open_when_the_packets_fail_are_given_before_the_failure_is_told() -> None:
    class Failing(Blocks):
        def blocks(self) -> Iterator[Block]:
            yield from super().blocks()
            raise SourceError("eth1: the interface went down")

    source = Sensor(Failing(conversation(), 2), MeterSettings(capacity=64, seed=1)).batches()
    whole = next(source)
    assert (whole["service"].to_pylist(), whole["src_pkts"].to_pylist()) == (["http"], [2])
    with pytest.raises(SourceError, match="eth1: the interface went down"):
        next(source)


def test_anomalies_of_all_stages_are_told_apart() -> None:
    frames = [ethernet(ipv4(udp(b"x" * 8), proto=17, offset=1480)), b"short", *conversation()]
    sensor = Sensor(Blocks(frames, 10), MeterSettings(capacity=64, seed=1))
    assert sum(batch.num_rows for batch in sensor.batches()) == 1
    assert sensor.anomalies == {
        ("capture", "file_truncated"): 1,
        ("seen", "fragment"): 1,
        ("decode", "fragment_incomplete"): 1,
        ("decode", "link_truncated"): 1,
    }


def test_frames_that_are_known_and_not_metered_are_no_anomaly_of_a_stage() -> None:
    sensor = Sensor(Blocks([ethernet(arp(), 0x0806)] * 3, 10), MeterSettings(capacity=64, seed=1))
    assert sum(batch.num_rows for batch in sensor.batches()) == 0
    assert sensor.anomalies[SEEN, "arp"] == 3
    assert not any(stage == "decode" for stage, _ in sensor.anomalies)


def test_checksums_are_verified_only_when_asked() -> None:
    frames = conversation()
    frames[2] = frames[2][:-1] + b"!"
    for checksums, history in ((False, "ShDd"), (True, "ShCdG")):
        sensor = Sensor(Blocks(frames, 10), MeterSettings(capacity=64, seed=1, checksums=checksums))
        (batch,) = sensor.batches()
        assert batch["history"].to_pylist() == [history]


def test_what_is_no_capture_is_refused_before_the_first_flow(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a capture, but long enough to be looked at")
    with pytest.raises(SourceError, match=r"notes\.txt"):
        Sensor(Pcap(path))


class Wire(PacketSource):
    """SYNs and the RSTs that refuse them, 5 ms apart, then silence; a block says until when the wire was watched."""

    def __init__(self, flows: int) -> None:
        self.anomalies = {}
        self._flows = flows

    def blocks(self) -> Iterator[Block]:
        for number in range(self._flows):
            now = (number + 1) * 5_000_000
            asked = ethernet(ipv4(tcp(seq=1, flags="S", src_port=1000 + number, dst_port=80)))
            answer = tcp(seq=1, ack=2, flags="RA", src_port=80, dst_port=1000 + number)
            refused = ethernet(ipv4(answer, src="10.0.0.2", dst="10.0.0.1"))
            yield replace(block([asked, refused], ts_ns=[now, now]), clock_ns=now)
        yield replace(block([], ts_ns=[]), clock_ns=self._flows * 5_000_000 + 6_000_000_000)


def test_a_wire_gives_rows_together_for_a_moment_and_at_once_when_it_falls_silent() -> None:
    batches = [batch.num_rows for batch in Sensor(Wire(20), MeterSettings(capacity=64, seed=1), live=True).batches()]
    assert sum(batches) == 20
    assert len(batches) < 10

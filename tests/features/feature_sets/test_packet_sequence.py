from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from frames import UDP, ethernet, ipv4, pcap, udp
from redshank.capture.sources.pcap import Pcap
from redshank.core.schema import flow_batch
from redshank.data.clean import Floats
from redshank.features.feature_sets.packet_sequence import STEPS, PacketSequence
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor

FINGERPRINT = "fad02f48b680c449"


def example(place: Path) -> PacketSequence:
    del place
    return PacketSequence()


def steps(sizes: list[object], gaps: list[object]) -> Floats:
    x = PacketSequence().encode(flow_batch({"first_sizes_bytes": sizes, "first_gaps_s": gaps}, rows=len(sizes)))
    return x.reshape(len(sizes), STEPS, 3)


def test_a_packet_is_its_size_its_gap_and_who_sent_it() -> None:
    x = steps([[60, -1500, 40]], [[0.0, 0.25, 2.0]])
    assert x[0, :3].tolist() == [[60, 0, 0], [1500, 0.25, 1], [40, 2, 0]]
    assert np.isnan(x[0, 3:]).all()


def test_flows_of_different_lengths_stay_apart() -> None:
    x = steps([[1], None, [], list(range(1, 20)), [-7]], [[0.0], None, [], [0.0] * 19, [0.0]])
    assert [int((~np.isnan(row[:, 0])).sum()) for row in x] == [1, 0, 0, STEPS, 1]
    assert x[3, :, 0].tolist() == list(range(1, STEPS + 1))
    assert x[4, 0].tolist() == [7, 0, 1]


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf"), 1e30, None])
def test_a_gap_that_cannot_be_is_unknowable(wrong: float | None) -> None:
    x = steps([[60, 60]], [[0.0, wrong]])
    assert np.isnan(x[0, 1, 1])
    assert x[0, 1, 0] == 60


def test_a_slice_of_flows_reads_its_own_packets() -> None:
    whole = flow_batch({"first_sizes_bytes": [[9], [8, -7]], "first_gaps_s": [[0.0], [0.0, 0.5]]}, rows=2)
    assert PacketSequence().encode(whole.slice(1)).tobytes() == PacketSequence().encode(whole)[1:].tobytes()


def test_a_metered_flow_is_its_packets(tmp_path: Path) -> None:
    question = ethernet(ipv4(udp(b"q" * 40, src_port=5000, dst_port=7), UDP))
    answer = ethernet(ipv4(udp(b"a" * 120, src_port=7, dst_port=5000), UDP, src="10.0.0.2", dst="10.0.0.1"))
    (tmp_path / "c.pcap").write_bytes(pcap([(0, question), (250_000_000, answer)]))
    flows = pa.Table.from_batches(Sensor(Pcap(tmp_path / "c.pcap"), MeterSettings(seed=0)).batches())
    x = PacketSequence().encode(flows.combine_chunks().to_batches()[0]).reshape(1, STEPS, 3)
    assert x[0, :2].tolist() == [[68, 0, 0], [148, 0.25, 1]]  # 20 of IP and 8 of UDP before the payload

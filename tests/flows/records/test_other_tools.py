from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.capture.sources.pcap import Pcap
from redshank.core.schema import FLOW
from redshank.flows.records.other_tools import (
    ACK,
    FIN,
    PSH,
    RST,
    SYN,
    conn_state,
    counts_of,
    flag_bits,
    icmp_reply,
    ip_bytes,
    protocols,
    whole,
)
from redshank.flows.sources.sensor import Sensor

BITS = {"fin": FIN, "syn": SYN, "rst": RST, "psh": PSH, "ack": ACK}


def state(proto: str, src: str | None, dst: str | None, src_pkts: int = 1, dst_pkts: int = 1) -> str | None:
    flags = [flag_bits(pa.array([text], pa.string())) for text in (src, dst)]
    counts = [np.array([count]) for count in (src_pkts, dst_pkts)]
    found: str | None = conn_state(pa.array([proto]), flags[0], flags[1], counts[0], counts[1]).to_pylist()[0]
    return found


@pytest.mark.parametrize(
    ("src", "dst", "expected"),
    [
        ("S", None, None),
        ("S", "RA", "REJ"),
        ("S", "R", "REJ"),
        ("SPA", "SPA", "S1"),
        ("SA", "SA", "S1"),
        ("SPAF", "SPA", "S2"),
        ("SPA", "SPAF", "S3"),
        ("FSPA", "FSPA", "SF"),
        ("SRPA", "SPA", "RSTO"),
        ("FSRPA", "SPA", "RSTO"),
        ("SPA", "SRPA", "RSTR"),
        ("FSRPA", "FSPA", None),  # FIN, FIN, RST is SF; FIN, RST, FIN is RSTO
        ("SRPA", "SRPA", None),  # whose RST was first?
        ("PA", "PA", "OTH"),
        ("A", "FA", None),
        ("SA", "A", None),
        ("S", "SA", None),
        (None, "SA", None),
    ],
)
def test_flags_of_both_directions_tell_a_state_only_where_one_is_possible(
    src: str | None, dst: str | None, expected: str | None
) -> None:
    assert state("tcp", src, dst) == expected


@pytest.mark.parametrize(
    ("src", "expected"), [("S", "S0"), ("SEC", "S0"), ("SF", "SH"), ("SR", "RSTOS0"), ("SA", None), ("PA", "OTH")]
)
def test_a_silent_responder_is_told_by_its_packets_and_not_by_its_flags(src: str, expected: str | None) -> None:
    assert state("tcp", src, "", dst_pkts=0) == expected
    assert state("tcp", src, "", dst_pkts=-1) is None


def test_datagrams_are_told_by_packets_and_the_rest_is_other() -> None:
    assert [state("udp", None, None, *pkts) for pkts in ((1, 0), (1, 2), (0, 1), (1, -1), (-1, -1))] == [
        "S0",
        "SF",
        "SHR",
        None,
        None,
    ]
    assert (state("icmp", None, None), state("unknown_transport", None, None)) == ("OTH", "OTH")


@given(
    st.sampled_from(["tcp", "udp", "icmp", "unknown_transport"]),
    st.none() | st.text(alphabet="FSRPAUEC.x", max_size=6),
    st.none() | st.text(alphabet="FSRPAUEC.", max_size=6),
    st.integers(-1, 3),
    st.integers(-1, 3),
)
def test_any_flags_and_counts_give_a_state_of_zeek_or_nothing(
    proto: str, src: str | None, dst: str | None, src_pkts: int, dst_pkts: int
) -> None:
    known = {"S0", "S1", "S2", "S3", "SF", "REJ", "RSTO", "RSTR", "RSTOS0", "SH", "SHR", "OTH", None}
    assert state(proto, src, dst, src_pkts, dst_pkts) in known


def test_protocols_are_told_by_name_or_number() -> None:
    names = ["TCP", "17", "58", "IPv6-ICMP", "rtp", "igmp", "255", "256", "arp", "man", "٣", None]
    proto, number = protocols(pa.array(names))
    assert number.to_pylist() == [6, 17, 58, 58, 17, 2, 255, None, None, None, None, None]
    assert proto.to_pylist()[:6] == ["tcp", "udp", "icmp", "icmp", "udp", "unknown_transport"]


def test_icmp_is_answered_by_a_type_or_says_its_code() -> None:
    kinds, codes = np.array([8, 0, 128, 3, 11, -1, 999]), np.array([0, 0, 0, 1, 0, -1, 7])
    assert icmp_reply(kinds, codes).tolist() == [0, 8, 129, 1, 0, -1, 7]


def test_link_headers_are_taken_off_and_what_cannot_be_is_unknown() -> None:
    frames, packets = np.array([60, 120, 20, -1, 100, 0]), np.array([1, 2, 1, 1, -1, 0])
    octets, odd = ip_bytes(frames, packets, 14)
    assert octets.tolist() == [46, 92, -1, -1, -1, 0]
    assert odd == 1
    assert ip_bytes(frames, packets, 0)[0].tolist() == [60, 120, 20, -1, -1, 0]


def test_counts_that_are_no_numbers_are_unknown_and_counted() -> None:
    counted = []
    found = counts_of(pa.array(["5", "1.2 M", None]), "pkts", lambda name, rows: counted.append((name, rows)))
    assert (found.tolist(), counted) == ([5, -1, -1], [("pkts_unreadable", 1)])
    assert whole(found).to_pylist() == [5, None, None]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("iot-testbed__final_scan_01.pcap", 36),
        ("packets__synscan.pcapng", 1_000),
        ("iot-testbed__blind05_slow_dos_05.pcap", 1),
    ],
)
def test_what_is_told_from_gathered_flags_is_what_the_packets_tell_in_their_order(
    name: str, told: int, data: Path
) -> None:
    flows = pa.Table.from_batches(Sensor(Pcap(data / "pcaps" / "attacks" / name)).batches(), FLOW)
    flows = flows.filter(pc.equal(flows.column("part"), "final")).combine_chunks()
    flags = [
        sum((flows.column(f"{side}_{flag}_count").fill_null(0).to_numpy() > 0) * bit for flag, bit in BITS.items())
        for side in ("src", "dst")
    ]
    proto, true = flows.column("proto").combine_chunks(), flows.column("conn_state").to_pylist()
    found = conn_state(proto, *flags, *(flows.column(f"{side}_pkts").to_numpy() for side in ("src", "dst")))
    known = [(state, one) for state, one in zip(found.to_pylist(), true, strict=True) if state is not None]
    assert [state for state, _ in known] == [one for _, one in known]
    assert len(known) >= told

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frames import UDP, ethernet, ipv4, pcap, udp
from redshank.capture.sources.pcap import Pcap
from redshank.core.schema import flow_batch
from redshank.data.place import UNSEEN
from redshank.features.feature_sets.conn import CONN_STATES, PROTOS, SERVICES, Conn
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor
from redshank.flows.sources.zeek import Zeek
from redshank.flows.write import write

FINGERPRINT = "e427db722e5aa3c9"

TWO_PACKETS: dict[str, Any] = {
    "proto": "udp",
    "service": "dns",
    "duration": 0.25,
    "src_bytes": 40,
    "dst_bytes": 120,
    "conn_state": "SF",
    "missed_bytes": 0,
    "src_pkts": 1,
    "src_ip_bytes": 68,
    "dst_pkts": 1,
    "dst_ip_bytes": 148,
}
UNSET: dict[str, Any] = {"duration": None, "src_bytes": None, "dst_bytes": None}
ONE_PACKET = TWO_PACKETS | UNSET | {"conn_state": "S0", "dst_pkts": 0, "dst_ip_bytes": 0}


def example(place: Path) -> Conn:
    del place
    return Conn()


def encoded(**row: Any) -> dict[str, float]:
    x = Conn().encode(flow_batch({name: [value] for name, value in row.items()}, rows=1))
    return dict(zip((column.name for column in Conn.columns), x[0].tolist(), strict=True))


def same(one: dict[str, float], other: dict[str, float]) -> bool:
    return np.array_equal(list(one.values()), list(other.values()), equal_nan=True)


def test_the_columns_are_these() -> None:
    assert [(column.name, column.unit) for column in Conn.columns] == [
        ("proto", "category"),
        ("service", "category"),
        ("conn_state", "category"),
        ("duration", "s"),
        ("src_bytes", "bytes"),
        ("dst_bytes", "bytes"),
        ("missed_bytes", "bytes"),
        ("src_pkts", "packets"),
        ("src_ip_bytes", "bytes"),
        ("dst_pkts", "packets"),
        ("dst_ip_bytes", "bytes"),
        ("src_bytes_per_pkt", "bytes"),
        ("dst_bytes_per_pkt", "bytes"),
        ("src_header_bytes_per_pkt", "bytes"),
        ("dst_header_bytes_per_pkt", "bytes"),
        ("pkts_per_s", "packets/s"),
        ("ip_bytes_per_s", "bytes/s"),
        ("src_pkts_share", "1"),
        ("src_ip_bytes_share", "1"),
    ]


def test_a_flow_of_two_packets() -> None:
    # By hand from the fields of TWO_PACKETS.
    assert encoded(**TWO_PACKETS) == {
        "proto": 2 + PROTOS.index("udp"),
        "service": 2 + SERVICES.index("dns"),
        "conn_state": 2 + CONN_STATES.index("SF"),
        "duration": 0.25,
        "src_bytes": 40,
        "dst_bytes": 120,
        "missed_bytes": 0,
        "src_pkts": 1,
        "src_ip_bytes": 68,
        "dst_pkts": 1,
        "dst_ip_bytes": 148,
        "src_bytes_per_pkt": 40,
        "dst_bytes_per_pkt": 120,
        "src_header_bytes_per_pkt": 28,
        "dst_header_bytes_per_pkt": 28,
        "pkts_per_s": 8,
        "ip_bytes_per_s": 864,
        "src_pkts_share": 0.5,
        "src_ip_bytes_share": pytest.approx(68 / 216),
    }


def test_one_packet_is_the_same_whether_fields_are_unset_as_in_zeek_or_zero_as_in_ton_iot() -> None:
    unset = encoded(**ONE_PACKET)
    zero = encoded(**(ONE_PACKET | {"duration": 0.0, "src_bytes": 0, "dst_bytes": 0}))
    assert same(unset, zero)
    assert (unset["duration"], unset["src_bytes"], unset["dst_bytes"]) == (0, 0, 0)
    assert not np.isnan(list(unset.values())).any()


def test_one_packet_is_the_same_from_a_source_that_counts_payload_without_a_duration() -> None:
    assert same(encoded(**ONE_PACKET), encoded(**(ONE_PACKET | {"src_bytes": 40})))


def test_a_duration_below_half_a_microsecond_is_none_at_all() -> None:
    assert same(encoded(**ONE_PACKET), encoded(**(ONE_PACKET | {"duration": 4.9e-7, "src_bytes": 40, "dst_bytes": 0})))


def test_nanoseconds_of_our_sensor_are_the_microseconds_that_zeek_prints() -> None:
    assert same(encoded(**(TWO_PACKETS | {"duration": 0.123456789})), encoded(**(TWO_PACKETS | {"duration": 0.123457})))


def test_an_unset_duration_is_unknowable_where_packets_are() -> None:
    row = encoded(**(ONE_PACKET | {"src_pkts": None}))
    assert np.isnan(row["duration"])
    assert np.isnan(row["src_bytes"])
    assert row["src_ip_bytes"] == 68


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf"), 1e300])
def test_a_duration_that_cannot_be_is_unknowable(wrong: float) -> None:
    row = encoded(**(TWO_PACKETS | {"duration": wrong}))
    assert np.isnan(row["duration"])
    assert np.isnan(row["pkts_per_s"])
    assert row["src_bytes"] == 40


def test_a_byte_count_that_only_one_field_lacks_is_unknowable() -> None:
    row = encoded(**(TWO_PACKETS | {"src_bytes": None}))
    assert np.isnan(row["src_bytes"])
    assert np.isnan(row["src_bytes_per_pkt"])
    assert row["dst_bytes"] == 120


def test_payload_beyond_what_was_seen_leaves_no_negative_header() -> None:
    assert encoded(**(TWO_PACKETS | {"src_bytes": 3_890_855_126}))["src_header_bytes_per_pkt"] == 0


def test_a_flow_without_packets_has_ratios_of_zero() -> None:
    nothing = {"src_pkts": 0, "dst_pkts": 0, "src_ip_bytes": 0, "dst_ip_bytes": 0, "missed_bytes": 0}
    row = encoded(**(ONE_PACKET | nothing))
    assert all(value == 0 for name, value in row.items() if name not in {"proto", "service", "conn_state"})


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("smb;gssapi", "smb"),
        ("gssapi,smb", "smb"),
        ("ssl,http", "http"),
        ("ldap_tcp,krb,gssapi", "ldap_tcp"),
        ("krb,gssapi,ldap_tcp", "ldap_tcp"),
        ("strange,ssl", "ssl"),
        ("ssl", "ssl"),
    ],
)
def test_several_services_are_the_first_of_the_vocabulary(text: str, service: str) -> None:
    assert encoded(**(TWO_PACKETS | {"service": text}))["service"] == 2 + SERVICES.index(service)


@pytest.mark.parametrize("text", ["strange", "strange,stranger", "", ",", "DNS"])
def test_a_service_outside_the_vocabulary_is_unknown(text: str) -> None:
    assert encoded(**(TWO_PACKETS | {"service": text}))["service"] == 1


def test_no_service_is_absent() -> None:
    assert encoded(**(TWO_PACKETS | {"service": None}))["service"] == 0


@given(st.permutations(["ssl", "http", "gssapi", "strange"]), st.sampled_from([",", ";"]))
def test_the_order_of_several_services_does_not_matter(services: list[str], separator: str) -> None:
    row = encoded(**(TWO_PACKETS | {"service": separator.join(services)}))
    assert row["service"] == 2 + SERVICES.index("http")


@given(st.integers(0, 2**40), st.integers(1, 2**40), st.floats(1e-6, 1e6))
def test_ratios_are_not_negative_and_shares_at_most_one(size: int, pkts: int, duration: float) -> None:
    row = encoded(**(TWO_PACKETS | {"src_bytes": size, "src_ip_bytes": size, "src_pkts": pkts, "duration": duration}))
    assert all(value >= 0 for value in row.values())
    assert row["src_pkts_share"] <= 1
    assert row["src_ip_bytes_share"] <= 1


def test_a_metered_flow_is_the_vector_of_its_record(tmp_path: Path) -> None:
    question = ethernet(ipv4(udp(b"q" * 40, src_port=5000, dst_port=7), UDP))
    answer = ethernet(ipv4(udp(b"a" * 120, src_port=7, dst_port=5000), UDP, src="10.0.0.2", dst="10.0.0.1"))
    alone = ethernet(ipv4(udp(b"q" * 40, src_port=5001, dst_port=7), UDP))
    (tmp_path / "c.pcap").write_bytes(pcap([(0, question), (250_000_000, answer), (300_000_000, alone)]))
    flows = pa.Table.from_batches(Sensor(Pcap(tmp_path / "c.pcap"), MeterSettings(seed=0)).batches())
    metered = flows.sort_by("ts").combine_chunks().to_batches()[0]
    records = [row | {"service": None} for row in (TWO_PACKETS, ONE_PACKET)]
    written = flow_batch({name: [row[name] for row in records] for name in TWO_PACKETS}, rows=2)
    assert Conn().encode(metered).tolist() == Conn().encode(written).tolist()


def test_a_recording_is_the_same_vectors_from_our_sensor_and_from_its_conn_log(tmp_path: Path) -> None:
    ended = MeterSettings(seed=0, interim_packets=0, interim_s=0)  # a conn.log knows no other rows
    metered = pa.Table.from_batches(Sensor(Pcap(UNSEEN / "capture.pcap.gz"), ended).batches())
    write(metered.to_batches(), "zeek", tmp_path / "conn.log")
    logged = pa.Table.from_batches(Zeek(tmp_path / "conn.log").batches())
    one, other = (Conn().encode(table.combine_chunks().to_batches()[0]) for table in (metered, logged))
    assert len(one) > 4000
    assert one.tobytes() == other.tobytes(), f"row {np.flatnonzero((one != other).any(axis=1))[:1]} differs"

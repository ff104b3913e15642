from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.errors import SourceError
from redshank.core.schema import flow_batch
from redshank.data.labels import LABEL_TYPES, label_of, read_labels

EPOCH_S = 1_760_000_000
HEADER = ",".join(LABEL_TYPES)
A, B, C = ("10.77.0.2", 40000), ("10.77.0.1", 80), ("fd00::7", 443)

Flow = tuple[float, str, tuple[str, int], tuple[str, int]]
Label = tuple[float, float, str, tuple[str, int], tuple[str, int]]


def flows(*rows: Flow) -> pa.RecordBatch:
    columns: dict[str, object] = {
        "ts": pa.array([round((EPOCH_S + row[0]) * 1e6) * 1000 for row in rows], pa.int64()).cast(
            pa.timestamp("ns", tz="UTC")
        ),
        "proto": [row[1] for row in rows],
        "src_ip": [row[2][0] for row in rows],
        "src_port": [row[2][1] for row in rows],
        "dst_ip": [row[3][0] for row in rows],
        "dst_port": [row[3][1] for row in rows],
    }
    return flow_batch(columns, len(rows))


def labels(*rows: Label) -> pa.Table:
    lines = [
        f"{EPOCH_S + start:.6f},{EPOCH_S + end:.6f},{proto},{src[0]},{src[1]},{dst[0]},{dst[1]},dos,flood"
        for start, end, proto, src, dst in rows
    ]
    return read_labels("\n".join([HEADER, *lines, ""]).encode())


def found(rows: list[Flow], named: list[Label]) -> list[int]:
    return [int(row) for row in label_of(flows(*rows), labels(*named))]


def test_a_flow_takes_the_label_of_its_endpoints_in_either_direction() -> None:
    named: list[Label] = [(0, 10, "tcp", A, B), (0, 10, "tcp", A, C)]
    assert found([(5, "tcp", A, B), (5, "tcp", B, A), (5, "tcp", C, A)], named) == [0, 0, 1]


@pytest.mark.parametrize(
    "flow",
    [
        (5.0, "udp", A, B),
        (5.0, "tcp", A, C),
        (5.0, "tcp", (A[0], 80), (B[0], 40000)),
        (5.0, "tcp", (A[0], 40001), B),
        (5.0, "unknown_transport", A, B),
    ],
)
def test_another_transport_or_endpoint_has_no_label(flow: Flow) -> None:
    assert found([flow], [(0, 10, "tcp", A, B)]) == [-1]


@pytest.mark.parametrize(("at", "row"), [(-0.500001, -1), (-0.5, 0), (0, 0), (10, 0), (10.5, 0), (10.500001, -1)])
def test_the_first_packet_may_be_half_a_second_outside(at: float, row: int) -> None:
    assert found([(at, "tcp", A, B)], [(0, 10, "tcp", A, B)]) == [row]


def test_of_several_labels_the_one_that_started_last_wins() -> None:
    named: list[Label] = [(4, 6, "tcp", A, B), (0, 10, "tcp", B, A), (4, 5, "tcp", A, B)]
    times: list[Flow] = [(at, "tcp", A, B) for at in (1.0, 4.2, 5.9, 8.0)]
    assert found(times, named) == [1, 2, 0, 1]


def test_an_echo_request_and_its_reply_are_one_question() -> None:
    host, target = ("10.77.0.2", 8), ("10.77.0.1", 0)
    assert found([(1, "icmp", host, target)], [(0, 2, "icmp", host, target)]) == [0]
    reply: Flow = (1, "icmp", ("10.77.0.1", 0), ("10.77.0.2", 8))
    assert found([reply], [(0, 2, "icmp", host, target)]) == [0]


def test_an_icmpv6_echo_fits_although_the_meter_writes_the_type_of_the_reply() -> None:
    named: list[Label] = [(0, 2, "icmp", ("fd00::2", 128), ("fd00::1", 0))]
    assert found([(1, "icmp", ("fd00::2", 128), ("fd00::1", 129))], named) == [0]
    assert found([(1, "icmp", ("fd00::2", 135), ("fd00::1", 136))], named) == [-1]


def test_addresses_are_compared_by_value() -> None:
    long = ("FD00:0:0:0:0:0:0:7", 443)
    assert found([(1, "tcp", A, C)], [(0, 2, "tcp", A, long)]) == [0]


def test_a_flow_without_time_or_ports_has_no_label() -> None:
    bare = flow_batch({"proto": ["tcp"], "src_ip": [A[0]], "dst_ip": [B[0]]}, rows=1)
    assert label_of(bare, labels((0, 10, "tcp", A, B))).tolist() == [-1]


def test_without_labels_or_flows_nothing_is_found() -> None:
    assert found([(1, "tcp", A, B)], []) == [-1]
    assert found([], [(0, 10, "tcp", A, B)]) == []


ends = st.sampled_from([A, B, ("10.77.0.2", 40001)])
protos = st.sampled_from(["tcp", "udp"])
ticks = st.integers(0, 12).map(lambda tick: tick / 4)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.lists(st.tuples(ticks, protos, ends, ends), max_size=6),
    st.lists(st.tuples(ticks, ticks, protos, ends, ends), max_size=6),
)
def test_the_join_is_the_rule_read_aloud(seen: list[Flow], named: list[Any]) -> None:
    kept: list[Label] = [(min(row[:2]), max(row[:2]), *row[2:]) for row in named]
    expected = []
    for at, proto, src, dst in seen:
        fits = [
            (start, row)
            for row, (start, end, kind, one, other) in enumerate(kept)
            if kind == proto and {(one, other), (other, one)} & {(src, dst)} and start - 0.5 <= at <= end + 0.5
        ]
        expected.append(max(fits, default=(0.0, -1))[1])
    assert found(seen, kept) == expected


def test_twenty_thousand_flows_of_one_pair_are_joined_without_delay() -> None:
    named: list[Label] = [(at / 100, at / 100 + 0.2, "tcp", A, B) for at in range(20_000)]
    rows: list[Flow] = [(at / 100, "tcp", A, B) for at in range(20_000)]
    joined = np.array(found(rows, named))
    assert (joined >= np.arange(20_000)).all()
    assert (joined - np.arange(20_000)).max() == 50


def row(**changed: str) -> bytes:
    values = {
        "start_s": "1.5",
        "end_s": "2.5",
        "proto": "tcp",
        "src_ip": "10.0.0.1",
        "src_port": "1",
        "dst_ip": "10.0.0.2",
        "dst_port": "2",
        "family": "dos",
        "activity": "a, b",
    } | changed
    quoted = (f'"{value}"' if "," in value else value for value in values.values())
    return f"{HEADER}\n{','.join(quoted)}\n".encode()


def test_labels_are_read() -> None:
    read = read_labels(row())
    assert read.schema.names == list(LABEL_TYPES)
    assert read.to_pylist()[0] == {
        "start_s": 1.5,
        "end_s": 2.5,
        "proto": "tcp",
        "src_ip": "10.0.0.1",
        "src_port": 1,
        "dst_ip": "10.0.0.2",
        "dst_port": 2,
        "family": "dos",
        "activity": "a, b",
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "labels: there are the columns \\(none\\); first missing: 'start_s'"),
        (b"start_s,end_s,proto\n", "labels: there are the columns start_s, end_s, proto; first missing: 'src_ip'"),
        (b"\xff\xfe\x00", "first missing: 'start_s'"),
        (row(src_port="http"), "labels: cannot be read .*'http'"),
        (row(start_s="yesterday"), "labels: cannot be read .*'yesterday'"),
        (row(src_port=""), "labels: row 1 has no src_port"),
        (row(proto="sctp"), "labels: 'sctp' is no proto; allowed are tcp, udp, icmp"),
        (row(start_s="3.5"), "labels: row 1 lasts from 3.5 to 2.5"),
        (row(end_s="inf"), "labels: row 1 lasts from 1.5 to inf"),
        (row(start_s="-1"), "labels: row 1 lasts from -1.0 to 2.5"),
        (row() + b"1,2\n", "labels: cannot be read .*Expected 9 columns, got 2"),
    ],
)
def test_labels_that_cannot_be_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read_labels(content)
    assert "\n" not in str(caught.value)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(SourceError, match="labels: 'gateway' is not an address"):
        label_of(flows((1, "tcp", A, B)), read_labels(row(dst_ip="gateway")))

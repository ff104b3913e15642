from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.schema import FLOW, flow_batch
from redshank.flows.records.pairs import Pairs

A, B = ("10.0.0.1", 40_000), ("10.0.0.2", 53)
S = 10**9


def half(
    at_s: float, src: tuple[str, int], dst: tuple[str, int], lasted_s: float = 0.0, pkts: int = 1, proto: str = "udp"
) -> dict[str, Any]:
    return {
        "ts": int(at_s * S),
        "src_ip": src[0],
        "src_port": src[1],
        "dst_ip": dst[0],
        "dst_port": dst[1],
        "duration": lasted_s,
        "src_pkts": pkts,
        "src_ip_bytes": 40 * pkts,
        "proto": proto,
        "ip_proto": {"udp": 17, "tcp": 6, "icmp": 1}[proto],
    }


def pair(*chunks: list[dict[str, Any]], flags: int = 0, **options: Any) -> tuple[list[dict[str, Any]], Counter[str]]:
    counts: Counter[str] = Counter()

    def count(name: str, amount: int) -> None:
        counts[name] += amount

    pairs = Pairs(count, **options)
    batches = []
    for rows in chunks:
        records = flow_batch({name: [row[name] for row in rows] for name in half(0, A, B)}, rows=len(rows))
        batches += pairs.feed(records, np.full(len(rows), flags))
    batches += pairs.finish()
    assert all(batch.schema.equals(FLOW, check_metadata=True) for batch in batches)
    table = pa.Table.from_batches(batches, FLOW)
    return table.set_column(0, "ts", table.column("ts").cast(pa.int64())).to_pylist(), +counts


def test_two_records_that_run_against_each_other_are_one_flow_of_the_one_that_began() -> None:
    for rows in ([half(1, A, B, 0.5, 2), half(1.25, B, A, 1)], [half(1.25, B, A, 1), half(1, A, B, 0.5, 2)]):
        (row,), counts = pair(rows)
        assert (row["ts"], row["duration"], row["src_ip"], row["dst_port"]) == (S, 1.25, "10.0.0.1", 53)
        assert (row["src_pkts"], row["src_ip_bytes"], row["dst_pkts"], row["dst_ip_bytes"]) == (2, 80, 1, 40)
        assert row["conn_state"] == "SF"
        assert counts == {}


def test_a_record_without_counterpart_says_nothing_of_the_other_side() -> None:
    (row,), counts = pair([half(1, A, B)])
    assert (row["dst_pkts"], row["dst_ip_bytes"], row["conn_state"], row["duration"]) == (None, None, None, None)
    assert counts == {"one_direction_only": 1}


def test_counterparts_find_each_other_across_chunks_within_the_idle_time() -> None:
    assert len(pair([half(1, A, B)], [half(59, B, A)])[0]) == 1
    rows, counts = pair([half(1, A, B)], [half(62, B, A)])
    assert [row["src_ip"] for row in rows] == ["10.0.0.1", "10.0.0.2"]
    assert counts == {"one_direction_only": 2}
    assert len(pair([half(1, A, B)], [half(62, B, A)], idle_s=100.0)[0]) == 1


def test_records_of_one_long_flow_pair_in_their_order() -> None:
    rows, _ = pair([half(t, *ends, 50, pkts=t + 1) for t in (0, 60, 120) for ends in ((A, B), (B, A))])
    assert [(row["ts"] // S, row["src_pkts"], row["dst_pkts"]) for row in rows] == [
        (0, 1, 1),
        (60, 61, 61),
        (120, 121, 121),
    ]


def test_where_the_clock_does_not_tell_the_lower_port_answers() -> None:
    (row,), _ = pair([half(1, B, A), half(1, A, B)])
    assert (row["src_ip"], row["dst_port"]) == ("10.0.0.1", 53)


def test_requests_and_replies_of_icmp_pair_by_their_types() -> None:
    (row,), _ = pair([half(1, ("10.0.0.1", 8), ("10.0.0.2", 0), proto="icmp"),
                      half(1, ("10.0.0.2", 0), ("10.0.0.1", 8), proto="icmp")])  # fmt: skip
    assert (row["src_ip"], row["src_port"], row["dst_port"], row["conn_state"]) == ("10.0.0.1", 8, 0, "OTH")


def test_beyond_the_capacity_the_oldest_go_without_and_are_counted() -> None:
    others = [half(n, ("10.0.1.1", n), B) for n in range(1, 20)]
    rows, counts = pair(others, [half(20, B, ("10.0.1.1", n)) for n in range(1, 20)], capacity=5)
    assert counts["pair_evicted"] >= 14
    assert sum(row["dst_pkts"] is not None for row in rows) == 5
    assert {row["src_port"] for row in rows if row["dst_pkts"] is not None} == set(range(15, 20))


HALVES = st.lists(
    st.builds(
        half, st.integers(0, 200), *[st.sampled_from([A, B, ("10.0.0.1", 7)])] * 2, st.floats(0, 90) | st.just(1e300)
    ),
    max_size=8,
)


@settings(max_examples=examples(30), deadline=None)
@given(chunks=st.lists(HALVES, min_size=1, max_size=3))
def test_every_packet_is_in_exactly_one_flow_however_the_records_come(chunks: list[list[dict[str, Any]]]) -> None:
    rows, counts = pair(*chunks)
    packets = sum(row["src_pkts"] + (row["dst_pkts"] or 0) for row in rows)
    assert packets == sum(len(chunk) for chunk in chunks)
    assert counts["one_direction_only"] == sum(row["dst_pkts"] is None for row in rows)
    for row in rows:
        assert row["duration"] is None or row["duration"] >= 0

import re

import numpy as np
import pytest

from redshank.core.schema import CONN_FIELDS, FLOW, LINK_FIELDS, STATISTICS_FIELDS
from redshank.flows.meter import Ended
from redshank.flows.metering.rows import flow_rows
from redshank.flows.metering.table import Table
from traces import START_NS, metered, trace

SESSION = "0 > S 100\n0.1 < SA 500 101\n0.2 > A 101 501\n0.3 > PA 101 501 20\n0.5 < PA 501 121 100\n0.6 > A 121 601"


def test_a_flow_of_one_packet_has_no_duration_and_no_byte_counts() -> None:
    (row,) = metered(trace("0 > - 30"))
    assert [row[name] for name in ("duration", "src_bytes", "dst_bytes")] == [None, None, None]
    assert (row["src_pkts"], row["src_ip_bytes"], row["src_size_std_bytes"], row["src_gap_mean_s"]) == (
        1,
        58,
        0.0,
        None,
    )


def test_sizes_and_gaps_are_those_of_each_direction() -> None:
    (row,) = metered(trace(SESSION))
    sizes, times = [40, 40, 60, 40], [0.0, 0.2, 0.3, 0.6]
    assert row["src_size_mean_bytes"] == pytest.approx(np.mean(sizes))
    assert row["src_size_std_bytes"] == pytest.approx(np.std(sizes))
    assert (row["src_size_min_bytes"], row["src_size_max_bytes"]) == (40, 60)
    assert row["src_gap_mean_s"] == pytest.approx(np.diff(times).mean())
    assert row["src_gap_std_s"] == pytest.approx(np.diff(times).std())
    assert (row["dst_gap_min_s"], row["dst_gap_max_s"]) == (pytest.approx(0.4), pytest.approx(0.4))
    assert [row[f"src_{flag}_count"] for flag in ("syn", "ack", "psh", "fin")] == [1, 3, 1, 0]
    assert row["dst_syn_count"] == 1


def test_flags_are_null_unless_tcp_and_an_absent_direction_has_no_sizes() -> None:
    (row,) = metered(trace("0 > - 30"))
    assert (row["src_syn_count"], row["dst_size_mean_bytes"], row["dst_pkts"]) == (None, None, 0)


def test_the_uid_looks_like_zeeks_and_is_the_same_in_a_replay() -> None:
    first, again = metered(trace(SESSION)), metered(trace(SESSION))
    assert re.fullmatch(r"C[0-9A-Za-z]{17}", first[0]["uid"])
    assert first[0]["uid"] == again[0]["uid"]
    later = trace(SESSION)
    later["ts_ns"] += 1
    assert metered(later)[0]["uid"] != first[0]["uid"]


def test_uids_of_many_flows_differ() -> None:
    packets = np.concatenate([trace("0 > - 1", sport=port) for port in range(1, 3000)])
    assert len({row["uid"] for row in metered(packets)}) == 2999


def test_everything_the_meter_knows_is_filled() -> None:
    packets = trace(SESSION)
    packets["src_mac"], packets["dst_mac"], packets["vlan"] = 0x020000000001, 0x020000000002, 7
    (row,) = metered(packets)
    filled = {field.name for field in (*CONN_FIELDS, *LINK_FIELDS, *STATISTICS_FIELDS)} - {
        "service",
        "tunnel_parents",
        "idle_mean_s",
        "idle_max_s",
    }
    assert [name for name in sorted(filled) if row[name] is None] == []
    assert (row["ts"], row["src_mac"], row["dst_mac"], row["vlan"]) == (
        START_NS,
        "02:00:00:00:00:01",
        "02:00:00:00:00:02",
        7,
    )
    assert (row["part"], row["part_reason"]) == ("final", "end_of_input")


def test_no_rows_are_an_empty_batch() -> None:
    none = Table(16, 1, out=0)
    names = np.zeros((0, 4), np.uint64)
    batch = flow_rows(Ended(none.out_rows, none.out_more, none.out_ends, names, none.out_streams, none.out_data))
    assert batch.num_rows == 0
    assert batch.schema.equals(FLOW)

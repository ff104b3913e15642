from pathlib import Path
from typing import Any

import pytest

from redshank.core.schema import flow_batch
from redshank.features.feature_sets.conn import Conn
from redshank.features.feature_sets.conn_any_stack import ConnAnyStack

FINGERPRINT = "4b9dc782bfd597bd"

# Five packets with 150 bytes and four with 900, from a host without TCP options and from one with timestamps.
PLAIN: dict[str, Any] = {
    "proto": "tcp",
    "duration": 0.25,
    "src_bytes": 150,
    "dst_bytes": 900,
    "conn_state": "SF",
    "missed_bytes": 0,
    "src_pkts": 5,
    "src_ip_bytes": 350,
    "dst_pkts": 4,
    "dst_ip_bytes": 1060,
}
STAMPED = PLAIN | {"src_ip_bytes": 350 + 5 * 12 + 8, "dst_ip_bytes": 1060 + 4 * 12 + 8}
PROBE = PLAIN | {"src_bytes": 0, "dst_bytes": 0, "src_pkts": 1, "src_ip_bytes": 44, "dst_pkts": 1, "dst_ip_bytes": 40}


def example(place: Path) -> ConnAnyStack:
    del place
    return ConnAnyStack()


def rows(features: Conn, *flows: dict[str, Any]) -> list[list[float]]:
    found: list[list[float]] = features.encode(
        flow_batch({name: [flow[name] for flow in flows] for name in PLAIN}, rows=len(flows))
    ).tolist()
    return found


def test_the_same_talk_is_the_same_row_with_and_without_tcp_timestamps() -> None:
    plain, stamped = rows(ConnAnyStack(), PLAIN, STAMPED)
    assert plain == stamped
    assert rows(Conn(), PLAIN, STAMPED)[1] != plain
    assert rows(Conn(), PLAIN)[0] == plain


@pytest.mark.parametrize("other", [PROBE, STAMPED | {"proto": "udp"}, STAMPED | {"src_bytes": None, "dst_bytes": None}])
def test_a_flow_that_is_not_tcp_or_carries_nothing_known_is_as_in_conn(other: dict[str, Any]) -> None:
    assert repr(rows(ConnAnyStack(), other)) == repr(rows(Conn(), other))


def test_missed_packets_add_no_bytes() -> None:
    (row,) = rows(ConnAnyStack(), PLAIN | {"src_bytes": 3_890_855_126})
    assert row[[column.name for column in Conn.columns].index("src_ip_bytes")] == 350

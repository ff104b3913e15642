import numpy as np
import pytest

from redshank.flows.metering.stream import CLOSED, ESTABLISHED, RESET
from redshank.flows.metering.table import END, ROW, Table
from redshank.flows.metering.tcp_states import ACK, FIN, RST, advance, exchange_roles
from traces import metered, trace

HANDSHAKE = "0 > S 100\n0.01 < SA 500 101\n0.02 > A 101 501\n"


@pytest.mark.parametrize(
    ("flags", "before", "after", "closes"),
    [
        (FIN | ACK, ESTABLISHED, CLOSED, True),
        (RST, ESTABLISHED, RESET, True),
        (ACK, ESTABLISHED, ESTABLISHED, False),
        (RST, CLOSED, RESET, True),
        (FIN, RESET, RESET, False),
    ],
)
def test_an_end_moves(flags: int, before: int, after: int, *, closes: bool) -> None:
    row, ends = np.zeros(1, ROW), np.zeros(2, END)
    ends["state"] = before, ESTABLISHED
    assert bool(advance(row[0], ends[0], ends[1], flags)) is closes
    assert ends["state"].tolist() == [after, ESTABLISHED]


def test_exchanging_roles_twice_changes_nothing_but_the_history() -> None:
    tables = Table(16, 1)
    row, more = tables.rows[0], tables.more[1]
    row["orig_mac"], row["first_seen"], row["orig_end"], row["resp_end"], row["more"] = 7, 1, 3, 4, 1
    more["retransmits"], more["bad_checksums"] = (5, 6), (7, 0)
    before = row.copy(), more.copy()
    exchange_roles(tables.memory, 0)
    assert (row["orig_end"], row["resp_end"], row["resp_mac"], row["first_seen"]) == (4, 3, 7, 2)
    assert more["retransmits"].tolist() == [6, 5]
    exchange_roles(tables.memory, 0)
    assert more == before[1]
    for name in ("orig_mac", "resp_mac", "first_seen", "orig_end", "resp_end", "orig_is_a"):
        assert row[name] == before[0][name]


def test_a_close_waits_for_data_that_is_still_missing() -> None:
    # The FIN comes before the data ahead of it: only the late data ends the originator's side.
    rows = metered(
        trace(HANDSHAKE + "1 > FA 111 501\n2 > PA 101 501 10\n2.1 < A 501 112\n3 < FA 501 112\n4 > A 112 502")
    )
    assert [row["conn_state"] for row in rows] == ["SF"]
    assert rows[0]["duration"] == pytest.approx(3.0)  # both had closed then: the last ACK is not counted


def test_a_scan_with_syn_acks_that_is_reset_keeps_its_direction() -> None:
    (row,) = metered(trace("0 > SA 100 900\n0.1 < R 900", sport=40000, dport=40001))
    assert (row["src_port"], row["history"]) == (40000, "Hr")

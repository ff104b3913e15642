import numpy as np
import pytest

from redshank.flows.stream import CLOSED, ESTABLISHED, INACTIVE, RESET
from redshank.flows.table import END, ROW
from redshank.flows.tcp_states import ACK, FIN, RST, advance, exchange_roles
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
    rows, ends = np.zeros(1, ROW), np.zeros(2, END)
    rows["orig_mac"], rows["first_seen"], rows["payload_seen"], rows["services"] = 7, 1, 2, (3, 4)
    ends["packets"], ends["state"] = (5, 6), (ESTABLISHED, INACTIVE)
    before = rows.copy(), ends.copy()
    exchange_roles(rows, ends, 0)
    assert ends["packets"].tolist() == [6, 5]
    assert rows["services"].tolist() == [[4, 3]]
    exchange_roles(rows, ends, 0)
    assert (ends == before[1]).all()
    for name in ("orig_mac", "resp_mac", "first_seen", "payload_seen", "orig_is_a"):
        assert rows[name] == before[0][name]


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

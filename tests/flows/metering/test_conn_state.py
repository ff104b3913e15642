import numpy as np
import pytest

from redshank.flows.metering.conn_state import STATES, conn_state, payload_bytes
from redshank.flows.metering.stream import CLOSED, ESTABLISHED, INACTIVE, PARTIAL, RESET, SYN_SENT
from redshank.flows.metering.table import END, ROW


@pytest.mark.parametrize(
    ("orig", "resp", "history", "state"),
    [
        (SYN_SENT, INACTIVE, "S", "S0"),
        (ESTABLISHED, ESTABLISHED, "ShA", "S1"),
        (CLOSED, CLOSED, "ShAFf", "SF"),
        (SYN_SENT, RESET, "Sr", "REJ"),
        (CLOSED, ESTABLISHED, "ShAF", "S2"),
        (ESTABLISHED, CLOSED, "ShAf", "S3"),
        (RESET, ESTABLISHED, "ShAR", "RSTO"),
        (ESTABLISHED, RESET, "ShAr", "RSTR"),
        (RESET, INACTIVE, "SR", "RSTOS0"),
        (RESET, INACTIVE, "^SR", "RSTOS0"),
        (RESET, INACTIVE, "SAR", "OTH"),
        (RESET, INACTIVE, "R", "OTH"),
        (INACTIVE, RESET, "^hr", "RSTRH"),
        (CLOSED, INACTIVE, "SF", "SH"),
        (INACTIVE, CLOSED, "^hf", "SHR"),
        (PARTIAL, PARTIAL, "Dd", "OTH"),
    ],
)
def test_a_tcp_flow_is_summed_up_by_what_both_ends_sent(orig: int, resp: int, history: str, state: str) -> None:
    row, ends = np.zeros(1, ROW)[0], np.zeros(2, END)
    row["proto"], row["history_length"] = 6, len(history)
    row["history"][: len(history)] = np.frombuffer(history.encode(), np.uint8)
    ends["state"] = orig, resp
    ends["last"] = 10  # bytes were sent
    assert STATES[conn_state(row, ends[0], ends[1])] == state


@pytest.mark.parametrize(("packets", "state"), [((1, 0), "S0"), ((1, 1), "SF"), ((0, 1), "SHR"), ((0, 0), "OTH")])
def test_a_udp_flow_is_summed_up_by_who_spoke(packets: tuple[int, int], state: str) -> None:
    row, ends = np.zeros(1, ROW)[0], np.zeros(2, END)
    row["proto"], ends["packets"] = 17, packets
    assert STATES[conn_state(row, ends[0], ends[1])] == state
    row["proto"] = 1
    assert STATES[conn_state(row, ends[0], ends[1])] == "OTH"


def test_payload_is_counted_by_sequence_numbers_only_for_tcp() -> None:
    ends = np.zeros(2, END)
    ends["packets"], ends["reach"], ends["start_seq"], ends["last"] = (2, 0), (70, 9), 100, 151
    assert [payload_bytes(proto, ends[0], ends[1]) for proto in (6, 17)] == [50, 70]
    assert payload_bytes(17, ends[1], ends[0]) == 0

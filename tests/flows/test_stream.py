import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.flows.stream import CLOSED, ESTABLISHED, acknowledged, data_seen, sent_bytes
from redshank.flows.table import BLOCKS, END, ROW


def _ends() -> np.ndarray:
    ends = np.zeros(2, END)
    ends["delivered"] = ends["trimmed"] = ends["data_end"] = 1
    ends["state"] = ESTABLISHED
    ends["ack_seq"] = 2  # something was acknowledged, so nothing is given up for lack of it
    return ends


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(1, 300), st.integers(1, 40), st.booleans()), max_size=12),
)
def test_missed_bytes_are_those_acknowledged_and_never_seen(steps: list[tuple[int, int, bool]]) -> None:
    row, ends = np.zeros(1, ROW), _ends()
    seen: set[int] = set()
    missed: set[int] = set()
    top = 1
    stretches = 0
    for start, length, ack in steps:
        data_seen(ends[0], ends[1], start, length)
        seen |= set(range(max(start, top), start + length))
        if ack:
            number = start + length
            acknowledged(row[0], ends[0], ends[1], 0, number)
            missed |= set(range(top, number)) - seen
            top = max(top, number)
        above = sorted(byte for byte in seen if byte >= top)
        stretches = max(stretches, sum(1 for k, byte in enumerate(above) if k == 0 or above[k - 1] != byte - 1))
    if stretches < BLOCKS:
        assert int(row["missed_bytes"][0]) == len(missed)


def test_gaps_count_only_between_ends_that_were_established() -> None:
    for states, missed in (((ESTABLISHED, ESTABLISHED), 9), ((3, ESTABLISHED), 0), ((CLOSED, ESTABLISHED), 0)):
        row, ends = np.zeros(1, ROW), _ends()
        ends["state"] = states
        acknowledged(row[0], ends[0], ends[1], 0, 10)
        assert int(row["missed_bytes"][0]) == missed


def test_more_stretches_than_there_is_room_for_are_dropped_not_overrun() -> None:
    row, ends = np.zeros(1, ROW), _ends()
    for k in range(BLOCKS + 4):
        data_seen(ends[0], ends[1], 100 + 20 * k, 10)
    assert int(ends["blocks"][0]) == BLOCKS
    acknowledged(row[0], ends[0], ends[1], 0, 100 + 20 * (BLOCKS + 4))
    assert int(row["missed_bytes"][0]) == 100 + 20 * (BLOCKS + 4) - 1 - 10 * BLOCKS


def test_without_any_acknowledgement_data_above_a_hole_is_given_up() -> None:
    ends = _ends()
    ends["ack_seq"] = 0
    data_seen(ends[0], ends[1], 500, 20_000)
    assert int(ends["given_up"][0]) == 1


def test_sent_bytes_leave_out_syn_and_fin() -> None:
    ends = _ends()
    ends["start_seq"], ends["last_seq"], ends["ack_seq"], ends["fins"] = 100, 152, 100, 1
    assert sent_bytes(ends[0], ends[1]) == 50

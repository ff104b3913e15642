from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.metering.stream import CLOSED, ESTABLISHED, acknowledged, data_seen, sent_bytes
from redshank.flows.metering.table import BLOCKS, GIVEN_UP, Table


def _table() -> Table:
    """Return a table whose row 0 has the ends 1 and 2, both established."""
    tables = Table(16, 1)
    tables.rows["orig_end"][0], tables.rows["resp_end"][0] = 1, 2
    ends = tables.ends
    ends["delivered"][1:3] = ends["trimmed"][1:3] = ends["reach"][1:3] = 1
    ends["state"][1:3] = ESTABLISHED
    ends["acked"][1:3] = 2  # something was acknowledged, so nothing is given up for lack of it
    return tables


def _seen(tables: Table, start: int, length: int) -> None:
    data_seen(tables.memory, tables.ends[1], tables.ends[2], start, length)


def _acked(tables: Table, number: int) -> int:
    acknowledged(tables.memory, 0, tables.ends[1], tables.ends[2], 0, number)
    return int(tables.rows["missed_bytes"][0])


@settings(max_examples=examples(200), deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(1, 300), st.integers(1, 40), st.booleans()), max_size=12),
)
def test_missed_bytes_are_those_acknowledged_and_never_seen(steps: list[tuple[int, int, bool]]) -> None:
    tables = _table()
    seen: set[int] = set()
    missed: set[int] = set()
    top = 1
    stretches = 0
    for start, length, ack in steps:
        _seen(tables, start, length)
        seen |= set(range(max(start, top), start + length))
        if ack:
            number = start + length
            _acked(tables, number)
            missed |= set(range(top, number)) - seen
            top = max(top, number)
        above = sorted(byte for byte in seen if byte >= top)
        stretches = max(stretches, sum(1 for k, byte in enumerate(above) if k == 0 or above[k - 1] != byte - 1))
    if stretches < BLOCKS:
        assert int(tables.rows["missed_bytes"][0]) == len(missed)


def test_gaps_count_only_between_ends_that_were_established() -> None:
    for states, missed in (((ESTABLISHED, ESTABLISHED), 9), ((3, ESTABLISHED), 0), ((CLOSED, ESTABLISHED), 0)):
        tables = _table()
        tables.ends["state"][1:3] = states
        assert _acked(tables, 10) == missed


def test_more_stretches_than_there_is_room_for_are_dropped_not_overrun() -> None:
    tables = _table()
    for k in range(BLOCKS + 4):
        _seen(tables, 100 + 20 * k, 10)
    assert int(tables.holes["blocks"][tables.ends["hole"][1]]) == BLOCKS
    assert _acked(tables, 100 + 20 * (BLOCKS + 4)) == 100 + 20 * (BLOCKS + 4) - 1 - 10 * BLOCKS
    assert int(tables.ends["hole"][1]) == 0


def test_without_a_hole_to_be_had_data_out_of_order_is_as_if_it_was_not_seen() -> None:
    tables = _table()
    tables.memory["started_hole"] = len(tables.holes)
    _seen(tables, 100, 10)
    assert int(tables.ends["hole"][1]) == 0
    assert _acked(tables, 110) == 109


def test_without_any_acknowledgement_data_above_a_hole_is_given_up() -> None:
    tables = _table()
    tables.ends["acked"][1] = 0
    _seen(tables, 500, 20_000)
    assert (int(tables.ends["order"][1]), int(tables.ends["hole"][1])) == (GIVEN_UP, 0)


def test_sent_bytes_leave_out_syn_and_fin() -> None:
    ends = _table().ends
    ends["start_seq"], ends["last"], ends["acked"], ends["fin"] = 100, 152, 100, 1
    assert sent_bytes(ends[1], ends[2]) == 50

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundles import flows
from redshank.alerts.packet_clock import AHEAD, BACK, DOUBTED, JUMP_S, JUMPED, NEVER, WENT_BACK, Ints, PacketClock

S = 1_000_000_000
DAY = 86_400


def times(*seconds: float | None) -> Ints:
    return np.array([NEVER if one is None else round(one * S) for one in seconds], dtype=np.int64)


def reached(clock: PacketClock, *seconds: float | None) -> list[float]:
    given = times(*seconds)
    return [one / S for one in clock.take(given, given).tolist()]


def test_time_goes_on_and_never_back_by_a_little() -> None:
    clock = PacketClock()
    assert reached(clock, 5, 7, 6, None, JUMP_S) == [5, 7, 7, 7, JUMP_S]
    assert not clock.events


def test_one_broken_record_of_next_year_moves_nothing() -> None:
    clock = PacketClock()
    reached(clock, 10, 11)
    for _ in range(5):
        assert reached(clock, 365 * DAY, 11) == [11, 11]
    assert clock.events == {DOUBTED: 5}


def test_a_leap_that_several_rows_tell_of_is_believed() -> None:
    clock = PacketClock()
    assert reached(clock, 10, DAY, DAY + 1, DAY + 2, DAY + 3) == [10, 10, 10, DAY + 2, DAY + 3]
    assert clock.events == {DOUBTED: AHEAD - 1, JUMPED: 1}


def test_rows_that_leap_to_different_times_are_no_witnesses_of_each_other() -> None:
    clock = PacketClock()
    assert reached(clock, 10, *(DAY * n for n in range(1, 9))) == [10.0] * 9
    assert not clock.events[JUMPED]


def test_a_clock_that_was_set_back_is_followed_after_a_while() -> None:
    clock = PacketClock()
    assert reached(clock, DAY, *range(10, 10 + BACK))[-2:] == [DAY, 10 + BACK - 1]
    assert clock.events == {DOUBTED: BACK - 1, WENT_BACK: 1}
    assert reached(clock, 30) == [30]


def test_long_flows_that_end_now_are_no_clock_that_was_set_back() -> None:
    clock = PacketClock()
    reached(clock, DAY)
    began = times(*range(100))
    assert set(clock.take(began, np.full(100, DAY * S)).tolist()) == {DAY * S}
    assert not clock.events


def test_a_first_record_of_next_year_is_got_over() -> None:
    clock = PacketClock()
    assert reached(clock, 365 * DAY, *[5.0] * BACK)[-1] == 5


SECONDS = st.one_of(st.none(), st.integers(0, 50), st.integers(DAY, DAY + 50), st.sampled_from([30 * DAY, 365 * DAY]))


@given(st.lists(SECONDS, max_size=60), st.lists(st.integers(0, 60), max_size=5))
def test_how_rows_were_cut_into_batches_makes_no_difference(seconds: list[int | None], cuts: list[int]) -> None:
    whole, cut, row_by_row = PacketClock(), PacketClock(), PacketClock()
    given_ = times(*seconds)
    wanted = whole.take(given_, given_).tolist()
    parts = np.split(given_, sorted(min(at, len(given_)) for at in cuts))
    assert [one for part in parts for one in cut.take(part, part).tolist()] == wanted
    assert [row_by_row._next(one, one) for one in given_.tolist()] == wanted
    assert whole.events == cut.events == row_by_row.events


def test_what_records_say_of_times_may_be_anything() -> None:
    strange = flows(["benign"] * 4, ts=[2**63 - 1, -(2**63), None, 0], duration=[float("nan"), -5.0, None, 1e300])
    ts, now = PacketClock().see(strange)
    assert (np.abs(ts) < 2**63 - 1).all()
    assert len(now) == 4


@pytest.mark.parametrize("n", [0, 1])
def test_a_batch_may_have_no_row_or_no_time(n: int) -> None:
    assert len(PacketClock().take(times(*[None] * n), times(*[0.0] * n))) == n

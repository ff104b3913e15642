import random
from pathlib import Path

from redshank.alerts.lane import DOWN, LONGEST_REST_S, SHORTEST_REST_S, Lane
from redshank.alerts.sinks.eve import Eve


def lane() -> Lane:
    return Lane("hook", Eve(Path("eve.json")), random.Random(1))


def failed(rows: int, *, took_s: float = 0.0, now_s: float = 1_000.0) -> Lane:
    one = lane()
    for number in range(rows):
        one.fails(f"row {number}", "no answer", now_s, took_s)
    return one


def test_a_sink_is_down_when_so_many_rows_failed_in_a_row_but_not_by_one_that_fails_again_and_again() -> None:
    assert not failed(DOWN - 1).down
    assert failed(DOWN).down
    one = lane()
    for _ in range(99):
        one.fails("the same", "no answer", 1_000.0, 10.0)
    assert not one.down
    assert not one.rests(1_000.0)


def test_it_rests_for_longer_after_a_try_that_hung_and_never_for_long() -> None:
    quick, hung, stuck = failed(DOWN), failed(DOWN, took_s=5.0), failed(DOWN, took_s=3_600.0)
    assert [one.rests(1_000.0 + SHORTEST_REST_S) for one in (quick, hung, stuck)] == [False, True, True]
    assert not any(one.rests(1_000.0 + LONGEST_REST_S) for one in (quick, hung, stuck))


def test_a_clock_that_is_set_back_or_on_ends_a_rest() -> None:
    one = failed(DOWN, took_s=10.0)
    assert one.rests(1_000.0)
    assert not one.rests(0.0)
    assert not one.rests(1e9)


def test_one_that_took_a_row_is_not_down() -> None:
    one = failed(3 * DOWN)
    assert (one.failures, one.said) == (2 * DOWN, "no answer")
    one.works()
    assert (one.down, one.failures, one.said, one.rests(1_000.0)) == (False, 0, "", False)

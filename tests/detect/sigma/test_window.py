from collections import defaultdict

import numpy as np
import pytest

from redshank.detect.sigma.window import BUDGET_BYTES, Window

S = 1_000_000_000
Event = tuple[int, int, float]


def add(window: Window, *events: Event) -> list[bool]:
    """Add events of (group, value, seconds)."""
    groups, values, times = zip(*events, strict=True)
    hits: list[bool] = window.add(
        np.array(groups, dtype=np.uint64),
        np.array(values, dtype=np.uint64),
        np.array([round(time * S) for time in times], dtype=np.int64),
    ).tolist()
    return hits


def drawn(count: int, seed: int) -> list[Event]:
    rng = np.random.default_rng(seed)
    return [(int(rng.integers(5)), int(rng.integers(12)), float(rng.uniform(0, 300))) for _ in range(count)]


def test_the_third_value_within_the_span_is_a_hit_and_so_is_what_follows() -> None:
    assert add(Window(3, 10 * S), (1, 1, 0), (1, 2, 1), (1, 3, 2), (1, 4, 3)) == [False, False, True, True]


def test_a_value_that_is_seen_again_counts_once() -> None:
    assert add(Window(2, 10 * S), (1, 7, 0), (1, 7, 1), (1, 7, 2)) == [False, False, False]


def test_values_older_than_the_span_do_not_count() -> None:
    assert add(Window(2, 10 * S), (1, 1, 0), (1, 2, 10.1), (1, 3, 20.1)) == [False, False, True]


def test_groups_do_not_count_for_each_other() -> None:
    assert add(Window(2, 10 * S), (1, 1, 0), (2, 2, 0), (1, 2, 1), (2, 1, 1)) == [False, False, True, True]
    assert add(Window(2, 10 * S), (1, 1, 0), (2, 2, 0)) == [False, False]


def test_a_flow_that_is_told_late_counts_where_it_began() -> None:
    window = Window(3, 10 * S)
    assert add(window, (1, 1, 100), (1, 2, 50), (1, 3, 101)) == [False, False, False]
    assert add(window, (1, 4, 95)) == [True], "95, 100 and 101 are within ten seconds"
    assert add(window, (1, 5, 20)) == [False], "too old to be part of any window that is kept"


def test_a_flow_that_is_told_late_is_a_hit_if_its_window_has_enough() -> None:
    window = Window(2, 10 * S)
    assert add(window, (1, 1, 99), (1, 2, 100)) == [False, True]
    assert add(window, (1, 3, 95), (1, 4, 89)) == [True, False], "older than what is kept, but 95 is within ten seconds"


def test_one_is_enough_if_one_is_asked_for() -> None:
    assert add(Window(1, S), (1, 1, 0), (2, 1, 50)) == [True, True]


def test_it_makes_no_difference_how_events_are_cut() -> None:
    events, cut = drawn(400, seed=5), Window(5, 20 * S)
    parts = [hit for at in range(0, 400, 7) for hit in add(cut, *events[at : at + 7])]
    assert parts == add(Window(5, 20 * S), *events)


def test_in_order_of_time_it_counts_as_a_plain_count_does() -> None:
    events = sorted(drawn(2_000, seed=6), key=lambda event: event[2])
    kept: dict[int, list[tuple[int, int]]] = defaultdict(list)
    expected = []
    for group, value, time in events:
        kept[group].append((value, round(time * S)))
        recent = {v for v, t in kept[group] if round(time * S) - t <= 20 * S}
        expected.append(len(recent) >= 10)
    assert add(Window(10, 20 * S), *events) == expected
    assert 100 < sum(expected) < 1_900


@pytest.mark.parametrize("at_least", [1, 20, 1000])
def test_memory_is_bounded_and_what_is_forgotten_is_counted(at_least: int) -> None:
    window = Window(at_least, 10 * S)
    groups = np.random.default_rng(7).integers(0, 2**63, 20_000).astype(np.uint64)
    window.add(groups, groups, np.zeros(20_000, dtype=np.int64))
    held = int((window._heard >= 0).sum())
    assert held + window.forgotten == 20_000
    assert window._values.nbytes + window._times.nbytes <= max(BUDGET_BYTES, 8 * at_least * 16)


def test_a_group_whose_window_is_over_makes_room_without_being_missed() -> None:
    window = Window(2, 10 * S)
    same_place = [len(window._groups) // 8 * n for n in range(9)]
    add(window, *((group, 1, 0.0) for group in same_place[:8]), (same_place[8], 1, 11))
    assert window.forgotten == 0


def test_the_group_heard_of_least_recently_makes_room() -> None:
    window = Window(2, 10 * S)
    same_place = [len(window._groups) // 8 * n for n in range(9)]
    add(window, *((group, 1, 0.0) for group in same_place[:8]))
    add(window, (same_place[0], 1, 1))
    add(window, (same_place[8], 1, 2))
    assert window.forgotten == 1
    assert add(window, (same_place[0], 2, 3)) == [True]
    assert add(window, (same_place[1], 2, 3)) == [False], "it was forgotten"

import numpy as np

from redshank.flows.metering.pools import end_of, give_hole, give_row, hole_of, more_of, take_row, victim
from redshank.flows.metering.table import Table


def test_a_full_table_has_no_row_to_take() -> None:
    tables = Table(16, 1)
    assert [take_row(tables.memory) for _ in range(17)] == [*range(16), -1]
    give_row(tables.memory, 5)
    assert [take_row(tables.memory), take_row(tables.memory)] == [5, -1]


def test_every_flow_can_have_both_ends_and_more_and_gives_them_back() -> None:
    tables = Table(16, 1)
    for _ in range(3):
        places: list[tuple[int, int, int]] = []
        for index in range(16):
            assert take_row(tables.memory) >= 0
            tables.rows[index]["orig_end"] = tables.rows[index]["resp_end"] = tables.rows[index]["more"] = 0
            places.append(
                (end_of(tables.memory, index, 0), end_of(tables.memory, index, 1), more_of(tables.memory, index))
            )
            assert end_of(tables.memory, index, 1) == places[-1][1]
            assert more_of(tables.memory, index) == places[-1][2]
        ends = [end for *both, _ in places for end in both]
        assert sorted(ends) == list(range(1, 33))
        assert sorted(more for *_, more in places) == list(range(1, 17))
        for index in range(16):
            give_row(tables.memory, index)


def test_the_end_of_a_side_that_did_not_speak_is_not_handed_out() -> None:
    tables = Table(16, 1)
    before = tables.ends[0].copy()
    for index in range(16):
        take_row(tables.memory)
        end_of(tables.memory, index, 0)
    assert tables.ends[0] == before
    assert (int(before["delivered"]), int(before["packets"])) == (1, 0)


def test_an_end_that_is_used_again_holds_nothing_of_before() -> None:
    tables = Table(16, 1)
    take_row(tables.memory)
    place = end_of(tables.memory, 0, 0)
    tables.ends[place : place + 1].view(np.uint8)[:] = 255
    tables.ends[place]["hole"] = 0
    give_row(tables.memory, take_row(tables.memory) - 1)
    tables.rows[0]["orig_end"] = 0
    assert end_of(tables.memory, 0, 0) == place
    again = tables.ends[place].copy()
    assert again == tables.ends[0]


def test_holes_are_had_while_there_are_some() -> None:
    tables = Table(16, 1)
    tables.memory["started_hole"] = len(tables.holes) - 1
    first, second = tables.ends[1], tables.ends[2]
    assert hole_of(tables.memory, first) == len(tables.holes) - 1
    assert hole_of(tables.memory, first) == len(tables.holes) - 1
    assert hole_of(tables.memory, second) == 0
    give_hole(tables.memory, first)
    assert hole_of(tables.memory, second) == len(tables.holes) - 1


def test_the_victim_is_a_single_packet_first_then_the_least_recently_active() -> None:
    tables = Table(16, 1)
    tables.rows["packets"], tables.rows["last_ns"] = 5, np.arange(100, 116)
    tables.rows["packets"][[3, 7]], tables.rows["last_ns"][7] = 1, 50
    assert victim(tables.memory) == 7
    tables.rows["packets"] = 5
    tables.rows["last_ns"][9] = 2
    assert victim(tables.memory) == 9

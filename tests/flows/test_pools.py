import numpy as np

from redshank.flows import table
from redshank.flows.pools import end_of, give_hole, give_row, hole_of, more_of, take_row, victim


def test_a_full_table_has_no_row_to_take() -> None:
    tables = table.make(16, 1)
    assert [take_row(tables) for _ in range(17)] == [*range(16), -1]
    give_row(tables, 5)
    assert [take_row(tables), take_row(tables)] == [5, -1]


def test_every_flow_can_have_both_ends_and_more_and_gives_them_back() -> None:
    tables = table.make(16, 1)
    for _ in range(3):
        places: list[tuple[int, int, int]] = []
        for index in range(16):
            assert take_row(tables) >= 0
            tables.rows[index]["orig_end"] = tables.rows[index]["resp_end"] = tables.rows[index]["more"] = 0
            places.append((end_of(tables, index, 0), end_of(tables, index, 1), more_of(tables, index)))
            assert end_of(tables, index, 1) == places[-1][1]
            assert more_of(tables, index) == places[-1][2]
        ends = [end for *both, _ in places for end in both]
        assert sorted(ends) == list(range(1, 33))
        assert sorted(more for *_, more in places) == list(range(1, 17))
        for index in range(16):
            give_row(tables, index)


def test_the_end_of_a_side_that_did_not_speak_is_not_handed_out() -> None:
    tables = table.make(16, 1)
    before = tables.ends[0].copy()
    for index in range(16):
        take_row(tables)
        end_of(tables, index, 0)
    assert tables.ends[0] == before
    assert (int(before["delivered"]), int(before["packets"])) == (1, 0)


def test_an_end_that_is_used_again_holds_nothing_of_before() -> None:
    tables = table.make(16, 1)
    take_row(tables)
    place = end_of(tables, 0, 0)
    tables.ends[place : place + 1].view(np.uint8)[:] = 255
    tables.ends[place]["hole"] = 0
    give_row(tables, take_row(tables) - 1)
    tables.rows[0]["orig_end"] = 0
    assert end_of(tables, 0, 0) == place
    again = tables.ends[place].copy()
    again["spare"] = 0
    assert again == tables.ends[0]


def test_holes_are_had_while_there_are_some() -> None:
    tables = table.make(16, 1)
    tables.state[table.STARTED_HOLE] = len(tables.holes) - 1
    first, second = tables.ends[1], tables.ends[2]
    assert hole_of(tables, first) == len(tables.holes) - 1
    assert hole_of(tables, first) == len(tables.holes) - 1
    assert hole_of(tables, second) == 0
    give_hole(tables, first)
    assert hole_of(tables, second) == len(tables.holes) - 1


def test_the_victim_is_a_single_packet_first_then_the_least_recently_active() -> None:
    tables = table.make(16, 1)
    tables.rows["packets"], tables.rows["last_ns"] = 5, np.arange(100, 116)
    tables.rows["packets"][[3, 7]], tables.rows["last_ns"][7] = 1, 50
    assert victim(tables) == 7
    tables.rows["packets"] = 5
    tables.rows["last_ns"][9] = 2
    assert victim(tables) == 9

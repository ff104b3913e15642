from redshank.console.desk import Desk
from redshank.console.refusals import BUSY, LOCKED, MOST_EACH, WRONG, Refusals
from redshank.store.people import People


def refusals(desk: Desk) -> Refusals:
    people = People(desk.database)
    return Refusals(desk.audit, lambda name: people.find(name) is not None)


def told(desk: Desk) -> list[tuple[str, str, str, int]]:
    found = [one for one in desk.audit.entries(1_000) if one.what.startswith("login")]
    return [(one.what, one.about, one.detail["from"], one.detail["times this hour"]) for one in reversed(found)]


def test_what_comes_again_is_told_the_first_the_tenth_and_the_hundredth_time(desk: Desk) -> None:
    some = refusals(desk)
    for n in range(250):
        some.note(WRONG, "vera", "10.0.0.9", 3_600.0 + n)
    some.note(LOCKED, "vera", "10.0.0.9", 3_900.0, 7.5)
    assert told(desk) == [
        (WRONG, "vera", "10.0.0.9", 1),
        (WRONG, "vera", "10.0.0.9", 10),
        (WRONG, "vera", "10.0.0.9", 100),
        (LOCKED, "vera", "10.0.0.9", 1),
    ]
    assert desk.audit.entries(1)[0].detail["next_in_s"] == 8


def test_another_hour_is_counted_anew(desk: Desk) -> None:
    some = refusals(desk)
    for now_s in (3_600.0, 3_601.0, 7_200.0):
        some.note(BUSY, "vera", "10.0.0.9", now_s)
    assert [one[-1] for one in told(desk)] == [1, 1]


def test_a_flood_of_names_hides_nobody_who_has_an_account_and_stays_small(desk: Desk) -> None:
    some = refusals(desk)
    for n in range(5_000):
        some.note(WRONG, f"name{n}", f"2001:db8::{n:x}", 3_600.0)
    some.note(WRONG, "vera", "10.0.0.9", 3_601.0)
    found = told(desk)
    assert found[-1] == (WRONG, "vera", "10.0.0.9", 1)
    assert len(found) == MOST_EACH + len("1000") + 1
    assert found[-2] == (WRONG, "", "further names and addresses", 1_000)


def test_names_are_bounded_and_steer_nothing(desk: Desk) -> None:
    refusals(desk).note(WRONG, "\x1b[2J" + "x" * 500, "10.0.0.9", 3_600.0)
    ((_, name, _, _),) = told(desk)
    assert name.startswith("\\x1b[2Jx")
    assert len(name) < 100

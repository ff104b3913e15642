import json

import pytest
from sqlalchemy import delete, update

from console.filled import Filled
from redshank.console.desk import Desk
from redshank.console.facts.responses import CHECKED_EVERY_S, Book, ReadOnce, line_at
from redshank.respond.chain import Event, line_of
from redshank.respond.ledger import Ledger
from redshank.store.ledger import Journal
from redshank.store.tables import LEDGER


class Clock:
    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(filled: Filled) -> Clock:
    return Clock(filled.now_s)


@pytest.fixture
def book(filled: Filled, clock: Clock) -> Book:
    return Book(Desk(filled.settings, filled.database, now_s=clock))


def change(filled: Filled, place: int, text: str) -> None:
    with filled.database.writing() as sql:
        sql.execute(update(LEDGER).where(LEDGER.c.place == place).values(line=text))


def test_actions_are_sorted_by_what_can_be_done_about_them(book: Book, filled: Filled) -> None:
    state = book.state()
    assert {one.state for one in state.waiting} == {"proposed"}
    assert {one.state for one in state.active} == {"approved", "applied"}
    assert {one.state for one in state.over} == {"expired", "undone", "refused", "failed"}
    assert [one.changed_s for one in state.over] == sorted((one.changed_s for one in state.over), reverse=True)
    assert len(state.allowed) == 2
    assert (state.lines, state.torn_at, state.problem) == (Journal(filled.database).count(), (), "")
    one = state.over[0]
    assert one in state.against([one.action.target])
    assert state.against(["10.9.9.9"]) == []


def test_what_others_write_is_seen_at_once(book: Book, filled: Filled) -> None:
    name = book.state().waiting[0].action.id
    filled.ledger().undo(name, "ana", filled.now_s, "not now")
    assert name in {one.action.id for one in book.state().over}


def test_a_changed_line_is_found_by_the_next_check_and_nothing_is_believed(
    book: Book, filled: Filled, clock: Clock
) -> None:
    assert not book.state().problem
    text = Journal(filled.database).lines(2, 1)[0]
    change(filled, 2, text.replace('"by": "', '"by": "x'))
    clock.now_s += CHECKED_EVERY_S
    state = book.state()
    assert "ledger: line 3 was changed after it was written" in state.problem
    assert (state.waiting, state.active, state.over) == ((), (), ())
    assert not book.lines(3, before=4)[0].whole


def test_lines_that_are_as_they_were_are_compared_and_not_read_as_actions_again(filled: Filled, clock: Clock) -> None:
    class Counting(Desk):
        ledgers = 0

        def ledger(self, journal: Journal | None = None) -> Ledger:
            Counting.ledgers += 1
            return super().ledger(journal)

    book = Book(Counting(filled.settings, filled.database, now_s=clock))
    name = book.state().waiting[0].action.id
    filled.ledger().undo(name, "ana", filled.now_s, "not now")
    clock.now_s += CHECKED_EVERY_S
    state = book.state()
    assert (state.checked_at_s, state.problem, Counting.ledgers) == (clock.now_s, "", 1)
    assert name in {one.action.id for one in state.over}
    change(filled, 0, Journal(filled.database).lines(0, 1)[0] + " ")
    clock.now_s += CHECKED_EVERY_S
    assert "ledger: line 1 was changed" in book.state().problem
    assert Counting.ledgers == 2


def test_lines_that_were_read_are_told_from_lines_that_were_changed_since(filled: Filled) -> None:
    read = ReadOnce(filled.database)
    first = read.lines(0, 2)
    read.lines(2)
    assert read.is_same()
    journal = Journal(filled.database)
    journal.append(journal.count(), "one more")
    assert read.is_same(), "what came later was not read"
    change(filled, 0, first[0] + first[1])
    change(filled, 1, "")
    assert not read.is_same(), "the same letters, in other lines"
    change(filled, 0, first[0])
    change(filled, 1, first[1])
    assert read.is_same()
    with filled.database.writing() as sql:
        sql.execute(delete(LEDGER).where(LEDGER.c.place == 1))
    assert not read.is_same()


def test_a_torn_line_is_told_by_its_number(book: Book, filled: Filled) -> None:
    journal = Journal(filled.database)
    journal.append(journal.count(), '{"what": "appr')
    state = book.state()
    assert (state.problem, state.torn_at) == ("", (state.lines,))
    (line,) = book.lines(1)
    assert (line.number, line.event, line.whole) == (state.lines, None, False)


def test_lines_come_in_pages_the_newest_first(book: Book, filled: Filled) -> None:
    count = Journal(filled.database).count()
    assert [line.number for line in book.lines(2)] == [count, count - 1]
    assert [line.number for line in book.lines(2, before=3)] == [2, 1]
    assert book.lines(2, before=1) == []
    assert all(line.whole for line in book.lines(1000))


def test_the_history_of_an_action_is_its_lines(book: Book) -> None:
    one = book.state().over[0]
    events = [line.event for line in book.history(one.action.id)]
    assert next(event.what for event in events if event) == "proposed"
    assert [event.what for event in events if event][-1] == one.state


@pytest.mark.parametrize("text", ["", "[]", "3", '{"digest": 1}', '{"digest": "", "number": 0, "before": "", "x": 1}'])
def test_a_line_that_says_nothing_has_no_event(text: str) -> None:
    assert line_at(0, text).event is None


def test_a_line_in_another_place_is_not_whole() -> None:
    text = line_of(Event("allowed", 1.0, "ana", target="10.0.0.1"), 0, "0" * 64)
    assert line_at(0, text).whole
    assert not line_at(1, text).whole
    assert not line_at(0, json.dumps(json.loads(text)) + " ").whole


def test_who_is_never_blocked_is_looked_up_now_and_then(book: Book, clock: Clock) -> None:
    first = book.protected()
    assert book.protected() is first
    clock.now_s += 11
    assert book.protected() is not first
    assert first.why("224.0.0.1") == "multicast"

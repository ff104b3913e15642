import threading

import pytest

from redshank.console.shared import Shared
from redshank.core.errors import StoreBusyError


def test_what_was_read_a_moment_ago_serves_another_browser() -> None:
    shared, asked = Shared(), list[int]()

    def read() -> int:
        asked.append(1)
        return len(asked)

    assert [shared.get("a", (0.0,), now_s, read) for now_s in (0.0, 1.9, 2.1, 0.0)] == [1, 1, 2, 3]


def test_what_was_read_before_a_change_serves_nobody_after_it() -> None:
    shared, told = Shared(), iter((1, 2, 3))
    assert [shared.get("a", (stamp,), 0.0, lambda: next(told)) for stamp in (1.0, 1.0, 2.0)] == [1, 1, 2]


def test_what_was_begun_to_be_read_later_serves_whoever_looked_earlier() -> None:
    shared, told = Shared(), iter((1, 2))
    asked = ((5.0, 0.5), (4.0, 0.4), (6.0, 0.6))
    assert [shared.get("a", (stamp,), now_s, lambda: next(told)) for stamp, now_s in asked] == [1, 1, 2]


def test_what_is_of_an_older_moment_of_the_store_serves_nobody_however_late_it_was_begun() -> None:
    shared, told = Shared(), iter((1, 2))
    asked = (((5.0, 7.0), 0.5), ((4.0, 8.0), 0.4))
    assert [shared.get("a", stamp, now_s, lambda: next(told)) for stamp, now_s in asked] == [1, 2]


def test_what_is_half_too_old_is_read_anew_beside_and_nobody_waits_for_it() -> None:
    shared, begun, go_on, beside = Shared(), threading.Event(), threading.Event(), list[threading.Thread]()

    def read() -> str:
        beside.append(threading.current_thread())
        begun.set()
        assert go_on.wait(20.0)
        return "new"

    def get(now_s: float) -> str:
        return shared.get("a", (0.0,), now_s, read, 4.0, beside=True)

    assert shared.get("a", (0.0,), 0.0, lambda: "old", 4.0, beside=True) == "old"
    assert get(1.9) == "old"
    assert not beside
    assert get(2.0) == "old"
    assert begun.wait(20.0)
    assert get(3.9) == "old", "what is read beside is read once"
    go_on.set()
    (thread,) = beside
    thread.join(20.0)
    assert get(3.9) == "new"
    assert beside == [thread]


def test_what_was_read_beside_is_as_old_as_its_beginning_and_gives_way_to_what_was_read_after_a_change() -> None:
    shared, begun, go_on, beside = Shared(), threading.Event(), threading.Event(), list[threading.Thread]()

    def read() -> str:
        beside.append(threading.current_thread())
        begun.set()
        assert go_on.wait(20.0)
        return "read beside"

    def get(stamp: float, now_s: float, text: str) -> str:
        return shared.get("a", (stamp,), now_s, lambda: text, 4.0)

    def until_beside_is_over() -> None:
        assert begun.wait(20.0)
        go_on.set()
        beside.pop().join(20.0)
        begun.clear()
        go_on.clear()

    assert get(1.0, 0.0, "old") == "old"
    assert shared.get("a", (1.0,), 2.0, read, 4.0, beside=True) == "old"
    until_beside_is_over()
    assert get(1.0, 5.9, "later") == "read beside"
    assert get(1.0, 6.0, "later") == "later"
    assert shared.get("a", (1.0,), 8.0, read, 4.0, beside=True) == "later"
    assert begun.wait(20.0)
    assert get(2.0, 9.0, "after a change") == "after a change"
    until_beside_is_over()
    assert get(2.0, 9.0, "again") == "after a change"


def test_what_cannot_be_read_beside_is_read_by_who_needs_it_then() -> None:
    shared, begun, beside = Shared(), threading.Event(), list[threading.Thread]()

    def away() -> str:
        beside.append(threading.current_thread())
        begun.set()
        raise StoreBusyError("store: 'x' is busy")

    assert shared.get("a", (0.0,), 0.0, lambda: "old", 4.0, beside=True) == "old"
    for now_s in (2.0, 3.0):
        assert shared.get("a", (0.0,), now_s, away, 4.0, beside=True) == "old"
        assert begun.wait(20.0)
        beside.pop().join(20.0)
        begun.clear()
    with pytest.raises(StoreBusyError, match="'x' is busy"):
        shared.get("a", (0.0,), 4.0, away, 4.0, beside=True)


def test_only_who_wants_the_same_waits() -> None:
    shared, begun, go_on = Shared(), threading.Event(), threading.Event()

    def read() -> str:
        begun.set()
        assert go_on.wait(20.0)
        return "slow"

    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(shared.get("slow", (0.0,), 0.0, read))),
        threading.Thread(target=lambda: found.append(shared.get("slow", (0.0,), 0.0, lambda: "read twice"))),
    ]
    threads[0].start()
    assert begun.wait(20.0)
    threads[1].start()
    assert shared.get("other", (0.0,), 0.0, lambda: "quick") == "quick"
    go_on.set()
    for thread in threads:
        thread.join()
    assert found == ["slow", "slow"]

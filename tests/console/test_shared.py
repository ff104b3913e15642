import threading

from redshank.console.shared import Shared


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

from redshank.console.shared import Shared


def test_what_was_read_a_moment_ago_serves_another_browser() -> None:
    shared, asked = Shared(), list[int]()

    def read() -> int:
        asked.append(1)
        return len(asked)

    assert [shared.get("a", 0, now_s, read) for now_s in (0.0, 1.9, 2.1, 1.0)] == [1, 1, 2, 3]


def test_what_was_read_before_a_change_serves_nobody_after_it() -> None:
    shared, told = Shared(), iter((1, 2, 3))
    assert [shared.get("a", stamp, 0.0, lambda: next(told)) for stamp in (1, 1, 2)] == [1, 1, 2]

from redshank.console.shared import Shared


def test_what_was_read_a_moment_ago_serves_another_browser() -> None:
    shared, asked = Shared(), list[int]()

    def read() -> int:
        asked.append(1)
        return len(asked)

    assert [shared.get("a", now_s, read) for now_s in (0.0, 1.9, 2.1, 1.0)] == [1, 1, 2, 3]

import pytest

from redshank.pipeline.rest import LONGEST_S, Rest


@pytest.mark.parametrize(("took_s", "rest_s"), [(0.5, 2.0), (20.0, 80.0), (600.0, LONGEST_S)])
def test_what_failed_is_left_alone_four_times_as_long_as_it_took(took_s: float, rest_s: float) -> None:
    now_s = [100.0]
    rest = Rest(lambda: now_s[0])
    assert rest.over()
    rest.begin()
    now_s[0] += took_s
    assert rest.over()
    rest.failed()
    now_s[0] += rest_s - 0.125
    assert not rest.over()
    now_s[0] += 0.125
    assert rest.over()


def test_what_fails_at_once_may_be_tried_at_once() -> None:
    now_s = [100.0]
    rest = Rest(lambda: now_s[0])
    rest.begin()
    now_s[0] += 0.25
    rest.failed()
    assert rest.over()

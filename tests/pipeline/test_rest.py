import pytest

from redshank.core.errors import ActionError
from redshank.pipeline.rest import LONGEST_S, Rest, Tries


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


def test_what_fails_for_a_while_is_said_once_rests_and_is_said_again_when_it_failed_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now_s = [100.0]
    tries = Tries(lambda: now_s[0])
    tried = []

    def fails() -> int:
        tried.append(now_s[0])
        now_s[0] += 1.0
        raise ActionError("the server is away")

    assert [tries.attempt("store", fails, "nothing is written") for _ in range(3)] == [None] * 3
    assert tried == [100.0], "it rests"
    assert tries.attempt("ledger", lambda: 7) == 7, "another thing does not"
    now_s[0] += 4.0
    tries.attempt("store", fails)
    assert caplog.messages == ["store: the server is away; nothing is written"]
    now_s[0] += 4.0
    assert tries.attempt("store", lambda: 7) == 7
    tries.attempt("store", fails)
    assert caplog.messages[1:] == ["store: the server is away; tried again"]

import logging
import threading

import pytest

from redshank.core.errors import ActionError
from redshank.pipeline.beside import Beside


def test_one_piece_is_done_at_a_time_and_nobody_waits_for_it() -> None:
    beside, go_on, done = Beside("slow"), threading.Event(), []

    def work() -> None:
        go_on.wait(60)
        done.append(threading.current_thread().name)

    assert beside.begin(work)
    assert beside.busy
    assert not beside.begin(work)
    assert not beside.wait(0.0)
    go_on.set()
    assert beside.wait(60)
    assert done == ["slow"]
    assert beside.begin(work)
    assert beside.wait(60)


def test_what_fails_is_said_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    beside = Beside("store")

    def fail() -> None:
        raise ActionError("store: 'redshank.db': disk is full")

    def well() -> None:
        pass

    for work in (fail, fail, well, fail):
        assert beside.begin(work)
        beside.wait(60)
        assert beside.problem == ("" if work is well else "store: store: 'redshank.db': disk is full")
    said = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert said == ["store: store: 'redshank.db': disk is full; tried again"] * 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_of_the_program_is_known_until_a_piece_is_done() -> None:
    beside = Beside("questions")

    def wrong() -> None:
        raise TypeError("a mistake of ours")

    assert beside.problem == ""
    assert beside.begin(wrong)
    assert beside.wait(60)
    assert beside.problem == "questions: ended by an error of the program"
    assert beside.begin(lambda: None)
    assert beside.wait(60)
    assert beside.problem == ""

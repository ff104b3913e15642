from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from outboxes import Box
from redshank.alerts.outbox import Outbox
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.outbox import Outbox as StoredOutbox
from told import ALERT

NEXT = replace(ALERT, revision=2)


@pytest.fixture(params=["stored", "for tests"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Outbox]:
    """Return an outbox with two revisions for each of two sinks."""
    if request.param == "for tests":
        box = Box()
        box.record([ALERT, NEXT], ["eve", "hook"], 5.0)
        yield box
    else:
        with closing(Database(tmp_path / "store.db", create=True)) as database:
            Alerts(database).record([ALERT, NEXT], ["eve", "hook"], 5.0)
            yield StoredOutbox(database)


def rows(outbox: Outbox, at_s: float = 9.0) -> list[tuple[int, int, bool]]:
    return [(row.alert.revision, row.tries, row.begun) for row in outbox.due("hook", at_s, 10)]


def test_a_sink_sees_its_own_rows_when_they_are_due(outbox: Outbox) -> None:
    assert rows(outbox) == [(1, 0, False), (2, 0, False)]
    assert rows(outbox, 4.9) == []
    assert len(outbox.due("hook", 9.0, 1)) == 1
    assert [(row.key, row.sink, row.since_s) for row in outbox.due("eve", 9.0, 1)] == [
        ("0123456789abcdef-1-eve", "eve", 5.0)
    ]


def test_a_sink_can_be_told_what_it_has_of_what_it_waits_for(outbox: Outbox) -> None:
    one, two = (row.key for row in outbox.due("hook", 9.0, 10))
    assert outbox.taken("hook", 9) == []
    outbox.begin(two, [], 9.0)
    assert outbox.taken("hook", 9) == [NEXT], "it may have it"
    outbox.delivered([two], 9.0)
    assert outbox.taken("hook", 9) == [NEXT]
    assert outbox.taken("hook", 0) == []
    assert outbox.taken("eve", 9) == []
    outbox.delivered([one], 9.0)
    assert outbox.taken("hook", 9) == [], "nothing waits"


def test_what_was_begun_stays_so_until_it_arrives_or_fails(outbox: Outbox) -> None:
    one, two = (row.key for row in outbox.due("hook", 9.0, 10))
    outbox.begin(one, [], 9.0)
    assert rows(outbox) == [(1, 0, True), (2, 0, False)]
    outbox.begin(two, [one], 9.0)
    assert rows(outbox) == [(2, 0, True)]
    outbox.failed(two, "no answer", 9.0, begun=True)
    assert rows(outbox) == [(2, 1, True)]
    outbox.failed(two, "refused", 20.0)
    assert rows(outbox) == []
    assert rows(outbox, 20.0) == [(2, 2, False)]
    outbox.failed(two, "refused", None)
    assert rows(outbox, 1e9) == []


def test_what_was_tried_can_be_left_out_and_what_waits_counted(outbox: Outbox) -> None:
    one, two = (row.key for row in outbox.due("hook", 9.0, 10))
    outbox.failed(one, "refused", 6.0)
    assert [row.key for row in outbox.due("hook", 9.0, 10)] == [two, one]
    assert [row.key for row in outbox.due("hook", 9.0, 10, untried=True)] == [two]
    outbox.failed(two, "refused", 99.0)
    assert outbox.due("hook", 9.0, 10, untried=True) == []
    assert (outbox.waiting("hook"), outbox.waiting("eve"), outbox.waiting("none")) == (2, 2, 0)
    outbox.failed(one, "refused", None)
    outbox.delivered([two], 9.0)
    assert outbox.waiting("hook") == 0

from dataclasses import replace
from pathlib import Path

import pytest

from redshank.alerts.dead_letters import LetterFile
from redshank.alerts.outbox import MemoryOutbox
from redshank.core.metrics import Metrics
from told import ALERT


def outbox(place: Path, capacity: int = 100) -> tuple[MemoryOutbox, Metrics]:
    metrics = Metrics()
    return MemoryOutbox(LetterFile(place / "dead.jsonl", metrics), metrics, capacity), metrics


def test_each_sink_sees_only_its_own_rows_and_the_longest_due_first(tmp_path: Path) -> None:
    box, _ = outbox(tmp_path)
    box.record([replace(ALERT, id=f"{n:016x}") for n in range(50)], ["hangs"], 1.0)
    box.record([ALERT, replace(ALERT, revision=2)], ["eve"], 5.0)
    assert [row.alert.revision for row in box.due("eve", 5.0, 10)] == [1, 2]
    assert box.due("eve", 4.9, 10) == []
    assert len(box.due("hangs", 9.0, 16)) == 16
    box.failed(box.due("eve", 5.0, 10)[0].key, "refused", 4.0)
    assert [(row.alert.revision, row.tries) for row in box.due("eve", 5.0, 10)] == [(1, 1), (2, 0)]


def test_the_same_revision_recorded_again_changes_nothing(tmp_path: Path) -> None:
    box, _ = outbox(tmp_path)
    box.record([ALERT], ["eve"], 1.0)
    box.delivered([box.due("eve", 1.0, 1)[0].key], 1.0)
    box.record([ALERT], ["eve"], 2.0)
    assert box.due("eve", 9.0, 10) == []
    assert len(box) == 0


def test_what_has_no_room_becomes_a_dead_letter_and_is_counted(tmp_path: Path) -> None:
    box, metrics = outbox(tmp_path, capacity=2)
    box.record([replace(ALERT, id=name * 16) for name in "abc"], ["eve"], 1.0)
    assert [row.alert.id[0] for row in box.due("eve", 1.0, 10)] == ["b", "c"]
    assert '"error": "more than 2 rows waited"' in (tmp_path / "dead.jsonl").read_text()
    assert metrics.labelled("redshank_deliveries_total") == {("eve", "dead"): 1}


def test_what_cannot_even_become_a_dead_letter_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    box, metrics = outbox(tmp_path / "none", capacity=1)
    box.record([ALERT, replace(ALERT, revision=2)], ["eve"], 1.0)
    assert "0123456789abcdef-1-eve is lost: no room, and no dead letter ([Errno 2]" in caplog.text
    assert metrics.labelled("redshank_deliveries_total") == {("eve", "lost"): 1}

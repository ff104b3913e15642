import logging
import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from records import alert
from redshank.core.errors import ActionError
from redshank.core.files import TAIL_BYTES
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.pipeline import keeping
from redshank.pipeline.keeping import NEWS_AT_ONCE, OVER_AT_ONCE, Keeping
from redshank.pipeline.rest import Rest


@dataclass
class Memory:
    """A store that may be away."""

    away: bool = False
    alerts: list[Alert] = field(default_factory=list)

    def record(self, alerts: Sequence[Alert]) -> None:
        if self.away:
            raise ActionError("store: 'redshank.db': database or disk is full")
        self.alerts += alerts


def _figures(metrics: Metrics) -> tuple[int, int]:
    """Return how many alerts went to the file, and how many are lost."""
    return metrics.total("redshank_filed_alerts_total"), metrics.named("redshank_lost_total").get("alerts", 0)


ONE, TWO, THREE = (alert(id=name) for name in ("one", "two", "three"))


def test_what_is_recorded_comes_back_once(tmp_path: Path) -> None:
    store = Memory()
    kept = Keeping(store.record, tmp_path / "rest.jsonl", Metrics())
    assert kept.keep([ONE]) == [ONE]
    assert kept.keep() == []
    assert store.alerts == [ONE]


def test_alerts_wait_for_a_store_that_is_away_and_keep_their_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, metrics = Memory(away=True), Metrics()
    kept = Keeping(store.record, tmp_path / "rest.jsonl", metrics)
    with caplog.at_level(logging.WARNING):
        assert kept.keep([ONE]) == []
    assert "database or disk is full; 1 alerts wait for the store" in caplog.text
    assert metrics.total("redshank_records_failed_total") == 1
    store.away = False
    assert kept.keep([TWO, THREE]) == [ONE, TWO, THREE]
    assert store.alerts == [ONE, TWO, THREE]


def test_what_the_store_refuses_to_the_end_is_in_the_file(tmp_path: Path) -> None:
    kept = Keeping(Memory(away=True).record, tmp_path / "rest.jsonl", Metrics())
    kept.keep([ONE, TWO])
    assert kept.finish() == []
    assert [Alert.from_json(line) for line in (tmp_path / "rest.jsonl").read_text().splitlines()] == [ONE, TWO]


def test_memory_is_bounded_and_the_oldest_go_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_WAITING", 2)
    store = Memory(away=True)
    kept = Keeping(store.record, tmp_path / "rest.jsonl", Metrics())
    kept.keep([ONE, TWO, THREE])
    assert kept.unrecorded == 2
    assert not kept.behind
    assert [Alert.from_json(line) for line in (tmp_path / "rest.jsonl").read_text().splitlines()] == [ONE]
    store.away = False
    assert kept.keep() == [TWO, THREE]


def test_no_more_alerts_go_to_the_file_than_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_WAITING", 2)
    kept = Keeping(Memory(away=True).record, tmp_path / "rest.jsonl", Metrics())
    ended = alert(id="ended", over=True)
    kept.keep([ended, ONE, TWO, THREE])
    assert kept.unrecorded == 2
    assert [Alert.from_json(line) for line in (tmp_path / "rest.jsonl").read_text().splitlines()] == [ended, ONE]


def test_thousands_that_end_at_once_are_recorded_some_at_a_time_behind_what_is_news(tmp_path: Path) -> None:
    store = Memory()
    kept = Keeping(store.record, tmp_path / "rest.jsonl", Metrics())
    ends = [alert(id=str(number), revision=1) for number in range(3_000)]
    assert kept.keep(ends) == ends[:OVER_AT_ONCE]
    assert (kept.behind, kept.unrecorded) == (True, 0)  # nobody refused them
    news = alert(id="new", over=False)
    assert kept.keep([news]) == [news, *ends[OVER_AT_ONCE : 2 * OVER_AT_ONCE]]
    while kept.behind:
        assert len(kept.keep()) <= OVER_AT_ONCE
    assert [one for one in store.alerts if one.over] == ends


def test_as_many_ends_are_recorded_as_there_is_news_so_that_they_never_pile_up(tmp_path: Path) -> None:
    kept = Keeping(Memory().record, tmp_path / "rest.jsonl", Metrics())
    for minute in range(5):
        news = [alert(id=f"{minute} {number}", over=False) for number in range(1_000)]
        ends = [alert(id=f"{minute} {number}", revision=1) for number in range(1_000)]
        assert kept.keep([*news, *ends]) == [*news, *ends]
        assert not kept.behind


def test_revisions_of_one_alert_stay_in_order_though_its_end_waits(tmp_path: Path) -> None:
    store = Memory()
    kept = Keeping(store.record, tmp_path / "rest.jsonl", Metrics())
    first, end, again = (alert(id="one", revision=number, over=number == 1) for number in range(3))
    others = [alert(id=str(number)) for number in range(OVER_AT_ONCE)]
    assert kept.keep([first, *others, end, again]) == [first, *others]
    assert kept.keep() == [end, again]
    assert kept.keep([alert(id="one", revision=3, over=False)])


def test_of_news_that_waited_for_the_store_a_step_records_some_and_the_next_goes_on(tmp_path: Path) -> None:
    store, now_s = Memory(away=True), [0.0]
    kept = Keeping(store.record, tmp_path / "rest.jsonl", Metrics(), Rest(lambda: now_s[0]))
    news = [alert(id=str(number), over=False) for number in range(2_500)]
    assert kept.keep(news) == []
    store.away = False
    now_s[0] += 1.0
    steps = [kept.keep()]
    while kept.behind:
        steps.append(kept.keep())
    assert [len(step) for step in steps] == [NEWS_AT_ONCE, NEWS_AT_ONCE, 500]
    assert store.alerts == news


def test_an_end_does_not_overtake_news_of_it_that_is_left_for_the_next_step(tmp_path: Path) -> None:
    store = Memory()
    kept = Keeping(store.record, tmp_path / "rest.jsonl", Metrics())
    news = [alert(id=str(number), over=False) for number in range(NEWS_AT_ONCE + 2)]
    ends = [alert(id=str(number), revision=1) for number in (0, NEWS_AT_ONCE + 1, 1)]
    assert kept.keep([*news, *ends]) == [*news[:NEWS_AT_ONCE], ends[0]]
    assert kept.behind
    assert kept.keep() == [*news[NEWS_AT_ONCE:], *ends[1:]]
    assert not kept.behind


def test_a_store_that_refuses_at_once_is_handed_many_alerts_once_a_second_and_few_again_at_once(
    tmp_path: Path,
) -> None:
    now_s, handed = [0.0], list[int]()

    def away(alerts: Sequence[Alert]) -> None:
        handed.append(len(alerts))
        raise ActionError("store: 'redshank.db': database or disk is full")

    kept = Keeping(away, tmp_path / "rest.jsonl", Metrics(), Rest(lambda: now_s[0]))
    for number in range(OVER_AT_ONCE):
        kept.keep([alert(id=str(number), over=False)])
    assert len(handed) == OVER_AT_ONCE
    kept.keep([alert(id=str(number), over=False) for number in range(1_000, 5_000)])
    for number in range(200):
        kept.keep([alert(id=f"one {number}", over=False)])
        now_s[0] += 0.05
    assert 10 <= len(handed) - OVER_AT_ONCE <= 12
    assert max(handed) == NEWS_AT_ONCE


def test_that_alerts_go_to_the_file_is_said_once_until_the_store_takes_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "MOST_WAITING", 2)
    store, metrics = Memory(away=True), Metrics()
    kept = Keeping(store.record, tmp_path / "rest.jsonl", metrics)
    for number in range(10):
        kept.keep([alert(id=str(number), over=False)])
    said = "1 alerts could not be recorded; they are in"
    assert caplog.text.count(said) == 1
    assert "more are only counted until the store takes some" in caplog.text
    assert _figures(metrics) == (8, 0)
    store.away = False
    kept.keep()
    store.away = True
    kept.keep([ONE, TWO, THREE])
    assert caplog.text.count(said) == 2
    kept.finish()
    assert "2 alerts could not be recorded; they are in" in caplog.text


def test_at_the_end_all_that_waits_is_recorded(tmp_path: Path) -> None:
    store = Memory()
    kept = Keeping(store.record, tmp_path / "rest.jsonl", Metrics())
    ends = [alert(id=str(number)) for number in range(2_400)]
    assert [*kept.keep(ends), *kept.finish()] == store.alerts == ends
    assert not (tmp_path / "rest.jsonl").exists()


def test_what_the_store_has_no_time_for_at_the_end_is_in_the_file(tmp_path: Path) -> None:
    store, metrics = Memory(), Metrics()
    kept = Keeping(store.record, tmp_path / "rest.jsonl", metrics)
    ends = [alert(id=str(number)) for number in range(3 * OVER_AT_ONCE)]
    assert kept.keep(ends) == ends[:OVER_AT_ONCE]
    assert kept.finish(0.0) == ends[OVER_AT_ONCE : 2 * OVER_AT_ONCE]
    lines = (tmp_path / "rest.jsonl").read_text().splitlines()
    assert [Alert.from_json(line) for line in lines] == ends[2 * OVER_AT_ONCE :]
    assert _figures(metrics) == (OVER_AT_ONCE, 0)


def test_a_file_that_cannot_be_written_is_told_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    kept = Keeping(Memory(away=True).record, tmp_path, metrics)
    kept.keep([ONE, TWO])
    assert kept.finish() == []
    assert "2 alerts are lost" in caplog.text
    assert "could not be recorded; they are in" not in caplog.text
    assert _figures(metrics) == (0, 2)


def test_of_a_file_for_which_the_disk_has_no_room_whole_lines_stay_and_the_rest_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "LINES_AT_ONCE", 1)
    rest, metrics, line = tmp_path / "rest.jsonl", Metrics(), len(ONE.to_json()) + 1
    kept = Keeping(Memory(away=True).record, rest, metrics)
    kept.keep([ONE, TWO, THREE])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * line + line // 2, hard))
    try:
        kept.finish()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [Alert.from_json(line) for line in rest.read_text().splitlines()] == [ONE, TWO]
    assert _figures(metrics) == (2, 1)
    assert "1 alerts are lost ([Errno 28] No space left on device)" in caplog.text
    store = Memory()
    Keeping(store.record, rest, metrics).resume()
    assert store.alerts == [ONE, TWO]


def test_the_file_has_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "MOST_BYTES", len(ONE.to_json()) + 10)
    monkeypatch.setattr(keeping, "LINES_AT_ONCE", 1)
    metrics = Metrics()
    kept = Keeping(Memory(away=True).record, tmp_path / "rest.jsonl", metrics)
    kept.keep([ONE, TWO, THREE])
    kept.finish()
    assert _figures(metrics) == (1, 2)
    assert "2 alerts are lost ([Errno 27] it may have" in caplog.text


def test_a_store_that_takes_long_to_refuse_is_left_alone_but_for_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now_s, tries = [0.0], [0]

    def away(alerts: Sequence[Alert]) -> None:
        del alerts
        tries[0] += 1
        now_s[0] += 20.0
        raise ActionError("store: the server is away")

    kept = Keeping(away, tmp_path / "rest.jsonl", Metrics(), Rest(lambda: now_s[0]))
    for _ in range(99):
        kept.keep([ONE])
        now_s[0] += 1.0
    assert (tries, caplog.text.count("alerts wait for the store")) == ([2], 1)
    kept.finish()
    assert tries == [3]
    assert len((tmp_path / "rest.jsonl").read_text().splitlines()) == 99


def test_what_could_not_be_recorded_is_taken_up_by_the_next_run(tmp_path: Path) -> None:
    rest, store = tmp_path / "rest.jsonl", Memory(away=True)
    Keeping(store.record, rest, Metrics()).resume()  # there is nothing
    first = Keeping(store.record, rest, Metrics())
    first.keep([ONE, TWO])
    first.finish()
    Keeping(store.record, rest, Metrics()).resume()
    assert len(rest.read_text().splitlines()) == 2
    store.away = False
    Keeping(store.record, rest, Metrics()).resume()
    assert store.alerts == [ONE, TWO]
    assert not rest.exists()


@pytest.mark.parametrize("text", ["{", "[]\n", '{"id": 5}\n', "\xff", TWO.to_json()[:40]])
def test_of_a_file_that_is_damaged_whole_lines_are_recorded_and_the_rest_is_put_aside(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rest, store, metrics = tmp_path / "rest.jsonl", Memory(), Metrics()
    rest.write_text(f"{ONE.to_json()}\n{text}", encoding="latin-1")
    Keeping(store.record, rest, metrics).resume()
    assert store.alerts == [ONE]
    assert not rest.exists()
    aside = tmp_path / "rest.damaged.jsonl"
    assert aside.read_text(encoding="latin-1") == f"{text.rstrip()}\n"
    assert f"rest.jsonl: 1 lines are damaged or of another version; they are in {aside}" in caplog.text
    assert metrics.named("redshank_lost_total") == {"damaged_alerts": 1}


def test_a_damaged_line_is_put_aside_once_though_the_store_refuses_the_others(tmp_path: Path) -> None:
    rest, store = tmp_path / "rest.jsonl", Memory(away=True)
    rest.write_text(f'{ONE.to_json()}\n{{"id": "tw')
    for _ in range(2):
        Keeping(store.record, rest, Metrics()).resume()
    store.away = False
    Keeping(store.record, rest, Metrics()).resume()
    assert store.alerts == [ONE]
    assert (tmp_path / "rest.damaged.jsonl").read_text() == '{"id": "tw\n'


def test_many_damaged_lines_are_put_aside_and_counted_once_though_the_store_refuses_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "TAKEN_AT_ONCE", 2)
    rest, store, metrics = tmp_path / "rest.jsonl", Memory(away=True), Metrics()
    damaged = [f"{number} {'x' * TAIL_BYTES}" for number in range(3)]
    rest.write_text("\n".join([*damaged, ONE.to_json()]))
    for _ in range(2):
        Keeping(store.record, rest, metrics).resume()
    aside = tmp_path / "rest.damaged.jsonl"
    aside.write_text(aside.read_text()[:-10])  # as a crash cuts it
    store.away = False
    Keeping(store.record, rest, metrics).resume()
    assert store.alerts == [ONE]
    lines = aside.read_text().splitlines()
    assert (lines[:2], lines[3:], metrics.named("redshank_lost_total")) == (
        damaged[:2],
        [damaged[2]],
        {"damaged_alerts": 4},
    )


def test_a_line_that_a_crash_cut_does_not_spoil_the_one_behind_it(tmp_path: Path) -> None:
    rest, store = tmp_path / "rest.jsonl", Memory(away=True)
    rest.write_text('{"id": "tw')
    kept = Keeping(store.record, rest, Metrics())
    kept.keep([ONE])
    kept.finish()
    store.away = False
    Keeping(store.record, rest, Metrics()).resume()
    assert store.alerts == [ONE]


def test_what_the_file_tells_is_for_its_owner_and_group(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        kept = Keeping(Memory(away=True).record, tmp_path / "rest.jsonl", Metrics())
        kept.keep([ONE])
        kept.finish()
    finally:
        os.umask(before)
    assert (tmp_path / "rest.jsonl").stat().st_mode & 0o777 == 0o640


def test_of_a_file_of_very_many_alerts_each_start_takes_up_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "MOST_TAKEN", 3)
    monkeypatch.setattr(keeping, "TAKEN_AT_ONCE", 2)
    rest, store = tmp_path / "rest.jsonl", Memory()
    alerts = [alert(id=str(number)) for number in range(5)]
    rest.write_text("".join(f"{one.to_json()}\n" for one in alerts))
    Keeping(store.record, rest, Metrics()).resume()
    assert store.alerts == alerts[:3]
    assert [Alert.from_json(line) for line in rest.read_text().splitlines()] == alerts[3:]
    assert rest.stat().st_mode & 0o007 == 0
    assert "rest.jsonl: 3 of its alerts are in the store now; the next start takes up more" in caplog.text
    Keeping(store.record, rest, Metrics()).resume()
    assert store.alerts == alerts
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_refuses_half_way_leaves_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "TAKEN_AT_ONCE", 1)
    rest, store = tmp_path / "rest.jsonl", Memory()
    rest.write_text("".join(f"{one.to_json()}\n" for one in (ONE, TWO)))

    def once(alerts: Sequence[Alert]) -> None:
        store.record(alerts)
        store.away = True

    Keeping(once, rest, Metrics()).resume()
    assert store.alerts == [ONE]
    assert len(rest.read_text().splitlines()) == 2

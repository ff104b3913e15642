import json
import logging
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawn import examples
from outboxes import Box
from redshank.alerts.dead_letters import LetterFile
from redshank.alerts.delivery import BATCH, CUT_OFF, LOOK_S, Delivery, Patience
from redshank.alerts.lane import LONGEST_REST_S
from redshank.alerts.outbox import Due
from redshank.alerts.sink import Sink
from redshank.alerts.sinks.eve import Eve
from redshank.core.errors import ActionError, DeliveryError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.outbox import Outbox, Owed
from told import ALERT


@dataclass
class Target(Sink):
    """A sink that does as it is told: takes, refuses, or hangs until it is let go."""

    refuses: bool = False
    hangs: threading.Event | None = None
    raises: type[BaseException] | None = None
    silent: bool = False
    may_repeat: bool = True
    got: list[str] = field(default_factory=list)
    closed: int = 0

    def deliver(self, alert: Alert) -> None:
        if self.raises:
            raise self.raises("by mistake")
        if self.hangs:
            self.hangs.wait(120)
        if self.refuses:
            raise DeliveryError(f"target: alert {alert.id} refused")
        self.got.append(f"{alert.id}-{alert.revision}")
        if self.silent:
            raise DeliveryError(f"target: alert {alert.id}: no answer in time", in_doubt=True)

    def close(self) -> None:
        self.closed += 1


class Stateful(Target):
    """A sink that asks what it took before."""

    def resume(self, taken: Callable[[], Iterable[Alert]]) -> None:
        self.got += [f"had {alert.id}-{alert.revision}" for alert in taken()]


class Knowing(Target):
    """A sink that sees by itself what it has."""

    recognises = True


class Letters(LetterFile):
    """A file of dead letters on a disk that may be full."""

    full = False

    def bury(self, row: Due, error: str, at_s: float) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().bury(row, error, at_s)


class House:
    """A delivery with its parts, on a clock that stands still."""

    def __init__(self, place: Path, patience: Patience | None = None, **sinks: Target) -> None:
        self.path = place / "dead.jsonl"
        self.metrics = Metrics()
        self.sinks = sinks
        self.now_s = 1_000_000.0
        self.dead = Letters(self.path, self.metrics)
        self.outbox = Box()
        self.delivery = self.deliver(patience)

    def deliver(self, patience: Patience | None = None, seed: int = 1) -> Delivery:
        return Delivery(
            self.outbox, self.sinks, self.dead, self.metrics, patience=patience, seed=seed, clock=lambda: self.now_s
        )

    def record(self, *alerts: Alert) -> None:
        self.outbox.record(alerts, list(self.sinks), self.now_s)

    def letters(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "nothing came of it in a minute"
        time.sleep(0.005)


def test_every_sink_gets_every_alert_once_and_it_is_counted(tmp_path: Path) -> None:
    house = House(tmp_path, eve=Target(), webhook=Target())
    house.record(ALERT, replace(ALERT, revision=2))
    house.now_s += 3
    for name in ("eve", "webhook", "eve"):
        house.delivery.step(name)
    assert house.sinks["eve"].got == house.sinks["webhook"].got == ["0123456789abcdef-1", "0123456789abcdef-2"]
    assert house.metrics.labelled("redshank_deliveries_total") == {("eve", "delivered"): 2, ("webhook", "delivered"): 2}
    text = house.metrics.text()
    assert 'redshank_sink_up{sink="eve"} 1.0' in text
    assert 'redshank_delivery_delay_seconds{sink="eve"} 3.0' in text


def test_after_a_restart_a_sink_learns_what_it_took_before_it_gets_what_waited(tmp_path: Path) -> None:
    house = House(tmp_path, mqtt=Stateful(refuses=True))
    house.record(ALERT)
    house.delivery.step("mqtt")
    house.sinks["mqtt"].refuses = False
    house.record(replace(ALERT, revision=2))
    house.delivery.step("mqtt")
    again = house.deliver()
    house.outbox.busy = True
    with pytest.raises(ActionError, match="database is locked"):
        again.step("mqtt")
    house.outbox.busy = False
    house.now_s += 10
    assert (again.step("mqtt"), again.step("mqtt")) == (1, 0)
    assert house.sinks["mqtt"].got == ["0123456789abcdef-2", "had 0123456789abcdef-2", "0123456789abcdef-1"]


def test_the_wait_between_tries_doubles_up_to_the_longest(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House(tmp_path, Patience(first_s=1, longest_s=10), webhook=Target(refuses=True))
    house.record(ALERT)
    waits = []
    for _ in range(7):
        assert house.delivery.step("webhook") == 1
        begin = house.now_s
        while not house.outbox.due("webhook", house.now_s, 1):
            house.now_s += 0.01
        waits.append(house.now_s - begin)
    for wait, whole in zip(waits, [1, 2, 4, 8, 10, 10, 10], strict=True):
        assert whole / 2 <= wait <= whole + 0.02
    assert caplog.text.count("alert 0123456789abcdef refused") == 1
    assert 'redshank_sink_up{sink="webhook"} 0.0' in house.metrics.text()
    house.sinks["webhook"].refuses = False
    with caplog.at_level(logging.INFO):
        house.delivery.step("webhook")
    assert "sink webhook: works again" in caplog.text


def test_two_gateways_do_not_knock_in_step(tmp_path: Path) -> None:
    waits = []
    for seed in (1, 2):
        house = House(tmp_path, webhook=Target(refuses=True))
        house.delivery = house.deliver(seed=seed)
        house.record(ALERT)
        house.delivery.step("webhook")
        waits.append(next(iter(house.outbox.rows.values()))[0])
    assert waits[0] != waits[1]


@pytest.mark.parametrize(("patience", "tries"), [(Patience(tries=3), {3}), (Patience(age_s=60), {7, 8})])
def test_a_row_is_given_up_after_so_many_tries_or_so_long(tmp_path: Path, patience: Patience, tries: set[int]) -> None:
    house = House(tmp_path, patience, webhook=Target(refuses=True))
    house.record(ALERT)
    for _ in range(1_000):
        house.delivery.step("webhook")
        house.now_s += 1
    (letter,) = house.letters()
    assert letter["error"] == "target: alert 0123456789abcdef refused"
    assert letter["alert"]["id"] == ALERT.id
    assert letter["tries"] + 1 in tries
    assert len(house.outbox) == 0


class Slow(Target):
    """Takes its time; refuses what it does not like."""

    house: "House"
    takes_s: float = 0.0
    dislikes: Callable[[Alert], bool] | None = None
    tries: int = 0

    def deliver(self, alert: Alert) -> None:
        self.tries += 1
        self.house.now_s += self.takes_s
        if self.dislikes and self.dislikes(alert):
            raise DeliveryError("target: no answer")
        super().deliver(alert)


def slow(place: Path, patience: Patience | None = None, **settings: Any) -> tuple[House, Slow]:
    sink = Slow()
    house = sink.house = House(place, patience, hook=sink)
    for name, value in settings.items():
        setattr(sink, name, value)
    return house, sink


def numbered(first: int, many: int = 1) -> list[Alert]:
    return [replace(ALERT, id=f"{number:016x}") for number in range(first, first + many)]


def test_of_a_sink_that_hangs_no_more_waits_than_comes_in_the_time_for_which_alerts_are_tried(tmp_path: Path) -> None:
    house, sink = slow(tmp_path, Patience(age_s=600), takes_s=10.0, refuses=True)
    begin, told, most = house.now_s, 0, 0
    while house.now_s < begin + 3_600:
        new = int((house.now_s - begin) / 3) - told  # 20 a minute
        house.record(*numbered(told, new))
        told, most = told + new, max(most, house.outbox.waiting("hook"))
        if not house.delivery.step("hook"):
            house.now_s += 0.5
    assert told > 1_000
    assert most < 600 / 3 + 60
    assert len(house.letters()) == told - len(house.outbox)
    assert house.metrics.labelled("redshank_dead_letters_total") == {("hook",): len(house.letters())}
    assert sink.tries < 200
    said = "the sink took nothing for so long that this alert was not tried any more: target: alert "
    assert house.letters()[-1]["error"].startswith(said)


def test_a_sink_that_is_back_gets_all_that_waits_within_half_a_minute(tmp_path: Path) -> None:
    house, sink = slow(tmp_path, takes_s=10.0, refuses=True)
    house.record(*numbered(0, 300))
    begin = house.now_s
    while house.now_s < begin + 600:
        if not house.delivery.step("hook"):
            house.now_s += 0.5
    assert 10 < sink.tries < 40
    back, sink.refuses, sink.takes_s = house.now_s, False, 0.0
    while not sink.got:
        house.delivery.step("hook")
        house.now_s += 0.5
    assert house.now_s <= back + LONGEST_REST_S + 0.5
    while house.delivery.step("hook"):
        pass
    assert len(sink.got) > 270
    house.now_s += Patience.longest_s
    while house.delivery.step("hook"):
        pass
    assert sorted(sink.got) == [f"{number:016x}-1" for number in range(300)]
    assert house.letters() == []


def test_rows_that_a_sink_never_takes_stop_no_others(tmp_path: Path) -> None:
    house, sink = slow(tmp_path, dislikes=lambda alert: int(alert.id, 16) % 20 > 0)
    waits = []
    for minute in range(20):
        house.record(*numbered(20 * minute, 20))
        begin, before = house.now_s, len(sink.got)
        while house.now_s < begin + 60:
            if not house.delivery.step("hook"):
                house.now_s += 0.5
            if len(sink.got) > before:
                waits.append(house.now_s - begin)
                before = 10**9
    assert len(sink.got) == 20
    assert max(waits) < 30


def test_one_row_that_a_sink_never_takes_gives_it_no_rest(tmp_path: Path) -> None:
    house, sink = slow(tmp_path, dislikes=lambda alert: alert.id == "0" * 16)
    house.record(*numbered(0))
    for number in range(1, 50):
        house.delivery.step("hook")
        house.now_s += 10
        house.record(*numbered(number))
        house.delivery.step("hook")
        assert len(sink.got) == number


def test_of_more_rows_than_may_wait_those_due_for_longest_are_dead_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("redshank.alerts.delivery.MOST_OWED", 20)
    house = House(tmp_path, hook=Target())
    house.record(*numbered(0, 30))
    house.outbox.begin(f"{0:016x}-1-hook", [], house.now_s)
    while house.delivery.step("hook"):
        pass
    letters = house.letters()
    assert [letter["key"] for letter in letters] == [f"{number:016x}-1-hook" for number in range(10)]
    assert [letter["error"] for letter in letters][:2] == [CUT_OFF, "more than 20 alerts wait for this sink"]
    assert house.sinks["hook"].got == [f"{number:016x}-1" for number in range(10, 30)]
    assert house.metrics.labelled("redshank_deliveries_total") == {("hook", "dead"): 10, ("hook", "delivered"): 20}
    assert house.metrics.labelled("redshank_deliveries_in_doubt_total") == {("hook",): 1}
    assert 'redshank_sink_up{sink="hook"} 1.0' in house.metrics.text()
    assert caplog.text.count("such alerts are dead letters") == 1


def test_that_alerts_are_given_up_is_said_once_while_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("redshank.alerts.delivery.MOST_OWED", 20)
    house = House(tmp_path, hook=Target())
    for begin in (0, 60):
        house.record(*numbered(begin, begin + 60))
        while house.delivery.step("hook"):
            pass
        house.now_s += LOOK_S
        house.delivery.step("hook")
        house.now_s += LOOK_S
    assert len(house.letters()) > 2 * BATCH
    assert caplog.text.count("such alerts are dead letters") == 2


def test_rows_that_are_too_many_stay_while_dead_letters_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redshank.alerts.delivery.MOST_OWED", 10)
    house = House(tmp_path, hook=Target(refuses=True))
    house.record(*numbered(0, 30))
    house.dead.full = True
    house.delivery.step("hook")
    assert len(house.outbox) == 30
    house.dead.full = False
    house.now_s += LOOK_S
    while house.delivery.step("hook"):
        pass
    assert (len(house.outbox), len(house.letters())) == (10, 20)


def test_a_clock_set_right_after_the_start_buries_nobody(tmp_path: Path) -> None:
    house = House(tmp_path, webhook=Target(refuses=True))
    house.record(ALERT)
    house.now_s += 50 * 365 * 86_400
    house.delivery.step("webhook")
    assert house.letters() == []
    assert len(house.outbox) == 1
    house.record(*numbered(0, 40))
    house.now_s += 50 * 365 * 86_400
    for _ in range(10):
        house.delivery.step("webhook")
    assert house.letters() == []
    assert len(house.outbox) == 41


def test_an_alert_stays_in_the_outbox_while_dead_letters_cannot_be_written(tmp_path: Path) -> None:
    house = House(tmp_path, Patience(tries=1), webhook=Target(refuses=True))
    house.record(ALERT)
    house.dead.full = True
    house.delivery.step("webhook")
    assert len(house.outbox) == 1
    house.dead.full = False
    house.now_s += 10
    house.delivery.step("webhook")
    assert (len(house.outbox), len(house.letters())) == (0, 1)


def test_recipients_that_got_nothing_of_what_others_got_are_counted(tmp_path: Path) -> None:
    class Several(Target):
        """Tells three, of whom one is never there."""

        @property
        def untold(self) -> int:
            return len(self.got)

    house = House(tmp_path, email=Several(), eve=Target())
    house.record(ALERT, replace(ALERT, revision=2))
    for name in house.sinks:
        house.delivery.step(name)
    assert house.metrics.labelled("redshank_recipients_refused_total") == {("email",): 2}


def test_a_dead_letter_counts_once_though_the_store_refuses_to_note_it(tmp_path: Path) -> None:
    house = House(tmp_path)

    class Felling(Target):
        """Refuses, and the store is away from then on."""

        def deliver(self, alert: Alert) -> None:
            house.outbox.busy = True
            super().deliver(alert)

    house.sinks["webhook"] = Felling(refuses=True)
    house.delivery = house.deliver(Patience(tries=1))
    house.record(ALERT)
    for _ in range(3):
        house.outbox.busy = False
        with pytest.raises(ActionError, match="database is locked"):
            house.delivery.step("webhook")
    assert len(house.letters()) == len(house.outbox) == 1
    house.sinks["webhook"] = Target(refuses=True)
    house.outbox.busy = False
    house.deliver(Patience(tries=1)).step("webhook")
    assert (len(house.letters()), len(house.outbox)) == (1, 0)
    assert house.metrics.labelled("redshank_dead_letters_total") == {("webhook",): 1}
    assert house.metrics.labelled("redshank_deliveries_total") == {("webhook", "dead"): 1}


def test_what_a_sink_took_is_not_handed_over_again_while_the_outbox_cannot_note_it(tmp_path: Path) -> None:
    house = House(tmp_path, eve=Knowing())
    house.record(ALERT)
    house.outbox.busy = True
    for _ in range(3):
        with pytest.raises(ActionError, match="database is locked"):
            house.delivery.step("eve")
    house.outbox.busy = False
    house.delivery.step("eve")
    assert house.sinks["eve"].got == ["0123456789abcdef-1"]
    assert len(house.outbox) == 0
    assert house.metrics.labelled("redshank_deliveries_total") == {("eve", "delivered"): 1}


@pytest.mark.parametrize(
    ("sink", "noted_s", "notes"), [(Knowing, 60.0, 3), (Knowing, -1.0, 40), (Target, 60.0, 40), (Target, -1.0, 40)]
)
def test_rows_are_noted_one_by_one_and_together_only_where_a_quick_sink_recognises_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sink: type[Target], noted_s: float, notes: int
) -> None:
    monkeypatch.setattr("redshank.alerts.delivery.NOTED_S", noted_s)
    house = House(tmp_path, eve=sink())
    house.record(*(replace(ALERT, revision=number) for number in range(40)))
    while house.delivery.step("eve"):
        pass
    assert len(house.sinks["eve"].got) == 40
    assert len(house.outbox) == 0
    assert house.outbox.notes == notes


class Tires(Target):
    """Takes two alerts, then hangs."""

    def deliver(self, alert: Alert) -> None:
        if len(self.got) == 2 and self.hangs:
            self.hangs.wait(120)
        self.got.append(f"{alert.id}-{alert.revision}")


def test_what_a_sink_took_before_it_hung_is_noted_when_it_is_left_alone(
    tmp_path: Path,
) -> None:
    hangs = threading.Event()
    house = House(tmp_path, stuck=Tires(hangs=hangs))
    house.record(*(replace(ALERT, revision=number) for number in range(4)))
    house.delivery.start()
    try:
        until(lambda: len(house.sinks["stuck"].got) == 2)
        assert house.delivery.stop(0.2) == ["stuck"]
        assert len(house.outbox) == 2
    finally:
        hangs.set()
    until(lambda: not house.delivery._lanes["stuck"].thread.is_alive())  # type: ignore[union-attr]
    assert len(house.outbox) == 2


STEPS = st.one_of(
    st.tuples(st.just("record"), st.integers(0, 7)),  # enough for a sink to be down
    st.tuples(st.just("step"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("refuse"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("take"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("busy"), st.booleans()),
    st.tuples(st.just("disk"), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([0.3, 2.0, 50.0])),
)


@given(steps=st.lists(STEPS, max_size=60))
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_each_alert_arrives_once_or_is_a_dead_letter_whatever_fails_in_which_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    house = House(
        tmp_path_factory.mktemp("h"), Patience(longest_s=8, tries=4), one=Target(may_repeat=False), two=Knowing()
    )
    told: set[str] = set()

    def step(name: str) -> None:
        try:
            house.delivery.step(name)
        except ActionError:
            assert house.outbox.busy

    for what, value in steps:
        if what == "record":
            alert = replace(ALERT, revision=value)
            told.add(f"{alert.id}-{value}")
            house.record(alert)
        elif what == "step":
            step(value)
        elif what in {"refuse", "take"}:
            house.sinks[value].refuses = what == "refuse"
        elif what == "busy":
            house.outbox.busy = value
        elif what == "disk":
            house.dead.full = value
        else:
            house.now_s += value
    house.outbox.busy = house.dead.full = False
    for _ in range(60):
        house.now_s += 10
        step("one")
        step("two")
    assert len(house.outbox) == 0
    dead = house.letters()
    for name, sink in house.sinks.items():
        ends = Counter(sink.got) + Counter(
            letter["key"].removesuffix(f"-{name}") for letter in dead if letter["sink"] == name
        )
        assert ends == Counter(told)


def test_a_sink_that_hangs_delays_nobody_else_and_a_stop_does_not_wait_for_it(tmp_path: Path) -> None:
    hangs = threading.Event()
    house = House(tmp_path, stuck=Target(hangs=hangs), eve=Target())
    house.delivery.start()
    try:
        house.record(*(replace(ALERT, revision=number) for number in range(40)))
        house.delivery.wake()
        until(lambda: len(house.sinks["eve"].got) == 40)
        assert house.delivery.stop(2.0) == ["stuck"]  # long enough for the other to end
    finally:
        hangs.set()
    assert [row.begun for row in house.outbox.due("stuck", house.now_s, 40)] == [True] + [False] * 39
    assert (house.sinks["eve"].closed, house.sinks["stuck"].closed) == (1, 0)
    until(lambda: not house.delivery._lanes["stuck"].thread.is_alive())  # type: ignore[union-attr]
    assert house.metrics.labelled("redshank_deliveries_total") == {("eve", "delivered"): 40}


def test_what_is_recorded_while_a_sink_looks_for_the_last_time_is_delivered(tmp_path: Path) -> None:
    house = House(tmp_path, webhook=Target())

    class Late(Box):
        """Has an alert recorded, and the end begun, after the first look."""

        def due(self, sink: str, now_s: float, limit: int, *, untried: bool = False) -> list[Owed]:
            rows = super().due(sink, now_s, limit, untried=untried)
            if not self.known:
                house.record(ALERT)
                stops.start()
                until(lambda: house.delivery._ends_at is not None)
            return rows

    house.outbox = Late()
    house.delivery = house.deliver()
    stops = threading.Thread(target=house.delivery.stop, args=(60,))
    house.delivery.start()
    until(lambda: house.sinks["webhook"].closed)
    stops.join()
    assert house.sinks["webhook"].got == ["0123456789abcdef-1"]


def test_an_outbox_that_hangs_does_not_hold_up_a_stop_and_nothing_is_delivered_after_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path, webhook=Target())
    house.outbox.hangs = hangs = threading.Event()
    house.record(ALERT)
    house.delivery.start()
    assert house.outbox.held.wait(60)
    assert house.delivery.stop(0) == ["webhook"]
    assert "sink webhook: still busy after 0 s; left alone" in caplog.text
    hangs.set()
    until(lambda: house.delivery._lanes["webhook"].ended)
    assert (house.sinks["webhook"].got, house.sinks["webhook"].closed) == ([], 0)
    assert [row.begun for _, row in house.outbox.rows.values()] == [True]  # the next run says that it is in doubt


def test_a_stop_drains_what_is_due_and_leaves_what_waits(tmp_path: Path) -> None:
    house = House(tmp_path, eve=Target(), webhook=Target(refuses=True))
    house.delivery.start()
    house.record(*(replace(ALERT, revision=number) for number in range(40)))
    assert house.delivery.stop(10.0) == []
    assert len(house.sinks["eve"].got) == 40
    assert len(house.outbox) == 40
    assert house.letters() == []


def test_a_stop_does_not_go_on_with_a_sink_that_fails(tmp_path: Path) -> None:
    house = House(tmp_path, webhook=Target(refuses=True), eve=Target())
    house.record(*(replace(ALERT, revision=number) for number in range(40)))
    house.delivery.stop(10.0)
    assert [house.delivery.step(name) for name in ("webhook", "webhook", "eve")] == [0, 0, 16]
    assert house.metrics.labelled("redshank_deliveries_total") == {("webhook", "failed"): 2, ("eve", "delivered"): 16}
    assert house.letters() == []


def test_an_error_of_the_program_in_a_sink_is_seen_by_who_supervises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda told: seen.append(str(told.exc_value)))
    house = House(tmp_path, odd=Target(raises=ZeroDivisionError), eve=Target())
    house.delivery.start()
    house.record(ALERT)
    house.delivery.wake()
    until(lambda: house.sinks["eve"].got and house.delivery.broken())
    assert seen == ["by mistake"]
    assert house.delivery.broken() == ["odd"]
    house.delivery.stop(60.0)


def test_an_outbox_that_cannot_be_read_is_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House(tmp_path, eve=Target())
    house.outbox.busy = True
    house.delivery.start()
    house.record(ALERT)
    house.delivery.wake()
    until(lambda: "outbox: store: database is locked; tried again" in caplog.text)
    house.outbox.busy = False
    until(lambda: len(house.outbox) == 0)
    assert house.delivery.stop(60.0) == []
    assert house.sinks["eve"].got == ["0123456789abcdef-1"]


def test_of_a_row_that_nobody_noted_the_next_process_knows_that_it_may_have_arrived(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hangs = threading.Event()
    house = House(
        tmp_path, chat=Target(hangs=hangs, may_repeat=False), hook=Target(hangs=hangs), eve=Knowing(hangs=hangs)
    )
    house.record(ALERT, replace(ALERT, revision=2))
    house.delivery.start()
    until(lambda: sum(row.begun for _, row in house.outbox.rows.values()) == 2)
    assert sorted(house.delivery.stop(0.1)) == ["chat", "eve", "hook"]
    for sink in house.sinks.values():
        sink.hangs = None
    after = house.deliver()
    for name in house.sinks:
        after.step(name)
    try:
        assert house.sinks["chat"].got == ["0123456789abcdef-2"]
        assert house.sinks["hook"].got == house.sinks["eve"].got == ["0123456789abcdef-1", "0123456789abcdef-2"]
    finally:
        hangs.set()
    said = "it was handed over before, and the service ended before it noted what became of it: it may have arrived"
    (letter,) = house.letters()
    assert (letter["key"], letter["error"]) == ("0123456789abcdef-1-chat", said)
    assert len(house.outbox) == 0
    assert house.metrics.labelled("redshank_deliveries_in_doubt_total") == {("chat",): 1, ("hook",): 1}
    assert f"sink hook: 0123456789abcdef-1-hook: {said}; handed over again" in caplog.text


def test_what_a_sink_did_not_answer_for_comes_again_or_is_a_dead_letter_as_its_settings_say(tmp_path: Path) -> None:
    house = House(
        tmp_path, chat=Target(silent=True, may_repeat=False), hook=Target(silent=True), eve=Knowing(silent=True)
    )
    house.record(ALERT)
    for _ in range(2):
        for name in house.sinks:
            house.delivery.step(name)
        house.now_s += 10
    assert [len(sink.got) for sink in house.sinks.values()] == [1, 2, 2]
    assert [letter["key"] for letter in house.letters()] == ["0123456789abcdef-1-chat"]
    assert house.metrics.labelled("redshank_deliveries_in_doubt_total") == {("chat",): 1, ("hook",): 2}


def test_what_must_not_come_twice_waits_while_dead_letters_cannot_be_written(tmp_path: Path) -> None:
    house = House(tmp_path, chat=Target(silent=True, may_repeat=False))
    house.record(ALERT)
    house.dead.full = True
    for _ in range(3):
        house.delivery.step("chat")
        house.now_s += 10
    house.dead.full = False
    house.delivery.step("chat")
    assert house.sinks["chat"].got == ["0123456789abcdef-1"]
    assert (len(house.outbox), len(house.letters())) == (0, 1)
    assert house.metrics.labelled("redshank_deliveries_in_doubt_total") == {("chat",): 1}


def test_a_row_that_never_left_is_not_in_doubt_whatever_the_outbox_says(tmp_path: Path) -> None:
    house = House(tmp_path, chat=Target(may_repeat=False))
    house.record(ALERT)
    house.outbox.forgets = True
    with pytest.raises(ActionError, match="server closed the connection"):
        house.delivery.step("chat")
    house.outbox.forgets = False
    house.sinks["chat"].refuses = True
    house.delivery.step("chat")
    house.sinks["chat"].refuses = False
    house.now_s += 10
    house.delivery.step("chat")
    assert house.sinks["chat"].got == ["0123456789abcdef-1"]
    assert house.letters() == []


@dataclass(frozen=True)
class Blind(Sink):
    """Writes a line whatever stands there."""

    path: Path
    may_repeat: bool = True

    def deliver(self, alert: Alert) -> None:
        with self.path.open("a") as file:
            file.write(f"{alert.id}-{alert.revision}\n")

    def close(self) -> None:
        pass


def deadly(sink: Sink, draw: random.Random) -> Sink:
    """Have the sink kill the process before or after it takes an alert, when it is so drawn."""
    deliver = sink.deliver

    def perhaps() -> None:
        if draw.random() < 0.02:
            os.kill(os.getpid(), signal.SIGKILL)

    def delivers(alert: Alert) -> None:
        perhaps()
        deliver(alert)
        perhaps()

    object.__setattr__(sink, "deliver", delivers)
    return sink


def test_a_delivery_that_is_killed_at_any_moment_loses_nothing_and_repeats_only_what_may_come_twice(
    tmp_path: Path,
) -> None:
    alerts = [replace(ALERT, id=f"{number:016x}", revision=number % 3) for number in range(60)]
    sinks = {
        "eve": Eve(tmp_path / "eve.json"),
        "hook": Blind(tmp_path / "hook"),
        "chat": Blind(tmp_path / "chat", may_repeat=False),
    }
    place, dead = tmp_path / "redshank.db", tmp_path / "dead"
    with closing(Database(place, create=True)) as database:
        Alerts(database).record(alerts, list(sinks), 1.0)
    killed = 0
    while True:
        child = os.fork()
        if child == 0:
            draw, metrics = random.Random(killed), Metrics()
            dying = {name: deadly(sink, draw) for name, sink in sinks.items()}
            delivery = Delivery(Outbox(Database(place)), dying, LetterFile(dead, metrics), metrics)
            while sum(delivery.step(name) for name in sinks):
                pass
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not status:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        killed += 1
    assert killed > 2
    wanted = [f"{alert.id}-{alert.revision}" for alert in alerts]
    lines = [json.loads(line)["alert"]["metadata"] for line in (tmp_path / "eve.json").read_text().splitlines()]
    assert [f"{told['redshank_id'][0]}-{told['revision'][0]}" for told in lines] == wanted
    hook, chat = ((tmp_path / name).read_text().splitlines() for name in ("hook", "chat"))
    assert list(dict.fromkeys(hook)) == wanted
    assert len(hook) - len(wanted) <= killed
    letters = [json.loads(line)["key"].removesuffix("-chat") for line in dead.read_text().splitlines()]
    assert len(set(chat)) == len(chat)
    assert len(set(letters)) == len(letters)
    assert set(letters) <= set(wanted)
    assert set(wanted) - set(chat) <= set(letters), "what is not there is a dead letter"
    assert len(letters) <= killed

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from bundles import Flows, flows
from redshank.alerts.group import Groups
from redshank.core.errors import ActionError, ConfigError, RefusedError, SourceError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.detect.detector import Detector
from redshank.flows.source import FlowSource
from redshank.pipeline import intake
from redshank.pipeline import service as module
from redshank.pipeline.judging import Judging
from redshank.pipeline.service import Feed, Service
from redshank.pipeline.tally import Summary, Tally
from runs import ATTACK, Constant


@dataclass
class Site:
    """A service of some feeds, and what it told."""

    feeds: dict[str, Feed]
    detector: Detector = field(default_factory=lambda: Constant(0.99, "dos", True))
    drain_s: float = 20.0
    on_tick: Callable[[], object] = lambda: None
    steps: int = 0
    done: list[str] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)
    ticks: int = 0

    def __post_init__(self) -> None:
        tally = Tally(self.metrics)
        self.service = Service(
            self.feeds,
            Judging([self.detector], Groups(), tally),
            tally,
            self.metrics,
            self._act,
            self._tick,
            behind=lambda: self.steps > 0,
            drain_s=self.drain_s,
        )

    def _act(self, alerts: Sequence[Alert]) -> None:
        self.alerts += alerts
        self.steps = max(0, self.steps - 1)
        self.done.append("step")

    def _tick(self) -> None:
        self.ticks += 1
        self.on_tick()

    def run(self) -> Summary:
        return self.service.run()


class Endless(FlowSource):
    """Gives one batch, then waits until it is asked to end, and gives another."""

    def __init__(self) -> None:
        self.anomalies, self.packets, self.packet_bytes = {}, 0, 0
        self.begun = threading.Event()

    def batches(self) -> Iterator[pa.RecordBatch]:
        yield flows(ATTACK)
        self.begun.set()
        while not self.stopping:
            threading.Event().wait(0.01)
        yield flows(ATTACK, seed=1)


class Deaf(FlowSource):
    """Gives nothing, and does not heed that it is asked to end."""

    def __init__(self) -> None:
        self.anomalies, self.packets, self.packet_bytes = {}, 0, 0
        self.begun, self.let_go = threading.Event(), threading.Event()

    def batches(self) -> Iterator[pa.RecordBatch]:
        self.begun.set()
        self.let_go.wait(60)
        yield flows(ATTACK)


class Whole(Flows):
    """Tells when all that it has is given."""

    def __init__(self, batches: list[pa.RecordBatch]) -> None:
        super().__init__(batches)
        self.given = threading.Event()

    def batches(self) -> Iterator[pa.RecordBatch]:
        yield from super().batches()
        self.given.set()


def stop_after(event: threading.Event, site: Site) -> None:
    """Ask the service to end once the event is there."""

    def wait() -> None:
        event.wait()
        site.service.stop()

    threading.Thread(target=wait, daemon=True).start()


def feed(*opened: FlowSource | Exception, patient: bool = True) -> Feed:
    waiting = iter(opened)

    def one() -> FlowSource:
        found = next(waiting)
        if isinstance(found, Exception):
            raise found
        return found

    return Feed(one, patient)


def test_several_sources_are_judged_and_the_service_ends_with_the_last() -> None:
    site = Site({"a": feed(Flows([flows(ATTACK)])), "b": feed(Flows([flows(ATTACK, seed=1)]))})
    done = site.run()
    assert (done.flows, done.packets, done.interrupted) == (200, 2000, False)
    assert sum(alert.count for alert in site.alerts) == 200
    assert done.anomalies == {"decode.ipv4_truncated": 2}
    assert site.metrics.total("redshank_packets_total") == 2000
    assert site.ticks >= 1


def test_asked_to_end_it_judges_what_its_sources_still_give() -> None:
    source = Endless()
    site = Site({"wire": feed(source, patient=False)})
    stop_after(source.begun, site)
    done = site.run()
    assert done.interrupted
    assert done.flows == 200
    assert source.stopping


def test_a_source_that_fails_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    down = SourceError("eth1: the interface is down")
    broken = Flows([flows(ATTACK)], SourceError("eth1: the interface went down"))
    site = Site({"wire": feed(down, broken, Flows([flows(ATTACK, seed=1)]), patient=False)})
    done = site.run()
    assert (done.flows, done.packets) == (200, 2000)
    assert site.metrics.labelled("redshank_source_failures_total") == {("wire",): 2}


def test_a_source_that_fails_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 30)
    source = Endless()
    site = Site({"bad": feed(SourceError("eth9: the interface is down")), "wire": feed(source)})
    stop_after(source.begun, site)
    assert site.run().flows == 200


@pytest.mark.parametrize(
    "error",
    [
        OSError(5, "Input/output error"),
        pa.ArrowInvalid("a column is too short"),
        ConfigError("eth1: there is no such interface"),  # it was there when the service began
    ],
)
def test_whatever_a_source_fails_with_later_it_is_opened_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    again = Flows([flows(ATTACK, seed=1)])
    site = Site({"wire": feed(Flows([flows(ATTACK)], error), error, again, patient=False)})
    assert site.run().flows == 200
    assert site.metrics.labelled("redshank_source_failures_total") == {("wire",): 2}
    assert f"source wire: {error}; it is tried again" in caplog.text


def test_an_interface_that_went_away_before_its_first_flow_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    gone = (Flows([], SourceError("interface 'eth1' is gone")), ConfigError("live: no interface 'eth1'"))
    site = Site({"wire": feed(*gone, Flows([flows(ATTACK)]), patient=False), "other": feed(Flows([flows(ATTACK)]))})
    assert site.run().flows == 200
    assert site.metrics.labelled("redshank_source_failures_total") == {("wire",): 2}


def test_a_source_that_failed_is_a_problem_until_it_is_open_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    problems, back, source = [], threading.Event(), Endless()
    waiting = iter([Flows([], SourceError("eth1: the interface went down")), source])

    def opened() -> FlowSource:
        one = next(waiting)
        if one is source:
            back.wait(60)
        return one

    def look() -> None:
        problems.append(site.service.problem)
        if problems[-1]:
            back.set()

    monkeypatch.setattr(module, "TICK_S", 0.01)
    site = Site({"wire": Feed(opened, patient=False)}, on_tick=look)
    stop_after(source.begun, site)
    site.run()
    assert "source wire: eth1: the interface went down; it is tried again" in problems
    assert site.service.problem == ""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_source_that_an_error_of_the_program_ended_ends_the_service_with_an_error() -> None:
    site = Site({"bad": feed(Flows([flows(ATTACK)], ZeroDivisionError())), "other": feed(Endless())})
    with pytest.raises(ActionError, match="source bad: ended by an error of the program; start again"):
        site.run()


def test_what_a_log_gave_before_it_failed_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    first, second = flows(ATTACK), flows(ATTACK, seed=1)
    later = pc.add(first.column("ts"), pa.scalar(10**15, pa.duration("ns")))
    second = second.set_column(second.schema.get_field_index("ts"), second.schema.field("ts"), later)
    site = Site({"log": feed(Flows([first], SourceError("log: cannot be read")), Flows([first, second]))})
    assert site.run().flows == 200
    assert sum(alert.count for alert in site.alerts) == 200
    assert site.metrics.labelled("redshank_read_again_rows_total") == {("log",): 100}


def test_settings_that_are_wrong_end_the_service_with_their_error() -> None:
    site = Site({"wire": feed(ConfigError("eth9: there is no such interface")), "other": feed(Endless())})
    with pytest.raises(ConfigError, match="eth9: there is no such interface"):
        site.run()


def test_a_service_without_the_right_to_any_source_ends_and_says_what_to_give_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = {name: feed(RefusedError(f"live: no right to {name} (CAP_NET_RAW)")) for name in ("eth1", "eth2")}
    site = Site(refused)
    with pytest.raises(RefusedError) as caught:
        site.run()
    words = {f"source {name}: live: no right to {name} (CAP_NET_RAW)" for name in refused}
    assert set(str(caught.value).split("; ")) == words
    assert {record.getMessage() for record in caplog.records} == {f"{one}; it is not tried again" for one in words}
    assert site.metrics.labelled("redshank_source_failures_total") == {("eth1",): 1, ("eth2",): 1}


def test_a_source_without_the_right_to_it_is_told_while_the_others_go_on() -> None:
    source = Endless()
    site = Site({"eth1": feed(RefusedError("live: no right to eth1")), "wire": feed(source)})
    stop_after(source.begun, site)
    assert site.run().flows == 200
    assert site.service.problem == "source eth1: live: no right to eth1"


def test_when_the_others_are_done_a_source_without_the_right_to_it_is_an_error() -> None:
    site = Site({"eth1": feed(RefusedError("live: no right to eth1")), "file": feed(Flows([flows(ATTACK)]))})
    with pytest.raises(RefusedError, match="source eth1: live: no right to eth1"):
        site.run()
    assert sum(alert.count for alert in site.alerts) == 100


@dataclass(frozen=True)
class Slow(Detector):
    """Take a while for each batch, and ask for the end with the first."""

    inner: Detector
    seconds: float
    stop: Callable[[], None]

    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        self.stop()
        threading.Event().wait(self.seconds)
        return self.inner.judge(flows)


def test_after_the_time_to_drain_the_rest_is_given_up_said_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    many = [flows(ATTACK * 40, seed) for seed in range(20)]

    def stop() -> None:
        site.service.stop()

    slow = Slow(Constant(0.99, "dos", True), 0.2, stop)
    site = Site({"file": feed(Flows(many))}, slow, drain_s=0.1)
    done = site.run()
    assert 0 < done.flows < 80_000
    assert sum(alert.count for alert in site.alerts) == done.flows
    assert "rows are not judged: the end came first (service.drain_s is 0.1)" in caplog.text
    assert site.metrics.labelled("redshank_shed_rows_total").keys() == {("drain",)}
    assert done.shed["drain"] > 0


def test_the_first_packet_that_a_wire_drops_is_seen_to_happen() -> None:
    shown = {
        patient: Site({"one": feed(Flows([]), patient=patient)}).metrics.text().splitlines()
        for patient in (True, False)
    }
    wanted = 'redshank_anomalies_total{name="ring_dropped",stage="capture"} 0.0'
    assert [wanted in lines for lines in shown.values()] == [False, True]


def test_a_source_that_does_not_end_in_time_is_named_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    source = Deaf()
    site = Site({"wire": feed(source, patient=False)}, drain_s=0.1)
    stop_after(source.begun, site)
    done = site.run()
    assert done.interrupted
    assert "0 rows are not judged: the end came first (service.drain_s is 0.1); not at their end: wire" in caplog.text
    assert site.metrics.labelled("redshank_lost_total") == {("sources",): 1}
    source.let_go.set()


def test_rows_that_wait_when_an_error_ends_the_service_are_counted() -> None:
    log = Whole([flows(ATTACK, seed=seed) for seed in range(3)])

    def broken() -> None:
        log.given.wait(60)
        raise ActionError("sink eve: ended by an error of the program; start again")

    site = Site({"log": feed(log)}, on_tick=broken)
    with pytest.raises(ActionError, match="sink eve"):
        site.run()
    judged = site.metrics.total("redshank_flows_total")
    assert judged + site.metrics.total("redshank_shed_rows_total") == 300


def test_flows_behind_thousands_of_alerts_that_end_wait_for_one_step_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "JOINED_ROWS", 100)
    log = Whole([flows(ATTACK, seed=seed) for seed in range(30)])
    site = Site({"log": feed(log)}, steps=1_000)
    site.on_tick = lambda: log.given.wait(60)  # the first is before the first flows
    judge = site.detector.judge

    def judged(rows: pa.RecordBatch) -> pa.RecordBatch:
        site.done.append("flows")
        return judge(rows)

    monkeypatch.setattr(type(site.detector), "judge", lambda _, rows: judged(rows))
    site.run()
    assert site.done.count("flows") == 30
    first = site.done.index("flows")
    last = len(site.done) - 1 - site.done[::-1].index("flows")
    while_flows_wait = site.done[first : last + 1]
    assert while_flows_wait.count("step") >= 25
    longest = max(len(steps.split()) for steps in " ".join(while_flows_wait).split("flows"))
    assert longest == 1


def test_alerts_that_wait_are_recorded_though_no_flows_come() -> None:
    source = Endless()
    site = Site({"wire": feed(source, patient=False)}, steps=500)
    done = threading.Event()
    site.on_tick = lambda: done.set() if not site.steps else None
    stop_after(done, site)
    site.run()
    assert site.done.count("step") >= 500

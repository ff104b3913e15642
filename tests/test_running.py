import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import postgres
from bundles import Flows, flows, many, watching_bundle, windowed
from records import alert
from redshank import running as module
from redshank.active.retrain import split_later
from redshank.active.told import told
from redshank.config import Settings, load
from redshank.console.acts.alerts import Outcome, call_false
from redshank.console.desk import Desk
from redshank.console.people import Person
from redshank.core.allowance import Allowance
from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError, ConfigError, RefusedError, SourceError
from redshank.detect.detectors.classifier import Classifier
from redshank.features.feature_set import FEATURE_SETS
from redshank.features.feature_sets.host_window import HostWindow
from redshank.feeds import feeds
from redshank.flows.source import FlowSource
from redshank.pipeline.acting import Acting
from redshank.pipeline.service import Feed
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.running import Running
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances
from redshank.store.audit import Audit
from redshank.store.database import Database
from redshank.store.devices import Inventory
from redshank.store.drift import Readings
from redshank.store.ledger import Journal
from redshank.store.queue import Queue
from redshank.store.retention import Retention, Swept
from redshank.store.runs import ENDED, JUDGING, Health, Runs
from redshank.store.traffic import Traffic
from runs import ATTACK
from sites import Place


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an end wait for what is done beside it, however busy the machine is."""
    for name in (
        *("running.ASKING_ENDS_S", "running.SWEEPER_ENDS_S", "running.OVERVIEW_ENDS_S", "running.ENDS_S"),
        "pipeline.acting.INVENTORY_ENDS_S",
    ):
        monkeypatch.setattr(f"redshank.{name}", 100.0)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.table(flows(ATTACK))
    return made


def _run(place: Place, **changed: str) -> Running:
    with Running(load(place.settings(**changed))) as running:
        running.run()
    return running


def test_what_cannot_be_ended_keeps_nothing_else_from_ending(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> None:
        raise ActionError("outbox: 'redshank.db': disk is full")

    monkeypatch.setattr(Acting, "finish", wrong)
    with pytest.raises(ActionError, match="disk is full"):
        _run(place)
    with closing(Database(place.store)) as database:
        (told,) = Runs(database).runs()
    assert told.state == ENDED


def test_what_a_source_gives_ends_in_the_store_at_the_sinks_and_in_the_ledger(place: Place) -> None:
    running = _run(place)
    with closing(Database(place.store)) as database:
        filed = Alerts(database).find()
        devices = Inventory(database).devices()
        judged_with = Inventory(database).bundles()
    assert {(one.alert.device, one.alert.family, one.alert.over) for one in filed} == {
        ("10.0.0.66", "scanning", True),
        ("10.0.0.66", "dos", True),
    }
    told = place.told()
    assert {line["alert"]["metadata"]["redshank_id"][0] for line in told} == {one.alert.id for one in filed}
    keys = [(line["alert"]["metadata"]["redshank_id"][0], line["alert"]["metadata"]["revision"][0]) for line in told]
    assert len(keys) == len(set(keys)) > 2
    assert "10.0.0.66" in {ip for device in devices for ip in device.ips}
    assert [(one.name, one.sha256) for one in judged_with] == [
        ("tiny", Bundle.load(place.folder / "bundle").manifest.sha256)
    ]
    assert running.metrics.total("redshank_decisions_total") > 0


def test_a_bundle_of_windows_judges_by_the_last_flows_of_a_device_and_forgets_others_counted(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HostWindow.__init__, "__defaults__", (4,))
    windowed().save(place.folder / "windowed")
    others = flows(["benign"] * 20, seed=1, src_ip=[f"10.0.2.{i}" for i in range(20)])
    place.table(others, flows(["dos"] * 15 + ["benign"] * 15, src_ip=["10.0.0.66"] * 30))
    running = _run(place, detect=f"[detect]\ndetectors = ['classifier']\nbundle = '{place.folder / 'windowed'}'\n")
    with closing(Database(place.store)) as database:
        dos = next(one.alert for one in Alerts(database).find() if one.alert.family == "dos")
    assert dos.device == "10.0.0.66"
    assert {flow.uid for flow in dos.evidence} <= {f"C0x{i}" for i in range(15, 30)}, "benign by themselves"
    assert running.metrics.labelled("redshank_forgotten_total") == {("classifier", "host_window"): 17}


def test_the_store_knows_how_a_run_went(place: Place) -> None:
    _run(place)
    with closing(Database(place.store)) as database:
        told = Runs(database).latest()
        verdicts = {one.value: one.flows for one in Traffic(database).mix("verdict", 0, 2e9)}
        families = {one.value for one in Traffic(database).mix("family", 0, 2e9)}
    assert told
    assert (told.state, told.problem, told.flows, told.alarms, told.alerts) == (ENDED, "", 100, 40, 2)
    assert [(one.rows, one.up, one.failures) for one in told.sources] == [(100, False, 0)]
    (judge,) = told.judges
    manifest = Bundle.load(place.folder / "bundle").manifest
    assert (judge.detector, judge.bundle, judge.sha256) == ("classifier", "tiny", manifest.sha256)
    assert judge.fingerprint
    assert sum(verdicts.values()) == 100
    assert verdicts["alarm"] == 40
    assert families == {"", "scanning", "dos"}


def test_a_person_is_asked_about_some_flows_unless_the_settings_say_nobody_is(place: Place) -> None:
    _run(place, questions="[questions]\nper_day = 0\n")
    with closing(Database(place.store)) as database:
        assert Queue(database).questions() == []
    _run(place)
    with closing(Database(place.store)) as database:
        asked = Queue(database).questions()
        assert Queue(database).labels() == []
    assert {(one.strategy, one.bundle) for one in asked} == {("gateway", "tiny")}
    assert 1 <= len(asked) <= 3


def test_where_time_and_chance_are_given_the_same_flows_leave_the_same_store(tmp_path: Path) -> None:
    left = []
    for name in ("one", "two"):
        place = Place(tmp_path / name)
        place.folder.mkdir()
        place.table(flows(ATTACK))
        with Running(load(place.settings()), seed=1, clock=lambda: 1_700_000_900.0, timer=lambda: 0.0) as running:
            running.run()
        with closing(Database(place.store)) as database:
            left.append((Queue(database).questions(), Alerts(database).find(), Traffic(database).mix("family", 0, 2e9)))
            told = Runs(database).latest()
        assert told
        assert told.told_at_s == told.started_at_s == 1_700_000_900.0
    assert left[0] == left[1]
    assert all(left[0])


def test_a_false_alarm_labels_flows_that_nobody_was_asked_about_and_a_model_can_learn_from_them(place: Place) -> None:
    settings = load(place.settings(questions="[questions]\nper_day = 0\n"))
    with Running(settings) as running:
        running.run()
    with closing(Database(place.store)) as database:
        desk = Desk(settings, database)
        filed = desk.alerts.find()
        ana = Person("ana", "analyst")
        made = [call_false(desk, ana, one.alert.id, "our own test", label=True) for one in filed]
        # What the policy proposed because of one waits for the other to be settled.
        assert made == [Outcome(1, labels=3, kept=1), Outcome(1, labels=3, taken_back=1)]
        said = told(desk.queue, "conn", time.time())
        learn, later = split_later(said, (), 0.5)
        evidence = {flow.uid for one in filed for flow in desk.alerts.evidence(one.alert.id)}
    assert len(filed) == 2
    assert len(learn) == len(said.labelled) == 6
    assert len(later) == 0
    assert {said.family[row] for row in learn.tolist()} == {"benign"}
    assert {one.uid for one in said.questions} <= evidence
    assert [one.values.tobytes() for one in said.questions] == [row.tobytes() for row in said.x]
    assert {one.fingerprint for one in said.questions} == {FEATURE_SETS.find("conn").fingerprint()}
    assert running.metrics.labelled("redshank_examples_total") == {("kept",): 6}


def test_rows_that_nobody_judged_before_the_end_are_in_the_last_words_of_the_run(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, judge = threading.Event(), Classifier.judge

    class Source(Flows):
        def batches(self) -> Iterator[pa.RecordBatch]:
            yield from super().batches()
            given.set()

    def slow(self: Classifier, batch: pa.RecordBatch) -> pa.RecordBatch:
        running.stop()
        given.wait(60)
        return judge(self, batch)

    monkeypatch.setattr(Classifier, "judge", slow)
    service = f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = ''\ndrain_s = 0.0\n"
    monkeypatch.setattr("redshank.pipeline.intake.JOINED_ROWS", 100)
    batches = [flows(ATTACK, seed=seed) for seed in range(6)]
    feeds = {"log": Feed(lambda: Source(batches), patient=True)}
    with Running(load(place.settings(service=service)), feeds=feeds) as running:
        done = running.run()
    with closing(Database(place.store)) as database:
        (told,) = Runs(database).runs()
    assert told.state == ENDED
    assert told.flows + told.shed["drain"] == 600
    assert done.shed == dict(told.shed)


def test_the_store_knows_why_a_run_broke_off(place: Place) -> None:
    with pytest.raises(ActionError), Running(load(place.settings())):
        raise ActionError("sinks: eve ended by an error of the program")
    with closing(Database(place.store)) as database:
        told = Runs(database).latest()
    assert told
    assert (told.state, told.problem) == (ENDED, "sinks: eve ended by an error of the program")


def test_the_same_traffic_again_makes_no_second_alert(place: Place) -> None:
    _run(place)
    before = place.told()
    _run(place)
    assert place.told() == before
    with closing(Database(place.store)) as database:
        assert Alerts(database).count() == 2


def test_repetition_counts_windows_that_a_service_before_it_told_of(place: Place) -> None:
    rules = {"respond": "[respond]\n[[respond.rules]]\nmeasure = 'block'\nevidence = ['repeated']\n"}
    proposed = []
    for hour in range(3):
        place.table(flows(ATTACK, seed=hour, ts=[(1_700_000_000 + 3_600 * hour) * 10**9 + i for i in range(100)]))
        proposed.append(("proposed",) in _run(place, **rules).metrics.labelled("redshank_decisions_total"))
    assert proposed == [False, False, True]


@pytest.mark.parametrize(("state", "answered"), [(JUDGING, True), (ENDED, False)])
def test_what_a_service_that_was_killed_left_without_an_answer_the_next_one_answers_and_once(
    place: Place, state: str, *, answered: bool
) -> None:
    place.table(flows(["benign"] * 5))
    now_s = time.time()
    left = alert(id="left", device="203.0.113.9", severity="high", rules=("worm",), last_seen_s=now_s)
    with closing(Database(place.store, create=True)) as database:
        Alerts(database).record([left], [], now_s)
    for name in ("killed", "killed too"):
        with closing(Database(place.store)) as database:
            Runs(database).tell(Health(name, time.time(), time.time(), state))
        _run(place)
        with closing(Database(place.store)) as database:
            ledger = Ledger(Journal(database), Protected)
            ledger.refresh()
        assert [entry.action.alert for entry in ledger.entries()] == ["left"] * answered


def test_an_allowance_holds_at_once_also_for_open_alerts(place: Place) -> None:
    _run(place)
    with closing(Database(place.store)) as database:
        Allowances(database).give(Allowance.of("ana", "our own scanner", time.time(), device="10.0.0.66"))
    place.table(flows(ATTACK, seed=1, ts=[1_700_100_000_000_000_000 + i for i in range(100)]))
    before = len(place.told())
    running = _run(place)
    assert len(place.told()) == before
    assert running.metrics.total("redshank_allowed_total") == 40
    with closing(Database(place.store)) as database:
        assert {(one.state, one.state_by) for one in Alerts(database).find()} == {("closed", "allow-list")}


def test_what_was_done_because_of_alerts_that_a_person_calls_false_is_taken_back_and_once(place: Place) -> None:
    rules = {"respond": "[respond]\nmodel_alone = true\n[[respond.rules]]\nmeasure = 'block'\nttl_s = 86400\n"}
    _run(place, **rules)
    notes = []
    for judged in (False, True, True):
        with closing(Database(place.store)) as database:
            if judged:
                alerts = Alerts(database)
                names = [one.alert.id for one in alerts.find()]
                alerts.judge(names, "false_alarm", "ana", time.time(), "our own scanner")
        _run(place, **rules)
        with closing(Database(place.store)) as database:
            ledger = Ledger(Journal(database), Protected)
            ledger.refresh()
            undone = Audit(database).entries(what="action undone")
        (entry,) = ledger.entries()
        notes.append((entry.state, entry.by, len(undone)))
    assert notes == [("applied", "kernel", 0), ("undone", "ana", 1), ("undone", "ana", 1)]
    assert undone[0].detail["why"] == f"alert {entry.action.alert} is a false alarm: our own scanner"


def test_a_bundle_that_carries_no_traffic_is_told_of_once(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        _run(place)
    said = "bundle tiny: carries no traffic to compare with: no drift is looked for; train it again"
    assert caplog.messages.count(said) == 1


def test_every_mistake_is_told_before_the_first_packet(place: Place) -> None:
    path = place.settings(
        sources="[[sources]]\ntool = 'table'\n",
        sinks="[sinks.eve]\n",
        respond="[respond]\nprotect = ['router']\nbackend = 'x'\n[[respond.rules]]\nmeasure = 'drop'\n",
        service=f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = 'x'\n[store]\nurl = 'mysql://db/x'\n",
    )
    with pytest.raises(ConfigError) as caught:
        Running(load(path))
    text = "\n".join(caught.value.problems)
    for wanted in (
        "store: 'mysql://...'",
        "service.metrics: 'x'",
        *("sources.0.path", "sinks.eve.path", "respond.protect", "respond.backend: no 'x'", "respond.rules.0.measure"),
    ):
        assert wanted in text, text
    assert not (place.folder / "state").exists()


def test_a_detector_that_fails_ends_nothing_and_the_store_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("probabilities")

    monkeypatch.setattr(Classifier, "judge", broken)
    _run(place)
    with closing(Database(place.store)) as database:
        told = Runs(database).latest()
        verdicts = {one.value: one.flows for one in Traffic(database).mix("verdict", 0, 2e9)}
    assert told
    assert told.judges[0].silent.startswith("could not judge its last batch (KeyError: 'probabilities')")
    assert verdicts == {"unjudged": 100}
    assert list((place.folder / "state" / "unjudged").iterdir())


def test_flows_are_kept_if_asked_for(place: Place) -> None:
    _run(place, archive=f"[archive]\nfolder = '{place.folder / 'flows'}'\n")
    (path,) = (place.folder / "flows").glob("*.parquet")
    assert pq.read_table(path).num_rows == 100


def test_metrics_and_health_are_served_while_it_runs(place: Place) -> None:
    settings = load(place.settings(service=f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = '127.0.0.1:0'\n"))
    with Running(settings) as running:
        running.run()
        assert running.metrics_port
        base = f"http://127.0.0.1:{running.metrics_port}"
        assert httpx.get(f"{base}/healthz", trust_env=False).text == "ok\n"
        assert "redshank_packets_total" in httpx.get(f"{base}/metrics", trust_env=False).text


def test_what_would_be_news_is_shown_at_nothing_before_it_happens(place: Place) -> None:
    with Running(load(place.settings())) as running:
        lines = running.metrics.text().splitlines()
    for name, label, values in (
        ("alerts", "family", ("scanning", "dos", "unknown")),
        ("dead_letters", "sink", ("eve",)),
        ("shed_rows", "step", ("interim", "quiet", "oldest", "drain")),
        ("lost", "what", ("alerts", "sources", "comparisons", "counted_flows", "question_rounds")),
        ("source_failures", "source", (str(place.folder / "flows.parquet"),)),
    ):
        for value in values:
            assert f'redshank_{name}_total{{{label}="{value}"}} 0.0' in lines


def test_systemd_is_told_when_it_judges_and_when_it_ends(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place.folder / "notify"))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(place.folder / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "2000000")
        _run(place)
        said = b""
        while b"STOPPING=1" not in said:
            said += manager.recv(200) + b"\n"
    told = [line for line in said.split(b"\n") if line in {b"READY=1", b"STOPPING=1"}]
    assert told == [b"READY=1", b"STOPPING=1"]
    assert b"WATCHDOG=1" in said


def test_who_ends_feeds_the_watchdog_no_more(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place.folder / "notify"))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(place.folder / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "2000000")
        with Running(load(place.settings())) as running:
            running.stop()
            running.run()
        said = b""
        while b"STOPPING=1" not in said:
            said += manager.recv(200) + b"\n"
    assert b"WATCHDOG=1" not in said


def test_systemd_is_not_told_ready_before_the_first_source_is_open(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place.folder / "notify"))
        manager.settimeout(0.0)
        monkeypatch.setenv("NOTIFY_SOCKET", str(place.folder / "notify"))
        before: list[bytes] = []

        def opened() -> FlowSource:
            time.sleep(1.5)  # longer than the service takes to look after itself for the first time
            with suppress(BlockingIOError):
                while True:
                    before.append(manager.recv(200))
            return next(iter(feeds(settings).values())).opened()

        settings = load(place.settings())
        with Running(settings, feeds={"home": Feed(opened, patient=True)}) as running:
            running.run()
        after = manager.recv(200)
    assert before == [b"STATUS=no source is open yet"]
    assert after == b"READY=1\nSTATUS=judging"


def test_what_is_old_goes_beside_the_judging(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "FIRST_SWEEP_S", 0.0)
    swept: list[str] = []

    def sweep(*_: object) -> Swept:
        swept.append(threading.current_thread().name)
        return Swept(1, 2, 3, 4 * 2**20 + 1)

    monkeypatch.setattr(Retention, "sweep", sweep)
    with Running(load(place.settings())) as running:
        running.run()
    assert swept == ["retention"], "the next is an hour later"
    assert "store: 5 MiB larger than store.keep_mib allows" in caplog.text
    counted = running.metrics.named("redshank_swept_total")
    assert counted == {"old_alerts": 1, "alerts_for_room": 2, "devices": 3}


def test_a_service_has_small_pages_and_gives_back_what_it_no_longer_uses(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    monkeypatch.setattr(module, "GIVE_BACK_EVERY_S", 0.0)
    monkeypatch.setattr(module, "give_back", lambda: given.append(time.monotonic()))
    _run(place)
    assert given
    assert "THP_enabled:\t1" not in Path("/proc/self/status").read_text()


def test_whoever_breaks_off_waits_for_no_sink(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    finish = Acting.finish

    def noted(acting: Acting, within_s: float) -> None:
        waits.append(within_s)
        finish(acting, within_s)

    monkeypatch.setattr(Acting, "finish", noted)
    _run(place)
    with pytest.raises(KeyboardInterrupt), Running(load(place.settings())):
        raise KeyboardInterrupt
    assert [within_s > 0 for within_s in waits] == [True, False]


@contextmanager
def _locked(store: Path) -> Iterator[None]:
    """Let another process have a file for itself while the block runs."""
    with closing(sqlite3.connect(store, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.parametrize("server", [False, pytest.param(True, marks=pytest.mark.service)], ids=["file", "server"])
def test_a_store_that_hangs_does_not_hold_up_the_end_and_what_it_did_not_get_is_counted_or_kept(
    place: Place, monkeypatch: pytest.MonkeyPatch, *, server: bool
) -> None:
    monkeypatch.setattr(module, "STORE_ENDS_S", 1.0)
    forever = {**(Database.__init__.__kwdefaults__ or {}), "patience_s": 100_000}
    monkeypatch.setattr(Database.__init__, "__kwdefaults__", forever)
    told: list[object] = []
    with ExitStack() as around, ExitStack() as hangs:
        service = f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = ''\ndrain_s = 1.0\n"
        stopped = around.enter_context(postgres.running()) if server else None
        store = f"[store]\nurl = '{stopped.place()}'\n" if stopped else ""
        settings = load(place.settings(service=service, store=store))

        class Source(Flows):
            def batches(self) -> Iterator[pa.RecordBatch]:
                yield flows(ATTACK)
                while not told:
                    time.sleep(0.005)
                hangs.enter_context(stopped.silent() if stopped else _locked(place.store))
                running.stop()
                yield flows(ATTACK, seed=1)

        with Running(settings, feeds={"log": Feed(lambda: Source([]), patient=True)}, tell=told.extend) as running:
            running.run()
        assert "alerts are not in the store: the next run takes them from unrecorded.jsonl" in running.unkept
        lost = running.metrics.named("redshank_lost_total")
        assert lost.keys() >= {"devices", "counted_flows"}
        assert "alerts" not in lost
        hangs.close()
        again = None
        while again is None:  # a server takes a moment to see that who held the store has gone
            with suppress(ConfigError):
                again = Running(settings, feeds={"log": Feed(lambda: Flows([]), patient=True)})
        with again:
            again.run()
        with closing(Database(settings.store_place)) as database:
            assert Alerts(database).unfinished() == []


def test_health_tells_of_alerts_that_wait_for_the_store(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise ActionError("store: 'redshank.db': database or disk is full")

    settings = load(place.settings(service=f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = '127.0.0.1:0'\n"))
    monkeypatch.setattr(Alerts, "record", full)
    with Running(settings) as running:
        running.run()
        answer = httpx.get(f"http://127.0.0.1:{running.metrics_port}/healthz", trust_env=False)
    assert answer.status_code == 503
    assert answer.text.endswith(" alerts wait for the store\n")


def test_health_tells_of_a_source_without_the_right_to_it(place: Place) -> None:
    def refused() -> FlowSource:
        raise RefusedError("live: no right to capture on 'eth1' (CAP_NET_RAW)")

    settings = load(place.settings(service=f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = '127.0.0.1:0'\n"))
    with Running(settings, feeds={**feeds(settings), "eth1": Feed(refused, patient=False)}) as running:
        with pytest.raises(RefusedError, match="source eth1: live: no right"):
            running.run()
        answer = httpx.get(f"http://127.0.0.1:{running.metrics_port}/healthz", trust_env=False)
    assert (answer.status_code, answer.text) == (
        503,
        "source eth1: live: no right to capture on 'eth1' (CAP_NET_RAW)\n",
    )
    assert place.told()


def test_health_tells_of_a_source_that_is_down(place: Place) -> None:
    settings = load(place.settings(service=f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = '127.0.0.1:0'\n"))
    sentence = "source eth1: live: 'eth1' is down; it is tried again"

    def down() -> FlowSource:
        raise SourceError("live: 'eth1' is down")

    with Running(settings, feeds={"eth1": Feed(down, patient=False)}) as running:
        answers = []

        def look() -> None:
            at = f"http://127.0.0.1:{running.metrics_port}/healthz"
            while not running.service.problem:
                threading.Event().wait(0.01)
            answers.append(httpx.get(at, trust_env=False))
            running.stop()

        asker = threading.Thread(target=look)
        asker.start()
        running.run()
        asker.join()
    assert [(one.status_code, one.text) for one in answers] == [(503, f"{sentence}\n")]


def test_traffic_that_left_what_the_classifier_learnt_is_told_and_brings_questions_about_its_group(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    watching_bundle().save(place.folder / "watching")
    longer = [many("benign", seed, 100_000 + 4_000 * seed, duration=[500.0] * 2000) for seed in (2, 3)]
    place.table(many("benign", 1), *longer)
    detect = f"""[detect]
detectors = ['classifier']
bundle = '{place.folder / "watching"}'
groups = {{ "10.0.0.0/24" = "cameras" }}
"""
    with caplog.at_level(logging.WARNING):
        running = _run(place, detect=detect)
    said = "traffic of group cameras has moved away from what was learnt: "
    (told,) = [text for text in caplog.messages if said in text]
    assert "duration (PSI " in told
    assert running.metrics.labelled("redshank_drift_events_total") == {("classifier", "cameras"): 1}
    with closing(Database(place.store)) as database:
        asked, (newest,) = Queue(database).questions(), Readings(database).newest()
        readings = Readings(database).of("cameras")
    assert (newest.group, newest.detector, newest.bundle, newest.moved) == ("cameras", "classifier", "tiny", True)
    assert [one.moved for one in readings] == [True, True, False]
    assert "duration" in dict(newest.worst)
    assert any(said in one.why for one in asked)


def test_who_is_protected_is_read_again_and_a_mistake_there_leaves_the_list_as_it_was(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    broker = "[sinks.mqtt]\nhost = '10.254.9.1'\n"

    def told(*protect: str, sinks: str = broker) -> Settings:
        return load(place.settings(sinks=sinks, respond=f"[respond]\nprotect = {list(protect)}\n"))

    files = iter([("10.254.9.3",), ("router",)])
    with Running(told("10.254.9.2"), again=lambda: told(*next(files), sinks="")) as running:
        around = running._around
        assert around.protected().why("10.254.9.2") == "settings"
        assert around.protected().why("10.254.9.3") is None
        for _ in range(2):
            running.reload()
            running._tick()
            assert around.protected().why("10.254.9.2") is None
            assert around.protected().why("10.254.9.3") == "settings"
            assert around.protected().why("10.254.9.1") == "peer of sink mqtt", "it is still that of this run"
    assert caplog.text.count("respond.protect: read again") == 1
    assert "respond.protect: not read again: respond.protect: 'router' is neither" in caplog.text


def test_a_second_service_on_one_folder_is_refused(place: Place) -> None:
    settings = load(place.settings())
    with Running(settings), pytest.raises(ConfigError, match="service.state: another process holds"):
        Running(settings)
    with Running(settings) as running:
        running.run()


def test_a_second_service_on_one_store_is_refused_whatever_its_folder(place: Place) -> None:
    settings = load(place.settings())
    service = f"[service]\nstate = '{place.folder / 'elsewhere'}'\nmetrics = ''\n"
    other = load(place.settings(service=service, store=f"[store]\nurl = '{place.store}'\n"))
    with Running(settings), pytest.raises(ConfigError, match=f"store '{place.store}': another process holds"):
        Running(other)

"""A day of a site as a service leaves it, out of the recording in the package: to look at, and for tests.

In: an empty folder. Out: settings, a store and a shelf in it. The one idea: nothing is invented but the people. The
recording is metered once and played five times, each time later, up to a few minutes before now; the service judges it,
so that alerts of every family, their evidence, devices, actions of a dry run are its own. Then two people who do not
exist, ana and ben, act through the same classes as the commands: alerts are judged, allowances given, actions approved
and undone, questions asked and answered. The gate judges the challenger, which is the champion under another name. Two
actions are staged, as their own reasons say: one that failed, one whose time is over.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from redshank.capture.sources.pcap import Pcap
from redshank.config import load
from redshank.core.allowance import Allowance
from redshank.core.bundle import Bundle
from redshank.core.records import UNSURE, Label
from redshank.core.schema import BENIGN, FLOW
from redshank.data.place import LEARN
from redshank.detect.default import default_bundle
from redshank.detect.shelf import Shelf
from redshank.flows.meter import MeterSettings
from redshank.flows.source import FlowSource
from redshank.flows.sources.sensor import Sensor
from redshank.pipeline.service import Feed
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.respond.states import Breaker
from redshank.running import Running
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances
from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.question import Question
from redshank.store.queue import Queue
from redshank.store.search import Search

SETTINGS, STATE, MODELS = "redshank.toml", "state", "models"
"""What is in the folder."""
WORDS = "nobody knows what it wanted"
"""A reason, where nothing else is wanted for it."""
STAGED = "staged, to show what {} looks like"
"""Why an action is in a state that a dry run does not bring about here."""
AGES_S = (20.3 * 3600, 9.1 * 3600, 3.2 * 3600, 2_400.0, 180.0)
"""How long before `now_s` each play of the recording ended."""
STOCKED_S = 25 * 3600.0
"""How long before `now_s` the champion was put in service: before the day began."""
SHARES = (0.5, 1.0, 0.7, 0.4, 1.0)
"""How much of the recording each play has."""
QUESTIONS = 24
CHAMPION, CHALLENGER = "home-1", "home-1-r1"
DAY_S = 86_400.0


def fill(folder: Path, words: str = WORDS, now_s: float | None = None) -> None:
    """Make it all; takes some seconds. The same time makes the same alerts, actions and questions.

    Args:
        folder: An empty folder.
        words: What a person gives as a reason here and there.
        now_s: The end of the day, s since the epoch; now if absent.
    """
    now_s = time.time() if now_s is None else now_s
    (folder / SETTINGS).write_text(_text(folder))
    models = folder / MODELS
    _stock(Shelf(models, clock=lambda: now_s - STOCKED_S))
    day, settings = _Day(now_s), load(folder / SETTINGS)
    feeds = {"home": Feed(lambda: day, patient=True)}
    with Running(settings, feeds=feeds, seed=0, clock=lambda: now_s, timer=lambda: 0.0) as running:
        running.run()
    with closing(Database(settings.store_place)) as database:
        _triage(database, now_s, words)
        _respond(_ledger(database), words, now_s)
        assert day.last is not None
        queue = Queue(database)
        _label(queue, day.last, now_s)
        _judge(Shelf(models, clock=lambda: now_s), queue, settings.detect.false_alarm_rate, now_s)


class _Given(FlowSource):
    """Flows that were metered before."""

    def __init__(self, batches: Sequence[pa.RecordBatch]) -> None:
        self.anomalies = {}
        self.packets = self.packet_bytes = 0
        self._batches = batches

    def batches(self) -> Iterator[pa.RecordBatch]:
        return iter(self._batches)


class _Day(FlowSource):
    """The recording, again and again, each time later."""

    def __init__(self, now_s: float) -> None:
        self._sensor = Sensor(Pcap(LEARN / "capture.pcap.gz"), MeterSettings(seed=0))
        self._now_s = now_s
        self.anomalies = self._sensor.anomalies
        self.packets = self.packet_bytes = 0
        self.last: pa.RecordBatch | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        flows = pa.Table.from_batches(self._sensor.batches()).combine_chunks().to_batches()[0]
        ts, uid = flows.column("ts").cast(pa.int64()), flows.column("uid")
        begin, end = pc.min(ts).as_py(), pc.max(ts).as_py()
        for number, (age_s, share) in enumerate(zip(AGES_S, SHARES, strict=True)):
            later = pc.add(ts, int((self._now_s - age_s) * 1e9) - end)
            names = pc.binary_join_element_wise(uid, str(number), "")
            columns = {**dict(zip(FLOW.names, flows.columns, strict=True)), "uid": names}
            columns["ts"] = later.cast(FLOW.field("ts").type)
            whole = pa.RecordBatch.from_arrays([columns[name] for name in FLOW.names], schema=FLOW)
            self.last = whole.filter(pc.less_equal(ts, begin + int(share * (end - begin))))
            self.packets += int(self._sensor.packets * share)
            self.packet_bytes += int(self._sensor.packet_bytes * share)
            yield self.last


def _text(folder: Path) -> str:
    return f"""\
[detect]
models = "{folder / MODELS}"
detectors = ["classifier", "signatures"]

[alerts.assets]
"192.168.39.0/24" = "normal"
"192.168.39.30" = "critical"

[sinks.eve]
path = "{folder / "eve.json"}"

[service]
state = "{folder / STATE}"
metrics = ""
"""


def _stock(shelf: Shelf) -> None:
    """Put a champion on the shelf and in service, and beside it the same bundle under another name."""
    made = Bundle.load(default_bundle())
    for name in (CHAMPION, CHALLENGER):
        shelf.put(replace(made, manifest=replace(made.manifest, name=name)), name)
    shelf.promote(CHAMPION, "the first one")


def _judge(shelf: Shelf, queue: Queue, rate: float, now_s: float) -> None:
    """Ask the gate about the challenger, on the labels of the store."""
    from redshank.active.contest import Contest  # noqa: PLC0415  it brings the training libraries along
    from redshank.active.decision import Gate  # noqa: PLC0415  as just said
    from redshank.active.told import told  # noqa: PLC0415  as just said

    champion, challenger = (shelf.load(name) for name in (CHAMPION, CHALLENGER))
    known = told(queue, champion.manifest.feature_set, now_s)
    contest = Contest.of(champion, challenger, (), rate, known)
    decision = contest.decide(Gate())
    same = f"{CHALLENGER} is {CHAMPION} under another name, so the two do not differ"
    evidence = {**decision.to_dict(), "notes": [*contest.notes, same]}
    decided = shelf.promote if decision.promote else shelf.keep
    decided(CHALLENGER, "; ".join(decision.reasons), evidence)


def _ledger(database: Database) -> Ledger:
    ledger = Ledger(Journal(database), Protected, Breaker(per_minute=1_000))
    ledger.refresh()
    return ledger


def _triage(database: Database, now_s: float, words: str) -> None:
    """Let two people judge some alerts, and allow some things, one after the other."""
    alerts, allowances = Alerts(database), Allowances(database)
    deeds: list[tuple[float, Callable[[], object]]] = []
    for age_s, family, state, who, why in (
        (70_000.0, "dos", "closed", "ana", "the camera was set up anew"),
        (70_000.0, "scanning", "false_alarm", "ana", "our own scanner"),
        (30_000.0, "mitm", "escalated", "ben", "somebody should look at the switch"),
        (30_000.0, "password", "acknowledged", "ben", words),
        (9_000.0, "injection", "false_alarm", "ben", "a backup that posts forms"),
    ):
        found = alerts.find(Search(families=(family,), until_s=now_s - age_s))
        ids, at_s = [one.alert.id for one in found if one.state == "open"], now_s - age_s / 2
        deeds.append((at_s, partial(alerts.judge, ids, state, who, at_s, why)))
    for author, reason, until_s, terms in (
        ("ana", "our own scanner", now_s + 7 * DAY_S, {"device": "192.168.39.10", "family": "scanning"}),
        ("ben", words, None, {"domain": "updates.example.org", "destination": "172.21.121.0/24"}),
        ("ana", "penetration test", now_s - 3_600.0, {"network": "192.168.39.0/24", "family": "dos"}),
        ("ben", "a mistake", None, {"port": 8080, "device": "192.168.39.30"}),
    ):
        given = Allowance.of(author, reason, now_s - 20_000.0, until_s, **terms)
        deeds.append((given.given_at_s, partial(allowances.give, given)))
        if reason == "a mistake":
            at_s = now_s - 10_000.0
            deeds.append((at_s, partial(allowances.withdraw, given.id, "ana", at_s, "hides a backdoor")))
    for _, deed in sorted(deeds, key=itemgetter(0)):
        deed()


def _respond(ledger: Ledger, words: str, now_s: float) -> None:
    """Bring actions into every state: some wait, some hold, some are over."""
    waiting = [entry.action.id for entry in ledger.open() if entry.state == "proposed"]
    holding = [entry.action.id for entry in ledger.open() if entry.state == "applied"]
    for name in waiting[:2]:
        ledger.approve(name, "ana", now_s)
    ledger.applied(waiting[0], now_s, 600.0, "dry_run")
    ledger.fail(waiting[1], now_s, STAGED.format("a failure"))
    ledger.approve(waiting[2], "ben", now_s)
    ledger.undo(waiting[3], "ben", now_s, words)
    ledger.undo(holding[0], "ana", now_s, "the only printer that we have")
    ledger.expire(holding[1], now_s, STAGED.format("an action whose time is over"))


def _label(queue: Queue, flows: pa.RecordBatch, now_s: float) -> None:
    """Ask about flows twice, and answer some: two people, who do not always agree."""
    from redshank.active.ask import ask  # noqa: PLC0415  it brings the training libraries along

    bundle = Bundle.load(default_bundle())
    for wanted, age_s in ((1, 9_000.0), (2, 900.0)):
        source = _Given([flows.slice(wanted % 2 * (flows.num_rows // 2), flows.num_rows // 2)])
        ask(source, bundle, queue, "margin", count=QUESTIONS, now_s=now_s - age_s, most=300, wanted=wanted)
    both, alone = ([one for one in queue.questions() if one.wanted == wanted] for wanted in (2, 1))
    given_s = now_s - 600.0
    said = [
        *((one, _likeliest(one), "ana") for one in (*alone[:10], *both[:6])),
        *((one, _likeliest(one), "ben") for one in both[:4]),
        (both[4], BENIGN if _likeliest(both[4]) != BENIGN else "dos", "ben"),
        (both[6], UNSURE, "ben"),
        (alone[10], UNSURE, "ana"),
    ]
    labels = [
        Label.of(one.id, one.uid, family, who, given_s + at, "terminal") for at, (one, family, who) in enumerate(said)
    ]
    labels.append(Label.of(alone[0].id, alone[0].uid, "scanning", "ana", given_s + 90, "terminal", about=labels[0].id))
    labels.append(Label.of(alone[1].id, alone[1].uid, None, "ana", given_s + 95, "terminal", about=labels[1].id))
    queue.tell(labels)
    queue.doubt([alone[2].id], now_s - 300.0, "three labels of flows nearby say otherwise")


def _likeliest(question: Question) -> str:
    return question.classes[question.probabilities.index(max(question.probabilities))]

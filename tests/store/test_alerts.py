import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from records import alert
from redshank.core.errors import ConfigError
from redshank.core.records import Alert, Evidence
from redshank.store.alerts import AT_ONCE, STATES, Alerts, Group
from redshank.store.audit import Audit
from redshank.store.database import Database
from redshank.store.outbox import Outbox
from redshank.store.search import Search

NOW_S = 1_700_000_000.0
SINKS = ("eve", "webhook")


def flow(uid: str, ts_s: float = 1.5, score: float = 0.9, **changed: str) -> Evidence:
    values: dict[str, Any] = {"src_ip": "10.0.0.7", "dst_ip": "10.0.0.1", "proto": "tcp"} | changed
    return Evidence(uid=uid, ts_s=ts_s, src_port=1, dst_port=None, community_id=None, score=score, **values)


def some(count: int, **changed: object) -> list[Alert]:
    return [alert(id=f"{n:04x}", last_seen_s=float(n), **changed) for n in range(count)]


def test_an_alert_comes_back_as_it_was(database: Database) -> None:
    alerts, told = Alerts(database), alert(techniques=("T1046",), rules=("sweep",), over=False)
    assert alerts.record([told], SINKS, NOW_S) == 1
    filed = alerts.get("00ff")
    assert filed is not None
    assert (filed.alert, filed.arrival, filed.recorded_at_s) == (told, 1, NOW_S)
    assert (filed.state, filed.state_by, filed.state_at_s) == ("open", "", None)
    assert alerts.evidence("00ff") == list(told.evidence)
    assert alerts.get("none") is None
    assert alerts.evidence("none") == []


def test_what_was_written_down_of_late_comes_in_order_and_is_bounded(database: Database) -> None:
    alerts = Alerts(database)
    for n, at_s in enumerate([NOW_S - 90, NOW_S - 5, NOW_S - 5, NOW_S]):
        alerts.record([alert(id=f"{n:04x}", device=f"10.0.0.{n}")], SINKS, at_s)
    assert [one[0] for one in alerts.lately(NOW_S - 10, 9)] == ["0001", "0002", "0003"]
    assert alerts.lately(NOW_S - 10, 1) == [("0003", "10.0.0.3", "scanning", NOW_S)]
    alerts.judge(["0002"], "false_alarm", "ana", NOW_S)
    assert [one[0] for one in alerts.lately(NOW_S - 10, 9)] == ["0001", "0003"]
    alerts.record([alert(id="0000", device="10.0.0.0", revision=1)], SINKS, NOW_S + 1)
    assert [one[0] for one in alerts.lately(NOW_S, 9)] == ["0003", "0000"]


def test_the_same_revision_again_changes_nothing(database: Database) -> None:
    alerts = Alerts(database)
    assert alerts.record([alert(), alert()], SINKS, NOW_S) == 1
    assert alerts.record([alert(count=99)], SINKS, NOW_S + 5) == 0
    assert [(one.alert.count, one.arrival, one.recorded_at_s) for one in alerts.find()] == [(3, 1, NOW_S)]
    assert Outbox(database).counts() == {("eve", "waiting"): 1, ("webhook", "waiting"): 1}


def test_a_later_revision_replaces_the_alert_and_an_earlier_one_does_not(database: Database) -> None:
    alerts = Alerts(database)
    first, second, third = (alert(revision=n, count=n + 3, over=n == 2) for n in range(3))
    assert alerts.record([first], SINKS, NOW_S) == 1
    assert alerts.record([second, third, second], SINKS, NOW_S + 1) == 2
    assert alerts.record([second], SINKS, NOW_S + 2) == 0
    assert [one.alert for one in alerts.find()] == [third]
    assert [one.alert.revision for one in Outbox(database).due("eve", NOW_S + 9, 10)] == [0, 1, 2]


def test_what_a_person_decided_stays_when_the_alert_grows(database: Database) -> None:
    alerts = Alerts(database)
    alerts.record([alert()], SINKS, NOW_S)
    assert alerts.judge(["00ff", "00ff", "none"], "escalated", "ana", NOW_S + 1, "a camera speaks to a stranger") == [
        "00ff"
    ]
    alerts.record([alert(revision=1, count=70)], SINKS, NOW_S + 2)
    filed = alerts.get("00ff")
    assert filed is not None
    assert (filed.alert.count, filed.state, filed.state_by, filed.state_at_s) == (70, "escalated", "ana", NOW_S + 1)
    assert alerts.in_state(["none", "00ff", "00ff"], "escalated") == {"00ff"}
    assert alerts.in_state([], "escalated") == set()
    (entry,) = Audit(database).entries(about="00ff")
    assert (entry.who, entry.what, entry.at_s) == ("ana", "alert escalated", NOW_S + 1)
    assert entry.detail == {"was": "open", "why": "a camera speaks to a stranger"}


def test_only_known_states_and_named_people(database: Database) -> None:
    alerts = Alerts(database)
    with pytest.raises(ConfigError, match=r"state: 'solved' is none; allowed are open, acknowledged, false_alarm, esc"):
        alerts.judge(["00ff"], "solved", "ana", NOW_S)
    with pytest.raises(ConfigError, match="state: nobody is named who decides it; say who"):
        alerts.judge(["00ff"], "closed", "  ", NOW_S)
    assert STATES[0] == "open"


def test_hostile_text_is_kept_exactly_and_looked_for_escaped(database: Database) -> None:
    wild = "dev\x00\x1b[31m\ud800\u202e"
    told = alert(device=wild, score=float("inf"), evidence=(flow("u\x00", src_ip=wild), flow("u\\x00")))
    alerts = Alerts(database)
    alerts.record([told], SINKS, NOW_S)
    assert [one.alert for one in alerts.find(Search(devices=("dev\\x00\\x1b[31m\\ud800\\u202e",)))] == [told]
    assert [one.uid for one in alerts.evidence("00ff")] == ["u\\x00"]
    assert Outbox(database).due("eve", NOW_S, 1)[0].alert == told


def test_those_beside_an_alert_are_found_in_the_order_of_a_list(database: Database) -> None:
    alerts = Alerts(database)
    times = {"a": 1.0, "b": 2.0, "c": 2.0, "d": 3.0}
    alerts.record(
        [alert(id=name, last_seen_s=at_s, family="x" if name == "c" else "y") for name, at_s in times.items()], [], 0
    )
    every = Search()
    listed = [filed.alert.id for filed in alerts.find(every)]
    for place, name in enumerate(listed):
        newer, older = alerts.beside(every, (times[name], name))
        assert newer == (listed[place - 1] if place else None)
        assert older == (listed[place + 1] if place + 1 < len(listed) else None)
    assert alerts.beside(Search(families=("y",)), (2.0, "c")) == ("d", "b"), "it need not fit itself"


def test_pages_follow_one_another(database: Database) -> None:
    alerts = Alerts(database)
    alerts.record([*some(25), alert(id="twin", last_seen_s=12.0)], SINKS, NOW_S)
    every = [one.alert.id for one in alerts.find(limit=100)]
    assert len(every) == 26
    assert every[0] == f"{24:04x}"
    by_key: list[str] = []
    last = None
    while page := alerts.find(limit=7, after=last):
        by_key += [one.alert.id for one in page]
        last = (page[-1].alert.last_seen_s, page[-1].alert.id)
    assert by_key == every
    assert [one.alert.id for skip in range(0, 28, 7) for one in alerts.find(limit=7, skip=skip)] == every


def test_who_follows_sees_every_revision_that_is_still_the_latest(database: Database) -> None:
    alerts = Alerts(database)
    assert alerts.last_arrival() == 0
    alerts.record(some(3), SINKS, NOW_S)
    alerts.record([alert(id="0001", revision=1)], SINKS, NOW_S)
    assert [(one.alert.id, one.arrival) for one in alerts.since(0)] == [("0000", 1), ("0002", 3), ("0001", 4)]
    assert [one.arrival for one in alerts.since(1, limit=1)] == [3]
    assert alerts.last_arrival() == 4


def test_what_was_open_when_a_service_was_killed_is_told(database: Database) -> None:
    alerts = Alerts(database)
    alerts.record([alert(id="a", over=False), alert(id="b"), alert(id="c", over=False)], SINKS, NOW_S)
    alerts.record([alert(id="a", revision=1)], SINKS, NOW_S)
    assert [one.id for one in alerts.unfinished()] == ["c"]


def test_alerts_are_counted_by_what_they_are_and_by_hour(database: Database) -> None:
    alerts = Alerts(database)
    shapes = [("dos", 0.0), ("dos", 3599.0), ("dos", 3600.0), ("scanning", 7300.0)]
    alerts.record(
        [alert(id=f"{n}", family=family, first_seen_s=at) for n, (family, at) in enumerate(shapes)], SINKS, NOW_S
    )
    assert alerts.counts("family") == {"dos": 3, "scanning": 1}
    assert alerts.counts("state", Search(families=("dos",))) == {"open": 3}
    assert alerts.count(Search(families=("dos",))) == 3
    assert alerts.per_hour(0, 7201) == [(0.0, "dos", 2), (3600.0, "dos", 1), (7200.0, "scanning", 1)]
    assert alerts.per_hour(3700, 7200) == [(3600.0, "dos", 1)]


def test_more_alerts_than_one_statement_takes(database: Database) -> None:
    alerts = Alerts(database)
    assert alerts.record(some(1200, evidence=()), ["eve"], NOW_S) == 1200
    assert alerts.record(some(1201, evidence=()), ["eve"], NOW_S) == 1
    assert alerts.last_arrival() == 1201


def test_threads_that_record_and_deliver_at_once_lose_nothing(database: Database) -> None:
    alerts, outbox = Alerts(database), Outbox(database)
    done = threading.Event()

    def deliver() -> None:
        while not done.is_set():
            for owed in outbox.due("eve", NOW_S + 1, 10):
                outbox.delivered([owed.key], NOW_S)

    def record(which: int) -> None:
        for n in range(10):
            alerts.record([alert(id=f"{which}-{n}")], SINKS, NOW_S)

    courier = threading.Thread(target=deliver)
    writers = [threading.Thread(target=record, args=(which,)) for which in range(3)]
    for thread in (courier, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    courier.join()
    counts = outbox.counts()
    assert counts.get(("eve", "delivered"), 0) + counts.get(("eve", "waiting"), 0) == 30
    assert counts["webhook", "waiting"] == 30
    assert [one.arrival for one in alerts.since(0)] == list(range(1, 31))


KILLS = {"sqlite": 20, "postgresql": 8}
WRITERS = """
import os, random, signal, sys, time
from records import alert
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.outbox import Outbox

def write(begin, told):
    database = Database(sys.argv[1])
    alerts, outbox = Alerts(database), Outbox(database)
    for n in range(begin, begin + 100_000):
        alerts.record([alert(id=f'{n}-{part}', over=False) for part in 'ab'], ('eve', 'webhook'), 1.0)
        print(f'{n}\\n', end='', flush=True)  # one write, however it is buffered
        os.write(told, b'.')
        alerts.record([alert(id=f'{n}-a', revision=1)], ('eve', 'webhook'), 2.0)
        outbox.delivered([f'{n}-a-0-eve'], 3.0)

Database(sys.argv[1]).close()  # the driver is imported once
chance = random.Random(7)
for turn in range(int(sys.argv[2])):
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        write(turn * 1_000_000, tell)
    for _ in range(chance.randrange(4)):
        os.read(told, 1)
    time.sleep(chance.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
"""


def test_a_killed_writer_leaves_every_acknowledged_alert_once(database: Database, place: str) -> None:
    """Killed at random moments, also while it opens the store; what it did not get to acknowledge is whole too."""
    kills = KILLS["sqlite" if database.is_file else "postgresql"]
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).resolve().parents[1])!r})\n{WRITERS}"
    done = subprocess.run(
        [sys.executable, "-c", code, place, str(kills)], stdout=subprocess.PIPE, text=True, check=True, timeout=120
    )
    acknowledged = [int(line) for line in done.stdout.split()]
    assert len(acknowledged) > kills
    with database.writing():
        pass  # a server may still be at work on what a killed client sent
    alerts, outbox = Alerts(database), Outbox(database)
    filed = {one.alert.id: one for one in alerts.find(limit=1_000_000)}
    assert {f"{n}-{part}" for n in acknowledged for part in "ab"} <= filed.keys()
    assert len(filed) <= 2 * (len(acknowledged) + kills)
    assert set(Counter(name[:-2] for name in filed).values()) == {2}
    assert all(alerts.evidence(name) for name in list(filed)[:20])
    promised = {(name, n) for name, one in filed.items() for n in range(one.alert.revision + 1)}
    owed = {sink: {(one.alert.id, one.alert.revision) for one in outbox.due(sink, 9.0, 1_000_000)} for sink in SINKS}
    assert owed["webhook"] == promised
    assert owed["eve"] <= promised
    counts = outbox.counts()
    assert sum(counts.values()) == 2 * len(promised)
    assert counts["eve", "delivered"] == len(promised - owed["eve"])
    gone = {name[:-2] for name, n in promised - owed["eve"] if (name[-1], n) == ("a", 0)}
    assert len(gone) == counts["eve", "delivered"]


def test_an_alert_is_there_as_often_as_it_was_told(database: Database) -> None:
    alerts = Alerts(database)
    alerts.record([alert(id="a", count=1), alert(id="a", count=5, revision=1), alert(id="b")], [], 1.0)
    assert [(one.revision, one.count) for one in alerts.revisions("a")] == [(0, 1), (1, 5)]
    assert alerts.revisions("c") == []


def test_a_rule_tells_how_often_it_was_hit_and_how_that_ended(database: Database) -> None:
    alerts = Alerts(database)
    alerts.record([alert(id=one, rules=("Telnet-Sweep", "irc")) for one in "abc"], [], 1.0)
    alerts.record([alert(id="a", rules=("irc", "udp-flood"), revision=1)], [], 2.0)
    alerts.judge(["a", "b"], "false_alarm", "ana", 3.0)
    assert alerts.by_rule() == {
        "telnet-sweep": {"false_alarm": 2, "open": 1}, "irc": {"false_alarm": 2, "open": 1},
        "udp-flood": {"false_alarm": 1},
    }  # fmt: skip


def test_more_alerts_than_one_transaction_takes_are_decided(database: Database) -> None:
    alerts = Alerts(database)
    ids = [f"{number:x}" for number in range(2 * AT_ONCE + 1)]
    alerts.record([alert(id=one) for one in ids], [], 1.0)
    assert set(alerts.judge([*ids, "none", ids[0]], "closed", "ana", 2.0, "all of them")) == set(ids)
    assert alerts.count(Search(states=("closed",))) == len(ids)
    entries = Audit(database).entries(limit=len(ids) + 1)
    assert [entry.place for entry in entries] == list(range(len(ids), 0, -1))
    assert {(entry.what, entry.detail["was"]) for entry in entries} == {("alert closed", "open")}


def test_alerts_are_counted_by_what_they_have_in_common(database: Database) -> None:
    alerts = Alerts(database)
    alerts.record([alert(id="a", last_seen_s=5.0), alert(id="b", severity="critical", last_seen_s=9.0)], [], 1.0)
    alerts.record([alert(id="c", device="10.0.0.8", first_seen_s=7_300.0, last_seen_s=7_300.0)], [], 1.0)
    alerts.judge(["a"], "closed", "ana", 2.0)
    one, two = Group("10.0.0.7", 2, 1, "critical", 9.0), Group("10.0.0.8", 1, 1, "medium", 7_300.0)
    assert alerts.groups("device") == [one, two]
    assert alerts.groups("device", limit=1) == [one]
    assert alerts.groups("hour") == [replace(two, value="2"), replace(one, value="0")]
    assert alerts.groups("family", Search(states=("closed",))) == [Group("scanning", 1, 0, "medium", 5.0)]


def test_counting_ends_where_nobody_wants_to_know_more(database: Database) -> None:
    alerts = Alerts(database)
    alerts.record(some(5), [], 1.0)
    assert [alerts.count(most=3), alerts.count(most=9), alerts.count(Search(families=("dos",)), 3)] == [3, 5, 0]
    assert alerts.ids(Search(), 2) == ["0004", "0003"]

"""A service that is killed at any moment: nothing that it recorded is lost, and nothing is told twice."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import peers
import postgres
from peers import Broker, Daemon, until
from redshank.config import load
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected, Surroundings
from redshank.running import Running
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.outbox import Outbox
from sites import Place
from zeek_rows import BENIGN, FLOOD, HEADER, SCAN, log_line

pytestmark = [pytest.mark.timeout(280), pytest.mark.slow]

PROGRAM = [str(Path(sys.executable).parent / "redshank")]
KILLS = 3
ROWS = 1_800

Told = tuple[str, int]
"""Id and revision of an alert."""


def _rows() -> list[str]:
    """Return flows over more than an hour: a benign device, and attacks by five others in most windows."""
    kinds = [BENIGN] * 6 + [SCAN] * 3 + [FLOOD]
    lines = []
    for i in range(ROWS):
        device, size, answers = kinds[i % len(kinds)]
        attacker = device if device == BENIGN[0] else device.replace("10.0.0", f"10.0.{i // 100 % 5}")
        lines.append(log_line(f"{1_700_000_100 + 2.4 * i:.1f}", i, attacker, size, answers))
    return lines


def _start(settings: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PROGRAM, "run", "-c", str(settings)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def _kept(database: Database) -> tuple[dict[str, tuple[Any, ...]], Counter[str]]:
    """Return what a store has of each alert, and how many actions there are against each address."""
    ledger = Ledger(Journal(database), lambda: Protected.of(Surroundings()))
    ledger.refresh()
    filed = {
        one.alert.id: (one.alert.count, one.alert.revision, one.alert.over, one.alert.target_count)
        for one in Alerts(database).find(limit=10_000)
    }
    return filed, Counter(entry.action.target for entry in ledger.open())


def _sources(place: Place, *, follow: bool) -> str:
    path = place.folder / "conn.log"
    return f"[[sources]]\ntool = 'zeek'\npath = '{path}'\nfollow = {str(follow).lower()}\n"


def _in_eve(place: Place) -> list[Told]:
    found = [line["alert"]["metadata"] for line in place.told()]
    return [(told["redshank_id"][0], int(told["revision"][0])) for told in found]


@dataclass
class Receivers:
    """Real servers, begun before the service and there when it is killed."""

    nginx: Daemon
    rsyslog: Daemon
    broker: Broker

    def sinks(self) -> str:
        """Return the settings; what syslog may have is not sent again."""
        at = "host = '127.0.0.1'\ntimeout_s = 60\nport ="
        return (
            f"[sinks.webhook]\nurl = 'http://127.0.0.1:{self.nginx.port}/'\ntimeout_s = 60\n"
            f"[sinks.syslog]\ntransport = 'tcp'\nmay_repeat = false\n{at} {self.rsyslog.port}\n"
            f"[sinks.mqtt]\n{at} {self.broker.port}\n"
        )

    def posted(self) -> list[tuple[str, Told]]:
        """Return what nginx took whole, each with its key."""
        requests = [json.loads(line) for line in self.nginx.taken()]
        taken = [(one["key"], json.loads(one["body"])) for one in requests if one["status"] == 204]
        return [(key, (alert["id"], alert["revision"])) for key, alert in taken]

    def logged(self) -> list[Told]:
        """Return what rsyslog wrote."""
        found = [re.search(r' id="([^"]+)" revision="(\d+)"', line) for line in self.rsyslog.taken()]
        assert all(found)
        return [(one[1], int(one[2])) for one in found if one]

    def published(self) -> list[Told]:
        """Return what came from mosquitto to who listens."""
        alerts = [json.loads(text) for _, text, _ in self.broker.topics]
        return [(alert["id"], alert["revision"]) for alert in alerts]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, tuple[Any, ...]], Counter[str]]:
    """Return what a service keeps that nobody disturbs."""
    place = Place(tmp_path_factory.mktemp("calm"))
    (place.folder / "conn.log").write_text(HEADER + "".join(_rows()))
    with Running(load(place.settings(sources=_sources(place, follow=False)))) as running:
        running.run()
    with closing(Database(place.store)) as database:
        filed, actions = _kept(database)
    assert len(filed) > 40
    assert len(actions) > 5
    assert set(actions.values()) == {1}
    return filed, actions


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    folders = [tmp_path / name for name in ("nginx", "rsyslog", "mosquitto")]
    for folder in folders:
        folder.mkdir()
    yield Receivers(peers.nginx(folders[0]), peers.rsyslog(folders[1]), Broker(folders[2]))
    peers.stopped()


def _killed(place: Place, kills: int, **settings: str) -> None:
    """Run a service that is killed so many times while its log grows, and once to the end."""
    rows, rng, seen = _rows(), random.Random(7), set[Told]()
    log = place.folder / "conn.log"
    log.write_text(HEADER)
    path = place.settings(sources=_sources(place, follow=True), **settings)
    share = len(rows) // kills
    for number in range(kills):
        process = _start(path)
        with log.open("a") as file:
            for row in rows[number * share : (number + 1) * share]:
                file.write(row)
        begun = len(place.told())
        give_up = time.monotonic() + 30
        # It begins with what it knows already, so that new lines show that it is at work.
        while len(place.told()) <= begun and time.monotonic() < give_up:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        before = set(_in_eve(place))
        assert seen <= before
        seen = before
    with Running(load(place.settings(sources=_sources(place, follow=False), **settings))) as running:
        running.run()


def _recorded(database: Database) -> set[Told]:
    found = [Alerts(database).revisions(filed.alert.id) for filed in Alerts(database).find(limit=10_000)]
    return {(alert.id, alert.revision) for revisions in found for alert in revisions}


def test_killed_at_any_moment_it_loses_nothing_and_tells_nothing_twice(
    tmp_path: Path, calm: tuple[dict[str, tuple[Any, ...]], Counter[str]]
) -> None:
    place = Place(tmp_path)
    _killed(place, 2)
    with closing(Database(place.store)) as database:
        assert _kept(database) == calm
        assert Outbox(database).counts().keys() <= {("eve", "delivered")}
        assert sorted(_in_eve(place)) == sorted(_recorded(database))


@pytest.mark.service
def test_real_servers_have_every_alert_of_a_killed_service_and_repeat_at_most_one_for_each_kill(
    tmp_path: Path, calm: tuple[dict[str, tuple[Any, ...]], Counter[str]], receivers: Receivers
) -> None:
    place = Place(tmp_path)
    with postgres.running() as server:
        url = server.place()
        sinks = f"[sinks.eve]\npath = '{place.eve}'\n{receivers.sinks()}"
        service = f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = ''\ndrain_s = 120\n"
        _killed(place, KILLS, sinks=sinks, service=service, store=f"[store]\nurl = '{url}'\n")
        with closing(Database(url)) as database:
            assert _kept(database) == calm
            wanted, counts = _recorded(database), Outbox(database).counts()
    assert sorted(_in_eve(place)) == sorted(wanted)
    until(lambda: set(receivers.published()) == wanted)
    for told in (receivers.published(), [told for _, told in receivers.posted()]):
        assert set(told) == wanted
        assert len(told) - len(wanted) <= KILLS
    assert len(dict(receivers.posted())) == len(wanted), "a key is that of one revision"
    letters = place.folder / "state" / "dead-letters.jsonl"
    dead = [json.loads(line) for line in letters.read_text().splitlines()] if letters.exists() else []
    assert {letter["sink"] for letter in dead} <= {"syslog"}
    lost = {(letter["alert"]["id"], letter["alert"]["revision"]) for letter in dead}
    until(lambda: set(receivers.logged()) | lost == wanted)
    assert set(Counter(receivers.logged()).values()) == {1}
    assert len(lost) <= KILLS
    assert counts.keys() <= {
        *((name, "delivered") for name in ("eve", "webhook", "syslog", "mqtt")),
        ("syslog", "dead"),
    }

"""A service that is killed at any moment: nothing that it recorded is lost, and nothing is told twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from redshank.config import load
from redshank.running import Running
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.outbox import Outbox
from sites import Place
from zeek_rows import BENIGN, FLOOD, HEADER, SCAN, log_line

pytestmark = [pytest.mark.timeout(280), pytest.mark.slow]

PROGRAM = [str(Path(sys.executable).parent / "redshank")]
KILLS = 5
ROWS = 3_000


def _rows() -> list[str]:
    """Return flows over two hours: a benign device, and attacks by five others in most windows."""
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


def _filed(place: Place) -> dict[str, tuple[Any, ...]]:
    with closing(Database(place.store)) as database:
        filed = Alerts(database).find(limit=10_000)
        assert Outbox(database).counts().keys() <= {("eve", "delivered")}
    return {
        one.alert.id: (one.alert.count, one.alert.revision, one.alert.over, one.alert.target_count) for one in filed
    }


def _sources(place: Place, *, follow: bool) -> str:
    path = place.folder / "conn.log"
    return f"[[sources]]\ntool = 'zeek'\npath = '{path}'\nfollow = {str(follow).lower()}\n"


def test_killed_at_any_moment_it_loses_nothing_and_tells_nothing_twice(tmp_path: Path) -> None:
    calm, killed = Place(tmp_path / "calm"), Place(tmp_path / "killed")
    rows = _rows()
    for place in (calm, killed):
        place.folder.mkdir()
    (calm.folder / "conn.log").write_text(HEADER + "".join(rows))
    with Running(load(calm.settings(sources=_sources(calm, follow=False)))) as running:
        running.run()
    expected = _filed(calm)
    assert len(expected) > 70

    rng = random.Random(7)
    log = killed.folder / "conn.log"
    log.write_text(HEADER)
    settings = killed.settings(sources=_sources(killed, follow=True))
    share = len(rows) // KILLS
    seen: set[str] = set()
    for number in range(KILLS):
        process = _start(settings)
        with log.open("a") as file:
            for row in rows[number * share : (number + 1) * share]:
                file.write(row)
        begun = len(killed.told())
        give_up = time.monotonic() + 30
        # It begins with what it knows already, so that new lines show that it is at work.
        while len(killed.told()) <= begun and time.monotonic() < give_up:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        before = {line["alert"]["metadata"]["redshank_id"][0] for line in killed.told()}
        assert seen <= before
        seen = before
    with Running(load(killed.settings(sources=_sources(killed, follow=False)))) as running:
        running.run()
    assert _filed(killed) == expected
    keys = Counter(
        (line["alert"]["metadata"]["redshank_id"][0], line["alert"]["metadata"]["revision"][0])
        for line in killed.told()
    )
    assert set(keys.values()) == {1}
    assert {name for name, _ in keys} == set(expected)

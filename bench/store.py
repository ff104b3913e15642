"""The store of a service: alerts recorded in a second, and how long a person waits for what they look for.

In: how many alerts, and where (a file in a temporary folder, or a PostgreSQL database that is empty). Out: a table.
Each alert has ten flows of evidence and is for three sinks; nine in ten are new, one has grown. A batch is one
transaction, flushed to the disk. Wall clock, since that is what a service waits; CPU seconds of this process beside it.

    python bench/store.py                              # 100 thousand alerts, SQLite
    python bench/store.py --alerts 2000 --url postgresql://me@host/empty
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import update

from redshank.core.records import SEVERITIES, Alert, Evidence
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.outbox import DELIVERED, Outbox
from redshank.store.retention import Retention
from redshank.store.search import Search
from redshank.store.tables import OUTBOX

FAMILIES = ("scanning", "dos", "ddos", "password", "injection", "backdoor", "unknown")
SINKS = ("eve", "webhook", "mqtt")
BATCHES = (1, 10, 100)
DAYS = 30
DAY_S = 86_400.0


def alert(number: int, chance: random.Random, revision: int = 0) -> Alert:
    """Make up an alert."""
    device, family = f"10.0.{chance.randrange(4)}.{chance.randrange(250)}", chance.choice(FAMILIES)
    seen_s = chance.uniform(0, DAYS * DAY_S)
    evidence = tuple(
        Evidence(
            f"C{number:x}{flow:x}", seen_s + flow, device, chance.randrange(65_536), f"10.1.0.{chance.randrange(250)}",
            23, "tcp", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", chance.random(),
        )
        for flow in range(10)
    )  # fmt: skip
    return Alert(
        f"{number:016x}", device, family, chance.choice(SEVERITIES), seen_s, seen_s + 60, 40, chance.random(),
        tuple(flow.dst_ip for flow in evidence), 10, f"Look at {device}: it asks many others for the same.", "default",
        evidence, ("classifier",), (), ("dst_port 23 is unusual", "src_pkts 900 is unusual"), ("T1046",), revision,
    )  # fmt: skip


def per_second(database: Database, batch: int, begin: int, count: int, chance: random.Random) -> tuple[float, float]:
    """Record alerts in batches; return alerts in a second of the clock, and of CPU time."""
    alerts = Alerts(database)
    made = [alert(begin + n - (n % 10 == 9), chance, int(n % 10 == 9)) for n in range(count)]
    clock, cpu = time.perf_counter(), time.process_time()
    for at in range(0, count, batch):
        alerts.record(made[at : at + batch], SINKS, float(at))
    return count / (time.perf_counter() - clock), count / (time.process_time() - cpu)


def median_ms(ask: Callable[[], object], runs: int = 9) -> float:
    """Return how long an answer takes."""
    taken = []
    for _ in range(runs):
        begin = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begin)
    return 1000 * statistics.median(taken)


def questions(database: Database) -> dict[str, Callable[[], object]]:
    """Return what a person asks."""
    alerts = Alerts(database)
    deep = alerts.find(limit=1, skip=alerts.count() // 2)[0].alert
    some = Search(devices=(deep.device,), families=(deep.family,))
    return {
        "the latest 50": lambda: alerts.find(limit=50),
        "50 from the middle, by key": lambda: alerts.find(limit=50, after=(deep.last_seen_s, deep.id)),
        "50 from the middle, by number": lambda: alerts.find(limit=50, skip=alerts.count() // 2),
        "50 of a device and family": lambda: alerts.find(some, limit=50),
        "50 critical ones": lambda: alerts.find(Search(severities=("critical",)), limit=50),
        "50 about an address": lambda: alerts.find(Search(address="10.1.0.7"), limit=50),
        "how many are open": lambda: alerts.count(Search(states=("open",))),
        "how many of each family": lambda: alerts.counts("family"),
        "per hour and family, a day": lambda: alerts.per_hour(0, DAY_S),
        "per hour and family, 30 days": lambda: alerts.per_hour(0, DAYS * DAY_S),
        "what is due for a sink": lambda: Outbox(database).due("mqtt", 1e12, 16),
    }


def main() -> None:
    """Fill the store, ask, throw away, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--url", default="", help="an empty PostgreSQL database; a temporary file if absent")
    asked = parser.parse_args()
    chance = random.Random(1)  # noqa: S311  makes up alerts, guards no secret
    with tempfile.TemporaryDirectory() as folder:
        database = Database(asked.url or Path(folder) / "bench.db", create=True)
        part = max(10, asked.alerts // 50)
        sizes = [*((batch, part if batch > 1 else part // 4) for batch in BATCHES)]
        print(f"{'recorded in batches of':32} {'alerts/s':>10} {'per CPU s':>10}")
        begin = 0
        for batch, count in [*sizes, (BATCHES[-1], asked.alerts - sum(count for _, count in sizes))]:
            wall, cpu = per_second(database, batch, begin, count, chance)
            print(f"{f'{batch}, from {begin} on':32} {wall:10.0f} {cpu:10.0f}")
            begin += count
        outbox = Outbox(database)
        rows = outbox.due("eve", 1e12, part // 4)
        begin_s = time.perf_counter()
        before: list[str] = []
        for row in rows:
            outbox.begin(row.key, before, 1.0)
            before = [row.key]
        print(f"{'deliveries noted one by one':32} {len(rows) / (time.perf_counter() - begin_s):10.0f} /s")
        for name, ask in questions(database).items():
            print(f"{name:32} {median_ms(ask):10.2f} ms")
        for at in range(0, asked.alerts + 1, 1000):
            with database.writing() as sql:
                sql.execute(update(OUTBOX).where(OUTBOX.c.place.between(at, at + 999)).values(state=DELIVERED))
        with database.reading() as sql:
            used = database.used_bytes(sql)
        begin_s = time.perf_counter()
        swept = Retention(1e12, used // 2).sweep(database, 0.0)
        taken_s = time.perf_counter() - begin_s
        print(f"{used / 2**20:.0f} MiB; half of it thrown away: {swept.large} alerts, {taken_s:.1f} s")
        database.close()


if __name__ == "__main__":
    main()

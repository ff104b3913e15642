"""The console's pages over a large store: how long each takes, one after the other and with many browsers.

In: how many alerts (each has ten flows of evidence), and where (a temporary file, or a PostgreSQL database that is
empty). Out: a table: milliseconds of each page, the middle and the 95th of a hundred, and the first, asked in the
process of the application, so that nothing but the page is measured, after what a console prepares beside; then of each
page as browsers see it that are there at once: a console in a process of its own, each browser logged in, holding its
stream and going from page to page every second, while alerts come in; or, with `--real-browsers`, of pages of chromium
that stay on the live overview, as they measure it themselves, and of one browser that goes from page to page beside
them. Alerts are those of `bench/store.py`; beside
them devices, the traffic of a month, a ledger, an audit, questions with answers and open ones, each as large as the
flags say.

    python bench/console.py                              # 100 thousand alerts, a million flows, SQLite
    python bench/console.py --alerts 2000 --runs 5
    python bench/console.py --postgresql                 # on a server of its own, from Debian's package
    python bench/console.py --browsers 0 --runs 0 --real-browsers 20    # chromium, see bench/real_browsers.py
"""

import argparse
import asyncio
import gc
import importlib.util
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import httpx
import numpy as np
import pyarrow as pa
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from redshank.commands import NEW_OBJECTS
from redshank.config import Console, Settings
from redshank.console.app import make_app
from redshank.console.desk import Desk
from redshank.console.people import Door
from redshank.console.serve import listening, server
from redshank.core.records import Action, Label
from redshank.core.schema import DEVICE
from redshank.features.feature_set import FEATURE_SETS
from redshank.flows.did import ByName, Did, InHour, Named
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.respond.states import Breaker
from redshank.store.alerts import Alerts
from redshank.store.attempts import Attempts
from redshank.store.audit import note_each
from redshank.store.database import Database
from redshank.store.devices import Inventory
from redshank.store.ledger import Journal
from redshank.store.people import People
from redshank.store.question import Question, identity
from redshank.store.queue import Queue
from redshank.store.runs import Health, Runs, SourceHealth
from redshank.store.traffic import HOUR_S, Kind, Traffic
from redshank.store.usual import Usual

PASSWORD = "four words in a row"  # noqa: S105  of a store that is thrown away
AT_ONCE = 500
WAITING = 1_000
"""Questions that nobody answered yet."""
TOGETHER = 10
"""Entries of the audit about what was decided at once."""
KNOWN_DAYS = 8
"""How long each device is known: long enough to say what is different."""
PAGES = (
    *("/overview", "/overview?span=7d", "/overview?part=needs", "/overview?part=risk", "/overview?part=alerts"),
    *("/overview?part=sensor", "/devices", "/devices?sort=risk", "/devices?q=10.0.2", "/devices/10.0.2.7"),
    *("/responses", "/responses/ledger", "/responses/protected", "/settings", "/audit", "/audit?q=scanner"),
    *("/alerts", "/alerts?q=family:dos", "/alerts?q=10.1.0.7", "/alerts?group=device", f"/alerts/{7:016x}"),
    *(f"/alerts/{7:016x}/false-alarm", "/allowances", "/rules", "/labels", "/labels/given", "/models", "/account"),
)

LIVE_PAGES = (
    *("/overview", "/overview?part=alerts", "/overview?part=needs", "/overview?part=risk", "/overview?part=sensor"),
    *("/alerts", "/alerts?part=new", "/devices", "/responses", "/labels"),
)
"""What browsers go through that follow what happens."""


def fill(
    database: Database, alerts: int, chance: random.Random, *, devices: int, actions: int, entries: int, labels: int
) -> float:
    """Fill a store, and return the time, s since the epoch, at which it is full.

    Args:
        database: The store.
        alerts: How many alerts.
        chance: Draws them.
        devices: How many devices.
        actions: How many actions the ledger has.
        entries: How many entries the audit has.
        labels: How many questions were answered; WAITING more were not.
    """
    made = _other("store")
    kept = Alerts(database)
    for begin in range(kept.count(), alerts, AT_ONCE):
        kept.record([made.alert(begin + n, chance) for n in range(min(AT_ONCE, alerts - begin))], (), float(begin))
    now_s = float(made.DAYS * made.DAY_S)
    _devices(database, devices, now_s, chance)
    _traffic(database, now_s, chance)
    _ledger(database, actions, now_s)
    _questions(database, labels, now_s)
    with database.writing() as sql:
        for begin in range(0, entries, TOGETHER):
            what = chance.choice(("alert closed", "alert false_alarm", "allowance given", "action approved"))
            details = {
                f"{n:016x}": {"why": f"our own scanner {n % 97}"} for n in range(begin, min(begin + TOGETHER, entries))
            }
            note_each(sql, now_s - entries + begin, f"person {begin // TOGETHER % 7}", what, details)
    wire = SourceHealth("wire", up=True, packets=10**9, packet_bytes=10**12, rows=10**7)
    Runs(database).tell(Health("1", now_s - 86_400.0, now_s, packets=10**9, sources=(wire,), packet_time_s=now_s))
    database.study()  # as a service does every hour
    return now_s


def _other(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bench_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _devices(database: Database, count: int, now_s: float, chance: random.Random) -> None:
    inventory = Inventory(database)
    for hour in range(3):
        rows = [
            {
                "mac": f"02:00:00:00:{n // 250:02x}:{n % 250:02x}",
                "ips": [f"10.0.{n // 250}.{n % 250}", f"fd00::{n:x}"], "vendor": f"Vendor {n % 40}",
                "first_seen": 1, "last_seen": int((now_s - 3600 * (2 - hour) - n) * 1e9),
                "offers": ["http"], "uses": ["dns", "mqtt"], "peers": [f"10.1.0.{n % 200}"],
                "flows": (hour + 1) * chance.randrange(1, 9_000), "sent_bytes": 10**6, "received_bytes": 10**7,
            }
            for n in range(count)
        ]  # fmt: skip
        inventory.take(pa.RecordBatch.from_pylist(rows, schema=DEVICE))
    last, did = int(now_s // HOUR_S), Did({}, {})
    for n in range(count):
        device = f"02:00:00:00:{n // 250:02x}:{n % 250:02x}"
        for hour in range(last - 24 * KNOWN_DAYS, last + 1):
            did.hours[device, hour] = InHour(40, 10**5, 10**6, 38, chance.randrange(10**6))
        for kind, name in (
            *(("uses", f"tcp/{at}") for at in range(8)),
            *(("peers", f"10.1.0.{at}") for at in range(16)),
        ):
            did.names[Named(device, kind, name, last // 24)] = ByName(40, 1, now_s)
        if n % 50 == 49 or n == count - 1:
            Usual(database).add(did)


def _traffic(database: Database, now_s: float, chance: random.Random) -> None:
    traffic, services = Traffic(database), ("http", "dns", "mqtt", "tls", "coap", "ntp", "")
    for back in range(24 * 7):
        start_s = int((now_s - back * HOUR_S) // HOUR_S * HOUR_S)
        kinds = {
            Kind(start_s, "all", service, "tcp", verdict, "dos" if verdict == "alarm" else ""): (
                chance.randrange(999),
                5,
            )
            for service in services
            for verdict in ("benign", "alarm", "unknown")
        }
        traffic.add(kinds, now_s)


def _ledger(database: Database, count: int, now_s: float) -> None:
    ledger = Ledger(Journal(database), Protected, Breaker(10**6, 10**6, 10**6))
    for n in range(count):
        action = Action.of("block", f"10.0.{n // 250}.{n % 250}", 600.0, f"dos, {n} flows", "policy", now_s - count + n)
        ledger.propose(action, now_s - count + n, approval=True)
        if n % 20:
            ledger.approve(action.id, "ana", now_s - count + n)
            ledger.applied(action.id, now_s - count + n, 600.0, "dry_run")
        if n % 20 > 1:
            ledger.expire(action.id, now_s - count + n, "its time is over")


def _questions(database: Database, labels: int, now_s: float) -> None:
    found, rng = FEATURE_SETS.find("conn"), np.random.default_rng(3)
    x = rng.lognormal(0, 3, (labels + WAITING, len(found.columns))).astype(np.float32)
    families = ("benign", "dos", "scanning")
    made = []
    for n, row in enumerate(x):
        device, begun_s = f"10.0.{n % 4}.{n % 250}", now_s - (len(x) - n) * 60.0
        flow = {
            "uid": f"C{n:x}", "ts": int(begun_s * 1e9), "src_ip": device, "src_port": 40_000, "dst_ip": "10.1.0.7",
            "dst_port": n % 1024, "proto": "tcp", "duration": float(row[1]), "src_pkts": n % 97 + 1,
        }  # fmt: skip
        one = Question(
            *(identity(flow), f"C{n:x}", device, flow, "conn", found.fingerprint(), row.tobytes(), families),
            *((0.5, 0.3, 0.2), (), "benign 0.50 or dos 0.30", "gateway", "home-1", "0" * 64, begun_s, n % 5),
        )
        made.append(one)
    queue = Queue(database)
    queue.add(made)
    said = [
        Label.of(one.id, one.uid, families[n % 3], "ana", one.asked_at_s + 30.0, "console")
        for n, one in enumerate(made[:labels])
    ]
    queue.tell(said)


def main() -> None:
    """Fill the store, ask for pages, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--devices", type=int, default=1_000)
    parser.add_argument("--actions", type=int, default=1_000)
    parser.add_argument("--entries", type=int, default=10_000, help="of the audit")
    parser.add_argument("--labels", type=int, default=5_000, help="questions that were answered; 1,000 more are open")
    parser.add_argument("--runs", type=int, default=100, help="how often each page is asked for")
    parser.add_argument("--url", default="", help="an empty PostgreSQL database; a temporary file if absent")
    parser.add_argument("--postgresql", action="store_true", help="a server that is begun for this, and ended")
    parser.add_argument("--browsers", type=int, default=20, help="how many are there at once")
    parser.add_argument("--real-browsers", type=int, default=0, help="pages of chromium on the live overview; 0: none")
    parser.add_argument("--seconds", type=float, default=30.0, help="for how long")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        _serve(*asked.serve.rsplit("@", 1))
        return
    gc.set_threshold(NEW_OBJECTS)
    chance = random.Random(1)  # noqa: S311  makes up alerts, guards no secret
    with tempfile.TemporaryDirectory() as folder, _place(asked, Path(folder)) as place:
        database = Database(place, create=True)
        begin_s = time.perf_counter()
        some = {"devices": asked.devices, "actions": asked.actions, "entries": asked.entries}
        some["labels"] = asked.labels
        now_s = fill(database, asked.alerts, chance, **some)
        print(f"{asked.alerts} alerts, made in {time.perf_counter() - begin_s:.0f} s")
        if asked.runs:
            measure(database, now_s, asked.runs)
        if asked.browsers:
            with _served(place, now_s) as (server, port):
                asyncio.run(together(database, server, port, asked.browsers, asked.seconds, now_s))
        if asked.real_browsers:
            with _served(place, now_s) as (server, port):
                asyncio.run(in_chromium(database, server, port, asked.real_browsers, asked.seconds, now_s))
        database.close()


@contextmanager
def _place(asked: argparse.Namespace, folder: Path) -> Iterator[str | Path]:
    """Give where the store is to be."""
    if not asked.postgresql:
        yield asked.url or folder / "bench.db"
        return
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    postgres = importlib.import_module("postgres")
    with postgres.running() as server:
        yield server.place()


@contextmanager
def _served(place: str | Path, now_s: float) -> Iterator[tuple[int, int]]:
    """Begin a console in a process of its own; give the process and its port."""
    words = [sys.executable, __file__, "--serve", f"{place}@{now_s!r}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.pid, int(server.stdout.readline())
        finally:
            server.terminate()


def _serve(place: str, now_s: str) -> None:
    gc.set_threshold(NEW_OBJECTS)  # as the program does
    begun_s = time.monotonic()
    database = Database(place if "://" in place else Path(place))
    desk = Desk(Settings(), database, now_s=lambda: float(now_s) + time.monotonic() - begun_s)
    chosen = Console(listen="127.0.0.1:0")
    socket = listening(chosen)
    print(socket.getsockname()[1], flush=True)
    server(make_app(desk), chosen).run(sockets=[socket])


async def together(database: Database, process: int, port: int, browsers: int, seconds: float, now_s: float) -> None:
    """Let many browsers ask at once, and print how long pages took.

    Args:
        database: The store, into which alerts come meanwhile.
        process: The console's.
        port: Where it listens.
        browsers: How many.
        seconds: For how long.
        now_s: Time of the newest alerts, s since the epoch.
    """
    taken: dict[str, list[float]] = defaultdict(list)
    told = [0]
    _add_people(database, browsers, "b", now_s)
    async with AsyncExitStack() as opened:
        clients = [await opened.enter_async_context(_client(port)) for _ in range(browsers)]
        for number, client in enumerate(clients):  # each takes 0.3 s of CPU time, and is no page
            entered = await client.post("/login", data={"name": f"b{number}", "password": PASSWORD})
            assert entered.status_code == 303, entered.text
        before, end_s = _cpu_s(process), time.monotonic() + seconds
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_arrive(database, end_s, now_s))
            for number, client in enumerate(clients):
                tasks.create_task(_browse(client, number, end_s, taken, told))
    cpu_s, pages = _cpu_s(process) - before, sum(map(len, taken.values()))
    print(f"{browsers} browsers, {seconds:.0f} s, 5 alerts a second; {_load()}")
    _print(taken)
    print(f"{pages} pages, {1000 * cpu_s / pages:.1f} ms of the console's CPU time each; told of {told[0]} changes")


async def in_chromium(database: Database, process: int, port: int, browsers: int, seconds: float, now_s: float) -> None:
    """Let pages of chromium follow what happens, and print how long they and another browser's pages took.

    Args:
        database: The store, into which alerts come meanwhile.
        process: The console's.
        port: Where it listens.
        browsers: How many pages.
        seconds: For how long.
        now_s: Time of the newest alerts, s since the epoch.
    """
    real = _other("real_browsers")
    taken: dict[str, list[float]] = defaultdict(list)
    _add_people(database, browsers, "r", now_s)
    _add_people(database, 1, "v", now_s)
    async with _client(port) as visitor, real.browsers(port, [f"r{n}" for n in range(browsers)], PASSWORD) as pages:
        await visitor.post("/login", data={"name": "v0", "password": PASSWORD})
        before, end_s = _cpu_s(process), time.monotonic() + seconds
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_arrive(database, end_s, now_s))
            tasks.create_task(_browse(visitor, 0, end_s, taken, [0]))
        found, cpu_s = await real.seen(pages), _cpu_s(process) - before
    print(f"{browsers} pages of chromium on {real.PAGE}, {seconds:.0f} s, 5 alerts a second; {_load()}")
    print("as chromium measured them:")
    _print(found.taken)
    print("another browser's, which goes from page to page beside:")
    _print(taken)
    updates, silent = sorted(found.updates), sum(not one for one in found.updates)
    print(
        f"each brought parts of its page up to date {updates[0]} to {updates[-1]} times, at the middle "
        f"{statistics.median(updates):g}; {silent} of {browsers} never; {100 * cpu_s / seconds:.0f} % of a core"
    )


def _add_people(database: Database, count: int, letter: str, now_s: float) -> None:
    """Add accounts b0, b1, ...: one has 20 sessions at most."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    for number in range(count):
        Door(People(database), Attempts(database), hasher).add(f"{letter}{number}", "analyst", PASSWORD, now_s, "bench")


def _load() -> str:
    return f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"


def _print(taken: Mapping[str, Sequence[float]]) -> None:
    print(f"{'page':32} {'p50 ms':>8} {'p95 ms':>8} {'asked':>8}")
    for page, times in sorted(taken.items()):
        p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        print(f"{page:32} {statistics.median(times):8.1f} {p95:8.1f} {len(times):8}")


async def _arrive(database: Database, end_s: float, now_s: float) -> None:
    """Record five alerts a second."""
    made, chance, number = _other("store"), random.Random(2), 10**9  # noqa: S311  makes up alerts, guards no secret
    kept = Alerts(database)
    while time.monotonic() < end_s:
        alerts = [replace(made.alert(number + n, chance), last_seen_s=now_s) for n in range(5)]
        await asyncio.to_thread(kept.record, alerts, (), now_s)
        number += 5
        await asyncio.sleep(1.0)


def _client(port: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60.0)


async def _browse(
    client: httpx.AsyncClient, number: int, end_s: float, taken: dict[str, list[float]], told: list[int]
) -> None:
    """Hold the stream, and go from page to page; all begin within the first second."""
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(_follow(client, told))
        at = number
        await asyncio.sleep(number / 20 % 1)
        while time.monotonic() < end_s:
            page = LIVE_PAGES[at % len(LIVE_PAGES)]
            begin_s = time.perf_counter()
            answer = await client.get(page)
            taken[page].append(1000 * (time.perf_counter() - begin_s))
            assert answer.status_code == 200, f"{page}: {answer.status_code}"
            at += 1
            await asyncio.sleep(1.0)
        following.cancel()


async def _follow(client: httpx.AsyncClient, told: list[int]) -> None:
    async with client.stream("GET", "/live") as stream:
        async for line in stream.aiter_lines():
            told[0] += line.startswith("event: ")


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(database: Database, now_s: float, runs: int) -> None:
    """Ask for pages, and print how long they took."""
    begun_s = time.monotonic()
    desk = Desk(Settings(), database, now_s=lambda: now_s + time.monotonic() - begun_s)
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    Door(People(database), Attempts(database), hasher).add("ada", "admin", PASSWORD, now_s, "bench")
    app = make_app(desk, hasher)
    begin_s, begin_cpu = time.perf_counter(), time.process_time()
    asyncio.run(app.state.warm())
    took = f"{time.perf_counter() - begin_s:.1f} s, {time.process_time() - begin_cpu:.1f} s of CPU time"
    print(f"what a console prepares beside once it listens: {took}")
    client = TestClient(app, "http://localhost", follow_redirects=False)
    client.post("/login", data={"name": "ada", "password": PASSWORD})
    print(f"{'page':32} {'p50 ms':>8} {'p95 ms':>8} {'first':>8} {'CPU ms':>8} {'KiB':>7}")
    for page in PAGES:
        taken, size, cpu = [], 0, 0.0
        for _ in range(runs):
            begin_s, begin_cpu = time.perf_counter(), time.process_time()
            answer = client.get(page)
            taken.append(1000 * (time.perf_counter() - begin_s))
            cpu += time.process_time() - begin_cpu
            size = len(answer.content)
            if answer.status_code != 200:
                break
        if len(taken) < runs:
            print(f"{page:32} {'is not there':>8}")
            continue
        p95 = statistics.quantiles(taken, n=20)[-1]
        p50, mean_cpu = statistics.median(taken), 1000 * cpu / runs
        print(f"{page:32} {p50:8.1f} {p95:8.1f} {taken[0]:8.1f} {mean_cpu:8.1f} {size / 1024:7.0f}")
    _answers(client, runs)


def _answers(client: TestClient, runs: int) -> None:
    """Answer questions, and print how long an answer and the next question took together."""
    taken, cpu, page = [], 0.0, client.get("/labels").text
    for _ in range(runs):
        fields = {name: _field(page, name) for name in ("csrf", "question")}
        begin_s, begin_cpu = time.perf_counter(), time.process_time()
        given = client.post("/labels/answer", data={**fields, "family": "dos"})
        page = client.get("/labels").text
        taken.append(1000 * (time.perf_counter() - begin_s))
        cpu += time.process_time() - begin_cpu
        assert given.status_code == 303, given.text
    p95 = statistics.quantiles(taken, n=20)[-1]
    print(
        f"{'an answer, and the next question':32} {statistics.median(taken):8.1f} {p95:8.1f} {1000 * cpu / runs:8.1f}"
    )


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, name
    return found.group(1)


if __name__ == "__main__":
    main()

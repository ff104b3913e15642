"""Look at the machine and at a service that runs or ran, and say what is worth knowing, odd, or wrong.

In: facts (`machine.py`, `remains.py`) and the settings. Out: rows: a part, how it is, and what it is or what to do, in
words. The one idea: facts are gathered first and judged by functions that read nothing, so that each opinion is tested
on machines that nobody has. A hint is about accuracy or comfort; at a problem somebody is not watched or not told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from redshank.capture import ring
from redshank.checking import LEAST_FREE_MIB
from redshank.config import Settings
from redshank.core.errors import SourceError
from redshank.core.inert import inert
from redshank.core.metrics import LOST
from redshank.machine import Machine
from redshank.pipeline.archive import FAILURES, LOST_ROWS
from redshank.pipeline.keeping import LOST_ALERTS
from redshank.remains import Backlog, Remains, Samples
from redshank.report.summary import time_text
from redshank.store.runs import ENDED

OK, HINT, PROBLEM = "ok", "hint", "PROBLEM"
LITTLE_MIB = 1_024
"""Memory below which a hint is given."""
LATE_S = 900.0
"""How long an alert may wait for a sink before that is a problem."""
RECENT_S = 7 * 86_400.0
"""Before the run that was heard of last, runs of so long ago are told of."""
NFTABLES = "nftables"
GUIDE = "docs/how-to/run-as-a-service.md"
ANY = "any"


@dataclass(frozen=True)
class Row:
    """What is thought of one part.

    Args:
        part: Which.
        state: OK, HINT or PROBLEM.
        words: What it is, or what to do.
    """

    part: str
    state: str
    words: str


def of_machine(machine: Machine, settings: Settings) -> Iterator[Row]:
    """Judge a machine for a service with these settings."""
    versions = ", ".join(f"{name} {number}" for name, number in machine.libraries.items())
    yield Row("versions", OK, f"{versions}; Python {machine.python}; {machine.system}")
    busy = machine.load > machine.cpus
    words = f"{machine.cpus} processors, load {machine.load:.1f} in five minutes"
    yield Row("processors", HINT if busy else OK, words + ("; others leave little of them" if busy else ""))
    yield from _memory(machine, settings)
    yield from _rights(machine, settings)
    yield from _links(machine, settings)
    if machine.synchronized is None:
        yield Row("clock", HINT, "the kernel does not tell whether it is right")
    else:
        words = "synchronized" if machine.synchronized else "not synchronized: run chrony or systemd-timesyncd, so that"
        yield Row(
            "clock",
            OK if machine.synchronized else HINT,
            words if machine.synchronized else f"{words} times in alerts fit those of other tools",
        )
    yield from _programs(machine, settings)
    if machine.kernels:
        yield Row("kernels", OK, f"{machine.kernels} are compiled")
    else:
        words = "none is compiled: the first start takes minutes; `python -m redshank.flows.warm` does it beforehand"
        yield Row("kernels", HINT, words)


def of_service(remains: Remains, settings: Settings) -> Iterator[Row]:
    """Judge what a service shows, or left."""
    yield from _disk(remains, settings)
    if remains.problem:
        yield Row("store", PROBLEM, remains.problem)
    elif remains.fresh:
        yield Row("store", HINT, f"there is no '{remains.store}' yet; `redshank run` makes it")
    else:
        yield Row("store", OK, f"'{remains.store}': {remains.alerts} alerts in {remains.store_mib:.1f} MiB")
        last = remains.last_alert_s
        yield Row("last alert", OK, "none yet" if last is None else f"{_long(last)} ago")
        for sink, backlog in remains.sinks.items():
            yield _sink(sink, backlog, named=sink in settings.sinks)
        yield _actions(remains)
        yield from _runs(remains)
    for name, size in remains.files.items():
        words = f"{settings.service.state / name}: {size} bytes of alerts that did not get where they belong; read them"
        yield Row("files", HINT, f"{words}, then move the file away")
    place = settings.service.metrics
    if not place:
        yield Row("service", HINT, "service.metrics is empty: whether one runs cannot be asked")
    elif remains.samples is None:
        yield Row("service", HINT, f"nobody answers at http://{place}: none runs with these settings")
    else:
        yield Row("service", PROBLEM if remains.health else OK, remains.health or f"runs: http://{place}/metrics")
        yield from _samples(remains.samples)


def _memory(machine: Machine, settings: Settings) -> Iterator[Row]:
    if machine.free_mib is None or machine.total_mib is None:
        yield Row("memory", HINT, "the kernel does not tell how much there is")
        return
    little = machine.free_mib < LITTLE_MIB
    words = f"{machine.free_mib} of {machine.total_mib} MiB are available"
    yield Row("memory", HINT if little else OK, words + (f"; a service is at ease with {LITTLE_MIB}" if little else ""))
    rings = sum(len(source.interfaces) for source in settings.sources) * settings.sensor.workers
    if not rings:
        return
    try:
        ring.afford(rings, settings.sensor.ring_mib, f"MemAvailable: {machine.free_mib * 1024} kB\n")
    except SourceError as error:
        yield Row("rings", PROBLEM, str(error))
    else:
        yield Row("rings", OK, f"{rings} of {settings.sensor.ring_mib} MiB")


def _rights(machine: Machine, settings: Settings) -> Iterator[Row]:
    wanted = {"CAP_NET_RAW": "to watch interfaces"} if any(source.interfaces for source in settings.sources) else {}
    if settings.respond.backend == NFTABLES:
        wanted["CAP_NET_ADMIN"] = "to act in the firewall"
    if machine.rights is None:
        yield Row("rights", HINT, "the kernel does not tell which capabilities are in force")
        return
    missing = [f"{name} {why}" for name, why in wanted.items() if name not in machine.rights]
    if missing:
        words = f"this program has no {' and no '.join(missing)}; see that the service has (deploy/systemd gives it)"
        yield Row("rights", HINT, words)
    else:
        yield Row("rights", OK, f"has {', '.join(sorted(machine.rights)) or 'none, and needs none'}")


def _links(machine: Machine, settings: Settings) -> Iterator[Row]:
    if settings.sources and not any(source.interfaces for source in settings.sources):
        return
    named = [name for source in settings.sources for name in source.interfaces if name != ANY]
    for name in dict.fromkeys(named or sorted(machine.links)):
        part = f"interface {name}"
        link = machine.links.get(name)
        if link is None:
            yield Row(part, PROBLEM, f"there is none; there are {', '.join(machine.links)}")
        elif not link.up:
            yield Row(part, PROBLEM if named else OK, f"is down; `ip link set {name} up`" if named else "is down")
        elif link.merging and not link.loopback:
            words = f"{' and '.join(link.merging)} put packets together before they are counted; to see each, "
            yield Row(part, HINT, f"{words}`ethtool -K {name} {' '.join(f'{word} off' for word in link.merging)}`")
        else:
            yield Row(part, OK, "is up")


def _programs(machine: Machine, settings: Settings) -> Iterator[Row]:
    needs = {"ip": ("iproute2", True), "nft": (NFTABLES, settings.respond.backend == NFTABLES)}
    for name, (package, needed) in needs.items():
        if name in machine.programs:
            yield Row(name, OK, machine.programs[name])
        elif needed:
            why = "nobody knows whom to protect, so nothing is proposed" if name == "ip" else "nothing can be blocked"
            yield Row(name, PROBLEM, f"not found, and without it {why}; install {package}")
        else:
            yield Row(name, OK, f"not found; respond.backend = '{settings.respond.backend}' does not need it")


def _disk(remains: Remains, settings: Settings) -> Iterator[Row]:
    if remains.free_mib is None:
        return
    words = f"{remains.free_mib:.0f} MiB are free for '{settings.service.state}'"
    if remains.free_mib < LEAST_FREE_MIB:
        yield Row("disk", PROBLEM, f"{words}; make room for {LEAST_FREE_MIB} MiB, or lower store.keep_mib")
    else:
        yield Row("disk", OK, words)


def _sink(name: str, backlog: Backlog, *, named: bool) -> Row:
    part = f"sink {name}"
    if not named and backlog.waiting:
        words = f"{backlog.waiting} alerts wait for it, and the settings do not name it"
        return Row(part, HINT, f"{words}; name it again, or they are dead letters a day after they were recorded")
    last = f"; the last try said: {backlog.error}" if backlog.error else ""
    if backlog.waiting and backlog.oldest_s > LATE_S:
        words = f"{backlog.waiting} alerts wait for it, one for {_long(backlog.oldest_s)}{last}"
        return Row(part, PROBLEM, f"{words}; see whether it can be reached, and whether a service runs")
    if backlog.dead:
        return Row(part, HINT, f"{backlog.dead} alerts were given up, {backlog.waiting} wait; see dead-letters.jsonl")
    return Row(part, HINT if last else OK, f"{backlog.waiting} alerts wait{last}")


def _actions(remains: Remains) -> Row:
    waits = remains.actions.get("proposed", 0)
    words = ", ".join(f"{count} {state}" for state, count in sorted(remains.actions.items())) or "none is open"
    if waits:
        return Row("actions", HINT, f"{words}; `redshank respond list` shows what waits for a person")
    return Row("actions", OK, words)


def _runs(remains: Remains) -> Iterator[Row]:
    """Judge what runs of the last days gave up or lost; of the one that still runs, `_samples` tells."""
    latest = max(remains.runs, key=lambda run: run.told_at_s, default=None)
    for run in remains.runs:
        if latest is None or latest.told_at_s - run.told_at_s > RECENT_S or not (run.shed or run.lost):
            continue
        if run is latest and run.state != ENDED and remains.samples is not None:
            continue
        rows = {f"rows ({step})": count for step, count in run.shed.items()}
        told = ", ".join(f"{count} {what}" for what, count in (rows | dict(run.lost)).items())
        words = f"gave up or lost {inert(told)}; {GUIDE} says what each is"
        yield Row(f"run of {time_text(run.started_at_s)}", PROBLEM if LOST_ALERTS in run.lost else HINT, words)


def _samples(samples: Samples) -> Iterator[Row]:
    """Judge what a running service counted since it began."""

    def total(name: str, *labels: str) -> int:
        return int(sum(value for (one, of), value in samples.items() if one == name and set(labels) <= set(of)))

    def down(name: str) -> list[str]:
        return [of[0] for (one, of), value in samples.items() if one == name and not value]

    for word, name, state in (("source", "redshank_source_up", HINT), ("sink", "redshank_sink_up", PROBLEM)):
        yield from (Row(f"{word} {one} (live)", state, "is down, or has ended") for one in down(name))
    lost = {
        "packets dropped": (total("redshank_anomalies_total", "ring_dropped"), "give sensor.ring_mib or workers more"),
        "rows shed": (total("redshank_shed_rows_total"), "judging falls behind; see docs/measured.md for what fits"),
        "alerts unrecorded": (total("redshank_unrecorded_alerts"), "the store refuses them; see its log and the disk"),
        "alerts lost": (total(LOST, LOST_ALERTS), "neither the store nor unrecorded.jsonl took them; see the disk"),
        "archive failures": (total(FAILURES), f"{total(LOST, LOST_ROWS)} rows are lost with them; see the disk"),
        "unjudged rows": (total("redshank_unjudged_rows_total"), "a detector could not judge them; see its log"),
        "lost otherwise": (
            total(LOST) - total(LOST, LOST_ALERTS) - total(LOST, LOST_ROWS),
            f"redshank_lost_total at /metrics tells what; {GUIDE} what each is",
        ),
        "recipients refused": (
            total("redshank_recipients_refused_total"),
            "the mail server took alerts for others; see which of its recipients it knows, and its log",
        ),
        "action problems": (total("redshank_action_problems_total"), "see its log, and `redshank check`"),
    }
    if total("redshank_breaker_open"):
        words = (
            "is open: nothing more is approved until some end or a minute is over; `redshank respond list` shows why"
        )
        yield Row("breaker (live)", HINT, words)
    for part, (count, todo) in lost.items():
        state = OK if not count else PROBLEM if part.startswith("alerts") else HINT
        yield Row(part, state, f"{count} since it began; {todo}" if count else "none")


def _long(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"

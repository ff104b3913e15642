from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from redshank.config import Respond, Sensor, Settings, Source
from redshank.examining import HINT, OK, PROBLEM, Row, of_machine, of_service
from redshank.machine import CAPABILITIES, Link, Machine
from redshank.remains import Backlog, Remains
from redshank.store.runs import ENDED, Health

WELL = Machine(
    system="Linux",
    python="3.11",
    libraries={"redshank": "0.1.0"},
    cpus=2,
    load=0.5,
    total_mib=4096,
    free_mib=3000,
    rights=frozenset(CAPABILITIES),
    links={"lo": Link(True, True, ("gro",)), "eth1": Link(True)},
    synchronized=True,
    programs={"ip": "/sbin/ip", "nft": "/sbin/nft"},
    kernels=100,
)
SITE = Settings(
    sources=(Source(interfaces=("eth1",)),), respond=Respond(backend="nftables"), sinks={"eve": {}, "bell": {}}
)
LEFT = Remains(store="redshank.db", alerts=3, last_alert_s=400.0, sinks={"eve": Backlog()}, free_mib=9000.0, samples={})


def _machine(settings: Settings = SITE, **changed: Any) -> dict[str, Row]:
    return {row.part: row for row in of_machine(replace(WELL, **changed), settings)}


def _service(**changed: Any) -> dict[str, Row]:
    return {row.part: row for row in of_service(replace(LEFT, **changed), SITE)}


def test_a_machine_that_is_well_has_nothing_but_ok() -> None:
    assert {row.state for row in _machine().values()} == {OK}


@pytest.mark.parametrize(
    ("changed", "part", "state", "words"),
    [
        ({"load": 2.5}, "processors", HINT, "load 2.5"),
        ({"free_mib": 200}, "memory", HINT, "200 of 4096 MiB"),
        ({"free_mib": 100}, "rings", PROBLEM, "1 rings of 64 MiB need 64 MiB"),
        ({"free_mib": None}, "memory", HINT, "does not tell"),
        ({"rights": frozenset({"CAP_NET_RAW"})}, "rights", HINT, "no CAP_NET_ADMIN to act in the firewall"),
        ({"rights": None}, "rights", HINT, "does not tell"),
        ({"links": {"lo": Link(True, True)}}, "interface eth1", PROBLEM, "there is none; there are lo"),
        ({"links": {"eth1": Link(False)}}, "interface eth1", PROBLEM, "`ip link set eth1 up`"),
        ({"links": {"eth1": Link(True, False, ("gro", "lro"))}}, "interface eth1", HINT, "eth1 gro off lro off"),
        ({"synchronized": False}, "clock", HINT, "not synchronized"),
        ({"synchronized": None}, "clock", HINT, "does not tell"),
        ({"programs": {"ip": "/sbin/ip"}}, "nft", PROBLEM, "install nftables"),
        ({"programs": {"nft": "/sbin/nft"}}, "ip", PROBLEM, "install iproute2"),
        ({"kernels": 0}, "kernels", HINT, "redshank.flows.warm"),
    ],
)
def test_what_is_odd_about_a_machine_is_told_with_what_to_do(
    changed: dict[str, Any], part: str, state: str, words: str
) -> None:
    row = _machine(**changed)[part]
    assert (row.state, words in row.words) == (state, True), row


def test_what_a_site_does_not_use_is_not_missed() -> None:
    found = _machine(Settings(), programs={"ip": "/sbin/ip"}, rights=frozenset(), links={"eth9": Link(False)})
    assert {row.state for row in found.values()} == {OK}
    assert "rings" not in found


def test_interfaces_are_not_looked_at_where_none_is_watched() -> None:
    site = Settings(sources=(Source(tool="zeek", path=Path("logs")),))
    assert "interface lo" not in _machine(site)
    assert "interface lo" in _machine(Settings(sources=(Source(interfaces=("any",)),)))


def test_several_interfaces_and_workers_need_a_ring_each() -> None:
    site = Settings(sources=(Source(interfaces=("eth1", "lo")),), sensor=Sensor(workers=3))
    assert _machine(site)["rings"].words == "6 of 64 MiB"


def test_a_service_that_is_well_has_nothing_but_ok() -> None:
    found = _service()
    assert {row.state for row in found.values()} == {OK}
    assert found["last alert"].words == "7 min ago"


@pytest.mark.parametrize(
    ("changed", "part", "state", "words"),
    [
        ({"fresh": True}, "store", HINT, "there is no 'redshank.db' yet"),
        ({"problem": "store: 'x' has version 9"}, "store", PROBLEM, "has version 9"),
        ({"free_mib": 100.0}, "disk", PROBLEM, "make room for 512 MiB"),
        (
            {"sinks": {"bell": Backlog(4, 0, 4000.0, "bell: hung")}},
            "sink bell",
            PROBLEM,
            "4 alerts wait for it, one for 67",
        ),
        ({"sinks": {"bell": Backlog(4, 0, 40.0, "bell: hung")}}, "sink bell", HINT, "the last try said: bell: hung"),
        ({"sinks": {"bell": Backlog(0, 2)}}, "sink bell", HINT, "2 alerts were given up"),
        ({"sinks": {"bell": Backlog(3)}}, "sink bell", OK, "3 alerts wait"),
        (
            {"sinks": {"horn": Backlog(3, 0, 4e4)}},
            "sink horn",
            HINT,
            "3 alerts wait for it, and the settings do not name",
        ),
        ({"actions": {"proposed": 2, "applied": 1}}, "actions", HINT, "1 applied, 2 proposed; `redshank respond list`"),
        ({"files": {"unrecorded.jsonl": 12}}, "files", HINT, "unrecorded.jsonl: 12 bytes"),
        ({"samples": None}, "service", HINT, "nobody answers at http://127.0.0.1:9477"),
        ({"health": "sinks x no longer work"}, "service", PROBLEM, "sinks x no longer work"),
    ],
)
def test_what_a_service_left_is_told_with_what_to_do(
    changed: dict[str, Any], part: str, state: str, words: str
) -> None:
    row = _service(**changed)[part]
    assert (row.state, words in row.words) == (state, True), row


@pytest.mark.parametrize(
    ("sample", "value", "part", "state"),
    [
        (("redshank_source_up", ("eth1",)), 0.0, "source eth1 (live)", HINT),
        (("redshank_sink_up", ("eve",)), 0.0, "sink eve (live)", PROBLEM),
        (("redshank_shed_rows_total", ("benign",)), 5.0, "rows shed", HINT),
        (("redshank_anomalies_total", ("capture", "ring_dropped")), 5.0, "packets dropped", HINT),
        (("redshank_anomalies_total", ("decode", "ipv4_truncated")), 5.0, "packets dropped", OK),
        (("redshank_unrecorded_alerts", ()), 5.0, "alerts unrecorded", PROBLEM),
        (("redshank_lost_total", ("alerts",)), 5.0, "alerts lost", PROBLEM),
        (("redshank_lost_total", ("archive_rows",)), 5.0, "alerts lost", OK),
        (("redshank_archive_failures_total", ()), 1.0, "archive failures", HINT),
        (("redshank_lost_total", ("alerts",)), 5.0, "lost otherwise", OK),
        (("redshank_lost_total", ("sources",)), 1.0, "lost otherwise", HINT),
        (("redshank_recipients_refused_total", ("email",)), 2.0, "recipients refused", HINT),
        (("redshank_unjudged_rows_total", ("classifier",)), 9.0, "unjudged rows", HINT),
        (("redshank_breaker_open", ()), 1.0, "breaker (live)", HINT),
        (("redshank_action_problems_total", ("policy",)), 5.0, "action problems", HINT),
    ],
)
def test_what_a_running_service_counted_is_judged(
    sample: tuple[str, tuple[str, ...]], value: float, part: str, state: str
) -> None:
    assert _service(samples={sample: value})[part].state == state


def test_what_earlier_runs_gave_up_or_lost_is_told_for_a_week() -> None:
    now_s, day_s = 1_700_000_000.0, 86_400.0
    runs = (
        Health("now", now_s, now_s + 60, shed={"quiet": 9}),  # of which the samples tell
        Health("ended", now_s - day_s, now_s - 100, ENDED, shed={"drain": 120}, lost={"archive_rows": 5}),
        Health("killed", now_s - 2 * day_s, now_s - day_s - 10, lost={"alerts": 3}),
        Health("well", now_s - 3 * day_s, now_s - 2 * day_s - 10, ENDED),
        Health("old", now_s - 9 * day_s, now_s - 8 * day_s, ENDED, lost={"alerts": 7}),
    )
    told = {part: row for part, row in _service(runs=runs).items() if part.startswith("run of")}
    assert list(told) == ["run of 2023-11-13 22:13:20", "run of 2023-11-12 22:13:20"]
    ended, killed = told.values()
    assert (ended.state, killed.state) == (HINT, PROBLEM)
    assert ended.words.startswith("gave up or lost 120 rows (drain), 5 archive_rows; ")
    assert killed.words.startswith("gave up or lost 3 alerts; ")
    assert "run of 2023-11-14 22:13:20" in _service(runs=runs, samples=None)


def test_what_is_up_is_not_spoken_of() -> None:
    assert not [part for part in _service(samples={("redshank_sink_up", ("eve",)): 1.0}) if "live" in part]

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from measured import MEASURED
from records import alert
from redshank.core.records import Evidence
from redshank.lab.attack import ATTACKS, Episode
from redshank.lab.journal import Row
from redshank.lab.plan import one_each
from redshank.lab.proof import Trial, proof, trial
from redshank.lab.scene import cast
from redshank.lab.tally import ALL, lines, tally
from redshank.lab.watch import Heard, Post

T0 = 1_700_000_000.0
SCAN = Episode(1.0, "scanning", "syn", ("sensor1",), "hub")
ATTACKER, VICTIM, QUIET = "10.0.0.66", "10.0.0.2", "10.0.0.3"
LIAR = "02:00:00:00:00:66"
MEDIAN_S, SOON_S = 5.0, 10.0
"""The goal. At a load of 5 to 12 on two cores the median was 2.0 s at most and the last 2.7 s, in ten runs; on one core
that two other processes kept busy all the time, at a load of 11, 1.8 s and 4.5 s, in two."""
BEGUN_S, WATCHED_S = 9.0, 6.0
"""Until every family has begun to attack, and for how long the last is watched: what the service has not told when it
is asked to end it tells then, so a slow machine has longer."""


def row(at_s: float, port: int, family: str = "benign", src: str = ATTACKER) -> Row:
    return Row(T0 + at_s, T0 + at_s + 0.1, "tcp", src, port, VICTIM, 80, family, "")


def shows(at_s: float, ports: Sequence[int], src: str = ATTACKER, **changed: object) -> Heard:
    """Return an alert that shows flows of these ports, written down at a time."""
    flows = tuple(Evidence(f"C{port}", T0 + port / 100, src, port, VICTIM, 80, "tcp", None, 0.9) for port in ports)
    return Heard(T0 + at_s, alert(**{"device": src, "evidence": flows, **changed}))


def kept(ports: Sequence[int], alarms: Sequence[int], src: str = ATTACKER) -> pa.Table:
    """Return an archive of flows that begin a hundredth of a second per port after T0."""
    return pa.table(
        {
            "uid": [f"C{port}" for port in ports],
            "ts": pa.array([round((T0 + port / 100) * 1e9) for port in ports], pa.int64()),
            "proto": ["tcp"] * len(ports),
            "src_ip": [src] * len(ports),
            "src_port": pa.array(ports, pa.int32()),
            "dst_ip": [VICTIM] * len(ports),
            "dst_port": pa.array([80] * len(ports), pa.int32()),
            "part": ["final"] * len(ports),
            "alarm": [port in alarms for port in ports],
        }
    )


def happened(heard: Sequence[Heard], begun: dict[Episode, float] | None = None) -> Trial:
    """Return a trial: two benign flows at 1 s, four of a scan from 2 s on, of which three raised an alarm."""
    rows = [row(1.0, 100), row(1.1, 110)] + [row(port / 100, port, "scanning") for port in (200, 210, 220, 230)]
    flows = kept([100, 110, 200, 210, 220, 230], [110, 200, 210, 220])
    addresses: dict[str, tuple[str, ...]] = {"sensor1": (ATTACKER,), "hub": (VICTIM,)}
    return Trial(36.0, rows, {SCAN: T0 + 2.0} if begun is None else begun, addresses, {"sensor1": LIAR}, heard, flows)


def test_an_attack_is_told_when_an_alert_that_shows_a_flow_of_it_is_written_down() -> None:
    early, right = shows(4.5, [200], id="a", family="dos"), shows(6.0, [210], id="b", severity="high")
    (found,) = proof(happened([early, right])).findings
    assert (found.family, found.variant, found.severity) == ("scanning", "syn", "high")
    assert (found.told_s, found.named_s, found.attacker) == (2.5, 4.0, True)
    assert (found.flows, found.alarms) == (4, 3)


def test_an_attack_has_the_pace_of_its_median_attacker_beside_the_slowest_that_is_planned() -> None:
    flood = Episode(1.0, "ddos", "http", ("sensor1",), "hub")
    begins = {ATTACKER: (2.0, 2.5, 3.0), "10.0.0.67": (2.0, 2.1, 2.2, 2.25), "10.0.0.68": (2.0, 6.0), QUIET: (2.0,)}
    rows = [row(at_s, 100, "ddos", src) for src, times in begins.items() for at_s in times]
    (found,) = proof(replace(happened([], {flood: T0 + 2.0}), rows=rows)).findings
    assert found.per_s == pytest.approx(2.0)
    assert found.planned_per_s == 10.0
    (scan,) = proof(happened([])).findings
    assert scan.per_s == pytest.approx(10.0)
    assert scan.planned_per_s is None


def test_an_alert_with_nothing_but_benign_flows_is_false_also_about_an_attacker() -> None:
    false, right = shows(3.0, [100, 110], id="a", family="dos"), shows(3.5, [110, 200], id="b")
    shown = proof(happened([false, right]))
    assert [one.id for one in shown.false] == ["a"]
    assert (shown.alerts, shown.echoes) == (2, 0)
    assert (shown.benign, shown.benign_alarms) == (2, 1)
    assert shown.hours == 0.01


def test_an_alert_that_shows_an_attack_in_an_earlier_revision_is_not_false() -> None:
    assert proof(happened([shows(3.0, [200], id="a"), shows(4.0, [100], id="a", revision=1)])).false == ()


def test_an_alert_that_goes_on_when_the_attack_is_over_is_an_echo() -> None:
    before = shows(3.0, [100], id="a", last_seen_s=T0 + 1.0)
    after = [shows(5.0, [110], src, id=src, last_seen_s=T0 + 4.0) for src in (ATTACKER, VICTIM, QUIET)]
    shown = proof(happened([before, *after]))
    assert [one.id for one in shown.false] == ["a", QUIET]
    assert shown.echoes == 2


def test_an_attack_that_nobody_tells_was_not_found() -> None:
    (found,) = proof(happened([])).findings
    assert (found.told_s, found.named_s, found.attacker, found.severity) == (None, None, False, "")


def claims(at_s: float, mac: str, **changed: object) -> Heard:
    """Return an alert about a device that claims another's address."""
    claim = Evidence("C1", T0 + 2.1, ATTACKER, None, VICTIM, None, "arp", None, 0.85, src_mac=mac)
    return Heard(T0 + at_s, alert(**{"device": ATTACKER, "family": "mitm", "evidence": (claim,), **changed}))


def test_a_man_in_the_middle_is_found_by_the_address_that_he_claims() -> None:
    middle = Episode(1.0, "mitm", "broker", ("sensor1",), "hub")
    guest = claims(2.2, "02:00:00:00:00:01", id="b", device=QUIET)
    shown = proof(happened([claims(2.5, LIAR, id="a"), guest], {middle: T0 + 2.0}))
    (found,) = shown.findings
    assert (found.told_s, found.named_s, found.attacker, found.flows) == (0.5, 0.5, True, 0)
    assert ([one.id for one in shown.false], shown.echoes) == (["b"], 0)


def test_a_second_attack_of_a_family_has_flows_of_its_own() -> None:
    again = Episode(2.0, "scanning", "udp", ("sensor1",), "hub")
    begun = {SCAN: T0 + 2.0, again: T0 + 2.15}
    first, second = proof(happened([shows(3.0, [220])], begun)).findings
    assert (first.flows, first.told_s) == (2, None)
    assert (second.flows, second.variant) == (2, "udp")
    assert second.told_s == pytest.approx(0.85, abs=1e-3)


def test_flows_without_a_row_are_counted() -> None:
    happening = happened([])
    shown = proof(Trial(36.0, [*happening.rows, row(9.0, 900)], {}, {}, {}, [], happening.flows))
    assert shown.unmetered == pytest.approx(1 / 7)


@pytest.mark.root
@pytest.mark.service
@pytest.mark.timeout(180)
def test_every_family_that_attacks_a_living_home_is_told_soon_by_name_and_attacker_and_nothing_grave_is_made_up(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    episodes = one_each(11, cast(11), BEGUN_S)
    seconds = max(one.at_s for one in episodes) + WATCHED_S
    shown = proof(trial(11, seconds, episodes, Post(tmp_path / "post"), lambda _: None))
    rows = {row.family: row for row in tally(shown.findings)}
    table = "\n".join(lines([*rows.values()]))
    record_property(MEASURED, f"{table}\n{len(shown.false)} false alerts in {seconds:.0f} s of home")
    for family in ATTACKS.names():
        of = rows[family]
        assert (of.attacks, of.found, of.named, of.attacker) == (1, 1, 1, 1), table
    of_all = rows[ALL]
    assert of_all.median_s is not None
    assert of_all.median_s <= MEDIAN_S, table
    assert of_all.p95_s is not None
    assert of_all.p95_s <= SOON_S, table
    assert of_all.recall is not None
    assert of_all.recall > 0.9, table
    assert [one for one in shown.false if one.severity in {"high", "critical"}] == []
    assert shown.benign > 100
    assert shown.unmetered < 0.2

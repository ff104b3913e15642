"""Does the service find every family in a living home, how soon, and what does it tell that is not there?

In: seeds of the lab, or recordings of homes that nobody attacks; needs root for the former. Out: tables, or JSON.

1. Live: for each seed a home of the lab lives for --seconds while `redshank run` captures on its gateway; every family
   attacks once, at a known time, among everyday traffic. An attack is found when an alert that shows a flow of it is
   written down (lab/proof.py). Each seed is a process of its own; --at-once of them run side by side. Floods that the
   machine was too busy for are told beneath the table, with the pace that they came to; they count in it all the same.
2. Quiet: recordings of homes (`redshank lab record --benign`) are read by the same service, packet times and all, one
   service for each. Every alert is false. Intervals are Garwood's, 95 %, for a Poisson rate per 24 h of home.

    python bench/lab_service.py --seeds 101 102 103
    python bench/lab_service.py --seeds --quiet out/home-1 out/home-2 --detectors classifier signatures
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from redshank.lab import plan
from redshank.lab.per_day import per_day
from redshank.lab.proof import Finding, proof, trial
from redshank.lab.record import ABOUT, CAPTURE
from redshank.lab.scene import cast
from redshank.lab.tally import Row, lines, tally
from redshank.lab.watch import Post, heard_of, judge_captures, judged

GOAL_MEDIAN_S, GOAL_TAIL_S, GOAL_PER_DAY = 5.0, 10.0, 1.0
SLOWED = 0.5
"""A flood that comes to less than this share of the slowest pace it is planned with is told apart."""


@dataclass(frozen=True)
class Chosen:
    """What a run is told.

    Args:
        seconds: How long a home lives.
        detectors: Which judge; those of the default settings if empty.
        more: Further tables of the service's settings.
    """

    seconds: float
    detectors: tuple[str, ...]
    more: str


def live(seed: int, chosen: Chosen) -> dict[str, Any]:
    """Let one home live, and return what it shows. A process has one lab."""
    episodes = plan.one_each(seed, cast(seed), chosen.seconds)
    with tempfile.TemporaryDirectory(prefix="redshank-bench-") as place:
        post = Post(Path(place), detectors=chosen.detectors, more=chosen.more)
        shown = proof(trial(seed, chosen.seconds, episodes, post, lambda _: None))
    false = [_about(alert) for alert in shown.false]
    return {**asdict(shown), "false": false, "seed": seed, "load": os.getloadavg()[0]}


def quiet(recording: Path, chosen: Chosen) -> dict[str, Any]:
    """Let a service read a home that nobody attacked, and return what it told."""
    about = json.loads((recording / ABOUT).read_text())
    if set(about["families"]) - {"benign"}:
        sys.exit(f"bench: '{recording}' has attacks; record homes with `redshank lab record --benign`")
    with tempfile.TemporaryDirectory(prefix="redshank-bench-") as place:
        captures = Path(place, "captures")
        captures.mkdir()
        (captures / CAPTURE).symlink_to((recording / CAPTURE).resolve())
        post = Post(Path(place, "service"), detectors=chosen.detectors, more=chosen.more)
        judge_captures(post, captures)
        flows = judged(post.folder)
        alarms = len(flows.filter(flows["alarm"])["uid"].unique())
        alerts = [_about(told.alert) for told in heard_of(post.folder)]
        count = len(flows["uid"].unique())
    return {
        "seed": about["seed"], "hours": about["seconds"] / 3600, "flows": count, "alarms": alarms, "alerts": alerts
    }  # fmt: skip


def _about(alert: Any) -> dict[str, Any]:  # noqa: ANN401  an Alert
    names = ("device", "family", "severity", "count", "detectors", "rules", "reasons")
    flows = Counter((one.dst_ip, one.dst_port, one.proto) for one in alert.evidence).most_common(3)
    return {name: getattr(alert, name) for name in names} | {"flows": [list(one) for one, _ in flows]}


def families(trials: list[dict[str, Any]]) -> list[Row]:
    """Return a row for each family, then one for all of them."""
    return tally([Finding(**one) for shown in trials for one in shown["findings"]])


def slowed(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the floods that came to less than SLOWED of the slowest pace they are planned with."""
    floods = [one for shown in trials for one in shown["findings"] if one["planned_per_s"] is not None]
    return [one for one in floods if (one["per_s"] or 0.0) < SLOWED * one["planned_per_s"]]


def false_alerts(homes: list[dict[str, Any]], alerts: str) -> dict[str, Any]:
    """Return how many alerts are false for each day of home, and which they are."""
    hours = sum(home["hours"] for home in homes)
    found = [alert for home in homes for alert in home[alerts]]
    grave = [alert for alert in found if alert["severity"] in {"high", "critical"}]
    kinds = Counter(f"{one['family']} {one['severity']} by {'+'.join(one['detectors'])}" for one in found)
    return {
        "hours": hours,
        "alerts": len(found),
        "per_day": per_day(len(found), hours),
        "grave_per_day": per_day(len(grave), hours),
        "kinds": dict(kinds.most_common()),
    }


def show(told: dict[str, Any]) -> None:
    """Print tables."""
    if told["families"]:
        print("\n".join(lines(told["families"])))
        print()
        for one in slowed(told["live"]):
            end = f"told after {one['told_s']:.1f} s" if one["told_s"] is not None else "never told"
            reached = f"{one['per_s'] or 0.0:.1f} flows a second for each attacker"
            print(
                f"slower than planned: {one['family']} {one['variant']}, {reached} instead of at least "
                f"{one['planned_per_s']:g}: {end}"
            )
        benign, alarms, echoes = (
            sum(one[name] for one in told["live"]) for name in ("benign", "benign_alarms", "echoes")
        )
        loads = [one["load"] for one in told["live"]]
        print(f"\nbenign flows {benign:,}, of which {alarms / benign:.2%} raised an alarm; {echoes} alerts go on")
        print(f"after their attack; load average {min(loads):.1f} to {max(loads):.1f}")
    for name in ("beside_attacks", "quiet_homes"):
        if found := told.get(name):
            per_day, low, high = found["per_day"]
            grave = "{:.1f} ({:.1f} to {:.1f})".format(*found["grave_per_day"])
            print(f"\n{name.replace('_', ' ')}: {found['alerts']} false alerts in {found['hours']:.2f} h of home: "
                  f"{per_day:.1f} per day ({low:.1f} to {high:.1f}), high or critical {grave}")  # fmt: skip
            for kind, count in found["kinds"].items():
                print(f"  {count:4} {kind}")


def main(words: list[str]) -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seeds", type=int, nargs="*", default=[101, 102, 103], help="homes that live and are attacked"
    )
    parser.add_argument("--seconds", type=float, default=120.0, help="how long each lives")
    parser.add_argument("--quiet", type=Path, nargs="*", default=[], help="recordings of homes that nobody attacked")
    parser.add_argument(
        "--detectors", nargs="+", default=[], help="which judge; those of the default settings if absent"
    )
    parser.add_argument("--settings", type=Path, help="TOML with further tables of the service's settings")
    parser.add_argument("--at-once", type=int, default=1, help="homes that live side by side, 1 to 8")
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(words)
    more = chosen.settings.read_text() if chosen.settings else ""
    run = Chosen(chosen.seconds, tuple(chosen.detectors), more)
    if chosen.one:
        print(json.dumps(live(chosen.seeds[0], run)))
        return 0

    def apart(seed: int) -> dict[str, Any]:
        argv = [sys.executable, __file__, *words, "--seeds", str(seed), "--one"]
        done = subprocess.run(argv, stdout=subprocess.PIPE, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    # Beyond some ten homes the kernel's table of neighbors (1,024 for all namespaces together) is full.
    with ThreadPoolExecutor(min(8, chosen.at_once)) as pool:
        trials = list(pool.map(apart, chosen.seeds))
    homes = [quiet(recording, run) for recording in chosen.quiet]
    told: dict[str, Any] = {
        "families": families(trials) if trials else [],
        "live": trials,
        "quiet": homes,
        **({"beside_attacks": false_alerts(trials, "false")} if trials else {}),
        **({"quiet_homes": false_alerts(homes, "alerts")} if homes else {}),
    }
    print(json.dumps(told, default=vars)) if chosen.json else show(told)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

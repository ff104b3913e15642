"""Does the service find what the lab does, how soon, and what does it tell that is not there?

In: a seed, a plan of attacks, a post for a service. Out: for each attack when it was told, by whom and of what share of
its flows; and the alerts that nothing stands behind. The one idea: an alert counts for an attack only if one of the
flows that it shows is one that the lab's journal has under this attack; an alert none of whose flows is an attack's is
false, also if it names a device that attacks at another time. Only one kind is neither: an alert of a family that its
device was attacked with, or attacked with, before. A rule that remembers goes on for a while when the attack is over.
What a man in the middle sends himself is ARP, no flow, and the journal has no row for it: a claim (flows/claims.py) of
one of his attackers' hardware addresses counts as what it is.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.records import SEVERITIES, Alert
from redshank.core.schema import BENIGN
from redshank.data.labels import LABEL_TYPES, label_of
from redshank.flows.claims import ARP
from redshank.lab.attack import ATTACKS, Episode
from redshank.lab.journal import MITM, Row
from redshank.lab.record import play, stage
from redshank.lab.watch import Heard, Post, Watch, judged

HOUR_S = 3_600.0
ENDS = ("proto", "src_ip", "src_port", "dst_ip", "dst_port")
LATE_S = 5.0
"""How much later than its sender a busy machine may deliver a packet. No port comes again so soon."""


@dataclass(frozen=True)
class Trial:
    """What happened in a lab, and what a service that watched it told.

    Args:
        seconds: How long it lived.
        rows: The journal: every flow that was started, with its family.
        begun: When each attack began, s since the epoch.
        addresses: Addresses of everybody, by name.
        macs: Hardware addresses of everybody on the bridge, by name.
        heard: Every revision of every alert, in the order in which it was written down.
        flows: Rows of the service's archive.
    """

    seconds: float
    rows: Sequence[Row]
    begun: dict[Episode, float]
    addresses: dict[str, tuple[str, ...]]
    macs: dict[str, str]
    heard: Sequence[Heard]
    flows: pa.Table


@dataclass(frozen=True)
class Finding:
    """What became of one attack. Times are seconds from its first packet; None: never.

    Args:
        family, variant: What it was.
        told_s: Until an alert with a flow of it was written down.
        named_s: Until one of the right family was.
        attacker: Whether an alert of the right family is about one of its attackers.
        severity: Highest of such alerts; "" if there are none.
        flows: Flows of it that the service metered.
        alarms: Those that raised an alarm.
        per_s: Flows a second that its attackers came to, the median of them; None of fewer than two flows each.
        planned_per_s: The slowest that a flood like it is planned with; None if it is no flood. An attacker who waits
            for answers falls behind on a busy machine.
    """

    family: str
    variant: str
    told_s: float | None
    named_s: float | None
    attacker: bool
    severity: str
    flows: int
    alarms: int
    per_s: float | None
    planned_per_s: float | None


@dataclass(frozen=True)
class Proof:
    """What a trial shows.

    Args:
        findings: One for each attack, in the order in which they began.
        false: Alerts (their last revisions) that show no flow of any attack, echoes apart.
        echoes: Alerts that show none, of a family that their device had to do with before.
        alerts: How many there were at all.
        hours: How long the lab lived.
        benign: Benign flows metered.
        benign_alarms: Those that raised an alarm.
        unmetered: Share of the journal's flows that the service has no row for.
    """

    findings: tuple[Finding, ...]
    false: tuple[Alert, ...]
    echoes: int
    alerts: int
    hours: float
    benign: int
    benign_alarms: int
    unmetered: float


def trial(seed: int, seconds: float, episodes: Sequence[Episode], post: Post, tell: Callable[[str], None]) -> Trial:
    """Let a lab live under the eyes of a service.

    Args:
        seed: Of the lab; the plan must be for its cast.
        seconds: Real time.
        episodes: The attacks; none: a quiet home.
        post: Where the service stands.
        tell: Takes progress, one line at a time.

    Raises:
        ActionError: If not root, a tool is missing, or the lab or the service fails.
    """
    with stage(seed) as built:
        with Watch(built.network, post) as watch:
            begun = asyncio.run(play(built.scene, episodes, seconds, seed, tell))
        addresses = {name: host.addresses for name, host in built.scene.hosts.items()}
        rows, macs = built.scene.journal.rows(), built.scene.macs
        return Trial(seconds, rows, begun, addresses, macs, watch.heard, judged(post.folder))


def proof(trial: Trial) -> Proof:
    """Compare what was told with what was done."""
    labels = _labels(trial.rows)
    names = np.array([*(row.family for row in trial.rows), BENIGN], dtype=np.str_)
    flows = trial.flows.filter(pc.not_equal(trial.flows["proto"], ARP))
    final = flows.filter(pc.not_equal(flows["part"], "interim")).combine_chunks()
    loud = trial.flows.filter(trial.flows["alarm"])["uid"].unique()
    alarm = pc.is_in(final["uid"], loud).to_numpy()
    batches = final.to_batches()
    row = label_of(batches[0], labels) if batches else np.empty(0, np.int64)
    latest = {told.alert.id: told.alert for told in trial.heard}
    shown: dict[str, set[int]] = {name: set() for name in latest}
    for told in trial.heard:
        shown[told.alert.id] |= _rows_of(told.alert, labels)
    empty = [
        alert
        for name, alert in latest.items()
        if (names[list(shown[name])] == BENIGN).all() and not any(_claimed(alert, trial, one) for one in trial.begun)
    ]
    false = tuple(alert for alert in empty if not _echoes(alert, trial))
    benign = names[row] == BENIGN
    return Proof(
        tuple(_finding(trial, one, labels, row, alarm) for one in sorted(trial.begun, key=lambda one: one.at_s)),
        false,
        len(empty) - len(false),
        len(latest),
        trial.seconds / HOUR_S,
        int(benign.sum()),
        int((alarm & benign).sum()),
        1 - len(np.unique(row[row >= 0])) / max(1, len(trial.rows)),
    )


def _echoes(alert: Alert, trial: Trial) -> bool:
    return any(
        alert.family == episode.family
        and begun <= alert.last_seen_s
        and any(alert.device in trial.addresses[name] for name in (*episode.attackers, episode.victim))
        for episode, begun in trial.begun.items()
    )


def _finding(
    trial: Trial, episode: Episode, labels: pa.Table, row: npt.NDArray[np.int64], alarm: npt.NDArray[np.bool_]
) -> Finding:
    own = _own(trial, episode)
    attackers = {address for name in episode.attackers for address in trial.addresses[name]}
    behind = [
        told for told in trial.heard if own & _rows_of(told.alert, labels) or _claimed(told.alert, trial, episode)
    ]
    named = [told for told in behind if told.alert.family == episode.family]
    begun = trial.begun[episode]
    mine = np.isin(row, list(own))
    return Finding(
        episode.family,
        episode.variant,
        min((told.at_s - begun for told in behind), default=None),
        min((told.at_s - begun for told in named), default=None),
        any(told.alert.device in attackers for told in named),
        max((told.alert.severity for told in behind), key=SEVERITIES.index, default=""),
        int(mine.sum()),
        int((mine & alarm).sum()),
        _pace([trial.rows[number] for number in own]),
        ATTACKS.find(episode.family).paces.get(episode.variant, (None,))[0],
    )


def _pace(rows: Sequence[Row]) -> float | None:
    """Return how many flows a second the senders of these began, the median of those who began two or more."""
    begins: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        begins[row.src_ip].append(row.start_s)
    lasted = [(len(own) - 1, max(own) - min(own)) for own in begins.values()]
    paces = [steps / seconds for steps, seconds in lasted if seconds > 0]
    return median(paces) if paces else None


def _claimed(alert: Alert, trial: Trial, episode: Episode) -> bool:
    """Tell whether an alert shows that an attacker of this man in the middle claimed another's address."""
    liars = {trial.macs.get(name) for name in episode.attackers}
    return episode.family == MITM and any(
        one.proto == ARP and one.src_mac in liars and one.ts_s >= trial.begun[episode] for one in alert.evidence
    )


def _own(trial: Trial, episode: Episode) -> set[int]:
    """Return the numbers of the journal's rows that an attack started: its family's, until the next of the family."""
    begun = trial.begun[episode]
    until = min(
        (at for other, at in trial.begun.items() if other.family == episode.family and at > begun), default=None
    )
    return {
        number
        for number, row in enumerate(trial.rows)
        if row.family == episode.family and row.start_s >= begun and (until is None or row.start_s < until)
    }


def _labels(rows: Sequence[Row]) -> pa.Table:
    columns = {name: [getattr(row, name) for row in rows] for name in LABEL_TYPES}
    columns["end_s"] = [row.end_s + LATE_S * (row.proto != "icmp") for row in rows]
    return pa.table({name: pa.array(columns[name], kind) for name, kind in LABEL_TYPES.items()})


def _rows_of(alert: Alert, labels: pa.Table) -> set[int]:
    """Return the numbers of the journal's rows that an alert's flows are; -1 where nobody started one."""
    if not alert.evidence:
        return set()
    columns = {name: pa.array([getattr(one, name) for one in alert.evidence], LABEL_TYPES[name]) for name in ENDS}
    columns["ts"] = pa.array([round(one.ts_s * 1e9) for one in alert.evidence], pa.int64())
    return set(label_of(pa.RecordBatch.from_pydict(columns), labels).tolist())

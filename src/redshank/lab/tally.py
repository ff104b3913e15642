"""What became of attacks, family by family.

In: findings of one trial or of several. Out: a row for each family and one for all of them, also as a table to read.
The one idea: an attack that was never found took forever, so a family that is found half the time has no median.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from redshank.lab.proof import Finding

ALL = "all"
NAMES = ("family", "attacks", "found", "by name", "names an attacker", "median", "p95", "recall by flow")


@dataclass(frozen=True)
class Row:
    """What became of the attacks of a family. Times are seconds from the first packet of each; None: never.

    Args:
        family: Its name, or ALL.
        attacks: How many there were.
        found: Those that an alert tells of.
        named: Those that an alert of the right family tells of.
        attacker: Those of which such an alert is about one of the attackers.
        median_s, p95_s: Until the first alert.
        recall: Share of their flows that raised an alarm; None if none was metered.
        flows: How many were metered.
    """

    family: str
    attacks: int
    found: int
    named: int
    attacker: int
    median_s: float | None
    p95_s: float | None
    recall: float | None
    flows: int


def tally(findings: Sequence[Finding]) -> list[Row]:
    """Return a row for each family in the order of the alphabet, then one for all of them."""
    families = sorted({one.family for one in findings})
    return [*(_row(family, [one for one in findings if one.family == family]) for family in families),
            _row(ALL, findings)]  # fmt: skip


def lines(rows: Sequence[Row]) -> list[str]:
    """Return the lines of a table in Markdown."""
    told = [f"| {' | '.join(NAMES)} |", f"|{' --- |' * len(NAMES)}"]
    for row in rows:
        times = [f"{time:.1f} s" if time is not None else "never" for time in (row.median_s, row.p95_s)]
        recall = f"{row.recall:.3f} of {row.flows:,}" if row.recall is not None else "no flows"
        counts = [str(count) for count in (row.attacks, row.found, row.named, row.attacker)]
        told.append(f"| {' | '.join([row.family, *counts, *times, recall])} |")
    return told


def _row(family: str, findings: Sequence[Finding]) -> Row:
    told = [np.inf if one.told_s is None else one.told_s for one in findings]
    flows = sum(one.flows for one in findings)
    return Row(
        family,
        len(findings),
        sum(one.told_s is not None for one in findings),
        sum(one.named_s is not None for one in findings),
        sum(one.attacker for one in findings),
        _quantile(told, 0.5),
        _quantile(told, 0.95),
        sum(one.alarms for one in findings) / flows if flows else None,
        flows,
    )


def _quantile(values: list[float], share: float) -> float | None:
    found = float(np.quantile(values, share, method="inverted_cdf"))
    return found if np.isfinite(found) else None

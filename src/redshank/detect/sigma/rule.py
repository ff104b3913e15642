"""A rule: what it looks for, and what a hit means.

In: the columns of a batch. Out: the rows that it hits, and a sentence for each. The one idea: a rule is one test, or,
for a correlation, a test and a window that counts what passes it.

| level | score | alarm |
|---|---|---|
| informational, low | none: a reason for others' verdicts | no |
| medium | 0.6 | yes |
| high | 0.85 | yes |
| critical | 0.97 | yes |

The scores are declared, not calibrated: nobody has measured how often a rule of a level is right on a given network.
They order rules among themselves, and stand below what a detector says that is surer.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.detect.sigma.columns import Columns, Mask, mixed
from redshank.detect.sigma.match import Test
from redshank.detect.sigma.window import Window
from redshank.flows.withheld import WITHHELD

SCORES = {"informational": None, "low": None, "medium": 0.6, "high": 0.85, "critical": 0.97}
"""What a level is worth; None: it raises no alarm."""

TECHNIQUE_FAMILIES = {
    **dict.fromkeys(("T1046", "T1595", "T1018", "T1590"), "scanning"),
    **dict.fromkeys(("T1110",), "password"),
    **dict.fromkeys(("T1498", "T1499"), "dos"),
    **dict.fromkeys(("T1498.002",), "ddos"),
    **dict.fromkeys(("T1190", "T1059"), "injection"),
    **dict.fromkeys(("T1189",), "xss"),
    **dict.fromkeys(("T1557",), "mitm"),
    **dict.fromkeys(("T1486",), "ransomware"),
    **dict.fromkeys(("T1071", "T1095", "T1571", "T1572", "T1573", "T1102", "T1105", "T1568", "T1219"), "backdoor"),
    **dict.fromkeys(("T1041", "T1048", "T1567"), "backdoor"),
}
"""The family of a rule without a tag `redshank.family.NAME`, by its first ATT&CK technique that stands here."""
ANY_ATTACK = "attack"

SHOWN_VALUES = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Counting:
    """How a correlation counts.

    Args:
        group_by: Columns whose values make a group; flows that lack one do not count.
        value: The column whose different values count; None: flows count, each once.
        at_least: From how many on it is a hit.
        span_s: Within how many seconds of packet time.
    """

    group_by: tuple[str, ...]
    value: str | None
    at_least: int
    span_s: int


@dataclass(frozen=True)
class Rule:
    """One rule, ready to run.

    Args:
        name: Its `name`, or else its title; what a verdict says and an allow-list names.
        title, description, level, falsepositives, tags: As in its file.
        file: Where it stands.
        test: What a flow must be.
        columns: What it looks at, for its reasons.
        counting: How flows that pass are counted; None: each is a hit.
        silent: It is only there for a correlation.
    """

    name: str
    title: str
    description: str
    level: str
    falsepositives: tuple[str, ...]
    tags: tuple[str, ...]
    file: Path
    test: Test
    columns: tuple[str, ...]
    counting: Counting | None = None
    silent: bool = False

    @property
    def score(self) -> float | None:
        """The score of a hit; None if it raises no alarm."""
        return SCORES[self.level]

    @property
    def techniques(self) -> tuple[str, ...]:
        """The ATT&CK techniques that it is tagged with."""
        tags = (tag.removeprefix("attack.").upper() for tag in self.tags if tag.startswith("attack."))
        return tuple(tag for tag in tags if tag[:1] == "T" and tag[1:2].isdecimal())

    @property
    def family(self) -> str:
        """The family of a hit."""
        for tag in self.tags:
            if tag.startswith("redshank.family."):
                return tag.removeprefix("redshank.family.")
        for technique in self.techniques:
            for known in (technique, technique.partition(".")[0]):
                if known in TECHNIQUE_FAMILIES:
                    return TECHNIQUE_FAMILIES[known]
        return ANY_ATTACK

    def window(self) -> Window | None:
        """Return an empty memory for it, if it needs one."""
        return Window(self.counting.at_least, self.counting.span_s * 1_000_000_000) if self.counting else None

    def hits(self, columns: Columns, window: Window | None) -> Mask:
        """Tell which rows it hits; what passes is counted in `window`."""
        passed = self.test.of(columns)
        if self.counting is None or window is None or not np.count_nonzero(passed):
            return passed
        for name in (*self.counting.group_by, *([self.counting.value] if self.counting.value else [])):
            passed = passed & columns.present(name)
        rows = np.flatnonzero(passed & columns.present("ts"))
        groups = np.zeros(len(rows), dtype=np.uint64)
        for name in self.counting.group_by:
            groups = mixed(groups ^ columns.hashes(name)[rows])
        values = columns.hashes(self.counting.value or "uid")[rows]
        times = columns.times()[rows]
        found = np.zeros(columns.rows, dtype=np.bool_)
        before = window.forgotten
        found[rows] = window.add(groups, values, times)
        if window.forgotten and not before:
            _log.warning(
                "rule %s: too many groups; those that were silent for longest are forgotten, and counted", self.name
            )
        return found

    def reasons(self, columns: Columns, rows: npt.NDArray[np.intp]) -> pa.Array:
        """Say for some rows what the rule saw, as texts."""
        head = f"{self.name} ({', '.join((self.level, *self.techniques))})"
        names = self.columns
        if self.counting:
            names = self.counting.group_by
            what = f"different {self.counting.value}" if self.counting.value else "flows"
            head += f" at least {self.counting.at_least} {what} within {self.counting.span_s} s{' by' if names else ''}"
        shown = [
            pc.binary_join_element_wise(f" {name}=", columns.shown(name, rows), "").fill_null("")
            for name in [one for one in names if one not in WITHHELD][:SHOWN_VALUES]
        ]
        return pc.binary_join_element_wise(pa.repeat(pa.scalar(head), len(rows)), *shown, "")


def strongest_last(rules: Iterable[Rule]) -> list[Rule]:
    """Sort rules by level; of equals the one that came first is stronger."""
    return sorted(rules, key=lambda rule: list(SCORES).index(rule.level), reverse=True)[::-1]

"""Figures per group of rows: which pair of devices makes the false alarms.

In: what a model called each vector of a part, and the group of each row of the dataset. Out: `GroupFigures`. A vector
counts once in each group that has it. The one idea: an average over rows is an average over whoever talks most, and its
usual interval takes the rows of one device for independent; so the rate of each group stands here, their mean, and
intervals from a bootstrap that draws whole groups. It draws as many anew from each stratum, where a group's stratum is
the class of its that fewest groups have: drawn among all, a class that one or two groups have would be missing from
most resamples, and macro-F1 would lie below what was measured. What such a class does on other groups, no resampling
can tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from redshank.data.grouping import Grouping
from redshank.data.parts import OTHER_FAMILY, Part
from redshank.learn import measures
from redshank.learn.measures import Doubles

SHOWN = 20
"""Groups that are kept one by one: those with the most false alarms, then the largest."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class OneGroup:
    """What became of one group.

    Args:
        name: Its name.
        benign, attacks: Its distinct vectors.
        false_alarms: By rule: benign vectors that were called attack.
        caught: By rule: attacks that were called attack.
    """

    name: str
    benign: int
    attacks: int
    false_alarms: dict[str, int]
    caught: dict[str, int]

    def fpr(self, rule: str) -> float | None:
        """Return its false-alarm rate under a rule; None if it has no benign vector."""
        return measures.ratio(self.false_alarms[rule], self.benign)


@dataclass(frozen=True)
class GroupFigures:
    """A model on the groups of a part.

    Args:
        by: What groups are.
        groups, benign_groups: How many there are, and how many have a benign vector.
        benign: Benign vectors, each counted in every group that has it.
        figures: By name, "_at_<rate>" behind it for a threshold: "fpr" and "recall" (all vectors), "group_fpr" (the
            mean over groups), "worst_share" (of all false alarms, the share that one group makes); and "macro_f1".
        intervals: By the same names: bootstrap 95 % interval over groups, where one was asked for.
        shown: The groups with the most false alarms.
    """

    by: str
    groups: int
    benign_groups: int
    benign: int
    figures: dict[str, float | None]
    intervals: dict[str, tuple[float, float] | None]
    shown: tuple[OneGroup, ...]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Rebuild the figures from `asdict` of them, or from the JSON of that."""
        pairs = {name: None if pair is None else (pair[0], pair[1]) for name, pair in values["intervals"].items()}
        shown = tuple(OneGroup(**one) for one in values["shown"])
        return cls(**{**values, "intervals": pairs, "shown": shown})


def per_group(
    part: Part,
    predicted: npt.NDArray[np.int64],
    called: Mapping[str, Bools],
    grouping: Grouping,
    classes: int,
    *,
    resamples: int = 0,
    seed: int = 0,
) -> GroupFigures:
    """Measure each group.

    Args:
        part: The rows judged.
        predicted: The likeliest class of each.
        called: By rule ("argmax" or a rate): which rows were called attack. The groups with the most false alarms are
            those under the first.
        grouping: The group of each row of the dataset.
        classes: Number of classes.
        resamples: Bootstrap resamples of the groups, stratified by class, for `intervals`; 0 for none.
        seed: Of the resampling.

    Shape:
        predicted, called: [n]; n = len(part).

    Raises:
        ValueError: If there are no rows.
    """
    if not len(part):
        raise ValueError("per_group: there are no rows")
    cells = _Cells(part, predicted, called, grouping, classes)
    once = np.ones(len(cells.names))
    rng = np.random.default_rng(seed)
    groups, strata = len(cells.names), cells.strata()
    drawn = []
    for _ in range(resamples):
        again = np.concatenate([stratum[rng.integers(0, len(stratum), len(stratum))] for stratum in strata])
        drawn.append(cells.figures(np.bincount(again, minlength=groups).astype(np.float64)))
    figures = cells.figures(once)
    return GroupFigures(
        by=grouping.by,
        groups=groups,
        benign_groups=int(cells.mine.sum()),
        benign=int(cells.count[cells.benign].sum()),
        figures=figures,
        intervals={name: measures.percentiles([one[name] for one in drawn]) for name in figures} if drawn else {},
        shown=cells.shown(),
    )


class _Cells:
    """The vectors of a part, those alike (group, class, what was called) as one cell with their number."""

    def __init__(
        self,
        part: Part,
        predicted: npt.NDArray[np.int64],
        called: Mapping[str, Bools],
        grouping: Grouping,
        classes: int,
    ) -> None:
        self.rules, self.classes = list(called), classes
        vector, row = part.counted()
        pairs = np.unique(vector * len(grouping.names) + grouping.number[row])
        vector, number = pairs // len(grouping.names), pairs % len(grouping.names)
        there, group = np.unique(number, return_inverse=True)
        table = np.column_stack([group, part.y[vector], predicted[vector], *(called[rule][vector] for rule in called)])
        cells, self.count = np.unique(table, axis=0, return_counts=True)
        self.names = [grouping.names[at] for at in there]
        self.group, self.y, self.predicted = cells[:, 0], cells[:, 1], cells[:, 2]
        self.called = {rule: cells[:, 3 + at].astype(bool) for at, rule in enumerate(called)}
        self.benign = self.y == 0
        # What no resample changes.
        self._is_known = self.y != OTHER_FAMILY
        self._known = self.y[self._is_known], self.predicted[self._is_known]
        self._quiet = self.per_group(self.benign)
        self.mine = self._quiet > 0
        self._false = {rule: self.per_group(self.benign & alarm) for rule, alarm in self.called.items()}
        self._rate = {rule: false[self.mine] / self._quiet[self.mine] for rule, false in self._false.items()}

    def per_group(self, which: Bools) -> Doubles:
        """Count the vectors of the cells `which` by group."""
        weights = self.count[which].astype(np.float64)
        counts: Doubles = np.bincount(self.group[which], weights=weights, minlength=len(self.names)).astype(np.float64)
        return counts

    def strata(self) -> list[npt.NDArray[np.int64]]:
        """Return the groups by the class of theirs that fewest groups have."""
        group, y = np.unique(np.column_stack([self.group, self.y]), axis=0).T
        _, kind, holders = np.unique(y, return_inverse=True, return_counts=True)
        order = np.lexsort((kind, holders[kind], group))
        scarcest = kind[order][np.unique(group[order], return_index=True)[1]]
        return [np.flatnonzero(scarcest == one) for one in np.unique(scarcest)]

    def figures(self, weight: Doubles) -> dict[str, float | None]:
        """Return the figures with each group counted `weight` times."""
        counted = self.count * weight[self.group]
        matrix = measures.confusion(*self._known, counted[self._is_known], self.classes)
        found: dict[str, float | None] = {"macro_f1": measures.macro_f1(matrix)}
        quiet, with_benign = float(weight @ self._quiet), weight[self.mine]
        attacks = counted[~self.benign]
        for rule, alarm in self.called.items():
            at = "" if rule == self.rules[0] else f"_at_{rule}"
            false = self._false[rule]
            alarms = float(weight @ false)
            found[f"fpr{at}"] = measures.ratio(alarms, quiet)
            found[f"group_fpr{at}"] = measures.ratio(float(with_benign @ self._rate[rule]), with_benign.sum())
            found[f"worst_share{at}"] = measures.ratio(float((weight * false).max(initial=0)), alarms)
            found[f"recall{at}"] = measures.ratio(float(attacks @ alarm[~self.benign]), float(attacks.sum()))
        return found

    def shown(self) -> tuple[OneGroup, ...]:
        benign, attacks, false = self._quiet, self.per_group(~self.benign), self._false
        caught = {rule: self.per_group(~self.benign & alarm) for rule, alarm in self.called.items()}
        first = false[self.rules[0]]
        order = np.lexsort((-benign, -first))[:SHOWN]
        return tuple(
            OneGroup(
                self.names[at],
                int(benign[at]),
                int(attacks[at]),
                {rule: int(counts[at]) for rule, counts in false.items()},
                {rule: int(counts[at]) for rule, counts in caught.items()},
            )
            for at in order.tolist()
        )

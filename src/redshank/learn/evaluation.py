"""What is known of a model after judging it: plain records that survive the way through JSON.

In: nothing. Out: records without NaN or infinity; what cannot be known is None. `learn/evaluate.py` fills them, reports
read them.
"""

from dataclasses import dataclass
from typing import Any, Self

from redshank.learn.measures import Bin, ClassFigures
from redshank.learn.per_group import GroupFigures

ARGMAX = "argmax"
"""The rule that calls a row what its likeliest class is."""


@dataclass(frozen=True)
class Decision:
    """What one way of deciding who is an attack leads to.

    Args:
        rule: "argmax" (the likeliest class), or the false-alarm rate that a threshold aims at, for example "0.01".
        threshold: Attack score that raises an alarm; None for argmax, or where calibration had too few benign rows.
        benign: Benign rows (their weight).
        false_alarms: How many of them were called attack.
        fpr: Their share; None, as `recall`, where there is no threshold.
        fpr_low, fpr_high: Clopper-Pearson 95 % interval of `fpr`; None when rows are weighted, because copies of one
            vector are not independent trials.
        recall: Share of attacks that were called attack.
        certified: Whether there are benign rows enough (3 / rate) to tell that the rate is kept; None for argmax.
        note: What a reader of this line must know, or "".
        alerts_per_day: False alarms in a day of benign traffic at the stated flow rate.
        bayes_precision: By base rate of attacks as text: the share of alarms that are attacks.
        bayes_precision_low: The same at the upper end of the interval of `fpr`.
    """

    rule: str
    threshold: float | None
    benign: float
    false_alarms: float
    fpr: float | None
    fpr_low: float | None
    fpr_high: float | None
    recall: float | None
    certified: bool | None
    note: str
    alerts_per_day: float | None
    bayes_precision: dict[str, float | None]
    bayes_precision_low: dict[str, float | None]


@dataclass(frozen=True)
class Measures:
    """Every measure, under one way of counting rows.

    Args:
        rows: Sum of the weights.
        headline: Measures by name, in the order in which a table shows them.
        classes: Figures per class.
        confusion: Rows by true (first index) and predicted class; rows of other families are not in it.
        decisions: Argmax first, then one per calibrated threshold.
    """

    rows: float
    headline: dict[str, float | None]
    classes: tuple[ClassFigures, ...]
    confusion: tuple[tuple[float, ...], ...]
    decisions: tuple[Decision, ...]

    def decision(self, rule: str) -> Decision | None:
        """Return the decision of that rule, or None."""
        return next((decision for decision in self.decisions if decision.rule == rule), None)


@dataclass(frozen=True)
class FamilyFigures:
    """How many attacks of one family are called attack.

    Args:
        name: The family, as the dataset names it.
        support: Its rows (each vector once).
        known: Whether the model has a class for it; always true in the binary task.
        recall: By rule: the share that was called attack (of benign: the share that was called so wrongly).
    """

    name: str
    support: int
    known: bool
    recall: dict[str, float | None]


@dataclass(frozen=True)
class Evaluation:
    """A model on one part.

    Args:
        task_classes: Class names; "benign" is the first.
        vector: Measures with each distinct vector counted once.
        row: Measures with each row of the dataset counted once.
        intervals: By headline name: bootstrap 95 % interval over test rows, where one was asked for.
        families: Per-family detection.
        unknown: Share of rows that fit no class (conformal p-value), benign and attack.
        reliability: Calibrated score against outcome.
        roc: Points (false-alarm rate, recall), rising.
        pr: Points (recall, precision), by rising recall.
        flows_per_s: The flow rate that `alerts_per_day` is stated at.
        groups: Figures per group of rows, for example per pair of devices; None if the dataset knows no groups.
    """

    task_classes: tuple[str, ...]
    vector: Measures
    row: Measures
    intervals: dict[str, tuple[float, float] | None]
    families: tuple[FamilyFigures, ...]
    unknown: dict[str, float | None]
    reliability: tuple[Bin, ...]
    roc: tuple[tuple[float, float], ...]
    pr: tuple[tuple[float, float], ...]
    flows_per_s: float
    groups: GroupFigures | None = None

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Rebuild an evaluation from `asdict` of it, or from the JSON of that."""
        return cls(
            task_classes=tuple(values["task_classes"]),
            vector=_measures_from(values["vector"]),
            row=_measures_from(values["row"]),
            intervals={n: None if pair is None else (pair[0], pair[1]) for n, pair in values["intervals"].items()},
            families=tuple(FamilyFigures(**item) for item in values["families"]),
            unknown=dict(values["unknown"]),
            reliability=tuple(Bin(**item) for item in values["reliability"]),
            roc=tuple((x, y) for x, y in values["roc"]),
            pr=tuple((x, y) for x, y in values["pr"]),
            flows_per_s=values["flows_per_s"],
            groups=None if values.get("groups") is None else GroupFigures.from_dict(values["groups"]),
        )


def _measures_from(values: dict[str, Any]) -> Measures:
    return Measures(
        rows=values["rows"],
        headline=dict(values["headline"]),
        classes=tuple(ClassFigures(**item) for item in values["classes"]),
        confusion=tuple(tuple(row) for row in values["confusion"]),
        decisions=tuple(Decision(**item) for item in values["decisions"]),
    )

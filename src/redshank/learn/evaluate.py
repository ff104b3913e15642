"""Judge a model on rows it has never seen.

In: its probabilities for a part, and the calibration that will serve it. Out: an `Evaluation`.
Every measure comes twice: each distinct vector counted once (published first: a few heavy conflicting vectors make the
other unstable), then each row of the dataset counted once, with the class that the row itself has. Attack score,
calibration error and Brier score are about attack against benign in every task, because that is what a score means
everywhere.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from redshank.core.schema import BENIGN
from redshank.data.grouping import Grouping
from redshank.data.parts import OTHER_FAMILY, Part
from redshank.detect.calibrate import Calibration, attack_score, calibrated, unknown
from redshank.learn import measures
from redshank.learn.evaluation import ARGMAX, Decision, Evaluation, FamilyFigures, Measures
from redshank.learn.measures import Doubles, Ranking
from redshank.learn.per_group import GroupFigures, per_group

RECALL = 0.99
"""Share of attacks at which the false-alarm rate is read off the curve."""
BASE_RATES = (1e-2, 1e-3, 1e-4)
DAY_S = 86_400
# A rate of 1/n cannot be told from 0 on fewer than about three times n rows (the "rule of three").
ROWS_PER_RATE = 3
CURVE_POINTS = 160


def evaluate(
    probabilities: npt.NDArray[np.float32],
    part: Part,
    classes: Sequence[str],
    calibration: Calibration,
    *,
    families: Sequence[str] | npt.NDArray[np.str_] | None = None,
    grouping: Grouping | None = None,
    flows_per_s: float = 1.0,
    resamples: int = 0,
    seed: int = 0,
) -> Evaluation:
    """Measure probabilities against a part.

    Args:
        probabilities: The model's, uncalibrated.
        part: The rows judged. `part.y` may hold `OTHER_FAMILY` for attacks that no class stands for.
        classes: Class names; "benign" is the first.
        calibration: Temperature and thresholds, fitted on other rows.
        families: The family of each row, for detection per family; the classes themselves if absent.
        grouping: The group of each row of the dataset, for figures per group.
        flows_per_s: Flows per second for which alerts per day are stated.
        resamples: Bootstrap resamples of the rows, and of the groups, for their `intervals`; 0 for none. The
            calibration error gets none: drawing rows twice widens every gap, so its resamples all lie above it.
        seed: Of the resampling.

    Shape:
        probabilities: [n, k] float32; n = len(part), k = len(classes).

    Raises:
        ValueError: If there are no rows, shapes differ, or a probability is not finite.
    """
    if probabilities.shape != (len(part), len(classes)) or not len(part):
        raise ValueError(f"evaluate: probabilities {probabilities.shape}, wanted ({len(part)}, {len(classes)}), n > 0")
    if not np.isfinite(probabilities).all():
        raise ValueError(f"evaluate: row {int(np.argmin(np.isfinite(probabilities).all(1)))} is not finite")
    test = _Test(probabilities, part, classes, calibration)
    once = np.ones(len(part))
    names = np.asarray(np.array([*classes, "(other)"])[part.y] if families is None else families, dtype=np.str_)
    rows = test if part.minority is None else _row_by_row(probabilities, part, classes, calibration)
    hits, alarms = test.ranking.steps(once)
    strange = unknown(calibration, test.scaled)
    return Evaluation(
        task_classes=tuple(classes),
        vector=test.measures(once, flows_per_s, independent=True),
        row=rows.measures(rows.weight, flows_per_s, independent=False),
        intervals=test.intervals(resamples, seed),
        families=test.families(names),
        unknown={
            "benign": measures.ratio(int((strange & ~test.attack).sum()), int((~test.attack).sum())),
            "attack": measures.ratio(int((strange & test.attack).sum()), int(test.attack.sum())),
        },
        reliability=measures.reliability(test.attack, test.score, once),
        roc=_roc(hits, alarms),
        pr=_pr(hits, alarms),
        flows_per_s=flows_per_s,
        groups=None if grouping is None else test.groups(part, grouping, resamples, seed),
    )


class _Test:
    """Everything about the rows that does not depend on how they are counted."""

    def __init__(
        self, probabilities: npt.NDArray[np.float32], part: Part, classes: Sequence[str], calibration: Calibration
    ) -> None:
        self.classes = tuple(classes)
        self.y, self.weight = part.y, part.weight.astype(np.float64)
        self.attack = part.y != 0
        self.scaled = calibrated(calibration, probabilities)
        self.score = attack_score(self.scaled)
        self.predicted = np.argmax(probabilities, axis=1)
        self.ranking = Ranking.of(self.attack, self.score)
        # A manifest sorts its keys as text; a table goes from the loosest rate to the strictest.
        self.thresholds = dict(sorted(calibration.thresholds.items(), key=lambda item: -float(item[0])))
        self.benign_calibration_rows = calibration.benign_rows
        self.called = {ARGMAX: self.predicted != 0, **{r: self.score >= t for r, t in self.thresholds.items()}}
        # What nobody could set a threshold for detects nothing, but a recall of 0 is no finding about the model.
        self.mute = {rule for rule, threshold in self.thresholds.items() if not math.isfinite(threshold)}

    def confusion(self, weight: Doubles) -> Doubles:
        known = self.y != OTHER_FAMILY
        return measures.confusion(self.y[known], self.predicted[known], weight[known], len(self.classes))

    def headline(self, weight: Doubles) -> dict[str, float | None]:
        error = measures.calibration_error(measures.reliability(self.attack, self.score, weight))
        return self.figures(weight) | {"ece": error}

    def figures(self, weight: Doubles) -> dict[str, float | None]:
        """Return the headline without the calibration error, which has no interval."""
        matrix = self.confusion(weight)
        hits, alarms = self.ranking.steps(weight)
        found = {
            "accuracy": measures.accuracy(matrix),
            "balanced_accuracy": measures.balanced_accuracy(matrix),
            "macro_f1": measures.macro_f1(matrix),
            "mcc": measures.mcc(matrix),
            "roc_auc": measures.roc_auc(hits, alarms),
            "pr_auc": measures.pr_auc(hits, alarms),
            f"fpr_at_recall_{RECALL}": measures.fpr_at_recall(hits, alarms, RECALL),
        }
        for rule in self.called:
            at = "" if rule == ARGMAX else f"_at_{rule}"
            found[f"recall{at}"] = self.share(rule, weight, self.attack)
            found[f"fpr{at}"] = self.share(rule, weight, ~self.attack)
        found["brier"] = measures.brier(self.attack, self.score, weight)
        return found

    def share(self, rule: str, weight: Doubles, rows: npt.NDArray[np.bool_]) -> float | None:
        """Return the share of `rows` that a rule calls attack; None if the rule has no threshold."""
        if rule in self.mute:
            return None
        return measures.ratio(float(weight @ (self.called[rule] & rows)), float(weight @ rows))

    def intervals(self, resamples: int, seed: int) -> dict[str, tuple[float, float] | None]:
        n = len(self.y)
        rng = np.random.default_rng(seed)
        drawn = [
            self.figures(np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)) for _ in range(resamples)
        ]
        return {name: measures.percentiles([values[name] for values in drawn]) for name in (drawn[0] if drawn else ())}

    def measures(self, weight: Doubles, flows_per_s: float, *, independent: bool) -> Measures:
        matrix = self.confusion(weight)
        return Measures(
            rows=float(weight.sum()),
            headline=self.headline(weight),
            classes=measures.per_class(matrix, self.classes),
            confusion=tuple(tuple(float(v) for v in row) for row in matrix),
            decisions=tuple(self.decide(rule, weight, flows_per_s, independent=independent) for rule in self.called),
        )

    def decide(self, rule: str, weight: Doubles, flows_per_s: float, *, independent: bool) -> Decision:
        benign, false_alarms = float(weight @ ~self.attack), float(weight @ (self.called[rule] & ~self.attack))
        fpr, recall = self.share(rule, weight, ~self.attack), self.share(rule, weight, self.attack)
        counted = independent and rule not in self.mute
        interval = measures.clopper_pearson(round(false_alarms), round(benign)) if counted else None
        low, high = interval or (None, None)
        threshold = self.thresholds.get(rule, math.inf)
        benign_rows = int((~self.attack).sum())
        certified, note = None, ""
        if rule != ARGMAX:
            needed = ROWS_PER_RATE / float(rule)
            certified = benign_rows >= needed and rule not in self.mute
            if rule in self.mute:
                note = (
                    f"no threshold: {self.benign_calibration_rows:,} benign calibration rows are too few for this rate"
                )
            elif not certified:
                note = f"too few benign rows to certify: {benign_rows:,}, about {needed:,.0f} are needed"
        return Decision(
            rule=rule,
            threshold=threshold if math.isfinite(threshold) else None,
            benign=benign,
            false_alarms=false_alarms,
            fpr=fpr,
            fpr_low=low,
            fpr_high=high,
            recall=recall,
            certified=certified,
            note=note,
            alerts_per_day=None if fpr is None else fpr * flows_per_s * DAY_S,
            bayes_precision={f"{b:g}": measures.bayes_precision(recall, fpr, b) for b in BASE_RATES},
            bayes_precision_low={f"{b:g}": measures.bayes_precision(recall, high, b) for b in BASE_RATES},
        )

    def groups(self, part: Part, grouping: Grouping, resamples: int, seed: int) -> GroupFigures:
        called = {rule: rows for rule, rows in self.called.items() if rule not in self.mute}
        return per_group(part, self.predicted, called, grouping, len(self.classes), resamples=resamples, seed=seed)

    def families(self, names: npt.NDArray[np.str_]) -> tuple[FamilyFigures, ...]:
        found, once = [], np.ones(len(names))
        for name in sorted(set(names.tolist()), key=lambda n: (n != BENIGN, n)):
            rows = names == name
            support = int(rows.sum())
            found.append(
                FamilyFigures(
                    name,
                    support,
                    known=not (self.y[rows] == OTHER_FAMILY).any(),
                    recall={rule: self.share(rule, once, rows) for rule in self.called},
                )
            )
        return tuple(found)


def _row_by_row(
    probabilities: npt.NDArray[np.float32], part: Part, classes: Sequence[str], calibration: Calibration
) -> _Test:
    """Take the rows of another class than their vector's as what they are: what is called them is called wrongly."""
    assert part.minority is not None
    vector, rows = part.minority["vector"], part.minority["rows"]
    at = np.concatenate([np.arange(len(part)), vector])
    y = np.concatenate([part.y, part.minority["y"]])
    weight = np.concatenate([part.weight - np.bincount(vector, weights=rows, minlength=len(part)), rows])
    apart = Part(part.x[at], y, weight.astype(np.float32), part.row[at])
    return _Test(probabilities[at], apart, classes, calibration)


def _roc(hits: Doubles, alarms: Doubles) -> tuple[tuple[float, float], ...]:
    if not hits[-1] or not alarms[-1]:
        return ()
    recall, rate = np.r_[0.0, hits] / hits[-1], np.r_[0.0, alarms] / alarms[-1]
    keep = _spread(rate, recall)
    return tuple(zip(rate[keep].tolist(), recall[keep].tolist(), strict=True))


def _pr(hits: Doubles, alarms: Doubles) -> tuple[tuple[float, float], ...]:
    if not hits[-1] or not alarms[-1]:
        return ()
    recall, precision = hits / hits[-1], hits / np.maximum(hits + alarms, 1e-300)
    recall, precision = np.r_[0.0, recall], np.r_[precision[0], precision]
    keep = _spread(recall, precision)
    return tuple(zip(recall[keep].tolist(), precision[keep].tolist(), strict=True))


def _spread(x: Doubles, y: Doubles) -> npt.NDArray[np.intp]:
    # Few points that keep the shape: even steps along the curve, and along log x, where low false-alarm rates lie.
    way = np.cumsum(np.abs(np.diff(x, prepend=x[0])) + np.abs(np.diff(y, prepend=y[0])))
    even = np.searchsorted(way, np.linspace(0, way[-1], CURVE_POINTS // 2))
    positive = x[x > 0]
    low = math.log10(float(positive.min())) if len(positive) else 0.0
    logarithmic = np.searchsorted(x, np.logspace(low, 0, CURVE_POINTS // 2), side="right") - 1
    at = (even, logarithmic)
    return np.unique(np.clip(np.concatenate([*at, [0, len(x) - 1]]), 0, len(x) - 1))

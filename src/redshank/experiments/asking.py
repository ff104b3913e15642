"""Measure one cell that asks: a strategy fetches labels from a pool, and its curve becomes figures.

In: a cell whose options say the strategy, how many answers it gets and how they come. Out: an `Outcome`: macro-F1 and
families seen after so many answers, and how many answers were needed. The one idea: all strategies of a seed share the
pool, the initial set, where the rows lie, and the score of a model that had every label of the pool.
Source: `L95` and `L99` as in EVALUATION: answers until the smoothed curve stays above 95 or 99 % of that score.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from redshank.active.caps import Rows
from redshank.active.loop import Analyst, Learned, Plan, Round, judge, learn_actively
from redshank.active.query import Landscape
from redshank.active.strategy import STRATEGIES, Strategy
from redshank.data.parts import Parts
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.measure import Data
from redshank.learn.model import MODELS, Classes, Model
from redshank.learn.provenance import plain

AT = (20, 40, 60, 80, 100, 120, 160, 200, 240, 300, 400, 500, 600, 800, 1000, 1200, 1600, 2000, 2400, 3000, 4000, 6000)
"""Numbers of answers that a curve is told at."""
EARLY = 600
"""Answers up to which a curve tells how many families were seen: what is rare is found early or by luck."""
SMOOTHED = 3
"""Rounds that a curve is averaged over before it is asked whether it stays above."""
SHARES = {"L95": 0.95, "L99": 0.99}
SCORE, ACCURACY, WHOLE = "macro_f1", "accuracy", "macro_f1 of every label"
FAMILIES, ALL = "families", "all families"
PLAN: dict[str, Any] = {"initial": 20, "batch": 20, "gate": False, "candidates": 20_000, "growth": 0.04}
"""What cells ask by, where their options say nothing else."""


def at(name: str, answers: int) -> str:
    """Return the name of a figure of a curve.

    Example:
        >>> at("macro_f1", 100)
        'macro_f1 at 100'
    """
    return f"{name} at {answers}"


CURVE = (*(at(SCORE, n) for n in AT), *(at(FAMILIES, n) for n in AT if n <= EARLY))
"""The names of all figures of a curve."""


@dataclass(frozen=True)
class Ground:
    """What all cells of a dataset and seed share.

    Args:
        parts: Pool and test.
        landscape: Where the rows of the pool lie.
        whole: Accuracy and macro-F1 of models that had every label, by model and settings.
    """

    parts: Parts
    landscape: Landscape
    whole: dict[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Parts, seed: int) -> "Ground":
        """Look at a pool.

        Args:
            parts: Pool and test.
            seed: Of the sample that distances are fitted on.
        """
        return cls(parts, Landscape(parts.train.x, parts.columns, steps=parts.steps, seed=seed))

    def every_label(self, cell: Cell) -> tuple[float, float]:
        """Return accuracy and macro-F1 on test of the cell's model when it has every label of the pool."""
        key = f"{cell.model} {json.dumps(plain(dict(cell.settings)), sort_keys=True)} {cell.seed}"
        if key not in self.whole:
            model = model_of(cell)
            pool = self.parts.train
            model.fit(
                pool.x,
                pool.y,
                columns=self.parts.columns,
                n_classes=len(self.parts.classes),
                steps=self.parts.steps,
            )
            self.whole[key] = judge(model, self.parts.test)
        return self.whole[key]


class Grounds:
    """The last ground, made once while cells ask for it."""

    def __init__(self) -> None:
        self._last: Ground | None = None

    def of(self, cell: Cell, data: Data) -> Ground:
        """Return what a cell stands on."""
        parts = data.parts(cell)
        if self._last is None or self._last.parts is not parts:
            self._last = Ground.of(parts, cell.seed)
        return self._last


def model_of(cell: Cell) -> Model:
    """Return the cell's model, not trained."""
    model: Model = MODELS.find(cell.model)(**cell.settings, seed=cell.seed)
    return model


def strategy_of(cell: Cell) -> Strategy:
    """Return the strategy that asks: option `strategy`, its settings in `strategy_settings`."""
    return STRATEGIES.find(cell.options["strategy"])(**cell.options.get("strategy_settings", {}))


def plan_of(cell: Cell) -> Plan:
    """Return how many questions are asked: options named as the fields of `Plan`, and `answers`, how many there are.

    Example:
        >>> cell = Cell("ton_iot", "random_forest", options={"strategy": "random", "answers": 100, "late": 2})
        >>> plan_of(cell).rounds, plan_of(cell).late, plan_of(cell).gate
        (6, 2, False)
    """
    asked = {**PLAN, **{f.name: cell.options[f.name] for f in fields(Plan) if f.name in cell.options}}
    plan = Plan(**asked)
    if "answers" not in cell.options:
        return plan
    rounds, answers = plan.late, plan.initial
    while answers < cell.options["answers"]:
        rounds, answers = rounds + 1, answers + plan.questions(answers)
    return replace(plan, rounds=rounds)


def ask(cell: Cell, ground: Ground, *, analyst: Analyst | None = None, **beside: Any) -> Learned:  # noqa: ANN401  whatever the loop takes
    """Run the loop as a cell's options say.

    Besides the strategy and the plan these are options: `wrong`, the share of wrong answers; `proposer`, the name of a
    model that asks in place of the cell's, with `proposer_settings`.

    Args:
        cell: The question.
        ground: What it stands on.
        analyst: Who answers; the pool's own labels if absent, `wrong` of them changed.
        beside: What else the loop takes: admit, doubt, borrow, stop.
    """
    options = cell.options
    if "proposer" in options:
        settings = options.get("proposer_settings", {})
        beside["proposer"] = MODELS.find(options["proposer"])(**settings, seed=cell.seed)
    if analyst is None and options.get("wrong"):
        analyst = mistaken(ground.parts.train.y, len(ground.parts.classes), options["wrong"], cell.seed)
    return learn_actively(
        ground.parts,
        model_of(cell),
        strategy_of(cell),
        plan_of(cell),
        seed=cell.seed,
        analyst=analyst,
        landscape=ground.landscape,
        **beside,
    )


def mistaken(y: Classes, n_classes: int, share: float, seed: int) -> Analyst:
    """Return an analyst who errs: a share of the answers is another class, each as often as the next.

    A row that is asked about again may be answered otherwise.

    Args:
        y: What the rows of the pool are.
        n_classes: How many classes there are.
        share: Of the answers that are wrong, 0 to 1.
        seed: Of the mistakes.

    Shape:
        y: [n] int64.
    """
    rng = np.random.default_rng((seed, 1))

    def answer(rows: Rows) -> Classes:
        errs = rng.random(len(rows)) < share
        other: Classes = (y[rows] + rng.integers(1, n_classes, len(rows))) % n_classes
        return np.where(errs, other, y[rows])

    return answer


def outcome_of(cell: Cell, ground: Ground, rounds: Sequence[Round], **figures: float | None) -> Outcome:
    """Return what a curve says.

    Args:
        cell: The question; the option `whole` = False spares the model that has every label, and `L95` with it.
        ground: What it stood on.
        rounds: The curve.
        figures: Further figures.
    """
    whole = ground.every_label(cell)[1] if cell.options.get("whole", True) else None
    there = len(np.unique(ground.parts.train.y))
    told: dict[str, float | None] = {
        SCORE: rounds[-1].test_macro_f1,
        ACCURACY: rounds[-1].test_accuracy,
        WHOLE: whole,
        "answers": float(rounds[-1].asked),
        ALL: next((float(one.asked) for one in rounds if one.families == there), None),
    }
    if whole is not None:
        told |= {name: stays_above(rounds, share * whole) for name, share in SHARES.items()}
    for answers in AT:
        point = next((one for one in reversed(rounds) if one.asked <= answers), None)
        if point is not None and answers <= rounds[-1].asked:
            told[at(SCORE, answers)] = point.test_macro_f1
            if there > 2 and answers <= EARLY:
                told[at(FAMILIES, answers)] = float(point.families)
    rows = {"train": len(ground.parts.train), "test": len(ground.parts.test)}
    return Outcome({**told, **figures}, rows=rows, classes=ground.parts.classes)


def stays_above(rounds: Sequence[Round], level: float) -> float | None:
    """Return after how many answers a curve's mean over three rounds stays above a level; None if it never does.

    Args:
        rounds: The curve.
        level: Of macro-F1.

    Example:
        >>> scores = (0.2, 0.9, 0.3, 0.9, 0.9, 0.9)
        >>> curve = [Round(20 * (i + 1), 20, True, None, score, score, 2) for i, score in enumerate(scores)]
        >>> stays_above(curve, 0.6), stays_above(curve, 0.95)
        (60.0, None)
    """
    scores = np.pad([one.test_macro_f1 for one in rounds], SMOOTHED // 2, mode="edge")
    smoothed = np.convolve(scores, np.full(SMOOTHED, 1 / SMOOTHED), mode="valid")
    below = np.flatnonzero(smoothed < level)
    first = below[-1] + 1 if len(below) else 0
    return float(rounds[first].asked) if first < len(rounds) else None

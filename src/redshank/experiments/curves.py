"""What the curves of several strategies say together: medians over seeds, comparisons in pairs, tables and pictures.

In: `Results` of cells that asked (`experiments/asking.py`). Out: tables with a row per strategy, and pictures with the
random control in them. The one idea: a number of answers that was not reached is not left out and not guessed: it is
“more than the budget”, which a median bears and a mean does not; and seeds are compared one with the same one, because
an initial set that is lucky is lucky for all.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import stats

from redshank.experiments.asking import (
    ACCURACY,
    ALL,
    AT,
    CURVE,
    FAMILIES,
    PLAN,
    SCORE,
    SHARES,
    WHOLE,
    Grounds,
    ask,
    at,
    outcome_of,
)
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, facts_of
from redshank.experiments.glance import LOOKUP, TREES, Glance, Named
from redshank.experiments.measure import Data
from redshank.experiments.wording import rows_of, told
from redshank.learn.compare import Figure
from redshank.learn.table import Curve, Picture, Table, TableRow

CONTROL = "random"
RIVAL = "margin"
LEAD = "mixed"
LATE = "all families, 9 of 10 seeds"
RESAMPLES = 2000
EVERY = "every label"
"""What the rows of models that had all labels say beside their name."""
FEW = 5
"""Seeds of what is not run with all of them."""
SOON = 100
"""Answers at which rows are compared where all are as good as with every label."""
TOLD_AT = 400
"""Answers at which an experiment is told in one line."""
ASKED_NOTES = (
    (
        "L95 and L99: how many answers, the initial ones counted, until the curve (mean of three rounds) stays above "
        "95 or 99 % of the macro-F1 of the same model with every label of the pool. Medians over seeds with the "
        "interval of their order; a seed that did not get there within its budget counts as more than the budget."
    ),
    (
        "“labels, margin = 1”: a seed's L95 divided by that of margin with the same initial set, median over seeds "
        "with a bootstrap interval over them; where the other one did not get there its budget stands for it."
    ),
    (
        f"Every strategy begins with the same {PLAN['initial']} rows drawn at random and asks for {PLAN['batch']} a "
        f"round, beyond {int(2 * PLAN['batch'] / PLAN['growth']):,} answers for {PLAN['growth']:.0%} of them; "
        f"{PLAN['candidates']:,} rows of the pool are scored in a round, and no gate keeps old weights."
    ),
)


def over(name: str) -> str:
    """Return the name of the column that compares a strategy's answers with another's.

    Example:
        >>> over("margin")
        'labels, margin = 1'
    """
    return f"labels, {name} = 1"


class Asking(Experiment):
    """An experiment whose cells ask. A cell without the option `strategy` is a model that has every label."""

    columns: ClassVar[tuple[str, ...]] = (
        *SHARES,
        ALL,
        LATE,
        over(RIVAL),
        over(CONTROL),
        *(at(SCORE, answers) for answers in (100, 400, 1000)),
        SCORE,
        "answers",
    )
    notes: ClassVar[tuple[str, ...]] = ASKED_NOTES
    shown: ClassVar[tuple[str, ...]] = (LEAD, RIVAL, CONTROL)
    """The rows of its pictures; the control is always one."""

    def __init__(self) -> None:
        """Stand on nothing yet."""
        self.grounds = Grounds()

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Ask as the cell says, or train with every label."""
        ground = self.grounds.of(cell, data)
        if "strategy" not in cell.options:
            accuracy, whole = ground.every_label(cell)
            rows = {"train": len(ground.parts.train), "test": len(ground.parts.test)}
            return Outcome({SCORE: whole, ACCURACY: accuracy, WHOLE: whole, "answers": float(rows["train"])}, rows=rows)
        return outcome_of(cell, ground, ask(cell, ground).rounds)

    def published(self) -> tuple[str, ...]:
        """See `Experiment.published`."""
        return (*SHARES, ALL, WHOLE, SCORE, ACCURACY, "answers", *CURVE)

    def tables(self, results: Results) -> list[Table]:
        """See `Experiment.tables`."""
        return [asked(results, title, self.columns) for title in results.tables]

    def pictures(self, results: Results) -> list[Picture]:
        """Draw macro-F1 and the families seen against answers, a picture each per table."""
        return [one for title in results.tables for one in drawn(results, title, self.shown)]

    def glance(self, results: Results) -> Glance | None:
        """Compare the best strategy after `TOLD_AT` answers with models that have every label."""
        title = next(iter(results.tables), "")
        found = [(row, results.figure(at(SCORE, TOLD_AT), table=title, row=row)) for row in rows_of(results, title)]
        known = [(figure.mean, row, figure) for row, figure in found if figure.mean is not None and row not in BESIDE]
        if not known:
            return None
        _, row, figure = max(known, key=lambda one: one[0])
        trees, lookup = (results.figure(SCORE, table=title, row=every(name)) for name in (TREES, LOOKUP))
        whole = results.figure(WHOLE, table=title, row=row)
        meaning = f"After {TOLD_AT} answers; the same model with every label: {told(whole)}."
        return Glance(at(SCORE, TOLD_AT), Named(row, figure), trees, lookup, meaning, title)


def asking(template: Cell, answers: Mapping[str, int], *, few: Collection[str] = (), **options: Any) -> list[Cell]:  # noqa: ANN401  as in a cell
    """Return a cell per strategy, and those that have every label; for the first `FEW` seeds or for all.

    Args:
        template: What they share; its seed says which cells there are.
        answers: Budget by strategy.
        few: Strategies that are run with the first seeds alone.
        options: Further options of all that ask.
    """
    first = template.seed < FEW
    cells = [
        replace(template, row=name, options={**options, "strategy": name, "answers": budget})
        for name, budget in answers.items()
        if first or name not in few
    ]
    return [*cells, *(beside(template) if first else [])]


def every(model: str) -> str:
    """Return what the row of a model that has every label is called."""
    return f"{model}, {EVERY}"


def beside(template: Cell) -> list[Cell]:
    """Return the cells that have every label: boosted trees, the lookup table and the constant.

    Args:
        template: What they share with the cells that ask.
    """
    return [replace(template, model=name, settings={}, options={}, row=every(name)) for name in BESIDE]


def of_seeds(results: Results, name: str, **which: Any) -> dict[int, float | None]:  # noqa: ANN401  fields of a cell
    """Return a figure by seed."""
    runs = results.of(**which)
    return {run.cell.seed: run.outcome.figures.get(name) for run in runs if run.outcome is not None}


def median(values: Sequence[float | None], budget: float) -> Figure:
    """Return the median of numbers of answers, and its interval by the order of the seeds if there are six or more.

    Args:
        values: One per seed; None is more than the budget.
        budget: Answers given.

    Example:
        >>> median([100.0, 300.0, None], 1000), median([100.0, None, None], 1000)
        (Figure(mean=300.0, low=None, high=None), Figure(mean=inf, low=1000, high=None))
    """
    n = len(values)
    if not n:
        return Figure(None)
    ordered = sorted(math.inf if value is None else value for value in values)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    if math.isinf(middle):
        return Figure(math.inf, budget)
    rank = int(stats.binom.ppf(0.025, n, 0.5))
    return Figure(middle, ordered[rank - 1], ordered[n - rank]) if rank else Figure(middle)


def within(values: Sequence[float | None], share: float, budget: float) -> Figure:
    """Return how many answers sufficed in a share of the seeds.

    Example:
        >>> within([60.0, 80.0, 300.0, None], 0.5, 1000)
        Figure(mean=80.0, low=None, high=None)
    """
    if not values:
        return Figure(None)
    ordered = sorted(math.inf if value is None else value for value in values)
    reached = ordered[math.ceil(share * len(ordered)) - 1]
    return Figure(math.inf, budget) if math.isinf(reached) else Figure(reached)


def ratio(results: Results, name: str, table: str, row: str, against: str) -> Figure:
    """Return how many answers a row needs where another needs one, the median over the seeds that both have.

    Args:
        results: What is known.
        name: A number of answers, for example "L95".
        table: Which table.
        row: The row.
        against: The other row. Where it did not get there its budget stands for it, which makes the ratio larger.
    """
    mine, theirs = (of_seeds(results, name, table=table, row=one) for one in (row, against))
    budgets = of_seeds(results, "answers", table=table, row=against)
    both = [
        (math.inf if mine[seed] is None else mine[seed], budgets[seed] if theirs[seed] is None else theirs[seed])
        for seed in mine
        if seed in theirs
    ]
    ratios = np.array([a / b for a, b in both if a is not None and b])
    return bootstrapped(ratios, np.median)


def difference(results: Results, name: str, table: str, row: str, against: str) -> Figure:
    """Return by how much a figure of one row is above that of another, the mean over the seeds that both have.

    Args:
        results: What is known.
        name: A figure, for example "macro_f1 at 100".
        table: Which table.
        row: The row.
        against: The other row.
    """
    mine, theirs = (of_seeds(results, name, table=table, row=one) for one in (row, against))
    pairs = [(mine[seed], theirs.get(seed)) for seed in mine]
    return bootstrapped(np.array([a - b for a, b in pairs if a is not None and b is not None]), np.mean)


def bootstrapped(values: npt.NDArray[np.float64], middle: Any) -> Figure:  # noqa: ANN401  a function of numpy
    """Return the middle of values and its 95 % bootstrap interval over them; without one for fewer than three."""
    if not len(values):
        return Figure(None)
    if len(values) < 3:
        return Figure(float(middle(values)))
    drawn_rows = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.quantile(middle(values[drawn_rows], axis=1), [0.025, 0.975], method="inverted_cdf")
    return Figure(float(middle(values)), float(low), float(high))


def asked(results: Results, title: str, columns: tuple[str, ...]) -> Table:
    """Make a table of strategies, the one that needs the fewest answers first and models with every label last.

    Args:
        results: What is known.
        title: Which table.
        columns: What it shows.
    """
    rows = []
    for name in rows_of(results, title):
        runs = results.of(table=title, row=name)
        answers = max((one for one in of_seeds(results, "answers", table=title, row=name).values() if one), default=0.0)
        figures: dict[str, Figure] = {}
        for column in columns:
            if name.endswith(EVERY):
                figures[column] = (
                    results.figure(column, table=title, row=name) if column in (SCORE, ACCURACY) else Figure(None)
                )
            elif column in (*SHARES, ALL):
                figures[column] = median(list(of_seeds(results, column, table=title, row=name).values()), answers)
            elif column == LATE:
                figures[column] = within(list(of_seeds(results, ALL, table=title, row=name).values()), 0.9, answers)
            elif column in (over(RIVAL), over(CONTROL)):
                against = RIVAL if column == over(RIVAL) else CONTROL
                figures[column] = ratio(results, "L95", title, name, against)
            else:
                figures[column] = results.figure(column, table=title, row=name)
        seconds = sum(run.seconds for run in runs) / len(runs)
        rows.append(TableRow(name, figures, len(runs), seconds))
    rows.sort(key=lambda row: (row.name.endswith(EVERY), _first(row, columns[0])))
    return Table(title, columns, tuple(rows), facts_of(results, title))


def _first(row: TableRow, column: str) -> float:
    mean = row.figures[column].mean
    return math.inf if mean is None else mean


def drawn(results: Results, title: str, shown: Sequence[str]) -> list[Picture]:
    """Draw what curves say: the mean over seeds, and a band that holds eight of ten.

    Args:
        results: What is known.
        title: Which table.
        shown: Its rows, in the order of the key; the control is added if it is missing.
    """
    rows = [row for row in dict.fromkeys((*shown, CONTROL)) if row in rows_of(results, title)]
    whole = [value for row in rows for value in of_seeds(results, WHOLE, table=title, row=row).values() if value]
    seeds = {row: len(results.of(table=title, row=row)) for row in rows}
    said = ", ".join(f"{row} {count}" for row, count in seeds.items())
    caption = f"Mean over seeds ({said}); the band holds eight of ten."
    made = []
    for name, label in ((SCORE, "macro-F1 on the test part"), (FAMILIES, "families among the labels")):
        curves = [curve for row in rows if (curve := _curve(results, name, title, row)) is not None]
        if name == SCORE and whole and curves:
            reach = (min(curve.x[0] for curve in curves), max(curve.x[-1] for curve in curves))
            curves.append(Curve(EVERY, reach, (float(np.mean(whole)),) * 2))
        if curves:
            made.append(Picture(f"{title}: {label}", caption, "answers", label, tuple(curves)))
    return made


def _curve(results: Results, name: str, title: str, row: str) -> Curve | None:
    points: Mapping[int, list[float]] = {
        answers: [v for v in of_seeds(results, at(name, answers), table=title, row=row).values() if v is not None]
        for answers in AT
    }
    count = len(results.of(table=title, row=row))
    whole = {answers: values for answers, values in points.items() if len(values) == count}
    if len(whole) < 2:
        return None
    low, high = (tuple(float(np.quantile(values, q)) for values in whole.values()) for q in (0.1, 0.9))
    return Curve(row, tuple(whole), tuple(float(np.mean(values)) for values in whole.values()), low, high)


def compared(results: Results, title: str, row: str = LEAD) -> list[str]:
    """Say how many answers a row of a table needs for 95 %, beside margin and random questions.

    Args:
        results: What is known.
        title: Which table.
        row: The row.
    """
    lines = {line.name: line.figures for line in asked(results, title, ("L95", "L99", ALL, LATE)).rows}
    if row not in lines or lines[row]["L95"].mean is None:
        return []
    whole = results.figure(WHOLE, table=title, row=row)
    others = [name for name in (RIVAL, CONTROL) if name in lines and name != row]
    said = f"{title}: for 95 % of what every label gives (macro-F1 {told(whole)}) {row} needs "
    said += _answers(lines[row]["L95"])
    said += "".join(f", {name} {_answers(lines[name]['L95'])}" for name in others)
    times = [f"{text} than {name}" for name in others if (text := _fewer(ratio(results, "L95", title, row, name)))]
    said += f"; seed by seed {' and '.join(times)}." if times else "."
    said += f" For 99 % {row} needs {_answers(lines[row]['L99'])}"
    said += "".join(f", {name} {_answers(lines[name]['L99'])}" for name in others) + "."
    seen = [f"{name} {_answers(lines[name][LATE])}" for name in (row, *others) if lines[name][LATE].mean is not None]
    said += f" Every family was seen in nine of ten seeds after: {', '.join(seen)}." if seen else ""
    gains = [(name, difference(results, at(SCORE, SOON), title, row, name)) for name in others]
    known = [f"{told(gain)} over {name}" for name, gain in gains if gain.mean is not None]
    return [said + (f" After {SOON} answers its macro-F1 gains {' and '.join(known)}." if known else "")]


def _answers(figure: Figure) -> str:
    if figure.mean is not None and math.isinf(figure.mean):
        return f"more than {figure.low:,.0f}"
    return told(figure)


def _fewer(figure: Figure) -> str:
    """Say a ratio of answers the other way round, the bounds with it; nothing where it has no number."""
    if figure.mean is None or math.isinf(figure.mean):
        return ""
    reach = "" if figure.low is None or figure.high is None else f" ({1 / figure.high:.2f} to {1 / figure.low:.2f})"
    return f"{1 / figure.mean:.2f}{reach} times fewer"

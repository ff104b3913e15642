"""What an experiment is: cells to measure, and tables with words made of what came out.

In: seeds. Out: cells, then an outcome for each, then tables. A new experiment is one file in `experiments/tables/`; its
name on the command line is the file's with dashes. Declaring cells costs nothing and reads no data.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any, ClassVar

from redshank.core.errors import ConfigError
from redshank.core.registry import Kind, alternatives
from redshank.experiments.cell import Cell, Outcome, Result
from redshank.experiments.glance import CONSTANT, LOOKUP, TREES, Glance, best_first, glance
from redshank.experiments.measure import Data, train_and_judge
from redshank.learn.compare import OVER_ROWS, Comparison, Figure, ModelResult, over_seeds
from redshank.learn.table import Picture, Table, TableRow

BESIDE = (TREES, LOOKUP, CONSTANT)
"""Stand in every table: gradient boosting, the best that memory alone can do, and the row that looks at nothing."""

BEST_SHOWN = 2
"""How many rows a page's figures show beside them."""

COLUMNS = ("macro_f1", "accuracy", "mcc", "roc_auc", "recall_at_0.01", "fpr_at_0.01", "ece")


@dataclass(frozen=True)
class Results:
    """What is known of an experiment's cells.

    Args:
        cells: The cells declared.
        found: Results by key; what failed or was not run yet is missing.
    """

    cells: tuple[Cell, ...]
    found: Mapping[str, Result]

    def of(self, **which: Any) -> list[Result]:  # noqa: ANN401  values of any field of a cell
        """Return the results of the cells whose fields are as said."""
        place = which.get("table"), which.get("row")
        return [run for run in self._at.get(place, ()) if all(getattr(run.cell, k) == v for k, v in which.items())]

    @cached_property
    def _at(self) -> dict[tuple[str | None, str | None], list[Result]]:
        """What is known by table, by row and by both, None for any: pages of results ask 14,000 times, mostly so."""
        places: dict[tuple[str | None, str | None], list[Result]] = {}
        for cell in self.cells:
            if cell.key in self.found:
                run = replace(self.found[cell.key], cell=cell)
                for place in product((cell.table, None), (cell.row, None)):
                    places.setdefault(place, []).append(run)
        return places

    def figure(self, name: str, **which: Any) -> Figure:  # noqa: ANN401  as above
        """Return a figure over the seeds of the cells whose fields are as said, with its 95 % interval.

        A single run brings the interval that it has of its own, if any.
        """
        runs = [result.outcome.figures for result in self.of(**which) if result.outcome is not None]
        if len(runs) == 1:
            return Figure(*(runs[0].get(f"{name}{end}") for end in ("", "_low", "_high")))
        return over_seeds(name, [run.get(name) for run in runs])

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables that there are results for, as declared."""
        return tuple(dict.fromkeys(cell.table for cell in self.cells if cell.key in self.found))


class Experiment(ABC):
    """An experiment.

    Its tables have a row per `Cell.row`, over seeds, unless it says otherwise.
    """

    title: ClassVar[str]
    """Its heading."""
    what: ClassVar[str]
    """What it finds out, one sentence."""
    asks: ClassVar[str]
    """The question in a few words, for a line among other experiments."""
    columns: ClassVar[tuple[str, ...]] = COLUMNS
    """The figures that its tables show."""
    notes: ClassVar[tuple[str, ...]] = ()
    """What a reader must know of how it was done, one line each, without any result."""
    best_first: ClassVar[bool] = True
    """Whether rows are ordered by the first column; else as they are declared."""

    @abstractmethod
    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """Declare the cells, all of the first seed before those of the second: a table can be read early."""

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Measure one cell."""
        return train_and_judge(cell, data)

    def words(self, results: Results) -> list[str]:
        """Say in plain words what came out, five short paragraphs at most; every figure comes from `results`."""
        del results
        return []

    def worth(self, results: Results) -> list[str]:
        """Say what figures that others have published are worth, a sentence each, as far as it tells."""
        del results
        return []

    def glance(self, results: Results) -> Glance | None:
        """Say in one line what came out; by default what the first column of the first table shows."""
        return next((glance(table, table.columns[0], where=table.title) for table in self.tables(results)), None)

    def published(self) -> tuple[str, ...]:
        """Return the names of all figures that its tables and words need."""
        return self.columns

    def tables(self, results: Results) -> list[Table]:
        """Return the tables of what is known."""
        return [table_of(results, title, self.columns, ordered=self.best_first) for title in results.tables]

    def pictures(self, results: Results) -> list[Picture]:
        """Return what is drawn of what is known."""
        del results
        return []


EXPERIMENTS: Kind[Experiment] = Kind("redshank.experiments.tables", Experiment, "experiment")


def names() -> list[str]:
    """Return the names of all experiments, as they are typed.

    Example:
        >>> "mahdi-2024" in names()
        True
    """
    return [name.replace("_", "-") for name in EXPERIMENTS.names()]


def find(name: str) -> Experiment:
    """Return the experiment of that name.

    Raises:
        ConfigError: If there is none; near names are suggested.
    """
    if name not in names():
        raise ConfigError(f"experiment: no '{name}'; {alternatives(name, names())}")
    return EXPERIMENTS.find(name.replace("-", "_"))()


def grid(seeds: Sequence[int], cells: Iterable[Cell]) -> list[Cell]:
    """Repeat cells for each seed, seed by seed."""
    once = list(cells)
    return [replace(cell, seed=seed) for seed in seeds for cell in once]


def table_of(results: Results, title: str, columns: tuple[str, ...], *, ordered: bool = True) -> Table:
    """Make the table of one title, a row per `Cell.row` that has a result.

    Args:
        results: What is known.
        title: Which table.
        columns: The figures that it shows.
        ordered: Whether the best row by the first column comes first, and the rows that know nothing last.
    """
    mine = results.of(table=title)
    rows = []
    for name in dict.fromkeys(result.cell.row for result in mine):
        runs = [result for result in mine if result.cell.row == name]
        rows.append(
            TableRow(
                name=name,
                figures={column: results.figure(column, table=title, row=name) for column in columns},
                seeds=len(runs),
                training_s=sum(run.seconds for run in runs) / len(runs),
            )
        )
    return Table(title, columns, best_first(rows, columns[0]) if ordered else tuple(rows), facts_of(results, title))


def facts_of(results: Results, title: str) -> dict[str, str]:
    """Return what a published table has to carry beside its rows."""
    mine = results.of(table=title)
    declared = sum(cell.table == title for cell in results.cells)
    hashes = dict(item for result in mine for item in result.sha256.items())
    return {
        "data": ", ".join(f"{name} sha256 {sha256}" for name, sha256 in hashes.items()),
        "protocol": " and ".join(_ways([result.cell for result in mine])),
        "seeds": _span(sorted({result.cell.seed for result in mine})),
        "cells": f"{len(mine)} of {declared}",
        "commit": ", ".join(sorted({result.commit or "unknown" for result in mine})),
        "wall time": f"{sum(result.seconds for result in mine) / 3600:.2f} h of one core",
    }


def _ways(cells: Sequence[Cell]) -> list[str]:
    """Say how cells were split and asked; a setting of the protocol that many of them differ in is counted."""
    ways: dict[tuple[str, str, str | None], dict[str, list[str]]] = {}
    for cell in cells:
        way = ways.setdefault((cell.protocol, cell.task, cell.feature_set), {})
        for name, value in cell.protocol_settings.items():
            values = way.setdefault(name, [])
            values += [] if str(value) in values else [str(value)]
    said = []
    for (protocol, task, features), settings in ways.items():
        each = [
            f"{name} {values[0]}" if len(values) == 1 else f"{name}: {len(values)}" for name, values in settings.items()
        ]
        text = f"{protocol} ({', '.join(each)})" if each else protocol
        said.append(f"{text}, task {task}" + (f", features {features}" if features else ""))
    return said


def _span(seeds: Sequence[int]) -> str:
    """Write seeds.

    Example:
        >>> _span([0, 1, 2]), _span([0, 2]), _span([0])
        ('0 to 2', '0, 2', '0')
    """
    whole = len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1
    return f"{seeds[0]} to {seeds[-1]}" if whole else ", ".join(map(str, seeds))


def comparison(results: Results, title: str) -> Comparison | None:
    """Return the first seed's details of a table, for the figures of a page; None if nothing was evaluated.

    Its models are the best rows by macro-F1, and those that every table has: a figure shows few lines well.
    """
    detailed = [
        run for run in results.of(table=title) if run.outcome is not None and run.outcome.evaluation is not None
    ]
    first = [run for run in detailed if run.cell.seed == detailed[0].cell.seed and _asks_alike(run, detailed[0])]
    if not first:
        return None
    ranked = sorted(first, key=_macro_f1, reverse=True)
    best = [run for run in ranked if run.cell.model not in BESIDE][:BEST_SHOWN]
    first = [*best, *(run for run in ranked if run.cell.model in BESIDE)]
    models = []
    for run in first:
        assert run.outcome is not None
        assert run.outcome.evaluation is not None
        found = run.outcome.evaluation
        headline, rows = ({n: Figure(v) for n, v in m.headline.items()} for m in (found.vector, found.row))
        settings = dict(run.cell.settings)
        models.append(ModelResult(run.cell.row, settings, run.seconds, headline, rows, (found,), run.outcome.curve))
    lead = first[0]
    assert lead.outcome is not None
    return Comparison(
        dataset=lead.cell.dataset,
        sha256=lead.sha256.get(lead.cell.dataset, ""),
        protocol=lead.cell.protocol,
        task=lead.cell.task,
        feature_set=lead.cell.feature_set,
        seeds=(lead.cell.seed,),
        interval=OVER_ROWS,
        classes=lead.outcome.classes,
        rows=dict(lead.outcome.rows),
        notes=lead.outcome.notes,
        provenance={"commit": lead.commit, "versions": dict(lead.versions), "command": ""},
        models=tuple(models),
    )


def _macro_f1(run: Result) -> float:
    return (run.outcome.figures.get("macro_f1") if run.outcome else None) or 0.0


def _asks_alike(run: Result, lead: Result) -> bool:
    assert run.outcome is not None
    assert lead.outcome is not None
    return run.cell.dataset == lead.cell.dataset and run.outcome.classes == lead.outcome.classes

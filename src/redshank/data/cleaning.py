"""What a cleaning step is, and how steps follow one another.

In: texts such as "missing:median", "outliers:iqr", "scale:robust". Out: a `Cleaning`, which fits each step on training
rows as the steps before it left them, and then treats any rows alike; a `Step` records what each did.
The one idea: a step may drop training rows, never others, and what it does to model input is arithmetic in the exported
graph. A step that works on text, before there are numbers, sees the table and no class.
"""

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.errors import ActionError, ConfigError
from redshank.core.registry import Kind, alternatives
from redshank.data.clean import Classes, Floats, Step
from redshank.data.dataset import Labelled
from redshank.data.graph import Nodes, prepend, run
from redshank.features.feature_set import Column

TABLE, ROWS, INPUT = "the table", "training rows", "model input"


@dataclass(frozen=True)
class Rows:
    """Training rows on their way through the steps.

    Args:
        x: Raw feature values, NaN where absent. [n, c] float32
        y: Class of each row. [n] int64
        weight: How much each row counts. [n] float32
    """

    x: Floats
    y: Classes
    weight: Floats

    def take(self, at: npt.NDArray[np.int64]) -> "Rows":
        """Return some of the rows."""
        return Rows(self.x[at], self.y[at], self.weight[at])


class CleaningStep(ABC):
    """A cleaning step; what it does not override it leaves as it is.

    Args:
        way: How it does it, one of `ways`.
        seed: Of what is random in it.

    Attributes:
        columns_: What the columns are after it; set by `fit`.
        detail_: What it did, in one line; set by `fit`, `train` or `on_table`.
    """

    ways: ClassVar[Mapping[str, str]]
    """What each way acts on: TABLE, ROWS or INPUT. The first is what the step's bare name means."""
    single: ClassVar[frozenset[str]] = frozenset()
    """Ways that cannot treat the steps of a sequence one by one."""
    columns_: tuple[Column, ...]
    detail_: str = ""

    def __init__(self, way: str, seed: int = 0) -> None:
        self.way = way
        self.seed = seed

    @classmethod
    def acts_on(cls, way: str) -> str | None:
        """Return what a way acts on; None if there is no such way."""
        return cls.ways.get(way)

    def on_table(self, table: pa.Table) -> pa.Table:
        """Return the table after the step; the number and order of rows stay."""
        return table

    def fit(self, rows: Rows, columns: Sequence[Column], n_classes: int) -> Self:  # noqa: ARG002  not all look at it
        """Learn from training rows, and from nothing else.

        Args:
            rows: Training rows.
            columns: What the columns of `rows.x` are.
            n_classes: Number of classes.
        """
        self.columns_ = tuple(columns)
        return self

    def train(self, rows: Rows) -> Rows:
        """Return the training rows after the step: fewer, or with other values."""
        return replace(rows, x=self.apply(rows.x))

    def nodes(self, graph: Nodes, x: str) -> str:  # noqa: ARG002  a step that leaves values alone adds none
        """Add what the step does to any row to a graph, and return the name of the result."""
        return x

    def apply(self, x: Floats) -> Floats:
        """Return any rows after the step; none is dropped.

        Shape:
            x: [n, c] float32; returns: [n, c'] float32, c' = len(columns_).
        """
        return run(self.nodes, x, len(self.columns_))


STEPS: Kind[CleaningStep] = Kind("redshank.data.steps", CleaningStep, "cleaning step")


@dataclass(frozen=True)
class Named:
    """A step as a person asked for it.

    Args:
        text: As written, for example "missing:median".
        kind: The step.
        way: How.
        on: What that acts on: TABLE, ROWS or INPUT.
    """

    text: str
    kind: type[CleaningStep]
    way: str
    on: str


def read_steps(texts: Sequence[str]) -> list[Named]:
    """Read steps from texts `step` or `step:way`.

    Raises:
        ConfigError: If there is no such step or way, or a step for the table stands behind one for numbers; every
            problem is listed.

    Example:
        >>> [(named.way, named.on) for named in read_steps(["missing:drop", "scale"])]
        [('drop', 'training rows'), ('standard', 'model input')]
    """
    found: list[Named] = []
    problems = []
    for text in texts:
        name, _, way = text.partition(":")
        try:
            kind = STEPS.find(name)
        except ConfigError as error:
            problems += error.problems
            continue
        way = way or next(iter(kind.ways))
        on = kind.acts_on(way)
        if on is None:
            problems.append(f"cleaning step {name}: no way '{way}'; {alternatives(way, kind.ways)}")
        elif on == TABLE and any(earlier.on != TABLE for earlier in found):
            problems.append(f"cleaning step {text}: works on the table, so it must stand before '{found[-1].text}'")
        else:
            found.append(Named(text, kind, way, on))
    if problems:
        raise ConfigError(problems)
    return found


def clean_table(
    labelled: Labelled, steps: Sequence[Named], feature_set: str | None = None
) -> tuple[Labelled, list[Step]]:
    """Apply the steps that work on text to a dataset's own columns.

    Args:
        labelled: The dataset.
        steps: All steps; others than these are left alone.
        feature_set: What model input is made by, if not of the dataset's own columns.

    Raises:
        ConfigError: If there are such steps, but the dataset has no columns of its own or model input is made of flows.
        SourceError: If the table does not fit a schema.
    """
    wanted = [named for named in steps if named.on == TABLE]
    records: list[Step] = []
    tables = {"raw": labelled.raw, "own": None if labelled.own is None else labelled.own.table}
    if wanted and all(table is None for table in tables.values()):
        raise ConfigError(
            f"cleaning step {wanted[0].text}: works on a dataset's own columns, and '{labelled.name}' has only flows"
        )
    if wanted and feature_set is not None:
        raise ConfigError(
            f"cleaning step {wanted[0].text}: works on a dataset's own columns, and model input is made of flows here "
            f"(feature set '{feature_set}'); use --features own, or leave the step out"
        )
    for which, before in tables.items():
        if before is not None:
            tables[which], done = _through(wanted, before, which)
            records += done
    own = labelled.own if labelled.own is None else replace(labelled.own, table=tables["own"])
    return replace(labelled, raw=tables["raw"], own=own), records


def _through(steps: Sequence[Named], table: pa.Table, which: str) -> tuple[pa.Table, list[Step]]:
    records = []
    for named in steps:
        step = named.kind(named.way)
        table = step.on_table(table)
        records.append(Step(f"{named.text} ({which} columns)", table.num_rows, step.detail_))
    return table, records


class Cleaning:
    """Steps for training rows and model input, in order.

    Args:
        texts: The steps; those that work on the table are left out here, `clean_table` has them.
        seed: Of what is random in them.

    Attributes:
        columns_: What the columns are after all steps.
        records_: What each step did.
    """

    def __init__(self, texts: Sequence[str], seed: int = 0) -> None:
        self.named = [named for named in read_steps(texts) if named.on != TABLE]
        self.seed = seed
        self.columns_: tuple[Column, ...] = ()
        self.records_: list[Step] = []
        self._steps: list[CleaningStep] = []
        self._length = 1
        self._width = 0

    def fit(self, rows: Rows, columns: Sequence[Column], n_classes: int, steps: int = 1) -> Rows:
        """Fit each step on the training rows as those before it left them, and return them as the last leaves them.

        A row may be a sequence of `steps` times `columns`; every step of it is treated alike, and one of nothing but
        absent values (a history that is not there) stays absent.

        Raises:
            ActionError: If no row is left.
            ConfigError: If a way does not take sequences.
        """
        self._length, self._width = steps, len(columns)
        self.columns_, self.records_, self._steps = tuple(columns), [], []
        for named in self.named:
            step = named.kind(named.way, self.seed)
            before = len(rows.y)
            if named.on == ROWS:
                rows = step.fit(rows, self.columns_ * steps, n_classes).train(rows)
                if not len(rows.y):
                    raise ActionError(f"cleaning step {named.text}: dropped all {before:,} training rows; leave it out")
            else:
                if steps > 1 and named.way in step.single:
                    raise ConfigError(f"cleaning step {named.text}: takes single flows, and rows are sequences here")
                if steps == 1:
                    rows = step.fit(rows, self.columns_, n_classes).train(rows)
                else:
                    rows = _each(step, rows, self.columns_, steps, n_classes)
                self.columns_ = step.columns_
                self._steps.append(step)
            self.records_.append(Step(named.text, len(rows.y), step.detail_))
        return rows

    def apply(self, x: Floats) -> Floats:
        """Return any rows as the steps leave them.

        Shape:
            x: [n, steps * c] float32; returns: [n, steps * c'] float32, c' = len(columns_).
        """
        return run(self.nodes, x, self._length * len(self.columns_)) if self._steps else x

    def prepend(self, graph: bytes) -> bytes:
        """Put the steps in front of the graph of a model that was trained on cleaned rows."""
        return prepend(self.nodes, graph, self._length * self._width) if self._steps else graph

    def nodes(self, graph: Nodes, x: str) -> str:
        """Add all steps to a graph."""
        if self._length == 1:
            for step in self._steps:
                x = step.nodes(graph, x)
            return x
        one = graph.add("Reshape", x, graph.constant([-1, self._width], np.int64))
        clean = one
        for step in self._steps:
            clean = step.nodes(graph, clean)
        # A sum and not a minimum: the axes of a minimum became an input in opset 18, those of a sum in 13.
        there = graph.add("Cast", graph.add("Not", graph.add("IsNaN", one)), to=1)
        padding = graph.add("Less", graph.add("ReduceSum", there, graph.constant([1], np.int64)), graph.constant(0.5))
        clean = graph.add("Where", padding, graph.constant(np.nan), clean)
        return graph.add("Reshape", clean, graph.constant([-1, self._length * len(self.columns_)], np.int64))


def _each(step: CleaningStep, rows: Rows, columns: Sequence[Column], steps: int, n_classes: int) -> Rows:
    """Fit a step on the steps of sequences and treat them; one of nothing but absent values stays so."""
    flat = rows.x.reshape(len(rows.y) * steps, -1)
    there = np.flatnonzero(np.logical_not(np.isnan(flat)).any(axis=1))
    known = Rows(flat, np.repeat(rows.y, steps), np.repeat(rows.weight, steps)).take(there)
    step.fit(known, columns, n_classes)
    clean = np.full((len(flat), len(step.columns_)), np.nan, dtype=np.float32)
    clean[there] = step.apply(known.x)
    return replace(rows, x=clean.reshape(len(rows.y), -1))

"""Encoding of categories: codes as numbers, a flag per value, the classes' share per value, or a trained table.

In: columns of category codes (0 absent, 1 unknown, then the vocabulary). Out, per category: `ordinal` the code as a
number (it orders what has no order); `one-hot` a flag per code; `target` the share of each class but the first among
the training rows of that code, drawn towards the share among all (as much as 10 rows would); `embedding` leaves the
column to the network, whose input layer trains a table (trees take the code). A code that no vocabulary has is unknown.

For `target` the training rows themselves get shares from the other four of five folds: a row that saw its own class in
its input would teach the model to copy it.
Source: Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes", SIGKDD Explorations 2001.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from redshank.data.clean import Classes, Floats
from redshank.data.cleaning import INPUT, CleaningStep, Rows
from redshank.data.graph import Nodes
from redshank.features.feature_set import UNKNOWN, Column

FOLDS = 5
PRIOR_ROWS = 10.0


class Encode(CleaningStep):
    """Turns category codes into numbers."""

    ways: ClassVar = {"one-hot": INPUT, "ordinal": INPUT, "target": INPUT, "embedding": INPUT}
    single: ClassVar = frozenset({"target"})

    def fit(self, rows: Rows, columns: Sequence[Column], n_classes: int) -> Self:
        """Name the new columns; for `target`, count classes per code."""
        super().fit(rows, columns, n_classes)
        self._before = tuple(columns)
        self._classes = n_classes
        categories = [j for j, column in enumerate(columns) if column.codes]
        self.detail_ = f"{len(categories)} categories, {self.way}"
        if self.way == "embedding":
            return self
        new: list[Column] = []
        for column in columns:
            new += self._columns(column) if column.codes else [column]
        self.columns_ = tuple(new)
        if self.way == "target":
            self._shares = {j: self._count(rows.x[:, j], rows.y, columns[j].codes) for j in categories}
        return self

    def train(self, rows: Rows) -> Rows:
        """Encode; for `target` each fold with the shares of the others."""
        if self.way != "target":
            return super().train(rows)
        fold = np.random.default_rng(self.seed).permutation(len(rows.y)) % FOLDS
        clean = np.empty((len(rows.y), len(self.columns_)), dtype=np.float32)
        for number in range(FOLDS):
            mine = fold == number
            if mine.any():
                others = Encode(self.way).fit(rows.take(~mine), self._before, self._classes)
                clean[mine] = others.apply(rows.x[mine])
        return replace(rows, x=clean)

    def nodes(self, graph: Nodes, x: str) -> str:
        """Replace each category by its columns."""
        if self.way == "embedding" or not any(column.codes for column in self._before):
            return x
        parts = []
        for j, column in enumerate(self._before):
            one = graph.add("Gather", x, graph.constant([j], np.int64), axis=1)
            parts.append(self._encode(graph, one, j, column.codes) if column.codes else one)
        return graph.add("Concat", *parts, axis=1)

    def _columns(self, column: Column) -> list[Column]:
        if self.way == "ordinal":
            return [Column(column.name, "1")]
        if self.way == "one-hot":
            values = ("absent", "unknown", *column.vocabulary)
            return [Column(f"{column.name}={value}", "1") for value in values]
        return [Column(f"{column.name}, share of class {k}", "1") for k in range(1, self._classes)]

    def _encode(self, graph: Nodes, code: str, at: int, codes: int) -> str:
        zero = graph.constant(0)
        code = graph.add("Where", graph.add("IsNaN", code), zero, code)
        outside = graph.add(
            "Or", graph.add("Less", code, zero), graph.add("GreaterOrEqual", code, graph.constant(codes))
        )
        code = graph.add("Where", outside, graph.constant(UNKNOWN), code)
        if self.way == "ordinal":
            return code
        if self.way == "one-hot":
            flags = graph.add("Equal", graph.add("Floor", code), graph.constant(np.arange(codes)))
            return graph.add("Cast", flags, to=1)
        whole = graph.add("Cast", code, to=7)
        rows = graph.add("Gather", graph.constant(self._shares[at]), whole, axis=0)
        return graph.add("Squeeze", rows, graph.constant([1], np.int64))

    def _count(self, code: Floats, y: Classes, codes: int) -> npt.NDArray[np.float64]:
        """Return the share of each class but the first by code. [codes, n_classes - 1]."""
        code = np.where(np.isnan(code), 0, code)
        code = np.where((code >= 0) & (code < codes), code, UNKNOWN).astype(np.int64)
        counts = np.bincount(code * self._classes + y, minlength=codes * self._classes).reshape(codes, -1)
        prior = counts.sum(axis=0) / max(counts.sum(), 1)
        shares: npt.NDArray[np.float64] = (counts + PRIOR_ROWS * prior) / (
            counts.sum(axis=1, keepdims=True) + PRIOR_ROWS
        )
        return shares[:, 1:]

"""A small experiment on drawn flows, for tests of what runs and shows experiments."""

from collections.abc import Sequence
from typing import ClassVar

from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import Experiment, Results, grid
from redshank.experiments.measure import Data


class SmallOne(Experiment):
    """Two quick models and one that fails when it is told to."""

    title: ClassVar[str] = "A small one"
    what: ClassVar[str] = "Whether boosted trees beat a constant on drawn flows."
    asks: ClassVar[str] = "Do trees beat a constant?"
    columns: ClassVar[tuple[str, ...]] = ("macro_f1", "fpr", "recall of dos")
    notes: ClassVar[tuple[str, ...]] = ("Drawn flows.",)
    fails: ClassVar[str] = ""

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        trees = Cell("drawn", "lightgbm", task="family", settings={"rounds": 30}, table="Families", row="trees")
        return grid(seeds, [trees, Cell("drawn", "constant", task="family", table="Families", row="constant")])

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Fail if told to."""
        if cell.model == self.fails:
            raise ValueError(f"{cell.model} was told to fail\non two lines")
        return super().measure(cell, data)

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        return [f"Macro-F1 {results.figure('macro_f1', row='constant').mean}."]

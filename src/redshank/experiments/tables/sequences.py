"""Whether a window of a device's flows tells more than the flow, and whether the order in it matters.

On IoT-23, one capture left out at a time: a model learns all others and ranks the flows of that one. Every row of the
table scores the very same flows, told in another way (`experiments/windows.py`). Nothing is tuned and nothing stops
early: a validation capture would hold six attacks, and its windows would be missed in training.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from redshank.experiments.captures import COLUMNS, LEFT_OUT_NOTE, TREES, each_left_out
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import Experiment, Results, grid
from redshank.experiments.glance import LOOKUP, Glance, Named, ahead, is_a
from redshank.experiments.measure import Data
from redshank.experiments.windows import retold
from redshank.experiments.wording import ranked, told
from redshank.learn.compare import Figure

TABLE = "Benign or attack, each capture in its turn unseen"
NETWORK: dict[str, Any] = {"epochs": 4, "batch_size": 256, "learning_rate": 0.003}
BILSTM: dict[str, Any] = {**NETWORK, "units": (32,)}
WINDOW = "window of 16"
ROWS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "lightgbm, the flow alone": ("lightgbm", "alone", TREES),
    "lightgbm, window aggregates": ("lightgbm", "aggregates", TREES),
    "lightgbm, window of 16": ("lightgbm", "window", TREES),
    "gru, window of 16": ("gru", "window", {**NETWORK, "units": (64,)}),
    "lstm, window of 16": ("lstm", "window", {**NETWORK, "units": (64,)}),
    "transformer, window of 16": ("transformer", "window", NETWORK),
    "bilstm, window of 16": ("bilstm", "window", BILSTM),
    "bilstm, history shuffled": ("bilstm", "shuffled", BILSTM),
    "bilstm, the flow alone": ("bilstm", "alone", BILSTM),
    "fnn, the flow alone": ("fnn", "alone", NETWORK),
    "fnn, mean of the window": ("fnn", "pooled", NETWORK),
    "fnn, window aggregates": ("fnn", "aggregates", NETWORK),
    "lookup": ("lookup", "alone", {}),
    "constant": ("constant", "alone", {}),
}
"""Model, way of telling the window and settings, by row."""
BESIDE_BILSTM = ("bilstm, window of 16", "bilstm, history shuffled", "bilstm, the flow alone")


class Sequences(Experiment):
    """AUC of windows, of flows alone, and of windows without their order."""

    title: ClassVar[str] = "Sequences of a device's flows"
    what: ClassVar[str] = (
        "Whether what a device did before tells more than the flow itself, and whether a network that reads it in "
        "order beats trees that are given a few figures of it."
    )
    asks: ClassVar[str] = "Does a window of a device's flows tell more than one flow?"
    columns: ClassVar[tuple[str, ...]] = COLUMNS
    notes: ClassVar[tuple[str, ...]] = (
        LEFT_OUT_NOTE,
        (
            "A single seed's interval is a bootstrap over rows within each capture; rows of a capture are alike, so it "
            "is rather too narrow. Windows are made of the rows of a capture alone."
        ),
        (
            f"Networks train {NETWORK['epochs']} epochs in batches of {NETWORK['batch_size']}, recurrent ones have 64 "
            f"units in one layer, trees {TREES['rounds']} rounds; nothing was tuned and nothing stops early. A "
            "shuffled history leaves the flow itself in its place."
        ),
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        return grid(
            seeds,
            [
                Cell(
                    "iot23",
                    model,
                    protocol="group",
                    protocol_settings={"by": "capture", "seen": "keep"},
                    feature_set="host_window",
                    settings=settings,
                    options={"window": way},
                    table=TABLE,
                    row=row,
                )
                for row, (model, way, settings) in ROWS.items()
            ],
        )

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Leave each capture out in its turn."""
        return each_left_out(cell, data, lambda parts: retold(parts, str(cell.options["window"]), cell.seed))

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        leading = _leading(results)
        if leading is None:
            return []
        (tree, at_tree), (network, at_network) = leading
        text = f"The best network that reads windows, {network}, has a mean AUC of {told(at_network)}: "
        text += f"{_gain(at_tree, at_network)} the best trees, {tree}, with {told(at_tree)}."
        beside = [(row, results.figure("mean AUC", table=TABLE, row=row)) for row in BESIDE_BILSTM]
        known = [f"{row} {told(figure)}" for row, figure in beside if figure.mean is not None]
        return [text + (f" What order is worth: {', '.join(known)}." if known else "")]

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        leading = _leading(results)
        if leading is None:
            return None
        (tree, at_tree), (network, at_network) = leading
        lookup = results.figure("mean AUC", table=TABLE, row=LOOKUP)
        meaning = f"Reading windows in order is {_gain(at_tree, at_network)} {tree}."
        return Glance(
            "mean AUC", Named(network, at_network), at_tree, lookup, meaning, "each capture in its turn unseen"
        )


def _leading(results: Results) -> tuple[tuple[str, Figure], tuple[str, Figure]] | None:
    """Return the best trees and the best network that reads windows."""
    order = ranked(results, "mean AUC", TABLE)
    trees = [one for one in order if is_a(one[0], "lightgbm")]
    networks = [one for one in order if one[0].endswith(WINDOW) and one not in trees]
    return (trees[0], networks[0]) if trees and networks else None


def _gain(trees: Figure, network: Figure) -> str:
    return "better than" if ahead(network, trees) > 0 else "no gain over"

"""The ladder: what a published figure on ToN_IoT is made of, one rung at a time."""

from collections.abc import Sequence
from typing import ClassVar

from redshank.experiments.cell import Cell
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid
from redshank.experiments.glance import LOOKUP, TREES, Glance, Named
from redshank.experiments.wording import told
from redshank.experiments.zoo import BUDGET, budget_note, lasting
from redshank.learn.compare import Figure

RUNGS = {
    "paper": "as published",
    "time": "without time and order",
    "addresses": "without addresses",
    "ports": "without ports",
    "strings": "without free text",
    "deduplicated": "deduplicated",
    "group": "unseen host pairs",
}
TASKS = {"binary": "Benign or attack", "family": "Ten families"}
MODELS = ("bilstm", *BESIDE)
EPOCHS = 5
"""Of the network: the first rungs have twice the rows that other tables have."""


class LadderToniot(Experiment):
    """The same models on every rung, from the published recipe to unseen devices."""

    title: ClassVar[str] = "The ladder on ToN_IoT"
    what: ClassVar[str] = (
        "The same model from the published recipe to devices it has never seen, with one more leak closed on each rung."
    )
    asks: ClassVar[str] = "How much of a published figure is leakage?"
    columns: ClassVar[tuple[str, ...]] = ("macro_f1", "accuracy", "recall", "fpr", "recall_at_0.01", "fpr_at_0.01")
    best_first: ClassVar[bool] = False
    notes: ClassVar[tuple[str, ...]] = (
        budget_note(EPOCHS),
        "All rungs keep the study's label encoding and min-max input; only what a model may know changes.",
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        return grid(
            seeds,
            [
                Cell(
                    "ton_iot",
                    model,
                    protocol="ladder",
                    protocol_settings={"rung": rung},
                    task=task,
                    settings={**BUDGET, **lasting(EPOCHS)} if model == "bilstm" else {},
                    table=table,
                    row=f"{words}: {model}",
                )
                for task, table in TASKS.items()
                for rung, words in RUNGS.items()
                for model in MODELS
            ],
        )

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        said = []
        for model in MODELS[:3]:
            steps = [(rung, self._rung(results, rung, model)) for rung in RUNGS]
            known = [f"{RUNGS[rung]} {told(figure)}" for rung, figure in steps if figure.mean is not None]
            if known:
                said.append(f"Macro-F1 of {model}, benign or attack: {'; '.join(known)}.")
        return said

    def worth(self, results: Results) -> list[str]:
        """See `Experiment.worth`."""
        rungs = {rung: self._rung(results, rung, "bilstm") for rung in ("paper", "ports", "deduplicated", "group")}
        known = [f"{told(figure)} {RUNGS[rung]}" for rung, figure in rungs.items() if figure.mean is not None]
        return [f"With one leak after another closed, a BiLSTM's macro-F1 is {', '.join(known)}."] if known else []

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        first, last = (self._rung(results, rung, "bilstm") for rung in ("paper", "group"))
        if first.mean is None or last.mean is None:
            return None
        trees, lookup = (self._rung(results, "group", model) for model in (TREES, LOOKUP))
        meaning = f"The BiLSTM falls from {told(first)} as published to {told(last)}, remembering to {told(lookup)}."
        return Glance("macro_f1", Named("bilstm", last), trees, lookup, meaning, RUNGS["group"])

    def _rung(self, results: Results, rung: str, model: str) -> Figure:
        """Return a model's macro-F1, benign or attack."""
        return results.figure("macro_f1", table=TASKS["binary"], row=f"{RUNGS[rung]}: {model}")

"""What can be done about rare classes, beside doing nothing, on ToN_IoT's ten families."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from redshank.experiments.cell import Cell
from redshank.experiments.experiment import Experiment, Results, grid, table_of
from redshank.experiments.glance import Glance, glance
from redshank.experiments.wording import gain, told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE

TABLE = "Ten families"
WAYS: Mapping[str, tuple[str, ...]] = {
    "fnn": ("none", "balanced", "focal", "oversample", "offsets"),
    "lightgbm": ("none", "balanced", "oversample", "offsets"),
    "random_forest": ("none", "balanced", "offsets"),
}
RAREST = ("mitm", "ransomware")
"""The two families with the fewest distinct vectors."""


class Imbalance(Experiment):
    """Models with each way of handling rare classes that they have."""

    title: ClassVar[str] = "Rare classes on ToN_IoT"
    what: ClassVar[str] = (
        "What weighing or repeating rows, or multiplying probabilities, does for families with few flows, and what it "
        "costs."
    )
    asks: ClassVar[str] = "Does anything help families with few flows?"
    best_first: ClassVar[bool] = False
    columns: ClassVar[tuple[str, ...]] = (
        "macro_f1",
        "accuracy",
        *(f"recall of {family}" for family in RAREST),
        "fpr",
        "ece",
    )
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        (
            "balanced: every class weighs the same; oversample: rare rows come again until each class is as large as "
            "the largest; focal: rows that are told already count less; offsets: the trained model's probabilities are "
            "multiplied by a factor per class, chosen on validation rows by macro-F1."
        ),
        "mitm and ransomware have the fewest distinct vectors: of one seed, their recall says little.",
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        rows: dict[str, tuple[str, dict[str, Any]]] = {
            f"{model}, {way}": (model, {**(BUDGET if model == "fnn" else {}), "imbalance": way})
            for model, ways in WAYS.items()
            for way in ways
        }
        rows |= {model: (model, {}) for model in ("lookup", "constant")}
        return grid(
            seeds,
            [
                Cell("ton_iot", model, task="family", settings=settings, table=TABLE, row=row)
                for row, (model, settings) in rows.items()
            ],
        )

    def words(self, results: Results) -> list[str]:
        """Say of each model what each way did against none."""
        said = []
        for model, (_, *ways) in WAYS.items():
            plain = results.figure("macro_f1", table=TABLE, row=f"{model}, none")
            rare = results.figure("recall of mitm", table=TABLE, row=f"{model}, none")
            false = results.figure("fpr", table=TABLE, row=f"{model}, none")
            did = []
            for way in ways:
                f1, mitm, fpr = (
                    gain(results, name, TABLE, f"{model}, {way}", f"{model}, none")
                    for name in ("macro_f1", "recall of mitm", "fpr")
                )
                if f1 is not None and mitm is not None and fpr is not None:
                    did.append(
                        f"{way}: macro-F1 {f1:+.4f}, recall of mitm {mitm:+.3f}, false alarms {100 * fpr:+.2f} points"
                    )
            if did:
                said.append(
                    f"{model} with nothing done: macro-F1 {told(plain)}, recall of mitm {told(rare)}, false alarms "
                    f"{told(false, rate=True)}. Against that, {'; '.join(did)}."
                )
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        gains = [
            (gained, model, way)
            for model, (_, *ways) in WAYS.items()
            for way in ways
            if (gained := gain(results, "macro_f1", TABLE, f"{model}, {way}", f"{model}, none")) is not None
        ]
        gained, model, way = max(gains, default=(0.0, "", ""))
        meaning = (
            f"Against doing nothing {way} changes the macro-F1 of {model} by {gained:+.4f}, at best." if way else ""
        )
        return glance(table_of(results, TABLE, self.columns), "macro_f1", meaning=meaning, where=TABLE)

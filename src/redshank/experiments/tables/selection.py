"""Fewer features, chosen by a search, by a measure or by elimination, on UNSW-NB15's families."""

from collections.abc import Sequence
from typing import Any, ClassVar

from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import Experiment, Results, grid, table_of
from redshank.experiments.glance import Glance, glance
from redshank.experiments.measure import Data, outcome
from redshank.experiments.wording import gain, told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE
from redshank.learn.selector import ROWS, SELECTORS
from redshank.learn.train import fit

TABLE = "Families"
NETWORK = "fnn"
MODELS: dict[str, dict[str, Any]] = {"lightgbm": {}, NETWORK: BUDGET}
LEFT = "features left"


class Selection(Experiment):
    """Boosted trees and a network with all columns, with some, and with some of what the network has learned."""

    title: ClassVar[str] = "Feature selection on UNSW-NB15"
    what: ClassVar[str] = (
        "How many columns, or features that a network has learned, models can do without, and whether leaving them out "
        "makes anything better."
    )
    asks: ClassVar[str] = "How many features can a model do without?"
    best_first: ClassVar[bool] = False
    columns: ClassVar[tuple[str, ...]] = (LEFT, "macro_f1", "accuracy", "recall_at_0.01")
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        (
            f"Every selector has its default settings and looks at {ROWS:,} training rows drawn by the seed; test rows "
            "are seen by none. The search and the elimination count wrong rows, so a family with few of them weighs "
            "little there."
        ),
        (
            "“learned” selects among what enters the network's last layer, and fits that layer anew on what is left. "
            "The seconds of a run include the selection."
        ),
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        rows: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {}
        for model, settings in MODELS.items():
            rows[f"{model}, all columns"] = (model, settings, {})
            for source in ("columns", "learned") if model == NETWORK else ("columns",):
                for name in SELECTORS.names():
                    rows[_row(model, source, name)] = (model, settings, {"select": name, "select_from": source})
        rows |= {model: (model, {}, {}) for model in ("lookup", "constant")}
        return grid(
            seeds,
            [
                Cell("unsw_nb15", model, task="family", settings=settings, options=options, table=TABLE, row=row)
                for row, (model, settings, options) in rows.items()
            ],
        )

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Select, train, judge, and count what is left."""
        parts = data.parts(cell)
        trained = fit(parts, cell.model, settings={**cell.settings, **cell.options}, seed=cell.seed)
        left = trained.model.settings().get("selected", len(parts.columns))
        return outcome(trained, parts, cell.seed, **{LEFT: float(left)})

    def words(self, results: Results) -> list[str]:
        """Say of each model what each selector did against all columns."""
        said = []
        for model in MODELS:
            whole = f"{model}, all columns"
            for source in ("columns", "learned"):
                did = []
                for name in SELECTORS.names():
                    row = _row(model, source, name)
                    left = results.figure(LEFT, table=TABLE, row=row).mean
                    f1 = gain(results, "macro_f1", TABLE, row, whole)
                    if left is not None and f1 is not None:
                        did.append(f"{name.replace('_', ' ')} leaves {left:.0f}, macro-F1 {f1:+.4f}")
                if did:
                    plain = results.figure("macro_f1", table=TABLE, row=whole)
                    of = "of its columns" if source == "columns" else "of what it has learned"
                    said.append(f"{model} has macro-F1 {told(plain)} with all columns; {of}, {'; '.join(did)}.")
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        rows = [
            (model, _row(model, source, name))
            for model in MODELS
            for source in ("columns", "learned")
            for name in SELECTORS.names()
        ]
        gains = [
            (gained, row)
            for model, row in rows
            if (gained := gain(results, "macro_f1", TABLE, row, f"{model}, all columns")) is not None
        ]
        gained, row = max(gains, default=(0.0, ""))
        left = results.figure(LEFT, table=TABLE, row=row).mean
        meaning = "" if left is None else f"{row} leaves {left:.0f} and changes macro-F1 by {gained:+.4f}, at best."
        return glance(table_of(results, TABLE, self.columns), "macro_f1", meaning=meaning, where=TABLE)


def _row(model: str, source: str, name: str) -> str:
    return f"{model}, {source} by {name.replace('_', ' ')}"

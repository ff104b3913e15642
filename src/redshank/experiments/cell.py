"""One cell of an experiment, and what came of it: plain records with a JSON round trip.

In: nothing. Out: `Cell`, everything that decides an outcome; `Result`, the outcome with where it comes from. A cell's
key is a hash of what decides it, so the same question is never answered twice, and a changed question never gets an
old answer. How a table calls a cell is not part of the key.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Self

from redshank.learn.curve import epoch_from
from redshank.learn.evaluation import Evaluation
from redshank.learn.model import Epoch
from redshank.learn.provenance import plain

FORMAT = 1
DIGITS = 6


@dataclass(frozen=True)
class Cell:
    """One run: a model on a dataset under a protocol, with one seed.

    Args:
        dataset: Full name, for example "telemetry/fridge".
        model: A name in `MODELS`.
        protocol, protocol_settings: Name and fields of the protocol.
        task: "binary" or "family".
        feature_set: Name of the feature set, "own", or None for the dataset's default.
        settings: Constructor arguments of the model that differ from their defaults.
        seed: Of split and model.
        others: Other datasets that it looks at.
        options: Whatever else the experiment's measure needs to know.
        table, row: What it is called where it is shown.
    """

    dataset: str
    model: str
    protocol: str = "leakfree"
    protocol_settings: Mapping[str, Any] = field(default_factory=dict)
    task: str = "binary"
    feature_set: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    others: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    table: str = ""
    row: str = ""

    @cached_property
    def key(self) -> str:
        """A hash of everything that decides the outcome, but the data, whose sha256 the result carries."""
        decides = {name: value for name, value in plain(asdict(self)).items() if name not in ("table", "row")}
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.model}-{self.seed}-{self.key}.json"

    @property
    def label(self) -> str:
        """What a person calls it."""
        words = (self.table, self.row or self.model, f"({self.model} on {self.dataset})", f"seed {self.seed}")
        return " ".join(word for word in words if word)

    @property
    def datasets(self) -> tuple[str, ...]:
        """Every dataset that it looks at."""
        return (self.dataset, *self.others)


@dataclass(frozen=True)
class Outcome:
    """What measuring a cell gave.

    Args:
        figures: Figures by name. The name with "_low" and "_high" is an interval that a single run has of its own.
        rows: Rows per part.
        notes: What a reader must know, one line each.
        classes: Class names; "benign" is the first. Empty without an evaluation.
        evaluation: Every measure; None in the published form, and where the experiment measures something else.
        curve: Training curve; empty if there is none.
    """

    figures: Mapping[str, float | None]
    rows: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    evaluation: Evaluation | None = None
    curve: tuple[Epoch, ...] = ()


@dataclass(frozen=True)
class Result:
    """A cell that was measured, or that failed.

    Args:
        cell: Its question.
        outcome: None if it failed.
        error: Why it failed, or "".
        seconds: Wall time of the whole cell.
        sha256: Of each dataset that it looked at.
        commit: Of the code; recorded, no part of the key.
        versions: Of the libraries.
    """

    cell: Cell
    outcome: Outcome | None
    error: str
    seconds: float
    sha256: Mapping[str, str]
    commit: str | None
    versions: Mapping[str, str]

    def to_json(self) -> str:
        """Return it as JSON without NaN or infinity."""
        return json.dumps({"format": FORMAT, **plain(asdict(self))}, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a result from `to_json`.

        Raises:
            ValueError: If the text is something else.
        """
        try:
            values = json.loads(text)
            if values.pop("format", None) != FORMAT:
                raise ValueError(f"result: not of format {FORMAT}")
            found = values.pop("outcome")
            return cls(cell=_cell(values.pop("cell")), outcome=None if found is None else _outcome(found), **values)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"result: {error}") from None

    def compact(self, names: frozenset[str]) -> dict[str, Any]:
        """Return the published form: the figures called `names` with their intervals, without curves.

        What a cell is asked stands in the experiment's declaration; the key says which one this answers.
        """
        assert self.outcome is not None
        kept = {n: v for n, v in self.outcome.figures.items() if n.removesuffix("_low").removesuffix("_high") in names}
        return {
            "key": self.cell.key,
            "figures": {n: None if v is None else float(f"{v:.{DIGITS}g}") for n, v in kept.items()},
            "rows": dict(self.outcome.rows),
            "seconds": round(self.seconds, 1),
            "sha256": dict(self.sha256),
            "commit": self.commit,
        }

    @classmethod
    def from_compact(cls, cell: Cell, values: Mapping[str, Any]) -> Self:
        """Rebuild a result from `compact` and the cell that it answers."""
        outcome = Outcome(figures=values["figures"], rows=values["rows"])
        return cls(cell, outcome, "", values["seconds"], values["sha256"], values["commit"], {})


def first_details_only(result: Result) -> Result:
    """Drop what nobody looks at in later seeds: the points of curves."""
    found = result.outcome
    if result.cell.seed == 0 or found is None or found.evaluation is None:
        return result
    return replace(result, outcome=replace(found, evaluation=replace(found.evaluation, roc=(), pr=())))


def _cell(values: dict[str, Any]) -> Cell:
    values["others"] = tuple(values["others"])
    return Cell(**{f.name: values[f.name] for f in fields(Cell)})


def _outcome(values: dict[str, Any]) -> Outcome:
    evaluation = values["evaluation"]
    return Outcome(
        figures=values["figures"],
        rows=values["rows"],
        notes=tuple(values["notes"]),
        classes=tuple(values["classes"]),
        evaluation=None if evaluation is None else Evaluation.from_dict(evaluation),
        curve=tuple(epoch_from(epoch) for epoch in values["curve"]),
    )

"""Train a model beside the rows that give its figures a meaning, over one or more seeds.

In: a labelled dataset, a protocol, models. Out: a `Comparison`: everything that a published table has to carry (data,
protocol, seeds, intervals, the boosted trees and the constant), and the first seed's trained model for the bundle.
Each seed splits the data anew and starts the model anew, so the interval over seeds covers both.
"""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from redshank.data.dataset import Labelled
from redshank.data.parts import PARTS, Parts
from redshank.data.protocol import partition
from redshank.learn import measures
from redshank.learn.curve import epoch_from
from redshank.learn.evaluate import evaluate
from redshank.learn.evaluation import Evaluation
from redshank.learn.model import Epoch
from redshank.learn.provenance import plain, provenance
from redshank.learn.train import Trained, fit

BESIDE = ("lightgbm", "constant")
"""Stand beside every model: gradient boosting, and the row that says what a figure is worth."""

RESAMPLES = 500
OVER_SEEDS = "t interval over seeds"
OVER_ROWS = "bootstrap over test rows (one seed)"
FORMAT = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Figure:
    """A measure with its 95 % interval; None where it cannot be known."""

    mean: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ModelResult:
    """What one model reached.

    Args:
        name: The model, or the bundle.
        settings: Constructor arguments.
        seconds: Mean training time; None if it was not trained here.
        headline: Measures by name, each vector counted once, with intervals.
        row_headline: The same, each row of the dataset counted once; the interval is over seeds only.
        evaluations: One per seed; the first seed's is the one whose details are shown.
        curve: The first seed's training curve; empty if the model has none.
    """

    name: str
    settings: dict[str, Any]
    seconds: float | None
    headline: dict[str, Figure]
    row_headline: dict[str, Figure]
    evaluations: tuple[Evaluation, ...]
    curve: tuple[Epoch, ...]


@dataclass(frozen=True)
class Comparison:
    """One or more models on the same test parts.

    Args:
        dataset, sha256, protocol, task: What was asked.
        feature_set: Name of the feature set; None for the dataset's own columns.
        seeds: Seeds of split and model.
        interval: What the intervals are over.
        classes: Class names; "benign" is the first.
        rows: Rows per part, first seed.
        notes: What a reader must know, one line each.
        provenance: Commit, versions, command.
        models: The model asked for first.
        protocol_settings: Settings of the protocol that differ from their defaults.
    """

    dataset: str
    sha256: str
    protocol: str
    task: str
    feature_set: str | None
    seeds: tuple[int, ...]
    interval: str
    classes: tuple[str, ...]
    rows: dict[str, int]
    notes: tuple[str, ...]
    provenance: dict[str, Any]
    models: tuple[ModelResult, ...]
    protocol_settings: dict[str, Any] = field(default_factory=dict)

    @property
    def spelled_protocol(self) -> str:
        """The protocol with its settings, for a person."""
        told = ", ".join(f"{name}={value}" for name, value in self.protocol_settings.items())
        return f"{self.protocol} ({told})" if told else self.protocol

    def to_json(self) -> str:
        """Return the comparison as indented JSON, without NaN or infinity."""
        return json.dumps({"format": FORMAT, **plain(asdict(self))}, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a comparison from `to_json`.

        Raises:
            ValueError: If the text is of another format.
        """
        values = json.loads(text)
        if values.pop("format", None) != FORMAT:
            raise ValueError(f"comparison: not of format {FORMAT}")
        models = tuple(
            ModelResult(
                name=item["name"],
                settings=item["settings"],
                seconds=item["seconds"],
                headline={name: Figure(**figure) for name, figure in item["headline"].items()},
                row_headline={name: Figure(**figure) for name, figure in item["row_headline"].items()},
                evaluations=tuple(Evaluation.from_dict(one) for one in item["evaluations"]),
                curve=tuple(epoch_from(epoch) for epoch in item["curve"]),
            )
            for item in values.pop("models")
        )
        for name in ("seeds", "classes", "notes"):
            values[name] = tuple(values[name])
        return cls(**values, models=models)


def compare(
    labelled: Labelled,
    model: str,
    *,
    beside: Sequence[str] = BESIDE,
    protocol: str = "leakfree",
    task: str = "binary",
    feature_set: str | None = None,
    seeds: Sequence[int] = (0,),
    settings: dict[str, Any] | None = None,
    protocol_settings: Mapping[str, Any] | None = None,
    flows_per_s: float = 1.0,
    command: str = "",
    progress: bool = False,
    kept_in: Path | None = None,
) -> tuple[Comparison, Trained, Parts]:
    """Train and evaluate.

    Args:
        labelled: The dataset.
        model: A name in `MODELS`.
        beside: Models to train beside it, with their defaults.
        protocol: A name in `data/protocol.py`.
        task: "binary" or "family".
        feature_set: Name of the feature set, "own" for the dataset's own columns, None for what suits the dataset.
        seeds: At least one.
        settings: Constructor arguments of `model` that differ from their defaults.
        protocol_settings: Settings of the protocol that differ from their defaults.
        flows_per_s: Flows per second for which alerts per day are stated.
        command: The command that was run, without the paths of this machine.
        progress: Whether to log what goes on.
        kept_in: Folder in which interrupted training is kept, and from which the same call goes on; see `Model`.

    Returns:
        The comparison, and the first seed's trained model and parts, for `make_bundle`.
    """
    names = [model, *(name for name in beside if name != model)]
    asked = dict(protocol_settings or {})
    runs: dict[str, list[tuple[Trained, Evaluation]]] = {name: [] for name in names}
    first: Parts | None = None
    for seed in seeds:
        parts = partition(labelled, protocol=protocol, task=task, feature_set=feature_set, seed=seed, **asked)
        first = first or parts
        if progress:
            counts = ", ".join(f"{len(getattr(parts, name)):,} {name}" for name in PARTS)
            _log.info("seed %d: %s rows", seed, counts)
        for name in names:
            trained = fit(
                parts,
                name,
                settings=settings if name == model else None,
                seed=seed,
                progress=progress,
                kept_in=kept_in and kept_in / f"{name}-{seed}",
            )
            evaluation = evaluate(
                trained.model.predict_proba(parts.test.x),
                parts.test,
                parts.classes,
                trained.calibration,
                families=parts.families(parts.test),
                grouping=parts.grouping,
                flows_per_s=flows_per_s,
                resamples=RESAMPLES if len(seeds) == 1 else 0,
                seed=seed,
            )
            runs[name].append((trained, evaluation))
    if first is None:
        raise ValueError("compare: no seeds")
    origin = provenance(first, seeds[0], command)
    comparison = Comparison(
        dataset=first.dataset,
        sha256=first.sha256,
        protocol=protocol,
        task=task,
        feature_set=first.feature_set,
        seeds=tuple(seeds),
        interval=OVER_SEEDS if len(seeds) > 1 else OVER_ROWS,
        classes=first.classes,
        rows=origin["rows"],
        notes=(*first.notes.get("dataset", labelled.notes), *note_lines(origin["notes"])),
        provenance={name: origin[name] for name in ("commit", "versions", "command")},
        models=tuple(_result(name, runs[name]) for name in names),
        protocol_settings=plain(dict(first.settings)),
    )
    return comparison, runs[model][0][0], first


def summarize(evaluations: Sequence[Evaluation]) -> tuple[dict[str, Figure], dict[str, Figure]]:
    """Return the headline figures, vector-weighted and row-weighted, with their intervals.

    One evaluation brings its own bootstrap interval; several give the t interval of their mean. A measure that one
    of them does not know has no mean.
    """
    vector, row = ([getattr(e, which).headline for e in evaluations] for which in ("vector", "row"))
    if len(evaluations) == 1:
        pairs = evaluations[0].intervals
        headline = {name: Figure(value, *(pairs.get(name) or (None, None))) for name, value in vector[0].items()}
        return headline, {name: Figure(value) for name, value in row[0].items()}
    once, each = ({name: over_seeds(name, [run[name] for run in runs]) for name in runs[0]} for runs in (vector, row))
    return once, each


def note_lines(notes: dict[str, Any]) -> list[str]:
    """Write the notes of a partition for a person; the dataset's own stand before them anyway."""
    lines = []
    for name, value in notes.items():
        words = name.replace("_", " ")
        if name == "steps":
            lines += [f"{step['name']}: {step['detail']}; {step['rows']:,} rows left" for step in value]
        elif isinstance(value, list):
            lines += [] if name == "dataset" else [f"{words}: {', '.join(map(str, value))}"]
        elif isinstance(value, str):
            lines.append(f"{words}: {value}")
        elif isinstance(value, dict):
            lines += [f"{words}: {', '.join(f'{key} {count:,}' for key, count in value.items())}"] if value else []
        else:
            lines.append(f"{words}: {value:,.6g}" if isinstance(value, float) else f"{words}: {value:,}")
    return lines


def over_seeds(name: str, runs: Sequence[float | None]) -> Figure:
    """Return the mean of a measure over seeds with its t interval; unknown if one run does not know it.

    Example:
        >>> over_seeds("recall", [0.5, 0.5]), over_seeds("recall", [0.5, None]).mean
        (Figure(mean=0.5, low=0.5, high=0.5), None)
        >>> over_seeds("gain", [-0.1, -0.2]).low < -0.15
        True
    """
    values = [value for value in runs if value is not None]
    interval = measures.t_interval(values)
    if len(values) < len(runs) or interval is None:
        return Figure(None)
    least = -1.0 if name == "mcc" or min(values) < 0 else 0.0  # a difference may be below 0
    most = 1.0 if max(values) <= 1 else math.inf  # a number of things is no measure
    low, high = max(interval[0], least), min(interval[1], most)  # Student's t knows no bounds, a measure does
    return Figure(math.fsum(values) / len(values), low, high)


def _result(name: str, runs: Sequence[tuple[Trained, Evaluation]]) -> ModelResult:
    trained = runs[0][0]
    evaluations = [evaluation for _, evaluation in runs]
    headline, row_headline = summarize(evaluations)
    # Curves and reliability of later seeds are not shown anywhere and would multiply the size of the file.
    kept = (evaluations[0], *(replace(e, roc=(), pr=(), reliability=()) for e in evaluations[1:]))
    return ModelResult(
        name=name,
        settings={key: plain(value) for key, value in sorted(trained.model.settings().items())},
        seconds=math.fsum(one.seconds for one, _ in runs) / len(runs),
        headline=headline,
        row_headline=row_headline,
        evaluations=kept,
        curve=tuple(trained.model.curve_),
    )

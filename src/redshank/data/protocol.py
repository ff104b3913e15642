"""Protocols: named ways from a labelled dataset to partitions.

In: `Labelled`. Out: `Parts`, with the counts that a table of results must carry in `notes`.

- `leakfree`: a feature set of FLOW without identifiers, equal vectors merged into one (majority class, multiplicity as
  weight), stratified 60/10/10/20 by class. No vector is in two parts.
- `paper`: the recipe of published studies, for reproduction only. The dataset's own columns, addresses and ports
  included, label-encoded and min-max scaled on all rows, split 80/20 at random; validation and calibration come out of
  the 80. Its notes count the test rows that training has seen.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from redshank.core.errors import ConfigError, SourceError
from redshank.core.registry import alternatives
from redshank.core.schema import BENIGN
from redshank.data.clean import (
    Classes,
    Distinct,
    Floats,
    Step,
    deduplicate,
    label_encode,
    min_max,
    recorded,
    require_no_identifier,
)
from redshank.data.dataset import Labelled
from redshank.data.parts import PARTS, Part, Parts
from redshank.data.split import Rows, require_disjoint, shared_rows, shuffled, stratified
from redshank.features.feature_set import FEATURE_SETS, Column

PROTOCOLS = ("leakfree", "paper")
TASKS = ("binary", "family")
ATTACK = "attack"
SHARES = (0.6, 0.1, 0.1, 0.2)


def check_names(protocol: str, task: str, feature_set: str) -> None:
    """Make sure that a protocol, a task and a feature set exist, before data is read for them.

    Raises:
        ConfigError: With every name that does not.
    """
    problems = [_unknown("protocol", protocol, PROTOCOLS), _unknown("task", task, TASKS)]
    if any(problems):
        raise ConfigError(problem for problem in problems if problem)
    FEATURE_SETS.find(feature_set)


def partition(labelled: Labelled, *, protocol: str, task: str, feature_set: str = "conn", seed: int = 0) -> Parts:
    """Make partitions of a dataset.

    Args:
        labelled: The dataset.
        protocol: One of PROTOCOLS.
        task: "binary" (benign or attack) or "family".
        feature_set: Name of the feature set; `paper` has its own columns and uses none.
        seed: The same seed gives the same parts.

    Raises:
        ConfigError: If the protocol, the task or the feature set is unknown, or the dataset has no table of its own
            for `paper`.
        SourceError: If the dataset has too few rows of benign traffic or of attacks to fill every part.
    """
    check_names(protocol, task, feature_set)
    classes, y = _classes(labelled, task)
    if protocol == "paper":
        x, rows, columns, notes = _paper(labelled, seed)
        whole, used = Part(x, y, np.ones(len(x), np.float32), np.arange(len(x))), None
    else:
        distinct, rows, columns, notes = _leakfree(labelled, y, classes, feature_set, seed)
        whole = Part(distinct.x, distinct.y, distinct.weight, distinct.row, distinct.minority)
        used = feature_set
    parts = {name: whole.take(at) for name, at in zip(PARTS, rows, strict=True)}
    for name, part in parts.items():
        missing = next((who for who, there in _sides(part.y).items() if not there), None)
        if missing:
            raise SourceError(
                f"{labelled.name}: too few distinct rows for protocol {protocol}: {name} has no {missing} row "
                f"({len(part)} rows); add recordings of {missing} traffic"
            )
    return Parts(
        parts["train"],
        parts["validation"],
        parts["calibration"],
        parts["test"],
        columns=columns,
        classes=classes,
        dataset=labelled.name,
        sha256=labelled.sha256,
        protocol=protocol,
        task=task,
        seed=seed,
        feature_set=used,
        notes={**notes, "dataset": list(labelled.notes)},
    )


def _unknown(what: str, given: str, allowed: tuple[str, ...]) -> str | None:
    if given in allowed:
        return None
    return f"{what}: no '{given}'; {alternatives(given, allowed)}"


def _classes(labelled: Labelled, task: str) -> tuple[tuple[str, ...], Classes]:
    """Name the classes, benign first, and number each row's."""
    families = np.unique(labelled.family)
    attacks = tuple(str(name) for name in families if name != BENIGN)
    if len(attacks) == len(families) or not attacks:
        missing = "attack" if BENIGN in families else BENIGN
        raise SourceError(f"{labelled.name}: has no {missing} row, only {', '.join(families) or 'none at all'}")
    if task == "binary":
        return (BENIGN, ATTACK), (labelled.family != BENIGN).astype(np.int64)
    y = np.searchsorted(np.array(attacks), labelled.family).astype(np.int64) + 1
    y[labelled.family == BENIGN] = 0
    return (BENIGN, *attacks), y


def _sides(y: Classes) -> dict[str, bool]:
    return {BENIGN: bool((y == 0).any()), ATTACK: bool((y > 0).any())}


def _leakfree(
    labelled: Labelled, y: Classes, classes: tuple[str, ...], feature_set: str, seed: int
) -> tuple[Distinct, list[Rows], tuple[Column, ...], dict[str, Any]]:
    features = FEATURE_SETS.find(feature_set)()
    names = [column.name for column in features.columns]
    require_no_identifier(names)
    distinct = deduplicate(features.encode(labelled.flows), y)
    rows = stratified(distinct.y, SHARES, seed)
    require_disjoint({name: distinct.x[at] for name, at in zip(PARTS, rows, strict=True)})
    flows = labelled.flows
    there = [field for field in flows.schema.names if flows.column(field).null_count < len(flows)]
    dropped = [field for field in there if field not in names]
    steps = (
        Step("drop identifiers", len(flows), f"{len(dropped)} of {len(there)} columns are not model input"),
        Step("canonical types", len(flows), f"{feature_set} v{features.version}, {len(names)} columns of float32"),
        Step("deduplicate", len(distinct.y), f"equal vectors merged; {distinct.conflicts} had more than one class"),
    )
    notes = {
        "rows": len(y),
        "distinct_vectors": len(distinct.y),
        "conflicts": distinct.conflicts,
        "conflict_rows": distinct.conflict_rows,
        "ceiling_accuracy": distinct.ceiling,
        "dropped_columns": dropped,
        "scarce_classes": _scarce(distinct.y, classes),
        "steps": recorded(steps),
    }
    return distinct, rows, features.columns, notes


def _scarce(y: Classes, classes: tuple[str, ...]) -> Mapping[str, int]:
    """Name the classes with too few distinct vectors to be in every part, and how many they have."""
    counts = np.bincount(y, minlength=len(classes))
    return {name: int(n) for name, n in zip(classes, counts, strict=True) if n < len(PARTS)}


def _paper(labelled: Labelled, seed: int) -> tuple[Floats, list[Rows], tuple[Column, ...], dict[str, Any]]:
    table = labelled.raw
    if table is None:
        raise ConfigError(
            f"protocol: 'paper' needs the dataset's own table, and '{labelled.name}' has none; use 'leakfree'"
        )
    encoded = label_encode(table)
    holes = np.flatnonzero(np.isnan(encoded).any(axis=0))
    if holes.size:
        name = table.column_names[holes[0]]
        raise SourceError(
            f"{labelled.name}: column '{name}' has {int(np.isnan(encoded[:, holes[0]]).sum())} missing values; "
            "protocol paper takes none, use leakfree"
        )
    x = min_max(encoded).astype(np.float32)
    rows = shuffled(len(x), SHARES, seed)
    text = sum(str(kind) in {"string", "large_string"} for kind in table.schema.types)
    steps = (
        Step("drop label", len(x), f"{table.num_columns} columns left, identifiers among them"),
        Step("label-encode", len(x), f"{text} text columns, on all rows"),
        Step("min-max", len(x), "every column to 0..1, on all rows"),
        Step("check NaN", len(x), "none"),
    )
    notes = {
        "rows": len(x),
        "test_rows_seen_in_training": len(shared_rows(x[rows[0]], x[rows[3]])),
        "steps": recorded(steps),
    }
    return x, rows, tuple(Column(name, "1") for name in table.column_names), notes

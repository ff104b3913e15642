"""Is a dataset what it says it is, and are its values what its columns can hold?

In: a dataset and where it lies. Out: a `Finding`. Reading it checks hash, columns and class counts; then its own
columns are checked against the schema that the dataset declares (type, range, allowed texts). The hash alone tells
whether a file is as published; the schema tells whether what we made of it makes sense.
"""

import logging
import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa

from redshank.core.errors import SourceError
from redshank.data.dataset import Dataset, Own
from redshank.data.steps.schema import broken

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """What was found of one dataset.

    Args:
        name: Its full name.
        right: Whether it is what it says.
        rows: Its rows; none if it could not be read.
        sha256: Of its content; empty if it could not be read.
        detail: What differs, or what was checked.
    """

    name: str
    right: bool
    rows: int | None
    sha256: str
    detail: str


def verify(dataset: Dataset, path: Path) -> Finding:
    """Read a dataset and check what it holds."""
    _log.info("reading %s", dataset.full_name)
    try:
        labelled = dataset.load(path)
    except SourceError as error:
        return Finding(dataset.full_name, right=False, rows=None, sha256="", detail=str(error))
    checked = "hash, columns, class counts" if dataset.counts else "readable; its content is not fixed"
    if labelled.own is not None:
        rules = schema(dataset, labelled.own)
        wrong = broken(labelled.own.table, rules)
        checked = f"{checked}, schema of {len(rules)} columns"
        if wrong:
            rows = len(labelled.family)
            return Finding(dataset.full_name, right=False, rows=rows, sha256=labelled.sha256, detail=wrong)
    return Finding(dataset.full_name, right=True, rows=len(labelled.family), sha256=labelled.sha256, detail=checked)


def schema(dataset: Dataset, own: Own) -> dict[str, dict[str, Any]]:
    """Return what a dataset declares of its own columns, as rules by column (`steps/schema.py`)."""
    rules: dict[str, dict[str, Any]] = {}
    for field in own.table.schema:
        if pa.types.is_boolean(field.type):
            rules[field.name] = {"type": "flag"}
        elif pa.types.is_string(field.type):
            rules[field.name] = {"type": "text"}
            if field.name in dataset.values:
                rules[field.name]["values"] = list(dataset.values[field.name])
        else:
            fits = (bounds for like, bounds in dataset.ranges.items() if fnmatchcase(field.name, like))
            ends = zip(("least", "most"), next(fits, (-math.inf, math.inf)), strict=True)
            rules[field.name] = {"type": "number", **{word: end for word, end in ends if math.isfinite(end)}}
    return rules

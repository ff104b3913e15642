"""What columns a dataset has, and what stands in them.

In: labelled rows. Out: plain rows for a table: one per column, one per family, and how many rows repeat others. Nothing
is judged here; `redshank explore` looks for what leaks.
"""

from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.schema import FLOW_FIELDS
from redshank.data.dataset import Labelled, Own

Row: TypeAlias = dict[str, str | int | float | None]

EXAMPLES = 3
LONGEST = 20
"""Characters of an example that are shown."""


def own_of(labelled: Labelled) -> Own:
    """Return the dataset's own columns; of one that has none, the fields that its flows fill."""
    if labelled.own is not None:
        return labelled.own
    flows = labelled.flows
    names = [name for name in flows.schema.names if flows.column(name).null_count < len(flows)]
    units = {field.name: field.unit for field in FLOW_FIELDS if field.unit and field.name in names}
    return Own(pa.Table.from_batches([flows]).select(names), units=units)


def columns(own: Own) -> list[Row]:
    """Describe each column: type, unit, missing and distinct values, range or most frequent texts, and its use."""
    rows: list[Row] = []
    for name in own.table.column_names:
        values = own.table[name].combine_chunks()
        kind = _kind(values.type)
        row: Row = {"column": name, "type": kind, "unit": own.units.get(name), "missing": values.null_count}
        row |= {"distinct": None, "least": None, "most": None, "examples": None}
        if kind not in {"list", "empty"}:
            row["distinct"] = pc.count_distinct(values).as_py()
        if kind == "number":
            row |= {"least": pc.min(values).as_py(), "most": pc.max(values).as_py()}
        elif kind == "time":
            row["examples"] = f"{pc.min(values).cast(pa.string())} to {pc.max(values).cast(pa.string())}"
        elif kind == "text":
            row["examples"] = _frequent(values)
        row["use"] = "identifier" if name in own.identifiers else "heavy" if name in own.heavy else None
        rows.append(row)
    return rows


def families(labelled: Labelled) -> list[Row]:
    """Count the rows of each family, benign first, then by how many."""
    names, counts = np.unique(labelled.family, return_counts=True)
    found = sorted(zip(names.tolist(), counts.tolist(), strict=True), key=lambda pair: (pair[0] != "benign", -pair[1]))
    rows: list[Row] = []
    for name, count in found:
        row: Row = {"family": name, "rows": count, "share": round(count / len(labelled.family), 4)}
        if labelled.official is not None:
            parts = labelled.official[labelled.family == name]
            row |= {part: int((parts == part).sum()) for part in ("train", "test")}
        rows.append(row)
    return rows


def repeated(own: Own) -> Row:
    """Count rows that repeat another one: in all columns, and in those that are no identifier."""
    names = own.table.column_names
    inputs = [name for name in names if name not in own.identifiers]
    return {
        "rows that repeat another": _repeated(own.table, names),
        "without identifiers": _repeated(own.table, inputs),
    }


def _repeated(table: pa.Table, names: list[str]) -> int | None:
    groups = [name for name in names if _kind(table.schema.field(name).type) not in {"list", "empty"}]
    if len(groups) < len(names):
        return None
    rows: int = table.num_rows
    return rows - int(table.group_by(groups, use_threads=False).aggregate([]).num_rows) if groups else rows - 1


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_null(kind):
        return "empty"
    if pa.types.is_boolean(kind):
        return "flag"
    if pa.types.is_string(kind):
        return "text"
    if pa.types.is_timestamp(kind):
        return "time"
    return "list" if pa.types.is_nested(kind) else "number"


def _frequent(values: pa.Array) -> str:
    counts = sorted(pc.value_counts(values.drop_null()).to_pylist(), key=lambda pair: (-pair["counts"], pair["values"]))
    texts = [pair["values"] for pair in counts[:EXAMPLES]]
    shown = ", ".join(text if len(text) <= LONGEST else f"{text[:LONGEST]}..." for text in texts)
    return shown + (", ..." if len(counts) > EXAMPLES else "")

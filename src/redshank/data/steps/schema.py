"""Validation: a table is refused when it breaks a declared schema.

In: a table and a TOML file, one section per column: `type` (number, text or flag), and where wanted `required`
(true unless false), `missing` (allowed unless false), `least`, `most`, `values`. Out: the table as it was. Every column
that breaks a rule is named with how many rows do.
Source: https://pandera.readthedocs.io, which checks.
"""

import tomllib
from pathlib import Path
from typing import Any, ClassVar

import pandera.polars as pandera
import polars as pl
import pyarrow as pa

from redshank.core.errors import ConfigError, SourceError
from redshank.data.cleaning import TABLE, CleaningStep

KINDS = ("number", "text", "flag")
RULES = ("type", "required", "missing", "least", "most", "values")
SHOWN = 5  # broken rules that a message names


class Schema(CleaningStep):
    """Checks a table; its way is the path of the schema.

    Example:
        redshank train telemetry/fridge --clean schema:fridge.toml
    """

    ways: ClassVar = {"FILE": TABLE}

    @classmethod
    def acts_on(cls, way: str) -> str:
        """Return what it acts on, whatever the file is called."""
        del way
        return TABLE

    def on_table(self, table: pa.Table) -> pa.Table:
        """Check the table.

        Raises:
            ConfigError: If the schema cannot be read or says what no schema says.
            SourceError: If the table breaks it.
        """
        declared = read_schema(Path(self.way))
        found = broken(table, declared)
        if found:
            raise SourceError(f"schema {self.way}: {found}; clean the data or change the schema")
        self.detail_ = f"{len(declared)} columns are as {Path(self.way).name} declares them"
        return table


def broken(table: pa.Table, declared: dict[str, dict[str, Any]]) -> str:
    """Say in one line which rules a table breaks and by how many rows; nothing if it breaks none.

    Args:
        table: The table.
        declared: Rules by column, as `read_schema` reads them.
    """
    there = table.select([name for name in declared if name in table.column_names])
    wrong = {
        (name, f"type {rules['type']}"): len(table)
        for name, rules in declared.items()
        if "type" in rules and name in there.column_names and not _is(there[name], rules["type"])
    }
    frame = pl.from_arrow(there)
    assert isinstance(frame, pl.DataFrame)
    mistyped = {name for name, _ in wrong}
    checks = {name: _column(rules) for name, rules in declared.items() if name not in mistyped}
    try:
        pandera.DataFrameSchema(checks).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases.group_by("column", "check", maintain_order=True).len()
        wrong |= {(column, check): count for column, check, count in cases.iter_rows()}
    shown = [f"column '{column}' breaks '{check}' ({count:,})" for (column, check), count in wrong.items()]
    return ", ".join(shown[:SHOWN]) + (f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else "")


def read_schema(path: Path) -> dict[str, dict[str, Any]]:
    """Read a declared schema: rules by column.

    Raises:
        ConfigError: If it cannot be read or says what no schema says; every problem is listed.
    """
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"schema {path}: cannot be read ({error}); name a TOML file with a section per column"
        ) from None
    problems = []
    for name, rules in declared.items():
        if not isinstance(rules, dict):
            problems.append(f"schema {path}: '{name}' is no section; write [{name}] and its rules below")
            continue
        problems += [
            f"schema {path}: [{name}] has no rule '{rule}' (there are: {', '.join(RULES)})"
            for rule in rules
            if rule not in RULES
        ]
        if rules.get("type", "number") not in KINDS:
            problems.append(f"schema {path}: [{name}] type '{rules['type']}' is not one of {', '.join(KINDS)}")
    if problems or not declared:
        raise ConfigError(problems or [f"schema {path}: declares no column"])
    return declared


def _column(rules: dict[str, Any]) -> pandera.Column:
    """Return pandera's column for our rules."""
    checks = []
    if "least" in rules:
        checks.append(pandera.Check.ge(rules["least"]))
    if "most" in rules:
        checks.append(pandera.Check.le(rules["most"]))
    if "values" in rules:
        checks.append(pandera.Check.isin(rules["values"]))
    return pandera.Column(None, checks, required=rules.get("required", True), nullable=rules.get("missing", True))


def _is(values: pa.ChunkedArray, kind: str) -> bool:
    found = values.type
    if values.null_count == len(values):
        return True
    if kind == "number":
        return bool(pa.types.is_integer(found) or pa.types.is_floating(found))
    return bool(pa.types.is_boolean(found) if kind == "flag" else pa.types.is_string(found))

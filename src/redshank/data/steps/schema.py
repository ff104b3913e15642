"""Validation: a table is refused when it breaks a declared schema.

In: a table and a TOML file, one section per column: `type` (number, text or flag), and where wanted `required`
(true unless false), `missing` (allowed unless false), `least`, `most`, `values`. Out: the table as it was. Every column
that breaks a rule is named with how many rows do.
Source: https://pandera.readthedocs.io, which checks.
"""

import tomllib
from pathlib import Path
from typing import Any, ClassVar

import pandera.pandas as pandera
import pyarrow as pa

from redshank.core.errors import ConfigError, SourceError
from redshank.data.cleaning import TABLE, CleaningStep

KINDS = {"number": "numeric", "text": "string", "flag": "boolean"}
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
    checks = {name: _column(rules) for name, rules in declared.items()}
    frame = table.select([name for name in declared if name in table.column_names]).to_pandas()
    try:
        pandera.DataFrameSchema(checks).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        return _counted(error)
    return ""


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
    if "type" in rules:
        kind = rules["type"]
        checks.append(pandera.Check(lambda values: _is(values, kind), name=f"type {kind}", ignore_na=False))
    if "least" in rules:
        checks.append(pandera.Check.ge(rules["least"]))
    if "most" in rules:
        checks.append(pandera.Check.le(rules["most"]))
    if "values" in rules:
        checks.append(pandera.Check.isin(rules["values"]))
    return pandera.Column(None, checks, required=rules.get("required", True), nullable=rules.get("missing", True))


def _is(values: Any, kind: str) -> bool:  # noqa: ANN401  pandas is imported by pandera alone
    found = values.dtype
    if values.isna().all():
        return True
    if kind == "number":
        return found.kind in "iuf"
    if kind == "flag":
        return found.kind == "b" or (found.kind == "O" and all(isinstance(one, bool) for one in values.dropna()))
    return found.kind not in "iufbM"


def _counted(error: pandera.errors.SchemaErrors) -> str:
    """Say in one line which rules are broken and by how many rows."""
    cases = error.failure_cases
    counts = cases.groupby(["column", "check"], dropna=False, sort=False).size()
    shown = [f"column '{column}' breaks '{check}' ({count:,})" for (column, check), count in counts.items()]
    return ", ".join(shown[:SHOWN]) + (f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else "")

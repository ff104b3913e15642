"""Settings from environment variables: what they set, and which of them cannot be meant so.

In: the model of all settings, its sections being models or free tables, and the environment. Out: values by section; a
line for each variable that looks like a setting and is none, which pydantic would pass over in silence. The one idea: a
variable is refused only if it can be nothing but a setting written wrongly: REDSHANK_STORE_URL, with one underscore
where two are wanted; others that begin like ours belong to whoever set them.
Source: https://docs.pydantic.dev/latest/concepts/pydantic_settings/#parsing-environment-variable-values
"""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from redshank.core.concealed import masked

PREFIX = "REDSHANK_"
BETWEEN = "__"
"""Between a section and a name."""
SHOWN = 80  # characters of a wrong value that its message repeats


def named(variable: str) -> str:
    """Return the name of the setting that a variable is for: "alerts.window_s"."""
    return variable.upper().removeprefix(PREFIX).lower().replace(BETWEEN, ".")


def variable_of(name: str) -> str:
    """Return the variable for a setting: "REDSHANK_ALERTS__WINDOW_S"."""
    return PREFIX + name.upper().replace(".", BETWEEN)


def given(model: type[BaseModel], without: Collection[str]) -> dict[str, Any]:
    """Return what the environment sets, but for some variables."""
    if not any(named(variable).partition(".")[0] in model.model_fields for variable in _ours()):
        return {}
    from pydantic_settings import EnvSettingsSource  # noqa: PLC0415  its import takes longer than reading all settings

    source = EnvSettingsSource(
        model,  # type: ignore[arg-type]  # it reads the fields of a model, of whatever class
        env_prefix=PREFIX,
        env_nested_delimiter=BETWEEN,
        env_ignore_empty=True,
    )
    left_out = {variable.lower() for variable in without}
    source.env_vars = {name: value for name, value in source.env_vars.items() if name.lower() not in left_out}
    return source()


def mistakes(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, str]:
    """Return a line for each variable that looks like a setting and is none, or cannot be read.

    Args:
        model: Of all settings.
        values: What the settings file says: its free tables, and variables that it names for secrets.
    """
    ours = _ours()
    return dict([*_strange(model, ours), *_unreadable(model, ours), *_joined_by_one(model, ours, values)])


def _ours() -> dict[str, str]:
    """Return the variables that begin as those of settings do."""
    return {name: value for name, value in sorted(os.environ.items()) if name.upper().startswith(PREFIX)}


def _strange(model: type[BaseModel], ours: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give variables of sections that do not exist, and of whole sections."""
    sections = {name for name, field in model.model_fields.items() if isinstance(field.default, BaseModel | dict)}
    for variable, value in ours.items():
        section, nested, _ = named(variable).partition(".")
        if nested and section not in sections:
            known = ", ".join(sorted(sections))
            yield variable, f"environment: {variable}: there is no section '{section}'; there are: {known}"
        elif section in sections and not nested:
            told = f"{variable}={masked(value)[:SHOWN]!r} is not allowed: it is a section"
            yield variable, f"environment: {told}; set {variable}{BETWEEN}NAME for one of its settings"


def _unreadable(model: type[BaseModel], ours: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give variables of a list or a table whose value is no JSON."""
    for variable, value in ours.items():
        field = _field_of(model, named(variable))
        if not value or field is None or get_origin(field.annotation) not in {tuple, dict}:
            continue
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            example = '["one", "two"]' if get_origin(field.annotation) is tuple else '{"name": "value"}'
            told = f"{variable}={masked(value)[:SHOWN]!r} is not allowed: it holds several values"
            yield variable, f"environment: {told}; write them as JSON, for example '{example}'"


def _joined_by_one(
    model: type[BaseModel], ours: Mapping[str, str], values: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Give variables with one underscore where two are wanted."""
    elsewhere = {value.upper() for value in _of_secrets(values)}
    meant = {name.replace(".", "_"): name for name in _names(model, values)}
    for variable, value in ours.items():
        told = named(variable)
        if not value or "." in told or told in model.model_fields or variable.upper() in elsewhere:
            continue
        table = next((flat for flat, name in meant.items() if name.endswith(".") and told.startswith(flat)), None)
        if (name := meant.get(told)) or table:
            name = name or meant[table or ""] + told.removeprefix(table or "")
            yield variable, f"environment: {variable}: there is no such setting; did you mean {variable_of(name)}?"


def _names(model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[str]:
    """Give settings by section and name; of a free table, which may hold any name, only how they begin."""
    for section, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            for name, inner in type(field.default).model_fields.items():
                yield f"{section}.{name}"
                if get_origin(inner.annotation) is dict:
                    yield f"{section}.{name}."
        elif isinstance(field.default, dict) and isinstance(tables := values.get(section), Mapping):
            yield from (f"{section}.{table}.".lower() for table in tables)


def _of_secrets(values: Mapping[str, Any]) -> Iterator[str]:
    """Give the variables that the file, or the environment, names for secrets."""
    for name, value in (*values.items(), *os.environ.items()):
        if isinstance(value, Mapping):
            yield from _of_secrets(value)
        elif name.lower().endswith("_env") and isinstance(value, str):
            yield value


def _field_of(model: type[BaseModel], name: str) -> FieldInfo | None:
    """Return a setting of the file's top or of a section; None if there is none."""
    section, _, rest = name.partition(".")
    field = model.model_fields.get(section)
    if not rest or field is None:
        return field
    return type(field.default).model_fields.get(rest) if isinstance(field.default, BaseModel) else None

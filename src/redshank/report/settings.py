"""The settings as a file: an example with every one of them explained, and those in force.

In: `Settings`. Out: TOML. The one idea: names, defaults and meanings are read from the code, so the file that a person
copies cannot be wrong.
Source: https://toml.io/en/v1.0.0
"""

import inspect
import json
import textwrap
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from redshank.config import KIND, Settings
from redshank.core.concealed import concealed, shown
from redshank.core.configured import arguments_of
from redshank.core.described import described

WIDTH = 100
HEAD = """\
# Settings of Redshank: every one of them, with its default behind a '#'. Remove the '#' to change one.
# `redshank check -c FILE` tells what is wrong with it; an environment variable wins over the file:
# REDSHANK_ALERTS__WINDOW_S=60 is window_s in [alerts].
"""


def example(tables: Mapping[str, type]) -> str:
    """Return a settings file that says nothing yet, and explains all that it could say.

    Args:
        tables: What is made of tables that no section of `Settings` names, by the table's heading; its docstring says
            what its arguments mean.

    Example:
        >>> from redshank.alerts.sinks.eve import Eve
        >>> text = example({"[sinks.eve]": Eve})
        >>> "#window_s = 300.0" in text, text.count("#path =")
        (True, 2)
    """
    told = [line for heading, found in tables.items() for line in _arguments(heading, found)]
    names = {heading.strip("[]") for heading in tables}
    elsewhere = names | {name.partition(".")[0] for name in names}
    return "\n".join([HEAD, *_section(Settings, "", elsewhere), *told]).rstrip() + "\n"


def in_force(settings: Settings, tables: Mapping[str, type]) -> str:
    """Return all settings as they are, but for secrets, as a settings file.

    Args:
        settings: The settings.
        tables: As of `example`.
    """
    values = {
        name: _without_secrets(value, name, tables) if isinstance(getattr(settings, name), Mapping) else shown(value)
        for name, value in settings.model_dump(mode="python").items()
    }
    return "\n".join(_table(values, "")).strip() + "\n"


def toml(value: object) -> str:
    """Write one value.

    Raises:
        TypeError: If TOML has no such value.

    Example:
        >>> toml({"interfaces": ("eth1",), "follow": True})
        '{ interfaces = ["eth1"], follow = true }'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str | Path):
        # JSON escapes what TOML does, but DEL, which TOML forbids.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {toml(item)}" for name, item in value.items() if item is not None)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(toml, value))}]"
    raise TypeError(f"{value!r} cannot be written in TOML")


def _key(name: str) -> str:
    plain = name and all(c.isascii() and (c.isalnum() or c in "_-") for c in name)
    return name if plain else toml(name)


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join(text.split()), WIDTH)]


def _setting(name: str, value: object, text: str) -> list[str]:
    return [*_comment(text), f"#{name} =" if value is None else f"#{name} = {toml(value)}", ""]


def _section(model: type[BaseModel], path: str, elsewhere: Container[str]) -> Iterator[str]:
    inner: list[tuple[str, str, type[BaseModel], str]] = []
    for name, field in model.model_fields.items():
        kind, where = field.annotation, f"{path}{name}"
        several = [item for item in get_args(kind) if isinstance(item, type) and issubclass(item, BaseModel)]
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            inner.append((f"[{where}]", f"{where}.", kind, " ".join((kind.__doc__ or "").split())))
        elif several:
            inner.append((f"#[[{where}]]", f"{where}.", several[0], field.description or ""))
        elif where not in elsewhere:
            yield from _setting(name, field.default, field.description or "")
    for heading, inside, kind, text in inner:
        yield from [*_comment(text), heading]
        yield from _section(kind, inside, elsewhere)


def _arguments(heading: str, found: type) -> Iterator[str]:
    told = described(found)
    yield from [*_comment((inspect.getdoc(found) or "").split("\n\n", maxsplit=1)[0]), f"#{heading}"]
    for argument, field in arguments_of(found).model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        yield from _setting(argument, default, told.get(argument, ""))


def _without_secrets(given: Mapping[str, Mapping[str, Any]], section: str, tables: Mapping[str, type]) -> object:
    """Return the tables of a section that holds one for each part."""
    return {
        key: {
            **({KIND: values[KIND]} if KIND in values else {}),
            **concealed(
                tables.get(f"[{section}.{values.get(KIND, key)}]"),
                {name: value for name, value in values.items() if name != KIND},
            ),
        }
        for key, values in given.items()
    }


def _table(values: Mapping[str, Any], path: str) -> Iterator[str]:
    tables = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    for name, value in values.items():
        if name not in tables and value is not None:
            yield f"{_key(name)} = {toml(value)}"
    for name, value in tables.items():
        if value:
            yield from ["", f"[{path}{_key(name)}]"]
            yield from _table(value, f"{path}{_key(name)}.")

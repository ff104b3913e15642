"""Make an extension from what the settings say of it.

In: a kind, a name and a table of values, as they stand in redshank.toml under, say, `[sinks.webhook]`. Out: the
extension, or every mistake at once. The one idea: an extension's settings are the fields of its dataclass, so there is
no second list of them anywhere.
Source: https://docs.pydantic.dev/latest/concepts/type_adapter/ for how values become fields.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from redshank.core.errors import ConfigError
from redshank.core.registry import Kind, alternatives

T = TypeVar("T")
SHOWN = 60  # characters of a wrong value that its message repeats
SECRET = ("password", "secret", "token", "key")


def configured(kind: Kind[T], name: str, values: Mapping[str, Any], where: str) -> T:
    """Make the extension `name`.

    Args:
        kind: What it is one of; its implementations are dataclasses.
        name: Which.
        values: Its fields.
        where: The table that they stand in, for messages, for example "sinks.webhook".

    Raises:
        ConfigError: If there is no such extension or field, one is missing, or a value is not allowed; all at once.

    Example:
        >>> from redshank.alerts.sink import SINKS
        >>> configured(SINKS, "eve", {"path": "eve.json"}, "sinks.eve").path.name
        'eve.json'
    """
    found = kind.find(name)
    assert is_dataclass(found), f"{found} must be a dataclass"
    known = {field.name: field for field in fields(found) if field.init}
    problems = [
        f"{where}.{given}: there is no such setting; {alternatives(given, known)}"
        for given in values
        if given not in known
    ]
    needed = [n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING and n not in values]
    problems += [f"{where}.{missing}: nothing given, and it has no default" for missing in needed]
    wrong, made = _made(found, {n: v for n, v in values.items() if n in known}, needed, where)
    if problems or wrong:
        raise ConfigError([*problems, *wrong])
    assert made is not None
    return made


def _made(found: type[T], values: dict[str, Any], needed: list[str], where: str) -> tuple[list[str], T | None]:
    try:
        return [], TypeAdapter(found).validate_python(values)
    except ConfigError as error:
        return [f"{where}: {problem}" for problem in error.problems], None
    except ValidationError as error:
        lines = []
        for item in error.errors():
            name = ".".join(str(part) for part in item["loc"])
            if name in needed:
                continue
            hidden = any(word in name for word in SECRET)
            given = "what was given" if hidden else repr(item["input"])[:SHOWN]
            lines.append(f"{where}.{name}: {given} is not allowed: {item['msg'][:1].lower()}{item['msg'][1:]}")
        return lines, None

"""Make an extension from what the settings say of it.

In: a kind, a name and a table of values, as they stand in redshank.toml under, say, `[sinks.webhook]`. Out: the
extension, or every mistake at once. The one idea: an extension's settings are the arguments that it is made with, so
there is no second list of them anywhere.
Source: https://docs.pydantic.dev/latest/concepts/models/ for how values become arguments.
"""

import inspect
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, create_model, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from redshank.core.concealed import SECRET, masked
from redshank.core.errors import ConfigError
from redshank.core.registry import Kind, alternatives

T = TypeVar("T")
SHOWN = 60  # characters of a wrong value that its message repeats
WANTED = {
    "dict_type": "write a table, with settings of its own",
    "model_type": "it is a section, with settings of its own",
    "path_type": "write a path in quotes",
    "tuple_type": 'write a list, as in ["one", "two"]',
}
"""What is wanted, where pydantic's own words are for programmers; by the type of its error."""


class Checked(BaseModel):
    """Settings whose numbers are numbers: `true` is none, though Python takes it for 1."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        annotation = cls.model_fields[info.field_name or ""].annotation
        kinds = {annotation, *get_args(annotation)}
        if isinstance(value, bool) and kinds & {int, float} and bool not in kinds:
            raise PydanticCustomError("number_type", "input should be a number")
        return value


def configured(kind: Kind[T], name: str, values: Mapping[str, Any], where: str, named: str = "") -> T:
    """Make the extension `name`.

    Args:
        kind: What it is one of.
        name: Which.
        values: Its arguments.
        where: The table that they stand in, for messages, for example "sinks.webhook".
        named: The setting that names the extension, for messages, if it is not that table.

    Raises:
        ConfigError: If there is no such extension or argument, one is missing, or a value is not allowed; all at once.

    Example:
        >>> from redshank.alerts.sink import SINKS
        >>> configured(SINKS, "eve", {"path": "eve.json"}, "sinks.eve").path.name
        'eve.json'
    """
    return made_of(kind.find(name, named or where), values, where)


def made_of(found: type[T], values: Mapping[str, Any], where: str) -> T:
    """Make an object of a class; arguments and errors as of `configured`."""
    arguments = arguments_of(found)
    try:
        given = arguments.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(_problem(item, where, list(arguments.model_fields)) for item in error.errors()) from None
    try:
        return found(**{name: getattr(given, name) for name in arguments.model_fields})
    except ConfigError as error:
        raise ConfigError(_placed(problem, where) for problem in error.problems) from None


def arguments_of(found: type) -> type[BaseModel]:
    """Return the arguments of a class as a model that checks them."""
    made = {one.name: one.default_factory for one in fields(found)} if is_dataclass(found) else {}
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(found, eval_str=True).parameters.items():
        default = ... if parameter.default is parameter.empty else parameter.default
        factory = made.get(name, MISSING)
        arguments[name] = (parameter.annotation, default if factory is MISSING else Field(default_factory=factory))
    return create_model(found.__name__, __base__=_Arguments, **arguments)


class _Arguments(Checked):
    model_config = ConfigDict(extra="forbid", protected_namespaces=(), arbitrary_types_allowed=True)


def _problem(item: ErrorDetails, where: str, known: list[str]) -> str:
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"{where}.{name}: there is no such setting; {alternatives(name, known)}"
    if item["type"] == "missing":
        return f"{where}.{name}: nothing given, and it has no default"
    hidden = any(word in name for word in SECRET)
    given = "what was given" if hidden else masked(repr(item["input"]))[:SHOWN]
    return f"{where}.{name}: {given} is not allowed: {wanted(item)}"


def wanted(item: ErrorDetails) -> str:
    """Say what is wanted in place of a value that was refused."""
    return WANTED.get(item["type"], item["msg"][:1].lower() + item["msg"][1:])


def _placed(problem: str, where: str) -> str:
    """Say where a problem is, unless it says so itself."""
    own = where.partition(".")[0]
    return problem if problem.startswith(f"{own}.") else f"{where}: {problem}"

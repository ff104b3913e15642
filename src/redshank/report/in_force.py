"""The settings in force, one by one: value, meaning, and where each comes from.

In: `Settings`, the file that they were read from, and what its free tables are made of. Out: rows for a page. The one
idea: a secret is never in a row: it is left out here, before anything can show it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from redshank.config import KIND, Respond, Settings, place_of
from redshank.core.concealed import HIDDEN, concealed, shown
from redshank.core.configured import arguments_of
from redshank.core.described import described
from redshank.report.settings import toml

DEFAULT = "default"


@dataclass(frozen=True)
class Chosen:
    """A setting in force.

    Args:
        name: Within its section.
        value: As a settings file has it; "" for none; HIDDEN if it is a secret.
        default: What it is if nobody sets it; "" for none.
        place: Where it comes from: file and line, an environment variable, or DEFAULT.
        meaning: In words.
    """

    name: str
    value: str
    default: str
    place: str
    meaning: str

    @property
    def is_default(self) -> bool:
        """Tell whether nobody chose it."""
        return self.place == DEFAULT


@dataclass(frozen=True)
class Part:
    """A section of the settings.

    Args:
        heading: As in the file; "" for what stands before the first.
        meaning: In words.
        chosen: Its settings.
    """

    heading: str
    meaning: str
    chosen: tuple[Chosen, ...]


class InForce:
    """Reads what is in force.

    Args:
        settings: The settings.
        path: The file that they were read from, if any.
        tables: What is made of tables that no section names, by heading, as `site.tables` has it.
    """

    def __init__(self, settings: Settings, path: Path | None, tables: Mapping[str, type]) -> None:
        self._settings, self._path, self._tables = settings, path, tables
        try:
            self._text = path.read_text() if path else ""
        except (OSError, UnicodeDecodeError):  # it was there when the settings were read
            self._text = ""

    def parts(self) -> list[Part]:
        """Return all sections, in the order of a settings file."""
        return [part for part in self._parts() if part.chosen]

    def _parts(self) -> Iterator[Part]:
        plain, sections = [], []
        for name, field in Settings.model_fields.items():
            value = getattr(self._settings, name)
            if isinstance(value, BaseModel):
                sections.append(Part(f"[{name}]", _first(type(value)), tuple(self._section(value, name))))
                if isinstance(value, Respond):
                    sections += self._rules(value.rules)
            elif isinstance(value, tuple):
                sections += [
                    Part(f"[[{name}]] {at + 1}", field.description or "", tuple(self._section(one, f"{name}.{at}")))
                    for at, one in enumerate(value)
                ]
            elif isinstance(value, Mapping):
                sections += [self._table(name, key, given) for key, given in value.items()]
            else:
                default = field.get_default()
                plain.append(self._chosen(name, name, value, default, field.description or ""))
        yield Part("", "What stands before the first section.", tuple(plain))
        yield from sections

    def _section(self, model: BaseModel, where: str) -> Iterator[Chosen]:
        for name, field in type(model).model_fields.items():
            value = getattr(model, name)
            if (where, name) == ("respond", "rules"):
                continue  # each has a part of its own
            default = field.get_default(call_default_factory=True)
            yield self._chosen(f"{where}.{name}", name, value, default, field.description or "")

    def _rules(self, rules: tuple[Mapping[str, Any], ...]) -> list[Part]:
        found = self._tables.get("[[respond.rules]]")
        return [
            Part(f"[[respond.rules]] {at + 1}", "", tuple(self._arguments(found, values, f"respond.rules.{at}")))
            for at, values in enumerate(rules)
        ]

    def _table(self, kind: str, key: str, values: Mapping[str, Any]) -> Part:
        found = self._tables.get(f"[{kind}.{values.get(KIND, key)}]")
        given = {name: value for name, value in values.items() if name != KIND or found is None}
        return Part(
            f"[{kind}.{key}]", _first(found) if found else "", tuple(self._arguments(found, given, f"{kind}.{key}"))
        )

    def _arguments(self, found: type | None, values: Mapping[str, Any], where: str) -> Iterator[Chosen]:
        if found is None:  # nobody knows what of it is a secret
            for name in values:
                yield Chosen(name, HIDDEN, "", self._place(f"{where}.{name}", chosen=True), "There is no such setting.")
            return
        told, given = described(found), concealed(found, values)
        for name, field in arguments_of(found).model_fields.items():
            default = None if field.is_required() else field.get_default(call_default_factory=True)
            yield self._chosen(f"{where}.{name}", name, given.get(name, default), default, told.get(name, ""))

    def _chosen(self, where: str, name: str, value: object, default: object, meaning: str) -> Chosen:
        default = None if default is PydanticUndefined else default
        place = self._place(where, chosen=value != default)
        return Chosen(name, _written(value), _written(default), place, " ".join(meaning.split()))

    def _place(self, where: str, *, chosen: bool) -> str:
        found = place_of(where, self._path, self._text)
        return found or (str(self._path or "the program that asked") if chosen else DEFAULT)


def _written(value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, BaseModel):
        value = value.model_dump()
    return HIDDEN if value == HIDDEN else toml(shown(value))


def _first(found: type) -> str:
    return " ".join((found.__doc__ or "").split("\n\n", maxsplit=1)[0].split())

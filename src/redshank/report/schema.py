"""The JSON Schema of a settings file, for editors and for whoever checks files without us.

In: `Settings`, and what its free tables are made of. Out: one schema. The one idea: the tables of sinks, detectors,
backends and rules are described by the classes that are made of them, so that it refuses the names that we refuse.
What a class finds out by itself (whether a file is there, whether two settings go together) no schema can say.
Source: https://json-schema.org/draft/2020-12
"""

from collections.abc import Mapping
from typing import Any

from redshank.config import KIND, Settings
from redshank.core.configured import arguments_of
from redshank.core.described import described

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ANY_NAME = "sinks"
"""The section whose tables may have any name, with their kind inside."""


def schema(tables: Mapping[str, type]) -> dict[str, Any]:
    """Return the schema.

    Args:
        tables: What is made of tables that no section of `Settings` names, by the table's heading.

    Example:
        >>> from redshank.alerts.sinks.eve import Eve
        >>> made = schema({"[sinks.eve]": Eve})
        >>> made["$defs"]["sinks.eve"]["required"], made["properties"]["sinks"]["properties"]["eve"]["else"]
        (['path'], {'$ref': '#/$defs/sinks.eve'})
    """
    made = Settings.model_json_schema()
    known = made["$defs"]
    for heading, found in tables.items():
        name = heading.strip("[]")
        section, _, key = name.partition(".")
        table = _of_class(found, known)
        known[name] = table
        holder = made["properties"][section]
        if "$ref" in holder:  # a section: what is described here is one of its settings, or each of a list
            place = known[holder["$ref"].rpartition("/")[2]]["properties"][key]
            _describe(place, name, several=heading.startswith("[["))
        else:
            holder.setdefault("properties", {})[key] = {"$ref": f"#/$defs/{name}"}
            holder["additionalProperties"] = False
            if section == _ANY_NAME:
                table["properties"][KIND] = {"const": key, "description": "The sink, if the table has another name."}
    if sinks := made["properties"][_ANY_NAME].get("properties"):
        made["properties"][_ANY_NAME] |= _of_any_name(sinks)
    return {"$schema": DRAFT, **made}


def _describe(place: dict[str, Any], name: str, *, several: bool) -> None:
    for what in ("items", "additionalProperties", "type", "default"):
        place.pop(what, None)
    place |= {"type": "array", "items": {"$ref": f"#/$defs/{name}"}} if several else {"$ref": f"#/$defs/{name}"}


def _of_class(found: type, known: dict[str, Any]) -> dict[str, Any]:
    table = arguments_of(found).model_json_schema()
    known |= table.pop("$defs", {})
    told = described(found)
    for name, setting in table["properties"].items():
        if name in told:
            setting["description"] = told[name]
    return table


def _of_any_name(named: Mapping[str, Any]) -> dict[str, Any]:
    """Describe tables of which the kind decides if it is given, else the name."""
    has_kind = {"type": "object", "required": [KIND]}
    by_kind = {
        "required": [KIND],
        "properties": {KIND: {"enum": list(named)}},
        "allOf": [
            {"if": {**has_kind, "properties": {KIND: {"const": name}}}, "then": table} for name, table in named.items()
        ],
    }
    return {
        "properties": {name: {"if": has_kind, "then": by_kind, "else": table} for name, table in named.items()},
        "additionalProperties": {"type": "object", **by_kind},
    }

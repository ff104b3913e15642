"""Write the reference pages that follow from the code: FLOW and VERDICT, settings, commands, extensions.

In: the schemas, the settings, the command line and the folders of extensions. Out: docs/reference/*.md. A test compares
them with the code, so they cannot fall behind; `make docs` writes them anew.
"""

import ast
import inspect
import io
import re
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel

from redshank import commands
from redshank.alerts.sink import SINKS
from redshank.config import Settings
from redshank.core.schema import DEVICE_FIELDS, FLOW_FIELDS, VERDICT_FIELDS, Field

ROOT = Path(__file__).resolve().parents[1]
WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    tuple[str, ...]: "list of texts",
}
HEAD = "<!-- Written by `make docs`; change the code, not this page. -->\n\n"
KINDS = {
    "Packet sources": "capture/sources",
    "Flow sources": "flows/sources",
    "Services": "flows/services",
    "Feature sets": "features/feature_sets",
    "Detectors": "detect/detectors",
    "Sinks": "alerts/sinks",
    "Backends": "respond/backends",
    "Datasets": "data/datasets",
    "Cleaning steps": "data/steps",
    "Protocols": "data/protocols",
    "Models": "learn/models",
    "Selectors": "learn/selectors",
    "Query strategies": "active/strategies",
    "Experiments": "experiments/tables",
}


def pages() -> dict[str, str]:
    """Return every reference page by its file name."""
    records = {"FLOW": FLOW_FIELDS, "DEVICE": DEVICE_FIELDS, "VERDICT": VERDICT_FIELDS}
    return {
        "records.md": HEAD + "# Records\n\n" + "\n".join(_fields(name, fields) for name, fields in records.items()),
        "settings.md": HEAD + _settings(),
        "commands.md": HEAD + _commands(),
        "extensions.md": HEAD + _extensions(),
        "sinks.md": HEAD + _sinks(),
    }


def _fields(name: str, fields: tuple[Field, ...]) -> str:
    rows = "".join(f"| `{f.name}` | {f.type} | {f.unit} | {f.meaning} |\n" for f in fields)
    return f"## {name}\n\n| field | type | unit | meaning |\n| --- | --- | --- | --- |\n{rows}"


def _settings() -> str:
    lines = [
        "# Settings\n\nA TOML file (`--config redshank.toml`); the environment wins over it.\n",
        "| setting | default | meaning | environment |\n| --- | --- | --- | --- |",
    ]
    lines += _rows(Settings, "")
    return "\n".join(lines) + "\n"


def _rows(model: type[BaseModel], prefix: str) -> list[str]:
    rows = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            rows += _rows(inner, f"{prefix}{name}.")
            continue
        several = [item for item in get_args(inner) if isinstance(item, type) and issubclass(item, BaseModel)]
        variable = "" if "[]" in prefix else f"`REDSHANK_{prefix.replace('.', '__').upper()}{name.upper()}`"
        default = "" if field.default is None else f"`{field.default}`"
        meaning = " ".join((field.description or "").split())
        rows.append(f"| `{prefix}{name}` | {default} | {meaning} | {variable} |")
        for item in several:
            rows += _rows(item, f"{prefix}{name}[].")
    return rows


def _commands() -> str:
    commands.add_commands()
    group = typer.main.get_command(commands.app)
    parts = [
        "# Commands\n\nEvery command explains itself with `--help`. Exit codes: 0 done, 1 failed, 2 wrong usage.\n"
    ]
    for path, command in _walk(group, "redshank"):
        text = (command.help or "").strip().split("\n\n")[0].replace("\n", " ")
        parts.append(f"## {path}\n\n{text}\n\n| option or argument | meaning |\n| --- | --- |")
        for parameter in command.params:
            names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
            parts.append(f"| {names} | {' '.join((getattr(parameter, 'help', '') or '').split())} |")
        parts.append("")
    return "\n".join(parts)


def _walk(command: Any, path: str) -> list[tuple[str, Any]]:  # noqa: ANN401  typer gives its own click classes
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(path, command)]
    own = [(path, command)] if command.invoke_without_command else []
    return [*own, *(item for name, child in sorted(inner.items()) for item in _walk(child, f"{path} {name}"))]


def _extensions() -> str:
    out = io.StringIO()
    out.write("# Extensions\n\nOne file each; the file name is the name in settings and on the command line.\n")
    for title, folder in KINDS.items():
        out.write(f"\n## {title}\n\n| name | what it is |\n| --- | --- |\n")
        for file in sorted((ROOT / "src" / "redshank" / folder).glob("[a-z]*.py")):
            text = (ast.get_docstring(ast.parse(file.read_text())) or "").split("\n\n")[0].replace("\n", " ")
            out.write(f"| `{file.stem}` | {text} |\n")
    return out.getvalue()


def _sinks() -> str:
    begin = (
        "# Settings of sinks\n\nOne table `[sinks.NAME]` in redshank.toml each; NAME is the sink, or any name with "
        '`kind = "..."` inside. [How to send alerts](../how-to/send-alerts.md) shows each in use.\n'
    )
    parts = [begin]
    for name in SINKS.names():
        sink = SINKS.find(name)
        meanings = _arguments(inspect.getdoc(sink) or "")
        parts.append(f"## {name}\n\n| setting | what it is | default | meaning |\n| --- | --- | --- | --- |")
        for setting in inspect.signature(sink, eval_str=True).parameters.values():
            default = "none: it must be given" if setting.default is setting.empty else _value(setting.default)
            parts.append(f"| `{setting.name}` | {_kind(setting.annotation)} | {default} | {meanings[setting.name]} |")
        parts.append("")
    return "\n".join(parts)


def _arguments(doc: str) -> dict[str, str]:
    """Return the meaning of each argument that a docstring in Google's form tells."""
    told = doc.partition("Args:\n")[2].partition("\n\n")[0]
    pieces = re.split(r"^ {4}(\w+): ", told, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def _kind(annotation: Any) -> str:  # noqa: ANN401  as the signature has it
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    if annotation in WORDS:
        return WORDS[annotation]
    return WORDS[next(part for part in get_args(annotation) if part is not type(None))]


def _value(default: object) -> str:
    return "" if default in (None, "") else f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    folder = ROOT / "docs" / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text)
        sys.stdout.write(f"docs/reference/{name}\n")

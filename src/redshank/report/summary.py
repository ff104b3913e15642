"""The end of a command: one summary, as text for a person or as one JSON object.

In: a title and sections; a section is a few named values, or a table of rows. Out: text on standard output.
The one idea: a command hands over plain values once and never formats; `--json` and the terminal then cannot disagree.
Text from the wire may stand in a cell, so control characters are escaped in both forms. JSON has no NaN and no
infinity (RFC 8259, section 6): both become null.
"""

import json
import math
import os
import select
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from numbers import Integral, Real
from typing import TypeAlias

from redshank.core.inert import inert

Cell: TypeAlias = str | int | float | None
Row: TypeAlias = Mapping[str, Cell]

TITLE_KEY = "title"
LINE = 100
"""Characters of a line of text that a person reads with ease; a longer sentence is broken."""
TABLE = 120
"""Characters of the names of columns above which they are broken."""
LEAST = 8
"""Characters that the name of a column may always take."""
NOTHING = "  (none)"


@dataclass(frozen=True)
class Section:
    """A part of a summary.

    Args:
        title: What a person reads above it. Its JSON key is the title in lower case with underscores.
        rows: A mapping is a list of named values; a list of mappings is a table, its columns in order of appearance.

    Example:
        >>> Section("Flows by service", {"dns": 3}).key
        'flows_by_service'
    """

    title: str
    rows: Sequence[Row] | Row

    @property
    def key(self) -> str:
        """Return the section's key in the JSON form."""
        return "_".join("".join(c if c.isalnum() else " " for c in self.title.lower()).split())


def time_text(at_s: float | None) -> str | None:
    """Return a time as a person reads it, in UTC; what has none stays so.

    Example:
        >>> time_text(1.7e9)
        '2023-11-14 22:13:20'
    """
    return None if at_s is None else datetime.fromtimestamp(at_s, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")


def show(title: str, sections: Sequence[Section], *, as_json: bool, within_s: float | None = None) -> None:
    """Write a summary to standard output.

    Args:
        title: What was done, in a few words.
        sections: The parts, in the order in which they are read.
        as_json: One JSON object on one line instead of text.
        within_s: How long the reader of a pipe may take; None: as long as it likes.

    Raises:
        ValueError: If two sections share a key, or one is called "title".
        TimeoutError: If the reader took longer; part of it may be written.
    """
    if within_s is not None and not sys.stdout.isatty() and (descriptor := _descriptor()) is not None:
        text = f"{to_json(title, sections)}\n" if as_json else to_text(title, sections)
        _write(descriptor, text.encode(errors="replace"), time.monotonic() + within_s)
        return
    if as_json:
        sys.stdout.write(to_json(title, sections) + "\n")
    elif sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415  takes time that neither JSON nor a pipe needs
        from rich.text import Text  # noqa: PLC0415  as above

        console = Console(file=sys.stdout, highlight=False)
        headings = {inert(title), *(inert(section.title) for section in sections)}
        for line in to_text(title, sections).splitlines():
            console.print(Text(line, style="bold" if line in headings else ""), soft_wrap=True)
    else:
        sys.stdout.write(to_text(title, sections))
    sys.stdout.flush()


def _descriptor() -> int | None:
    """Return what standard output is to the system; None where a program put something of its own in its place."""
    try:
        return sys.stdout.fileno()
    except (OSError, ValueError):
        return None


def _write(descriptor: int, text: bytes, until_s: float) -> None:
    """Write whenever there is room, so that no write ever waits; a pipe that is ready has room for so much at least."""
    while text:
        if not select.select([], [descriptor], [], max(0.0, until_s - time.monotonic()))[1]:
            raise TimeoutError("nobody reads standard output")
        text = text[os.write(descriptor, text[: select.PIPE_BUF]) :]


def to_json(title: str, sections: Sequence[Section]) -> str:
    """Return the summary as one JSON object on one line.

    Raises:
        ValueError: If two sections share a key, or one is called "title".

    Example:
        >>> to_json("demo", [Section("Counts", {"flows": 2, "rate": float("nan")})])
        '{"title": "demo", "counts": {"flows": 2, "rate": null}}'
    """
    _check_keys(sections)
    content: dict[str, object] = {TITLE_KEY: title}
    for section in sections:
        if isinstance(section.rows, Mapping):
            content[section.key] = _json_row(section.rows)
        else:
            content[section.key] = [_json_row(row) for row in section.rows]
    return json.dumps(content, allow_nan=False)


def to_text(title: str, sections: Sequence[Section]) -> str:
    """Return the summary as aligned text, numbers to the right.

    Raises:
        ValueError: If two sections share a key, or one is called "title".

    Example:
        >>> print(to_text("demo", [Section("Counts", {"flows": 12345, "seconds": 0.25})]), end="")
        demo
        <BLANKLINE>
        Counts
          flows    12,345
          seconds    0.25
    """
    _check_keys(sections)
    lines = [inert(title)]
    for section in sections:
        lines += ["", inert(section.title)]
        if isinstance(section.rows, Mapping):
            lines += _named(section.rows)
        else:
            names = list(dict.fromkeys(name for row in section.rows for name in row))
            lines += _table(names, [[row.get(name) for row in section.rows] for name in names])
    return "\n".join(lines) + "\n"


def _check_keys(sections: Sequence[Section]) -> None:
    keys = [TITLE_KEY, *(section.key for section in sections)]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"summary: the section key '{key}' is used more than once")


def _json_row(row: Row) -> dict[str, Cell]:
    plain = {name: _plain(value) for name, value in row.items()}
    return {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in plain.items()}


def _plain(value: object) -> Cell:
    # Values often come straight out of arrays: numpy's numbers are Integral or Real, but json does not know them all.
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"summary: {value!r} is neither text nor a number")


def _named(row: Row) -> list[str]:
    """Write named values, a long sentence on several lines."""
    if not row:
        return [NOTHING]
    lines = []
    for line in _aligned([list(row), list(row.values())], []):
        behind = max(len(inert(name)) for name in row) + 4
        broken = len(line) > behind + LINE
        lines += _broken(line, behind + LINE, " " * behind) if broken else [line]
    return lines


def _table(names: Sequence[str], columns: Sequence[Sequence[Cell]]) -> list[str]:
    """Write a table; the names of columns of a wide one are broken to the width of what stands below."""
    if not columns or not columns[0]:
        return [NOTHING]
    whole = _aligned(columns, [[inert(name)] for name in names])
    if len(whole[0]) <= TABLE:
        return whole
    widths = [max(len(_cell(value)) for value in column) for column in columns]
    heads = [_broken(inert(name), max(w, LEAST)) for name, w in zip(names, widths, strict=True)]
    most = max(map(len, heads))
    return _aligned(columns, [[""] * (most - len(head)) + head for head in heads])


def _broken(text: str, width: int, indent: str = "") -> list[str]:
    """Break a text at its blanks alone."""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _aligned(columns: Sequence[Sequence[Cell]], heads: Sequence[Sequence[str]]) -> list[str]:
    """Align columns below the lines of their heads; numbers stand to the right."""
    padded = []
    for i, column in enumerate(columns):
        cells = [*(heads[i] if heads else []), *map(_cell, column)]
        width = max(len(cell) for cell in cells)
        numeric = any(isinstance(value, Real) for value in column) and not any(isinstance(v, str) for v in column)
        padded.append([cell.rjust(width) if numeric else cell.ljust(width) for cell in cells])
    return ["  " + "  ".join(cells).rstrip() for cells in zip(*padded, strict=True)]


def _cell(value: Cell) -> str:
    plain = _plain(value)
    if plain is None:
        return "-"
    if isinstance(plain, str):
        return inert(plain)
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, int):
        return f"{plain:,}"
    return f"{plain:,.0f}" if math.isfinite(plain) and abs(plain) >= 1000 else f"{plain:.4g}"

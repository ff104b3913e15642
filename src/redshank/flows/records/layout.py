r"""What a log of flows is, told by its first bytes.

In: the first stretch of a file, and which of Zeek's logs it should be. Out: its layout (Zeek's tab-separated form, JSON
lines, or a table with a header) and where its rows begin; or a SourceError that names what the file is instead.
Zeek's form describes itself: `#separator \x09`, then `#fields`, `#types` and others, each a line (a log of another tool
may leave some out; Zeek's defaults then hold).
Source: https://docs.zeek.org/en/master/log-formats.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from redshank.core.errors import SourceError
from redshank.flows.records.conn_log import EMPTY, FLOW_NAMES, LABEL_NAMES, UNSET

LOG = "conn"
"""Zeek's name of the log of connections."""

_CAPTURES = ("d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a")
_BOM = b"\xef\xbb\xbf"
_SHOWN = 40
_SIGNS_OF_CONN = {"conn_state", "history", "src_bytes", "dst_bytes", "src_pkts", "dst_pkts"}


@dataclass(frozen=True)
class Layout:
    r"""How the rows of a log are laid out.

    Args:
        form: "tsv" (Zeek's own), "json" (one object a line) or "table" (a header line, then rows).
        separator: One character between fields.
        empty, unset: What the log writes for an empty and for an absent value.
        path: Zeek's name of the log, if it says one.
        fields: Names of the columns; empty for JSON.

    Example:
        >>> head = b"#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.resp_h\thistory\n"
        >>> layout, rows_at = recognize(head, "conn.log")
        >>> layout.form, layout.path, len(layout.fields)
        ('tsv', 'conn', 4)
    """

    form: Literal["tsv", "json", "table"]
    separator: str = "\t"
    empty: str = EMPTY
    unset: str = UNSET
    path: str | None = None
    fields: tuple[str, ...] = ()

    def told(self, line: bytes) -> "Layout":
        """Return the layout after one more `#` line; a line that says nothing about it changes nothing."""
        text = line.decode("utf-8", "replace").strip(" \r\n").lstrip("\t")
        if text.startswith("#separator"):
            given = text[len("#separator") :].strip(" ")
            found = re.fullmatch(r"\\x([0-7][0-9A-Fa-f])", given)
            separator = chr(int(found[1], 16)) if found else given
            return replace(self, separator=separator) if len(separator) == 1 and separator.isascii() else self
        name, _, value = text.partition(self.separator)
        if name == "#fields":
            return replace(self, fields=tuple(value.split(self.separator)))
        if name == "#path":
            return replace(self, path=value)
        if name == "#empty_field":
            return replace(self, empty=value)
        return replace(self, unset=value) if name == "#unset_field" else self

    def columns(self, names: Mapping[str, str] = FLOW_NAMES) -> dict[str, int]:
        """Return by our name where the log has that column; the first of two wins.

        Args:
            names: Our name by the log's.
        """
        found: dict[str, int] = {}
        for i, name in enumerate(self.fields):
            if name in names:
                found.setdefault(names[name], i)
        return found

    def labels(self) -> dict[str, int]:
        """Return where a labelled log has its `label` and `detailed_label`."""
        return {LABEL_NAMES[name]: i for i, name in enumerate(self.fields) if name in LABEL_NAMES}


def has_begun(first: bytes) -> bool:
    r"""Return whether a log that grows has its header already, or is none of Zeek's tab-separated ones.

    Example:
        >>> has_begun(b""), has_begun(b"#separator \\x09\n#path\tconn\n"), has_begun(b'{"ts":1}\n')
        (False, False, True)
    """
    lines = [line.strip() for line in first.split(b"\n")]
    return any(line and (not line.startswith(b"#") or line.startswith(b"#fields")) for line in lines)


def recognize(first: bytes, where: str, log: str = LOG, needs: str = "") -> tuple[Layout, int]:
    """Tell a log by its first bytes.

    Args:
        first: The beginning of the file, whole lines, at least all of its header.
        where: The file, for the message.
        log: Zeek's name of the log that it should be.
        needs: For another log than conn, a column that it must have.

    Returns:
        The layout, and where in `first` the rows begin.

    Raises:
        SourceError: If it is not that log; what was found is named.
    """
    if not first.strip():
        raise SourceError(f"{where}: empty, not even a '#fields' line; name a {log}.log of Zeek")
    if first[:4].hex() in _CAPTURES:
        raise SourceError(f"{where}: a packet capture, not a {log}.log; read it as packets: redshank flows -r")
    layout = Layout("tsv")
    at = len(_BOM) if first.startswith(_BOM) else 0
    while at < len(first):
        end = first.find(b"\n", at) + 1 or len(first)
        line = first[at:end].strip()
        if line.startswith(b"#"):
            layout = layout.told(first[at:end])
        elif line and layout.fields:
            break
        elif line:
            return _without_header(line, where, at, end, log, needs)
        at = end
    if not layout.fields:
        raise SourceError(f"{where}: no '#fields' line among its '#' lines; name a whole {log}.log of Zeek")
    if layout.path not in {None, log}:
        raise SourceError(f"{where}: Zeek's log {layout.path!a}, not '{log}'; name the {log}.log beside it")
    _check(set(layout.columns()), layout.fields, where, log, needs)
    return layout, at


def _without_header(line: bytes, where: str, at: int, end: int, log: str, needs: str) -> tuple[Layout, int]:
    if line.startswith(b"{"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise SourceError(f"{where}: its first line is broken JSON: {line[:_SHOWN]!r}") from None
        if row.get("_path", log) != log:
            raise SourceError(f"{where}: Zeek's log {row['_path']!a}, not '{log}'; name the {log}.log beside it")
        if log == LOG:  # another log leaves out what a row does not have
            _check({FLOW_NAMES[name] for name in row if name in FLOW_NAMES}, tuple(row), where, log, needs)
        return Layout("json"), at
    names = tuple(name.strip(' "') for name in line.decode("utf-8", "replace").split(","))
    if log != LOG or not set(names) & set(FLOW_NAMES):
        raise SourceError(
            f"{where}: not a {log}.log: no '#fields' line, no JSON and no header; it starts with {line[:_SHOWN]!r}"
        )
    layout = Layout("table", separator=",", fields=names)
    _check(set(layout.columns()), names, where, log, needs)
    return layout, end


def _check(known: set[str], names: tuple[str, ...], where: str, log: str, needs: str) -> None:
    shown = ", ".join(repr(name[:_SHOWN]) for name in names[:8])
    if log != LOG:
        if needs not in names:
            raise SourceError(f"{where}: not a {log}.log: it lacks '{needs}'; it has {shown}")
        return
    # dns.log, http.log and others have the two addresses too; only conn.log counts packets or bytes.
    if not {"src_ip", "dst_ip"} <= known or not known & _SIGNS_OF_CONN:
        raise SourceError(
            f"{where}: not a conn.log: it lacks addresses, or counts of packets and bytes; it has {shown}"
        )

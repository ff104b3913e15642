"""Stand-ins for published tables: a few rows under a file's own name."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from redshank.data.tables import INDEX, Published

Rows = Sequence[Mapping[str, str]]


def text_of(known: Published, rows: Rows, *, end: str = "\n", mark: bool = False) -> bytes:
    """Return the content of a file of these rows; what a row does not say is 0, or - in a column of text."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=known.separator or ",", lineterminator=end)
    if known.header:
        writer.writerow(["" if name == INDEX else name for name in known.columns])
    for row in rows:
        writer.writerow([row.get(name, "-" if name in known.text else "0") for name in known.columns])
    return out.getvalue().encode("utf-8-sig" if mark else "utf-8")


def stand_in(place: Path, known: Published, rows: Rows, classes: Mapping[str, str], content: bytes = b"") -> Published:
    """Write these rows into the folder `place` as the file; what is returned takes it for the published one."""
    data = content or text_of(known, rows)
    (place / known.name).write_bytes(data)
    counts = Counter(classes[row[known.label]] for row in rows)
    return replace(known, sha256=hashlib.sha256(data).hexdigest(), counts=counts)

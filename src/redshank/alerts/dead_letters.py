"""Alerts that no sink took, kept for a person: JSON lines in a file of bounded size.

In: rows that were given up. Out: a line each with the sink, the reason, and the whole alert. A full file is set aside
as `NAME.1`, the one before as `NAME.2`, and so on; what falls off the end is counted, for it is lost. A row that comes
back because its end was not noted, for a kill or a store that refused, gets no second line and is not counted again.
"""

import json
import threading
from itertools import pairwise
from pathlib import Path

from redshank.alerts.outbox import Due
from redshank.core.files import append_line, has_line
from redshank.core.metrics import LOST, Metrics

MOST_BYTES = 16 * 2**20
KEPT = 3


class LetterFile:
    """A file of dead letters.

    Args:
        path: Where it is; its folder must exist.
        metrics: Counted into: `redshank_dead_letters_total`, and as `dropped` the files that fell off the end.
        most_bytes: Size at which it is set aside.
        kept: How many full files are kept beside it.
    """

    def __init__(self, path: Path, metrics: Metrics, *, most_bytes: int = MOST_BYTES, kept: int = KEPT) -> None:
        self._path = path
        self._metrics = metrics
        self._most_bytes = most_bytes
        self._kept = kept
        self._lock = threading.Lock()

    def bury(self, row: Due, error: str, at_s: float) -> None:
        """Append the row.

        Raises:
            OSError: If it cannot be written; nothing is lost then, the row is still in the outbox.
        """
        letter = {"at_s": at_s, "sink": row.sink, "key": row.key, "tries": row.tries, "error": error}
        text = json.dumps({**letter, "alert": json.loads(row.alert.to_json())}).replace("\x7f", "\\u007f")
        line, key = f"{text}\n".encode("ascii"), f'"key": {json.dumps(row.key)}'.encode()
        with self._lock:
            if self._path.is_file() and self._path.stat().st_size + len(line) > self._most_bytes:
                self._set_aside()
            new = append_line(self._path, line, unless=lambda tail: has_line(tail, key, b"}}"))
        if new:
            self._metrics.count("redshank_dead_letters_total", sink=row.sink)

    def _set_aside(self) -> None:
        places = [self._path, *(self._path.with_name(f"{self._path.name}.{n + 1}") for n in range(self._kept))]
        if places[-1].exists():
            self._metrics.count(LOST, _lines(places[-1]), what="dead_letters")
            places[-1].unlink()
            self._metrics.count("redshank_dead_letter_files_dropped_total")
        for newer, older in reversed(list(pairwise(places))):
            if newer.exists():
                newer.rename(older)


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))

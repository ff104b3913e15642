"""What sources of other programs' records have in common.

In: what such a program wrote. Out: FLOW batches; nothing was metered here. A file that was printed once and does not
grow is looked at when the source is made, so that a wrong one is refused before any work, and read anew for each call
of `batches`.
"""

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from redshank.core.errors import ConfigError
from redshank.flows.records.log_file import regular
from redshank.flows.source import FlowSource

Columns = dict[str, pa.Array]


class RecordSource(FlowSource):
    """A source of records that another program made."""

    STAGE: ClassVar[str]
    """What its anomalies are counted under."""

    def __init__(self) -> None:
        self.anomalies = {}
        self.packets = 0
        self.packet_bytes = 0

    def _count(self, name: str, amount: int = 1) -> None:
        self._note(self.STAGE, name, amount)

    def _note(self, stage: str, name: str, amount: int) -> None:
        if amount:
            self.anomalies[stage, name] = self.anomalies.get((stage, name), 0) + amount


class PrintedTable(RecordSource):
    """A source of records in one finished file.

    Args:
        path: The file.

    Raises:
        ConfigError: If `path` does not exist.
        SourceError: If it is not what the source reads, or cannot be read.
    """

    WANTED: ClassVar[str]
    """What the path should name, for the message."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        if not path.is_file() and not path.is_fifo():
            is_not = "a folder, not a file" if path.is_dir() else "no such file"
            raise ConfigError(f"{path}: {is_not}; name {self.WANTED}")
        if regular(path):  # a pipe can be read only once
            next(self._tables(), None)
        self.anomalies.clear()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the file's flows; each call reads from the beginning.

        Raises:
            SourceError: If the file is not what the source reads, or cannot be read.
        """
        self.anomalies.clear()
        before = 0
        for columns, rows in self._tables():
            yield from (batch for batch in self._flows(columns, rows, before) if batch.num_rows)
            before += rows
        yield from self._rest()

    @abstractmethod
    def _tables(self) -> Iterator[tuple[Columns, int]]:
        """Give the records by the source's own names of columns, some thousand at a time, and how many they are."""

    @abstractmethod
    def _flows(self, columns: Columns, rows: int, before: int) -> Iterator[pa.RecordBatch]:
        """Give what is settled of these records; `before` of them came earlier."""

    def _rest(self) -> Iterator[pa.RecordBatch]:
        """Give what is not settled at the end."""
        yield from ()

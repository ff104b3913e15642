"""What a source of flows is: our own meter, or another tool's records.

In: packets or records. Out: FLOW batches (`core/schema.py`), in the order in which flows end.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

from redshank.core.registry import Kind

if TYPE_CHECKING:  # the help of every command names the sources, and needs no Arrow
    import pyarrow as pa


class FlowSource(ABC):
    """A source of FLOW batches.

    Wire data never raises: what cannot be read is counted in `anomalies` under `(stage, name)`. A source that is not
    what it says raises SourceError.
    """

    stopping: bool = False
    """Set by `stop`; a source that waits for more looks at it several times a second."""
    anomalies: dict[tuple[str, str], int]
    packets: int
    """Packets metered so far; 0 for records of other tools."""
    packet_bytes: int
    """Bytes on the wire metered so far."""

    def stop(self) -> None:
        """Ask a source that would wait for more (a wire, a growing log) to end as at the end of a file."""
        self.stopping = True

    @abstractmethod
    def batches(self) -> Iterator["pa.RecordBatch"]:
        """Give FLOW batches of bounded size."""


FLOW_SOURCES: Kind[FlowSource] = Kind("redshank.flows.sources", FlowSource, "flow source")

"""Which rows end their flow.

In: FLOW rows. Out: a mark for each. The one idea: a row that is not interim is its flow's last, and a record of another
tool, which says nothing of parts, is too.
"""

import pyarrow as pa
import pyarrow.compute as pc


def ended(flows: pa.RecordBatch | pa.Table) -> pa.BooleanArray | pa.ChunkedArray:
    """Tell of each row whether no other follows of its flow.

    Example:
        >>> ended(pa.RecordBatch.from_pydict({"part": ["interim", "final", None]})).to_pylist()
        [False, True, True]
    """
    part = flows.column("part")
    return pc.or_kleene(pc.is_null(part), pc.not_equal(part, "interim"))

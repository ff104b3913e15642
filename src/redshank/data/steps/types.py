"""Types: text columns that hold nothing but numbers become numbers.

In: a table. Out: the same with text columns converted where every value that is there is a number; `-`, `?` and other
ways to write that there is none become null. Looks at no class, so it may see all rows.
"""

from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from redshank.data.cleaning import TABLE, CleaningStep
from redshank.data.spelling import MISSING


class Types(CleaningStep):
    """Converts text columns of numbers."""

    ways: ClassVar = {"numbers": TABLE}

    def on_table(self, table: pa.Table) -> pa.Table:
        """Convert what can be converted."""
        converted = []
        for at, field in enumerate(table.schema):
            if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
                continue
            codes = table.column(at).combine_chunks().dictionary_encode()
            values = [None if text.strip().casefold() in MISSING else text for text in codes.dictionary.to_pylist()]
            numbers = _numbers(values)
            if numbers is not None:
                converted.append(field.name)
                table = table.set_column(at, field.name, pc.take(numbers, codes.indices))
        self.detail_ = f"text to numbers: {', '.join(converted) or 'none'}"
        return table


def _numbers(values: list[str | None]) -> pa.Array | None:
    """Return the values as numbers; None if one is none, or none is there."""
    if all(value is None for value in values):
        return None
    try:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    except ValueError:
        return None

"""Spelling: texts that differ only in blanks, case or the word for yes become one.

In: a table. Out: its text columns in canonical spelling, see `data/spelling.py`; what stands for a missing value is
null. Looks at no class, so it may see all rows.
"""

from typing import ClassVar

import pyarrow as pa

from redshank.data.cleaning import TABLE, CleaningStep
from redshank.data.spelling import MISSING, canonical


class Spelling(CleaningStep):
    """Gives each value one spelling."""

    ways: ClassVar = {"canonical": TABLE}

    def on_table(self, table: pa.Table) -> pa.Table:
        """Spell every text column in one way."""
        merged = []
        for at, field in enumerate(table.schema):
            if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
                continue
            codes = table.column(at).combine_chunks().dictionary_encode()
            before = codes.dictionary.to_pylist()
            after = [None if text.casefold() in MISSING else text for text in canonical(before)]
            if len(set(after)) < len(before):
                merged.append(f"{field.name} {len(before)} to {len(set(after))}")
            spelled = pa.array(after, field.type).take(codes.indices)
            table = table.set_column(at, field, spelled)
        self.detail_ = f"values in one spelling: {', '.join(merged) or 'each had one already'}"
        return table

"""Duplicates: training rows with the same model input become one, with the class that most of them have.

In: training rows. Out: distinct ones, their weights summed; how many vectors had rows of several classes is reported.
Protocol `leakfree` does this before it splits, which also keeps copies out of the test; here it is for protocols that
do not, and for rows that earlier steps made equal.
"""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from redshank.data.clean import deduplicate, groups
from redshank.data.cleaning import ROWS, CleaningStep, Rows


class Duplicates(CleaningStep):
    """Merges training rows with equal model input."""

    ways: ClassVar = {"exact": ROWS}

    def train(self, rows: Rows) -> Rows:
        """Merge equal rows."""
        distinct = deduplicate(rows.x, rows.y)
        weight = np.bincount(groups(rows.x), weights=rows.weight).astype(np.float32)
        self.detail_ = (
            f"{len(rows.y) - len(distinct.y):,} copies merged; {distinct.conflicts:,} vectors "
            f"({distinct.conflict_rows:,} rows) had more than one class"
        )
        return replace(rows, x=distinct.x, y=distinct.y, weight=weight)

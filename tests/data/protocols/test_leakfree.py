from pathlib import Path

import numpy as np
import pytest

from partitions import each, labelled, rows_of, ton_iot
from redshank.data.protocol import SHARES, partition
from redshank.data.protocols.leakfree import LeakFree


def example(place: Path) -> LeakFree:
    del place
    return LeakFree()


def test_vectors_are_split_by_the_shares() -> None:
    parts = partition(labelled(), protocol="leakfree", task="family")
    sizes = np.array([len(part) for part in each(parts)])
    assert (sizes / sizes.sum()).tolist() == pytest.approx(SHARES, abs=0.02)


def test_every_row_is_in_a_part() -> None:
    parts = partition(labelled(), protocol="leakfree", task="family", feature_set="own")
    assert sorted(row for part in each(parts) for row in rows_of(part)) == list(range(400))
    assert parts.feature_set is None
    assert not parts.scaled


@pytest.mark.data
@pytest.mark.parametrize(("task", "conflicts", "conflict_rows"), [("family", 148, 23_336), ("binary", 15, 7_522)])
def test_ton_iot_has_these_vectors(data: Path, task: str, conflicts: int, conflict_rows: int) -> None:
    # Counted on the release of 211,043 rows; without addresses and ports its own columns have 93,726 distinct rows.
    table = ton_iot(data)
    parts = partition(table, protocol="leakfree", task=task)
    assert parts.notes["distinct_vectors"] == 92_449
    assert parts.notes["conflicts"] == conflicts
    assert parts.notes["conflict_rows"] == conflict_rows
    assert len(parts.test) == pytest.approx(92_449 * 0.2, abs=5)
    assert all(set(range(len(parts.classes))) == set(part.y.tolist()) for part in each(parts))

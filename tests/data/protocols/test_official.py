from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from partitions import each, labelled, rows_of
from redshank.core.errors import ConfigError
from redshank.data.protocol import partition
from redshank.data.protocols.official import Official


def example(place: Path) -> Official:
    del place
    return Official()


def test_the_test_rows_are_the_datasets_own() -> None:
    data = labelled()
    assert data.official is not None
    parts = partition(data, protocol="official", task="family")
    assert rows_of(parts.test) == np.flatnonzero(data.official == "test").tolist()
    others = sorted(row for part in each(parts)[:3] for row in rows_of(part))
    assert others == np.flatnonzero(data.official == "train").tolist()


def test_repeats_of_training_vectors_are_counted_and_can_be_dropped() -> None:
    kept, dropped = (partition(labelled(), protocol="official", task="family", seen=seen) for seen in ("keep", "drop"))
    repeated = kept.notes["seen_before"]["test vectors"]
    assert repeated > 0
    assert len(dropped.test) == len(kept.test) - repeated
    assert "dropped_as_seen" not in kept.notes


def test_a_dataset_without_a_split_is_refused() -> None:
    with pytest.raises(ConfigError, match="protocol: 'drawn' has no official split; use 'leakfree' or 'group'"):
        partition(replace(labelled(), official=None), protocol="official", task="binary")

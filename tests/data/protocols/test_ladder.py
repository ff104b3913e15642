from pathlib import Path

import numpy as np
import pytest

from partitions import each, labelled, rows_of
from redshank.core.errors import ConfigError
from redshank.data.clean import groups
from redshank.data.grouping import grouping
from redshank.data.protocol import partition
from redshank.data.protocols.ladder import RUNGS, Ladder


def example(place: Path) -> Ladder:
    del place
    return Ladder(rung="deduplicated")


def test_each_rung_takes_more_away() -> None:
    found = {
        rung: [c.name for c in partition(labelled(600), protocol="ladder", task="binary", rung=rung).columns]
        for rung in RUNGS
    }
    assert found == {
        "paper": ["ts", "src_ip", "src_port", "http_uri", "size", "gap"],
        "time": ["src_ip", "src_port", "http_uri", "size", "gap"],
        "addresses": ["src_port", "http_uri", "size", "gap"],
        "ports": ["http_uri", "size", "gap"],
        "strings": ["size", "gap"],
        "deduplicated": ["size", "gap"],
        "group": ["size", "gap"],
    }


def test_the_first_rung_is_the_paper() -> None:
    rung, paper = (partition(labelled(), protocol=name, task="family", seed=4) for name in ("ladder", "paper"))
    for a, b in zip(each(rung), each(paper), strict=True):
        np.testing.assert_array_equal(a.x, b.x)
        np.testing.assert_array_equal(a.row, b.row)
    assert rung.notes["test_rows_seen_in_training"] == paper.notes["test_rows_seen_in_training"]


def test_the_last_rungs_share_no_vector_and_no_group() -> None:
    data = labelled(600)
    deduplicated, grouped = (
        partition(data, protocol="ladder", task="binary", rung=rung, by="source") for rung in RUNGS[-2:]
    )
    for parts in (deduplicated, grouped):
        number = groups(np.concatenate([part.x for part in each(parts)]))
        assert len(np.unique(number)) == len(number)
        assert parts.feature_set is None
    sources = [set(grouping(data, "source").number[rows_of(part)].tolist()) for part in each(grouped)]
    assert sum(map(len, sources)) == len(set().union(*sources))


def test_an_unknown_rung_is_named() -> None:
    with pytest.raises(ConfigError, match=r"protocol ladder: rung: no 'port'; did you mean 'ports'\?"):
        partition(labelled(), protocol="ladder", task="binary", rung="port")

from dataclasses import replace

import numpy as np
import pytest

from partitions import labelled
from redshank.core.errors import ConfigError
from redshank.core.schema import flow_batch
from redshank.data.grouping import grouping, known_groupings


def test_a_host_pair_has_no_direction() -> None:
    flows = flow_batch({"src_ip": ["a", "b", "a", None], "dst_ip": ["b", "a", "a", "b"]}, 4)
    data = replace(labelled(4), flows=flows)
    pairs = grouping(data, "host_pair")
    assert [pairs.names[at] for at in pairs.number] == ["a b", "a b", "a a", "- b"]
    assert pairs.by == "host_pair"
    sources = grouping(data, "source")
    assert [sources.names[at] for at in sources.number] == ["a", "b", "a", "-"]


def test_a_capture_and_a_column_can_be_groups() -> None:
    data = labelled(30)
    assert data.capture is not None
    captures = grouping(data, "capture")
    assert [captures.names[at] for at in captures.number] == data.capture.tolist()
    odd = grouping(data, "odd")
    assert set(odd.names) == {"true", "false"}
    assert len(np.unique(odd.number)) == 2


def test_what_a_dataset_does_not_know_is_refused() -> None:
    data = replace(labelled(30), flows=flow_batch({}, 30), capture=None)
    assert known_groupings(data) == []
    with pytest.raises(
        ConfigError, match=r"by: 'drawn' cannot be grouped by 'host_pair'; \(there are: ts, saddr, size"
    ):
        grouping(data, "host_pair")
    with pytest.raises(ConfigError, match=r"by: 'drawn' cannot be grouped by 'source'; \(there are: none\)"):
        grouping(replace(data, own=None), "source")

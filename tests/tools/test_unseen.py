import numpy as np
import pytest
import unseen

from bundles import tiny_bundle
from labelled import labelled
from redshank.features.feature_sets.conn import Conn


def drawn() -> unseen.Source:
    found = labelled(60)
    return unseen.Source("drawn", Conn().encode(found.flows), found.family != "benign")


def test_rates_are_of_rows_and_lie_in_their_intervals() -> None:
    told = unseen.judge(tiny_bundle(), drawn())
    for name in ("fpr", "recall"):
        rate = told[name]
        assert isinstance(rate, tuple)
        assert rate[1] <= rate[0] <= rate[2]
    assert told["auc"] is not None
    assert told["ece"] is not None


def test_a_file_counts_once_whatever_its_flows() -> None:
    alarm = np.arange(60) < 50
    file = (np.arange(60) >= 50).astype(np.int64)
    every = np.ones(60, dtype=bool)
    assert unseen._share(alarm, every, None)[0] == pytest.approx(50 / 60)
    assert unseen._share(alarm, every, file)[0] == 0.5

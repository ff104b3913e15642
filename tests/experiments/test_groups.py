import numpy as np

from labelled import labelled
from redshank.data.protocol import partition
from redshank.experiments.groups import each_row, false_alarms_by_group, group_of


def test_every_row_of_the_dataset_gets_the_value_of_its_vector() -> None:
    drawn = labelled(900)
    parts = partition(drawn, protocol="leakfree", task="binary")
    rows, values = each_row(parts.test, np.arange(len(parts.test)))
    assert len(rows) == parts.test.weight.sum()
    assert np.array_equal(rows, np.unique(rows))
    assert np.array_equal(values[np.isin(rows, parts.test.row)], np.argsort(parts.test.row))


def test_the_rate_of_a_group_is_over_its_own_benign_vectors() -> None:
    parts = partition(labelled(900), protocol="leakfree", task="binary")
    groups = group_of(parts, parts.test, "host_pair")
    worst = groups[parts.test.y == 0][0]
    alarm = (groups == worst) | (parts.test.y != 0)
    rates = false_alarms_by_group(alarm, parts, "host_pair")
    assert rates.max() == 1.0
    assert len(rates) <= len(np.unique(parts.groups["host_pair"].number))
    assert false_alarms_by_group(np.zeros(len(parts.test), bool), parts, "host_pair").max() == 0.0

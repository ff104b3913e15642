from dataclasses import replace
from pathlib import Path

import pytest

from labelled import labelled
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.group_toniot import GroupToniot


def example(place: Path) -> GroupToniot:
    del place
    return GroupToniot()


CELL = Cell("drawn", "lightgbm", protocol="group", protocol_settings={"by": "host_pair"}, settings={"rounds": 5})


def test_false_alarms_are_told_group_by_group() -> None:
    found = GroupToniot().measure(CELL, Data(lambda _: labelled(900)))
    assert found.figures["benign pairs"]
    low, mean, high = (found.figures[f"fpr by pair, mean{end}"] for end in ("_low", "", "_high"))
    assert low is not None
    assert mean is not None
    assert high is not None
    assert low <= mean <= high <= 1
    assert mean <= (found.figures["fpr by pair, worst"] or 0.0)


@pytest.mark.parametrize("where", ["first", "others"])
def test_local_flows_are_never_tested(where: str) -> None:
    data = Data(lambda _: labelled(900))
    cell = replace(CELL, options={"local": where})
    whole = data.parts(cell)
    found = GroupToniot().measure(cell, data)
    assert found.rows["local"] + found.rows["test"] == len(whole.test)
    for stage in ("as trained", "recalibrated", "refitted"):
        assert found.figures[f"fpr {stage}"] is not None
        worst, mean = (found.figures[f"recall {stage}, {which}"] for which in ("worst", "mean"))
        assert worst is not None
        assert mean is not None
        assert worst <= mean


def test_a_row_differs_from_another_in_what_decides_it() -> None:
    cells = GroupToniot().cells([0])
    assert len({cell.key for cell in cells}) == len(cells)
    stack = [cell for cell in cells if "any TCP stack" in cell.row]
    assert {cell.feature_set for cell in stack} == {"conn_any_stack"}
    assert {cell.options.get("copies") for cell in stack if "local" in cell.options} == {3}

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelled import labelled
from partitions import labelled as many_pairs
from redshank.experiments.cell import Cell, Outcome, Result
from redshank.experiments.experiment import Results
from redshank.experiments.measure import Data, calibrated_on
from redshank.experiments.tables import group_toniot
from redshank.experiments.tables.group_toniot import BLOCK, DONE, STAGES, GroupToniot, pooled
from redshank.learn.train import fit


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
def test_local_flows_are_never_tested(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_toniot, "LOCAL", 5)
    data = Data(lambda _: many_pairs(4000))
    cell = replace(CELL, options={"local": where}, seed=1)
    whole = data.parts(cell)
    found = GroupToniot().measure(cell, data)
    assert found.rows["local"] + found.rows["test"] <= len(whole.test)
    for stage in STAGES:
        assert found.figures[f"fpr {stage}"] is not None
        worst, mean = (found.figures[f"recall {stage}, {which}"] for which in ("worst", "mean"))
        assert worst is not None
        assert mean is not None
        assert worst <= mean


def test_a_pooled_threshold_lies_between_that_of_local_flows_and_that_of_the_others() -> None:
    data = Data(lambda _: labelled(900))
    parts = data.parts(CELL)
    trained = fit(parts, "lightgbm", settings={"rounds": 5})
    local = parts.test.take(np.flatnonzero(parts.test.y == 0)[:40])
    known = parts.calibration.take(np.flatnonzero(parts.calibration.y == 0))
    both = pooled(trained, parts, local, 0.1).thresholds["0.1"]
    apart = [calibrated_on(trained, part, 0.1).thresholds["0.1"] for part in (local, known)]
    assert min(apart) <= both <= max(apart)


def test_a_row_differs_from_another_in_what_decides_it() -> None:
    cells = GroupToniot().cells([0])
    assert len({cell.key for cell in cells}) == len(cells)
    stack = [cell for cell in cells if "any TCP stack" in cell.row]
    assert {cell.feature_set for cell in stack} == {"conn_any_stack"}
    assert {cell.options.get("copies") for cell in stack if "local" in cell.options} == {3}


def test_what_was_chosen_on_is_told_apart_from_later_splits() -> None:
    cells = [cell for cell in GroupToniot().cells(range(7)) if cell.row == "extra_trees, any TCP stack"]
    found = {}
    for cell in cells:
        if "local" in cell.options:
            figures = dict.fromkeys(DONE, 0.5 + 0.05 * cell.seed) | {
                f"fpr {stage}": 0.01 * (1 + cell.seed) for stage in STAGES
            }
            found[cell.key] = Result(cell, Outcome(figures), "", 1, {}, "", {})
    said = " ".join(GroupToniot().words(Results(tuple(cells), found)))
    assert "On all splits (7): at most 7 % false alarms, recall 0.500 to 0.800, mean 0.650." in said
    assert "On splits after the first 5 (2): at most 7 % false alarms, recall 0.750 to 0.800, mean 0.775." in said


def test_a_site_takes_the_row_that_catches_most_less_what_it_raises_falsely() -> None:
    cells = [cell for cell in GroupToniot().cells([0]) if cell.table == BLOCK]
    found = {}
    for cell in cells:
        loud = cell.row == "extra_trees, any TCP stack"
        rates = {f"fpr {stage}": 0.09 if loud else 0.004 for stage in STAGES}
        recall = 1.0 if loud else 0.99 if cell.row == "lightgbm, any TCP stack" else 0.5
        found[cell.key] = Result(cell, Outcome({**rates, "recall refitted, pooled, mean": recall}), "", 1, {}, "", {})
    (text,) = GroupToniot().words(Results(tuple(cells), found))
    assert text.startswith(f"{BLOCK}: lightgbm, any TCP stack has a false-alarm rate of 0.4 % as trained")

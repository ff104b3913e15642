from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelled import labelled
from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError
from redshank.data.dataset import Labelled
from redshank.detect.default import default_bundle
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.transfer import MODEL, RECIPE, SETTINGS, STAGES, Transfer


def example(place: Path) -> Transfer:
    del place
    return Transfer()


def drawn(name: str) -> Labelled:
    """Draw another dataset for each name; the one called "drawn" has captures."""
    captures = np.repeat(["8-1", "honeypot-4-1"], 2000)
    if name == "drawn":
        return replace(labelled(4000), capture=captures)
    return labelled(1000, seed=1, name=name)


CELL = Cell(
    "drawn",
    "extra_trees",
    protocol="cross",
    protocol_settings={"target": "lab"},
    others=("elsewhere",),
    task="family",
    settings={"trees": 5},
    options={"without": "iot23/honeypots"},
)


def test_all_stages_are_told_and_the_scenario_judged_is_not_trained_on() -> None:
    found = Transfer().measure(CELL, Data(drawn))
    every = Transfer().measure(replace(CELL, options={"without": "iot23/8-1"}), Data(drawn))
    assert found.rows["train"] + every.rows["train"] < 4000
    for stage in STAGES:
        low, value, high = (found.figures[f"fpr {stage}{end}"] for end in ("_low", "", "_high"))
        assert low is not None
        assert value is not None
        assert high is not None
        assert 0 <= low <= value <= high <= 1
        assert found.figures[f"ece {stage}"] is not None


def test_rows_for_comparison_are_not_refitted() -> None:
    found = Transfer().measure(replace(CELL, model="constant", settings={}), Data(drawn))
    assert [f"fpr {stage}" in found.figures for stage in STAGES] == [True, True, False]


def test_a_scenario_that_is_not_there_cannot_be_left_out() -> None:
    with pytest.raises(ActionError, match="transfer: 'drawn' has no scenario '99-1' to leave out"):
        Transfer().measure(replace(CELL, options={"without": "iot23/99-1"}), Data(drawn))


def test_the_first_row_is_trained_as_the_default_bundle_is() -> None:
    manifest = Bundle.load(default_bundle()).manifest
    assert manifest.provenance["dataset"] == RECIPE
    assert manifest.model == MODEL
    trained = {"quantiles": 0, **manifest.settings}  # there was no such setting yet when it was made, and no quantiles
    assert trained.items() >= SETTINGS.items()

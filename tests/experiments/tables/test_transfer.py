from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.test_experiment import made_up
from labelled import labelled
from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError
from redshank.data.dataset import Labelled
from redshank.detect.default import default_bundle
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import Results
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


def test_words_tell_the_range_over_networks_and_the_line_tells_the_worst() -> None:
    cells = Transfer().cells([0])
    rates = {name: 0.01 * (at + 1) for at, name in enumerate(dict.fromkeys(cell.table for cell in cells))}
    found = {
        key: replace(
            run,
            outcome=Outcome(
                {f"{name} {stage}": rates[run.cell.table] for stage in STAGES for name in ("fpr", "recall")}
            ),
        )
        for key, run in made_up(cells).found.items()
    }
    results = Results(tuple(cells), found)
    own, lab, elsewhere = Transfer().words(results)
    assert own.startswith("On its own network the default bundle's training gives 1 % false alarms as shipped")
    assert lab == "Trained on the lab's one recording alone: 1 % and 0.010."
    assert "false alarms are 2 % to 8 % as shipped, 2 % to 8 % recalibrated with 300 benign flows" in elsewhere
    assert "0.020 and then 0.020 on lab/unseen, 0.030 and then 0.030 on ton_iot, recalibrated." in elsewhere
    seen = Transfer().glance(results)
    assert seen is not None
    assert seen.where == "on iot23/honeypots"
    assert seen.lookup.mean == pytest.approx(0.08)

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redshank.core.errors import ActionError, ConfigError
from redshank.learn import tune as module
from redshank.learn.settings import read_settings
from redshank.learn.train import fit
from redshank.learn.tune import TRIALS_FILE, Found, Measure, tune
from tables import part, parts

QUICK: dict[str, Any] = {"epochs": 2, "units": 8, "blocks": 1}


def test_the_best_settings_are_those_of_the_least_validation_loss_and_can_be_trained_with(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = parts(120)
    with caplog.at_level(logging.INFO, logger=module.__name__):
        found = tune(made, "fnn", tmp_path, trials=3, settings=QUICK)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in lines] == ["trial 1 of 3", "trial 2 of 3", "trial 3 of 3"]
    assert found.trials == {"complete": 3, "pruned": 0}
    assert found.settings.items() >= QUICK.items()
    again = fit(made, "fnn", settings=found.settings).model
    probabilities = again.predict_proba(made.validation.x)
    assert Measure("loss").of(probabilities, made.validation.y) == pytest.approx(found.value)
    pairs = [word for word in found.options() if word != "--set"]
    assert read_settings("fnn", pairs) == found.settings
    assert f"(best {found.value:.5f})" in lines[-1]


def test_an_interrupted_search_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    made = parts(80)
    whole = tune(made, "lightgbm", tmp_path / "whole", trials=4, settings={"rounds": 3})
    for trials in (1, 3, 4, 4):
        found = tune(made, "lightgbm", tmp_path / "parts", trials=trials, settings={"rounds": 3})
    assert found == whole


def test_a_search_never_looks_at_calibration_or_test(tmp_path: Path) -> None:
    made = parts(80)
    other = replace(made, calibration=part(0, 1), test=part(0, 1))
    one, two = (
        tune(which, "lightgbm", tmp_path / name, trials=2, by="macro_f1", settings={"rounds": 2})
        for name, which in (("one", made), ("two", other))
    )
    assert one == two
    assert 0 <= one.value <= 1


def test_what_is_worse_than_half_of_those_before_ends_early(tmp_path: Path) -> None:
    found = tune(parts(60), "lightgbm", tmp_path, trials=14, settings={"rounds": 12})
    assert found.trials["pruned"] > 0
    assert sum(found.trials.values()) == 14


def test_a_folder_of_another_search_is_refused(tmp_path: Path) -> None:
    tune(parts(40), "lightgbm", tmp_path, trials=1, settings={"rounds": 1})
    with pytest.raises(ConfigError, match=rf"-o: '.*{TRIALS_FILE}' holds another search"):
        tune(parts(40), "lightgbm", tmp_path, trials=1, settings={"rounds": 2})


def test_what_cannot_be_searched_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="model: constant has no settings to search"):
        tune(parts(40), "constant", tmp_path, trials=1)
    with pytest.raises(ActionError, match="table: the validation part has no rows under protocol leakfree"):
        tune(replace(parts(40), validation=part(0, 1)), "fnn", tmp_path, trials=1)
    with pytest.raises(ConfigError, match="--by: 'f1' is not one of loss, macro_f1"):
        tune(parts(40), "fnn", tmp_path, trials=1, by="f1")


def test_a_measure_knows_what_is_better() -> None:
    p, y = np.array([[0.8, 0.2], [0.4, 0.6]], dtype=np.float32), np.array([0, 1])
    assert Measure("loss").of(p, y) == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)
    assert Measure("macro_f1").of(p, y) == 1.0
    assert [Measure(name).direction for name in ("loss", "macro_f1")] == ["minimize", "maximize"]


def test_options_are_words_of_the_command_line() -> None:
    found = Found({"units": (8, 4), "residual": False}, 0.5, {})
    assert found.options() == ["--set", "units=8,4", "--set", "residual=false"]

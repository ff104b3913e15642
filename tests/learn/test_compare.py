import json
from dataclasses import replace

import numpy as np
import pytest

from labelled import labelled
from redshank.core.errors import ConfigError
from redshank.learn.compare import OVER_ROWS, OVER_SEEDS, Comparison, compare, over_seeds, summarize

QUICK = {"epochs": 5, "units": 8, "blocks": 1}


@pytest.fixture(scope="module")
def compared() -> Comparison:
    comparison, _, _ = compare(labelled(), "fnn", settings=QUICK, seeds=(0, 1), command="redshank train drawn")
    return comparison


def test_the_rows_that_give_a_figure_its_meaning_stand_beside_it(compared: Comparison) -> None:
    assert [model.name for model in compared.models] == ["fnn", "lightgbm", "constant"]
    assert (compared.models[0].headline["roc_auc"].mean or 0) > 0.9
    assert compared.models[2].headline["roc_auc"].mean == 0.5
    assert compared.models[2].headline["mcc"].mean is None


def test_what_every_table_carries_is_there(compared: Comparison) -> None:
    assert (compared.dataset, compared.sha256, compared.protocol) == ("drawn", "0" * 64, "leakfree")
    assert (compared.seeds, compared.interval) == ((0, 1), OVER_SEEDS)
    assert compared.notes[0] == "drawn in tests/labelled.py"
    assert any(note.startswith("distinct vectors: ") for note in compared.notes)
    assert any(note.startswith("deduplicate: ") for note in compared.notes)
    assert sum("drawn in tests" in note for note in compared.notes) == 1
    assert compared.provenance["command"] == "redshank train drawn"
    assert compared.provenance["versions"]["numpy"] == np.__version__


def test_the_interval_over_seeds_holds_the_mean_and_stays_in_range(compared: Comparison) -> None:
    for name, value in compared.models[0].headline.items():
        both = [e.vector.headline[name] for e in compared.models[0].evaluations]
        if value.mean is None:
            assert None in both
            continue
        assert value.mean == pytest.approx(np.mean([v for v in both if v is not None]))
        assert value.low is not None
        assert value.high is not None
        assert (-1 if name == "mcc" else 0) <= value.low <= value.mean <= value.high <= 1


def test_a_number_of_things_has_an_interval_above_1() -> None:
    assert over_seeds("features", [3.0, 5.0]).high == pytest.approx(4 + 12.7062, abs=1e-3)  # t(0.975, 1) = 12.706


def test_json_round_trip(compared: Comparison) -> None:
    text = compared.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"JSON holds {name}"))
    again = Comparison.from_json(text)
    assert again.to_json() == text
    assert again.models[0].evaluations == compared.models[0].evaluations
    assert again.models[0].curve == compared.models[0].curve


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="not of format 1"):
        Comparison.from_json('{"format": 2}')


def test_one_seed_has_an_interval_over_test_rows() -> None:
    comparison, trained, parts = compare(labelled(300), "constant", beside=(), task="family", seeds=(4,))
    assert comparison.interval == OVER_ROWS
    assert (trained.seed, parts.seed) == (4, 4)
    accuracy = comparison.models[0].headline["accuracy"]
    assert accuracy.low is not None
    assert accuracy.mean is not None
    assert accuracy.low < accuracy.mean
    assert comparison.models[0].row_headline["accuracy"].low is None
    assert comparison.models[0].curve == ()
    assert [f.name for f in comparison.models[0].evaluations[0].families] == ["benign", "dos", "scanning"]


def test_the_binary_task_reports_each_family() -> None:
    comparison, _, parts = compare(labelled(300), "constant", beside=("constant",))
    assert [model.name for model in comparison.models] == ["constant"], "no model stands beside itself"
    families = comparison.models[0].evaluations[0].families
    assert [f.name for f in families] == ["benign", "dos", "scanning"]
    assert sum(f.support for f in families) == len(parts.test)


def test_the_paper_protocol_is_measured_without_a_feature_set() -> None:
    comparison, _, parts = compare(labelled(300), "constant", beside=(), protocol="paper")
    assert parts.feature_set is comparison.feature_set is None
    assert any(note.startswith("test rows seen in training: ") for note in comparison.notes)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ConfigError, match="protocol: no 'leakfre'; did you mean 'leakfree'"):
        compare(labelled(100), "constant", protocol="leakfre")
    with pytest.raises(ConfigError, match="model: no 'fn'"):
        compare(labelled(100), "fn")
    with pytest.raises(ValueError, match="no seeds"):
        compare(labelled(100), "constant", seeds=())


def test_a_measure_that_one_seed_does_not_know_has_no_mean(compared: Comparison) -> None:
    one, two = compared.models[0].evaluations
    blind = replace(two, vector=replace(two.vector, headline={**two.vector.headline, "mcc": None}))
    headline, _ = summarize([one, blind])
    assert headline["mcc"].mean is None
    assert headline["accuracy"].mean is not None

from dataclasses import replace

import pytest

from labelled import labelled
from redshank.core.bundle import Bundle
from redshank.learn.compare import Comparison, Figure, compare
from redshank.learn.train import make_bundle
from redshank.report.card import CARD_PAGE, CARD_TEXT, card, limits


@pytest.fixture(scope="module")
def made() -> tuple[Comparison, Bundle]:
    settings = {"epochs": 2, "units": 8, "blocks": 1}
    comparison, trained, parts = compare(
        labelled(), "fnn", task="family", settings=settings, command="redshank train drawn"
    )
    return comparison, make_bundle(trained, parts, "drawn-fnn", {})


def test_a_card_says_what_it_is_what_it_does_and_how_to_make_it_again(made: tuple[Comparison, Bundle]) -> None:
    files = card(*made)
    assert set(files) == {CARD_PAGE, CARD_TEXT}
    for text in files.values():
        for wanted in ("drawn-fnn", "0" * 64, "leakfree", "lightgbm", "constant", "scanning", "redshank train drawn"):
            assert wanted in text
        assert "1 flow in 1,000" in text
    assert "Does the score mean what it says?" in files[CARD_PAGE]
    assert "Confusion" in files[CARD_PAGE]
    assert "<script" not in files[CARD_PAGE]


def test_the_text_has_every_class_threshold_and_bin(made: tuple[Comparison, Bundle]) -> None:
    comparison, _ = made
    text = card(*made)[CARD_TEXT]
    evaluation = comparison.models[0].evaluations[0]
    for one in evaluation.vector.classes:
        assert f"| {one.name} | {one.support:,.0f} |" in text
    assert text.count("threshold for") >= sum(d.threshold is not None for d in evaluation.vector.decisions)
    assert text.count("\n## ") == 6
    assert "nan" not in text.lower()


def test_limits_follow_the_figures(made: tuple[Comparison, Bundle]) -> None:
    comparison, _ = made
    told = " ".join(limits(comparison))
    assert "trained and tested on drawn alone" in told
    assert "It knows dos and scanning." in told
    assert "too few" in told, "what no threshold could be set for"
    assert "test rows)" in told
    assert "One seed" in told
    lead = comparison.models[0]
    poor = replace(lead, headline={**lead.headline, "ece": Figure(0.3), "macro_f1": Figure(0.0)})
    told = " ".join(limits(replace(comparison, models=(poor, *comparison.models[1:]))))
    assert "not a probability: the calibration error is 0.300" in told
    assert "With a higher macro-F1 on the same rows: lightgbm and constant." in told

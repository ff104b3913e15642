from dataclasses import replace

import pytest

from labelled import labelled
from redshank.learn.compare import OVER_SEEDS, Comparison, Figure, compare
from redshank.report.wording import (
    heading,
    interval,
    interval_note,
    measure,
    per_day,
    percent,
    rule,
    sentences,
    share,
    spelled,
)


@pytest.fixture(scope="module")
def compared() -> Comparison:
    settings = {"epochs": 1, "units": 8, "blocks": 1}
    return compare(labelled(5000), "fnn", settings=settings)[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.123"),
        (0.9994, "0.999"),
        (0.9995, "0.9995"),
        (0.99999999, "0.99999"),
        (1.0, "1.000"),
        (0.0, "0.000"),
    ],
)
def test_what_is_not_quite_one_is_never_written_as_one(value: float, text: str) -> None:
    assert share(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.9999, "99.99 %"), (0.99999, "> 99.99 %"), (1e-5, "0.001 %"), (0.25, "25 %")],
)
def test_rates_keep_two_significant_digits(value: float, text: str) -> None:
    assert percent(value) == text


def test_figures_carry_their_interval() -> None:
    assert spelled(Figure(0.943, 0.937, 0.949)) == "0.943 (0.937\N{EN DASH}0.949)"
    assert interval(Figure(0.9)) == ""
    assert spelled(Figure(None)) == "-"


def test_measures_have_names_a_person_knows() -> None:
    assert measure("roc_auc") == "ROC-AUC"
    assert measure("fpr_at_0.001") == "false-alarm rate at 0.1 % false alarms"
    assert per_day(3.4) == "3"


def test_the_sentences_say_what_a_day_would_bring(compared: Comparison) -> None:
    said = sentences(compared)
    decision = compared.models[0].evaluations[0].vector.decision("0.01")
    assert decision is not None
    assert decision.threshold is not None
    assert f"catches {percent(decision.recall)} of the attack flows" in said[0]
    assert f"about {per_day(decision.alerts_per_day)} false alarms a day at one flow per second" in said[0]
    assert said[1].startswith("Macro-F1 is ")
    assert "lightgbm" in said[1]
    assert "gives away for free" in said[2]
    assert rule(decision) == "threshold for 1 % false alarms"


@pytest.mark.parametrize(
    ("mine", "verdict"),
    [
        (Figure(0.9, 0.85, 0.95), "fnn is better."),
        (Figure(0.1, 0.05, 0.15), "lightgbm is better."),
        (Figure(0.5, 0.45, 0.55), "does not tell which is better."),
        (Figure(0.5), "for lightgbm."),
    ],
)
def test_a_model_is_better_only_if_the_intervals_do_not_meet(compared: Comparison, mine: Figure, verdict: str) -> None:
    lead, other, constant = compared.models
    models = (
        replace(lead, headline={**lead.headline, "macro_f1": mine}),
        replace(other, headline={**other.headline, "macro_f1": Figure(0.5, 0.4, 0.6)}),
        constant,
    )
    text = sentences(replace(compared, models=models))[1]
    assert text.endswith(verdict) or (verdict == "for lightgbm." and text.endswith("lightgbm."))


def test_too_few_rows_are_said_in_words() -> None:
    few, _, _ = compare(labelled(120), "constant", beside=())
    assert "nothing can be said: no threshold: " in sentences(few)[0]


def test_the_paper_protocol_is_called_what_it_is(compared: Comparison) -> None:
    assert not any("Protocol" in text for text in sentences(compared))
    assert "here to be compared" in sentences(replace(compared, protocol="paper"))[-1]


def test_the_note_says_what_the_intervals_are_over(compared: Comparison) -> None:
    assert interval_note(compared).startswith("One seed; 95 % intervals are bootstrap intervals")
    assert "over 2 seeds" in interval_note(replace(compared, seeds=(0, 1), interval=OVER_SEEDS))


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("fpr_at_0.01", "false alarms, 1 % threshold"),
        ("recall_at_0.001", "recall, 0.1 % threshold"),
        ("ece as shipped", "calibration error shipped"),
        ("fpr refitted and recalibrated", "false alarms refitted"),
        ("fpr by pair, worst", "false alarms by pair, worst"),
        ("fpr, worst family", "false alarms, worst family"),
        ("recall of mitm", "recall of mitm"),
    ],
)
def test_heads_of_columns_are_short(column: str, text: str) -> None:
    assert heading(column) == text

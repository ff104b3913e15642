import numpy as np
import pytest

from labelled import labelled
from redshank.data.dataset import Labelled
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data, auc, share, train_and_judge

CELL = Cell("drawn", "lightgbm", task="family", settings={"rounds": 3})


def test_a_dataset_is_read_and_split_once_while_it_is_asked_for_again() -> None:
    asked: list[str] = []

    def reader(name: str) -> Labelled:
        asked.append(name)
        return labelled(name=name)

    data = Data(reader)
    one = data.parts(CELL)
    assert data.parts(Cell("drawn", "constant", task="family")) is one
    assert data.parts(Cell("drawn", "constant", task="binary")) is not one
    for name in ("drawn", "other", "third", "drawn"):
        data.labelled(name)
    assert asked == ["drawn", "other", "third", "drawn"], "two at a time"


def test_the_usual_measure_gives_every_figure_that_a_table_may_ask_for() -> None:
    outcome = train_and_judge(CELL, Data(lambda _: labelled()))
    assert outcome.classes == ("benign", "dos", "scanning")
    assert outcome.evaluation is not None
    for name in ("macro_f1", "macro_f1 of rows", "recall of dos", "f1 of scanning", "fpr", "fpr_low", "training_s"):
        assert name in outcome.figures
    assert outcome.figures["macro_f1"] == outcome.evaluation.vector.headline["macro_f1"]
    assert outcome.rows["test"] > 0
    assert outcome.notes
    assert len(outcome.curve) == 3


def test_the_same_cell_gives_the_same_figures() -> None:
    one, two = (train_and_judge(CELL, Data(lambda _: labelled())) for _ in range(2))
    assert {**one.figures, "training_s": 0} == {**two.figures, "training_s": 0}


def test_a_share_has_its_exact_interval() -> None:
    found = share("tpr", np.array([True] * 3 + [False]))
    assert found["tpr"] == 0.75
    assert found["tpr_low"] == pytest.approx(0.194, abs=0.001)  # Clopper-Pearson for 3 of 4
    assert share("tpr", np.zeros(0, bool)) == {"tpr": None, "tpr_low": None, "tpr_high": None}


def test_an_area_has_an_interval_that_keeps_the_share_of_each_group() -> None:
    rng = np.random.default_rng(0)
    attack = np.repeat([False, True, True], [200, 195, 5])
    scores = attack + rng.normal(size=400)
    found = auc("auc", attack, scores, seed=1)
    low, area, high = found["auc_low"], found["auc"], found["auc_high"]
    assert low is not None
    assert area is not None
    assert high is not None
    assert low < area < high
    assert area == pytest.approx((scores[attack][:, None] > scores[~attack]).mean())
    assert found == auc("auc", attack, scores, seed=1)
    assert auc("auc", attack[:5], scores[:5], 0) == {"auc": None, "auc_low": None, "auc_high": None}

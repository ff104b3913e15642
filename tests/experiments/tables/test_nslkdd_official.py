from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelled import labelled
from redshank.data.dataset import Labelled
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.nslkdd_official import NslkddOfficial, rare_kinds


def example(place: Path) -> NslkddOfficial:
    del place
    return NslkddOfficial()


def split(name: str) -> Labelled:
    drawn = labelled(900, name=name)
    return replace(drawn, official=np.repeat(["train", "test"], [600, 300]))


def test_the_rule_is_an_alarm_of_either_and_every_row_of_the_test_counts() -> None:
    data = Data(split)
    one = Cell("drawn", "lightgbm", protocol="official", options={"aims": {"lightgbm": 0.05, "isolation_forest": 0.05}})
    binary, families = (NslkddOfficial().measure(replace(one, task=task), data) for task in ("binary", "family"))
    assert binary.rows["test"] == families.rows["test"] == 300
    assert binary.figures["recall"] == families.figures["recall"]
    assert (binary.figures["accuracy"] or 0) >= (families.figures["accuracy"] or 0) > 0.5


def test_other_rows_are_counted_by_row_too() -> None:
    found = NslkddOfficial().measure(Cell("drawn", "naive_bayes", protocol="official"), Data(split))
    assert found.evaluation is not None
    assert found.figures["accuracy"] == found.evaluation.row.headline["accuracy"]


def test_a_kind_of_attack_that_is_rare_weighs_more_and_attacks_weigh_one_in_the_mean() -> None:
    drawn = split("drawn")
    kind = np.where(np.arange(900) % 10 == 3, "rare", "common")
    data = Data(lambda _: replace(drawn, kind=kind))
    parts = data.parts(Cell("drawn", "lightgbm", protocol="official"))
    weight = rare_kinds(data.labelled("drawn"), parts)
    attack, rare = parts.train.y != 0, kind[parts.train.row] == "rare"
    counts = (int((attack & rare).sum()), int((attack & ~rare).sum()))
    assert weight[attack].mean() == pytest.approx(1, abs=1e-5)
    assert set(weight[~attack].tolist()) == {1.0}
    ratio = weight[attack & rare][0] / weight[attack & ~rare][0]
    assert ratio == pytest.approx((counts[1] / counts[0]) ** 0.5, abs=1e-4)

from dataclasses import replace
from pathlib import Path

import numpy as np

from labelled import labelled
from redshank.data.dataset import Labelled
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.nslkdd_official import NslkddOfficial


def example(place: Path) -> NslkddOfficial:
    del place
    return NslkddOfficial()


def split(name: str) -> Labelled:
    drawn = labelled(900, name=name)
    return replace(drawn, official=np.repeat(["train", "test"], [600, 300]))


def test_the_rule_is_an_alarm_of_either_and_every_row_of_the_test_counts() -> None:
    data = Data(split)
    one = Cell("drawn", "lightgbm", protocol="official", options={"novelty": "isolation_forest", "aim": 0.05})
    binary, families = (NslkddOfficial().measure(replace(one, task=task), data) for task in ("binary", "family"))
    assert binary.rows["test"] == families.rows["test"] == 300
    assert binary.figures["recall"] == families.figures["recall"]
    assert (binary.figures["accuracy"] or 0) >= (families.figures["accuracy"] or 0) > 0.5


def test_other_rows_are_counted_by_row_too() -> None:
    found = NslkddOfficial().measure(Cell("drawn", "naive_bayes", protocol="official"), Data(split))
    assert found.evaluation is not None
    assert found.figures["accuracy"] == found.evaluation.row.headline["accuracy"]

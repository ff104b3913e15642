from dataclasses import replace
from pathlib import Path

from labelled import labelled as mixed
from partitions import labelled
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.active_new_network import LABELS, ActiveNewNetwork, after, apart

CELL = Cell(
    "drawn",
    "extra_trees",
    protocol="cross",
    protocol_settings={"target": labelled(900, seed=1, name="new")},
    feature_set="conn",
    settings={"trees": 5},
    others=("new",),
    options={"strategy": "margin"},
)


def example(place: Path) -> ActiveNewNetwork:
    del place
    return ActiveNewNetwork()


def data() -> Data:
    return Data(lambda name: labelled(900, seed=int(name == "new"), name=name))


def test_the_pool_is_earlier_than_the_test_and_shares_no_vector_with_it() -> None:
    source = data()
    parts = source.parts(CELL)
    pool, test = apart(CELL, parts, source)
    assert pool.row.max() < test.row.min()
    assert len(pool) + len(test) == len(parts.test)
    assert not {row.tobytes() for row in pool.x} & {row.tobytes() for row in test.x}


def test_a_capture_that_tests_has_no_flow_in_the_pool() -> None:
    source = data()
    parts = source.parts(CELL)
    cell = replace(CELL, options={"capture": "c2"})
    pool, test = apart(cell, parts, source)
    capture = source.labelled("new").capture
    assert capture is not None
    rows = pool.counted()[1] - len(source.labelled("drawn").flows)
    assert "c2" not in set(capture[rows].tolist())
    assert len(pool) + len(test) == len(parts.test)
    assert len(test)


def test_figures_are_told_after_each_number_of_labels() -> None:
    there = Data(lambda name: mixed(700, seed=int(name == "new"), name=name))
    cell = replace(CELL, protocol_settings={"target": mixed(700, seed=1, name="new")})
    found = ActiveNewNetwork().measure(cell, there)
    assert {name for name in found.figures if name.startswith("AUC")} == {after("AUC", labels) for labels in LABELS}
    assert all(value is not None and 0 <= value <= 1 for value in found.figures.values())
    bare = ActiveNewNetwork().measure(replace(cell, options={}), there)
    assert set(bare.figures) == {after("AUC", 0), after("fpr", 0)}
    assert bare.figures[after("AUC", 0)] == found.figures[after("AUC", 0)]

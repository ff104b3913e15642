from pathlib import Path

import pytest

from labelled import labelled
from redshank.experiments.cell import Cell, Outcome, Result
from redshank.experiments.experiment import BESIDE, Results
from redshank.experiments.measure import Data
from redshank.experiments.tables import active_gate
from redshank.experiments.tables.active_gate import FROZEN, KINDS, TABLE, ActiveGate


def example(place: Path) -> ActiveGate:
    del place
    return ActiveGate()


def test_twenty_seeds_are_two_hundred_rounds() -> None:
    cells = [cell for cell in ActiveGate().cells(range(20)) if cell.model not in BESIDE]
    assert sum(cell.options["rounds"] for cell in cells) == 200


def small(kind: str) -> Cell:
    """Return a cell of few rounds."""
    options = {"kind": kind, "rounds": 2}
    return Cell("ton_iot", "extra_trees", task="family", settings={"trees": 5}, options=options, table=TABLE, row=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_rounds_of_each_kind_are_counted(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active_gate, "FROZEN", (120,))
    monkeypatch.setattr(active_gate, "LEAST", 10)
    monkeypatch.setattr(active_gate, "MOST", 30)
    found = ActiveGate().measure(small(kind), Data(lambda name: labelled(rows=1200, name=name))).figures
    assert found["rounds"] == 2
    assert 0 <= (found["promoted at 120"] or 0) <= 2
    assert found["lower frozen metric at 120"] == 0
    if kind == "a family called benign":
        assert found["promoted at 120"] == 0
        assert (found["true gain"] or 0) < 0


def test_what_passed_is_told_for_each_number_of_frozen_labels() -> None:
    cells = ActiveGate().cells([0])
    found = {}
    for cell in cells:
        figures = dict.fromkeys(ActiveGate().published(), 0.0) | {"macro_f1": 0.8}
        if cell.row == "more labels":
            figures |= {
                "rounds": 4,
                "true gains of 1 point": 4,
                "promoted at 3000": 3,
                "true gains promoted at 3000": 3,
            }
        if cell.row == "wrong labels":
            figures |= {
                "rounds": 1,
                "promoted at 300": 1,
                "lower true metric at 300": 1,
                "largest true fall at 300": 0.02,
            }
        found[cell.key] = Result(cell, Outcome(figures), "", 1, {}, "", {})
    results = Results(tuple(cells), found)
    few, _, many, *_ = ActiveGate().words(results)
    assert few == (
        "300 frozen labels: of 5 challengers 1 were promoted, among them 0.000 (0.000 to 0.602) of those whose true "
        "gain is 1 point or more; 0 promotions lowered the frozen metric, 1 the true one, by 2.00 points at most."
    )
    assert "3,000 frozen labels: of 5 challengers 3 were promoted, among them 0.750" in many
    kinds, sizes = ActiveGate().tables(results)
    assert [row.name for row in kinds.rows] == [*KINDS, *BESIDE]
    assert [row.name for row in sizes.rows] == [f"{size:,} frozen labels" for size in FROZEN]
    assert sizes.rows[2].figures["true gains of 1 point"].mean == 0.75

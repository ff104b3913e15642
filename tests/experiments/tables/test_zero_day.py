from pathlib import Path

import pytest

from labelled import labelled
from redshank.experiments.cell import Cell, Outcome, Result
from redshank.experiments.experiment import Results
from redshank.experiments.measure import Data
from redshank.experiments.tables.zero_day import FAMILIES, VECTORS, ZeroDay


def example(place: Path) -> ZeroDay:
    del place
    return ZeroDay()


def test_the_family_left_out_is_what_is_looked_at() -> None:
    data = Data(lambda _: labelled(900))
    cell = Cell(
        "drawn",
        "lightgbm",
        protocol="zero_day",
        protocol_settings={"family": "dos"},
        settings={"rounds": 5},
        options={"aim": 0.05},
    )
    found = ZeroDay().measure(cell, data)
    assert found.rows["family"] == (data.labelled("drawn").family[data.parts(cell).test.row] == "dos").sum()
    for name in ("TPR", "fpr", "TPR of known families"):
        low, value, high = (found.figures[f"{name}{end}"] for end in ("_low", "", "_high"))
        assert low is not None
        assert value is not None
        assert high is not None
        assert low <= value <= high


def test_the_mean_and_the_worst_are_over_all_families_of_a_seed() -> None:
    cells = [cell for cell in ZeroDay().cells([0]) if cell.table == VECTORS]
    rates = {family: 0.5 + 0.05 * at for at, family in enumerate(FAMILIES)}
    found = {
        cell.key: Result(
            cell,
            Outcome(
                {"TPR": rates[cell.protocol_settings["family"]], "fpr": 0.01, "TPR of rows": 0.4, "fpr of rows": 0.02}
            ),
            "",
            1,
            {},
            "",
            {},
        )
        for cell in cells
    }
    over, each = ZeroDay().tables(Results(tuple(cells), found))
    row = next(row for row in over.rows if row.name == "fnn")
    assert row.figures["worst TPR"].mean == 0.5
    assert row.figures["mean TPR"].mean == pytest.approx(0.7)
    assert row.figures["mean TPR of rows"].mean == pytest.approx(0.4)
    assert [row.figures["fnn"].mean for row in each.rows] == list(rates.values())
    lost = next(key for key, result in found.items() if result.cell.row == "fnn")
    fewer = Results(tuple(cells), {key: result for key, result in found.items() if key != lost})
    assert "fnn" not in [row.name for row in ZeroDay().tables(fewer)[0].rows], "a family is missing"

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from experiments.test_experiment import made_up
from labelled import labelled
from redshank.data.dataset import Labelled, Own
from redshank.data.parts import PARTS
from redshank.experiments.cell import Cell
from redshank.experiments.experiment import Results
from redshank.experiments.measure import Data
from redshank.experiments.tables.telemetry import DEVICES, KEPT, MEAN, Telemetry, all_rows


def example(place: Path) -> Telemetry:
    del place
    return Telemetry()


@pytest.fixture
def sensor() -> Labelled:
    table = pa.table({"door": ["open", "closed"] * 50, "signal": [True, False, False, True] * 25})
    family = np.array(["benign", "ddos", "ddos", "xss"] * 25)
    empty = labelled(1).flows.slice(0, 0)
    return Labelled(empty, family, None, "0" * 64, "telemetry/garage_door", own=Own(table))


def test_where_readings_are_few_every_row_is_in_one_part_and_copies_stay(sensor: Labelled) -> None:
    parts = all_rows(sensor, 0)
    rows = np.concatenate([getattr(parts, name).row for name in PARTS])
    assert sorted(rows.tolist()) == list(range(100))
    found = Telemetry().measure(
        Cell("telemetry/garage_door", "lookup", options={"copies": KEPT}), Data(lambda _: sensor)
    )
    assert found.figures["accuracy"] == 1.0, "these two readings together tell the class"


def test_the_mean_over_devices_stands_before_each_of_them() -> None:
    cells = Telemetry().cells([0, 1])
    results = made_up(cells, **dict.fromkeys(Telemetry().columns, 0.5))
    mean, *each = Telemetry().tables(results)
    assert (mean.title, [table.title for table in each]) == (MEAN, list(DEVICES))
    assert {row.seeds for row in mean.rows} == {2}
    assert Telemetry().worth(results)[0].endswith("and remembering reaches 0.505 (0.441 to 0.569).")
    some = Results(results.cells, {key: run for key, run in results.found.items() if run.cell.table != "fridge"})
    assert Telemetry().tables(some)[0].title == "garage_door", "no mean without all of them"
    assert Telemetry().worth(some) == []

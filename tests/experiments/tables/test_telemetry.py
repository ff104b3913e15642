from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from labelled import labelled
from redshank.data.dataset import Labelled, Own
from redshank.data.parts import PARTS
from redshank.experiments.cell import Cell
from redshank.experiments.measure import Data
from redshank.experiments.tables.telemetry import KEPT, Telemetry, all_rows


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

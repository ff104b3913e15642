"""What the page begins, begun for real: a command that trains, and a gate that decides."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from browsing import Browser
from labelled import labelled
from questions import answer, questions
from redshank.config import Console, Service, Settings
from redshank.console.desk import Desk
from redshank.data.datasets.flows import Flows
from redshank.data.protocol import partition
from redshank.detect.shelf import Shelf
from redshank.learn.train import fit, make_bundle
from redshank.store.database import Database


@pytest.fixture
def desk(tmp_path: Path, store_with_people: Path) -> Iterator[Desk]:
    """Return a desk over a store that knows nothing but people: what else it knew would decide with the gate."""
    settings = Settings(
        service=Service(state=tmp_path / "state"), console=Console(training_data=tmp_path / "rows.parquet")
    )
    (tmp_path / "state").mkdir()
    shutil.copy(store_with_people, settings.store_place)
    database = Database(settings.store_place)
    yield Desk(settings, database)
    database.close()


def test_retraining_from_the_page_runs_the_command_and_the_gate_decides(
    desk: Desk, analyst: Browser, tmp_path: Path
) -> None:
    rows = labelled()
    family = pa.array(rows.family.tolist(), pa.string())
    parquet.write_table(pa.Table.from_batches([rows.flows]).append_column("family", family), tmp_path / "rows.parquet")
    made = partition(Flows().load(tmp_path / "rows.parquet"), protocol="leakfree", task="family", feature_set="conn")
    shelf = Shelf(tmp_path / "site")
    shelf.put(make_bundle(fit(made, "extra_trees", settings={"trees": 10, "leaves": 40}), made, "drawn", {}))
    shelf.promote("drawn", "the first one")
    vars(desk)["shelf"] = shelf
    asked = questions(("benign", "strange") * 150, seed=9, at_random=True)
    desk.queue.add(asked)
    desk.queue.tell([answer(one, "benign" if at % 2 == 0 else "dos") for at, one in enumerate(asked)])
    begun = analyst.post("/models/retrain", hold_out="0.5")
    while desk.jobs.running():
        time.sleep(0.05)
    page = analyst.follow(begun).text.replace('<span class="wire">', "").replace("</span>", "")
    assert "The gate put drawn-r1 in service." in page, (desk.jobs.result("1"), desk.jobs.log("1"))
    assert "Champion and challenger on the same rows" in page
    assert "training extra_trees" in page
    said = [line for line in desk.jobs.log("1") if "step " in line]
    assert [f"step {at} of 6" in line for at, line in enumerate(said, start=1)] == [True] * 6, said
    assert "asking the gate, on 137 held-out answers" in said[-1]
    assert shelf.champion() == "drawn-r1"
    assert "Does the score mean what it says?" in analyst.get("/models/bundles/drawn-r1").text
    taught = shelf.load("drawn-r1").manifest.provenance["labels"]["ids"][0]
    assert "/models/bundles/drawn-r1" in analyst.get(f"/labels/given/{taught}").text
    assert analyst.post("/models/rollback", why="to see it").status_code == 303
    assert shelf.champion() == "drawn"

"""From labels to a better model in a real browser, with the real commands in the worker, and the gate."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from playwright.sync_api import Page, expect
from pyarrow import parquet

from browsing import add_people
from questions import ASKED_S, asked_about
from redshank.config import Console, Detect, Service, Settings
from redshank.console.desk import Desk
from redshank.core.records import Label
from redshank.core.schema import BENIGN
from redshank.data.dataset import Labelled
from redshank.data.datasets.flows import Flows
from redshank.data.datasets.lab import Lab
from redshank.data.place import LEARN
from redshank.data.protocol import partition
from redshank.detect.shelf import Shelf
from redshank.learn.train import fit, make_bundle
from redshank.store.database import Database

pytestmark = pytest.mark.service
KNOWN = (BENIGN, "dos", "ddos", "scanning")
"""What the champion was taught; people know the rest."""
LABELS = 900
TAKES_MS = 200_000


@pytest.fixture(scope="module")
def recorded() -> Labelled:
    """Return the lab's recording with what the lab itself says each flow was."""
    return Lab().load(LEARN)


@pytest.fixture(scope="module")
def desk(recorded: Labelled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a desk whose champion knows few families, with labels of all, and a challenger that mixes two up.

    The store knows nothing else: other answers would decide with the gate.
    """
    folder = tmp_path_factory.mktemp("learning")
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(len(recorded.family))
    for_people, for_training = shuffled[:LABELS], shuffled[LABELS:]
    taught = for_training[np.isin(recorded.family[for_training], KNOWN)]
    rows = folder / "rows.parquet"
    _write(rows, recorded, taught)
    shelf = Shelf(folder / "few")
    parts = partition(Flows().load(rows), protocol="leakfree", task="family", feature_set="conn")
    champion = make_bundle(fit(parts, "extra_trees", settings={"trees": 20, "leaves": 400}), parts, "few", {})
    shelf.put(champion)
    shelf.promote("few", "the first one")
    names = list(champion.manifest.classes)
    at, other = names.index("dos"), names.index("scanning")
    names[at], names[other] = names[other], names[at]
    shelf.put(replace(champion, manifest=replace(champion.manifest, name="mixed", classes=names)))
    asked = asked_about(recorded.flows.take(pa.array(for_people)), at_random=True)
    settings = Settings(
        detect=Detect(models=shelf.folder), service=Service(state=folder), console=Console(training_data=rows)
    )
    database = Database(settings.store_place, create=True)
    add_people(database)
    desk = Desk(settings, database)
    desk.queue.add(asked)
    desk.queue.tell(
        [
            Label.of(one.id, one.uid, str(family), "eva", ASKED_S + 60, "file")
            for one, family in zip(asked, recorded.family[for_people], strict=True)
        ]
    )
    yield desk
    database.close()


def _write(path: Path, labelled: Labelled, rows: npt.NDArray[np.int64]) -> None:
    some = pa.Table.from_batches([labelled.flows.take(pa.array(rows))])
    parquet.write_table(some.append_column("family", pa.array(labelled.family[rows].tolist())), path)


def test_the_gate_refuses_a_worse_model_lets_a_better_one_in_and_a_person_rolls_back(desk: Desk, page: Page) -> None:
    shelf = desk.shelf
    assert shelf is not None
    page.goto("/models/bundles/mixed")
    page.get_by_role("button", name="Ask the gate").click()
    expect(page.locator("[data-state=done]")).to_be_visible(timeout=TAKES_MS)
    expect(page.get_by_text("The gate kept mixed away; few stays in service.")).to_be_visible()
    reasons = page.locator("section", has=page.get_by_role("heading", name="The gate's reasons"))
    expect(reasons).to_contain_text("macro_f1")
    expect(reasons).not_to_contain_text("too few")
    assert shelf.champion() == "few"

    page.goto("/models")
    page.get_by_role("button", name="Retrain now").click()
    expect(page.locator("[data-state=done]")).to_be_visible(timeout=TAKES_MS)
    expect(page.get_by_text("The gate put few-r1 in service.")).to_be_visible()
    assert shelf.champion() == "few-r1"
    page.goto("/models/bundles/few-r1")
    expect(page.get_by_role("heading", name="What is taken for what")).to_be_visible()

    page.goto("/models")
    page.get_by_label("Why").fill("false alarms at night")
    page.get_by_role("button", name="Roll back to few").click()
    expect(page.get_by_role("status").filter(has_text="few is in service again; few-r1 was.")).to_be_visible()
    assert shelf.champion() == "few"
    entries = shelf.history().entries
    assert [entry.what for entry in entries] == ["promote", "keep", "promote", "rollback"]
    assert entries[-1].reason == "false alarms at night (anton)"

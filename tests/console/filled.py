"""A store as a day of service leaves it: `redshank/demonstration.py`, with text that means harm.

It takes some seconds: made once for all tests, and copied for each (`conftest.py`).
"""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from redshank import demonstration
from redshank.config import Settings, load
from redshank.core.bundle import Bundle
from redshank.core.records import Alert, Evidence
from redshank.core.schema import DEVICE
from redshank.demonstration import CHALLENGER, CHAMPION
from redshank.detect.shelf import Shelf
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.respond.states import Breaker
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.devices import Inventory
from redshank.store.ledger import Journal

__all__ = ["CHALLENGER", "CHAMPION", "HOSTILE", "MARKUP", "Filled", "fill", "hostile", "of_the_lab"]

MARKUP = "<img src=x onerror=alert(1)>'\"{{7*7}}"
"""What a person, too, can type as a reason."""
HOSTILE = f"{MARKUP}\x1b[31m\u202e"
"""What comes over the wire."""
NOW_S = 1_764_001_234.0
"""When the day ends: were it today, the windows of alerts would cut the day elsewhere in each run."""


def of_the_lab(bundle: Bundle) -> Bundle:
    """Return a bundle as if it had been made from the recording in the package: that is there wherever tests run."""
    return replace(bundle, manifest=replace(bundle.manifest, name="of-the-lab", provenance={"dataset": "lab"}))


@dataclass(frozen=True)
class Filled:
    """A folder with settings, a store and a shelf.

    Args:
        folder: With redshank.toml, state/redshank.db, models.
        now_s: The time, s since the epoch: soon after all that the store knows.
    """

    folder: Path
    now_s: float

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "redshank.toml"

    @property
    def settings(self) -> Settings:
        """What it says."""
        return load(self.config)

    @cached_property
    def database(self) -> Database:
        """The store; whoever asks for it closes it (the fixture does)."""
        return Database(self.settings.store_place)

    @cached_property
    def shelf(self) -> Shelf:
        """A champion, and a challenger that was kept away."""
        return Shelf(self.folder / "models", clock=lambda: self.now_s)

    def ledger(self) -> Ledger:
        """Return the ledger, read."""
        ledger = Ledger(Journal(self.database), Protected, Breaker(per_minute=1_000))
        ledger.refresh()
        return ledger

    def copied(self, folder: Path) -> "Filled":
        """Return the same in another folder, to be changed."""
        shutil.copytree(self.folder / "models", folder / "models")
        (folder / "state").mkdir()
        with (
            closing(sqlite3.connect(self.folder / "state" / "redshank.db")) as here,
            closing(sqlite3.connect(folder / "state" / "redshank.db")) as there,
        ):
            here.backup(there)
        (folder / "redshank.toml").write_text(self.config.read_text().replace(str(self.folder), str(folder)))
        return Filled(folder, self.now_s)


def fill(folder: Path) -> Filled:
    """Make it all."""
    demonstration.fill(folder, MARKUP, NOW_S)
    return Filled(folder, NOW_S + 60.0)


def hostile(filled: Filled) -> Alert:
    """Put an alert and a device into a store whose every text from the wire means harm."""
    seen_s = filled.now_s - 60.0
    flow = Evidence(
        HOSTILE, seen_s, HOSTILE, 1, HOSTILE, 2, HOSTILE, HOSTILE, 0.99, src_mac=HOSTILE, domain=HOSTILE
    )  # fmt: skip
    made = Alert(
        "bad0bad0bad0bad0", HOSTILE, HOSTILE, "critical", seen_s, seen_s, 3, 0.99, (HOSTILE,), 1, HOSTILE, HOSTILE,
        (flow,), (HOSTILE,), (HOSTILE,), (HOSTILE,), (HOSTILE,),
    )  # fmt: skip
    Alerts(filled.database).record([made], (), filled.now_s)
    seen = {name: [[HOSTILE]] for name in ("ips", "offers", "uses", "peers")}
    times = {name: [int(seen_s * 1e9)] for name in ("first_seen", "last_seen")}
    row = {
        "mac": [HOSTILE],
        "vendor": [HOSTILE],
        "flows": [3],
        "sent_bytes": [5],
        "received_bytes": [7],
        **seen,
        **times,
    }
    arrays = [pa.array(row.get(field.name, [None]), field.type) for field in DEVICE]
    Inventory(filled.database).take(pa.RecordBatch.from_arrays(arrays, schema=DEVICE))
    return made

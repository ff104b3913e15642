"""A site for tests of the service: settings, a source that a test fills, and what came of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bundles import tiny_bundle

ATTACK = ["benign"] * 60 + ["scanning"] * 30 + ["dos"] * 10


@dataclass
class Place:
    """Files of a site."""

    folder: Path

    @property
    def eve(self) -> Path:
        """Where alerts go."""
        return self.folder / "eve.json"

    @property
    def store(self) -> Path:
        """Where the store is."""
        return self.folder / "state" / "redshank.db"

    def told(self) -> list[dict[str, Any]]:
        """Return the alerts in the EVE file."""
        return [json.loads(line) for line in self.eve.read_text().splitlines()] if self.eve.exists() else []

    def table(self, *batches: pa.RecordBatch) -> Path:
        """Write flows as a FLOW table that a source reads."""
        path = self.folder / "flows.parquet"
        pq.write_table(pa.Table.from_batches(batches), path)
        return path

    def text(self, **changed: str) -> str:
        """Return a settings file: a table of flows as source, the tiny bundle, EVE, a dry run."""
        tiny_bundle().save(self.folder / "bundle")
        sections = {
            "sources": f"[[sources]]\ntool = 'table'\npath = '{self.folder / 'flows.parquet'}'\nfollow = false\n",
            "detect": f"[detect]\ndetectors = ['classifier']\nbundle = '{self.folder / 'bundle'}'\n",
            "sinks": f"[sinks.eve]\npath = '{self.eve}'\n",
            "service": f"[service]\nstate = '{self.folder / 'state'}'\nmetrics = ''\n",
            **changed,
        }
        return "\n".join(sections.values())

    def settings(self, **changed: str) -> Path:
        """Write the settings file and return its path."""
        path = self.folder / "redshank.toml"
        path.write_text(self.text(**changed))
        return path

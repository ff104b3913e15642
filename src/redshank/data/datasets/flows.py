"""Anyone's own labelled flows: a table of FLOW rows with a `family` beside each.

In: a file with FLOW's columns and `family` (Parquet, Arrow IPC, CSV or JSON lines, plain or gzip), or a folder of such
files; `capture`, if there, says which recording a row is from. Out: FLOW rows as our own table source reads them, and
their families. `redshank flows -o FILE.csv` writes the columns; whoever knows what the flows were adds the label. Only
final rows count: a flow that was told twice would be learnt twice. There is no published hash to believe such a table
by, so its own hash is what a result carries.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.errors import ConfigError, SourceError
from redshank.core.records import FAMILY_NAME
from redshank.core.schema import BENIGN, FLOW
from redshank.data.dataset import Dataset, Labelled
from redshank.flows.sources.table import LABELS, Table

FORMS = (".parquet", ".arrow", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz")
_OTHERWISE = {"normal": BENIGN, "none": BENIGN, "background": BENIGN}
"""What others call benign; a family of that name would be an attack."""


@dataclass(frozen=True)
class Flows(Dataset):
    """A table of flows that somebody labelled."""

    name: ClassVar[str] = "flows"
    families: ClassVar[tuple[str, ...]] = (
        BENIGN,
        *("backdoor", "ddos", "dos", "injection", "mitm", "password", "ransomware", "scanning", "xss"),
    )
    """Those that other datasets have too; any other name of small letters, digits and underscores is taken as it is."""

    def load(self, path: Path) -> Labelled:
        """Read the table.

        Args:
            path: The file; or a folder, whose every file of flows is a capture.

        Raises:
            SourceError: If it is no table of flows, or a flow has no family.
        """
        digest = hashlib.sha256()
        flows, labels, captures = [], [], []
        files = _files(path)
        for file in files:
            for chunk in _chunks(file):
                digest.update(chunk)
            try:
                for batch, beside in Table(file).labelled_batches():
                    final = pc.equal(batch.column("part"), "final")
                    flows.append(batch.filter(final))
                    labels.append(beside.filter(final))
                    captures += [file.name.partition(".")[0]] * len(flows[-1])
            except (SourceError, ConfigError) as error:
                raise SourceError(f"flows: {error}") from None
        beside = pa.Table.from_batches(labels, schema=LABELS).combine_chunks()
        _require_families(path, beside["family"])
        said = beside["capture"]
        known = len(files) > 1 or said.null_count < len(said)
        capture = np.array(pc.coalesce(said, pa.array(captures, pa.string())).to_pylist(), dtype=np.str_)
        return Labelled(
            pa.Table.from_batches(flows, schema=FLOW).combine_chunks().to_batches()[0],
            np.array(beside["family"].to_pylist(), dtype=np.str_),
            None,
            digest.hexdigest(),
            self.name,
            (f"{len(capture):,} flows in {len(files)} file{'s' * (len(files) > 1)}, labelled by whoever made them",),
            capture=capture if known else None,
        )


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.is_file():
            raise SourceError(f"flows: no file '{path}'; name a table of flows with a column 'family'")
        return [path]
    files = [file for file in sorted(path.iterdir()) if file.is_file() and file.name.lower().endswith(FORMS)]
    if not files:
        raise SourceError(f"flows: folder '{path}' holds no table of flows ({', '.join(FORMS)})")
    return files


def _chunks(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(file) if packed else file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"flows: cannot read '{file}' ({error})") from None


def _require_families(path: Path, family: pa.ChunkedArray) -> None:
    if not len(family):
        raise SourceError(f"flows: '{path}' holds no flow")
    if family.null_count:
        row = pc.index(family.is_null(), True).as_py()
        raise SourceError(
            f"flows: '{path}': {family.null_count:,} of {len(family):,} flows have no family, the first is flow {row}; "
            f"write '{BENIGN}' or the kind of attack into the column 'family'"
        )
    for name in family.unique().to_pylist():
        if name in _OTHERWISE:
            raise SourceError(f"flows: '{path}': family '{name}' is called '{_OTHERWISE[name]}' here; rename it")
        if not FAMILY_NAME.fullmatch(name):
            raise SourceError(
                f"flows: '{path}': family {name[:40]!r} is no name; use small letters, digits and underscores"
            )

"""A recording of the lab: a capture, and what the lab itself started while it ran.

In: a folder with `capture.pcap.gz` and `labels.csv.gz`; `recording.json` beside them, if there, holds their hashes.
Out: FLOW rows as our own sensor meters them, and the family of each by the rule of `data/labels.py`. A flow without a
label was started by no actor of the lab (the kernel's own multicast and neighbor traffic): it is benign, and counted.
Anyone's own capture can be a recording: write its labels.csv.gz.

The part "homes" is three more recordings of other devices, addresses and times, as the flows that our sensor metered
(`tools/homes.py`): a tenth of the size, which is why they can travel with the package.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.capture.sources.pcap import Pcap
from redshank.core.errors import SourceError
from redshank.core.schema import BENIGN, FLOW
from redshank.data.dataset import Dataset, Labelled
from redshank.data.datasets.flows import Flows
from redshank.data.labels import label_of, read_labels
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor

CAPTURE, LABELS, RECORDING = "capture.pcap.gz", "labels.csv.gz", "recording.json"
HOMES = "homes"


class Lab(Dataset):
    """A recording of the lab."""

    name: ClassVar[str] = "lab"
    parts: ClassVar[tuple[str, ...]] = ("", "unseen", HOMES)
    terms: ClassVar[str] = "part of this package, Apache-2.0; a recording of your own is yours"
    families: ClassVar[tuple[str, ...]] = (
        BENIGN,
        *("backdoor", "ddos", "dos", "injection", "mitm", "password", "ransomware", "scanning", "xss"),
    )

    @property
    def what(self) -> str:
        """What it is, in a few words."""
        return {
            "": "recording to learn from",
            "unseen": "recording of other devices, addresses and times",
            HOMES: "three more recordings to learn from, as flows",
        }[self.part]

    def load(self, path: Path) -> Labelled:
        """Meter the recording's capture and label its flows.

        Args:
            path: The recording's folder.

        Raises:
            SourceError: If a file is missing or damaged, or the labels are not what they should be.
        """
        if self.part == HOMES:
            flows = Flows().load(path)
            tables = [file.name for file in sorted(path.glob("*.parquet"))]
            return replace(flows, name=self.full_name, notes=(*flows.notes, _verified(path, tables)))
        absent = next((name for name in (CAPTURE, LABELS) if not (path / name).is_file()), None)
        if absent:
            raise SourceError(f"lab: folder '{path}' holds no {absent}; a recording has {CAPTURE} and {LABELS}")
        digest = hashlib.sha256()
        for chunk in _chunks(path / CAPTURE):
            digest.update(chunk)
        content = b"".join(_chunks(path / LABELS))
        digest.update(content)
        verified = _verified(path, (CAPTURE, LABELS))
        labels = read_labels(content)
        _require_families(labels, self.families)

        source = Sensor(Pcap(path / CAPTURE), MeterSettings(seed=0))
        flows = pa.Table.from_batches(source.batches(), schema=FLOW)
        flows = flows.filter(pc.equal(flows["part"], "final")).combine_chunks()
        batch = flows.to_batches()[0] if len(flows) else pa.RecordBatch.from_pylist([], schema=FLOW)

        label = label_of(batch, labels)
        names = np.array([*labels["family"].to_pylist(), BENIGN], dtype=np.str_)
        unmatched = int((label < 0).sum())
        notes = [
            f"{len(batch):,} flows, {unmatched:,} without a label (benign background)",
            f"{labels.num_rows - len(np.unique(label[label >= 0])):,} of {labels.num_rows:,} labels have no flow",
            verified,
        ]
        if source.anomalies:
            noticed = ", ".join(f"{name} {count:,}" for (_, name), count in sorted(source.anomalies.items()))
            notes.append(f"anomalies in the capture: {noticed}")
        return Labelled(batch, names[label], None, digest.hexdigest(), self.full_name, tuple(notes))


def _require_families(labels: pa.Table, families: tuple[str, ...]) -> None:
    strange = next((name for name in labels["family"].unique().to_pylist() if name not in families), None)
    if strange is not None:
        raise SourceError(f"lab: {LABELS} has family '{strange}'; allowed are {', '.join(families)}")


def _chunks(file: Path) -> Iterator[bytes]:
    try:
        with gzip.open(file) as stream:
            while chunk := stream.read(1 << 20):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"lab: cannot read '{file}' ({error}); record or fetch it again") from None


def _verified(path: Path, names: Sequence[str]) -> str:
    """Check files against recording.json, and say whether it was there."""
    file = path / RECORDING
    if not file.is_file():
        return f"no {RECORDING}: the files are as found"
    try:
        told = json.loads(file.read_text())["sha256"]
        wanted = {name: str(told[name]) for name in names}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"lab: '{file}' does not give the sha256 of {' and '.join(names)} ({type(error).__name__}: {error}); "
            "record again, or remove it"
        ) from None
    for name, sha256 in wanted.items():
        found = hashlib.sha256((path / name).read_bytes()).hexdigest()
        if found != sha256:
            raise SourceError(
                f"lab: {name} has sha256 {found[:12]}..., {RECORDING} says {sha256[:12]}...; it was changed or "
                "damaged, record or fetch it again"
            )
    return f"files as {RECORDING} says"

"""IoT-23: what real malware and real devices sent, as Zeek logged it.

In: labelled conn.logs (`conn.log.labeled`), or the tables that others made of two of them. Out: FLOW rows through our
own Zeek source, with times and addresses; the family is the detailed label, and `capture` says which scenario a row
comes from, because a model that learns one scenario has learnt its devices. As a whole it has every scenario here once:
the honeypot 4-1 comes with 5-1 and 7-1 in one table, from which the day of a row tells the scenario.

The part "clear" is what a detector can be trained on. A label of this dataset is a rule about addresses, and a TCP
attempt that nobody answered looks the same from a device that calls its control server (8-1, malicious) and from one
that calls a dead peer (42-1 and the honeypots, benign): there such benign attempts are left out, and every kind of
malicious flow is the one family `c2`, since two kinds of the four have three flows each.

The merged table that circulates (`iot23_combined`) is left out: it has no time, device or capture, so no protocol but a
random split could be asked of it, and 95 of 100 of its rows are copies.

Source: Garcia, Parmisano and Erquiaga 2020, Stratosphere Laboratory, version 1.0.0.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.schema import BENIGN, FLOW
from redshank.data.dataset import Labelled
from redshank.data.tables import Published, Verified, families
from redshank.flows.sources.zeek import Zeek

_BEFORE = ("uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration")
_AFTER = (
    *("orig_bytes", "resp_bytes", "conn_state", "local_orig", "local_resp", "missed_bytes", "history", "orig_pkts"),
    *("orig_ip_bytes", "resp_pkts", "resp_ip_bytes"),
)
_LABEL = "tunnel_parents   label   detailed-label"
LOG = ("ts", *_BEFORE, *_AFTER, _LABEL)
HAKAI_COLUMNS = (
    *("timestamp", "uid", "src_ip", "src_port", "dest_ip", "dest_port", "protocol", "service", "duration"),
    *(*_AFTER, "label"),
)
HONEYPOT_COLUMNS = (
    *("timestamp", "uid", "origin_address", "origin_port", "response_address", "response_port", "protocol"),
    *("service", "duration", *_AFTER, "tunnel_parents", "label", "detailed_label"),
)

DETAILS = {
    "C&C": "c2",
    "C&C-FileDownload": "c2_file_download",
    "C&C-Torii": "c2_torii",
    "FileDownload": "file_download",
}
"""Family by the detailed label of a malicious flow."""
CLASSES = {
    "benign": BENIGN,
    **dict.fromkeys(("-   Benign   -", "-   benign   -", "(empty)   Benign   -"), BENIGN),
    **{f"{before}   Malicious   {detail}": family for before in ("-", "(empty)") for detail, family in DETAILS.items()},
}

CLEAR = "clear"
"""The part without benign TCP attempts that nobody answered."""
UNANSWERED = ("tcp", "S0")
CLEAR_COUNTS = {BENIGN: 14_080, "c2": 8_258}

WHOLE = "complete scenario"
MALWARE = (
    Published(
        "CTU-IoT-Malware-Capture-42-1.conn.log.labeled",
        "e49c276579ae4d08d2e52c97c9a98eccb4567574a4a7a19eb835dded6e6f2e04",
        LOG,
        frozenset(LOG),
        _LABEL,
        {BENIGN: 4_420, "c2_file_download": 3, "file_download": 3},
        split="42-1",
        separator="\t",
        what=f"42-1 (Trojan): {WHOLE}",
    ),
    Published(
        "CTU-IoT-Malware-Capture-20-1.conn.log.labeled",
        "ef48ad72f65efd13d517223e61e4d877ba53a082ddb8159324b18d3f310d0711",
        LOG,
        frozenset(LOG),
        _LABEL,
        {BENIGN: 3_193, "c2_torii": 16},
        split="20-1",
        separator="\t",
        what=f"20-1 (Torii): {WHOLE}",
    ),
    Published(
        "CTU-IoT-Malware-Capture-21-1.conn.log.labeled",
        "b63db259aead078f50fc150aa97ace4d1f69576e1245334962759d978ce437eb",
        LOG,
        frozenset(LOG),
        _LABEL,
        {BENIGN: 3_272, "c2_torii": 14},
        split="21-1",
        separator="\t",
        what=f"21-1 (Torii): {WHOLE}",
    ),
    Published(
        "CTU-IoT-Malware-Capture-8-1_Hakai_renamed_header.csv",
        "334a038883c15054b228ce88a950c0cae281b9aa64a174835adc6dc5dd22d124",
        HAKAI_COLUMNS,
        frozenset(HAKAI_COLUMNS),
        "label",
        {BENIGN: 2_181, "c2": 8_222},
        split="8-1",
        what=f"8-1 (Hakai): {WHOLE}, as a table with other names of columns",
    ),
)
HONEYPOTS = Published(
    "CTU-Honeypot-Captures-4-1_5-1_7-1_honeypot_all.csv",
    "744417fa51c330ac902b33c3d33343b16ca3fa82706fb1d46b66d72264c9aaf8",
    HONEYPOT_COLUMNS,
    frozenset(HONEYPOT_COLUMNS),
    "label",
    {BENIGN: 1_956},
    answers=("detailed_label",),
    split="honeypots",
    what="honeypots 4-1, 5-1 and 7-1 (Philips Hue, Amazon Echo, Somfy door lock): complete scenarios in one table",
)
HUE = Published(
    "CTU-Honeypot-Capture-4-1.conn.log.labeled",
    "aebe40ea0e03b120265a5c7bc140dd9b0d3fe2fce65559e84776b7dd5360e71e",
    LOG,
    frozenset(LOG),
    _LABEL,
    {BENIGN: 452},
    split="honeypot-4-1",
    separator="\t",
    what=f"honeypot 4-1 (Philips Hue): {WHOLE}",
)

FILES = (*MALWARE, HONEYPOTS)
"""Every scenario that is here, once."""

_DAYS = (
    ("honeypot-5-1", datetime(2018, 9, 1, tzinfo=UTC)),
    ("honeypot-4-1", datetime(2018, 10, 1, tzinfo=UTC)),
    ("honeypot-7-1", datetime(2019, 7, 1, tzinfo=UTC)),
)
"""The honeypots' scenarios by the day from which their rows are: 5-1 of 21 September 2018, 4-1 of 25 October, 7-1 of
July 2019."""


@dataclass(frozen=True)
class Iot23(Verified):
    """IoT-23."""

    name: ClassVar[str] = "iot23"
    families: ClassVar[tuple[str, ...]] = families(CLASSES)
    parts: ClassVar[tuple[str, ...]] = ("", *(file.split for file in FILES), HUE.split, CLEAR)
    published: ClassVar[Mapping[str, tuple[Published, ...]]] = {
        "": FILES,
        CLEAR: FILES,
        **{file.split: (file,) for file in (*FILES, HUE)},
    }
    classes: ClassVar[Mapping[str, str]] = CLASSES
    terms: ClassVar[str] = "Stratosphere Laboratory: CC BY 4.0"
    citation: ClassVar[str] = "Garcia, Parmisano and Erquiaga 2020, IoT-23, version 1.0.0"

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows by family that are expected."""
        return CLEAR_COUNTS if self.part == CLEAR else super().counts

    @property
    def what(self) -> str:
        """What it is, in a few words."""
        if self.part == CLEAR:
            return "every scenario here without benign TCP attempts that nobody answered; malicious is one family"
        return "; ".join(file.what for file in self.files)

    def load(self, path: Path) -> Labelled:
        """Read and verify the logs.

        Args:
            path: The folder that holds them under their own names; the file itself if there is only one.

        Raises:
            SourceError: If one is not as published; what differs is named.
        """
        both = hashlib.sha256()
        flows, family, capture, notes = [], [], [], []
        for known in self._needed():
            content, file = self._verified(path, known)
            both.update(content)
            notes.append(file.what)
            batch, names = _read(self._file(path, known))
            flows.append(batch)
            family.append(names)
            capture.append(_honeypots(batch) if file.split == HONEYPOTS.split else np.full(len(batch), file.split))
        labelled = Labelled(
            pa.Table.from_batches(flows).combine_chunks().to_batches()[0],
            np.concatenate(family),
            None,
            both.hexdigest(),
            self.full_name,
            tuple(notes),
            capture=np.concatenate(capture),
        )
        return _clear(labelled) if self.part == CLEAR else labelled

    def difference(self, content: bytes, known: tuple[Published, ...]) -> str:
        """See `Verified.difference`; a log is compared by its rows, under the names in its header."""
        return super().difference(_rows(content), known)


def _read(file: Path) -> tuple[pa.RecordBatch, npt.NDArray[np.str_]]:
    """Read the flows of a log, and the family of each."""
    found = list(Zeek(file).labelled_batches())
    flows = pa.Table.from_batches([batch for batch, _ in found], schema=FLOW).combine_chunks().to_batches()[0]
    details = pa.concat_arrays([labels.column("detailed_label") for _, labels in found]).to_pylist()
    return flows, np.array([BENIGN if detail is None else DETAILS[detail] for detail in details], dtype=np.str_)


def _clear(labelled: Labelled) -> Labelled:
    """Leave out what the part "clear" has not."""
    assert labelled.capture is not None
    proto, state = UNANSWERED
    unanswered = pc.and_(pc.equal(labelled.flows["proto"], proto), pc.equal(labelled.flows["conn_state"], state))
    benign = labelled.family == BENIGN
    kept = ~(benign & pc.fill_null(unanswered, False).to_numpy(zero_copy_only=False))
    return replace(
        labelled,
        flows=labelled.flows.filter(pa.array(kept)),
        family=np.where(benign, BENIGN, DETAILS["C&C"])[kept],
        capture=labelled.capture[kept],
        notes=(*labelled.notes, f"{int((~kept).sum()):,} benign TCP attempts that nobody answered are left out"),
    )


def _honeypots(flows: pa.RecordBatch) -> npt.NDArray[np.str_]:
    """Tell the scenario of the merged honeypots' rows by their day."""
    began = np.array([day.timestamp() * 1e9 for _, day in _DAYS])
    at = np.searchsorted(began, flows.column("ts").cast(pa.int64()).to_numpy(), side="right") - 1
    names: npt.NDArray[np.str_] = np.array([name for name, _ in _DAYS])[at]
    return names


def _rows(content: bytes) -> bytes:
    """Return a log as a plain table: the names in its header, then its rows."""
    if not content.startswith(b"#"):
        return content
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    names = next((line.removeprefix(b"#fields\t") for line in lines if line.startswith(b"#fields\t")), b"")
    return b"\n".join([names, *(line for line in lines if line and not line.startswith(b"#")), b""])

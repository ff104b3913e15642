"""Questions about the flows of tests/bundles.py, and a store with them."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from bundles import flows, tiny_bundle
from redshank.core.records import Label
from redshank.features.feature_set import FEATURE_SETS
from redshank.store.database import Database
from redshank.store.question import Question, flow_values, identity
from redshank.store.queue import Queue

ASKED_S = 1_700_001_000.0
KINDS = ("benign", "scanning", "dos", "benign", "scanning", "dos")


def questions(kinds: tuple[str, ...] = KINDS, seed: int = 0, **changed: Any) -> list[Question]:
    """Return a question for each kind of flow; `changed` replaces fields of all."""
    return asked_about(flows(kinds, seed), **changed)


def asked_about(batch: pa.RecordBatch, **changed: Any) -> list[Question]:
    """Return a question for each flow; `changed` replaces fields of all."""
    found = FEATURE_SETS.find("conn")
    x = found().encode(batch)
    manifest = tiny_bundle().manifest
    made = []
    for place, flow in enumerate(flow_values(batch)):
        values: dict[str, Any] = {
            "id": identity(flow), "uid": flow["uid"], "device": flow["src_ip"], "flow": flow, "feature_set": "conn",
            "fingerprint": found.fingerprint(), "x": x[place].tobytes(), "classes": tuple(manifest.classes),
            "probabilities": (0.5, 0.3, 0.2), "neighbors": (), "why": "margin 0.20", "strategy": "margin",
            "bundle": "tiny", "bundle_sha256": "0" * 64, "asked_at_s": ASKED_S, "place": place, "at_random": False,
        }  # fmt: skip
        made.append(Question(**{**values, **changed}))
    return made


def store(path: Path, *asked: Question) -> Queue:
    """Make a store with questions, those of `questions` if none are given."""
    queue = Queue(Database(path, create=True))
    queue.add(asked or questions())
    return queue


def answer(question: Question, family: str | None, who: str = "ana", after_s: float = 60.0, **more: Any) -> Label:
    """Answer a question so long after it was asked."""
    return Label.of(question.id, question.uid, family, who, ASKED_S + after_s, "file", **more)

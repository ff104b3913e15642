"""Which bundles were trained on which labels: a bundle's provenance lists them.

In: labels, or a folder of bundles. Out: what a manifest says, and the bundles that say it. The one idea: the list
travels in the bundle, so that whoever has the bundle can answer, wherever the store is.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from redshank.core.bundle import MANIFEST_FILE, Bundle, Manifest
from redshank.core.errors import ConfigError
from redshank.core.records import Label

KEY = "labels"
HOLD_OUT = 0.3
"""Share of the labels, the latest flows, that nobody trains on and that measure."""
GATE_ROWS = 100
"""Rows that measure below which the gate promotes nothing; pages tell both, and must not import what trains."""


def label_provenance(labels: Iterable[Label]) -> dict[str, Any]:
    """Return what the provenance of a bundle says of the labels that it was trained on, one at least, under KEY."""
    ids, questions = zip(*sorted((label.id, label.question) for label in labels), strict=True)
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    return {"count": len(ids), "sha256": digest, "ids": list(ids), "questions": sorted(set(questions))}


def trained_on(folder: Path, ids: Collection[str], labels: Sequence[Label]) -> list[tuple[str, int]]:
    """Return the bundles below a folder that were trained on labels, and on how many of them.

    Args:
        folder: Bundles lie in it, at any depth.
        ids: Labels, or questions: then all labels about them.
        labels: All labels of the store.

    Raises:
        ConfigError: If there is no such folder.
        BundleError: If a bundle is damaged.
    """
    if not folder.is_dir():
        raise ConfigError(f"--models: no folder '{folder}'; name a folder of bundles")
    places = (path.parent for path in sorted(folder.rglob(MANIFEST_FILE)))
    bundles = [(str(place.relative_to(folder)), Bundle.load(place).manifest) for place in places]
    return counted(bundles, {*ids, *(label.id for label in labels if label.question in ids)})


def counted(bundles: Iterable[tuple[str, Manifest]], ids: Collection[str]) -> list[tuple[str, int]]:
    """Return those bundles that were trained on labels, and on how many of them.

    Args:
        bundles: Names and manifests.
        ids: The labels.
    """
    found = ((name, len(set(ids) & set(made.provenance.get(KEY, {}).get("ids", ())))) for name, made in bundles)
    return [(name, count) for name, count in found if count]

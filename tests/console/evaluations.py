"""An evaluation of a bundle with round figures, for pages that draw it."""

from typing import Any

from redshank.detect.measured import Measured
from redshank.detect.shelf import Shelf

CLASSES = ("benign", "dos")


def evaluation() -> dict[str, Any]:
    """Return the parts of an evaluation that pages read."""
    classes = [{"name": name, "support": 10.0, "precision": 0.9, "recall": 0.9, "f1": 0.9} for name in CLASSES]
    return {
        "task_classes": CLASSES,
        "vector": {
            "headline": {"macro_f1": 0.9, "roc_auc": 0.95, "ece": 0.02},
            "classes": classes,
            "confusion": [[9.0, 1.0], [1.0, 9.0]],
        },
        "intervals": {"macro_f1": [0.8, 0.95], "ece": None},
        "reliability": [{"score": 0.1, "attacks": 0.12, "rows": 10.0}, {"score": 0.9, "attacks": 0.85, "rows": 10.0}],
    }


def measured(shelf: Shelf, name: str) -> None:
    """Keep it beside a bundle."""
    Measured(name, shelf.load(name).manifest.sha256, "lab: test part", 1.7e9, evaluation()).save(shelf.folder)

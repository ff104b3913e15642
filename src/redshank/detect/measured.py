"""What a bundle was measured to do, kept beside it on the shelf.

In: the evaluation of a bundle as plain values (`learn/evaluation.py` has their meaning). Out: the same, if it is of the
very graph that the bundle has now. The one idea: a bundle never changes once it is on a shelf, so what is measured
later stands in a file of its own beside it, FOLDER/NAME.measured.json; the classifier that ships has one, too.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from redshank.core.errors import BundleError
from redshank.core.files import replacing


@dataclass(frozen=True)
class Measured:
    """An evaluation of a bundle.

    Args:
        name: The bundle.
        sha256: Of its graph.
        on: Which rows, in words.
        at_s: When, s since the epoch.
        evaluation: `learn.evaluation.Evaluation` as plain values.
    """

    name: str
    sha256: str
    on: str
    at_s: float
    evaluation: Mapping[str, Any]

    def save(self, shelf: Path) -> None:
        """Write it beside the bundle; an older one is replaced."""
        with replacing(_file(shelf, self.name)) as part:
            part.write_text(json.dumps(asdict(self), allow_nan=False))

    @classmethod
    def load(cls, shelf: Path, name: str, sha256: str) -> "Measured | None":
        """Read what was measured of a bundle; None if nothing was, or of another graph.

        Args:
            shelf: The folder of bundles.
            name: The bundle.
            sha256: Of the graph that it has now.

        Raises:
            BundleError: If the file is none of ours.
        """
        path = _file(shelf, name)
        try:
            found = cls(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise BundleError(f"{path}: is no evaluation; remove it, and measure the bundle again") from None
        return found if found.sha256 == sha256 else None


def _file(shelf: Path, name: str) -> Path:
    return shelf / f"{name}.measured.json"

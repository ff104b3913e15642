"""Where a result comes from: data, rows, commit, versions.

In: the parts and the seed that a result was made with. Out: plain values that JSON can hold, for a bundle's manifest
and for every table of results. No path, no user and no time of day is in it: the same run gives the same text.
"""

import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from redshank.data.parts import PARTS, Parts

LIBRARIES = ("redshank", "numpy", "scikit-learn", "torch", "lightgbm", "onnxruntime")


def provenance(parts: Parts, seed: int, command: str = "") -> dict[str, Any]:
    """Return where a result on `parts` comes from, JSON-safe.

    Args:
        parts: The dataset under a protocol.
        seed: Of the model.
        command: The command that made it.
    """
    return {
        "dataset": parts.dataset,
        "sha256": parts.sha256,
        "protocol": parts.protocol,
        "protocol_settings": plain(dict(parts.settings)),
        "task": parts.task,
        "partition_seed": parts.seed,
        "seed": seed,
        "rows": {name: len(getattr(parts, name)) for name in PARTS},
        "notes": plain(parts.notes),
        "commit": commit(),
        "versions": versions(),
        "command": command,
    }


def versions() -> dict[str, str]:
    """Return the versions of the libraries that a result depends on; what is not installed is left out."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """Return the git commit that this package is run from, with "+changes" if it was changed since; None if unknown.

    Only a repository whose own `src/redshank` this is counts: an installed package lies in somebody else's.
    """
    package = Path(__file__).resolve().parents[1]
    git = shutil.which("git")
    if git is None or not (package.parents[1] / ".git").exists():
        return None

    def ask(*words: str) -> str | None:
        answer = subprocess.run(  # noqa: S603  git itself, by its full path, with constant words
            [git, "-C", str(package), *words], capture_output=True, text=True, check=False, timeout=20
        )
        return answer.stdout.strip() if answer.returncode == 0 else None

    head = ask("rev-parse", "HEAD")
    changed = ask("status", "--porcelain", "--untracked-files=no", "--", str(package))
    return f"{head}+changes" if head and changed else head


def plain(value: Any) -> Any:  # noqa: ANN401  any value of a settings or notes dictionary
    """Return `value` as JSON can hold it: numpy numbers become Python's, tuples lists, NaN and infinity None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)

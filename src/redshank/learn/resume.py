"""Keep the state of a training run beside its result, so that an interrupted run goes on where it was.

In: a folder and the loop. Out: `state.safetensors` (weights, optimizer, random states; the rest as JSON in its header)
and `curve.csv`, both written anew after each epoch and renamed into place.
The one idea: a state is only taken up by the run that it belongs to. What it was trained with - settings, rows, classes
- stands in it as one hash; under another it is left alone and training begins anew.
"""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from redshank.core.files import replacing
from redshank.learn.curve import CURVE_FILE, curve_csv
from redshank.learn.loop import Loop

STATE_FILE = "state.safetensors"
HASHED_ROWS = 1 << 16

_log = logging.getLogger(__name__)


def fingerprint(settings: str, *arrays: npt.NDArray[Any]) -> str:
    """Return the hash of what a run depends on; long arrays are read in parts."""
    found = hashlib.sha256(settings.encode())
    for array in arrays:
        found.update(repr((array.shape, array.dtype.str)).encode())
        rows = np.atleast_1d(array)
        for at in range(0, len(rows), HASHED_ROWS):
            found.update(rows[at : at + HASHED_ROWS].tobytes())
    return found.hexdigest()


def keep(folder: Path, run: str, loop: Loop) -> None:
    """Write the state after an epoch."""
    tensors, numbers = loop.state()
    with replacing(folder / STATE_FILE) as part:
        copies = {name: value.clone().contiguous() for name, value in tensors.items()}
        save_file(copies, part, metadata={"run": run, "numbers": json.dumps(numbers)})
    with replacing(folder / CURVE_FILE) as part:
        part.write_text(curve_csv(loop.curve), encoding="utf-8")


def take_up(folder: Path, run: str, loop: Loop) -> bool:
    """Bring the loop to the state that `folder` has of this run; return whether there was one."""
    path = folder / STATE_FILE
    if not path.is_file():
        return False
    try:
        with safe_open(path, framework="pt") as file:
            found = file.metadata() or {}
            if found.get("run") != run:
                _log.info("%s: is of a run with other settings or rows; training begins anew", path)
                return False
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no mapping
    except SafetensorError:
        _log.warning("%s: is damaged; training begins anew", path)
        return False
    loop.restore(tensors, json.loads(found["numbers"]))
    _log.info("going on after epoch %d of %d (%s)", len(loop.curve), loop.settings.epochs, path)
    return True

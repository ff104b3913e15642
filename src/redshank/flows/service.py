"""Which application a flow carries, recognized by content.

In: each direction's first payload. Out: one bit per service and direction in ROW.services; at the end of a flow, the
text of FLOW.service. Ports are only a hint: no service is named because of a port alone.
A service is one file in services/, with one kernel `recognize`; its name is the file's name, Zeek's name for it.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FROM_CLIENT, FROM_SERVER, FROM_ANY = 1, 2, 3
"""What `recognize` found: something that only a client says, only a server says, or either."""

Recognize = Callable[[npt.NDArray[np.uint8], int, int, int, int], int]
"""(data, offset, length, proto, port) -> 0 or one of FROM_*.

The payload is data[offset : offset + length], length >= 1; proto 6 or 17; port is the responder's. Any bytes may come.
"""


def _load() -> dict[str, Any]:
    names = sorted(file.stem for file in (Path(__file__).parent / "services").glob("[a-z]*.py"))
    return {name: importlib.import_module(f"redshank.flows.services.{name}") for name in names}


SERVICES = _load()
"""The service modules by name."""

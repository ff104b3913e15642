"""Which application a flow carries, recognized by content.

In: each direction's first payload. Out: the text of FLOW.service when the flow ends. Ports are only a hint: where the
content of a protocol says little it must also be on its port, and no service is named because of a port alone.
A service is one file in services/ named as Zeek names it; nothing else has to be changed for a new one. It has

    BOTH         whether the client and the server must have been heard, or one is enough
    recognize    a kernel that looks at many payloads at once (Recognize)
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import kernel

UNKNOWN, FROM_CLIENT, FROM_SERVER, FROM_ANY = range(4)
"""What `recognize` finds: nothing, what only a client says, what only a server says, what both say."""

PAYLOAD = np.dtype(
    [
        ("row", "i8"),  # the flow's row in the table, and its serial number there
        ("serial", "i8"),
        ("side", "i8"),  # who sent it, 0 for the originator
        ("offset", "i8"),  # into Block.data
        ("length", "i8"),  # >= 1
        ("proto", "i8"),  # 6 or 17
        ("port", "i8"),  # the responder's
    ]
)
"""A direction's first payload, as far as it was captured."""

Recognize = Callable[[npt.NDArray[np.uint8], npt.NDArray[Any], npt.NDArray[np.uint8]], None]
"""(data [b], payloads [n] PAYLOAD, found [n] uint8): set `found` to FROM_* where this service speaks.

Any bytes may come: a kernel never reads outside data[offset : offset + length].
"""

NAMES = tuple(sorted(file.stem for file in (Path(__file__).parent / "services").glob("[a-z]*.py")))
"""The services, by name; the order is that of the bits in ROW.services."""


def find(name: str) -> tuple[Recognize, bool]:
    """Return the kernel of a service, and whether both directions are needed."""
    module = importlib.import_module(f"redshank.flows.services.{name}")
    return cast("Recognize", module.recognize), bool(module.BOTH)


class Recognizer:
    r"""Recognizes the services of one stream of flows.

    Example:
        >>> data = np.frombuffer(b"GET / HTTP/1.1\r\n\r\n", np.uint8)
        >>> payload = np.zeros(1, PAYLOAD)
        >>> payload["length"], payload["proto"], payload["port"] = len(data), 6, 8081
        >>> recognizer = Recognizer()
        >>> bits = recognizer.look(data, payload)
        >>> recognizer.texts(np.array([[bits[0], 0]], np.uint64)).to_pylist()
        ['http']
    """

    def __init__(self) -> None:
        found = [find(name) for name in NAMES]
        self._kernels = [recognize for recognize, _ in found]
        self._both = [both for _, both in found]
        self._texts: dict[tuple[int, int], str | None] = {}

    def look(self, data: npt.NDArray[np.uint8], payloads: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
        """Return bits by payload: 2 s if it is what a client of service s says, 2 s + 1 for its server.

        Shape:
            data: [b]; payloads: [n] PAYLOAD; returns: [n].
        """
        bits = np.zeros(len(payloads), np.uint64)
        for place, recognize in enumerate(self._kernels):
            found = np.zeros(len(payloads), np.uint8)
            recognize(data, payloads, found)
            bits |= found.astype(np.uint64) << np.uint64(2 * place)
        return bits

    def texts(self, services: npt.NDArray[np.uint64]) -> pa.StringArray:
        """Return the text of FLOW.service from ROW.services.

        Shape:
            services: [n, 2], bits of the originator's and the responder's payload.
        """
        texts = [self._known(pair) for pair in zip(services[:, 0].tolist(), services[:, 1].tolist(), strict=True)]
        return pa.array(texts, pa.string())

    def _known(self, pair: tuple[int, int]) -> str | None:
        if pair not in self._texts:
            self._texts[pair] = self._text(*pair)
        return self._texts[pair]

    def _text(self, originator: int, responder: int) -> str | None:
        names = []
        for place, (name, both) in enumerate(zip(NAMES, self._both, strict=True)):
            client = originator >> 2 * place & FROM_CLIENT
            server = responder >> 2 * place & FROM_SERVER
            if (client and server) if both else (client or server):
                names.append(name)
        return ",".join(names) or None


@kernel
def note(
    rows: npt.NDArray[Any],
    ended: npt.NDArray[Any],
    payloads: npt.NDArray[Any],
    bits: npt.NDArray[np.uint64],
) -> None:
    """Write what was recognized into the flows: those in the table, or those that ended meanwhile.

    Args:
        rows: The table's rows.
        ended: Rows that ended since the payloads were noted.
        payloads: PAYLOAD records, in the order in which they came.
        bits: What `Recognizer.look` found in each.
    """
    order = np.argsort(ended["serial"])
    serials = ended["serial"][order]
    for k in range(len(payloads)):
        if bits[k] == 0:
            continue
        payload = payloads[k]
        row = rows[payload.row]
        if row.live and row.serial == payload.serial:
            row.services[payload.side] |= bits[k]
            continue
        place = np.searchsorted(serials, payload.serial)
        if place < len(serials) and serials[place] == payload.serial:
            ended[order[place]].services[payload.side] |= bits[k]

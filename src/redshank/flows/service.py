r"""Which application a flow carries, recognized by content, and what can be read of it.

In: the first bytes of both directions of flows (STREAM). Out: one bit for each service that a flow speaks, the text of
FLOW.service, and columns of FLOW. Ports are only a hint: where the content of a protocol says little it must also be on
its port, and no service is named because of a port alone.
A service is one file in services/ named as Zeek names it; nothing else has to be changed for a new one. It has

    recognize(data, streams, found)   a kernel: set found[k] to 1 where flow k speaks it (Recognize)
    MAYBE        a Hint: what a flow must begin with to be worth looking at; the kernel is not even loaded otherwise
    FIELDS       optional: the raw columns it reads, {name: "text" | "bytes" | "number" | "flag"}; bytes are texts that
                 `finish` gets as they are
    ROOM         optional: bytes of text per flow, 512 if absent
    read(data, streams, numbers, spans, room)   a kernel, with FIELDS: reads the flows that were recognized (Read)
    finish(columns)   optional: raw columns -> columns of FLOW, where these are not the same

Both are lean kernels, and those that they call (core/kernel.py): that makes them four times as fast.
Any bytes may come: a kernel never reads outside [client_at, client_end) and [server_at, server_end), and never raises.
In text, a byte that is not printable ASCII is written as \xNN.
"""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.rooms import escaped, verbatim

STREAM = np.dtype(
    [
        ("client_at", "i8"),  # the originator's first bytes: data[client_at:client_end]; equal if there are none
        ("client_end", "i8"),
        ("server_at", "i8"),  # the responder's
        ("server_end", "i8"),
        ("proto", "i8"),  # 6, 17, or what else the flow's IP protocol is
        ("orig_port", "i8"),
        ("resp_port", "i8"),
    ]
)
"""The first bytes of both directions of a flow: of TCP the first 4,096 in order, of UDP the first datagram."""

NONE = int(np.iinfo(np.int64).min)
"""What stands for null among the numbers and flags that a service reads."""

ROOM = 512
SLICE = 1024
"""Flows read at a time: the text of so many has room."""

Bytes = npt.NDArray[np.uint8]
Records = npt.NDArray[Any]

Recognize = Callable[[Bytes, Records, Bytes], None]
"""(data [b], streams [n] STREAM, found [n] uint8 of zeros): set `found` to 1 where this service is spoken."""

Read = Callable[[Bytes, Records, npt.NDArray[np.int64], npt.NDArray[np.int64], Bytes], None]
"""(data [b], streams [n] STREAM, numbers [n, N] int64, spans [n, T, 2] int64, room [n, ROOM] uint8).

`numbers` come filled with NONE, N numbers and flags in the order of FIELDS; `spans` with -1, T texts in the order of
FIELDS: (start, stop) of the text in room[k], where it was put. What is not set is null.
"""

NAMES = tuple(sorted(file.stem for file in (Path(__file__).parent / "services").glob("[a-z]*.py")))
"""The services, by name, at most 64; the order is that of the bits in ROW.services."""


@dataclass(frozen=True)
class Hint:
    """What a flow must begin with to be worth a closer look: the first byte of its client or of its server fits.

    Args:
        proto: IP protocol, 6 or 17; 0: both.
        client: Possible first bytes of the originator; None: any.
        server: Possible first bytes of the responder; None: any.
    """

    proto: int = 0
    client: bytes | None = None
    server: bytes | None = None

    def table(self) -> npt.NDArray[np.bool_]:
        """Return whether a first byte fits.

        Shape:
            returns: [2, 2, 256]: TCP and UDP, client and server, byte.
        """
        fits = np.zeros((2, 2, 256), np.bool_)
        for place, proto in enumerate((6, 17)):
            for side, first in enumerate((self.client, self.server)):
                if self.proto in (0, proto):
                    fits[place, side, slice(None) if first is None else list(first)] = True
        return fits


@dataclass(frozen=True)
class Service:
    """One file of services/, as the Recognizer uses it."""

    name: str
    recognize: Recognize
    hint: Hint
    fields: dict[str, str]
    room: int
    read: Read | None
    finish: Callable[[dict[str, pa.Array]], dict[str, pa.Array]] | None

    def columns(self, data: Bytes, streams: Records) -> dict[str, pa.Array]:
        """Read flows that were recognized: columns of FLOW.

        Shape:
            data: [b]; streams: [n] STREAM; returns: [n] each.
        """
        parts = [self._raw(data, streams[at : at + SLICE]) for at in range(0, len(streams), SLICE)]
        raw = {name: pa.concat_arrays([part[name] for part in parts]) for name in self.fields}
        return raw if self.finish is None else self.finish(raw)

    def _raw(self, data: Bytes, streams: Records) -> dict[str, pa.Array]:
        texts = [name for name, kind in self.fields.items() if kind in {"text", "bytes"}]
        others = [name for name in self.fields if name not in texts]
        numbers = np.full((len(streams), len(others)), NONE, np.int64)
        spans = np.full((len(streams), len(texts), 2), -1, np.int64)
        room = np.empty((len(streams), self.room if texts else 0), np.uint8)
        assert self.read is not None
        self.read(data, streams, numbers, spans, room)
        columns = {
            name: escaped(room, spans[:, place]) if self.fields[name] == "text" else verbatim(room, spans[:, place])
            for place, name in enumerate(texts)
        }
        for place, name in enumerate(others):
            value = numbers[:, place]
            values = value != 0 if self.fields[name] == "flag" else value
            columns[name] = pa.array(values, mask=value == NONE)
        return columns


@cache
def find(name: str) -> Service:
    """Return a service by its name; its kernels are loaded when they are first called."""
    module: ModuleType = importlib.import_module(f"redshank.flows.services.{name}")
    return Service(
        name=name,
        recognize=cast("Recognize", module.recognize),
        hint=module.MAYBE,
        fields=dict(getattr(module, "FIELDS", {})),
        room=int(getattr(module, "ROOM", ROOM)),
        read=getattr(module, "read", None),
        finish=getattr(module, "finish", None),
    )


@lean_kernel
def _maybe(data: Bytes, streams: Records, tables: npt.NDArray[np.uint64], maybe: npt.NDArray[np.uint64]) -> np.uint64:
    """Set bit s of maybe[k] if the hint of service s fits flow k; return the bits that came up at all."""
    some = np.uint64(0)
    for k in range(len(streams)):
        stream = streams[k]
        maybe[k] = 0
        if stream.proto not in (6, 17):
            continue
        table = tables[0 if stream.proto == 6 else 1]
        bits = np.uint64(0)
        if stream.client_end > stream.client_at:
            bits |= table[0, data[stream.client_at]]
        if stream.server_end > stream.server_at:
            bits |= table[1, data[stream.server_at]]
        maybe[k] = bits
        some |= bits
    return some


@lean_kernel
def _pick(
    streams: Records, bits: npt.NDArray[np.uint64], place: int, which: npt.NDArray[np.int64], out: Records
) -> int:
    """Copy the streams that have a bit and bytes, and note which; return how many (numpy takes ten times as long)."""
    count = 0
    for k in range(len(streams)):
        heard = streams[k].client_end > streams[k].client_at or streams[k].server_end > streams[k].server_at
        if heard and bits[k] >> np.uint64(place) & np.uint64(1):
            which[count], out[count] = k, streams[k]
            count += 1
    return count


@lean_kernel
def _mark(found: Bytes, which: npt.NDArray[np.int64], place: int, bits: npt.NDArray[np.uint64]) -> None:
    for k in range(len(which)):
        if found[k]:
            bits[which[k]] |= np.uint64(1) << np.uint64(place)


class Recognizer:
    r"""Recognizes the services of flows, and reads their fields.

    Example:
        >>> data = np.frombuffer(b"GET / HTTP/1.1\r\n\r\n", np.uint8)
        >>> stream = np.zeros(1, STREAM)
        >>> stream["client_end"], stream["proto"], stream["resp_port"] = len(data), 6, 8081
        >>> recognizer = Recognizer()
        >>> services = recognizer.look(data, stream)
        >>> recognizer.texts(services).to_pylist()
        ['http']
    """

    def __init__(self) -> None:
        self._services = [find(name) for name in NAMES]
        self._tables = np.zeros((2, 2, 256), np.uint64)
        for place, service in enumerate(self._services):
            self._tables |= service.hint.table().astype(np.uint64) << np.uint64(place)

    def look(self, data: Bytes, streams: Records) -> npt.NDArray[np.uint64]:
        """Return the services of each flow: bit s for NAMES[s].

        Shape:
            data: [b]; streams: [n] STREAM; returns: [n].
        """
        maybe, bits = np.zeros(len(streams), np.uint64), np.zeros(len(streams), np.uint64)
        which, picked = np.empty(len(streams), np.int64), np.empty(len(streams), STREAM)
        some = int(_maybe(data, streams, self._tables, maybe))
        for place, service in self._in(some):
            count = _pick(streams, maybe, place, which, picked)
            found = np.zeros(count, np.uint8)
            service.recognize(data, picked[:count], found)
            _mark(found, which[:count], place, bits)
        return bits

    def texts(self, services: npt.NDArray[np.uint64]) -> pa.StringArray:
        """Return the text of FLOW.service: names joined by a comma, null if there are none.

        Shape:
            services: [n], as `look` gives them.
        """
        distinct, which = np.unique(services, return_inverse=True)
        names = [",".join(service.name for _, service in self._in(int(bits))) or None for bits in distinct]
        return pa.array(names, pa.string()).take(pa.array(which))

    def fields(self, data: Bytes, streams: Records, services: npt.NDArray[np.uint64]) -> dict[str, pa.Array]:
        """Return the columns of FLOW that services read; null where a flow speaks none that has the column.

        Where two services give one column, the first in NAMES that knows a value is heard.

        Args:
            data: Bytes.
            streams: Where the first bytes of flows lie in it.
            services: What `look` found in them, or fewer.

        Shape:
            data: [b]; streams: [n] STREAM; services: [n]; returns: [n] each.
        """
        which, picked = np.empty(len(streams), np.int64), np.empty(len(streams), STREAM)
        columns: dict[str, pa.Array] = {}
        for place, service in self._in(int(np.bitwise_or.reduce(services, initial=0))):
            if not service.fields:
                continue
            count = _pick(streams, services, place, which, picked)
            if count == 0:  # known from an earlier row, and the first bytes are gone since
                continue
            back = np.full(len(streams), -1, np.int64)
            back[which[:count]] = np.arange(count)
            places = pa.array(back, mask=back < 0)
            for name, values in service.columns(data, picked[:count]).items():
                spread = values if count == len(streams) else values.take(places)
                columns[name] = pc.coalesce(columns[name], spread) if name in columns else spread
        return columns

    def _in(self, bits: int) -> Iterator[tuple[int, Service]]:
        return ((place, service) for place, service in enumerate(self._services) if bits >> place & 1)

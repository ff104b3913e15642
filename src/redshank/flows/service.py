r"""Which application a flow carries, recognized by content, and what can be read of it.

In: the first bytes of both directions of flows (STREAM). Out: one bit for each service that a flow speaks, the text of
FLOW.service, and columns of FLOW. Ports are only a hint: where the content of a protocol says little it must also be on
its port, and no service is named because of a port alone.
A service is one file in services/ named as Zeek names it; nothing else has to be changed for a new one. It has

    recognize(data, streams, which, found)   a kernel: set found[k] to 1 where flow which[k] speaks it (Recognize)
    MAYBE        a Hint, or several: what a flow must begin with to be worth looking at; the kernel is not even loaded
                 otherwise, and need not be fast for others
    FIELDS       optional: the columns of FLOW that it reads: {name: "number" | "flag" | "text", or a function that
                 makes text of the bytes that were read, called once for each that differ}
    ROOM         optional: bytes of text per flow at most, 512 if absent
    SPACE        optional: bytes that `read` works in, 0 if absent
    read(data, streams, which, numbers, spans, room, place)   a kernel, with FIELDS: reads flows (Read)

Both are lean kernels, and those that they call (core/kernel.py): that makes them four times as fast.
Any bytes may come: a kernel never reads outside [client_at, client_end) and [server_at, server_end), and never raises.
In text, a byte of a control character, or of what is no UTF-8, is written as \xNN.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel
from redshank.core.schema import FLOW
from redshank.flows.hint import Bits, Hint, Hints, Places, listed
from redshank.flows.payload.remembered import Make, Remembered
from redshank.flows.payload.rooms import NONE, number_columns, text_column

__all__ = ["NAMES", "NONE", "STREAM", "Bytes", "Fields", "Hint", "Places", "Recognizer", "Records", "Service", "find"]

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

ROOM = 512
SLICE = 256
"""Flows read at a time: the text of so many must have room."""
_PAGE = 4096

Bytes = npt.NDArray[np.uint8]
Records = npt.NDArray[Any]

Recognize = Callable[[Bytes, Records, Places, Bytes], None]
"""(data [b], streams [n] STREAM, which [m], found [m] uint8 of zeros): set found[k] to 1 where streams[which[k]] speaks
this service."""

Read = Callable[[Bytes, Records, Places, Places, Places, Bytes, int], int]
"""(data [b], streams [n] STREAM, which [m], numbers [m, N] int64, spans [m, 2 T] int64, room [r] uint8, place).

`numbers` come filled with NONE, N numbers and flags in the order of FIELDS; `spans` with -1, T texts in the order of
FIELDS: where each starts and stops in room. What is not set is null. Texts are put into room from `place` on, one flow
behind the other: there is room for ROOM bytes of each, and SPACE more at its end to work in. Returns where the last
text ends.
"""

NAMES = tuple(sorted(file.stem for file in (Path(__file__).parent / "services").glob("[a-z]*.py")))
"""The services, by name, at most 64; the order is that of the bits in ROW.services."""


@dataclass(frozen=True)
class Service:
    """One file of services/, as the Recognizer uses it."""

    name: str
    recognize: Recognize
    hints: tuple[Hint, ...]
    fields: dict[str, str | Make]
    room: int
    space: int
    read: Read | None

    @property
    def texts(self) -> list[str]:
        """The fields that are texts, in order."""
        return [name for name, kind in self.fields.items() if kind not in {"number", "flag"}]

    @property
    def numbers(self) -> list[str]:
        """The fields that are numbers or flags, in order."""
        return [name for name, kind in self.fields.items() if kind in {"number", "flag"}]


@cache
def find(name: str) -> Service:
    """Return a service by its name; its kernels are loaded when they are first called."""
    module: ModuleType = importlib.import_module(f"redshank.flows.services.{name}")
    return Service(
        name=name,
        recognize=cast("Recognize", module.recognize),
        hints=module.MAYBE if isinstance(module.MAYBE, tuple) else (module.MAYBE,),
        fields=dict(getattr(module, "FIELDS", {})),
        room=int(getattr(module, "ROOM", ROOM)),
        space=int(getattr(module, "SPACE", 0)),
        read=getattr(module, "read", None),
    )


class Fields:
    """Reads the fields of one service.

    Args:
        service: One that has fields.
    """

    def __init__(self, service: Service) -> None:
        assert service.read is not None
        self._service, self._read = service, service.read
        self._texts = service.texts
        self._numbers = {name: FLOW.field(name).type for name in service.numbers}
        self._made = {name: Remembered(kind) for name, kind in service.fields.items() if callable(kind)}
        self._room = np.empty(SLICE * service.room + service.space, np.uint8)

    def columns(self, data: Bytes, streams: Records, which: Places) -> dict[str, pa.Array]:
        """Read flows that were recognized: columns of FLOW for all flows; one without any value is left out.

        Args:
            data: Bytes.
            streams: Where the first bytes of flows lie in it.
            which: The flows to read, in order.

        Shape:
            data: [b]; streams: [n] STREAM; which: [m]; returns: [n] each.
        """
        numbers = np.full((len(which), len(self._numbers)), NONE, np.int64)
        spans = np.full((len(which), 2 * len(self._texts)), -1, np.int64)
        place = 0
        for at in range(0, len(which) or 1, SLICE):  # of no flow, too: so the kernel can be loaded before there is one
            self._make_room(place)
            part = slice(at, at + SLICE)
            place = self._read(data, streams, which[part], numbers[part], spans[part], self._room, place)
        columns = number_columns(numbers, which, len(streams), self._numbers)
        for text, name in enumerate(self._texts):
            made = self._made.get(name)
            if made is None:
                column = text_column(self._room, spans, text, which, len(streams))
            else:
                found = made.look(self._room, spans, text)
                column = text_column(made.texts, found, 0, which, len(streams), plain=True)
            if column is not None:
                columns[name] = column
        return columns

    def _make_room(self, place: int) -> None:
        """See to it that there is room for a slice behind `place`."""
        need = place + SLICE * self._service.room + self._service.space
        if need > len(self._room):
            longer = np.empty(-(-need // _PAGE) * _PAGE * 2, np.uint8)
            longer[:place] = self._room[:place]
            self._room = longer


@lean_kernel
def _readable(streams: Records, services: Bits, readers: np.uint64, bits: Bits) -> None:
    """Leave the bits of services that read, in flows whose first bytes are there."""
    for k in range(len(streams)):
        stream = streams[k]
        heard = stream.client_end > stream.client_at or stream.server_end > stream.server_at
        bits[k] = services[k] & readers if heard else 0


@lean_kernel
def _mark(found: Bytes, which: Places, ends: Places, bits: Bits) -> None:
    """Set bit s where a flow of the s-th list was found."""
    for s in range(len(ends) - 1):
        for k in range(ends[s], ends[s + 1]):
            if found[k]:
                bits[which[k]] |= np.uint64(1) << np.uint64(s)


@lean_kernel
def _named(services: Bits, which: Places, spans: Places) -> int:
    """List the flows that have a service, and where the eight bytes of their bits lie; return how many they are."""
    count = 0
    for k in range(len(services)):
        which[count], spans[count, 0], spans[count, 1] = k, 8 * k, 8 * k + 8
        count += services[k] != 0
    return count


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
        self._hints = Hints([service.hints for service in self._services])
        self._fields: dict[int, Fields] = {}
        self._readers = np.uint64(sum(1 << place for place, service in enumerate(self._services) if service.fields))
        self._names = Remembered(_names)

    def look(self, data: Bytes, streams: Records, known: Bits | None = None) -> Bits:
        """Return the services of each flow: bit s for NAMES[s].

        Args:
            data: Bytes.
            streams: Where the first bytes of flows lie in it.
            known: Services that are known and need not be looked for; they are returned, too.

        Shape:
            data: [b]; streams: [n] STREAM; known, returns: [n].
        """
        bits = np.zeros(len(streams), np.uint64) if known is None else known.astype(np.uint64)
        ends, which = listed(self._hints.look(data, streams, bits))
        found = np.zeros(len(which), np.uint8)
        for place, service in enumerate(self._services):
            part = slice(ends[place], ends[place + 1])
            if part.start < part.stop:
                service.recognize(data, streams, which[part], found[part])
        _mark(found, which, np.array(ends), bits)
        return bits

    def texts(self, services: Bits) -> pa.StringArray:
        """Return the text of FLOW.service: names joined by a comma, null if there are none.

        Shape:
            services: [n], as `look` gives them.
        """
        which, spans = np.empty(len(services), np.int64), np.empty((len(services), 2), np.int64)
        count = _named(services, which, spans)
        which, spans = which[:count], spans[:count]
        found = self._names.look(services.view(np.uint8), spans)
        column = text_column(self._names.texts, found, 0, which, len(services), plain=True)
        return pa.nulls(len(services), pa.string()) if column is None else column

    def fields(self, data: Bytes, streams: Records, services: Bits) -> dict[str, pa.Array]:
        """Return the columns of FLOW that services read; null where a flow speaks none that has the column.

        A column without any value is left out. Where two services give one column, the first in NAMES that knows a
        value is heard.

        Args:
            data: Bytes.
            streams: Where the first bytes of flows lie in it.
            services: What `look` found in them, or fewer.

        Shape:
            data: [b]; streams: [n] STREAM; services: [n]; returns: [n] each.
        """
        bits = np.empty(len(streams), np.uint64)
        _readable(streams, services, self._readers, bits)  # of services known earlier the first bytes may be gone since
        ends, which = listed(bits)
        columns: dict[str, pa.Array] = {}
        for place, service in enumerate(self._services):
            if ends[place] == ends[place + 1]:
                continue
            if place not in self._fields:
                self._fields[place] = Fields(service)
            read = self._fields[place].columns(data, streams, which[ends[place] : ends[place + 1]])
            for name, values in read.items():
                columns[name] = _either(columns[name], values) if name in columns else values
        return columns


def _either(first: pa.Array, second: pa.Array) -> pa.Array:
    import pyarrow.compute as pc  # noqa: PLC0415  takes 40 ms, and few captures have two services that fill a column

    return pc.coalesce(first, second)


def _names(services: bytes) -> str:
    bits = int.from_bytes(services, "little")
    return ",".join(name for place, name in enumerate(NAMES) if bits >> place & 1)

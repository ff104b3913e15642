"""Rows of the flow table -> FLOW batches.

In: rows that went out of the meter. Out: a FLOW batch with everything the meter knows: numbers, states, texts of
addresses, `uid` and Community ID. All columns are written in one pass, BLOCK rows at a time: memory is what it waits
for, and so every row is fetched once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel
from redshank.core.schema import FLOW, flow_batch
from redshank.flows.meter import Ended
from redshank.flows.metering import community_id, uid
from redshank.flows.metering.absent import LACKING, LACKS, NOTHING, write_there
from redshank.flows.metering.community_id import write_community_ids
from redshank.flows.metering.lanes import NAME_LANES, SHA1_LANES
from redshank.flows.metering.measures import BLOCK, DIVISORS, FLOATS, INTS, LONGS, write_measures
from redshank.flows.metering.sequence import write_firsts
from redshank.flows.metering.table import FIRST, Int, Records
from redshank.flows.metering.text import (
    MAC_LETTERS,
    SPARE,
    V4_LETTERS,
    V6_LETTERS,
    Bytes,
    write_addresses,
    write_histories,
    write_macs,
)
from redshank.flows.metering.uid import write_parents, write_uids
from redshank.flows.metering.words import WORD, write_words

_TEXTS = (
    *("uid", "community_id", "src_ip", "dst_ip", "src_mac", "dst_mac", "history"),
    *("proto", "conn_state", "part", "part_reason"),
)
_UID, _COMMUNITY, _IPS, _MACS, _HISTORY, _WORDS = 0, 1, 2, 4, 6, 7
_COLUMNS = tuple(
    (name, FLOW.field(name).type, which, place, LACKING.get(name, NOTHING))
    for which, names in enumerate((FLOATS, LONGS, INTS))
    for place, name in enumerate(names)
)
"""Numbers: name, type, which array they lie in and where, what a row lacks in which they are null."""
_LISTS = ("first_sizes_bytes", "first_gaps_s")
_LIST_TYPES = tuple(FLOW.field(name).type for name in _LISTS)

_Masks = list[tuple[int, pa.Buffer | None]]
"""By what a row can lack: how many do, and the mask."""


def flow_rows(
    ended: Ended, service: pa.Array | None = None, fields: dict[str, pa.Array] | None = None
) -> pa.RecordBatch:
    """Build the FLOW batch of rows that went out.

    Args:
        ended: The rows.
        service: Text column of recognized services, null where none.
        fields: Columns that services read.

    Shape:
        service: [n]; fields: [n] each.

    Example:
        >>> from redshank.capture.packet import PACKET
        >>> from redshank.flows.meter import Meter, MeterSettings
        >>> packet = np.zeros(1, PACKET)
        >>> packet["version"], packet["proto"], packet["src_lo"], packet["dst_lo"] = 4, 17, 0x0A000002, 0x0A000001
        >>> meter = Meter(MeterSettings(capacity=16))
        >>> list(meter.feed(packet, np.zeros(0, np.uint8)))
        []
        >>> flow_rows(next(meter.finish())).select(["src_ip", "dst_ip", "duration"]).to_pylist()
        [{'src_ip': '10.0.0.2', 'dst_ip': '10.0.0.1', 'duration': None}]
    """
    written = _write(ended)
    bits = np.packbits(written.there, axis=1, bitorder="little")
    masks = []
    for has, mask in zip(written.there, bits, strict=True):
        missing = len(ended) - int(np.count_nonzero(has))
        masks.append((missing, pa.py_buffer(mask) if missing else None))
    columns: dict[str, Any] = {"service": service, **(fields or {})}
    columns |= _numbers(written, len(ended), masks)
    columns |= _texts(written, len(ended), masks)
    columns |= _lists(written, len(ended))
    if written.tunnels:
        columns["tunnel_parents"] = _parents(ended.rows, ended.parents)
    return flow_batch(columns, len(ended))


@dataclass(frozen=True)
class _Written:
    """What the kernels wrote: numbers in blocks, texts and lists with where each ends."""

    floats: npt.NDArray[np.float64]
    longs: npt.NDArray[np.int64]
    ints: npt.NDArray[np.int32]
    there: npt.NDArray[np.bool_]
    begins: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int32]
    letters: Bytes
    packets: int
    list_ends: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.int32]
    gaps: npt.NDArray[np.float32]
    tunnels: int


def _write(ended: Ended) -> _Written:
    rows, count, room = ended.rows, len(ended), np.zeros(4, np.int64)
    _room(rows, room)
    addresses, histories, packets, tunnels = room.tolist()
    blocks = -(-count // BLOCK)
    sizes = [uid.LENGTH * count, community_id.LENGTH * count, *2 * [addresses], *2 * [MAC_LETTERS * count], histories]
    begins = np.cumsum([0, *(size + SPARE for size in (*sizes, *4 * [WORD * count]))])
    written = _Written(
        floats=np.empty((len(FLOATS), blocks, BLOCK)),
        longs=np.empty((len(LONGS), blocks, BLOCK), np.int64),
        ints=np.empty((len(INTS), blocks, BLOCK), np.int32),
        there=np.empty((LACKS, count), np.bool_),
        begins=begins,
        stops=np.empty((len(_TEXTS), count + 1), np.int32),
        letters=np.empty(begins[-1], np.uint8),
        packets=packets,
        list_ends=np.empty(count + 1, np.int32),
        sizes=np.empty(packets + FIRST, np.int32),
        gaps=np.empty(packets + FIRST, np.float32),
        tunnels=tunnels,
    )
    _fill(
        *(rows, ended.more, ended.ends, written.floats, written.longs, written.ints, written.there),
        *(written.stops, written.letters, begins, written.list_ends, written.sizes, written.gaps),
        np.ones((len(FLOATS) + DIVISORS, BLOCK)),
        np.zeros((len(LONGS), BLOCK), np.int64),
        np.zeros((len(INTS), BLOCK), np.int32),
        np.zeros((6, NAME_LANES), np.uint64),
        np.zeros((16, SHA1_LANES), np.uint32),
    )
    return written


def _numbers(written: _Written, count: int, masks: _Masks) -> dict[str, pa.Array]:
    kinds = (written.floats, written.longs, written.ints)
    buffers = [(pa.py_buffer(values), values.itemsize, values[0].nbytes) for values in kinds]
    columns = {}
    for name, kind, which, place, lack in _COLUMNS:
        missing, mask = masks[lack]
        if missing < count:
            buffer, size, step = buffers[which]
            values = buffer.slice(place * step, count * size)
            columns[name] = pa.Array.from_buffers(kind, count, [mask, values], missing)
    return columns


def _texts(written: _Written, count: int, masks: _Masks) -> dict[str, pa.Array]:
    stops, letters = pa.py_buffer(written.stops), pa.py_buffer(written.letters)
    step, lengths = written.stops[0].nbytes, written.stops[:, -1].tolist()
    columns = {}
    for place, (name, begin) in enumerate(zip(_TEXTS, written.begins.tolist(), strict=False)):
        missing, mask = masks[LACKING.get(name, NOTHING)]
        if missing < count:
            ends, data = stops.slice(place * step, step), letters.slice(begin, lengths[place])
            columns[name] = pa.StringArray.from_buffers(count, ends, data, mask, missing)
    return columns


def _lists(written: _Written, count: int) -> dict[str, pa.Array]:
    ends, columns = pa.py_buffer(written.list_ends), {}
    for name, kind, values in zip(_LISTS, _LIST_TYPES, (written.sizes, written.gaps), strict=True):
        items = pa.Array.from_buffers(kind.value_type, written.packets, [None, pa.py_buffer(values)], 0)
        columns[name] = pa.Array.from_buffers(kind, count, [None, ends], 0, children=[items])
    return columns


@lean_kernel
def _room(rows: Records, room: npt.NDArray[np.int64]) -> None:
    """Set how many letters addresses and histories take at most, how many first packets and tunnels there are."""
    letters: Int = np.int64(0)
    histories: Int = np.int64(0)
    packets: Int = np.int64(0)
    tunnels: Int = np.int64(0)
    for k in range(len(rows)):
        letters += V4_LETTERS if rows[k].version == 4 else V6_LETTERS
        histories += np.int64(rows[k].history_length)
        packets += min(np.int64(rows[k].packets), FIRST)
        tunnels += np.int64(rows[k].parents)
    room[0], room[1], room[2], room[3] = letters, histories, packets, tunnels


@lean_kernel
def _fill(
    rows: Records,
    more: Records,
    ends: Records,
    floats: npt.NDArray[np.float64],
    longs: npt.NDArray[np.int64],
    ints: npt.NDArray[np.int32],
    there: npt.NDArray[np.bool_],
    stops: npt.NDArray[np.int32],
    letters: Bytes,
    begins: npt.NDArray[np.int64],
    list_ends: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.int32],
    gaps: npt.NDArray[np.float32],
    some_floats: npt.NDArray[np.float64],
    some_longs: npt.NDArray[np.int64],
    some_ints: npt.NDArray[np.int32],
    names: npt.NDArray[np.uint64],
    digests: npt.NDArray[np.uint32],
) -> None:
    stops[:, 0] = 0
    list_ends[0] = 0
    for block in range(floats.shape[1]):
        first = block * BLOCK
        stop = min(first + BLOCK, len(rows))
        part, part_ends = rows[first:stop], ends[2 * first : 2 * stop]
        write_measures(
            part, more[first:stop], part_ends, block, floats, longs, ints, some_floats, some_longs, some_ints
        )
        write_firsts(part, more[first:stop], first, list_ends, sizes, gaps)
        write_there(part, part_ends, first, there)
        write_uids(part, first, stops[_UID], letters, names)
        write_community_ids(part, first, stops[_COMMUNITY], letters[begins[_COMMUNITY] :], digests)
        write_addresses(part, first, stops[_IPS:], letters[begins[_IPS] :], letters[begins[_IPS + 1] :])
        write_macs(part, first, stops[_MACS:], letters[begins[_MACS] :], letters[begins[_MACS + 1] :])
        write_histories(part, first, stops[_HISTORY], letters[begins[_HISTORY] :])
        write_words(
            part,
            part_ends,
            first,
            stops[_WORDS:],
            letters[begins[_WORDS] :],
            letters[begins[_WORDS + 1] :],
            letters[begins[_WORDS + 2] :],
            letters[begins[_WORDS + 3] :],
        )


def _parents(rows: npt.NDArray[Any], parents: npt.NDArray[np.uint64]) -> pa.StringArray:
    """Return the column of tunnels that carried rows; null where there were none."""
    ends, letters = np.zeros(len(rows) + 1, np.int32), np.empty(uid.PARENTS * len(rows), np.uint8)
    write_parents(rows, parents, ends, letters)
    valid = pa.py_buffer(np.packbits(ends[1:] > ends[:-1], bitorder="little"))
    return pa.StringArray.from_buffers(len(rows), pa.py_buffer(ends), pa.py_buffer(letters), valid)

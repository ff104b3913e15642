"""What devices did since it was asked last: hour by hour, and by the names of services and peers.

In: both ends of flows, added up (`flows/devices.py`), with how many of them speak for what is usual of their device.
Out: flows and bytes of each hour of packet time; flows of each name and day. The one idea: what speaks for the usual
goes before what does not, so that a scan, whose every port is another name, puts out nothing that is usual.

- A flow counts once, when it ends, in the hour in which it ended.
- Of one device and day MOST_NAMES names of each kind are held between two answers, those with the most flows that are
  usual first, then those seen last; in all MOST_ROWS hours, and as many names. What there is no room for is counted in
  `missing`.
- It is kept in columns, and put together only when there is much of it, or when it is asked for.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

MOST_NAMES = 64
MOST_ROWS = 32_768
MOST_AT_ONCE = 8_192
"""Names of one kind, and hours, out of one look at some ten thousand flows: addresses may be forged."""
MOST_WAITING = MOST_ROWS
"""Hours, and names, that wait until they can be written down: each takes near half a kilobyte."""
OFFERS, USES, PEERS = KINDS = ("offers", "uses", "peers")
"""Kinds of names, as in DEVICE."""
HOUR_NS, DAY_NS = 3_600_000_000_000, 86_400_000_000_000
WHO = ["mac", "alone", "near"]
"""Columns that tell a device: a link-layer address, or none and the address that stands for it; whether it acted with a
private address."""
SUMMED = ("final", "sent", "received", "benign", "benign_bytes")
"""Columns that are added up: flows that ended, their bytes; those that speak for what is usual, their bytes in all."""
_NS_PER_S = 1_000_000_000

Who = tuple[str | None, str, bool]
_Key = TypeVar("_Key")


@dataclass(slots=True)
class InHour:
    """What a device did in an hour of packet time; `benign_*` is the part that speaks for what is usual of it."""

    flows: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    benign_flows: int = 0
    benign_bytes: int = 0

    def add(self, more: "InHour") -> None:
        """Add what was done in the same hour."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(more, name))


@dataclass(slots=True)
class ByName:
    """Flows of a device with one service or peer, on one day.

    Args:
        flows: Those that speak for what is usual.
        others: The others.
        seen_s: Packet time of the last, s since the epoch.
    """

    flows: int = 0
    others: int = 0
    seen_s: float = float("-inf")

    def add(self, more: "ByName") -> None:
        """Add more flows of the same name and day."""
        self.flows, self.others = self.flows + more.flows, self.others + more.others
        self.seen_s = max(self.seen_s, more.seen_s)


class Named(NamedTuple):
    """A name of one device on one day, since the epoch, of packet time."""

    device: str
    kind: str
    name: str
    day: int


class Did(NamedTuple):
    """What devices did: by device and hour since the epoch, and by name."""

    hours: dict[tuple[str, int], InHour]
    names: dict[Named, ByName]

    def only_before(self, end_s: float) -> tuple["Did", int]:
        """Return what was done before a packet time, in s, and how many hours and names are later.

        A flow that is dated far ahead would keep its name from getting older until then.
        """
        hour, day = end_s * _NS_PER_S // HOUR_NS, end_s * _NS_PER_S // DAY_NS
        hours = {key: done for key, done in self.hours.items() if key[1] < hour}
        names = {name: by_name for name, by_name in self.names.items() if name.day < day}
        return Did(hours, names), len(self.hours) + len(self.names) - len(hours) - len(names)

    def add(self, more: "Did") -> int:
        """Add what was done besides, and use it up; past MOST_WAITING hours, or names, the least usual make room.

        Returns:
            For how many hours and names there was no room.
        """
        for hour, done in more.hours.items():
            if (held := self.hours.setdefault(hour, done)) is not done:
                held.add(done)
        for name, by_name in more.names.items():
            if (known := self.names.setdefault(name, by_name)) is not by_name:
                known.add(by_name)
        hours = _least(self.hours, lambda hour: (self.hours[hour].benign_flows, hour[1]))
        names = _least(self.names, lambda name: (self.names[name].flows, self.names[name].seen_s))
        for hour in hours:
            del self.hours[hour]
        for name in names:
            del self.names[name]
        return len(hours) + len(names)


class Doing:
    """What devices did since it was taken last.

    Args:
        aside: Tells of flows when they are looked at which do not speak for what is usual, though they are marked: FLOW
            columns -> one mark for each row.

    Attributes:
        missing: Hours and names of devices for which there was no room, since this was made.
    """

    def __init__(self, aside: Callable[[pa.RecordBatch], pa.BooleanArray] | None = None) -> None:
        self.missing = 0
        self._aside = aside
        self._held: dict[str, list[pa.Table]] = {kind: [] for kind in ("hour", *KINDS)}

    def marked(self, flows: pa.RecordBatch) -> pa.BooleanArray:
        """Tell which flows speak for what is usual, of those that column `benign` marks."""
        marked = flows.column("benign").fill_null(False)
        return marked if self._aside is None else pc.and_not(marked, self._aside(flows))

    def see(self, kind: str, found: pa.Table) -> None:
        """Add what was done by device and hour, or by device, day and name.

        Args:
            kind: "hour", or one of KINDS.
            found: Columns WHO, `hour` or else `day` and `kind`; `last`, and those of SUMMED: without bytes for names.
        """
        held = self._held[kind]
        held.append(self._most(found.filter(pc.greater(found.column("final"), 0)), MOST_AT_ONCE))
        if sum(map(len, held)) > MOST_ROWS:
            self._held[kind] = [self._most(self._together(kind), MOST_ROWS // 2)]

    def take(self, own: Callable[[Who], str | None]) -> Did:
        """Return what was done and begin anew.

        Args:
            own: Names the device; None for who is none.
        """
        told = Did({}, {})
        hours = self._together("hour") if self._held["hour"] else None
        names = [_alike(self._together(kind), kind) for kind in KINDS if self._held[kind]]
        self._held = {kind: [] for kind in self._held}
        for row in hours.to_pylist() if hours else ():
            if (device := own((row["mac"], row["alone"], row["near"]))) is not None:
                done = InHour(*(row[name] for name in SUMMED))
                told.hours.setdefault((device, row["hour"]), InHour()).add(done)
        for row in self._most(pa.concat_tables(names), MOST_ROWS).to_pylist() if names else ():
            if (device := own((row["mac"], row["alone"], row["near"]))) is not None:
                by_name = ByName(row["benign"], row["final"] - row["benign"], row["last"] / _NS_PER_S)
                told.names.setdefault(Named(device, row["kind"], row["name"], row["day"]), ByName()).add(by_name)
        return told

    def _together(self, kind: str) -> pa.Table:
        """Put together what is held of one kind; of names the first MOST_NAMES of each device and day."""
        whole = pa.concat_tables(self._held[kind])
        if kind == "hour":
            return added_up(whole, [*WHO, kind])
        found = added_up(whole, [*WHO, "day", kind])
        order = [(name, "ascending") for name in (*WHO, "day")]
        found = found.sort_by([*order, ("benign", "descending"), ("last", "descending"), (kind, "ascending")])
        kept = found.filter(pa.array(place_in_group(found, [*WHO, "day"]) < MOST_NAMES))
        self.missing += len(found) - len(kept)
        return kept

    def _most(self, found: pa.Table, most: int) -> pa.Table:
        over = len(found) - most
        if over <= 0:
            return found
        self.missing += over
        return found.take(pc.sort_indices(found, [("benign", "descending"), ("last", "descending")])[:most])


def _least(held: Collection[_Key], worth: Callable[[_Key], tuple[int, float]]) -> list[_Key]:
    over = len(held) - MOST_WAITING
    return sorted(held, key=worth)[:over] if over > 0 else []


def _alike(found: pa.Table, kind: str) -> pa.Table:
    """Give names of each kind the same columns."""
    whole = found.rename_columns(["name" if column == kind else column for column in found.column_names])
    return whole.append_column("kind", pa.repeat(kind, len(whole)))


def added_up(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Return one row for each of the keys: the greatest `last`, and, as far as there are, sums and the least `first`.

    What was added up can be added up again.
    """
    totals = [name for name in ("first", *SUMMED) if name in rows.column_names]
    found = rows.group_by(list(keys), use_threads=False).aggregate(
        [("last", "max"), *((name, "min" if name == "first" else "sum") for name in totals)]
    )
    return found.rename_columns([*keys, "last", *totals])


def place_in_group(rows: pa.Table, keys: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the place of each row, from 0, among those with the same keys; rows are sorted by them.

    Shape:
        returns: [n].
    """
    columns = [rows.column(name).combine_chunks() for name in keys]
    codes = [column.dictionary_encode().indices.fill_null(-1).to_numpy() for column in columns]
    new = np.ones(len(rows), np.bool_)
    new[1:] = np.any([code[1:] != code[:-1] for code in codes], axis=0)
    begins = np.flatnonzero(new)
    return np.arange(len(rows)) - np.repeat(begins, np.diff(np.append(begins, len(rows))))

"""Texts that a function makes of bytes, each made once and remembered: fingerprints, names of ciphers, of services.

In: spans of bytes. Out: for each the text that the function makes of it, among texts that were made before.
The one idea: a compiled table from bytes to text, so that Python sees only what is new. Memory has bounds: a table that
has grown large is emptied before the next rows.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from redshank.capture.words import u8, u64
from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import copy, same

Make = Callable[[bytes], str | None]
"""A function of bytes; None is null."""

MOST = 8192
"""Different bytes that are remembered, twice as many as a batch has rows."""

MOST_BYTES = 1 << 20
"""How long they or their texts may be, all of them, before they are forgotten."""

_HASH, _AT, _END, _TEXT_AT, _TEXT_END = range(5)

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


@lean_kernel
def _hash(data: Bytes, at: int, end: int) -> np.uint64:
    """Return a number that differs for most bytes that differ."""
    value, factor = np.uint64(end - at), np.uint64(0x9E3779B97F4A7C15)
    while at + 8 <= end:
        value = (value ^ u64(data, at)) * factor
        value ^= value >> np.uint64(29)
        at += 8
    while at < end:
        value = (value ^ np.uint64(u8(data, at))) * factor
        value ^= value >> np.uint64(29)
        at += 1
    return value


@lean_kernel
def _find(
    source: Bytes,
    spans: Places,
    text: int,
    first: int,
    slots: Places,
    entries: Places,
    keys: Bytes,
    used: Places,
    which: Places,
) -> int:
    """Set which[k] to the entry of each span from the first on, -1 for null; what is new gets one without a text.

    Args:
        source: Bytes.
        spans: Where they start and stop.
        text: Which pair of the spans.
        first: The first to look at.
        slots: Entries by hash, -1 where there is none; twice as many as entries can be.
        entries: The hash, where the key lies, and where its text will.
        keys: The bytes of all.
        used: How many entries, and how many bytes of keys there are.
        which: What is set.

    Returns:
        How far it came: there was no room for the next.
    """
    for k in range(first, len(which)):
        start, stop = spans[k, 2 * text], spans[k, 2 * text + 1]
        which[k] = -1
        if start < 0:
            continue
        value = np.int64(_hash(source, start, stop))
        slot = value & (len(slots) - 1)
        while slots[slot] >= 0:
            entry = slots[slot]
            at, end = entries[entry, _AT], entries[entry, _END]
            if entries[entry, _HASH] == value and end - at == stop - start and same(keys, at, source, start, end - at):
                break
            slot = (slot + 1) & (len(slots) - 1)
        if slots[slot] < 0:
            at, size = used[1], stop - start
            if at + size > len(keys):
                return k
            copy(source, start, size, keys, at)
            entries[used[0], _HASH], entries[used[0], _AT], entries[used[0], _END] = value, at, at + size
            slots[slot] = used[0]
            used[0] += 1
            used[1] += size
        which[k] = slots[slot]
    return len(which)


@lean_kernel
def _tell(entries: Places, which: Places, spans: Places) -> None:
    for k in range(len(which)):
        spans[k, 0] = spans[k, 1] = -1
        if which[k] >= 0:
            spans[k, 0], spans[k, 1] = entries[which[k], _TEXT_AT], entries[which[k], _TEXT_END]


class Remembered:
    """What a function made of bytes.

    Args:
        make: The function.

    Example:
        >>> upper = Remembered(lambda raw: raw.decode().upper())
        >>> spans = upper.look(np.frombuffer(b"abcab", np.uint8), np.array([[0, 3], [3, 5], [-1, -1]]))
        >>> [bytes(upper.texts[start:stop]) if start >= 0 else None for start, stop in spans.tolist()]
        [b'ABC', b'AB', None]
    """

    def __init__(self, make: Make) -> None:
        self._make = make
        self._entries = np.empty((MOST, 5), np.int64)
        self._slots = np.full(2 * MOST, -1, np.int64)
        self._keys = np.empty(1 << 12, np.uint8)
        self._used = np.zeros(2, np.int64)
        self.texts = np.empty(1 << 12, np.uint8)
        """The texts in UTF-8; `look` says where."""
        self._written = 0

    def look(self, source: Bytes, spans: Places, text: int = 0) -> Places:
        """Return where in `texts` the text of each span is; below 0 is null. It holds until the next look.

        Args:
            source: Bytes.
            spans: Where each starts and stops; below 0 is null.
            text: Which pair of the spans to take.

        Shape:
            source: [b]; spans: [m, 2 T]; returns: [m, 2].
        """
        if self._used[0] + len(spans) > len(self._entries) or max(self._used[1], self._written) > MOST_BYTES:
            self._forget(len(spans))
        known, which, at = int(self._used[0]), np.empty(len(spans), np.int64), 0
        while at < len(spans):
            at = _find(source, spans, text, at, self._slots, self._entries, self._keys, self._used, which)
            if at < len(spans):
                size = int(spans[at, 2 * text + 1] - spans[at, 2 * text])
                self._keys = _grown(self._keys, int(self._used[1]), size)
        for entry in range(known, int(self._used[0])):
            self._add(entry)
        found = np.empty((len(spans), 2), np.int64)
        _tell(self._entries, which, found)
        return found

    def _forget(self, more: int) -> None:
        self._used[:], self._written = 0, 0
        if more > len(self._entries):
            self._entries = np.empty((1 << more.bit_length(), 5), np.int64)
            self._slots = np.empty(2 * len(self._entries), np.int64)
        self._slots.fill(-1)

    def _add(self, entry: int) -> None:
        made = self._make(self._keys[self._entries[entry, _AT] : self._entries[entry, _END]].tobytes())
        self._entries[entry, _TEXT_AT:] = -1
        if made is not None:
            letters = made.encode()
            self.texts = _grown(self.texts, self._written, len(letters))
            stop = self._written + len(letters)
            self.texts[self._written : stop] = np.frombuffer(letters, np.uint8)
            self._entries[entry, _TEXT_AT:] = self._written, stop
            self._written = stop


def _grown(array: Bytes, used: int, more: int) -> Bytes:
    """Return the array, or a longer one that begins like it, with room for more bytes."""
    if used + more <= len(array):
        return array
    longer = np.empty(max(2 * len(array), used + more), np.uint8)
    longer[:used] = array[:used]
    return longer

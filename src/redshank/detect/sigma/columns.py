"""A batch of flows, as rules look at it.

In: FLOW rows. Out: each column in the form that a test needs, made at most once: the distinct texts and which row has
which, numbers with a mask, addresses as 16 bytes, hashes. The one idea: a text is tested once for all rows that have
it, and whatever two rules ask is asked once. A batch of few rows costs what is asked of it, so what is absent in all
rows is found out first, and a text is looked up rather than compared.
Values are hostile: a text may be no UTF-8, an address no address. Then it is simply not what a rule looks for.
"""

import socket
from collections.abc import Callable, Hashable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.inert import inert

SHOWN = 80
"""Characters of a value that a reason shows."""
FARTHEST_NS = 1 << 61
"""Sums of times stay inside int64, whatever a packet says."""

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]


class Columns:
    """The columns of one batch.

    Args:
        flows: FLOW rows.
    """

    def __init__(self, flows: pa.RecordBatch) -> None:
        self.flows = flows
        self.rows: int = flows.num_rows
        self.nowhere: Mask = np.zeros(self.rows, dtype=np.bool_)
        self.everywhere: Mask = np.ones(self.rows, dtype=np.bool_)
        for shared in (self.nowhere, self.everywhere):
            shared.flags.writeable = False
        self._made: dict[Hashable, object] = {}

    def once(self, key: Hashable, make: Callable[[], object]) -> object:
        """Return what `make` gives, never None, made once for `key`."""
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = make()
        return made

    def present(self, name: str) -> Mask:
        """Tell which rows have the column; the mask is shared and must not be written to."""

        def make() -> object:
            column = self.flows.column(name)
            if column.null_count in {0, self.rows}:
                return self.nowhere if column.null_count else self.everywhere
            return column.is_valid().to_numpy(zero_copy_only=False)

        return self.once(("present", name), make)  # type: ignore[return-value]  # what `make` gives

    def texts(self, name: str) -> tuple[pa.Array, Codes]:
        """Return the distinct texts of a column, and for each row which; the number of texts if it has none."""

        def make() -> object:
            column = self.flows.column(name)
            if column.null_count == self.rows:
                return column.slice(0, 0), np.zeros(self.rows, dtype=np.int32)
            encoded = column.dictionary_encode()
            codes = encoded.indices
            if codes.null_count:
                codes = codes.fill_null(len(encoded.dictionary))
            return encoded.dictionary, codes.to_numpy(zero_copy_only=False)

        return self.once(("texts", name), make)  # type: ignore[return-value]  # what `make` gives

    def where(self, name: str, test: Callable[[pa.Array], Mask]) -> Mask:
        """Test the distinct texts of a column, and tell which rows have one that passed."""
        distinct, codes = self.texts(name)
        if not len(distinct):
            return self.nowhere
        passed = test(distinct)
        return np.append(passed, np.False_)[codes] if np.count_nonzero(passed) else self.nowhere

    def among(self, name: str, texts: frozenset[bytes], *, cased: bool) -> Mask:
        """Tell which rows have one of these texts, given in small letters (of ASCII) unless `cased`."""
        places = self._places(name, cased)
        if len(texts) < len(places):
            found = [place for text in texts for place in places.get(text, ())]
        else:
            found = [place for text, own in places.items() if text in texts for place in own]
        codes = self.texts(name)[1]
        if len(found) < 2:
            return codes == found[0] if found else self.nowhere
        marks = np.zeros(len(self.texts(name)[0]) + 1, dtype=np.bool_)
        marks[found] = True
        return marks[codes]

    def _places(self, name: str, cased: bool) -> dict[bytes, list[int]]:  # noqa: FBT001  a key like the other
        """Return which of the distinct texts are these bytes."""

        def make() -> object:
            places: dict[bytes, list[int]] = {}
            for place, text in enumerate(binary(self.texts(name)[0]).to_pylist()):
                places.setdefault(text if cased else text.lower(), []).append(place)
            return places

        return self.once(("places", name, cased), make)  # type: ignore[return-value]  # what `make` gives

    def numbers(self, name: str) -> tuple[npt.NDArray[np.int64] | npt.NDArray[np.float64], Mask]:
        """Return a column's numbers, and which rows have one; a flag is 0 or 1."""

        def make() -> object:
            column = self.flows.column(name)
            if column.null_count == self.rows:
                return np.zeros(self.rows, dtype=np.int64), self.nowhere
            if pa.types.is_boolean(column.type):
                values = column.fill_null(False).to_numpy(zero_copy_only=False).astype(np.int64)
            elif not column.null_count:
                values = column.to_numpy()
            else:  # what lies under a null is any number
                kind = column.type.to_pandas_dtype()
                values = np.frombuffer(column.buffers()[1], kind, self.rows, column.offset * column.type.byte_width)
                values = np.where(self.present(name), values, kind(0))
            if values.dtype.kind in "iu":
                values = values.astype(np.int64, copy=False)
            return values, self.present(name)

        return self.once(("numbers", name), make)  # type: ignore[return-value]  # what `make` gives

    def times(self) -> npt.NDArray[np.int64]:
        """Return packet times in ns since the epoch, 0 where there is none."""

        def make() -> object:
            times = self.flows.column("ts").cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
            return np.clip(times, -FARTHEST_NS, FARTHEST_NS)

        return self.once("times", make)  # type: ignore[return-value]  # what `make` gives

    def addresses(self, name: str) -> npt.NDArray[np.void]:
        """Return the distinct texts of a column as addresses; what is none is the address `::`.

        Shape:
            returns: [k] of 16 bytes, in the order of `texts`.
        """

        def make() -> object:
            packed = b"".join(packed_address(text) or bytes(16) for text in plain_texts(self.texts(name)[0]))
            return np.frombuffer(packed, dtype="V16")

        return self.once(("addresses", name), make)  # type: ignore[return-value]  # what `make` gives

    def hashes(self, name: str) -> npt.NDArray[np.uint64]:
        """Return a hash of each row's value, keyed by Python's own secret where the value is a text."""

        def make() -> object:
            column = self.flows.column(name)
            if pa.types.is_string(column.type):
                distinct, codes = self.texts(name)
                found = np.fromiter((hash(text) for text in binary(distinct).to_pylist()), np.int64, len(distinct))
                return mixed(np.append(found, 0)[codes].view(np.uint64))
            return mixed(self.numbers(name)[0].view(np.uint64))

        return self.once(("hashes", name), make)  # type: ignore[return-value]  # what `make` gives

    def shown(self, name: str, rows: npt.NDArray[np.intp]) -> pa.Array:
        """Return a column's values of some rows as a person reads them: short, inert, null if absent."""
        column = self.flows.column(name).take(pa.array(rows))
        if not pa.types.is_string(column.type):
            return column.cast(pa.string())
        encoded = column.dictionary_encode()
        texts = [inert(text[: SHOWN + 1]) for text in plain_texts(encoded.dictionary)]
        short = [text if len(text) <= SHOWN else text[: SHOWN - 3] + "..." for text in texts]
        return pa.array(short, pa.string()).take(encoded.indices)


def binary(texts: pa.Array) -> pa.Array:
    """Return texts as bytes, which no invalid UTF-8 stops."""
    return texts.cast(pa.binary())


def plain_texts(texts: pa.Array) -> list[str]:
    """Return texts as Python's own, bytes that are no UTF-8 replaced."""
    return [text.decode(errors="replace") for text in binary(texts).to_pylist()]


def packed_address(text: str) -> bytes | None:
    """Return an address as 16 bytes, IPv4 as IPv6 maps it (RFC 4291, 2.5.5.2); None if it is none.

    Example:
        >>> packed_address("10.0.0.1").hex(), packed_address("nas.lan")
        ('00000000000000000000ffff0a000001', None)
    """
    try:
        if ":" in text:
            return socket.inet_pton(socket.AF_INET6, text)
        return bytes(10) + b"\xff\xff" + socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return None


def mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread numbers over 64 bits, one to one.

    Source: the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    """
    z = values + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))

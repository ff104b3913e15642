"""Lists of addresses, networks and names that are known to be bad, from plain text files.

In: files with one entry on a line (an IPv4 or IPv6 address, a network in CIDR form, or a domain name), `#` begins a
comment. Out: which addresses and names are on the list. The one idea: a million entries are three sorted arrays, 32
bytes for each network and 8 for each name, and are searched in a few steps.

A name stands for itself and for everything below it: `bad.example` also lists `www.bad.example`. Names are compared in
small letters and in their ASCII form (IDNA, RFC 3490): `bücher.example` and `xn--bcher-kva.example` are one. A name is
kept as a hash of 64 bits, keyed by Python's secret: of a million names, one lookup in 10^13 is taken for a listed one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.detect.sigma.columns import Mask, packed_address, plain_texts

SUFFIX = ".txt"
MOST_PROBLEMS = 20
LONGEST_NAME = 253
_PLAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")

Network = tuple[bytes, bytes]
"""First and last address, packed to 16 bytes each, IPv4 as IPv6 maps it."""


class Watchlist:
    """One list; an empty one holds nothing.

    Args:
        networks: First and last address of each network.
        names: Domain names, as `domain` makes them.
    """

    def __init__(self, networks: Iterable[Network] = (), names: Iterable[str] = ()) -> None:
        self._first, self._last = _merged(networks)
        self._names = np.unique(np.fromiter(map(hash, names), np.int64))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            ConfigError: If it cannot be read, or a line is no entry; the first 20 such lines are named.
        """
        networks: list[Network] = []
        names: list[str] = []
        problems: list[str] = []
        for number, entry in _entries(path):
            try:
                network = as_network(entry)
                if network:
                    networks.append(network)
                else:
                    names.append(domain(entry))
            except ValueError as error:
                problems.append(
                    f"{path}, line {number}: '{inert(entry[:80])}' is no address, network or domain name ({error})"
                )
                if len(problems) == MOST_PROBLEMS:
                    break
        if problems:
            raise ConfigError(problems)
        return cls(networks, names)

    def __len__(self) -> int:
        """Return how many networks, addresses and names are listed; what overlaps counts once."""
        return len(self._first) + len(self._names)

    def take(self, other: "Watchlist") -> None:
        """Hold what another list holds, and nothing else."""
        self._first, self._last, self._names = other._first, other._last, other._names  # noqa: SLF001  of the same class

    def has_addresses(self, addresses: npt.NDArray[np.void]) -> Mask:
        """Tell which addresses are listed.

        Shape:
            addresses: [n] of 16 bytes; returns: [n].
        """
        if not len(self._first):
            return np.zeros(len(addresses), dtype=np.bool_)
        own = _sortable(addresses)
        at = np.searchsorted(self._first, own, side="right")
        found: Mask = (at > 0) & (own <= self._last[np.maximum(at - 1, 0)])
        return found

    def has_names(self, texts: pa.Array) -> Mask:
        """Tell which host names, with or without a port, are listed or lie below one that is.

        Shape:
            texts: [n] texts; returns: [n].
        """
        found = np.zeros(len(texts), dtype=np.bool_)
        if not len(self._names) or not len(texts):
            return found
        hashes: list[int] = []
        owners: list[int] = []
        for at, text in enumerate(plain_texts(texts)):
            own = [hash(name) for name in _upwards(text)]
            hashes += own
            owners += [at] * len(own)
        wanted = np.array(hashes, dtype=np.int64)
        at_name = np.minimum(np.searchsorted(self._names, wanted), len(self._names) - 1)
        found[np.array(owners, dtype=np.int64)[self._names[at_name] == wanted]] = True
        return found


def load_watchlists(paths: Sequence[Path]) -> dict[str, Watchlist]:
    """Read watchlists; each is called as its file, without the suffix.

    Args:
        paths: Files, and folders of files that end in .txt.

    Raises:
        ConfigError: With all problems found.
    """
    found: dict[str, Watchlist] = {}
    problems: list[str] = []
    for path in paths:
        for file in sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]:
            try:
                found[file.stem] = Watchlist.load(file)
            except ConfigError as error:
                problems += error.problems
    if problems:
        raise ConfigError(problems)
    return found


def as_network(entry: str) -> Network | None:
    """Return the network that an entry names; None if it is a name.

    Raises:
        ValueError: If it looks like a network and is none.

    Example:
        >>> first, last = as_network("10.1.0.0/16")
        >>> first[12:].hex(), last[12:].hex()
        ('0a010000', '0a01ffff')
    """
    if ":" not in entry and not entry[-1:].isdecimal():
        return None
    packed = packed_address(entry)
    if packed:
        return packed, packed
    if "/" not in entry and ":" not in entry:
        return None
    text, _, bits = entry.partition("/")
    address, width = packed_address(text), 128 if ":" in text else 32
    if address is None or not bits.isdecimal() or not bits.isascii() or int(bits[:4]) > width:
        raise ValueError(f"a network is an address, a slash, and 0 to {width} bits")
    low = (1 << (width - int(bits))) - 1
    first = int.from_bytes(address) & ~low
    return first.to_bytes(16), (first | low).to_bytes(16)


def domain(name: str) -> str:
    """Return a domain name in the form in which names are compared.

    Raises:
        ValueError: If it is no domain name.

    Example:
        >>> domain("Bücher.Example.")
        'xn--bcher-kva.example'
    """
    plain = name.lower().removesuffix(".")
    if len(plain) <= LONGEST_NAME and _PLAIN.fullmatch(plain):
        return plain
    if not plain.isascii() and len(plain) <= LONGEST_NAME:
        plain = plain.encode("idna").decode()
    if not plain or len(plain) > LONGEST_NAME:
        raise ValueError(f"{len(name)} characters; a name has 1 to {LONGEST_NAME}")
    labels = plain.split(".")
    if not all(labels) or any(c.isspace() or c in "/@,;" for c in plain):
        raise ValueError("a name is labels joined by dots")
    return plain


def _upwards(text: str) -> Iterator[str]:
    """Give a host's name and every domain that it lies in."""
    host, _, port = text.rpartition(":")
    try:
        name = domain(host if port.isdigit() and host else text)
    except ValueError:
        return
    while name:
        yield name
        name = name.partition(".")[2]


def _entries(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                entry = line.partition("#")[0].strip()
                if entry:
                    yield number, entry
    except OSError as error:
        raise ConfigError(f"watchlist: cannot read '{path}' ({error.strerror}); name an existing file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"watchlist: '{path}' is not text in UTF-8; give one entry on a line") from None


def _sortable(addresses: npt.NDArray[np.void]) -> npt.NDArray[np.bytes_]:
    # numpy orders bytes from the left, and ignores zeros at the end: as numbers of 16 digits are ordered.
    return np.ascontiguousarray(addresses).view("S16")


def _merged(networks: Iterable[Network]) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.bytes_]]:
    """Sort networks and join those that overlap."""
    pairs = list(networks)
    if not pairs:
        return np.zeros(0, "S16"), np.zeros(0, "S16")
    first = _sortable(np.frombuffer(b"".join(pair[0] for pair in pairs), dtype="V16"))
    last = _sortable(np.frombuffer(b"".join(pair[1] for pair in pairs), dtype="V16"))
    order = np.argsort(first, kind="stable")
    first, last = first[order], last[order]
    # Networks either lie apart or one in the other, so one that lies in an earlier one ends before the latest end.
    _, rank = np.unique(last, return_inverse=True)
    latest = np.maximum.accumulate(rank)
    keep = np.concatenate([[True], rank[1:] > latest[:-1]])
    return first[keep], last[keep]

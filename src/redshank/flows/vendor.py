"""Which organization a link-layer address was given to.

In: a MAC as text. Out: the organization's name, or None: the address is locally administered (made up by software), a
group's, not registered, or the system has no copy of the registry. Assignments of 24, 28 and 36 bits are known; the
longest that fits counts. The registry is not ours to ship: it is read from where the system keeps it.
Source: IEEE registries MA-L, MA-M, MA-S and IAB as CSV (Debian's ieee-data), or Wireshark's `manuf`
(https://standards.ieee.org/products-programs/regauth/); bits of the first octet: IEEE 802-2014, 8.2.
"""

import csv
from pathlib import Path

PLACES = (Path("/usr/share/ieee-data"), Path("/usr/share/wireshark/manuf"))
"""Where Debian's packages ieee-data and libwireshark-data put the registry."""

_FILES = ("oui.csv", "mam.csv", "oui36.csv", "iab.csv")
_PREFIXES = (9, 7, 6)  # hexadecimal digits, longest first
_HEX = frozenset("0123456789ABCDEF")


class Vendors:
    """The registry, read when it is first asked.

    Args:
        places: Folders of the registry's CSV files, or files in the form of Wireshark's `manuf`; the first that exists
            is read. Without any, nothing is known. None: PLACES.

    Example:
        >>> Vendors(()).name("00:00:0c:01:02:03") is None
        True
    """

    def __init__(self, places: tuple[Path, ...] | None = None) -> None:
        self._places = PLACES if places is None else places
        self._names: dict[str, str] | None = None

    @property
    def known(self) -> bool:
        """Whether the system has a copy of the registry."""
        return any(place.exists() for place in self._places)

    def name(self, mac: str | None) -> str | None:
        """Return the organization that a MAC's prefix is registered to.

        Args:
            mac: As `02:00:00:00:00:01`, in either case; None gives None.
        """
        digits = (mac or "").replace(":", "").replace("-", "").upper()
        if len(digits) != 12 or not _HEX.issuperset(digits) or int(digits[1], 16) & 3:  # local, or a group's
            return None
        if self._names is None:
            self._names = self._read()
        return next((self._names[digits[:size]] for size in _PREFIXES if digits[:size] in self._names), None)

    def _read(self) -> dict[str, str]:
        place = next((place for place in self._places if place.exists()), None)
        if place is None:
            return {}
        if place.is_file():
            return _manuf(place)
        names: dict[str, str] = {}
        for name in _FILES:
            if (place / name).is_file():
                names |= _registry(place / name)
        return names


def _registry(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return {row[1].upper(): " ".join(row[2].split()) for row in csv.reader(file) if len(row) > 2 and row[2].strip()}


def _manuf(path: Path) -> dict[str, str]:
    names = {}
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if line.startswith("#") or len(fields) < 2:
                continue
            prefix, _, bits = fields[0].strip().partition("/")
            digits = prefix.replace(":", "").replace("-", "").upper()
            names[digits[: int(bits) // 4] if bits.isdecimal() else digits] = fields[-1].strip()
    return names

"""What was read a moment ago, for the next who asks.

In: a name, and how to read what it stands for. Out: what was read, now or within the last seconds. The one idea: many
browsers follow one site, and are told of a change at the same moment: what is dear to read is read once for all.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
KEPT_S = 2.0
"""How long what one browser asked for is good enough for another."""
SLOWLY_S = 5.0
"""The same for what takes long to read; pages are told as much later that it changed."""


@dataclass
class Shared:
    """What was read lately, for several threads."""

    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)
    _locks: dict[object, threading.Lock] = field(default_factory=dict, init=False)
    _kept: dict[object, tuple[float, tuple[float, ...], Any]] = field(default_factory=dict, init=False)

    def get(
        self, key: object, stamp: tuple[float, ...], now_s: float, read: Callable[[], T], kept_s: float = KEPT_S
    ) -> T:
        """Return what `read` gives, or gave lately; who wants the same waits for it meanwhile.

        Args:
            key: What is read.
            stamp: Those numbers of the store that grow when it changes: nobody gets what was read before a change that
                they were told of, or that is in what they read beside it.
            now_s: The time after the stamp was taken, s since the epoch: what was begun to be read later is as new, if
                no number of its stamp is less.
            read: Reads it; not before the stamp was taken.
            kept_s: How lately, in s.
        """
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            known = self._kept.get(key)
            if known is None or abs(now_s - known[0]) >= kept_s or not _as_new(known[0], known[1], now_s, stamp):
                known = self._kept[key] = (now_s, stamp, read())
            found: T = known[2]
            return found


def _as_new(known_s: float, known: tuple[float, ...], now_s: float, stamp: tuple[float, ...]) -> bool:
    return known == stamp or (known_s > now_s and all(map(float.__ge__, known, stamp)))

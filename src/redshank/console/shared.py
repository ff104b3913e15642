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
    _kept: dict[object, tuple[float, object, Any]] = field(default_factory=dict, init=False)

    def get(self, key: object, stamp: object, now_s: float, read: Callable[[], T], kept_s: float = KEPT_S) -> T:
        """Return what `read` gives, or gave lately; who wants the same waits for it meanwhile.

        Args:
            key: What is read.
            stamp: The store's: nobody who was told of a change gets what was read before it.
            now_s: The time after the stamp was taken, s since the epoch: what was begun to be read later is as new.
            read: Reads it.
            kept_s: How lately, in s.
        """
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            known = self._kept.get(key)
            if known is None or abs(now_s - known[0]) >= kept_s or (known[1] != stamp and known[0] <= now_s):
                known = self._kept[key] = (now_s, stamp, read())
            found: T = known[2]
            return found

"""What was read a moment ago, for the next who asks.

In: a name, and how to read what it stands for. Out: what was read, now or within the last seconds. The one idea: many
browsers follow one site, and are told of a change at the same moment: what is dear to read is read once for all, and
while pages go on to ask for it, it is read anew beside, before it is too old.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from redshank.core.errors import RedshankError

T = TypeVar("T")
KEPT_S = 2.0
"""How long what one browser asked for is good enough for another."""
SLOWLY_S = 5.0
"""The same for what takes long to read; pages are told as much later that it changed."""


_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Read:
    begun_s: float
    stamp: tuple[float, ...]
    value: Any

    def is_as_new(self, now_s: float, stamp: tuple[float, ...]) -> bool:
        return self.stamp == stamp or (self.begun_s > now_s and all(map(float.__ge__, self.stamp, stamp)))


@dataclass
class Shared:
    """What was read lately, for several threads."""

    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)
    _locks: dict[object, threading.Lock] = field(default_factory=dict, init=False)
    _kept: dict[object, _Read] = field(default_factory=dict, init=False)
    _beside: set[object] = field(default_factory=set, init=False)

    def get(
        self,
        key: object,
        stamp: tuple[float, ...],
        now_s: float,
        read: Callable[[], T],
        kept_s: float = KEPT_S,
        *,
        beside: bool = False,
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
            beside: Whether what is half as old is read anew in a thread, for who asks later.
        """
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            known = self._kept.get(key)
            if known is None or abs(now_s - known.begun_s) >= kept_s or not known.is_as_new(now_s, stamp):
                known = self._kept[key] = _Read(now_s, stamp, read())
            elif beside and now_s - known.begun_s >= kept_s / 2 and key not in self._beside:
                self._beside.add(key)
                fresh = partial(self._renew, key, lock, known, lambda: _Read(now_s, stamp, read()))
                threading.Thread(target=fresh, name="read beside", daemon=True).start()
            found: T = known.value
            return found

    def _renew(self, key: object, lock: threading.Lock, known: _Read, read: Callable[[], _Read]) -> None:
        try:
            fresh = read()
            with lock:
                if self._kept[key] is known:
                    self._kept[key] = fresh
        except RedshankError as error:  # who asks when it is too old reads it again, and is told
            _log.info("not read beside: %s", error)
        finally:
            self._beside.discard(key)

"""How long what failed is left alone: the longer it took to fail, the longer.

In: when a try begins, and that it failed. Out: whether it is time for the next. The one idea: a server that is away
takes many seconds to say so, and whoever tries judges no flows meanwhile; so a try that took t is followed by a rest
of `TIMES` t, and what fails takes at most a fifth of the time. What fails at once may be tried again at once. A log has
one line for a failure that lasts.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from redshank.core.errors import RedshankError

T = TypeVar("T")

TIMES, LONGEST_S = 4, 120.0
QUICK_S = 0.5
"""What failed sooner than this held up nobody."""

_log = logging.getLogger(__name__)


class Rest:
    """The pauses between the tries of one thing.

    Args:
        timer: Gives a time in s that never goes back.

    Example:
        >>> at = iter([0.0, 20.0, 99.0, 100.0])
        >>> rest = Rest(lambda: next(at))
        >>> rest.begin()
        >>> rest.failed()
        >>> rest.over(), rest.over()
        (False, True)
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._begun_s = self._again_s = float("-inf")

    def over(self) -> bool:
        """Tell whether it is time to try."""
        return self._timer() >= self._again_s

    def begin(self) -> None:
        """Note that a try begins; as far as is known it will succeed."""
        self._begun_s, self._again_s = self._timer(), float("-inf")

    def failed(self, least_s: float = 0.0) -> None:
        """Note that it failed.

        Args:
            least_s: How long it is left alone at least, in s, also if it failed at once.
        """
        now_s = self._timer()
        took_s = now_s - self._begun_s
        self._again_s = now_s + max(least_s, min(LONGEST_S, TIMES * took_s) if took_s >= QUICK_S else 0.0)


class Tries:
    """Things that may fail for a while, each by its name: said once, and tried again after a rest.

    Args:
        timer: Gives a time in s that never goes back.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._rests = defaultdict[str, Rest](lambda: Rest(timer))
        self._failing: set[str] = set()

    def attempt(self, what: str, work: Callable[[], T], so: str = "tried again") -> T | None:
        """Do work, unless it rests; return what it returns, or None if it rests or fails.

        Args:
            what: Its name, for the log.
            work: The work; one that has nothing to return tells nothing by that.
            so: What a failure means, in words.
        """
        rest = self._rests[what]
        if not rest.over():
            return None
        rest.begin()
        try:
            done = work()
        except RedshankError as error:
            rest.failed()
            if what not in self._failing:
                _log.warning("%s: %s; %s", what, error, so)
            self._failing.add(what)
            return None
        self._failing.discard(what)
        return done

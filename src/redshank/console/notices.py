"""What is to be said to a person on the next page they see.

In: sentences by session. Out: the same, once. Kept in memory: who starts the console anew misses a sentence, nothing
else; never more than `MOST` sessions and `MOST_EACH` sentences each, the oldest go.
"""

import threading
from collections import OrderedDict

MOST, MOST_EACH = 1_000, 5


class Notices:
    """Sentences that wait.

    Example:
        >>> notices = Notices()
        >>> notices.put("s1", "Alert closed.")
        >>> notices.take("s1"), notices.take("s1")
        (['Alert closed.'], [])
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, list[str]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, session: str, said: str) -> None:
        """Say a sentence on the next page of a session."""
        with self._lock:
            self._waiting[session] = [*self._waiting.pop(session, []), said][-MOST_EACH:]
            if len(self._waiting) > MOST:
                self._waiting.popitem(last=False)

    def take(self, session: str) -> list[str]:
        """Return what waits for a session, and forget it."""
        with self._lock:
            return self._waiting.pop(session, [])

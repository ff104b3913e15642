"""What delivery knows of one sink: what it holds, whether it is down, and how long it is left alone.

In: what became of each try. Out: whether the sink is down, and rests. The one idea: a row that a sink never takes says
nothing about the others, so a sink is down when it failed for `DOWN` different rows and took none between them. Then it
rests after each try, the longer the longer that took: of one that hangs little time is lost, and one that is back is
found out soon.
"""

import logging
import random
import threading

from redshank.alerts.sink import Sink

DOWN = 5
"""Rows that fail in a row."""
SHORTEST_REST_S, LONGEST_REST_S, RESTS = 1.0, 30.0, 3.0
"""Between two tries: at least, at most, and how many times as long as the try took."""

_log = logging.getLogger(__name__)


class Lane:
    """What belongs to one sink.

    Args:
        name: Of the sink.
        sink: Who is told.
        jitter: Draws how long it rests, and its rows wait.
    """

    def __init__(self, name: str, sink: Sink, jitter: random.Random) -> None:
        self.name = name
        self.sink = sink
        self.random = jitter
        self.wake = threading.Event()
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self.taken: set[str] = set()  # the sink has them, the outbox does not know yet
        self.absent = ""  # the sink has not got it, though the outbox may say that it was begun
        self.untold = 0
        self.resumed = False
        self.left = False
        self.ended = False
        self.failures = 0  # in a row, since it is down
        self.said = ""  # by the sink, about the last of them
        self.look_at_s = 0.0
        self._refused: set[str] = set()  # the first rows that failed since it took one
        self._again_at_s = 0.0
        self._failing = self._giving_up = False

    @property
    def down(self) -> bool:
        """Whether several rows failed, and none arrived since."""
        return len(self._refused) >= DOWN

    def rests(self, now_s: float) -> bool:
        """Tell whether the sink is left alone for now; not for longer if the clock was set back."""
        return 0 < self._again_at_s - now_s <= LONGEST_REST_S

    def fails(self, key: str, said: str, now_s: float, took_s: float) -> None:
        """Learn that a row failed, why, and how long that took."""
        self.said = said
        self.failures += self.down
        if not self.down:
            self._refused.add(key)
        if self.down:
            rest_s = min(LONGEST_REST_S, max(SHORTEST_REST_S, RESTS * took_s))
            self._again_at_s = now_s + rest_s * self.random.uniform(0.5, 1.0)

    def tell(self, problem: str) -> None:
        """Say the first of a row of problems."""
        if not self._failing:
            _log.warning("%s", problem)
        self._failing = True

    def tell_given_up(self, why: str) -> None:
        """Say the first time that alerts are given up without a try, since none were."""
        if not self._giving_up:
            _log.warning("sink %s: %s; such alerts are dead letters, and only counted", self.name, why)
        self._giving_up = True

    def keeps(self) -> None:
        """Learn that no alert is given up without a try."""
        self._giving_up = False

    def works(self) -> None:
        """Say that problems are over."""
        if self._failing:
            _log.info("sink %s: works again", self.name)
        self._failing = False
        self.failures, self.said, self._again_at_s = 0, "", 0.0
        self._refused.clear()

"""Bring every alert to every sink once: try, wait, try again, give up late, lose none.

In: rows of an outbox that are due. Out: each delivered, or in the file of dead letters. The one idea: a thread for each
sink, which sees only its own rows; a peer that hangs or fails, or the look-up of its name (which the system bounds, and
no sink can), delays nobody else's alerts. Between two tries of a row the wait doubles, with jitter, so that many
gateways do not knock at one server in step. A revision that waits for its next try may be overtaken by a later one;
`Alert.revision` tells which is newer, and a sink that leaves a state behind is told what it took before a restart.

Once means: a row that a sink took is not handed to it again, also if the outbox cannot note it for a while. Who dies
between the two cannot have noted it; across two machines nobody can promise more (the two generals). So the outbox
knows of each row that it is handed over before it is, by the transaction that notes the one before: after a kill at
most one row of a sink is in doubt, it is known which, and it is counted. It is handed over again, and receivers know it
by what it carries (`Sink`); or, where `may_repeat` of the sink says so, it is a dead letter. The same holds for a row
that a peer was given and did not answer for. A sink that sees by itself what it has (`recognises`) needs none of this:
what it took within NOTED_S is noted together.

What is owed keeps its alert in the store, and one try that hangs may take as long as many alerts to come. So of a sink
that is down (`lane.py`) old rows are given up without a try of their own, and of any sink the first of more than
`MOST_OWED`.
Source: exponential backoff with jitter, https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

import logging
import math
import random
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from redshank.alerts.lane import Lane
from redshank.alerts.outbox import DeadLetters, Due, Outbox
from redshank.alerts.sink import Sink
from redshank.core.errors import DeliveryError, RedshankError
from redshank.core.metrics import Metrics

BATCH = 16
MOST_TAKEN = 1_000
"""Alerts that a sink can learn that it took from an earlier run."""
NOTED_S = 0.1
"""How long a row may wait for others to be noted with, of a sink that recognises it."""
NOTING_S = 1.0
"""How long an end waits at least for what is just being noted, of all sinks."""
POLL_S = 0.5
"""How often a thread looks for rows whose next try has come."""
CUT_OFF = "it was handed over before, and the service ended before it noted what became of it: it may have arrived"
FEWEST_TRIES = 5
"""Tries before age counts: a clock that is set right after a start makes every row look old. Of a row by itself, or,
each after a rest, of a sink that is down."""
MOST_OWED = 50_000
"""Rows that wait for one sink; beyond it those due for longest are dead letters."""
LOOK_S = 10.0
"""How often it is looked whether there are too many rows, or too old ones."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long a sink is tried.

    Args:
        first_s: Wait after the first failure; it doubles from try to try.
        longest_s: The longest wait.
        tries: Failures after which a row is given up.
        age_s: Age at which a row is given up, if it was tried at least five times, or the sink is down for as many.
    """

    first_s: float = 1.0
    longest_s: float = 300.0
    tries: int = 300
    age_s: float = 86_400.0


class Delivery:
    """Hands rows to sinks.

    Args:
        outbox: Where rows wait.
        sinks: By name; closed by `stop`.
        dead: Where rows go that are given up.
        metrics: Counted into.
        patience: How long a sink is tried.
        seed: Of the jitter; None: the machine's name, so that no two gateways have the same.
        clock: Gives the time that the outbox goes by.
    """

    def __init__(
        self,
        outbox: Outbox,
        sinks: Mapping[str, Sink],
        dead: DeadLetters,
        metrics: Metrics,
        *,
        patience: Patience | None = None,
        seed: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outbox = outbox
        self._dead = dead
        self._metrics = metrics
        self._patience = patience or Patience()
        self._clock = clock
        start = socket.gethostname() if seed is None else str(seed)
        self._lanes = {
            name: Lane(name, sink, random.Random(f"{start} {name}"))  # noqa: S311  spreads tries, guards no secret
            for name, sink in sinks.items()
        }
        self._ends_at: float | None = None

    def start(self) -> None:
        """Begin to deliver, with a thread for each sink."""
        for lane in self._lanes.values():
            lane.thread = threading.Thread(target=self._work, args=(lane,), name=f"sink {lane.name}", daemon=True)
            lane.thread.start()

    def wake(self) -> None:
        """Say that there are new rows; without it they are seen within half a second."""
        for lane in self._lanes.values():
            lane.wake.set()

    def broken(self) -> list[str]:
        """Name the sinks whose thread ended by an error of the program; who supervises should start anew."""
        return [
            lane.name for lane in self._lanes.values() if lane.thread and not (lane.ended or lane.thread.is_alive())
        ]

    def stop(self, within_s: float) -> list[str]:
        """Hand over what is due, then end; return the sinks that were still busy when time was over.

        A sink that fails meanwhile is not tried further: its rows are there when the outbox is opened again. So are
        those of a lane whose outbox hangs; what its sink took last may be handed over again then.

        Args:
            within_s: How long that may take, or a second; what hangs longer, a sink or the outbox, is left alone.
        """
        self._ends_at = time.monotonic() + within_s
        noted_by_s = max(self._ends_at, time.monotonic() + NOTING_S)
        self.wake()
        busy = []
        for lane in self._lanes.values():
            if lane.thread:
                lane.thread.join(max(0.0, self._ends_at - time.monotonic()))
            # One whose outbox hangs holds its lock.
            if lane.lock.acquire(timeout=max(0.0, noted_by_s - time.monotonic())):
                try:
                    self._leave(lane)
                finally:
                    lane.lock.release()
            else:
                lane.left = True
            if lane.left:
                busy.append(lane.name)
                _log.warning("sink %s: still busy after %g s; left alone", lane.name, within_s)
            else:
                lane.sink.close()
        return busy

    def _leave(self, lane: Lane) -> None:
        """Note what a sink took, for the last time; the lane's lock is held."""
        # One that holds a row in a sink that hangs must no longer speak of it.
        lane.left = bool(lane.thread and lane.thread.is_alive())
        try:
            self._note(lane)  # what it took before the row that it holds
        except RedshankError as error:
            lane.tell(f"outbox: {error}; what the sink took may be handed over again")

    def step(self, name: str) -> int:
        """Hand over rows of one sink that are due, at most 16; return how many, 0 also if no more should be tried.

        Rows that are given up without a try count, too.
        """
        lane = self._lanes[name]
        if not lane.resumed:
            lane.sink.resume(lambda: self._outbox.taken(name, MOST_TAKEN))
            lane.resumed = True
        relieved = self._relieved(lane)
        rows = self._due(lane)
        noted_s = time.monotonic()
        try:
            for number, row in enumerate(rows):
                if self._ends_at is not None and time.monotonic() > self._ends_at:
                    return relieved + number
                if not self._hand_over(lane, row):
                    if self._ends_at is not None:
                        return 0
                    if lane.rests(self._clock()):
                        return relieved + number + 1
                if lane.sink.recognises and time.monotonic() - noted_s > NOTED_S:
                    self._note_of(lane)
                    noted_s = time.monotonic()
        finally:
            self._note_of(lane)
        return relieved + len(rows)

    def _due(self, lane: Lane) -> Sequence[Due]:
        now = self._clock()
        if lane.rests(now):
            return []
        if not lane.down:
            return self._outbox.due(lane.name, now, BATCH)
        # Where a sink refuses most rows, and takes some, those that it refused would be tried for ever first.
        return self._outbox.due(lane.name, now, 1, untried=True) or self._outbox.due(lane.name, now, 1)

    def _relieved(self, lane: Lane) -> int:
        """Give up rows without a try of their own, at most 16; return how many.

        They are those due for longest: a row is old here when a day went by since it was tried, if it ever was.
        """
        now = self._clock()
        if self._ends_at is not None or 0 < lane.look_at_s - now <= LOOK_S:
            return 0
        lane.look_at_s = now + LOOK_S
        self._note_of(lane)  # what it took must not be among them
        many, ages = self._outbox.waiting(lane.name) - MOST_OWED, lane.failures >= FEWEST_TRIES
        if many <= 0 and not ages:
            lane.keeps()
            return 0
        gone = 0
        for row in self._outbox.due(lane.name, math.inf, BATCH):
            if gone < many:
                why = f"more than {MOST_OWED} alerts wait for this sink"
            elif ages and now - row.since_s >= self._patience.age_s:
                why = "the sink took nothing for so long that this alert was not tried any more"
            else:
                continue
            with lane.lock:
                if lane.left or not self._given_up(lane, row, f"{why}: {lane.said}" if lane.said else why):
                    return gone
            gone += 1
        if gone == BATCH:
            lane.look_at_s = now
        return gone

    def _given_up(self, lane: Lane, row: Due, why: str) -> bool:
        doubt = row.begun and row.key != lane.absent
        if not self._buried(lane, row, CUT_OFF if doubt else why):
            return False
        if doubt:
            self._doubt(lane)
        lane.tell_given_up(why)
        return True

    def _work(self, lane: Lane) -> None:
        while True:
            lane.wake.clear()
            ending = self._ends_at is not None  # what is recorded while a step looks is seen by the next
            try:
                more = self.step(lane.name)
            except RedshankError as error:
                lane.tell(f"outbox: {error}; tried again")
                more = 0
            if lane.left or (not more and ending):
                break
            if not more:
                lane.wake.wait(POLL_S)
        lane.ended = True

    def _hand_over(self, lane: Lane, row: Due) -> bool:
        if row.key in lane.taken:
            return True
        if not self._begun(lane, row):
            return False
        begin = self._clock()
        try:
            lane.sink.deliver(row.alert)
        except DeliveryError as error:
            in_doubt = error.in_doubt and not lane.sink.recognises
            lane.absent = "" if in_doubt else row.key
            with lane.lock:
                if not lane.left:
                    now = self._clock()
                    lane.fails(row.key, str(error), now, now - begin)
                    self._up(lane, up=False)
                    self._put_off(lane, row, str(error), in_doubt=in_doubt)
            return False
        with lane.lock:
            if lane.left:
                return False
            lane.taken.add(row.key)
            self._count(lane, "delivered")
            self._up(lane, up=True)
            self._metrics.count("redshank_recipients_refused_total", lane.sink.untold - lane.untold, sink=lane.name)
            lane.untold = lane.sink.untold
            self._metrics.set("redshank_delivery_delay_seconds", self._clock() - row.since_s, sink=lane.name)
            lane.works()
        return True

    def _begun(self, lane: Lane, row: Due) -> bool:
        """Let the outbox know what comes now; say whether it may come: not if it may have come, and must not twice."""
        if lane.sink.recognises:
            return True
        with lane.lock:
            if lane.left:
                return False
            if row.begun and row.key != lane.absent:
                if not lane.sink.may_repeat:
                    self._put_off(lane, row, CUT_OFF, in_doubt=True)
                    return False
                _log.warning("sink %s: %s: %s; handed over again", lane.name, row.key, CUT_OFF)
                self._doubt(lane)
            lane.absent = row.key  # whatever the outbox says if this fails
            self._outbox.begin(row.key, sorted(lane.taken), self._clock())
            lane.taken.clear()
            lane.absent = ""
            return not lane.left

    def _note_of(self, lane: Lane) -> None:
        with lane.lock:
            if not lane.left:
                self._note(lane)

    def _note(self, lane: Lane) -> None:
        """Have the outbox know what the sink has; the lane's lock is held."""
        if lane.taken:
            self._outbox.delivered(sorted(lane.taken), self._clock())
            lane.taken.clear()

    def _put_off(self, lane: Lane, row: Due, error: str, *, in_doubt: bool) -> None:
        now, tries = self._clock(), row.tries + 1
        old = now - row.since_s >= self._patience.age_s and max(tries, lane.failures) >= FEWEST_TRIES
        never_again = in_doubt and not lane.sink.may_repeat
        if in_doubt and not never_again:
            self._doubt(lane)
        then = "a dead letter" if never_again else "tried again"
        lane.tell(f"{error}; {then}, later failures of this sink are only counted")
        if (never_again or old or tries >= self._patience.tries) and self._buried(lane, row, error):
            if never_again:  # once, however often the file of dead letters refused it
                self._doubt(lane)
            return
        self._count(lane, "failed")
        wait = min(self._patience.longest_s, self._patience.first_s * 2 ** min(row.tries, 30))
        self._outbox.failed(row.key, error, now + wait * lane.random.uniform(0.5, 1.0), begun=never_again)

    def _buried(self, lane: Lane, row: Due, error: str) -> bool:
        try:
            self._dead.bury(row, error, self._clock())
        except OSError as problem:
            lane.tell(f"dead letters: {problem}; the alert stays in the outbox")
            return False
        self._outbox.failed(row.key, error, None)
        self._count(lane, "dead")
        return True

    def _doubt(self, lane: Lane) -> None:
        self._metrics.count("redshank_deliveries_in_doubt_total", sink=lane.name)

    def _count(self, lane: Lane, outcome: str) -> None:
        self._metrics.count("redshank_deliveries_total", sink=lane.name, outcome=outcome)

    def _up(self, lane: Lane, *, up: bool) -> None:
        self._metrics.set("redshank_sink_up", float(up), sink=lane.name)

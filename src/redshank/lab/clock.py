"""Time in a lab: the machine's clock, and one that skips the pauses in which nothing happens.

In: an event loop that is about to wait. Out: the next thing that is due happens at once, and the clock says that the
pause went by; `shifted` says the same of the times of a capture.
The one idea: a pause is skipped only when nobody has anything to do: no socket has news and the broker, the one program
beside us, sleeps. The kernel carries a packet from one namespace to the next within the call that sends it, so nothing
is on its way then. What happens between two skips takes the time that it takes, so the gaps of an exchange are as
measured, and every pause that an actor meant is as long as he meant it, within flows and between them; no packet
changes its place.
Not kept is what the kernel does by clocks of its own: an acknowledgement that it holds back for 40 ms comes late, or
once for several segments; neighbors are asked for less often; nothing is sent again.
"""

import asyncio
import os
import selectors
import time
from array import array
from collections.abc import Callable
from typing import Self

import numpy as np
import numpy.typing as npt

AWAKE_S = 0.001
"""How long to wait for a program that still runs before looking again."""
MARGIN_NS = 1_000
"""Skipped beyond what is due: a float of seconds must not round to just before it."""
US_NS = 1_000


class Clock:
    """The machine's clock, and every pause that was skipped.

    Args:
        machine_ns: Gives ns since the epoch; the clock that captures use.

    Example:
        >>> clock = Clock()
        >>> clock.skip(3_000_000_000)
        >>> 3.0 <= clock.now_s() - time.time() + 0.5 <= 4.0
        True
    """

    def __init__(self, machine_ns: Callable[[], int] = time.time_ns) -> None:
        self.skipped_ns = 0
        self._machine_ns = machine_ns
        self._at_ns = array("q")
        self._after_ns = array("q")

    def now_s(self) -> float:
        """Return seconds since the epoch."""
        return (self._machine_ns() + self.skipped_ns) / 1e9

    def skip(self, pause_ns: int) -> None:
        """Let a pause have gone by. What is captured from now on is later by it."""
        self.skipped_ns += pause_ns
        # A capture in microseconds rounds down, and may say of a packet's time that it was before the skip.
        self._at_ns.append(self._machine_ns() // US_NS * US_NS)
        self._after_ns.append(self.skipped_ns)

    def shifted(self, ts_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return what this clock said when the machine's said `ts_ns`.

        Args:
            ts_ns: Times of the machine's clock, ns since the epoch, in any order.

        Shape:
            ts_ns, returns: [n].
        """
        after_ns = np.concatenate([[0], np.array(self._after_ns, np.int64)])
        skips = np.searchsorted(np.array(self._at_ns, np.int64), ts_ns, "right")
        found: npt.NDArray[np.int64] = ts_ns + after_ns[skips]
        return found


class _Impatient(selectors.DefaultSelector):
    """Waits for news of sockets, but not for time to go by.

    Args:
        clock: Told of every pause that is skipped.
        asleep: Tells whether all other programs wait.
    """

    def __init__(self, clock: Clock, asleep: Callable[[], bool]) -> None:
        super().__init__()
        self._clock, self._asleep = clock, asleep

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return the news; if there is none to come, let `timeout` seconds have gone by."""
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        due = time.monotonic() + timeout
        while True:
            # In this order: what the others said before they fell asleep is news by now.
            asleep = self._asleep()
            news = super().select(0)
            left_s = due - time.monotonic()
            if news or left_s <= 0:
                return news
            if asleep:
                self._clock.skip(int(left_s * 1e9) + MARGIN_NS)
                return []
            if news := super().select(min(AWAKE_S, left_s)):
                return news


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits while nobody has anything to do.

    Args:
        clock: Its time.
        asleep: Tells whether all other programs wait for us.

    Example:
        >>> async def patient() -> str:
        ...     await asyncio.sleep(3600)
        ...     return "an hour later"
        >>> with asyncio.Runner(loop_factory=lambda: FastLoop(Clock(), lambda: True)) as runner:
        ...     runner.run(patient())
        'an hour later'
    """

    def __init__(self, clock: Clock, asleep: Callable[[], bool]) -> None:
        self._clock = clock
        super().__init__(_Impatient(clock, asleep))

    def time(self) -> float:
        """Return seconds by the clock that skips; its zero means nothing."""
        return super().time() + self._clock.skipped_ns / 1e9


class Sleeper:
    """Tells whether a program of one thread waits for something; use as a context.

    Args:
        pid: The program's process.

    Example:
        >>> with Sleeper(os.getpid()) as ourselves:
        ...     ourselves.asleep()
        False
    """

    def __init__(self, pid: int) -> None:
        self._file = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        os.close(self._file)

    def asleep(self) -> bool:
        """Tell whether it sleeps; a program that is gone does so for good."""
        try:
            stat = os.pread(self._file, 4096, 0)
        except ProcessLookupError:
            return True
        return stat[stat.rindex(b")") + 2 :][:1] in b"SZX"

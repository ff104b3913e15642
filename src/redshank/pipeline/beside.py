"""Work that goes on beside the judging: slow, and never so urgent that flows should wait for it.

In: one piece of work at a time. Out: nothing but what it does. The one idea: whoever judges hands a piece over and goes
on; while it is being done, or rests because it failed, the next is not taken, so that nothing piles up.
"""

import logging
import threading
from collections.abc import Callable

from redshank.core.errors import RedshankError
from redshank.pipeline.rest import Rest

_log = logging.getLogger(__name__)


class Beside:
    """One kind of work, in a thread of its own.

    Args:
        name: What it is, for messages.
        rest: How long it is left alone after it failed.

    Attributes:
        problem: Why the last piece that ended was not done, in words; "" if it was.
    """

    def __init__(self, name: str, rest: Rest | None = None) -> None:
        self._name, self._rest = name, rest or Rest()
        self._thread: threading.Thread | None = None
        self.problem = ""

    @property
    def busy(self) -> bool:
        """Whether a piece is being done."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, work: Callable[[], None]) -> bool:
        """Have a piece of work done, unless one is being done or it is to be left alone.

        Args:
            work: It may fail with a RedshankError or an OSError: that is said, once until it succeeds again.

        Returns:
            Whether it was taken.
        """
        if self.busy or not self._rest.over():
            return False
        self._thread = threading.Thread(target=self._do, args=(work,), name=self._name, daemon=True)
        self._thread.start()
        return True

    def wait(self, within_s: float) -> bool:
        """Wait for what is being done; tell whether nothing is left."""
        if self._thread:
            self._thread.join(within_s)
        return not self.busy

    def _do(self, work: Callable[[], None]) -> None:
        self._rest.begin()
        problem = f"{self._name}: ended by an error of the program"
        try:
            work()
        except (RedshankError, OSError) as error:
            self._rest.failed()
            if not self.problem:
                _log.warning("%s: %s; tried again", self._name, error)
            problem = f"{self._name}: {error}"
        else:
            problem = ""
        finally:
            self.problem = problem

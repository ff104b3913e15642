"""A transaction in which one thread reads whatever it asks for meanwhile.

In: an engine whose connections read. Out: the same connection each time, until the end. The one idea: a page asks a
dozen questions; on a server each transaction of its own costs more than its question, and between two of them the store
changes, so that one part of the page contradicts another.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, Engine


class Moment:
    """A transaction of one thread: begun when it is first wanted, and anew after its end.

    Args:
        readers: Gives connections that read.
    """

    def __init__(self, readers: Engine) -> None:
        self._readers, self._stack = readers, ExitStack()
        self._sql: Connection | None = None
        self._inside, self._over = 0, False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give the connection; an error in the block ends the transaction."""
        if self._sql is None:
            self._sql = self._stack.enter_context(self._readers.begin())
        self._inside += 1
        try:
            yield self._sql
        except BaseException:
            self._over = True
            raise
        finally:
            self._inside -= 1
            if self._over:
                self.end()

    def end(self) -> None:
        """End the transaction; at the end of the outermost block that reads in it, if there is one."""
        self._over = self._inside > 0
        if not self._inside:
            self._sql = None
            self._stack.close()

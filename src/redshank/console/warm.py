"""What the first pages would wait for, done beside once the console listens.

In: the areas. Out: nothing; templates are compiled, and each area has read what it keeps. The one idea: whoever begins
the console waits for its socket alone, and who opens its first page a second later waits for that page alone. What
fails here fails nobody: the page that wants it reads it again, and says what is wrong.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain

import anyio
from anyio.lowlevel import checkpoint
from anyio.to_thread import run_sync

from redshank.console import page
from redshank.console.area import Area
from redshank.core.errors import RedshankError
from redshank.store.database import Database

_log = logging.getLogger(__name__)


async def warm(database: Database, areas: Mapping[str, Area], last: Iterable[Callable[[], object]] = ()) -> None:
    """Prepare one area after the other; a step that was begun is ended before this is cancelled.

    Args:
        database: The store.
        areas: By name, in the order in which they are opened.
        last: What is read besides, after them.
    """
    for step in chain(_steps(database, areas), last):
        with anyio.CancelScope(shield=True):
            (outcome,) = await asyncio.gather(run_sync(step), return_exceptions=True)
        if isinstance(outcome, Exception):
            known = isinstance(outcome, RedshankError)
            _log.warning("not read beside: %s", outcome, exc_info=None if known else outcome)
        await checkpoint()


def _steps(database: Database, areas: Mapping[str, Area]) -> Iterator[Callable[[], object]]:
    by_area: dict[str, list[str]] = {}
    for name in page.templates():
        by_area.setdefault(name.rpartition("/")[0], []).append(name)
    for folder in ("", *areas):
        yield from (partial(page.compiled, name) for name in by_area.get(folder, ()))
        if folder in areas:
            yield partial(_at_once, database, areas[folder].warm)


def _at_once(database: Database, read: Callable[[], None]) -> None:
    with database.at_once():
        read()

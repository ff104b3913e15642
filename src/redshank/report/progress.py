"""Show a person that work goes on.

In: a source of flows, or the parts of a long work. Out: the source's batches, unchanged; on a terminal a line on
standard error counts packets and flows while they pass, or names the part. Where standard error is no terminal, batches
show nothing and parts are logged. A work that logs by itself (each epoch) has no line of its own: its steps are logged.
"""

import itertools
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from redshank.flows.source import FlowSource

_log = logging.getLogger(__name__)


def watched(source: FlowSource, *, hidden: bool = False) -> Iterator[pa.RecordBatch]:
    """Pass on the batches of `source`, and count them for a person on standard error.

    Args:
        source: Where the flows come from.
        hidden: Show nothing, for a terminal that shows the results themselves.
    """
    if hidden or not sys.stderr.isatty():
        yield from source.batches()
        return
    # Here and not above: whoever is no terminal need not wait for it.
    from rich.console import Console  # noqa: PLC0415  as just said
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415  as just said

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    flows = 0
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading")
        for batch in source.batches():
            flows += batch.num_rows
            packets = f"{source.packets:,} packets, " if source.packets else ""
            progress.update(task, description=f"{packets}{flows:,} flows")
            yield batch


def steps(total: int) -> Callable[[str], None]:
    """Return what a long work calls with the name of each step that begins; it is a line of log, whoever reads it.

    Args:
        total: How many steps there are.

    The console reads these lines (`console/jobs.py`): "step 2 of 6: reading the labels".
    """
    begun = itertools.count(1)
    return lambda text: _log.info("step %d of %d: %s", next(begun), total, text)


@contextmanager
def stages(total: int) -> Iterator[Callable[[str], None]]:
    """Show a person which part of a long work is going on: a bar on a terminal, else a line of log each.

    Args:
        total: How many parts there are, about.
    """
    if not sys.stderr.isatty():
        yield _log.info
        return
    from rich.console import Console  # noqa: PLC0415  as above
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415  as above

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)

        def told(text: str) -> None:
            progress.update(task, advance=1, description=text)

        yield told

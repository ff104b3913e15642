"""Run an experiment: measure the cells that are missing, one file each.

In: an experiment, a folder, seeds. Out: files in `<folder>/cells/`, each written whole or not at all, so that whatever
interrupts a run, the next one goes on. A cell is measured again if the data it looked at has changed or it failed. A
cell that fails is recorded with its error, and the others go on.
"""

import logging
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from redshank.core.errors import ActionError, ConfigError, RedshankError
from redshank.core.files import replacing
from redshank.experiments.cell import Cell, Outcome, Result, first_details_only
from redshank.experiments.experiment import Experiment, Results
from redshank.experiments.measure import Data
from redshank.learn.provenance import commit, versions

CELLS = "cells"
# What a model, a dataset or a library raises when a cell cannot be measured: it is no reason to stop the others.
FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RedshankError,
    RuntimeError,
    TypeError,
    ValueError,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """What a run did: cells measured, cells that were there, and what failed (label and error)."""

    measured: int
    kept: int
    failed: tuple[tuple[str, str], ...]
    seconds: float


def load(experiment: Experiment, folder: Path, seeds: int | None = None) -> Results:
    """Return what is known of an experiment.

    Args:
        experiment: The experiment.
        folder: Its folder.
        seeds: How many seeds; as many as there are files of, if absent.
    """
    stored = list(_stored(folder))
    count = 1 + max((result.cell.seed for result in stored), default=0) if seeds is None else seeds
    cells = tuple(experiment.cells(range(count)))
    return Results(cells, {result.cell.key: result for result in stored if result.outcome is not None})


def failures(folder: Path) -> dict[str, str]:
    """Return the cells that failed when they were last run, by label, with their errors."""
    return {result.cell.label: result.error for result in _stored(folder) if result.error}


def _stored(folder: Path) -> Iterator[Result]:
    for path in sorted((folder / CELLS).glob("*.json")):
        try:
            yield Result.from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            _log.warning("%s: not a cell (%s); it is left alone and not counted", path, error)


def estimate(todo: Sequence[Cell], known: Sequence[Result]) -> float | None:
    """Guess how many seconds cells take, from cells that were measured: the most alike ones count.

    Returns:
        None if nothing was measured yet.
    """
    if not known:
        return None
    total = 0.0
    for cell in todo:
        alike = [run for run in known if (run.cell.model, run.cell.table) == (cell.model, cell.table)]
        alike = alike or [run for run in known if run.cell.model == cell.model] or list(known)
        total += sum(run.seconds for run in alike) / len(alike)
    return total


def run(
    experiment: Experiment,
    folder: Path,
    *,
    seeds: int = 5,
    only: str = "",
    jobs: int = 1,
    data: Data | None = None,
) -> Summary:
    """Measure what is missing.

    Args:
        experiment: What to measure.
        folder: Its folder; made if absent.
        seeds: How many seeds, 0 to seeds - 1.
        only: Only cells whose label holds this text.
        jobs: How many processes, one thread each; 1 measures in this one.
        data: Where data comes from; for one process only.

    Raises:
        ConfigError: If no cell fits `only`, or the folder cannot be written to.
        ActionError: If a process was killed from outside.
    """
    name = folder.name
    declared = experiment.cells(range(seeds))
    wanted = list({cell.key: cell for cell in declared if only in cell.label}.values())
    if not wanted:
        raise ConfigError(f"--only: no cell of {name} has '{only}' in its name, the first is '{declared[0].label}'")
    there = {result.cell.key: result for result in _stored(folder)}
    source = data or Data()
    good = {key for key, result in there.items() if result.outcome is not None}
    changed = _changed([there[cell.key] for cell in wanted if cell.key in good], source)
    todo = [cell for cell in wanted if cell.key not in good or cell.key in changed]
    kept = len(wanted) - len(todo)
    known = [there[key] for key in good]
    begun = time.monotonic()
    failed = []
    if todo:
        _log.info("%s: %d cells to measure, %d are there", name, len(todo), kept)
    attempts = _here(experiment, todo, source) if jobs == 1 else _beside(experiment, todo, jobs)
    for number, result in enumerate(attempts, start=1):
        with replacing(folder / CELLS / result.cell.file) as part:
            part.write_text(first_details_only(result).to_json(), encoding="utf-8")
        if result.error:
            failed.append((result.cell.label, result.error))
            _log.warning("%d/%d %s failed: %s", number, len(todo), result.cell.label, result.error)
            continue
        known.append(result)
        left = estimate(todo[number:], known) or 0.0
        _log.info("%d/%d %s, %.0f s; %s left", number, len(todo), result.cell.label, result.seconds, _span(left / jobs))
    return Summary(len(todo) - len(failed), kept, tuple(failed), time.monotonic() - begun)


def _changed(results: Sequence[Result], source: Data) -> set[str]:
    """Return the keys of results whose data is another now; data that is not there has not changed."""
    now: dict[str, str | None] = {}
    for name in dict.fromkeys(name for result in results for name in result.sha256):
        try:
            now[name] = source.labelled(name).sha256
        except RedshankError as error:
            _log.warning("%s", error)
            now[name] = None
    return {r.cell.key for r in results if any(now[n] not in (None, sha256) for n, sha256 in r.sha256.items())}


def _here(experiment: Experiment, todo: Sequence[Cell], source: Data) -> Iterator[Result]:
    for cell in todo:
        yield attempt(experiment.measure, cell, source)


def _beside(experiment: Experiment, todo: Sequence[Cell], jobs: int) -> Iterator[Result]:
    """Measure in processes of their own, which end when nobody listens any more.

    Each has a pipe of its own and nothing is shared: a process may be ended at any moment, half a result is lost whole.
    """
    os.environ["OMP_NUM_THREADS"] = "1"  # inherited by the processes; several threads each would fight for the cores
    context = multiprocessing.get_context("spawn")
    waiting = deque(todo)
    working: dict[Connection, SpawnProcess] = {}
    heeded = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited: Ctrl-C reaches the whole group, we end them
    try:
        for _ in range(min(jobs, len(todo))):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(experiment, theirs), daemon=True)
            process.start()
            theirs.close()
            working[ours] = process
        signal.signal(signal.SIGINT, heeded)
        for pipe in working:
            pipe.send(waiting.popleft())
        busy = set(working)  # a process that is told to end closes its pipe, which would look as if it had been killed
        while busy:
            for ready in connection.wait(list(busy)):
                assert isinstance(ready, Connection)
                result: Result = ready.recv()
                if not waiting:
                    busy.discard(ready)
                ready.send(waiting.popleft() if waiting else None)
                yield result
    except (EOFError, ConnectionError):
        raise ActionError(
            "a process was killed from outside, for example for want of memory; what was measured is kept, run it "
            "again with fewer --jobs"
        ) from None
    finally:
        signal.signal(signal.SIGINT, heeded)
        for process in working.values():
            process.terminate()
            process.join()


def _work(experiment: Experiment, pipe: Connection) -> None:
    """Measure the cells that come through a pipe, until None comes."""
    data = Data()
    while (cell := pipe.recv()) is not None:
        pipe.send(attempt(experiment.measure, cell, data))


def attempt(measure: Callable[[Cell, Data], Outcome], cell: Cell, source: Data) -> Result:
    """Measure a cell; what goes wrong is part of the result."""
    begun, made_by = time.perf_counter(), commit()  # of the code that begins, whatever is committed meanwhile
    outcome, error = None, ""
    sha256: dict[str, str] = {}
    try:
        sha256 = {name: source.labelled(name).sha256 for name in cell.datasets}
        outcome = measure(cell, source)
    except FAILURES as caught:
        error = " ".join(f"{caught}".split()) or type(caught).__name__
    return Result(cell, outcome, error, time.perf_counter() - begun, sha256, made_by, versions())


def _span(seconds: float) -> str:
    """Write a time.

    Example:
        >>> _span(4000), _span(75), _span(9)
        ('1 h 07 min', '1 min', '9 s')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"

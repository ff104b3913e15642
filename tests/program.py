"""The program, run in the process of a test."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from redshank.commands import main


@dataclass(frozen=True)
class Said:
    """How a run of the program ended, and what it wrote."""

    code: object
    out: str
    err: str


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> object:
    """Run the program with these arguments and return its exit code."""
    monkeypatch.setattr("sys.argv", ["redshank", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code


def said(*arguments: object) -> Said:
    """Run the program with these arguments where no fixture of one test serves, as for a whole module."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err), logging_as_before():
        code = ended(patch, *arguments)
    return Said(code, out.getvalue(), err.getvalue())


@contextmanager
def logging_as_before() -> Iterator[None]:
    """Undo what the program does to logging: it owns its process, tests do not."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: one.level for name, one in root.manager.loggerDict.items() if isinstance(one, logging.Logger)}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        now = [(root, level)]
        now += [
            (one, levels.get(name, logging.NOTSET))
            for name, one in root.manager.loggerDict.items()
            if isinstance(one, logging.Logger)
        ]
        for one, before in now:
            if one.level != before:  # to set a level, changed or not, goes through all loggers there are
                one.setLevel(before)

"""The program, run in the process of a test."""

import io
from contextlib import redirect_stderr, redirect_stdout
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
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        code = ended(patch, *arguments)
    return Said(code, out.getvalue(), err.getvalue())

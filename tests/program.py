"""The program, run in the process of a test."""

import pytest

from redshank.commands import main


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> object:
    """Run the program with these arguments and return its exit code."""
    monkeypatch.setattr("sys.argv", ["redshank", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code

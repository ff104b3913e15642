import runpy
import sys

import pytest

from redshank import __version__


def test_the_program_can_be_run_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["redshank", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("redshank", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"redshank {__version__}\n"

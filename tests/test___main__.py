import logging
import runpy
import subprocess
import sys

import pytest

from program import said
from redshank import __version__


def test_the_program_can_be_run_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["redshank", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("redshank", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"redshank {__version__}\n"


# Ctrl-C at the moment when a module is looked for: of the command line itself, and of what a command needs.
INTERRUPTING = """
import runpy, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            sys.meta_path.remove(self)
            {how}

sys.meta_path.insert(0, Finder())
sys.argv = ["redshank", "config", "show"]
runpy.run_module("redshank", run_name="__main__")
"""
# What a module written in C makes of Ctrl-C while it is imported.
WRAPPED = "raise ImportError('initialization failed') from KeyboardInterrupt()"


@pytest.mark.parametrize(
    ("name", "how"),
    [("typer", "signal.raise_signal(signal.SIGINT)"), ("redshank.config", WRAPPED)],
)
def test_who_is_interrupted_while_importing_ends_with_130_and_without_a_word(name: str, how: str) -> None:
    code = INTERRUPTING.format(name=name, how=how)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_import_that_failed_by_itself_is_not_hidden() -> None:
    code = INTERRUPTING.format(name="redshank.config", how="raise ImportError('damaged')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ImportError: damaged" in done.stderr


def test_what_the_program_does_to_logging_ends_with_it_where_a_whole_module_runs_it() -> None:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    assert said("config", "show").code == 0
    assert (root.level, root.handlers) == before

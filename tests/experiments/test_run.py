import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from drawn_experiments.small_one import SmallOne
from labelled import labelled
from redshank.core.errors import ConfigError, SourceError
from redshank.data.dataset import Labelled
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.measure import Data
from redshank.experiments.run import estimate, failures, load, run


def drawn(seed: int = 0) -> Data:
    return Data(lambda _: labelled(seed=seed))


def cells(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "cells").iterdir()}


class Failing(SmallOne):
    fails: ClassVar[str] = "lightgbm"


class OneSlow(SmallOne):
    """The first of three cells takes longer than the others together; nothing is trained."""

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        del seeds
        return [Cell("lab", "constant", seed=seed, table="Slow", row="constant") for seed in range(3)]

    def measure(self, cell: Cell, data: Data) -> Outcome:
        del data
        time.sleep(1.5 if cell.seed == 0 else 0)
        return Outcome({"accuracy": 1.0})


def test_a_process_that_has_nothing_left_to_do_is_not_taken_for_a_killed_one(tmp_path: Path) -> None:
    done = run(OneSlow(), tmp_path, jobs=2)
    assert (done.measured, done.failed) == (3, ())
    assert len(cells(tmp_path)) == 3


def test_a_run_measures_what_is_missing_and_nothing_else(tmp_path: Path) -> None:
    done = run(SmallOne(), tmp_path, seeds=2, data=drawn())
    assert (done.measured, done.kept, done.failed) == (4, 0, ())
    before = cells(tmp_path)
    assert len(before) == 4
    assert (run(SmallOne(), tmp_path, seeds=2, data=drawn()).measured, cells(tmp_path)) == (0, before)
    next((tmp_path / "cells").glob("constant-1-*")).unlink()
    again = run(SmallOne(), tmp_path, seeds=2, data=drawn())
    assert (again.measured, again.kept) == (1, 3)
    assert set(cells(tmp_path)) == set(before)
    assert run(SmallOne(), tmp_path, seeds=3, data=drawn()).measured == 2


def test_cells_of_changed_data_are_measured_again(tmp_path: Path) -> None:
    run(SmallOne(), tmp_path, seeds=1, data=drawn())
    assert run(SmallOne(), tmp_path, seeds=1, data=drawn(seed=1)).measured == 2
    results = load(SmallOne(), tmp_path)
    assert {result.sha256["drawn"] for result in results.of()} == {f"{1:064x}"}


def test_cells_whose_data_is_gone_stay(tmp_path: Path) -> None:
    run(SmallOne(), tmp_path, seeds=1, data=drawn())

    def gone(name: str) -> Labelled:
        raise SourceError(f"{name}: not there")

    done = run(SmallOne(), tmp_path, seeds=1, data=Data(gone))
    assert (done.measured, done.kept, done.failed) == (0, 2, ())


def test_a_cell_that_fails_is_recorded_and_the_others_go_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    done = run(Failing(), tmp_path, seeds=1, data=drawn())
    assert done.measured == 1
    assert done.failed == (("Families trees (lightgbm on drawn) seed 0", "lightgbm was told to fail on two lines"),)
    assert "failed: lightgbm was told to fail" in caplog.text
    assert dict(done.failed) == failures(tmp_path)
    assert [result.cell.row for result in load(Failing(), tmp_path).of()] == ["constant"]
    assert run(SmallOne(), tmp_path, seeds=1, data=drawn()).measured == 1, "what failed is tried again"


def test_only_some_cells(tmp_path: Path) -> None:
    assert run(SmallOne(), tmp_path, seeds=2, only="trees", data=drawn()).measured == 2
    with pytest.raises(
        ConfigError, match="--only: no cell of .* has 'absent' in its name, the first is 'Families trees"
    ):
        run(SmallOne(), tmp_path, only="absent", data=drawn())


def test_progress_tells_how_much_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run(SmallOne(), tmp_path, seeds=1, data=drawn())
    assert "2 cells to measure, 0 are there" in caplog.text
    assert "1/2 Families trees (lightgbm on drawn) seed 0, " in caplog.text
    assert "s left" in caplog.text


def test_a_damaged_file_is_no_cell(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run(SmallOne(), tmp_path, seeds=1, data=drawn())
    path = next((tmp_path / "cells").glob("constant-*"))
    path.write_text(path.read_text()[:100])
    assert len(load(SmallOne(), tmp_path).found) == 1
    assert f"{path}: not a cell" in caplog.text
    assert run(SmallOne(), tmp_path, seeds=1, data=drawn()).measured == 1


def test_the_estimate_comes_from_the_most_alike_cells(tmp_path: Path) -> None:
    assert estimate(SmallOne().cells([0]), []) is None
    run(SmallOne(), tmp_path, seeds=1, data=drawn())
    known = load(SmallOne(), tmp_path).of()
    constant = next(result for result in known if result.cell.model == "constant")
    todo = [cell for cell in SmallOne().cells([1, 2]) if cell.model == "constant"]
    assert estimate(todo, known) == pytest.approx(2 * constant.seconds)


PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
from drawn_experiments.small_one import SmallOne
from redshank.experiments.run import run

class OnLab(SmallOne):
    def cells(self, seeds):
        return [replace(cell, dataset="lab") for cell in super().cells(seeds) if cell.model == "constant"]

if __name__ == "__main__":
    run(OnLab(), Path(sys.argv[1]), seeds=1000, jobs=2)
"""


def _there(group: int) -> bool:
    """Whether a process of the group lives."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_interrupt_ends_every_process_and_leaves_whole_cells(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    folder = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, tmp_path / "program.py", folder],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        while len(list((folder / "cells").glob("*.json"))) < 2 and running.poll() is None:
            time.sleep(0.1)
        os.killpg(running.pid, signal.SIGINT)
    assert running.returncode != 0
    while _there(running.pid):
        time.sleep(0.1)
    found = [json.loads(text) for text in cells(folder).values()]
    assert all(one["error"] == "" and one["outcome"]["figures"]["macro_f1"] for one in found)
    assert not list((folder / "cells").glob(".*"))

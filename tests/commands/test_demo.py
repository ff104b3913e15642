import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from redshank.core.bundle import Bundle

PROGRAM = [sys.executable, "-c", "from redshank.commands import main; main()"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = tmp_path_factory.mktemp("demo") / "out"
    command = [*PROGRAM, "demo", "--rounds", "1", "--seeds", "1", "-o", str(out), "--json"]
    return out, subprocess.run(command, capture_output=True, text=True, check=False, timeout=200, env=ENVIRONMENT)


def test_the_demonstration_leaves_a_report_a_bundle_alerts_and_verdicts(
    done: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    out, process = done
    assert process.returncode == 0, process.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "bundle",
        "curves.csv",
        "eve.json",
        "report.html",
        "verdicts.parquet",
    ]
    assert len(Bundle.load(out / "bundle").model) < 2**20
    summary = json.loads(process.stdout)
    parts = pq.read_table(out / "verdicts.parquet", columns=["part"])["part"].to_pylist()
    assert parts.count("final") == summary["summary"]["flows"]
    assert len((out / "eve.json").read_text().splitlines()) == summary["summary"]["alerts"] > 0


def test_every_round_is_told_as_it_ends(done: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    lines = [line for line in done[1].stderr.splitlines() if "labels  macro-F1" in line]
    assert [line.split()[0] for line in lines] == ["mixed"] * 2 + ["random"] * 2


def test_the_page_shows_the_control_beside_the_strategy(done: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    page = (done[0] / "report.html").read_text()
    assert "What each answer was worth" in page
    assert "Alerts on the unseen capture" in page
    assert "<script" not in page


def test_a_folder_that_cannot_be_written_is_refused_before_training(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    process = subprocess.run(
        [*PROGRAM, "demo", "-o", str(tmp_path / "taken")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=ENVIRONMENT,
    )
    assert process.returncode == 2
    assert process.stderr.startswith(f"redshank: --out: cannot write to folder '{tmp_path / 'taken'}' (File exists)")
    assert len(process.stderr.splitlines()) == 1


@pytest.mark.parametrize(("name", "said"), [("report.html", "--out: '"), ("eve.json", "eve: '")])
def test_a_folder_in_the_way_of_a_result_is_named_before_training(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / name).mkdir()
    process = subprocess.run(
        [*PROGRAM, "demo", "-o", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=ENVIRONMENT,
    )
    assert process.returncode == 2
    assert process.stderr.startswith(f"redshank: {said}{tmp_path / name}' is ")
    assert len(process.stderr.splitlines()) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == [name]

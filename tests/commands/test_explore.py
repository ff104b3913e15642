import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from explored import leaking
from labelled import DRAWN
from program import ended


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in an empty folder with a small table and the drawn dataset."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("redshank.data.dataset.DATASETS", DRAWN)
    (tmp_path / "rows").write_text("300 0")
    found = leaking()
    assert found.raw is not None
    table = found.raw.append_column("kind", pa.array(found.family))
    pa.csv.write_csv(table, tmp_path / "leaking.csv")


def test_a_file_becomes_one_page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "explore", "leaking.csv", "--label", "kind", "-o", "new/page.html") == 0
    out, err = capsys.readouterr()
    assert "“src_ip” alone tells benign from attack in 100 %" in out
    assert "looking up pairs of columns" in err
    text = Path("new/page.html").read_text(encoding="utf-8")
    assert "redshank explore leaking.csv --seed 0 --label kind" in text
    assert "https://" not in text
    assert "http://" not in text
    assert [path.name for path in Path("new").iterdir()] == ["page.html"]


def test_json_ends_with_one_object(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "explore", "leaking.csv", "--label", "kind", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["written"]["file"] == "out/leaking.csv-explore.html"
    assert found["copies"][0]["copies"] == 0


def test_a_dataset_is_explored_by_its_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "explore", "drawn", "--data", "rows", "-o", "page.html") == 0
    assert "Exploring drawn" in capsys.readouterr().out
    assert Path("page.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.csv"], 2, "no file 'missing.csv', and no dataset of that name; name a table or a dataset"),
        (["tonn_iot"], 2, "dataset: no 'tonn_iot'; did you mean 'ton_iot'?"),
        (["leaking.csv", "--label", "kin"], 2, "has no column 'kin'; did you mean 'kind'?"),
        (["leaking.csv", "--label", "kind", "--benign", "beni"], 2, "has no class 'beni'; did you mean 'benign'?"),
        (["drawn", "--label", "kind"], 2, "--label and --benign are for files"),
        (["leaking.csv", "-o", "."], 2, "is a folder; name a file such as report.html"),
        (["rows"], 1, "rows: cannot be read as a table"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    assert ended(monkeypatch, "explore", *arguments) == code
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_ctrl_c_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = {f"c{i}": rng.integers(0, 1000, 100_000) for i in range(8)}
    pa.csv.write_csv(pa.table({**columns, "kind": rng.integers(0, 3, 100_000)}), tmp_path / "big.csv")
    program = [sys.executable, "-c", "from redshank.commands import main; main()"]
    running = subprocess.Popen(
        [*program, "explore", "big.csv", "--label", "kind", "-o", "out/page.html"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,  # noqa: PLW1509  POSIX
    )
    assert running.stderr is not None
    for line in running.stderr:
        if "looking up pairs" in line:
            break
    time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from program import ended
from questions import store
from redshank.store.database import Database
from redshank.store.queue import Queue


def test_keys_come_through_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = store(tmp_path / "s")
    monkeypatch.setattr("sys.stdin", io.StringIO("b\n1\nnworm\nz u"))
    assert ended(monkeypatch, "label", "--store", tmp_path / "s", "--as", "ana") == 0
    told = capsys.readouterr().out
    assert "10.0.0.66:40001 -> 10.0.1.1:1883  tcp" in told
    assert told.endswith("3 answers kept; 4 questions open, 2 answered\n")
    assert [label.family for label in queue.labels()] == ["benign", "scanning", "worm", None, "unsure"]
    assert {label.origin for label in queue.labels()} == {"terminal"}


def test_answers_come_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = store(tmp_path / "s")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"question,family\n{queue.questions()[0].id},dos\n"))
    command = ("label", "--store", tmp_path / "s", "--as", "ana", "--answers", "-", "--valid-days", 1)
    assert ended(monkeypatch, *command) == 0
    assert "new            1" in capsys.readouterr().out
    (label,) = queue.labels()
    assert label.expires_at_s == label.given_at_s + 86_400
    assert label.origin == "file"


def test_ctrl_c_in_a_terminal_keeps_what_was_answered(tmp_path: Path) -> None:
    store(tmp_path / "s")
    ours, theirs = pty.openpty()
    code = "from redshank.commands import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "label", "--store", str(tmp_path / "s"), "--as", "ana"],
        stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while b"q quit" not in said:
        said += os.read(ours, 4096)
    os.write(ours, b"1")
    while said.count(b"q quit") < 2:
        said += os.read(ours, 4096)
    os.write(ours, b"\x03")
    while b"answers kept" not in said:
        said += os.read(ours, 4096)
    assert process.communicate(timeout=30)[1] == b""
    os.close(ours)
    assert process.returncode == 130
    queue = Queue(Database(tmp_path / "s"))
    assert [label.family for label in queue.labels()] == ["scanning"]
    assert "held" not in queue.status(2e9).values()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--store", "none", "--as", "ana"], "store: no file 'none'"),
        (["--store", "s"], "--as: nobody is named"),
        (["--store", "s", "--as", "ana", "--answers", "none.csv"], "--answers: no file 'none.csv'"),
    ],
)
def test_wrong_usage_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    store(tmp_path / "s")
    monkeypatch.chdir(tmp_path)
    assert ended(monkeypatch, "label", *arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line

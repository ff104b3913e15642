import io
import os
import pty
import select
import subprocess
import sys
import termios
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


PROGRAM = """
import fcntl, signal, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)
from redshank.commands import main
main()
"""


def test_ctrl_c_in_a_terminal_keeps_what_was_answered(tmp_path: Path) -> None:
    """Keys are typed ahead, a new family is a line, and Ctrl-C ends; the terminal is as it was."""
    store(tmp_path / "s")
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "label", "--store", str(tmp_path / "s"), "--as", "ana"],
        stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip

    said = b""

    def until(words: bytes) -> None:
        nonlocal said
        while words not in said:
            assert select.select([ours], [], [], 60)[0], f"no {words!r} after {said[-200:]!r}"
            said += os.read(ours, 4096)
        said = said.partition(words)[2]

    until(b"q quit")
    os.write(ours, b"1n")
    until(b"name of the family: ")
    os.write(ours, b"worm\n")
    until(b": worm")
    until(b"q quit")
    os.write(ours, b"\x03")
    for _ in range(10):
        # Python may drop an interrupt that comes while it clears an object away; a person presses again.
        if select.select([ours], [], [], 5)[0]:
            break
        os.write(ours, b"\x03")
    until(b"2 answers kept")
    assert process.communicate(timeout=60)[1] == b""
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 130
    queue = Queue(Database(tmp_path / "s"))
    assert [label.family for label in queue.labels()] == ["scanning", "worm"]
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

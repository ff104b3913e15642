import os
from pathlib import Path

import pytest

from redshank.core.errors import ConfigError
from redshank.core.files import TAIL_BYTES, append_line, held, is_held, replacing, usable_folder, writable_folder


def _fail_in_the_middle(target: Path, *, folder: bool = False) -> None:
    with replacing(target) as part:
        if folder:
            part.mkdir()
        else:
            part.write_text("half")
        raise RuntimeError("in the middle")


def test_the_final_name_appears_only_when_the_block_ends_well(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "result.json"
    with replacing(target) as part:
        part.write_text("half")
        assert not target.exists()
    assert target.read_text() == "half"


def test_a_failure_leaves_the_old_content_and_no_trace(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="in the middle"):
        _fail_in_the_middle(target)
    assert target.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    target.mkdir()
    (target / "stale").write_text("old")
    with replacing(target) as part:
        part.mkdir()
        (part / "fresh").write_text("new")
    assert [entry.name for entry in target.iterdir()] == ["fresh"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["bundle"]


def test_a_half_built_folder_is_removed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="in the middle"):
        _fail_in_the_middle(tmp_path / "bundle", folder=True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigError, match=r"-o: cannot write to folder '.*taken' \(File exists\)"):
        writable_folder(tmp_path / "taken", "-o")


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(ConfigError, match=r"cannot write to folder '/proc/redshank' \(No such file or directory\)"):
        writable_folder(Path("/proc/redshank"), "-o")


def test_whether_a_folder_could_be_made_is_seen_without_making_it(tmp_path: Path) -> None:
    usable_folder(tmp_path / "new" / "deeper", "-o")
    usable_folder(tmp_path, "-o")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "taken").write_text("a file")
    for path in (tmp_path / "taken", tmp_path / "taken" / "deeper", Path("/proc/redshank")):
        with pytest.raises(ConfigError, match=f"^-o: cannot write to folder '{path}' "):
            usable_folder(path, "-o")


def test_a_folder_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    with (
        pytest.raises(ConfigError, match="result: is a folder, where a file is"),
        replacing(tmp_path / "result") as part,
    ):
        part.write_text("new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["result"]


def test_a_file_is_never_replaced_by_a_folder(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("old")
    with (
        pytest.raises(ConfigError, match="bundle: is a file, where a folder is"),
        replacing(tmp_path / "bundle") as part,
    ):
        part.mkdir()
    assert (tmp_path / "bundle").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["bundle"]


def test_a_device_is_never_replaced() -> None:
    with pytest.raises(ConfigError, match="/dev/null: is a device or a pipe"), replacing(Path("/dev/null")):
        pass


def test_a_line_is_appended_whole_after_what_a_crash_left(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"torn")
    append_line(path, b"one\n")
    append_line(path, b"two\n")
    assert path.read_bytes() == b"torn\none\ntwo\n"


def test_a_line_that_is_there_already_is_not_appended(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"x" * 2 * TAIL_BYTES + b"\n")
    append_line(path, b"one\n", unless=lambda tail: len(tail) != TAIL_BYTES)
    append_line(path, b"one\n", unless=lambda tail: tail.endswith(b"\none\n"))
    assert path.read_bytes().endswith(b"x\none\n")


def test_a_pipe_that_nobody_reads_is_no_place_for_lines(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        append_line(tmp_path / "pipe", b"one\n")


def test_a_file_is_held_by_one_and_let_go_at_the_end(tmp_path: Path) -> None:
    said = r"service.state: another process holds '.*lock'; end it, or name another"
    with held(tmp_path / "lock", "service.state"), pytest.raises(ConfigError, match=said):
        _hold(tmp_path / "lock")
    _hold(tmp_path / "lock")
    with pytest.raises(ConfigError, match=r"service.state: cannot make '.*none/lock' \(No such file"):
        _hold(tmp_path / "none" / "lock")


def _hold(path: Path) -> None:
    with held(path, "service.state"):
        pass


def test_whether_a_file_is_held_is_seen_without_making_or_holding_it(tmp_path: Path) -> None:
    place = tmp_path / "lock"
    assert not is_held(place)
    assert not place.exists()
    with held(place, "here"):
        assert is_held(place)
        assert is_held(place)
    assert not is_held(place)

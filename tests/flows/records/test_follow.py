import gzip
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from redshank.core.errors import SourceError
from redshank.flows.records.follow import Growing, grown, plain
from redshank.flows.records.record_source import RecordSource


class Following:
    """A growing log in a folder, its rotated files `log.N` in the order of N."""

    def __init__(self, place: Path, *, history: bool = True) -> None:
        self.path = place / "log"
        self.counts: Counter[str] = Counter()
        self.lines = Growing(
            self.path,
            lambda: sorted(place.glob("log.*")),
            [plain(file) for file in place.glob("log.*")],
            lambda name, amount: self.counts.update({name: amount}),
            history=history,
        )

    def append(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    def all(self) -> str:
        found = b""
        while (piece := self.lines.read()) is not None:
            found += piece.rows
        return found.decode()


def test_new_lines_come_as_they_are_written_and_half_a_line_waits(tmp_path: Path) -> None:
    log = Following(tmp_path)
    assert log.all() == ""
    log.append("one\ntw")
    assert log.all() == "one\n"
    log.append("o\nthree")
    assert log.all() == "two\n"
    rest = log.lines.finish()
    assert rest is not None
    assert rest.rows == b"three"


def test_a_renamed_log_is_read_to_its_end_before_the_new_one(tmp_path: Path) -> None:
    log = Following(tmp_path)
    log.append("one\n")
    assert log.all() == "one\n"
    log.append("two\nthree")
    log.path.rename(tmp_path / "log.1")
    assert log.all() == "two\n"
    log.append("four\n")
    pieces = []
    while (piece := log.lines.read()) is not None:
        pieces.append((piece.rows, piece.first))
    assert pieces == [(b"three", False), (b"four\n", True)]
    log.lines.close()


def test_logs_that_came_and_went_between_two_looks_are_read_in_order(tmp_path: Path) -> None:
    log = Following(tmp_path)
    log.append("one\n")
    assert log.all() == "one\n"
    log.path.rename(tmp_path / "log.1")
    for number, word in ((2, "two"), (3, "three")):
        log.append(f"{word}\n")
        log.path.rename(tmp_path / f"log.{number}")
    log.append("four\n")
    assert log.all() == "two\nthree\nfour\n"
    log.lines.close()


def test_a_rotated_log_that_was_packed_meanwhile_is_not_read_twice(tmp_path: Path) -> None:
    log = Following(tmp_path)
    log.append("one\n")
    assert log.all() == "one\n"
    (tmp_path / "log.1.gz").write_bytes(gzip.compress(log.path.read_bytes()))
    log.path.unlink()
    log.append("two\n")
    assert log.all() == "two\n"
    log.lines.close()


def test_history_comes_first_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "log.1").write_text("old\n")
    (tmp_path / "log").write_text("new\n")
    for history, expected in ((True, "old\nnew\n"), (False, "new\n")):
        log = Following(tmp_path, history=history)
        assert log.all() == expected
        log.lines.close()


def test_a_log_that_is_cut_is_read_from_its_beginning_and_counted(tmp_path: Path) -> None:
    log = Following(tmp_path)
    log.append("one\ntwo\nhal")
    assert log.all() == "one\ntwo\n"
    log.path.write_text("new\n")
    assert log.all() + log.all() == "new\n"
    assert log.counts == {"log_cut": 1}
    log.lines.close()


def test_nothing_is_lost_or_doubled_whatever_the_order_of_writing_rotating_and_looking(tmp_path: Path) -> None:
    for seed in range(20):
        place = tmp_path / f"{seed}"
        place.mkdir()
        steps = random.Random(seed)
        log = Following(place)
        written, found = "", ""
        for number in range(60):
            step = steps.random()
            if step < 0.5:
                line = f"{number}\n"
                written += line
                log.append(line)
            elif step < 0.75 and log.path.exists():
                log.path.rename(place / f"log.{number:03}")
            else:
                found += log.all()
        log.append("end\n")
        assert found + log.all() == written + "end\n", f"seed {seed}"
        log.lines.close()


def test_a_folder_in_place_of_the_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    with pytest.raises(SourceError, match=r"log: cannot be read \(Is a directory\)"):
        Following(tmp_path).lines.read()


class Source(RecordSource):
    def batches(self) -> Iterator[pa.RecordBatch]:
        yield from ()


def test_what_grows_ends_when_idle_or_asked_and_gives_its_last_line(tmp_path: Path) -> None:
    log = Following(tmp_path)
    log.append("one\ntw")
    given = [(piece and piece.rows, last) for piece, last in grown(Source(), log.lines, 0.0)]
    assert given == [(b"one\n", False), (b"tw", True)]
    log, asked = Following(tmp_path), Source()
    given = []
    for piece, last in grown(asked, log.lines, None):
        given.append((piece and piece.rows, last))
        if piece is None and not asked.stopping:
            log.append("o\nthree\n")
            asked.stop()
    assert given == [(b"one\n", False), (None, False), (b"two\nthree\n", False), (None, True)]

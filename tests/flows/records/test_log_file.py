import gzip
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.errors import SourceError
from redshank.flows.records import log_file
from redshank.flows.records.log_file import Files, Lines, Piece, regular, utf8


def read(files: list[Path]) -> tuple[list[Piece], Counter[str]]:
    counts: Counter[str] = Counter()
    lines = Files(files, lambda name, amount: counts.update({name: amount}))
    pieces = []
    while (piece := lines.read()) is not None:
        pieces.append(piece)
    return pieces, counts


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_files_follow_each_other_and_each_says_where_it_begins(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", b"a\nb"), write(tmp_path / "two", gzip.compress(b"c\n"))
    pieces, counts = read([one, two])
    assert [(piece.rows, piece.first) for piece in pieces] == [(b"a\n", True), (b"b", False), (b"c\n", True)]
    assert [Path(piece.where).name for piece in pieces] == ["one", "one", "two"]
    assert counts == {}


def test_an_empty_file_is_a_beginning_without_lines(tmp_path: Path) -> None:
    pieces, _ = read([write(tmp_path / "empty", b"")])
    assert pieces == [Piece(b"", True, str(tmp_path / "empty"))]


@given(blocks=st.lists(st.binary(max_size=8).map(lambda b: b.replace(b"x", b"\n")), max_size=10))
def test_lines_are_whole_however_the_blocks_are_cut(blocks: list[bytes]) -> None:
    counts: Counter[str] = Counter()
    lines = Lines(lambda name, amount: counts.update({name: amount}))
    given_out = [lines.feed(block) for block in blocks]
    assert all(piece.endswith(b"\n") for piece in given_out if piece)
    assert b"".join(given_out) + lines.end() == b"".join(blocks)
    assert counts == {}


def test_a_line_that_is_too_long_is_skipped_and_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "CHUNK", 10)
    counts: Counter[str] = Counter()
    lines = Lines(lambda name, amount: counts.update({name: amount}))
    assert [
        lines.feed(b"x" * 7),
        lines.feed(b"x" * 7),
        lines.feed(b"xxx"),
        lines.feed(b"x\nshort\nre"),
        lines.end(),
    ] == [
        b"",
        b"",
        b"",
        b"short\n",
        b"re",
    ]
    assert counts == {"line_too_long": 1}


def test_damaged_gzip_gives_what_can_be_read(tmp_path: Path) -> None:
    packed = gzip.compress(b"line\n" * 200_000, mtime=0)
    pieces, counts = read([write(tmp_path / "cut.gz", packed[:-200])])
    assert sum(len(piece.rows) for piece in pieces) > 100_000
    assert counts == {"gzip_truncated": 1}
    with pytest.raises(SourceError, match="nothing.gz: damaged gzip, nothing in it can be read"):
        read([write(tmp_path / "nothing.gz", packed[:9])])


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent: cannot be read \(No such file or directory\)"):
        read([tmp_path / "absent"])
    assert not regular(tmp_path / "absent")


@given(st.binary(max_size=40))
def test_any_bytes_become_text_that_keeps_them(content: bytes) -> None:
    clean = utf8(content, lambda *_: None)
    assert clean.decode() == content.decode("utf-8", "backslashreplace")

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.metering.prefix import (
    PIECES,
    TCP_BYTES,
    UDP_BYTES,
    forget,
    join,
    keep_datagram,
    keep_segment,
    renew,
)
from redshank.flows.metering.table import Table

_CONTENT = np.random.default_rng(1).integers(1, 256, 3 * TCP_BYTES, dtype=np.uint8)


def _keep(tables: Table, place: int, offset: int, length: int, captured: int | None = None) -> None:
    end = tables.ends[place]
    if not end["prefix_done"]:
        captured = length if captured is None else captured
        keep_segment(tables.memory, end, _CONTENT, offset, offset, length, captured)


def _join(tables: Table, place: int, *, again: bool = False) -> bytes | None:
    out = np.zeros(TCP_BYTES + 3, np.uint8)
    length = join(tables.memory, tables.ends[place], out, 3, tables.out_pieces)
    if length > 0 and again:
        renew(tables.memory, tables.ends[place], out, 3, length, tables.out_pieces)
    return None if length < 0 else out[3 : 3 + length].tobytes()


def _content(stop: int) -> bytes:
    return _CONTENT[:stop].tobytes()


@settings(max_examples=examples(100), deadline=None)
@given(
    segments=st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 1500)), max_size=25),
    interim=st.sets(st.integers(0, 24)),
)
def test_segments_in_any_order_are_put_in_order_up_to_the_first_hole(
    segments: list[tuple[int, int]], interim: set[int]
) -> None:
    tables, seen = Table(16, 1), np.zeros(2 * TCP_BYTES, np.bool_)
    for place, (offset, length) in enumerate(segments):
        _keep(tables, 1, offset, length)
        seen[offset : offset + length] = True
        expected = min(int(np.argmin(seen)), TCP_BYTES)
        assert _join(tables, 1, again=place in interim) == _content(expected)


def test_what_the_snap_length_cut_off_ends_the_first_bytes() -> None:
    tables = Table(16, 1)
    _keep(tables, 1, 0, 100, 60)
    _keep(tables, 1, 100, 50)
    assert (_join(tables, 1), int(tables.ends["prefix_done"][1])) == (_content(60), 1)
    _keep(tables, 2, 0, 100, 0)
    assert (_join(tables, 2), int(tables.ends["prefix_done"][2])) == (b"", 1)


def test_a_cut_copy_of_what_was_seen_whole_does_no_harm() -> None:
    tables = Table(16, 1)
    _keep(tables, 1, 0, 100)
    _keep(tables, 1, 0, 100, 60)
    _keep(tables, 1, 100, 50)
    assert _join(tables, 1) == _content(150)


def test_of_single_bytes_only_so_many_are_kept() -> None:
    tables = Table(16, 1)
    for offset in range(3 * PIECES):
        _keep(tables, 1, offset, 1)
    assert _join(tables, 1) == _content(PIECES)


def test_a_datagram_is_kept_up_to_its_limit() -> None:
    tables = Table(16, 1)
    keep_datagram(tables.memory, tables.ends[1], _CONTENT, 0, 3000)
    assert (_join(tables, 1), int(tables.ends["prefix_done"][1])) == (_content(UDP_BYTES), 1)


def test_numbers_that_begin_anew_forget_what_was_kept() -> None:
    tables = Table(16, 1)
    _keep(tables, 1, 0, 100)
    forget(tables.ends[1])
    assert _join(tables, 1) == b""


@pytest.mark.parametrize("fill", [100, 250])
def test_the_newest_overwrite_the_oldest_and_that_is_told_once(fill: int) -> None:
    tables = Table(16, 1, ring_bytes=1 << 16)
    _keep(tables, 1, 0, 10)
    _keep(tables, 1, 10, 10)
    for _ in range(fill):
        forget(tables.ends[2])
        _keep(tables, 2, 0, 300)
    lost = fill * 320 > 1 << 16
    assert _join(tables, 1) == (None if lost else _content(20))
    assert _join(tables, 1) == (b"" if lost else _content(20))
    assert _join(tables, 2) == _content(300)


def test_an_interim_row_renews_what_is_kept() -> None:
    tables = Table(16, 1, ring_bytes=1 << 16)
    _keep(tables, 1, 0, 10)
    for _ in range(300):
        assert _join(tables, 1, again=True) == _content(10)
        forget(tables.ends[2])
        _keep(tables, 2, 0, 1000)


def test_pieces_beyond_a_hole_outlast_an_interim_row() -> None:
    tables = Table(16, 1)
    _keep(tables, 1, 0, 10)
    _keep(tables, 1, 20, 10)
    assert _join(tables, 1, again=True) == _content(10)
    _keep(tables, 1, 10, 10)
    assert _join(tables, 1, again=True) == _content(30)
    assert int(tables.ends["prefix_pieces"][1]) == 1

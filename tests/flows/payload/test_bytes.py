import numpy as np
import pytest

from redshank.flows.payload.bytes import (
    byte_at,
    copy,
    little,
    number,
    place_of,
    printable,
    put,
    same,
    settle,
    starts,
    starts_word,
)

DATA = np.frombuffer(b"xUser\x01\x02", np.uint8).copy()


@pytest.mark.parametrize(
    ("text", "end", "exact", "word"),
    [(b"User", 7, True, True), (b"USER", 7, False, True), (b"USER", 4, False, False), (b"USE2", 7, False, False)],
)
def test_text_is_compared_inside_the_payload(text: bytes, end: int, *, exact: bool, word: bool) -> None:
    assert starts(DATA, 1, end, text) is exact
    assert starts_word(DATA, 1, end, text) is word


def test_numbers_are_big_endian() -> None:
    assert number(DATA, 5, 2) == 258


def test_or_little_endian() -> None:
    assert little(DATA, 5, 2) == 513


@pytest.mark.parametrize(("text", "end", "place"), [(b"ser", 7, 2), (b"ser", 4, -1), (b"x", 7, -1), (b"r\x01", 7, 4)])
def test_text_is_found_where_it_stands_first(text: bytes, end: int, place: int) -> None:
    assert place_of(DATA, 1, end, text) == place


def test_control_bytes_are_not_printable() -> None:
    assert printable(DATA, 0, 5)
    assert not printable(DATA, 0, 6)


def test_a_text_is_put_behind_others_and_cut() -> None:
    row, spans = np.zeros(6, np.uint8), np.full(4, -1, np.int64)
    assert put(DATA, 1, 5, row, spans, 1, 2, 3) == 5
    assert row.tobytes() == b"\0\0Use\0"
    assert spans.tolist() == [-1, -1, 2, 5]
    assert put(DATA, 5, 1, row, spans, 0, 5, 9) == 5


def test_nothing_stands_before_the_first_byte() -> None:
    assert not starts(DATA, -1, 7, b"x")
    assert not starts_word(DATA, -1, 7, b"x")
    assert place_of(DATA, -1, 7, b"x") == -1


def test_bytes_are_the_same_or_not() -> None:
    other = np.frombuffer(b"..User\x01", np.uint8)
    assert same(DATA, 1, other, 2, 5)
    assert not same(DATA, 1, other, 1, 5)
    assert not same(DATA, 2, other, 2, 5)
    assert same(DATA, 2, other, 0, 0)


def test_texts_are_moved_to_where_the_room_of_their_flow_is() -> None:
    spans = np.array([3, 9, -1, -1, 1, 2])
    assert settle(spans, 100) == 109
    assert spans.tolist() == [103, 109, -1, -1, 101, 102]
    assert settle(np.array([-1, -1]), 7) == 7


def test_a_byte_is_found_where_it_stands_first() -> None:
    data = np.frombuffer(b"0123456789\x800123456789\x00", np.uint8)
    for at in range(len(data)):
        for end in range(at, len(data) + 1):
            for value in (0x30, 0x39, 0x80, 0x00, 0x01, 0x7F, 0xFF):
                place = bytes(data[:end]).find(bytes([value]), at)
                assert byte_at(data, at, end, value) == (place if place >= 0 else end)


def test_bytes_are_copied() -> None:
    out = np.zeros(6, np.uint8)
    assert copy(DATA, 1, 4, out, 1) == 5
    assert copy(DATA, 1, -4, out, 1) == 1
    assert out.tobytes() == b"\0User\0"

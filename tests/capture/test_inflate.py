import gzip
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.capture.inflate import CORRUPT, TRUNCATED, Inflate


def _read(compressed: bytes, *, piece: int = 100, start: int = 0) -> tuple[bytes, str | None]:
    content = Inflate(io.BytesIO(compressed[start:]), compressed[:start])
    found = bytearray()
    buffer = bytearray(piece)
    while size := content.readinto(memoryview(buffer)):
        found += buffer[:size]
    return bytes(found), content.fault


@given(st.binary(max_size=400), st.integers(1, 300))
def test_the_content_is_that_of_the_plain_file(content: bytes, piece: int) -> None:
    assert _read(gzip.compress(content), piece=piece) == (content, None)


def test_members_are_joined_and_trailing_zeros_are_padding() -> None:
    assert _read(gzip.compress(b"mud") + gzip.compress(b"flat") + bytes(600), start=28) == (b"mudflat", None)


def test_a_stream_cut_anywhere_gives_a_prefix_and_its_fault() -> None:
    content = random.Random(1).randbytes(300) + bytes(3000)
    compressed = gzip.compress(content)
    for size in range(1, len(compressed)):
        found, fault = _read(compressed[:size])
        assert content.startswith(found)
        assert fault == TRUNCATED
    assert _read(b"") == (b"", None)


def test_what_can_be_read_before_damage_is_given() -> None:
    content = random.Random(2).randbytes(4000)  # does not compress: stored as it is
    compressed = bytearray(gzip.compress(content))
    compressed[-8] ^= 0xFF  # the checksum behind the content
    assert _read(bytes(compressed)) == (content, CORRUPT)


@pytest.mark.parametrize("behind", [b"garbage", b"\x1f\x8b\x09garbage"])
def test_what_is_no_member_behind_the_last_is_damage(behind: bytes) -> None:
    assert _read(gzip.compress(b"marsh") + behind) == (b"marsh", CORRUPT)


@settings(max_examples=examples(150))
@given(st.binary(max_size=60))
def test_any_bytes_are_survived(tail: bytes) -> None:
    _, fault = _read(b"\x1f\x8b\x08\0" + tail)
    assert fault in {None, TRUNCATED, CORRUPT}


def test_a_bomb_never_holds_more_than_the_callers_buffer() -> None:
    content = Inflate(io.BytesIO(gzip.compress(bytes(50_000_000))))
    buffer = bytearray(1000)
    assert content.readinto(memoryview(buffer)) == 1000
    assert len(content._waiting) < 300_000

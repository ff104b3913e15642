import os
import subprocess
import sys

import numpy as np
import pytest

from redshank.capture.words import Bytes, fetch, little_u16, little_u32, u8, u16, u32, u64
from redshank.core.kernel import lean_kernel

DATA = bytes(range(240, 256)) + bytes(range(16))


@lean_kernel
def _all(data: Bytes, at: int) -> tuple[int, int, int, int, int, int]:
    return u8(data, at), u16(data, at), u32(data, at), u64(data, at), little_u16(data, at), little_u32(data, at)


@lean_kernel
def _signed(data: Bytes, at: int) -> tuple[int, int]:
    return -u16(data, at), -1 - u32(data, at)


@pytest.mark.parametrize("at", range(len(DATA) - 8))
def test_a_number_is_what_its_bytes_say_wherever_it_starts(at: int) -> None:
    big = [int.from_bytes(DATA[at : at + size], "big") for size in (1, 2, 4, 8)]
    little = [int.from_bytes(DATA[at : at + size], "little") for size in (2, 4)]
    assert _all(np.frombuffer(DATA, np.uint8).copy(), at) == (*big, *little)


def test_numbers_of_up_to_four_bytes_can_be_counted_with() -> None:
    assert _signed(np.full(4, 0xFF, np.uint8), 0) == (-0xFFFF, -(2**32))


@lean_kernel
def _fetched(data: Bytes, at: int) -> int:
    fetch(data, at)
    return u8(data, 0)


@pytest.mark.parametrize("at", [0, 3, 4, 10**6, 1 << 46, -1])
def test_any_place_may_be_fetched(at: int) -> None:
    assert _fetched(np.full(4, 7, np.uint8), at) == 7


_OUTSIDE = """
import numpy as np
from numba import njit
from redshank.capture.words import u8, u16, u32, u64
for size, read in ((1, u8), (2, u16), (4, u32), (8, u64)):
    one = njit(lambda data, at: read(data, at))
    data = np.zeros(9, np.uint8)
    assert one(data, 9 - size) == 0
    for at in (10 - size, -1):
        try:
            one(data, at)
        except IndexError:
            continue
        raise SystemExit(f"{size} bytes at {at} of 9 were read")
"""


def test_bounds_are_checked_where_kernels_are_told_to() -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1"}
    subprocess.run([sys.executable, "-c", _OUTSIDE], env=environment, check=True)

"""Numbers as decimal text: whole ones, times, and the shortest decimal that reads back as the same float.

In: numbers, and where in an array of bytes to write. Out: where the text ends. Of the decimals that round to a float
the shortest is written, and of those the nearest: whoever reads it back has the float we had. The room must be there:
WIDEST bytes, for `put_seconds` INTERVAL.
Source: Raffaello Giulietti, "The Schubfach way to render doubles" (2020); IEEE 754-2008.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.machine import product

Bytes = npt.NDArray[np.uint8]
Word = Any
"""A number inside a kernel: int64, uint64 or float32, by how it was made."""

WIDEST, INTERVAL = 26, 352
"""Most bytes of a number, and of one written without exponent."""

_LOW, _HIGH = -292, 324
"""Powers of ten by which a double is multiplied."""
_POSITIONAL = (-6, 10)
"""Powers of ten from which, and below which, numbers stand without exponent, as Arrow writes them."""
_WHOLE = 10 ** _POSITIONAL[1]
_EXACT = 1 << 24
"""Below it every whole number is a float32."""
_GIGA, _EIGHT = 10**9, 10**8


def _powers() -> npt.NDArray[np.uint64]:
    """Return the leading 128 bits of the powers of ten, rounded up: the upper half, the lower one."""
    found = np.empty((_HIGH - _LOW + 1, 2), np.uint64)
    for row, power in enumerate(range(_LOW, _HIGH + 1)):
        ten = 10 ** abs(power)
        bits = ten.bit_length() if power >= 0 else -(ten - 1).bit_length() + 1
        shift = 128 - bits
        up, down = (ten, 1) if power >= 0 else (1, ten)
        leading = -((-up << max(shift, 0)) // (down << max(-shift, 0)))
        found[row] = divmod(leading, 1 << 64)
    return found


_TENS = _powers()
_PAIRS = np.frombuffer("".join(f"{pair:02}" for pair in range(100)).encode(), np.uint8)


@lean_kernel
def put_whole(value: Word, out: Bytes, at: int) -> int:
    """Write an int64."""
    if value < 0:
        out[at] = 45
        return put_count(np.uint64(0) - np.uint64(value), out, at + 1)
    return put_count(np.uint64(value), out, at)


@lean_kernel
def put_count(value: Word, out: Bytes, at: int) -> int:
    """Write an uint64."""
    if value < np.uint64(10):
        out[at] = np.uint8(48) + np.uint8(value)
        return at + 1
    return put_digits(value, _count(value), out, at)


@lean_kernel
def _count(value: Word) -> Word:
    """Return how many digits an uint64 has."""
    digits = 1
    while value >= np.uint64(_EIGHT):
        value = value // np.uint64(_EIGHT)
        digits += 8
    if value >= np.uint64(10_000):
        value = value // np.uint64(10_000)
        digits += 4
    return digits + (value >= np.uint64(10)) + (value >= np.uint64(100)) + (value >= np.uint64(1_000))


@lean_kernel
def put_digits(value: Word, digits: int, out: Bytes, at: int) -> int:
    """Write the last digits of an uint64, zeros in front."""
    end = at + digits
    while digits > 8:  # apart, because each division waits for the one before
        digits -= 8
        _put_some(value % np.uint64(_EIGHT), 8, out, at + digits)
        value = value // np.uint64(_EIGHT)
    _put_some(value, digits, out, at)
    return end


@lean_kernel
def _put_some(value: Word, digits: int, out: Bytes, at: int) -> None:
    place = at + digits
    while place - at >= 2:
        pair = np.int64(value % np.uint64(100)) * 2
        value = value // np.uint64(100)
        place -= 2
        out[place] = _PAIRS[pair]
        out[place + 1] = _PAIRS[pair + 1]
    if place > at:
        out[at] = 48 + np.uint8(value % np.uint64(10))


@lean_kernel
def put_time(ns: Word, out: Bytes, at: int) -> int:
    """Write ns as seconds with 6 decimals, or 9 where 6 would lose something."""
    size = np.uint64(ns)
    if ns < 0:
        out[at] = 45
        at += 1
        size = np.uint64(0) - size
    at = put_count(size // np.uint64(_GIGA), out, at)
    out[at] = 46
    part = size % np.uint64(_GIGA)
    if part % np.uint64(1_000) == 0:
        return put_digits(part // np.uint64(1_000), 6, out, at + 1)
    return put_digits(part, 9, out, at + 1)


@lean_kernel
def put_double(value: float, out: Bytes, at: int) -> int:
    """Write a finite double as Arrow does: without exponent from 1e-6 to 1e10."""
    if np.float64(value).view(np.uint64) >> np.uint64(63):
        out[at] = 45
        at += 1
        value = -value
    if value < _WHOLE and value == np.floor(value):
        return put_count(np.uint64(value), out, at)
    digits, power = _of_double(value)
    return _put_number(digits, power, out, at)


@lean_kernel
def put_single(value: Word, out: Bytes, at: int) -> int:
    """Write a finite float32 as `put_double` does, in the digits that tell it from other float32."""
    bits = np.float32(value).view(np.uint32)
    if bits >> np.uint32(31):
        out[at] = 45
        at += 1
        value = -value
    if value < _EXACT and value == np.floor(value):
        return put_count(np.uint64(value), out, at)
    digits, power = _shortest(np.uint64(bits & np.uint32(0x7FFFFF)), np.int64(bits >> np.uint32(23)) & 255, 23, 150)
    return _put_number(digits, power, out, at)


@lean_kernel
def put_seconds(value: float, out: Bytes, at: int) -> int:
    """Write a finite double with 6 decimals as Zeek does, or as many as it takes where 6 would lose something."""
    micros = np.rint(value * 1e6)
    if abs(micros) < 2.0**53 and micros / 1e6 == value:
        return put_time(np.int64(micros) * 1_000, out, at)
    if value < 0:
        out[at] = 45
        at += 1
        value = -value
    digits, power = _of_double(value)
    count = _count(digits)
    at = _put_positional(digits, count, count + power - 1, out, at)
    if power >= 0:
        out[at] = 46
        at += 1
    for _ in range(6 + min(power, 0)):
        out[at] = 48
        at += 1
    return at


@lean_kernel
def _of_double(value: float) -> tuple[Word, int]:
    bits = np.float64(value).view(np.uint64)
    return _shortest(bits & np.uint64((1 << 52) - 1), np.int64(bits >> np.uint64(52)) & 2047, 52, 1_075)


@lean_kernel
def _shortest(fraction: Word, exponent: Word, width: int, bias: int) -> tuple[Word, int]:
    """Return the digits, an uint64 without zeros behind, and the power of ten of the last one.

    The paper's figure 8, with its names: c * 2**q is the float, its neighbors are 4c - 2 (or 4c - 1 below a power of
    two) and 4c + 2 in quarters of 2**q; all are brought to 10**k, rounded so that comparing them stays exact.
    """
    one = np.uint64(1)
    c = fraction if exponent == 0 else fraction | one << np.uint64(width)
    q = (1 if exponent == 0 else exponent) - bias
    closer = fraction == 0 and exponent > 1
    k = (q * 1_262_611 - (524_031 if closer else 0)) >> 22  # 2**q, or 3/4 of it, as a power of ten
    h = np.uint64(q + ((-k * 1_741_647) >> 19) + 1)
    odd = c & one
    quarters = c << np.uint64(2)
    low = _scaled(-k, quarters - np.uint64(1 if closer else 2) << h) + odd
    mid = _scaled(-k, quarters << h)
    high = _scaled(-k, quarters + np.uint64(2) << h) - odd
    s = mid >> np.uint64(2)
    tens = s // np.uint64(10)
    if tens > 0:
        down, up = low <= tens * np.uint64(40), tens * np.uint64(40) + np.uint64(40) <= high
        if down != up:
            return _stripped(tens + np.uint64(up), k + 1)
    down, up = low <= s << np.uint64(2), (s << np.uint64(2)) + np.uint64(4) <= high
    if down == up:
        half = (s << np.uint64(2)) + np.uint64(2)
        up = mid > half or (mid == half and s & one == one)
    return _stripped(s + np.uint64(up), k)


@lean_kernel
def _scaled(power: int, value: Word) -> Word:
    """Return value * 10**power, whole, the last bit set if it is not exact."""
    row = power - _LOW
    _, carry = product(_TENS[row, 1], value)
    low, high = product(_TENS[row, 0], value)
    low += carry
    high += np.uint64(low < carry)
    return high | np.uint64(low > np.uint64(1))


@lean_kernel
def _stripped(digits: Word, power: int) -> tuple[Word, int]:
    if digits % np.uint64(_EIGHT) == 0:
        digits = digits // np.uint64(_EIGHT)
        power += 8
    if digits % np.uint64(10_000) == 0:
        digits = digits // np.uint64(10_000)
        power += 4
    while digits % np.uint64(10) == 0:
        digits = digits // np.uint64(10)
        power += 1
    return digits, power


@lean_kernel
def _put_number(digits: Word, power: int, out: Bytes, at: int) -> int:
    count = _count(digits)
    first = count + power - 1  # the power of ten of the first digit
    if _POSITIONAL[0] <= first < _POSITIONAL[1]:
        return _put_positional(digits, count, first, out, at)
    put_digits(digits, count, out, at + 1)
    out[at] = out[at + 1]
    out[at + 1] = 46
    at += count + 1 if count > 1 else 1
    out[at] = 101
    out[at + 1] = 43 if first > 0 else 45
    return put_count(np.uint64(abs(first)), out, at + 2)


@lean_kernel
def _put_positional(digits: Word, count: int, first: int, out: Bytes, at: int) -> int:
    if first < 0:
        out[at] = 48
        out[at + 1] = 46
        at += 2
        for _ in range(-first - 1):
            out[at] = 48
            at += 1
        return put_digits(digits, count, out, at)
    if first >= count - 1:
        at = put_digits(digits, count, out, at)
        for _ in range(first + 1 - count):
            out[at] = 48
            at += 1
        return at
    put_digits(digits, count, out, at + 1)
    for place in range(at, at + first + 1):
        out[place] = out[place + 1]
    out[at + first + 1] = 46
    return at + count + 1

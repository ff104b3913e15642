"""Where CPython and numpy keep what a kernel reads of its arguments.

In: nothing. Out: offsets in bytes, and whether this interpreter's objects are like that.
numpy promises the fields of arrays and scalars to all programs in C; machine code reads them in the same way.
Source: https://numpy.org/doc/stable/reference/c-api/types-and-structures.html (PyArrayObject_fields),
numpy/arrayscalars.h (PyVoidScalarObject)
"""

import ctypes
import platform
import sys
from functools import cache

import numpy as np

TYPE = 8  # of any object
TUPLE_SIZE, TUPLE_ITEMS = 16, tuple.__basicsize__
ARRAY_DATA, ARRAY_NDIM, ARRAY_SHAPE, ARRAY_STRIDES, ARRAY_DTYPE, ARRAY_FLAGS = 16, 24, 32, 40, 56, 64
RECORD_DATA, RECORD_DTYPE, RECORD_FLAGS = 24, 32, 40
C_ORDER, F_ORDER, ALIGNED, WRITABLE = 0x1, 0x2, 0x100, 0x400  # bits of the flags

DONE, FAILED, OTHERS = 0, 1, 2
"""What the function of a library says: it ran; it raised; these are not the arguments that it was made for."""


@cache
def holds() -> bool:
    """Tell whether this interpreter keeps objects like that, on a machine whose code shared_object.py links."""
    if (sys.implementation.name, platform.system(), platform.machine()) != ("cpython", "Linux", "x86_64"):
        return False
    array = np.zeros((3, 5), np.dtype([("one", "i4")]))
    record, pair = array[1, 2], (array, array)
    shape, strides = _word(array, ARRAY_SHAPE), _word(array, ARRAY_STRIDES)
    return (
        (_word(array, TYPE), _word(record, TYPE), _word(pair, TYPE)) == (id(np.ndarray), id(np.void), id(tuple))
        and (_word(pair, TUPLE_SIZE), _word(pair, TUPLE_ITEMS), _word(pair, TUPLE_ITEMS + 8))
        == (2, id(array), id(array))
        and _word(array, ARRAY_DATA) == array.ctypes.data
        and _number(array, ARRAY_NDIM) == array.ndim
        and tuple((ctypes.c_int64 * 2).from_address(shape)) == array.shape
        and tuple((ctypes.c_int64 * 2).from_address(strides)) == array.strides
        and _word(array, ARRAY_DTYPE) == _word(record, RECORD_DTYPE) == id(array.dtype)
        and _number(array, ARRAY_FLAGS) & (C_ORDER | F_ORDER | ALIGNED | WRITABLE) == C_ORDER | ALIGNED | WRITABLE
        and _word(record, RECORD_DATA) == array.ctypes.data + array.strides[0] + 2 * array.strides[1]
        and _number(record, RECORD_FLAGS) & WRITABLE == WRITABLE
    )


def _word(value: object, offset: int) -> int:
    return ctypes.c_uint64.from_address(id(value) + offset).value


def _number(value: object, offset: int) -> int:
    return ctypes.c_int32.from_address(id(value) + offset).value

"""The instructions of memory.py: functions in numba's form for intrinsics.

In: numba's types of the arguments. Out: the signature, and what generates the instructions.
Source: https://llvm.org/docs/LangRef.html (llvm.cttz, align),
https://numba.readthedocs.io/en/stable/extending/high-level.html#implementing-intrinsics
"""

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # has no types
from numba import config, from_dtype, types
from numba.core import cgutils

_TOOLS: Any = cgutils
_SETTINGS: Any = config
_WORD, _BIT = ir.IntType(64), ir.IntType(1)


def array_at(items: np.dtype[Any]) -> Any:  # noqa: ANN401  numba's values have no types
    """Give the array that lies at an address; see memory.py."""

    def typing(_typing: Any, _address: Any, _length: Any) -> Any:  # noqa: ANN401  as above
        kind: Any = types.Array(from_dtype(items), 1, "C", aligned=False)

        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
            made = context.make_array(kind)(context, builder)
            address, length = arguments
            size = ir.Constant(_WORD, items.itemsize)
            made.data = builder.inttoptr(address, made.data.type)
            made.shape = _TOOLS.pack_array(builder, [length], ty=_WORD)
            made.strides = _TOOLS.pack_array(builder, [size], ty=_WORD)
            made.nitems, made.itemsize = length, size
            made.meminfo = ir.Constant(made.meminfo.type, None)
            made.parent = ir.Constant(made.parent.type, None)
            return made._getvalue()  # noqa: SLF001  numba's own way

        return kind(types.intp, types.intp), generate

    typing.__qualname__ = f"array_at {items.descr}"  # what a kernel on disk is compared by
    return typing


def _place(context: Any, builder: Any, kind: Any, array: Any, at: Any, length: int) -> Any:  # noqa: ANN401  as above
    made = context.make_array(kind)(context, builder, array)
    if _SETTINGS.BOUNDSCHECK:
        (size,) = _TOOLS.unpack_tuple(builder, made.shape, count=1)
        _TOOLS.do_boundscheck(context, builder, at, size)
        _TOOLS.do_boundscheck(context, builder, builder.add(at, ir.Constant(_WORD, length - 1)), size)
    item = _TOOLS.get_item_pointer(context, builder, kind, made, [at], wraparound=False)
    return builder.bitcast(item, ir.IntType(8 * length).as_pointer())


def get(_typing: Any, array: Any, _at: Any) -> Any:  # noqa: ANN401  as above
    """Take 8 bytes; see memory.py."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
        return builder.load(_place(context, builder, array, arguments[0], arguments[1], 8), align=1)

    return types.uint64(array, types.intp), generate


def put(length: int) -> Any:  # noqa: ANN401  as above
    """Set some bytes; see memory.py."""

    def typing(_typing: Any, array: Any, _at: Any, _value: Any) -> Any:  # noqa: ANN401  as above
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
            place = _place(context, builder, array, arguments[0], arguments[1], length)
            builder.store(builder.trunc(arguments[2], ir.IntType(8 * length)), place, align=1)
            return context.get_dummy_value()

        return types.void(array, types.intp, types.uint64), generate

    typing.__qualname__ = f"put {length}"
    return typing


def lowest(_typing: Any, _word: Any) -> Any:  # noqa: ANN401  as above
    """Find the lowest bit; see memory.py."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
        return builder.cttz(arguments[0], ir.Constant(_BIT, 1))

    return types.int64(types.uint64), generate

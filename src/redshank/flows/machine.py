"""Instructions of the machine that numba does not offer: fetching memory ahead, sums of squares of 128 bits.

In: numbers and arrays of a kernel. Out: what one or two instructions make of them; nothing here is a loop or a call.
Source: https://llvm.org/docs/LangRef.html (llvm.prefetch, i128),
https://numba.readthedocs.io/en/stable/extending/low-level.html
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]  # has no types
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_TWO: Any = types.UniTuple(types.uint64, 2)  # type: ignore[no-untyped-call]  # numba has few types
_TOOLS: Any = cgutils
_WIDE, _NARROW = ir.IntType(128), ir.IntType(64)


def _wide(builder: Any, low: Any, high: Any) -> Any:  # noqa: ANN401  LLVM's values have no types
    return builder.or_(low, builder.shl(high, ir.Constant(_WIDE, 64)))


def _two(context: Any, builder: Any, value: Any) -> Any:  # noqa: ANN401  as above
    parts = [value, builder.lshr(value, ir.Constant(_WIDE, 64))]
    return context.make_tuple(builder, _TWO, [builder.trunc(part, _NARROW) for part in parts])


def _add_square(_typing: Any, _low: Any, _high: Any, _value: Any) -> Any:  # noqa: ANN401  as above
    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
        low, high, value = (builder.zext(argument, _WIDE) for argument in arguments)
        return _two(context, builder, builder.add(_wide(builder, low, high), builder.mul(value, value)))

    return _TWO(types.uint64, types.uint64, types.uint64), generate


def _scaled_variance(_typing: Any, _count: Any, _total: Any, _low: Any, _high: Any) -> Any:  # noqa: ANN401  as above
    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
        count, total, low, high = (builder.zext(argument, _WIDE) for argument in arguments)
        squares = builder.mul(count, _wide(builder, low, high))
        return _two(context, builder, builder.sub(squares, builder.mul(total, total)))

    return _TWO(types.uint64, types.uint64, types.uint64, types.uint64), generate


def _prefetch(_typing: Any, array: Any, _index: Any, _offset: Any) -> Any:  # noqa: ANN401  as above
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
        kind = signature.args[0]
        made = context.make_array(kind)(context, builder, arguments[0])
        item = _TOOLS.get_item_pointer(context, builder, kind, made, [arguments[1]], wraparound=False)
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.gep(builder.bitcast(item, byte), [arguments[2]])
        fetch = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = _TOOLS.get_or_insert_function(builder.module, fetch, "llvm.prefetch.p0")
        builder.call(function, [place, *(ir.Constant(number, value) for value in (1, 3, 1))])  # write, keep, data
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), generate


add_square: Any = intrinsic(_add_square)
"""(low, high, value), uint64: (high << 64 | low) + value * value as (low, high)."""
scaled_variance: Any = intrinsic(_scaled_variance)
"""(count, total, low, high), uint64: count * (high << 64 | low) - total * total modulo 2**128 as (low, high)."""
prefetch: Any = intrinsic(_prefetch)
"""(array, index, offset): fetch the cache line `offset` bytes behind the start of array[index]; never wrong."""

"""The instructions of machine.py: functions in numba's form for intrinsics. Imported only when a kernel is compiled.

In: numba's types of the arguments. Out: the signature, and what generates the instructions.
Source: https://llvm.org/docs/LangRef.html (llvm.prefetch, i128),
https://numba.readthedocs.io/en/stable/extending/high-level.html#implementing-intrinsics
"""

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # has no types
from numba import config, from_dtype, types
from numba.core import cgutils

_TWO: Any = types.UniTuple(types.uint64, 2)  # type: ignore[no-untyped-call]  # numba has few types
_TOOLS: Any = cgutils
_SETTINGS: Any = config
_WIDE, _NARROW = ir.IntType(128), ir.IntType(64)


def _wide(builder: Any, low: Any, high: Any) -> Any:  # noqa: ANN401  LLVM's values have no types
    return builder.or_(low, builder.shl(high, ir.Constant(_WIDE, 64)))


def _two(context: Any, builder: Any, value: Any) -> Any:  # noqa: ANN401  as above
    parts = [value, builder.lshr(value, ir.Constant(_WIDE, 64))]
    return context.make_tuple(builder, _TWO, [builder.trunc(part, _NARROW) for part in parts])


def add_square(_typing: Any, _low: Any, _high: Any, _value: Any) -> Any:  # noqa: ANN401  as above
    """Add the square of a number to one of 128 bits; see machine.py."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
        low, high, value = (builder.zext(argument, _WIDE) for argument in arguments)
        return _two(context, builder, builder.add(_wide(builder, low, high), builder.mul(value, value)))

    return _TWO(types.uint64, types.uint64, types.uint64), generate


def scaled_variance(_typing: Any, _count: Any, _total: Any, _low: Any, _high: Any) -> Any:  # noqa: ANN401  as above
    """Return a variance times the square of the count; see machine.py."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
        count, total, low, high = (builder.zext(argument, _WIDE) for argument in arguments)
        squares = builder.mul(count, _wide(builder, low, high))
        return _two(context, builder, builder.sub(squares, builder.mul(total, total)))

    return _TWO(types.uint64, types.uint64, types.uint64, types.uint64), generate


def product(_typing: Any, _one: Any, _other: Any) -> Any:  # noqa: ANN401  as above
    """Multiply to 128 bits; see machine.py."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
        return _two(context, builder, builder.mul(*(builder.zext(argument, _WIDE) for argument in arguments)))

    return _TWO(types.uint64, types.uint64), generate


def prefetch(_typing: Any, array: Any, _index: Any, _offset: Any) -> Any:  # noqa: ANN401  as above
    """Fetch a cache line; see machine.py."""

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


def copy(_typing: Any, target: Any, _at: Any, source: Any, _start: Any, _length: Any) -> Any:  # noqa: ANN401  as above
    """Copy bytes; see machine.py."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
        length = arguments[4]
        last = builder.sub(length, ir.Constant(_NARROW, 1))
        places = []
        for kind, value, at in ((target, arguments[0], arguments[1]), (source, arguments[2], arguments[3])):
            made = context.make_array(kind)(context, builder, value)
            if _SETTINGS.BOUNDSCHECK:
                (size,) = _TOOLS.unpack_tuple(builder, made.shape, count=1)
                _TOOLS.do_boundscheck(context, builder, at, size)
                _TOOLS.do_boundscheck(context, builder, builder.add(at, last), size)
            places.append(_TOOLS.get_item_pointer(context, builder, kind, made, [at], wraparound=False))
        _TOOLS.raw_memcpy(builder, *places, length, 1)
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp, types.intp), generate


def array_of(name: str, items: np.dtype[Any]) -> Any:  # noqa: ANN401  as above
    """Return the function for the arrays of a field; see machine.py."""

    def typing(_typing: Any, _record: Any) -> Any:  # noqa: ANN401  as above
        kind: Any = types.Array(from_dtype(items), 1, "C")

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
            made = context.make_array(kind)(context, builder)
            address, length = (
                builder.load(_TOOLS.get_record_member(builder, arguments[0], signature.args[0].offset(field), _NARROW))
                for field in (name, f"{name}_length")
            )
            size = ir.Constant(_NARROW, items.itemsize)
            made.data = builder.inttoptr(address, made.data.type)
            made.shape = _TOOLS.pack_array(builder, [length], ty=_NARROW)
            made.strides = _TOOLS.pack_array(builder, [size], ty=_NARROW)
            made.nitems, made.itemsize = length, size
            made.meminfo = ir.Constant(made.meminfo.type, None)
            made.parent = ir.Constant(made.parent.type, None)
            return made._getvalue()  # noqa: SLF001  numba's own way

        return kind(_record), generate

    return typing

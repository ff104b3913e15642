"""The instructions of words.py: functions in numba's form for intrinsics. Imported only when a kernel is compiled.

In: numba's types of the arguments. Out: the signature, and what generates the instructions.
Source: https://llvm.org/docs/LangRef.html (load, llvm.bswap, llvm.prefetch),
https://numba.readthedocs.io/en/stable/extending/low-level.html
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]  # has no types
from numba import config, types
from numba.core import cgutils

_TOOLS: Any = cgutils
_SETTINGS: Any = config
_NARROW = ir.IntType(64)


def reading(size: int, order: str) -> Any:  # noqa: ANN401  numba has few types
    """Return the function that reads `size` bytes, the first one "high" or "low": int64, but uint64 of eight."""
    word = ir.IntType(8 * size)

    def typing(_typing: Any, data: Any, _at: Any) -> Any:  # noqa: ANN401  as above
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
            made = context.make_array(signature.args[0])(context, builder, arguments[0])
            at = arguments[1]
            if _SETTINGS.BOUNDSCHECK:
                (length,) = _TOOLS.unpack_tuple(builder, made.shape, count=1)
                _TOOLS.do_boundscheck(context, builder, at, length)
                _TOOLS.do_boundscheck(context, builder, builder.add(at, ir.Constant(_NARROW, size - 1)), length)
            place = builder.bitcast(builder.gep(made.data, [at]), word.as_pointer())
            value = builder.load(place, align=1)
            if order == "high":
                value = builder.bswap(value)
            return builder.zext(value, _NARROW) if size < 8 else value

        return (types.int64 if size < 8 else types.uint64)(data, types.intp), generate

    return typing


def fetching(_typing: Any, data: Any, _at: Any) -> Any:  # noqa: ANN401  as above
    """Fetch the cache line at a place, which may lie behind the end."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401  as above
        made = context.make_array(signature.args[0])(context, builder, arguments[0])
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [made.data.type, number, number, number])
        function = _TOOLS.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        place = builder.gep(made.data, [arguments[1]])
        builder.call(function, [place, *(ir.Constant(number, value) for value in (0, 3, 1))])  # read, keep, data
        return context.get_dummy_value()

    return types.void(data, types.intp), generate

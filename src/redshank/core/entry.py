"""The function of a kernel's library: it takes Python's arguments as they are, and calls what numba made.

In: numba's types of the arguments. Out: LLVM's text of a function

    status = entry(arguments, expected, returned, number...)

`arguments` is the tuple of a call from Python, `expected` the types and dtypes that its arrays and records must have,
in the order in which they come, `returned` the room for what the kernel returns. Numbers also come by themselves.
The one idea: numba's own function takes an array as seven words or more. Python would spend microseconds on these; here
they are read from where numpy keeps them, once it is seen that this is an array of the type that the code is made for.
So a call costs one look at each argument, and never runs code on another layout.
Source: layout.py; https://numba.readthedocs.io/en/stable/extending/low-level.html
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]  # has no types
from numba.core import cgutils, types

from redshank.core import layout

_TOOLS: Any = cgutils
_TYPES: Any = types
_BYTE, _INT, _WORD, _DOUBLE = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.DoubleType()
_POINTER = _BYTE.as_pointer()
_ORDERS = {
    "C": (layout.C_ORDER, layout.C_ORDER),
    "F": (layout.C_ORDER | layout.F_ORDER, layout.F_ORDER),
    "A": (layout.C_ORDER | layout.F_ORDER, 0),
}
"""Which flags of an array tell its order, and what they are."""


def write(context: Any, made: Any, signature: Any, name: str) -> tuple[str, str, bool]:  # noqa: ANN401  numba has few types
    """Return the function as LLVM's text, what it returns as `struct` writes it, and whether that is a tuple.

    Args:
        context: numba's target.
        made: numba's description of its function.
        signature: Its types.
        name: The function's name.

    Raises:
        NotImplementedError: If the kernel returns what is no number, or takes what is not known here.
    """
    entry = _Entry(context, [kind for kind in signature.args if _is_number(kind)], name)
    values = entry.arguments(signature.args)
    native = ir.Function(
        entry.module, context.call_conv.get_function_type(made.restype, made.argtypes), made.llvm_func_name
    )
    status, value = context.call_conv.call_function(entry.builder, native, made.restype, made.argtypes, values)
    entry.require(entry.builder.not_(status.is_error), layout.FAILED)
    kind = signature.return_type
    several = isinstance(kind, _TYPES.BaseTuple)
    kinds = list(kind) if several else [] if kind == _TYPES.none else [kind]
    letters = ""
    for place, one in enumerate(kinds):
        letters += entry.give(place, one, entry.builder.extract_value(value, place) if several else value)
    entry.builder.ret(ir.Constant(_INT, layout.DONE))
    return str(entry.module), letters, several


def _is_number(kind: Any) -> bool:  # noqa: ANN401  as above
    return isinstance(kind, _TYPES.Integer | _TYPES.Float | _TYPES.Boolean)


class _Entry:
    def __init__(self, context: Any, numbers: list[Any], name: str) -> None:  # noqa: ANN401  as above
        self._context = context
        self.module = context.codegen()._create_empty_module(name)  # noqa: SLF001  numba has no public way
        kinds = [_DOUBLE if isinstance(kind, _TYPES.Float) else _WORD for kind in numbers]
        function = ir.Function(self.module, ir.FunctionType(_INT, [_POINTER, _POINTER, _POINTER, *kinds]), name)
        self._tuple, self._expected, self._returned, *self._numbers = function.args
        self.builder = ir.IRBuilder(function.append_basic_block())
        self._taken = 0  # of what is expected

    def require(self, true: Any, status: int) -> None:  # noqa: ANN401  LLVM's values have no types
        """Return `status` unless this is true."""
        with self.builder.if_then(self.builder.not_(true), likely=False):
            self.builder.ret(ir.Constant(_INT, status))

    def arguments(self, kinds: tuple[Any, ...]) -> list[Any]:
        """Return numba's values of the arguments."""
        self._equal(self._load(self._tuple, layout.TUPLE_SIZE, _WORD), len(kinds))
        numbers = iter(self._numbers)
        return [
            self._number(kind, next(numbers))
            if _is_number(kind)
            else self._argument(kind, self._item(self._tuple, place))
            for place, kind in enumerate(kinds)
        ]

    def give(self, place: int, kind: Any, value: Any) -> str:  # noqa: ANN401  as above
        """Store a number that the kernel returns; return how `struct` reads it."""
        if isinstance(kind, _TYPES.Float):
            word = self.builder.bitcast(self._converted(value, _DOUBLE, "fpext"), _WORD)
            letter = "d"
        elif isinstance(kind, _TYPES.Boolean):
            word, letter = self.builder.zext(value, _WORD), "?7x"
        elif isinstance(kind, _TYPES.Integer):
            word = self._converted(value, _WORD, "sext" if kind.signed else "zext")
            letter = "q" if kind.signed else "Q"
        else:
            raise NotImplementedError(f"kernel: returns {kind}, which is no number")
        self.builder.store(word, self._field(self._returned, 8 * place, _WORD))
        return letter

    def _number(self, kind: Any, value: Any) -> Any:  # noqa: ANN401  as above
        if isinstance(kind, _TYPES.Boolean):
            return self.builder.trunc(value, ir.IntType(1))
        return self._converted(
            value, self._context.get_value_type(kind), "fptrunc" if value.type == _DOUBLE else "trunc"
        )

    def _converted(self, value: Any, kind: Any, how: str) -> Any:  # noqa: ANN401  as above
        return value if value.type == kind else getattr(self.builder, how)(value, kind)

    def _argument(self, kind: Any, value: Any) -> Any:  # noqa: ANN401  as above
        if isinstance(kind, _TYPES.Array):
            return self._array(kind, value)
        if isinstance(kind, _TYPES.Record):
            self._expect(value, layout.TYPE)
            self._expect(value, layout.RECORD_DTYPE)
            self._flags(value, layout.RECORD_FLAGS, layout.WRITABLE, layout.WRITABLE)
            return self.builder.bitcast(
                self._load(value, layout.RECORD_DATA, _POINTER), self._context.get_value_type(kind)
            )
        if isinstance(kind, _TYPES.BaseTuple):
            self._expect(value, layout.TYPE)
            self._equal(self._load(value, layout.TUPLE_SIZE, _WORD), len(kind))
            items = [self._argument(one, self._item(value, place)) for place, one in enumerate(kind)]
            return self._context.make_tuple(self.builder, kind, items)
        raise NotImplementedError(f"kernel: takes {kind}, which is not known here")

    def _array(self, kind: Any, value: Any) -> Any:  # noqa: ANN401  as above
        self._expect(value, layout.TYPE)
        self._expect(value, layout.ARRAY_DTYPE)
        self._equal(self._load(value, layout.ARRAY_NDIM, _INT), kind.ndim)
        mask, order = _ORDERS[kind.layout]
        right = order | layout.WRITABLE * kind.mutable
        if kind.aligned:  # numba takes an array of packed records for one that is nowhere aligned
            mask, right = mask | layout.ALIGNED, right | layout.ALIGNED
        self._flags(value, layout.ARRAY_FLAGS, mask | layout.WRITABLE, right)
        array = self._context.make_array(kind)(self._context, self.builder)
        sizes, steps = (
            [self._load(start, 8 * place, _WORD) for place in range(kind.ndim)]
            for start in (self._load(value, at, _POINTER) for at in (layout.ARRAY_SHAPE, layout.ARRAY_STRIDES))
        )
        array.data = self.builder.bitcast(self._load(value, layout.ARRAY_DATA, _POINTER), array.data.type)
        array.shape = _TOOLS.pack_array(self.builder, sizes, ty=_WORD)
        array.strides = _TOOLS.pack_array(self.builder, steps, ty=_WORD)
        array.itemsize = ir.Constant(_WORD, self._context.get_abi_sizeof(self._context.get_data_type(kind.dtype)))
        array.nitems = ir.Constant(_WORD, 1)
        for size in sizes:
            array.nitems = self.builder.mul(array.nitems, size)
        array.meminfo = ir.Constant(array.meminfo.type, None)
        array.parent = ir.Constant(array.parent.type, None)
        return array._getvalue()  # noqa: SLF001  numba's own way

    def _expect(self, value: Any, at: int) -> None:  # noqa: ANN401  as above
        """Look at the next of what is expected; it is at this place of the value, or the value is none of ours."""
        expected = self._load(self._expected, 8 * self._taken, _WORD)
        self._taken += 1
        self.require(self.builder.icmp_unsigned("==", self._load(value, at, _WORD), expected), layout.OTHERS)

    def _flags(self, value: Any, at: int, mask: int, flags: int) -> None:  # noqa: ANN401  as above
        self._equal(self.builder.and_(self._load(value, at, _INT), ir.Constant(_INT, mask)), flags)

    def _equal(self, value: Any, number: int) -> None:  # noqa: ANN401  as above
        self.require(self.builder.icmp_unsigned("==", value, ir.Constant(value.type, number)), layout.OTHERS)

    def _item(self, value: Any, place: int) -> Any:  # noqa: ANN401  as above
        return self._load(value, layout.TUPLE_ITEMS + 8 * place, _POINTER)

    def _load(self, value: Any, at: int, kind: Any) -> Any:  # noqa: ANN401  as above
        return self.builder.load(self._field(value, at, kind))

    def _field(self, value: Any, at: int, kind: Any) -> Any:  # noqa: ANN401  as above
        return self.builder.bitcast(self.builder.gep(value, [ir.Constant(_WORD, at)]), kind.as_pointer())

"""Kernels: functions over numpy arrays that run as machine code, without the interpreter lock.

In: a plain function. Out: the same signature, compiled at first use for the types of its arguments. Other kernels call
it as numba's functions call each other. Python calls its machine code directly, from a library on disk
(kernel_store.py), and without numba where there is one: numba takes a second to start, and more memory than a table.
A kernel may not allocate arrays, return one, or call itself. It takes arrays, records, tuples of arrays, and numbers.
Bounds checks are off unless NUMBA_BOUNDSCHECK=1 is in the environment; the fuzz tests run with it. Then, and where the
machine code cannot be called directly (another processor than x86-64), kernels are numba's own functions.
Source: https://numba.readthedocs.io/en/stable/user/jit.html
"""

import ctypes
import functools
import os
import struct
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

import numpy as np

from redshank.core import layout
from redshank.core.kernel_store import Code, Store

P = ParamSpec("P")
R = TypeVar("R")

_KNOWN = 8  # calls that a kernel remembers; each is for one set of types
_BOUNDS = {"int64": (-(1 << 63), (1 << 63) - 1), "uint64": (1 << 63, (1 << 64) - 1)}
"""What Python's whole numbers are to numba."""
_WORD = 8
_OTHERS = object()  # instead of what a kernel returns: not called
_RUN = (ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p)  # the first arguments of any library's function


def lean_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with numba in nopython mode, without numba's reference counting.

    Division by zero gives inf or nan as in numpy: wire data must not raise. References are not counted, because each
    array handed on would be counted up and down, which took two thirds of the time of decoding; so a function that
    allocates or returns an array is refused by numba.
    """
    return _made(function, {"_nrt": False})  # numba's own option, without a public name


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` as `lean_kernel` does, and put it in the place of each call.

    For what is done once per packet in one or two places: a call takes longer than most of it, and the compiler knows
    more about what it sees whole. Wrong for what many places call, or few packets need.
    """
    return _made(function, {"_nrt": False, "forceinline": True})


def _made(function: Callable[P, R], options: dict[str, Any]) -> Callable[P, R]:
    if _is_set("NUMBA_DISABLE_JIT"):
        return function
    made = Kernel(cast("FunctionType", function), options)
    return cast("Callable[P, R]", made.dispatcher if _is_set("NUMBA_BOUNDSCHECK") else made)


def _is_set(name: str) -> bool:
    return os.environ.get(name, "0") not in {"", "0"}


class _Number(NamedTuple):
    """A number among the arguments."""

    at: int
    kind: type
    plain: Callable[[Any], Any]
    """What makes it Python's own."""
    native: Any
    """How ctypes hands it on."""
    bounds: tuple[int, int] | None = None
    """Between which it lies, if its type does not tell."""


class _Types(NamedTuple):
    """The types of some arguments."""

    text: str
    expected: tuple[object, ...]
    """What entry.py is to see of them: types of Python and dtypes."""
    numbers: tuple[_Number, ...]


class _Call(NamedTuple):
    """How a kernel is called with arguments of some types."""

    run: Any
    expected: int
    """Where the addresses of what is expected, for the machine code."""
    numbers: tuple[_Number, ...]
    room: Any
    """A type of ctypes for what the kernel returns, or None."""
    returns: struct.Struct
    several: bool
    kept: tuple[object, ...]
    """What must not go as long as its address is used."""


class Kernel:
    """A function that runs as machine code.

    Args:
        function: What is to be compiled.
        options: numba's options, beside those that all kernels have.
    """

    __qualname__: str

    def __init__(self, function: FunctionType, options: dict[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self._function, self._options = function, options
        self._store = Store(function, options)
        self._count = function.__code__.co_argcount
        self._direct = not function.__closure__  # which is no constant: numba alone looks at it
        self._calls: tuple[_Call, ...] = ()
        self._codes: dict[str, Code | None] = {}

    @property
    def is_inlined(self) -> bool:
        """Whether kernels that call it have its code among theirs."""
        return "forceinline" in self._options

    @property
    def compiled(self) -> tuple[str, ...]:
        """The types for which it has been called."""
        return tuple(self._codes)

    @cached_property
    def dispatcher(self) -> Any:  # noqa: ANN401  numba ships no types
        """The function as numba has it."""
        from redshank.core.compiler import dispatcher  # noqa: PLC0415  imports numba: what most processes do not need

        if not Path(os.environ.get("XDG_CACHE_HOME", "")).is_absolute():
            os.environ.pop("XDG_CACHE_HOME", None)  # counts as not set, but numba would begin in the working folder
        return dispatcher(self._function, self._options)

    @property
    def _numba_type_(self) -> Any:  # noqa: ANN401  numba asks for it by this name, when another kernel calls this one
        return self.dispatcher._numba_type_

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401  the decorators give it the function's types
        """Run it."""
        if len(arguments) != self._count:
            raise TypeError(f"kernel {self.__qualname__}: takes {self._count} arguments, not {len(arguments)}")
        for call in self._calls:
            found = _attempt(call, arguments)
            if found is not _OTHERS:
                return found
        types = _types(arguments) if self._direct and layout.holds() else None
        if types is None:
            return self.dispatcher(*arguments)
        if types.text not in self._codes:
            self._codes[types.text] = self._code(types.text, arguments)
        code = self._codes[types.text]
        if code is None:
            return self.dispatcher(*arguments)
        call = _call(code, types)
        self._calls = (call, *self._calls[: _KNOWN - 1])
        found = _attempt(call, arguments)
        assert found is not _OTHERS, types.text
        return found

    def _code(self, types: str, arguments: tuple[object, ...]) -> Code | None:
        """Return the machine code for such arguments, or None if numba alone can call it."""
        found = self._store.find(types)
        if found:
            return found
        from redshank.core.compiler import compiled  # noqa: PLC0415  as above

        try:
            return self._store.keep(types, compiled(self.dispatcher, arguments, self._store.entry()))
        except (NotImplementedError, OSError):
            return None


def _call(code: Code, types: _Types) -> _Call:
    code.function.argtypes = (*_RUN, *(number.native for number in types.numbers))
    addresses = (ctypes.c_void_p * len(types.expected))(*map(id, types.expected))
    returns = struct.Struct(f"={code.returns}")
    room = ctypes.c_char * returns.size if returns.size else None
    kept = (addresses, types.expected)
    return _Call(code.function, ctypes.addressof(addresses), types.numbers, room, returns, code.several, kept)


def _attempt(call: _Call, arguments: tuple[Any, ...]) -> Any:  # noqa: ANN401  what a kernel returns
    """Run a kernel, or return `_OTHERS` if this is not the call for these arguments."""
    run, expected, places, room_of, returns, several, _ = call  # in one step: a thousand calls come in a second
    numbers = []
    for at, kind, plain, _, bounds in places:
        value = arguments[at]
        if type(value) is not kind:
            return _OTHERS
        number = plain(value)
        if bounds and not bounds[0] <= number <= bounds[1]:
            return _OTHERS
        numbers.append(number)
    found = None
    if room_of is None:
        status = run(arguments, expected, None, *numbers)
    else:
        room = room_of()
        status = run(arguments, expected, room, *numbers)
        found = returns.unpack(room) if several else returns.unpack(room)[0]
    if status == layout.FAILED:
        raise RuntimeError("a kernel raised an error; with NUMBA_BOUNDSCHECK=1 in the environment it says which")
    return found if status == layout.DONE else _OTHERS


def _types(arguments: tuple[object, ...]) -> _Types | None:
    """Return the types of arguments, or None if numba alone knows them."""
    texts: list[str] = []
    expected: list[object] = []
    numbers: list[_Number] = []
    for at, value in enumerate(arguments):
        text = _number(value)
        if text.startswith("float"):
            numbers.append(_Number(at, type(value), float, ctypes.c_double))
        elif text:
            bounds = _BOUNDS[text] if type(value) is int else None
            numbers.append(_Number(at, type(value), int, ctypes.c_int64, bounds))
        else:
            text = _array(value, expected)
        if not text:
            return None
        texts.append(text)
    return _Types(" ".join(texts), tuple(expected), tuple(numbers))


def _number(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, np.integer | np.floating) and value.dtype.itemsize <= _WORD:
        return str(value.dtype)
    if isinstance(value, float):
        return "float64"
    if isinstance(value, int):
        for text, (low, high) in _BOUNDS.items():
            if low <= value <= high:
                return text
        raise OverflowError(f"{value}: whole numbers of a kernel have 64 bits")
    return ""


def _array(value: object, expected: list[object]) -> str:
    """Return the type of an array, a record or a tuple of them, and add what entry.py is to see of it."""
    if isinstance(value, np.ndarray):
        expected += [type(value), value.dtype]
        flags = value.flags
        order = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
        text = f"{value.ndim}{order}{'aligned' * flags.aligned} {'writable' * flags.writeable}"
        return f"array({_dtype(value.dtype, value.dtype.isalignedstruct)} {text})"
    if isinstance(value, np.void) and value.dtype.names and value.flags.writeable:
        expected += [type(value), value.dtype]
        return f"record({_dtype(value.dtype, value.dtype.isalignedstruct)})"
    if type(value) is tuple:
        expected.append(tuple)
        texts = [_array(item, expected) for item in value]
        return f"({' '.join(texts)})" if all(texts) else ""
    return ""


@lru_cache(maxsize=256)
def _dtype(dtype: np.dtype[Any], aligned: bool) -> str:  # noqa: ARG001, FBT001  dtypes that differ so are equal
    return repr(dtype)

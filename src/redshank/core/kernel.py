"""Two ways to compile a numba kernel: typed, cached on disk, without the interpreter lock.

In: a plain function over numpy arrays. Out: the same signature, compiled at first use.
`kernel` may allocate arrays; `lean_kernel` may not, and calls other lean kernels without counting references.
Bounds checks are off unless NUMBA_BOUNDSCHECK=1 is in the environment; the fuzz tests run with it.
A kernel on disk is fresh as long as all that it was made from is: itself, the kernels it calls, in whatever file, and
the constants these name. numba alone looks at the kernel's own file only, and would go on with what it once inlined.
A kernel must not call itself: numba compiles it, but what it loads from disk crashes.
Source: https://numba.readthedocs.io/en/stable/developer/caching.html
"""

import hashlib
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.dispatcher import Dispatcher

P = ParamSpec("P")
R = TypeVar("R")

_SCIPY = "scipy.linalg"
_told = False


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with numba in nopython mode.

    Division by zero gives inf or nan as in numpy: wire data must not raise.
    """
    return cast("Callable[P, R]", _cached(numba.njit(nogil=True, error_model="numpy")(function)))


def lean_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` as `kernel` does, without numba's reference counting.

    For chains of small kernels that are called once per packet: each array handed on would be counted up and down,
    which took two thirds of the time of decoding. Wrong for a function that allocates or returns an array: numba
    refuses to compile it.
    """
    options: dict[str, Any] = {"_nrt": False}  # numba's own option, without a public name
    return cast("Callable[P, R]", _cached(numba.njit(nogil=True, error_model="numpy", **options)(function)))


def fingerprint(function: FunctionType) -> str:
    """Return a digest of a function, the kernels it calls and the constants they name.

    Comments, type hints and the place in the file do not count: they do not change what is compiled.

    Example:
        >>> def half(value): return value / 2
        >>> def third(value): return value / 3
        >>> fingerprint(half) == fingerprint(half), fingerprint(half) == fingerprint(third)
        (True, False)
    """
    digest = hashlib.sha256()
    waiting, seen = [function], {function}
    while waiting:
        one = waiting.pop()
        digest.update(f"{one.__module__}.{one.__qualname__} {one.__defaults__}".encode())
        names: list[str] = []
        _add_code(one.__code__, names, digest.update)
        for name in names:
            for value in _values(one, name, names):
                called = value.py_func if isinstance(value, Dispatcher) else value
                digest.update(f"{name}={_text(called)}".encode())
                if isinstance(called, FunctionType) and called not in seen:
                    seen.add(called)
                    waiting.append(called)
    return digest.hexdigest()


def _add_code(code: CodeType, names: list[str], add: Callable[[bytes], None]) -> None:
    add(code.co_code)
    names += code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _add_code(constant, names, add)
        else:
            add(repr(constant).encode())


def _values(function: FunctionType, name: str, names: list[str]) -> list[Any]:
    """Return what a global name stands for: of a tuple its members, of a module of ours what may be taken from it."""
    if name not in function.__globals__:
        return []
    value = function.__globals__[name]
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, ModuleType) and value.__name__.partition(".")[0] == function.__module__.partition(".")[0]:
        return [vars(value)[inner] for inner in names if inner in vars(value)]
    return [value]


def _text(value: object) -> str:
    """Write a constant so that it differs exactly if the constant does, in every process."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype.descr} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, np.dtype):
        return f"{value.descr} {value.itemsize}"
    if isinstance(value, bool | int | float | str | bytes | tuple | np.generic | None):
        return repr(value)
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__name__)}"


class _Naming(CompileResultCacheImpl):
    """File names without the line of the kernel: what moves in its file stays where it is on disk."""

    def get_filename_base(self, fullname: str, abiflags: str) -> str:
        """Return the name of a kernel's files, without ending."""
        major, minor, *_ = sys.version_info
        return f"{fullname.replace('<', '').replace('>', '')}.py{major}{minor}{abiflags}"


class _Cache(FunctionCache):
    """numba's cache on disk, with our fingerprint in place of the time of the kernel's file."""

    _impl_class = _Naming

    def load_overload(self, sig: Any, target_context: Any) -> Any:  # noqa: ANN401  numba ships no types
        """Return the compiled kernel, or None if there is none made from what is there now."""
        # Here and not before: what a kernel names may stand below it in its file.
        self._cache_file._source_stamp = fingerprint(self._py_func)  # noqa: SLF001  numba has no public way
        with _without_scipy():
            found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        if found is None:
            _tell()
        return found


@contextmanager
def _without_scipy() -> Iterator[None]:
    """Let numba start without scipy's linear algebra: no kernel of ours has any, and it takes 0.15 s to import."""
    if _SCIPY in sys.modules:
        yield
        return
    sys.modules[_SCIPY] = None  # type: ignore[assignment]  # what the import system takes for "there is none"
    try:
        yield
    finally:
        del sys.modules[_SCIPY]


def _cached(compiled: Any) -> Any:  # noqa: ANN401  numba ships no types
    if hasattr(compiled, "enable_caching"):  # NUMBA_DISABLE_JIT=1 gives the plain function
        compiled._cache = _Cache(compiled.py_func)  # type: ignore[no-untyped-call]  # noqa: SLF001  as enable_caching does
    return compiled


def _tell() -> None:
    global _told  # noqa: PLW0603  once per process
    if not _told:
        _told = True
        logging.getLogger(__name__).info("compiling kernels, once after an installation or a change: up to two minutes")

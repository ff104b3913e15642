"""What a kernel is made from, as one digest: itself, the kernels it calls in whatever file, the constants these name.

In: a function. Out: a text that differs exactly if what is compiled may differ. numba alone looks at the time of the
kernel's own file, and would go on with what it once inlined.
Source: https://numba.readthedocs.io/en/stable/developer/caching.html
"""

import hashlib
from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from redshank.core.intrinsic import Intrinsic


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
                called = getattr(value, "__wrapped__", value)  # of a kernel
                digest.update(f"{name}={_text(called)}".encode())
                if getattr(value, "is_inlined", False):
                    digest.update(b"inlined")
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
    if isinstance(value, Intrinsic):
        return value.made_from
    if isinstance(value, bool | int | float | str | bytes | tuple | np.generic | None):
        return repr(value)
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__name__)}"

"""A function of kernels that numba does not have; what it becomes is told in a module of its own.

In: the name of a function in numba's form for intrinsics (typing -> signature and generator of instructions), and its
module. Out: an object that kernels call. The module, and numba with it, is imported when a kernel is compiled.
Source: https://numba.readthedocs.io/en/stable/extending/high-level.html#implementing-intrinsics
"""

import hashlib
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np


class Intrinsic:
    """A function that only kernels can call.

    Args:
        module: The module in which it is told.
        name: The function there.
        values: If any, the function is called with them, and what it returns has numba's form.
    """

    def __init__(self, module: str, name: str, *values: str | int | np.dtype[Any]) -> None:
        self._module, self._name, self._values = module, name, values

    @property
    def made_from(self) -> str:
        """A text that differs if what it becomes may differ."""
        spec = find_spec(self._module)
        told = Path(spec.origin).read_bytes() if spec and spec.origin else b""
        values = [f"{one.descr} {one.itemsize}" if isinstance(one, np.dtype) else one for one in self._values]
        return f"{self._module}.{self._name} {values} {hashlib.sha256(told).hexdigest()}"

    def __call__(self, *_arguments: Any) -> Any:  # noqa: ANN401  as kernels see it
        """Refuse: Python has no such function."""
        raise TypeError(f"{self._name}: can be called by kernels only")

    @cached_property
    def _numba_type_(self) -> Any:  # noqa: ANN401  numba asks for it by this name, and has few types
        from numba.core.registry import cpu_target  # noqa: PLC0415  takes time that only compiling needs
        from numba.extending import intrinsic  # noqa: PLC0415  as above

        made = vars(import_module(self._module))[self._name]
        function: Any = intrinsic(made(*self._values) if self._values else made)
        typing = cpu_target.typing_context
        typing.refresh()
        return typing.resolve_value_type(function)

"""The machine code of a kernel, made by numba, as a shared library of one function.

In: a function, numba's options, arguments. Out: the library, and what it returns. All that needs numba and LLVM is here
and in entry.py: where a kernel's code is on disk, nothing of this is imported (kernel.py).
Source: https://numba.readthedocs.io/en/stable/developer/caching.html, https://llvm.org/docs/LangRef.html
"""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CDLL
from functools import cache
from typing import Any

import llvmlite.binding as llvmlite_binding  # type: ignore[import-untyped]  # has no types
import numba
import numpy as np
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.np import arrayobj

from redshank.core.entry import write
from redshank.core.fingerprint import fingerprint
from redshank.core.kernel_store import Compiled
from redshank.core.shared_object import link

_LLVM: Any = llvmlite_binding
_SCIPY = "scipy.linalg"
_INDEXES = "as they are"
"""What distinguishes kernels compiled as here from those of numba left alone."""
_told = False


def dispatcher(function: Callable[..., Any], options: dict[str, Any]) -> Any:  # noqa: ANN401  numba ships no types
    """Return the function as numba compiles and calls it, with numba's cache on disk, if there is room for one."""
    made: Any = numba.njit(nogil=True, error_model="numpy", **options)(function)
    try:
        made._cache = _Cache(made.py_func)  # type: ignore[no-untyped-call]  # noqa: SLF001  as enable_caching does
    except RuntimeError:  # numba's word for a place where nothing can be written
        _warn()
    return made


def compiled(made: Any, arguments: tuple[object, ...], entry: str) -> Compiled:  # noqa: ANN401  as above
    """Compile a kernel for arguments like these.

    Args:
        made: What `dispatcher` returned.
        arguments: Arrays, records, tuples of arrays, and numbers.
        entry: The name of the library's function; entry.py says what it takes.

    Raises:
        NotImplementedError: If numba alone can call it: it allocates, or returns what is no number.
    """
    signature = tuple(map(_kind, arguments))
    with _from_the_start():
        made.compile(signature)
    result = made.overloads[signature]
    text, returns, several = write(made.targetctx, result.fndesc, result.signature, entry)
    module = result.library._get_module_for_linking().clone()  # noqa: SLF001  numba has no public way
    module.link_in(_LLVM.parse_assembly(text))
    return Compiled(link(_object(result.library.codegen, module, entry), entry), returns, several)


def _as_it_is(context: Any, builder: Any, kind: Any, index: Any, _size: Any) -> Any:  # noqa: ANN401  as above
    return context.cast(builder, index, kind, numba.types.intp if kind.signed else numba.types.uintp)


@contextmanager
def _from_the_start() -> Iterator[None]:
    """Let numba take every index as it is.

    No kernel of ours counts from the end of an array, and to ask for it at each access keeps loops from being
    vectorized: metering takes a seventh longer. With bounds checks a negative index is an error.
    """
    before = arrayobj.fix_integer_index
    arrayobj.fix_integer_index = _as_it_is
    try:
        yield
    finally:
        arrayobj.fix_integer_index = before


if numba.config.BOUNDSCHECK:  # type: ignore[attr-defined]  # numba makes it as it starts
    arrayobj.fix_integer_index = _as_it_is  # there numba's dispatchers compile for themselves


def _kind(argument: object) -> Any:  # noqa: ANN401  as above
    """Return numba's type of an argument; numba itself takes every array for an aligned one."""
    if isinstance(argument, tuple):
        return numba.types.Tuple([_kind(one) for one in argument])  # type: ignore[no-untyped-call]
    kind: Any = numba.typeof(argument)  # type: ignore[no-untyped-call]
    if not isinstance(argument, np.ndarray) or argument.flags.aligned:
        return kind
    readonly = not kind.mutable
    return numba.types.Array(kind.dtype, kind.ndim, kind.layout, readonly, aligned=False)


def _object(codegen: Any, module: Any, entry: str) -> bytes:  # noqa: ANN401  as above
    """Return the object file of a module with nothing in it but what `entry` needs."""
    for one in module.functions:
        if not one.is_declaration and one.name != entry:
            one.linkage = "internal"
    options: dict[str, Any] = {"opt": numba.config.OPT}  # type: ignore[attr-defined]  # numba makes it as it starts
    codegen._customize_tm_options(options)  # noqa: SLF001  as above; the processor, and what the user set
    machine = _LLVM.Target.from_default_triple().create_target_machine(
        **{**options, "reloc": "pic", "codemodel": "small"}
    )
    # All but the entry is its own now: functions lose the arguments that none of them looks at.
    passes, builder = codegen._module_pass_manager()  # noqa: SLF001  as above
    passes.run(module, builder)
    there = CDLL(None)
    for one in module.functions:
        if one.is_declaration and not one.name.startswith("llvm.") and not hasattr(there, one.name):
            raise NotImplementedError(f"kernel: needs {one.name}, which numba alone has")
    return bytes(machine.emit_object(module))


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
        self._cache_file._source_stamp = f"{_INDEXES} {fingerprint(self._py_func)}"  # noqa: SLF001  numba has no public way
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


@cache
def _warn() -> None:
    logging.getLogger(__name__).warning(
        "kernels: neither the folders of the program nor the user's cache folder can be written: they are compiled in "
        "memory, some minutes at each start; set XDG_CACHE_HOME to a folder that can be written"
    )


def _tell() -> None:
    global _told  # noqa: PLW0603  once per process
    if not _told:
        _told = True
        logging.getLogger(__name__).info("compiling kernels, once after an installation or a change: some minutes")

"""Compiled kernels on disk: one shared library for each kernel and types of arguments.

In: a kernel and the text of its arguments' types. Out: its library, loaded; nothing if there is none made from what is
there now. What cannot be read counts as not there.
A library is named by what it was made for: the types, the processor, the versions of numba, LLVM, numpy and Python.
It is fresh as long as its fingerprint is. That takes a moment for hundreds of functions, so it also holds when the
files of its package were last changed: if that is as it was, nothing else is looked at.
It lies in __pycache__ beside the kernel's file; where nothing can be written there, in the user's cache folder; where
nothing can be written there either, numba compiles in memory, and nothing is kept.
"""

import contextlib
import ctypes
import glob
import hashlib
import json
import os
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from redshank.core.fingerprint import fingerprint

_TAIL = struct.Struct("<8sII")  # magic, bytes of what is told before it, checksum of all before
_MAGIC = b"redshank"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error)
_OWN = Path(__file__).parents[1]
_MAKERS = ("compiler.py", "entry.py", "layout.py", "shared_object.py")
_SETTINGS = ("CPU_NAME", "CPU_FEATURES", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX", "DEBUGINFO_DEFAULT")
_BEGAN = time.time_ns() - 100_000_000  # file systems' clocks are behind by some milliseconds
_ENOUGH = 8192  # bytes of /proc/cpuinfo that tell about its first processor


class Compiled(NamedTuple):
    """A kernel's machine code as it lies on disk."""

    library: bytes
    returns: str
    """The numbers that it returns, as `struct` writes them."""
    several: bool
    """Whether they come as a tuple."""


class Code(NamedTuple):
    """A kernel's machine code in memory."""

    function: Any
    """What ctypes calls; entry.py tells its arguments."""
    returns: str
    several: bool


class Store:
    """The libraries of one kernel.

    Args:
        function: What is compiled.
        options: numba's options.
    """

    def __init__(self, function: FunctionType, options: dict[str, Any]) -> None:
        self._function, self._options = function, options

    def entry(self) -> str:
        """Return the name of a library's function: another one after each change, so none is taken for an older one."""
        return f"kernel_{self._made_from()[:16]}"

    def find(self, types: str) -> Code | None:
        """Return what is on disk for arguments of these types."""
        for path in self._paths(types):
            with contextlib.suppress(*_UNREADABLE):
                library, told = _read(path)
                now = _stamp(self._function.__module__.partition(".")[0])
                if now and told["stamp"] == now:
                    return _load(path, told)
                if told["made_from"] != self._made_from():
                    continue
                if now:
                    with contextlib.suppress(OSError):
                        return _write(path, library, {**told, "stamp": now})
                return _load(path, told)
        return None

    def keep(self, types: str, made: Compiled) -> Code:
        """Write what was compiled for arguments of these types.

        Raises:
            OSError: If it can be written nowhere, or the system does not load it.
        """
        told = {
            "stamp": _stamp(self._function.__module__.partition(".")[0]),
            "made_from": self._made_from(),
            "entry": self.entry(),
            "returns": made.returns,
            "several": made.several,
        }
        problem = OSError()
        for path in self._paths(types):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                found = _write(path, made.library, told)
            except OSError as error:
                problem = error
            else:
                self._remove_older(path)
                return found
        raise problem

    def _made_from(self) -> str:
        return hashlib.sha256(f"{fingerprint(self._function)} {self._options} {_makers()}".encode()).hexdigest()

    def _prefix(self) -> str:
        name = f"{Path(self._function.__code__.co_filename).stem}.{self._function.__qualname__}"
        return f"{name.replace('<', '').replace('>', '')}.{sys.implementation.cache_tag}."

    def _paths(self, types: str) -> list[Path]:
        """Return where a library may lie, best first."""
        name = f"{self._prefix()}{hashlib.sha256(f'{types} {_machine()}'.encode()).hexdigest()[:32]}.so"
        beside = Path(self._function.__code__.co_filename).parent
        own = hashlib.sha256(str(beside).encode()).hexdigest()[:16]
        return [beside / "__pycache__" / name, *(folder / "redshank" / own / name for folder in users_folders())]

    def _remove_older(self, path: Path) -> None:
        for other in path.parent.glob(f"{glob.escape(self._prefix())}*.so"):
            with contextlib.suppress(*_UNREADABLE):
                if _read(other)[1]["made_from"] != self._made_from():
                    other.unlink()


def users_folders() -> list[Path]:
    """Return where a user's programs keep what they can make again; nowhere without a home.

    Source: XDG Base Directory Specification 0.8: what is empty or no absolute path counts as not set.
    """
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():
        return [given]
    with contextlib.suppress(RuntimeError):
        return [Path.home() / ".cache"]
    return []


def _read(path: Path) -> tuple[bytes, dict[str, Any]]:
    content = path.read_bytes()
    magic, size, checksum = _TAIL.unpack_from(content, len(content) - _TAIL.size)
    end = len(content) - _TAIL.size
    if magic != _MAGIC or zlib.crc32(memoryview(content)[:end]) != checksum:
        raise ValueError(f"{path}: damaged")
    return content[: end - size], json.loads(content[end - size : end])


def _write(path: Path, library: bytes, told: dict[str, Any]) -> Code:
    """Write a library in one step, and load it.

    It is loaded by the name that it has before: the system's loader does not look twice at the same name.
    """
    text = json.dumps(told).encode()
    tail = _TAIL.pack(_MAGIC, len(text), zlib.crc32(text, zlib.crc32(library)))
    number, name = tempfile.mkstemp(".new", path.name, path.parent)
    try:
        with open(number, "wb") as file:  # noqa: PTH123  what mkstemp gives is no path
            file.write(library + text + tail)
            os.fchmod(number, 0o644)
        code = _load(Path(name), told)
        os.replace(name, path)  # noqa: PTH105  as above
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return code


def _load(path: Path, told: dict[str, Any]) -> Code:
    return Code(getattr(ctypes.CDLL(str(path)), told["entry"]), told["returns"], told["several"])


@cache
def _machine() -> str:
    """Tell for what machine code is made: the processor, and the user's settings."""
    texts = [f"{name}={os.environ.get(f'NUMBA_{name}')}" for name in _SETTINGS]
    with contextlib.suppress(OSError), Path("/proc/cpuinfo").open() as file:
        texts += [line for line in file.read(_ENOUGH).splitlines() if line.startswith(("model name", "flags"))][:2]
    return "\n".join(texts)


@cache
def _makers() -> str:
    """Tell what makes machine code: the versions of others' programs, and our own."""
    texts = [sys.version, np.__version__]
    for package in ("numba", "llvmlite"):
        spec = find_spec(package)
        if spec and spec.origin:
            texts.append(Path(spec.origin).with_name("_version.py").read_text())
    texts += [Path(__file__).with_name(name).read_text() for name in _MAKERS]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


@cache
def _stamp(name: str) -> str:
    """Tell when the files of a package, and of this one, were last changed; empty if that may be wrong."""
    package = sys.modules.get(name)
    folders = {str(_OWN), *getattr(package, "__path__", ())}
    times = sorted(row for folder in folders for row in _files(folder))
    if not hasattr(package, "__path__") or any(changed >= _BEGAN for _, changed, _ in times):
        return ""
    return hashlib.sha256(f"{times} {_makers()}".encode()).hexdigest()


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                status = entry.stat()
                yield entry.path, status.st_mtime_ns, status.st_size
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _files(entry.path)

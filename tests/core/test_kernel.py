import ast
import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from numba.core.errors import NumbaError

from redshank.core.kernel import fingerprint, kernel, lean_kernel


@kernel
def _ratios(values: npt.NDArray[np.float64], by: float) -> npt.NDArray[np.float64]:
    out = np.empty(len(values))
    for i in range(len(values)):
        out[i] = values[i] / by
    return out


def test_a_kernel_computes_what_python_does() -> None:
    assert _ratios(np.array([1.0, 4.0]), 2.0).tolist() == [0.5, 2.0]


def test_a_kernel_does_not_raise_on_division_by_zero() -> None:
    assert np.isinf(_ratios(np.array([1.0]), 0.0)).all()


@lean_kernel
def _first_two(values: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> None:
    part = values[:2]
    for i in range(len(part)):
        out[i] = part[i]


@lean_kernel
def _allocates(size: int) -> float:
    return float(np.empty(size)[0])


def test_a_lean_kernel_may_look_at_a_part_of_an_array() -> None:
    out = np.zeros(2)
    _first_two(np.array([3.0, 4.0, 5.0]), out)
    assert out.tolist() == [3.0, 4.0]


def test_a_lean_kernel_that_allocates_does_not_compile() -> None:
    with pytest.raises(NumbaError, match="Only accept returning of array passed into the function"):
        _allocates(3)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Write modules of one package, import them anew, and give its module `caller`."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(tmp_path)
    package = f"kernels_{abs(hash(tmp_path))}"
    (tmp_path / package).mkdir()

    def write(**sources: str) -> Any:
        for name, source in sources.items():
            (tmp_path / package / f"{name}.py").write_text(f"from redshank.core.kernel import kernel\n{source}")
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]
        importlib.invalidate_caches()
        return importlib.import_module(f"{package}.caller")

    write.package = package  # type: ignore[attr-defined]
    return write


def loaded(dispatcher: Any) -> bool:
    return bool(sum(dispatcher.stats.cache_hits.values()))


def test_a_kernel_comes_from_the_disk_until_what_it_was_made_from_changes(written: Any) -> None:
    called = "SIZE = {size}\n@kernel\ndef add(value):\n    return value + SIZE\n"
    caller = f"from {written.package}.called import add\n@kernel\ndef twice(value):\n    return 2 * add(value)\n"
    module = written(called=called.format(size=1), caller=caller)
    assert (module.twice(1), loaded(module.twice)) == (4, False)

    module = written(called=f"# why\n{called.format(size=1)}", caller=f"# why\n{caller}")
    assert (module.twice(1), loaded(module.twice)) == (4, True)

    module = written(called=called.format(size=5), caller=caller)
    assert (module.twice(1), loaded(module.twice)) == (12, False)
    module = written(called=called.format(size=5).replace("+", "-"), caller=caller)
    assert (module.twice(1), loaded(module.twice)) == (-8, False)


def test_compiling_is_told_once(
    written: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redshank.core.kernel._told", False)
    caplog.set_level("INFO", "redshank.core.kernel")
    module = written(caller="@kernel\ndef one(v):\n    return v\n@kernel\ndef two(v):\n    return v\n")
    assert (module.one(1), module.two(1)) == (1, 1)
    assert [record.message for record in caplog.records] == [
        "compiling kernels, once after an installation or a change: up to two minutes"
    ]


def test_a_kernel_starts_without_scipy_and_leaves_it_to_others() -> None:
    pytest.importorskip("scipy")
    program = (
        "import sys; import numpy as np;"
        "from redshank.flows.metering.text import macs; macs(np.zeros(1, np.uint64));"
        "print('scipy.linalg' in sys.modules); import scipy.linalg.cython_blas; print('scipy.linalg' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def _plain(value: float) -> float:
    return float(value * _FACTOR + _TABLE[0] + _SHIFTS[0](value))


def _shift(value: float) -> float:
    return value + 1.0


_FACTOR: Any = 2.0
_TABLE: Any = np.array([1.0])
_SHIFTS: Any = (_shift,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_FACTOR", 2),
        ("_FACTOR", np.float32(2.0)),
        ("_TABLE", np.array([2.0])),
        ("_TABLE", np.array([1.0, 1.0])),
        ("_TABLE", np.array([1.0], np.float32)),
        ("_TABLE", np.dtype([("size", "i8")])),
        ("_SHIFTS", (lambda value: value + 2.0,)),
        ("_SHIFTS", (_shift, _shift)),
    ],
)
def test_every_constant_counts(name: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(cast("FunctionType", _plain))
    assert fingerprint(cast("FunctionType", _plain)) == before
    monkeypatch.setitem(globals(), name, value)
    assert fingerprint(cast("FunctionType", _plain)) != before


def test_no_kernel_calls_itself() -> None:
    for path in (Path(__file__).resolve().parents[2] / "src").rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and any(
                "kernel" in ast.dump(one) for one in function.decorator_list
            ):
                called = {
                    node.func.id
                    for node in ast.walk(function)
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                }
                assert function.name not in called, f"{path}: {function.name}"

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numba.core.errors import NumbaError

from redshank.core.intrinsic import Intrinsic
from redshank.core.kernel import lean_kernel

_square: Any = Intrinsic("redshank.flows.metering.machine_code", "add_square")
_missing: Any = Intrinsic("redshank.flows.metering.machine_code", "no_such_thing")


@lean_kernel
def _squares(value: int) -> int:
    low, _ = _square(np.uint64(0), np.uint64(0), np.uint64(value))
    return int(low)


@lean_kernel
def _wrong(value: int) -> int:
    return int(_missing(value))


def test_a_kernel_calls_what_another_module_tells() -> None:
    assert _squares(12) == 144


def test_a_name_that_the_module_does_not_have_is_an_error() -> None:
    with pytest.raises((NumbaError, KeyError), match="no_such_thing"):
        _wrong(1)


def test_nothing_of_numba_is_imported_for_its_sake() -> None:
    code = "import sys; import redshank.flows.metering.machine; print({'numba', 'llvmlite'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["set()"]


def test_python_cannot_call_it() -> None:
    with pytest.raises(TypeError, match="add_square: can be called by kernels only"):
        _square(1, 2, 3)

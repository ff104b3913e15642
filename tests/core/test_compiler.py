import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redshank.core.compiler import compiled, dispatcher

_LEAN = {"_nrt": False}


def test_compiling_is_told_once(
    written: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redshank.core.compiler._told", False)
    caplog.set_level("INFO", "redshank.core.compiler")
    module = written(caller="@lean_kernel\ndef one(v):\n    return v\n@lean_kernel\ndef two(v):\n    return v\n")
    assert (module.one(1), module.two(1)) == (1, 1)
    assert [record.message for record in caplog.records] == [
        "compiling kernels, once after an installation or a change: some minutes"
    ]


def test_numba_starts_without_scipy_and_leaves_it_to_others() -> None:
    pytest.importorskip("scipy")
    program = (
        "import sys; from redshank.flows.metering.siphash import siphash as kernel;"
        "kernel.dispatcher.compile('u8(u8, u8, u8, u8, u8, u8, u8)');"
        "print('scipy.linalg' in sys.modules); import scipy.linalg.cython_blas; print('scipy.linalg' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def _grown(values: Any) -> Any:
    more = np.append(values, 1.0)
    return more[-1]


def _text(value: int) -> str:
    return "one" if value == 1 else "more"


def _plain(values: Any) -> Any:
    return values[0]


def test_what_allocates_or_returns_no_number_is_left_to_numba() -> None:
    with pytest.raises(NotImplementedError, match="needs NRT_"):
        compiled(dispatcher(_grown, {}), (np.zeros(2),), "entry")
    with pytest.raises(NotImplementedError, match="returns unicode_type, which is no number"):
        compiled(dispatcher(_text, {}), (1,), "entry")


def test_what_is_returned_is_told() -> None:
    made = compiled(dispatcher(_plain, _LEAN), (np.zeros(2, np.uint16),), "entry")
    assert (made.library[:4], made.returns, made.several) == (b"\x7fELF", "Q", False)
    made = compiled(dispatcher(_plain, _LEAN), (np.zeros(2, np.float32),), "entry")
    assert (made.returns, made.several) == ("d", False)


def test_with_bounds_checks_an_index_that_counts_from_the_end_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(
        "import numpy as np\nfrom redshank.core.kernel import lean_kernel\n"
        "@lean_kernel\ndef at(values, place):\n    return values[place]\n"
        "print(at(np.arange(3.0), 2))\nprint(at(np.arange(3.0), -1))\n"
    )
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1"}
    command = [sys.executable, str(tmp_path / "counting.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.stdout == "2.0\n"
    assert "IndexError" in done.stderr

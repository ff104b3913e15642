from types import FunctionType
from typing import Any, cast

import numpy as np
import pytest

from redshank.core.fingerprint import fingerprint
from redshank.core.intrinsic import Intrinsic
from redshank.core.kernel import inlined, lean_kernel


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


@lean_kernel
def _called(value: float) -> float:
    return float(value * _FACTOR)


def _caller(value: float) -> float:
    return float(_called(value))


def test_a_constant_of_a_kernel_that_is_called_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(cast("FunctionType", _caller))
    monkeypatch.setitem(globals(), "_FACTOR", 3.0)
    assert fingerprint(cast("FunctionType", _caller)) != before


def test_whether_a_kernel_is_called_or_inlined_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(cast("FunctionType", _caller))
    monkeypatch.setitem(globals(), "_called", inlined(cast("Any", _called).__wrapped__))
    assert fingerprint(cast("FunctionType", _caller)) != before


def test_an_intrinsic_counts_by_what_it_is_told_with() -> None:
    module = "redshank.flows.metering.machine_code"
    texts = {
        Intrinsic(module, "array_of", name, np.dtype(kind)).made_from
        for name in ("one", "two")
        for kind in ("u1", "u8")
    }
    assert len(texts) == 4
    assert Intrinsic(module, "copy").made_from == Intrinsic(module, "copy").made_from

import inspect
from typing import Any

from redshank.core.intrinsic import Intrinsic
from redshank.flows.metering import machine, machine_code


def test_all_that_kernels_may_call_is_told_here() -> None:
    told: dict[str, Any] = {name: one for name, one in vars(machine).items() if isinstance(one, Intrinsic)}
    assert len(told) >= 4
    for name, one in told.items():
        assert inspect.getdoc(getattr(machine_code, name))
        assert f".{name} [] " in one.made_from

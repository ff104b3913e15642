"""torch's optimizers without torch's compiler.

In: an optimizer class. Out: one that gives the same weights.
The one idea: torch wraps each method of an optimizer so that its compiler leaves it alone, and the first call imports
the compiler for that: 2 s of each program that trains. We compile nothing, so we take what is wrapped. Each step is
also told to torch's profiler, half as dear as the step of a small network: ours tells nobody.
"""

from inspect import unwrap
from typing import Any, Final

import torch


def plain(kind: type[torch.optim.Optimizer]) -> Any:  # noqa: ANN401  its constructor is the one of `kind`
    """Return an optimizer class whose methods are not wrapped for the compiler.

    Wrong for an optimizer that is differentiated through: its step records no gradients.
    """
    names = ("add_param_group", "load_state_dict", "state_dict", "step")
    methods: dict[str, Any] = {name: torch.no_grad()(unwrap(getattr(kind, name))) for name in names}
    methods["step"].hooked = True  # so torch takes it for wrapped, and does not wrap it to tell its profiler
    return type(kind.__name__, (kind,), {**methods, "zero_grad": _zero_grad})


def _zero_grad(self: torch.optim.Optimizer) -> None:
    for group in self.param_groups:
        for weights in group["params"]:
            weights.grad = None


AdamW: Final = plain(torch.optim.AdamW)
LBFGS: Final = plain(torch.optim.LBFGS)

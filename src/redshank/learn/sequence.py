"""A network over a sequence, also where a row is only one step.

In: encoded rows. Out: what `Network` promises; the layers always get [n, steps, width].
The one idea: a window is a sequence of its steps. A row of one step may be read as a sequence of its columns, or as a
sequence of that one step, which is what most studies do that put a recurrent network over flow records.
"""

from torch import nn

from redshank.learn.inputs import EachStep, Inputs
from redshank.learn.layers.columns import EachColumn
from redshank.learn.network import Network

OVER = ("columns", "steps")


class SequenceNetwork(Network):
    """A network whose layers take a sequence of any length.

    Args:
        over: What a row of one step is a sequence of: its "columns", each a position, or "steps", of which it is the
            only one. A window of several steps is a sequence of these.
    """

    over: str = "steps"

    def problems(self) -> list[str]:
        """Say what is wrong with the settings."""
        wrong = [] if self.over in OVER else [f"over: '{self.over}' is not one of {', '.join(OVER)}"]
        return super().problems() + wrong

    def arrange(self, encode: Inputs, steps: int) -> tuple[nn.Module, int, int]:
        """Make a sequence of what is encoded."""
        if self.over == "columns" and steps == 1:
            columns = EachColumn(encode)
            return columns, columns.width, columns.length
        return EachStep(encode, steps), encode.width, steps

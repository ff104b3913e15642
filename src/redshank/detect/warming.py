"""Whether a model of benign traffic knows the network that it watches.

In: of each flow, its device and whether it is odd to the model. Out: from which flow on the model may be heard. The one
idea: to a model that does not know a network, most devices are odd; an attack makes some so. The flows are taken in
blocks, and a block is passed if the middle device has few odd flows. Then the model is heard, for good.

An attacker who holds half of the devices of a block keeps the model silent: that is told and counted, and rules and
classifiers are heard meanwhile. Memory is bounded by the block.
"""

import logging
from collections import defaultdict

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MOST_ODD = 0.2
"""Share of its flows that may be odd to a model at 5 % in the middle device. In the lab's unseen home, attacks and all,
it is 0 in most blocks of 200 flows and 0.1 at most; on ToN_IoT, which the same model does not know, it is 1."""

_log = logging.getLogger(__name__)


class Warming:
    """A model that warms up.

    Args:
        name: The bundle, for messages.
        flows: Length of a block, 0 or more; 0: there is nothing to wait for.

    Attributes:
        wanted: Whether it still warms up.
        failed: Blocks that did not pass.
    """

    def __init__(self, name: str, flows: int) -> None:
        self.wanted = flows > 0
        self.failed = 0
        self._name, self._flows, self._seen = name, flows, 0
        self._devices: dict[str, list[int]] = defaultdict(lambda: [0, 0])

    def ready(self, devices: pa.Array, odd: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Tell which flows the model may be heard on; how they were cut into batches changes nothing.

        Args:
            devices: Address of each flow's source.
            odd: Whether the flow is odd to the model.

        Shape:
            devices, odd, returns: [n].
        """
        heard = np.zeros(len(odd), dtype=np.bool_)
        if not self.wanted:
            return ~heard
        for row, (device, strange) in enumerate(zip(devices.to_pylist(), odd.tolist(), strict=True)):
            told = self._devices[device or ""]
            told[0] += strange
            told[1] += 1
            self._seen += 1
            if self._seen == self._flows and self._passes():
                self.wanted = False
                heard[row + 1 :] = True
                break
        return heard

    def _passes(self) -> bool:
        """Judge a block and begin the next."""
        middle = float(np.median([strange / flows for strange, flows in self._devices.values()]))
        if middle > MOST_ODD:
            self.failed += 1
            (_log.warning if self.failed == 1 else _log.debug)(
                "bundle %s does not know this network: of %d flows of %d devices, %.0f %% of the middle device's are "
                "odd to it; it stays silent until that changes. `redshank learn` makes a bundle of this network",
                *(self._name, self._flows, len(self._devices), 100 * middle),
            )
        self._devices.clear()
        self._seen = 0
        return middle <= MOST_ODD

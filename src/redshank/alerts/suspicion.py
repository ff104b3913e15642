"""How much speaks against each device: the evidence of its flows, added up.

In: which flows of which devices raised an alarm, in order. Out: for each alarm, whether it is enough by then.
The one idea: an alarm tells little where one benign flow in a hundred raises one, many in a row tell much. Each device
has a balance, never below 0: an alarm adds ln(share / rate), a flow without one takes ln((1 - rate) / (1 - share)) off.
It is enough at ln(1 / chance), and there the balance stays, so that it soon falls when the device is quiet again.

| | alarm | none | enough at (chance) | alarms in a row |
|---|---|---|---|---|
| rate 0.01, share 0.5 | +3.91 | -0.68 | 13.8 (1e-6) | 4 |
| rate 0.001, share 0.5 | +6.21 | -0.69 | 13.8 (1e-6) | 3 |

This is Page's CUSUM: if a device's benign flows raise alarms independently, at most at `rate`, then on average at least
1 / chance of them pass before enough speaks against it, whatever its number of flows and however long it was watched;
and nothing finds a device that raises alarms at `share` sooner. Flows of a device are not quite independent, which is
why the chance that we ask for is small. P-values would say more than alarms, but are least to be trusted where they
are extreme, for there the calibration has the fewest rows.

Balances are whole numbers, so that adding up does not depend on how rows were cut into batches. At most `most_devices`
are kept: past it the one whose last alarm is longest ago (by rows) is forgotten, and counted in `forgotten`.
Source: Page, Continuous inspection schemes, Biometrika 1954; Lorden, Procedures for reacting to a change in
distribution, Annals of Mathematical Statistics 1971 (theorem 2: the bound on false alarms).
"""

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bools = npt.NDArray[np.bool_]

UNIT = 1_000_000
"""Balances count millionths."""


class Suspicion:
    """The balances of the devices of one stream of flows.

    Args:
        rate: Share of benign flows that raise an alarm, above 0.
        share: Share of a device's flows that raise one while it attacks, above `rate`, below 1.
        chance: One benign flow in 1 / `chance`, at most, completes the evidence; above 0, below 1.
        most_devices: Devices whose balance is kept.
    """

    def __init__(self, rate: float, share: float, chance: float, most_devices: int) -> None:
        self._up = round(math.log(share / rate) * UNIT)
        self._down = round(math.log((1 - rate) / (1 - share)) * UNIT)
        self._enough = round(-math.log(chance) * UNIT)
        self._most_devices = most_devices
        self._balances: dict[str, int] = {}  # the device whose last alarm is longest ago comes first
        self.forgotten = 0

    def take(self, devices: pa.Array, alarm: Bools, quiet: Bools) -> Bools:
        """Add up some rows, in order.

        Args:
            devices: The device of each row, as text.
            alarm: Rows that speak against their device.
            quiet: Rows that speak for it; a row may be neither.

        Shape:
            returns: [n], whether it is enough at this row; False for rows that are no alarm.
        """
        enough = np.zeros(len(alarm), np.bool_)
        if not alarm.any() and not self._balances:
            return enough
        coded = devices.dictionary_encode()
        names: list[str] = coded.dictionary.to_pylist()
        codes = coded.indices.to_numpy()
        watched = np.array([name in self._balances for name in names], np.bool_)
        watched[codes[alarm]] = True
        rows = np.flatnonzero(watched[codes] & (alarm | quiet))
        rows = rows[np.argsort(codes[rows], kind="stable")]  # device by device, each in order
        own = codes[rows]
        silent = np.concatenate([[0], np.cumsum(quiet[rows])])  # quiet rows before each
        _, begins, counts = np.unique(own, return_index=True, return_counts=True)
        at = np.flatnonzero(alarm[rows])
        before = np.concatenate([[-1], at[:-1]])[: len(at)]
        begin = np.repeat(begins, counts)[at]
        since = (silent[at] - silent[np.maximum(before, begin)]).tolist()
        for place in np.argsort(rows[at], kind="stable").tolist():
            row = rows[at[place]]
            enough[row] = self._alarm(names[codes[row]], since[place])
        ends = begins + counts
        last = np.concatenate([[-1], at])[np.searchsorted(at, ends)]  # the alarm before each device's end
        calm = silent[ends] - silent[np.maximum(last, begins)]
        for begin, quiets in zip(begins.tolist(), calm.tolist(), strict=True):
            self._calm(names[own[begin]], quiets)
        return enough

    def forget(self, device: str) -> None:
        """Begin anew with a device."""
        self._balances.pop(device, None)

    def _alarm(self, device: str, quiet: int) -> bool:
        balance = max(0, self._balances.pop(device, 0) - quiet * self._down)
        self._balances[device] = balance = min(balance + self._up, self._enough)
        if len(self._balances) > self._most_devices:
            del self._balances[next(iter(self._balances))]
            self.forgotten += 1
        return balance >= self._enough

    def _calm(self, device: str, quiet: int) -> None:
        if quiet and device in self._balances:
            self._balances[device] = max(0, self._balances[device] - quiet * self._down)

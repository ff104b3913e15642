"""One family of attacks that nobody has seen: is it noticed at all?

In: a dataset and the name of a family. Out: no row of the family anywhere but in the test part, which has all of them;
everything else as under `leakfree` (or by groups). Validation, calibration and therefore any pool of active learning
are without it too. The one idea: a threshold from benign flows is all that stands between a new attack and silence, so
look at the recall of the family at the false-alarm rate achieved. A vector of the family that looks exactly like a
training vector is left out under seen=drop, and counted: seen=keep keeps it in the figure.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from redshank.core.errors import ConfigError
from redshank.core.registry import alternatives
from redshank.core.schema import BENIGN
from redshank.data.clean import Classes
from redshank.data.dataset import Labelled
from redshank.data.encoding import Encoding, Rows
from redshank.data.grouping import grouping
from redshank.data.protocol import SHARES, Lenient
from redshank.data.split import by_vector
from redshank.data.spread import by_group


@dataclass(frozen=True, kw_only=True)
class ZeroDay(Lenient):
    """A family that is in the test part alone.

    Args:
        family: The family.
        by: What no two parts share, for all other rows: "host_pair", "source", "capture", a column; a vector if empty.
        seen: "drop" leaves a vector out that an earlier part holds, "keep" only counts it.
    """

    name: ClassVar[str] = "zero_day"

    family: str
    by: str = ""

    def split(self, labelled: Labelled, y: Classes, encoding: Encoding, seed: int) -> tuple[list[Rows], dict[str, Any]]:
        """See `Protocol.split`."""
        attacks = [str(name) for name in np.unique(labelled.family) if name != BENIGN]
        if self.family not in attacks:
            raise ConfigError(
                f"protocol zero_day: family: {labelled.name} has no attack '{self.family}'; "
                f"{alternatives(self.family, attacks)}"
            )
        new = labelled.family == self.family
        others, number = np.flatnonzero(~new), encoding.numbers()
        if self.by:
            groups = grouping(labelled, self.by)
            rows, notes = by_group(groups, number, y, labelled.family, SHARES, seed, among=others)
        else:
            rows, notes = by_vector(number, y, others, SHARES, seed), {}
        trained = np.unique(number[rows[0]])
        alike = np.isin(number, trained[np.isin(trained, number[rows[0]][y[rows[0]] == 0])])
        notes["new_family"] = {
            "rows": int(new.sum()),
            "vectors": len(np.unique(number[new])),
            "vectors that benign training rows have too": len(np.unique(number[new & alike])),
            "vectors that training has at all": int(np.isin(np.unique(number[new]), trained).sum()),
        }
        test = np.concatenate([rows[3], np.flatnonzero(new)])
        return [*rows[:3], np.random.default_rng(seed).permutation(test)], notes

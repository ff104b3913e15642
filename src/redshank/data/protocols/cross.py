"""Trained on one dataset, tested on another: what a model is worth on a network that nobody trained it for.

In: a dataset and the name of another. Out: every row of the first trains, validates or calibrates, every row of the
second tests; nothing is fitted on the second. Both must be flows: a feature set of FLOW is what they share. A family
that only the second has counts as an attack of another family.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from redshank.core.errors import ConfigError
from redshank.data.clean import Classes
from redshank.data.dataset import Labelled, joined, read
from redshank.data.encoding import Encoding, Rows
from redshank.data.protocol import KEEP, Lenient, with_test


@dataclass(frozen=True, kw_only=True)
class Cross(Lenient):
    """Another dataset tests.

    Args:
        target: The dataset that tests: its name, or what was read of it.
        seen: "keep" only counts test vectors that training holds too (another network says some of the same things),
            "drop" leaves them out.
    """

    name: ClassVar[str] = "cross"

    target: str | Labelled
    seen: str = KEEP

    def joined(self, labelled: Labelled) -> Labelled:
        """Return the rows of both datasets, the target's last and marked as test."""
        target = read(self.target) if isinstance(self.target, str) else self.target
        if target.sha256 == labelled.sha256 and target.name == labelled.name:
            raise ConfigError(f"protocol cross: target: '{target.name}' is the very dataset that trains; name another")
        return replace(
            joined([labelled, target]),
            name=labelled.name,
            sha256=labelled.sha256,
            official=np.repeat(["train", "test"], (len(labelled.flows), len(target.flows))),
            notes=(
                *labelled.notes,
                f"tested on {target.name}, sha256 {target.sha256}",
                *(f"{target.name}: {note}" for note in target.notes),
            ),
        )

    def split(self, labelled: Labelled, y: Classes, encoding: Encoding, seed: int) -> tuple[list[Rows], dict[str, Any]]:
        """See `Protocol.split`."""
        test = np.flatnonzero(labelled.official == "test")
        counts = {"train": len(y) - len(test), "test": len(test)}
        return with_test(encoding.numbers(), y, test, seed), {"rows_of_datasets": counts}

    def settings(self) -> dict[str, Any]:
        """See `Protocol.settings`; of what was read only its name."""
        target = self.target if isinstance(self.target, str) else self.target.name
        return {**super().settings(), "target": target}

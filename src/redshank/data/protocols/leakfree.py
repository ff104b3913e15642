"""The default: no identifier, and no vector in two parts.

In: a dataset and a feature set. Out: rows split 60/10/10/20 over distinct vectors, stratified by class. The one idea:
over half the rows of a public flow table repeat another row once addresses and ports are gone, and a random split puts
copies on both sides. It says how well a model tells known devices' flows apart; whether it does so on devices that it
has never seen, only `group` tells.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from redshank.data.clean import Classes
from redshank.data.dataset import Labelled
from redshank.data.encoding import Encoding, Rows
from redshank.data.protocol import SHARES, Protocol
from redshank.data.split import by_vector


@dataclass(frozen=True, kw_only=True)
class LeakFree(Protocol):
    """No vector in two parts; stratified by class."""

    name: ClassVar[str] = "leakfree"

    def split(self, labelled: Labelled, y: Classes, encoding: Encoding, seed: int) -> tuple[list[Rows], dict[str, Any]]:
        """See `Protocol.split`."""
        return by_vector(encoding.numbers(), y, np.arange(len(labelled.family)), SHARES, seed), {}

"""The split that a dataset's authors published.

In: a dataset that has one (NSL-KDD's Train+ and Test+). Out: their test rows test, each of their training rows trains,
validates or calibrates. The one idea: only this compares with figures that others published; what of the test rows
repeats a training vector is counted, and kept unless told otherwise, because it is kept in theirs.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from redshank.core.errors import ConfigError
from redshank.data.clean import Classes
from redshank.data.dataset import Labelled
from redshank.data.encoding import Encoding, Rows
from redshank.data.protocol import KEEP, Lenient, with_test


@dataclass(frozen=True, kw_only=True)
class Official(Lenient):
    """The dataset's own split.

    Args:
        seen: "keep" only counts test vectors that training holds too, "drop" leaves them out.
    """

    name: ClassVar[str] = "official"

    seen: str = KEEP

    def split(self, labelled: Labelled, y: Classes, encoding: Encoding, seed: int) -> tuple[list[Rows], dict[str, Any]]:
        """See `Protocol.split`."""
        if labelled.official is None:
            raise ConfigError(f"protocol: '{labelled.name}' has no official split; use 'leakfree' or 'group'")
        return with_test(encoding.numbers(), y, np.flatnonzero(labelled.official == "test"), seed), {}

"""The recipe of published studies, for reproduction only.

In: a dataset with its own table. Out: its own columns, addresses and ports included, label-encoded and min-max scaled
on all rows, split 80/20 at random; validation and calibration come out of the 80. Its notes count the test rows that
training has seen: they are why its figures say little.
Source: Mahdi and Khadhim's study of a BiLSTM on ToN_IoT; EVALUATION.md of this project has the recipe in words.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from redshank.data.clean import Classes
from redshank.data.dataset import Labelled
from redshank.data.encoding import Encoding, Rows, StudyEncoding
from redshank.data.protocol import SHARES, Protocol
from redshank.data.split import shuffled


@dataclass(frozen=True, kw_only=True)
class Paper(Protocol):
    """Random rows of the dataset's own table, identifiers kept."""

    name: ClassVar[str] = "paper"

    @property
    def merges(self) -> bool:
        """See `Protocol.merges`."""
        return False

    def encoding(self, labelled: Labelled, feature_set: str) -> Encoding:
        """See `Protocol.encoding`: the dataset's own table, whatever was asked."""
        del feature_set
        return StudyEncoding(labelled, self.name)

    def split(self, labelled: Labelled, y: Classes, encoding: Encoding, seed: int) -> tuple[list[Rows], dict[str, Any]]:
        """See `Protocol.split`."""
        del labelled, encoding
        return shuffled(len(y), SHARES, seed), {}

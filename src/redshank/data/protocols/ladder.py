"""The way from a published figure to one that can be believed, one rung at a time.

In: a dataset with its own table. Out: parts under one rung; each rung takes away one more thing that a model may not
know. The one idea: the same model on every rung shows what its figure was made of. Text stays label-encoded and numbers
min-max scaled on all rows on every rung, as the studies do it, so that one thing changes at a time.

paper -> without time -> without addresses -> without ports -> without free text -> deduplicated -> grouped by devices
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from redshank.core.errors import ConfigError
from redshank.core.registry import alternatives
from redshank.data.clean import IDENTIFIERS, Classes
from redshank.data.dataset import Labelled
from redshank.data.encoding import Encoding, Rows, StudyEncoding
from redshank.data.grouping import HOST_PAIR, grouping
from redshank.data.protocol import SHARES, Protocol
from redshank.data.split import by_vector, shuffled
from redshank.data.spread import by_group

TIME = frozenset({"ts", "stime", "ltime", "date", "time", "timestamp", "pkseqid", "seq", "id", "flow id"})
ADDRESSES = frozenset(
    {"src_ip", "dst_ip", "saddr", "daddr", "srcip", "dstip", "src ip", "dst ip", "smac", "dmac", "src_mac", "dst_mac"}
)
PORTS = frozenset(
    {"src_port", "dst_port", "sport", "dport", "dsport", "src port", "dst port", "id.orig_p", "id.resp_p"}
)
RUNGS = ("paper", "time", "addresses", "ports", "strings", "deduplicated", "group")


@dataclass(frozen=True, kw_only=True)
class Ladder(Protocol):
    """One rung of the ladder.

    Args:
        rung: "paper", then without "time" (and the order of rows), "addresses", "ports", "strings" (every other
            identifier and free text), then "deduplicated", then "group". Each includes those before it.
        by: What groups are on the last rung.
    """

    name: ClassVar[str] = "ladder"

    rung: str = RUNGS[0]
    by: str = HOST_PAIR

    def __post_init__(self) -> None:
        """Check what can be checked without data."""
        if self.rung not in RUNGS:
            raise ConfigError(f"protocol ladder: rung: no '{self.rung}'; {alternatives(self.rung, RUNGS)}")

    @property
    def merges(self) -> bool:
        """Whether equal vectors become one: from the rung "deduplicated" on."""
        return RUNGS.index(self.rung) >= RUNGS.index("deduplicated")

    def encoding(self, labelled: Labelled, feature_set: str) -> Encoding:
        """See `Protocol.encoding`: the dataset's own table without what the rung takes away."""
        del feature_set
        height = RUNGS.index(self.rung)
        identifiers = {name.lower() for name in IDENTIFIERS | (labelled.own.identifiers if labelled.own else set())}
        taken = [TIME, ADDRESSES, PORTS, identifiers - TIME - ADDRESSES - PORTS][:height]
        names = labelled.raw.column_names if labelled.raw is not None else []
        drop = [name for name in names if any(name.strip().lower() in some for some in taken)]
        return StudyEncoding(labelled, self.name, drop)

    def split(self, labelled: Labelled, y: Classes, encoding: Encoding, seed: int) -> tuple[list[Rows], dict[str, Any]]:
        """See `Protocol.split`."""
        notes: dict[str, Any] = {"rung": self.rung}
        if not self.merges:
            return shuffled(len(y), SHARES, seed), notes
        if self.rung == "deduplicated":
            return by_vector(encoding.numbers(), y, np.arange(len(y)), SHARES, seed), notes
        groups = grouping(labelled, self.by)
        rows, counted = by_group(groups, encoding.numbers(), y, labelled.family, SHARES, seed)
        return rows, {**notes, **counted}

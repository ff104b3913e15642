"""No group of rows in two parts: how well a model does on devices that it has never seen.

In: a dataset that knows its devices or captures. Out: whole groups given to parts, so that classes are spread as evenly
as groups allow. The one idea: this is what happens at a deployment, and here most published figures fall.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from redshank.core.errors import ConfigError
from redshank.core.registry import alternatives
from redshank.data.clean import Classes
from redshank.data.dataset import Labelled
from redshank.data.encoding import Encoding, Rows
from redshank.data.grouping import HOST_PAIR, grouping
from redshank.data.protocol import SHARES, Lenient
from redshank.data.spread import by_group


@dataclass(frozen=True, kw_only=True)
class Group(Lenient):
    """No group in two parts.

    Args:
        by: What groups are: "host_pair", "source" (the address that spoke first), "capture", or a column of the
            dataset's own.
        test: Groups that are tested, separated by commas; the others make the other parts. Chosen by the seed if empty.
        seen: "drop" leaves a vector out that an earlier part holds, "keep" only counts it: other devices may say the
            same.
    """

    name: ClassVar[str] = "group"

    by: str = HOST_PAIR
    test: str = ""

    def split(self, labelled: Labelled, y: Classes, encoding: Encoding, seed: int) -> tuple[list[Rows], dict[str, Any]]:
        """See `Protocol.split`."""
        groups = grouping(labelled, self.by)
        wanted = [name.strip() for name in self.test.split(",") if name.strip()]
        strange = next((name for name in wanted if name not in groups.names), None)
        if strange is not None:
            some = alternatives(strange, sorted(groups.names)[:20])
            raise ConfigError(f"protocol group: test: {labelled.name} has no {self.by} '{strange}'; {some}")
        tested = [groups.names.index(name) for name in wanted]
        return by_group(groups, encoding.numbers(), y, labelled.family, SHARES, seed, tested)

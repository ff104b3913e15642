"""How far a shadow agrees with the champion: counts, their sum over runs, and the share with its interval.

In: flows that both judged, and who of the two raised an alarm, by family. Out: plain values that a store keeps. The one
idea: agreement means the same answer to "alarm or not"; that both raised one and named it otherwise is told apart,
because it changes what an analyst reads and not whether they are called.
Source: Wilson (1927) for the interval. It takes flows for independent; those of one device are not: it is too narrow.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959964


@dataclass(frozen=True)
class OfFamily:
    """Alarms of one family, counted under the champion's, or the shadow's where it alone raised one.

    Args:
        family: Its name.
        both: Both raised an alarm.
        renamed: Of these, how many the shadow calls otherwise.
        only_champion, only_shadow: One of the two did.
    """

    family: str
    both: int = 0
    renamed: int = 0
    only_champion: int = 0
    only_shadow: int = 0


@dataclass(frozen=True)
class Agreed:
    """A champion and a shadow on the same flows.

    Args:
        champion, shadow: Names of the bundles.
        champion_sha256, shadow_sha256: Digests of their graphs.
        flows: Flows that both judged, each once, at its end.
        families: By name; as many as the two bundles have classes at most.
    """

    champion: str
    shadow: str
    champion_sha256: str
    shadow_sha256: str
    flows: int = 0
    families: tuple[OfFamily, ...] = ()

    @property
    def pair(self) -> tuple[str, str]:
        """Which graphs were compared."""
        return self.champion_sha256, self.shadow_sha256

    @property
    def differing(self) -> int:
        """Flows on which one of the two alone raised an alarm."""
        return sum(one.only_champion + one.only_shadow for one in self.families)

    @property
    def share(self) -> float | None:
        """Share of the flows on which both said the same of "alarm or not"; None before the first flow."""
        return (self.flows - self.differing) / self.flows if self.flows else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its 95 % interval; None before the first flow."""
        return wilson(self.flows - self.differing, self.flows) if self.flows else None


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Example:
        >>> [round(end, 4) for end in wilson(9, 10)]
        [0.5958, 0.9821]
    """
    share, spread = hits / trials, Z_95**2 / trials
    middle = (share + spread / 2) / (1 + spread)
    half = Z_95 / (1 + spread) * sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))  # sums are rounded


def summed(some: Iterable[Agreed]) -> Agreed | None:
    """Add up what several runs counted of one pair; None if there is none."""
    found = list(some)
    if not found:
        return None
    counts: dict[str, Counter[str]] = {}
    for one in (row for agreed in found for row in agreed.families):
        counts.setdefault(one.family, Counter()).update(
            both=one.both, renamed=one.renamed, only_champion=one.only_champion, only_shadow=one.only_shadow
        )
    first = found[0]
    return Agreed(
        *(first.champion, first.shadow, *first.pair),
        sum(one.flows for one in found),
        tuple(OfFamily(family, **counts[family]) for family in sorted(counts)),
    )

"""Alerts that a person judged and that are like another one, and how they ended.

In: an alert, and others that were judged. Out: the likest, each with how like it is. The one idea: likeness is a share
that a person can reckon: of what either of two alerts tells, how much both tell, weighted by WEIGHTS. What neither
tells counts for nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from redshank.console.desk import Desk
from redshank.console.facts.reasons import about, reason
from redshank.core.records import Alert
from redshank.store.alerts import STATES, Filed
from redshank.store.search import Search

WEIGHTS = {"family": 0.3, "device": 0.15, "targets": 0.15, "ports": 0.15, "reasons": 0.25}
LEAST = 0.4
"""What is less like it is not shown."""
LOOKED_AT = 120
"""Judged alerts of the same family that are compared, the newest; of the same device half as many."""
SHOWN = 8


@dataclass(frozen=True)
class Like:
    """A judged alert that is like another one.

    Args:
        filed: The alert, and how it ended.
        likeness: 0 to 1.
        shared: What they have in common, in words.
    """

    filed: Filed
    likeness: float
    shared: str


def likest(desk: Desk, alert: Alert) -> list[Like]:
    """Return the judged alerts that are most like this one."""
    judged = Search(states=tuple(state for state in STATES if state != "open"))
    known = {
        filed.alert.id: filed
        for some, limit in (
            (replace(judged, families=(alert.family,)), LOOKED_AT),
            (replace(judged, devices=(alert.device,)), LOOKED_AT // 2),
        )
        for filed in desk.alerts.find(some, limit)
    }  # fmt: skip
    known.pop(alert.id, None)
    own = traits(alert)
    ranked = sorted((_like(own, filed) for filed in known.values()), key=lambda one: -one.likeness)
    return [one for one in ranked if one.likeness >= LEAST][:SHOWN]


def endings(like: Iterable[Like]) -> list[tuple[str, int]]:
    """Return how often they ended how, the most frequent first."""
    return Counter(one.filed.state for one in like).most_common()


def traits(alert: Alert) -> dict[str, frozenset[str]]:
    """Return what an alert tells, by the names in WEIGHTS."""
    return {
        "family": frozenset([alert.family]),
        "device": frozenset([alert.device]),
        "targets": frozenset(alert.targets),
        "ports": frozenset(f"{one.proto}/{one.dst_port}" for one in alert.evidence if one.dst_port is not None),
        "reasons": frozenset([*alert.rules, *(about(reason(text, {})) for text in alert.reasons)]),
    }


def likeness(one: dict[str, frozenset[str]], other: dict[str, frozenset[str]]) -> float:
    """Return how like two alerts are by their traits, 0 to 1."""
    told = [name for name in WEIGHTS if one[name] | other[name]]
    whole = sum(WEIGHTS[name] for name in told)
    return sum(WEIGHTS[name] * len(one[name] & other[name]) / len(one[name] | other[name]) for name in told) / whole


def _like(own: dict[str, frozenset[str]], filed: Filed) -> Like:
    other = traits(filed.alert)
    same = [name for name in WEIGHTS if own[name] and own[name] == other[name]]
    part = [name for name in WEIGHTS if name not in same and own[name] & other[name]]
    words = [*(f"same {name}" for name in same), *(f"some {name}" for name in part)]
    return Like(filed, likeness(own, other), ", ".join(words))


def how(weights: Sequence[tuple[str, float]] = tuple(WEIGHTS.items())) -> str:
    """Say how likeness is measured."""
    return ", ".join(f"{name} {100 * weight:.0f} %" for name, weight in weights)

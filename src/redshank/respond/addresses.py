"""What a ledger remembers of addresses: because of what actions against one have held, and until when it is let alone.

In: events of the journal, in order. Out: strikes, for who decides how long the next action is; allowances, which let
nothing be proposed. The one idea: what counts is the latest, of one address and of all, so that forged ones take no
more memory, and who has to make room while it still counts is counted.
"""

import time
from collections import Counter
from collections.abc import Container

from redshank.core.records import Action
from redshank.respond.chain import Event

TARGETS_KEPT = 20_000
"""Addresses of which strikes and allowances are kept."""
STRIKES_KEPT = 20
"""Strikes against one address that are kept, the latest: a ladder climbs no further."""


class Addresses:
    """Strikes and allowances, by canonical address.

    Attributes:
        forgotten: Strikes and allowances that counted and had to make room, since the journal was read first.
    """

    def __init__(self) -> None:
        self.forgotten: Counter[str] = Counter()
        self._strikes: dict[str, dict[str, str]] = {}
        self._allowed: dict[str, tuple[float, str]] = {}

    def strikes(self, target: str, refuted: Container[str] = ()) -> int:
        """Return how many actions against an address have held, but for those because of some alerts."""
        return sum(alert not in refuted for alert in self._strikes.get(target, {}).values())

    def struck(self, target: str) -> set[str]:
        """Return because of which alerts actions against an address have held."""
        return {alert for alert in self._strikes.get(target, {}).values() if alert}

    def allowed(self, target: str, now_s: float) -> str:
        """Return until when and by whom an address is allowed, in words, or ""."""
        until_s, by = self._allowed.get(target, (0.0, ""))
        return f"until {_when(until_s)} by {by}" if until_s > now_s else ""

    def allowances(self, now_s: float) -> list[tuple[str, float, str]]:
        """Return which addresses are allowed, until when and by whom, those allowed last first."""
        holding = ((target, until_s, by) for target, (until_s, by) in self._allowed.items() if until_s > now_s)
        return list(holding)[::-1]

    def strike(self, action: Action) -> None:
        """Note that an action holds."""
        against = self._strikes.pop(action.target, {})
        against[action.id] = action.alert
        if len(against) > STRIKES_KEPT:
            del against[next(iter(against))]
            self.forgotten["strikes"] += 1
        self._strikes[action.target] = against
        if len(self._strikes) > TARGETS_KEPT:
            self.forgotten["strikes"] += bool(self._strikes.pop(next(iter(self._strikes))))

    def absolve(self, action: Action) -> None:
        """Note that an action was a mistake."""
        self._strikes.get(action.target, {}).pop(action.id, None)

    def allow(self, target: str, event: Event) -> None:
        """Note until when an address is allowed, and by whom."""
        self._allowed.pop(target, None)
        self._allowed[target] = (event.until_s or 0.0, event.by)
        if len(self._allowed) > TARGETS_KEPT:
            until_s, _ = self._allowed.pop(next(iter(self._allowed)))
            self.forgotten["allowances"] += until_s > event.at_s


def _when(at_s: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(at_s))

"""Take back what was done because of alerts that an allowance covers.

In: allowances, the ledger, the store. Out: lines of the ledger, each with the author of the allowance and its reason.
The one idea: whether an action is to be taken back can be seen from what is in store and ledger, so it is asked again
whenever an allowance is given or an action proposed; whoever was killed half way leaves nothing that the next look
would not find, and what is taken back is no longer open, so it is taken back once.

An action is taken back if

- the policy proposed it because of an alert, whether or not a person approved it since: the allowance is the later
  word. What a person ordered by hand (`redshank respond block`) answers no alert, and stays;
- an allowance that holds covers that alert;
- and every alert of the device that is open is covered as well, and none is acknowledged or escalated: an alert that a
  person believes in is not silenced.

Nobody is let alone for it: what the allowance covers raises no alert, and for everything else the device is answered.
Nor is anything done again when an allowance ends.
"""

from collections.abc import Iterable

from redshank.alerts.allow import AllowList
from redshank.core.allowance import Allowance
from redshank.core.errors import ActionError
from redshank.respond.ledger import Ledger
from redshank.respond.responder import POLICY
from redshank.respond.states import OPEN, Entry
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances
from redshank.store.audit import Audit
from redshank.store.database import Database
from redshank.store.search import Search

UNSETTLED = ("open", "acknowledged", "escalated")
"""States of alerts that somebody may still answer."""
MOST = 500
"""Unsettled alerts of one device that are looked at; of one with more nothing is taken back."""


class TakingBack:
    """The looks of one service.

    Args:
        database: The store.
        ledger: Of the thread that looks.
    """

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database, self._ledger = database, ledger
        self._allowances, self._allow = Allowances(database), AllowList()
        self._stamp: int | None = None
        self._looked: set[str] = set()

    def look(self, now_s: float) -> list[Entry]:
        """Take back what allowances cover: of all open actions after a change of the allowances, else of new ones.

        Args:
            now_s: The time, s since the epoch.

        Raises:
            ActionError: If store or ledger cannot be read or written; the next look does what is left.
        """
        self._ledger.refresh()
        if (stamp := self._allowances.stamp()) != self._stamp:
            self._allow.replace(self._allowances.standing(now_s))
            self._looked, self._stamp = set(), stamp
        entries = self._ledger.open()
        done = take_back(
            self._database,
            self._ledger,
            self._allow,
            [entry for entry in entries if entry.action.id not in self._looked],
            now_s,
        )
        self._looked = {entry.action.id for entry in entries}
        return done


def take_back(
    database: Database, ledger: Ledger, allow: AllowList, entries: Iterable[Entry], now_s: float
) -> list[Entry]:
    """Take back those of some open actions that allowances cover, and note it in the audit.

    Args:
        database: The store.
        ledger: The ledger, as of a `refresh`.
        allow: What is allowed.
        entries: Open actions.
        now_s: The time, s since the epoch.

    Returns:
        What was taken back.

    Raises:
        ActionError: If the ledger cannot be written; what was taken back before is.
    """
    audit, done = Audit(database), list[Entry]()
    for entry, allowance in covered(Alerts(database), allow, entries, now_s):
        action = entry.action
        why = f"allowance {allowance.id}: {allowance.reason}"
        try:
            done.append(ledger.undo(action.id, allowance.author, now_s, why, allow_s=0))
        except ActionError:
            # Its time was over, or somebody else took it back, meanwhile.
            if ledger.find(action.id).state in OPEN:
                raise
            continue
        told = {"measure": action.measure, "target": action.target, "state": done[-1].state, "why": why, "allow_s": 0.0}
        audit.write(now_s, allowance.author, "action undone", action.id, told)
    return done


def covered(alerts: Alerts, allow: AllowList, entries: Iterable[Entry], now_s: float) -> list[tuple[Entry, Allowance]]:
    """Return those of some open actions that allowances cover, each with the one that does, without doing anything.

    Args:
        alerts: Of the store.
        allow: What is allowed.
        entries: Open actions.
        now_s: The time, s since the epoch.
    """
    ours = [entry for entry in entries if entry.action.by == POLICY and entry.action.alert]
    ids = tuple({entry.action.alert for entry in ours})
    filed = [one.alert for one in alerts.find(Search(ids=ids), len(ids))] if ids else []
    by = {one.id: found for one, found in zip(filed, allow.covering(filed, now_s), strict=True) if found}
    quiet = {
        device: _is_quiet(alerts, allow, device, now_s) for device in {one.device for one in filed if one.id in by}
    }
    devices = {one.id: one.device for one in filed}
    return [(one, by[one.action.alert]) for one in ours if one.action.alert in by and quiet[devices[one.action.alert]]]


def _is_quiet(alerts: Alerts, allow: AllowList, device: str, now_s: float) -> bool:
    """Tell whether no alert of a device is left that somebody may still answer, but for open ones that are covered."""
    unsettled = alerts.find(Search(devices=(device,), states=UNSETTLED), MOST)
    if len(unsettled) == MOST or any(one.state != "open" for one in unsettled):
        return False
    return all(allow.covering([one.alert for one in unsettled], now_s))

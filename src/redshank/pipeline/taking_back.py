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
    alerts, audit = Alerts(database), Audit(database)
    done: list[Entry] = []
    for entry in entries:
        action = entry.action
        if action.by != POLICY or not action.alert:
            continue
        allowance = _covering(alerts, allow, action.alert, now_s)
        if allowance is None:
            continue
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


def _covering(alerts: Alerts, allow: AllowList, name: str, now_s: float) -> Allowance | None:
    """Return the allowance because of which nothing is to be done about an alert's device, if there is one."""
    filed = alerts.get(name)
    if filed is None or allow.covers(filed.alert, now_s) is None:
        return None
    unsettled = alerts.find(Search(devices=(filed.alert.device,), states=UNSETTLED), MOST)
    if len(unsettled) == MOST or any(one.state != "open" for one in unsettled):
        return None
    by, *others = allow.covering([filed.alert, *(one.alert for one in unsettled)], now_s)
    return by if all(others) else None

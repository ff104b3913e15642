"""Take back what was done because of alerts that a person called false, or that an allowance covers.

In: what people made of alerts, allowances, the ledger, the store. Out: lines of the ledger, each with who called the
alert false, or gave the allowance, and why. The one idea: whether an action is to be taken back can be seen from what
is in store and ledger, so it is asked again whenever an alert is decided on, an allowance given or an action proposed;
whoever was killed half way leaves nothing that the next look would not find, and what is taken back is no longer open,
so it is taken back once.

An action is taken back if

- the policy proposed it because of an alert, whether or not a person approved it since: the decision about the alert is
  the later word. What a person ordered by hand (`redshank respond block`) answers no alert, and stays;
- that alert is called false, or an allowance that holds covers it;
- and every alert of the device that is open is covered as well, and none is acknowledged or escalated: an alert that a
  person believes in is not silenced, and one that nobody looked at yet speaks against the device. Once they are
  decided on, too, it is asked again. A device is an address here, as alerts name it.

Nobody is let alone for it: a device of which one alert was false is answered when it does something else, and what an
allowance covers raises no alert. Nor is anything done again by itself when an alert is opened again or an allowance
ends: if the alert grows, or is escalated, it is answered as any other. An action that was taken back is no offence for
the ladder, nor is one that was over before its alert was called false (`respond/responder.py`).

Who may decide about alerts may take actions back by hand, too (the role analyst, for pages and programs), so nobody
lifts more in this way than they could anyway.

What it costs: a service looks once a second at two numbers, the last of the allowances and the last of the audit. Only
if alerts were decided on or allowances given are all open actions looked at, which a breaker bounds; the number of
alerts in the store does not count.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from redshank.alerts.allow import AllowList
from redshank.core.allowance import Allowance
from redshank.core.errors import ActionError
from redshank.respond.ledger import Ledger
from redshank.respond.responder import POLICY
from redshank.respond.states import OPEN, Entry
from redshank.store.alerts import CHANGES, Alerts, Filed
from redshank.store.allowances import Allowances
from redshank.store.audit import Audit, Newest
from redshank.store.database import Database
from redshank.store.search import Search

FALSE_ALARM = "false_alarm"
UNSETTLED = ("open", "acknowledged", "escalated")
"""States of alerts that somebody may still answer."""
MOST = 500
"""Unsettled alerts of one device that are looked at; of one with more nothing is taken back."""
AT_ONCE = 100
"""Actions that one look takes back: each is written down durably, and who looks has alerts to answer in between."""


@dataclass(frozen=True)
class Gone:
    """An open action that nothing supports any more.

    Args:
        entry: The action.
        filed: The alert that it answered.
        allowance: What covers that alert; None: it is called false.
    """

    entry: Entry
    filed: Filed
    allowance: Allowance | None


@dataclass(frozen=True)
class Unfounded:
    """Open actions of the policy whose alerts are called false, or covered.

    Args:
        gone: Those that are to be taken back.
        kept: Those that stay because of other alerts of their devices.
    """

    gone: tuple[Gone, ...] = ()
    kept: tuple[Entry, ...] = ()


class TakingBack:
    """The looks of one service.

    Args:
        database: The store.
        ledger: Of the thread that looks.
    """

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database, self._ledger = database, ledger
        self._allowances, self._allow = Allowances(database), AllowList()
        self._decided = Newest(database, CHANGES)
        self._stamp: tuple[int, int] | None = None
        self._looked: set[str] = set()

    def look(self, now_s: float) -> list[Entry]:
        """Take back what nothing supports any more: of all open actions if something was decided, else of new ones.

        Of more than AT_ONCE the others are left to the next look.

        Args:
            now_s: The time, s since the epoch.

        Raises:
            ActionError: If store or ledger cannot be read or written; the next look does what is left.
        """
        self._ledger.refresh()
        if (stamp := (self._allowances.stamp(), self._decided.place())) != self._stamp:
            if self._stamp is None or stamp[0] != self._stamp[0]:
                self._allow.replace(self._allowances.standing(now_s))
            self._looked, self._stamp = set(), stamp
        entries = self._ledger.open()
        new = [entry for entry in entries if entry.action.id not in self._looked]
        found = unfounded(Alerts(self._database), self._allow, new, now_s)
        done = take_back(self._database, self._ledger, replace(found, gone=found.gone[:AT_ONCE]), now_s)
        self._looked = {entry.action.id for entry in entries} - {one.entry.action.id for one in found.gone[AT_ONCE:]}
        return done


def take_back(database: Database, ledger: Ledger, found: Unfounded, now_s: float) -> list[Entry]:
    """Take back what nothing supports any more, and note it in the audit.

    Args:
        database: The store.
        ledger: The ledger, as of a `refresh`.
        found: What `unfounded` found.
        now_s: The time, s since the epoch.

    Returns:
        What was taken back.

    Raises:
        ActionError: If the ledger cannot be written; what was taken back before is.
    """
    audit, done = Audit(database), list[Entry]()
    for one in found.gone:
        action = one.entry.action
        by, why = _word(audit, one)
        try:
            done.append(ledger.undo(action.id, by, now_s, why, allow_s=0))
        except ActionError:
            # Its time was over, or somebody else took it back, meanwhile.
            if ledger.find(action.id).state in OPEN:
                raise
            continue
        told = {"measure": action.measure, "target": action.target, "state": done[-1].state, "why": why, "allow_s": 0.0}
        audit.write(now_s, by, "action undone", action.id, told)
    return done


def unfounded(
    alerts: Alerts, allow: AllowList, entries: Iterable[Entry], now_s: float, supposed: Collection[str] = ()
) -> Unfounded:
    """Find those of some open actions whose alerts are called false, or covered, without doing anything.

    Args:
        alerts: Of the store.
        allow: What is allowed.
        entries: Open actions.
        now_s: The time, s since the epoch.
        supposed: Ids of alerts that are taken as called false, to tell what that would do.
    """
    ours = [entry for entry in entries if is_because(entry)]
    ids = {entry.action.alert for entry in ours}
    if not allow.snapshot():  # most alerts need not be read then
        ids = alerts.in_state(sorted(ids), FALSE_ALARM) | ids.intersection(supposed)
    if not ids:
        return Unfounded()
    filed = {one.alert.id: one for one in alerts.find(Search(ids=tuple(ids)), len(ids))}
    by = dict(zip(filed, allow.covering([one.alert for one in filed.values()], now_s), strict=True))
    false = {name for name, one in filed.items() if one.state == FALSE_ALARM or name in supposed}
    concerned = [entry for entry in ours if by.get(entry.action.alert) or entry.action.alert in false]
    device = {entry.action.id: filed[entry.action.alert].alert.device for entry in concerned}
    quiet = {one for one in set(device.values()) if _is_quiet(alerts, allow, one, now_s, supposed)}
    return Unfounded(
        tuple(
            Gone(entry, filed[entry.action.alert], by[entry.action.alert])
            for entry in concerned
            if device[entry.action.id] in quiet
        ),
        tuple(entry for entry in concerned if device[entry.action.id] not in quiet),
    )


def is_because(entry: Entry, alert: str = "") -> bool:
    """Tell whether the policy proposed an action because of an alert: of this one, or of any."""
    return entry.action.by == POLICY and bool(entry.action.alert) and alert in {"", entry.action.alert}


def _is_quiet(alerts: Alerts, allow: AllowList, device: str, now_s: float, supposed: Collection[str]) -> bool:
    """Tell whether no alert of a device is left that somebody may still answer, but for open ones that are covered."""
    search = Search(devices=(device,), states=UNSETTLED)
    if not set(alerts.ids(search, len(supposed) + 1)).difference(supposed):
        return True
    if not allow.snapshot():
        return False
    unsettled = alerts.find(search, MOST)
    left = [one for one in unsettled if one.alert.id not in supposed]
    if len(unsettled) == MOST or any(one.state != "open" for one in left):
        return False
    return all(allow.covering([one.alert for one in left], now_s))


def _word(audit: Audit, gone: Gone) -> tuple[str, str]:
    """Return who says that an action has no ground any more, and why."""
    if gone.allowance:
        return gone.allowance.author, f"allowance {gone.allowance.id}: {gone.allowance.reason}"
    name = gone.filed.alert.id
    said = next(iter(audit.entries(1, about=name, what=f"alert {FALSE_ALARM}")), None)
    why = str(said.detail.get("why", "")).strip() if said else ""
    return gone.filed.state_by, f"alert {name} is a false alarm{': ' if why else ''}{why}"

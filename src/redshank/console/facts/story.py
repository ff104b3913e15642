"""What an alert says, in sentences, and what happened to it, in order.

In: an alert and its revisions, what people and the service did. Out: sentences, and a list of events. The one idea: who
did what to whom, since when, how sure, stands before any figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from redshank.console.words import number_of
from redshank.core.records import Alert
from redshank.respond.states import Entry as Done
from redshank.store.audit import Entry
from redshank.store.comments import Comment

DEEDS = {
    "scanning": "looked for open services",
    "reconnaissance": "looked for open services",
    "probe": "looked for open services",
    "password": "guessed passwords",
    "dos": "flooded",
    "ddos": "took part in a flood",
    "injection": "sent commands hidden in requests",
    "xss": "planted scripts in pages",
    "mitm": "put itself between others",
    "backdoor": "kept a hidden way open",
    "c2": "reported to a controller",
    "botnet": "behaved like part of a botnet",
    "exfiltration": "sent data out",
    "theft": "sent data out",
    "ransomware": "behaved like ransomware",
    "unknown": "did something that no detector knows",
}
OTHERS = {"scanning": "on", "password": "of", "dos": "", "ddos": "against", "injection": "to", "xss": "of"}
"""What stands between a deed and whom it was done to; "toward" for the others."""
LEVELS = ((0.95, "very sure"), (0.8, "sure"), (0.5, "fairly sure"), (0.0, "not sure"))
NAMES = {"classifier": "the classifier", "anomaly": "the model of usual traffic", "signatures": "signature rules"}


@dataclass(frozen=True)
class Event:
    """Something that happened to an alert.

    Args:
        at_s: When, s since the epoch.
        kind: "told", "judged", "comment", "action" or "done".
        who: Who did it; "" for the sensor.
        what: In words; may hold what people wrote.
        note: More of it.
        packets: Whether the time is of packets; of a capture that is read later it is no time of the clock.
    """

    at_s: float
    kind: str
    who: str
    what: str
    note: str = ""
    packets: bool = False


def deed(alert: Alert) -> str:
    """Say what was done to whom."""
    did = DEEDS.get(alert.family, f"took part in an attack ({alert.family})")
    if not alert.targets:
        return did
    more = alert.target_count - 1
    whom = alert.targets[0] + (f" and {number_of(more, 'other')}" if more > 0 else "")
    between = OTHERS.get(alert.family, "toward")
    return " ".join(part for part in (did, between, whom) if part)


def how_sure(alert: Alert) -> str:
    """Say how sure whom is."""
    level = next(words for least, words in LEVELS if alert.score >= least)
    names = [NAMES.get(name, name) for name in alert.detectors]
    if not names:
        return f"{level} (score {alert.score:.2f})"
    verb = "say so" if len(names) > 1 or names == [NAMES["signatures"]] else "says so"
    together = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
    return f"{level} (score {alert.score:.2f}); {together} {verb}"


def events(
    revisions: Sequence[Alert], audit: Sequence[Entry], comments: Sequence[Comment], actions: Sequence[Done]
) -> list[Event]:
    """Return what happened to an alert, the earliest first.

    Args:
        revisions: As it was told, in order.
        audit: What people and the service did to it; comments are taken from `comments`.
        comments: What people wrote about it.
        actions: What was done because of it.
    """
    found = [
        Event(one.last_seen_s, "told", "", _told(one, place), f"{one.severity}, score {one.score:.2f}", packets=True)
        for place, one in enumerate(revisions)
    ]
    found += [
        Event(entry.at_s, "judged", entry.who, _judged(entry), str(entry.detail.get("why", "")))
        for entry in audit
        if entry.what != "alert commented"
    ]
    found += [Event(one.at_s, "comment", one.who, "wrote", one.text) for one in comments]
    found += [Event(one.action.at_s, "action", one.action.by, _proposed(one), one.action.reason) for one in actions]
    found += [
        Event(one.changed_s, "done", one.by, f"{one.action.measure.replace('_', ' ')} was {one.state}", one.note)
        for one in actions
        if one.state != "proposed"
    ]
    return sorted(found, key=lambda one: one.at_s)


def _told(alert: Alert, place: int) -> str:
    flows = number_of(alert.count, "flow")
    if alert.over and place:
        return f"over, after {flows}"
    return f"told again: {flows}" if place else f"told first: {flows}"


def _judged(entry: Entry) -> str:
    state = entry.what.removeprefix("alert ").replace("_", " ")
    was = str(entry.detail.get("was", "")).replace("_", " ")
    return f"{was} → {state}" if was else entry.what


def _proposed(done: Done) -> str:
    return f"{done.action.measure.replace('_', ' ')} of {done.action.target} proposed"

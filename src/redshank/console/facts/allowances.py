"""Allowances, what they kept quiet, and what a new one would.

In: the store. Out: allowances in the order in which a person wants them; for an alert, conditions that would have kept
it quiet, the narrowest first. The one idea: nobody allows blindly: what an allowance covers is shown beforehand.
"""

from dataclasses import dataclass

from redshank.alerts.allow import AllowList
from redshank.alerts.severity import SIGNATURES
from redshank.console.desk import Desk
from redshank.console.facts.responses import unsupported
from redshank.core.allowance import Allowance
from redshank.core.errors import ConfigError
from redshank.core.records import Alert
from redshank.pipeline.allowing import Effect, effect
from redshank.respond.states import Entry as Deed
from redshank.store.allowances import Given
from redshank.store.audit import Entry

STATES = ("in force", "over", "withdrawn")
LOOKED_AT = 400
"""Alerts, open and others each, that are looked at to tell what an allowance would do, while somebody waits."""


@dataclass(frozen=True)
class Suggestion:
    """Conditions that fit an alert.

    Args:
        name: In a word or two.
        terms: Conditions by name.
        about: What it means.
    """

    name: str
    terms: dict[str, str]
    about: str


@dataclass(frozen=True)
class Preview:
    """What an allowance would do.

    Args:
        allowance: The allowance.
        effect: On alerts in the store.
        taken_back: Actions that would be taken back.
        itself: Whether it covers the alert that it is made for; None: it is made for none.
    """

    allowance: Allowance
    effect: Effect
    taken_back: tuple[Deed, ...]
    itself: bool | None


def listed(desk: Desk) -> dict[str, list[Given]]:
    """Return all allowances by their state, those that changed last first."""
    now_s = desk.now_s()
    found: dict[str, list[Given]] = {state: [] for state in STATES}
    for one in desk.allowances.given():
        found[one.state(now_s)].append(one)
    return found


def told(desk: Desk, name: str) -> list[Entry]:
    """Return what the audit says of an allowance, the newest first."""
    return desk.audit.entries(20, about=name)


def suggestions(alert: Alert) -> list[Suggestion]:
    """Return conditions under which an alert would not have been told, the narrowest first."""
    device = {"device": alert.device} if alert.device else {}
    family = {"family": alert.family}
    ports = {str(one.dst_port) for one in alert.evidence if one.dst_port and one.proto in {"tcp", "udp"}}
    every_port = len(ports) == 1 and all(one.dst_port and one.proto in {"tcp", "udp"} for one in alert.evidence)
    port = {"port": next(iter(ports))} if every_port else {}
    found = []
    if alert.target_count == 1 and alert.targets:
        terms = {**device, "destination": alert.targets[0], **port, **family}
        found.append(Suggestion("just this", terms, "this device, toward this target, taken for this"))
    elif port and device:
        found.append(Suggestion("just this", {**device, **port, **family}, "this device, to this port, taken for this"))
    if device:
        found.append(
            Suggestion("device and family", {**device, **family}, "this device, taken for this, toward anybody")
        )
        if alert.detectors == (SIGNATURES,) and len(alert.rules) == 1:
            terms = {**device, "rule": alert.rules[0]}
            found.append(Suggestion("rule on this device", terms, "this device, where this rule alone is hit"))
    domains = {one.domain for one in alert.evidence}
    if len(domains) == 1 and (name := next(iter(domains))):
        terms = {**device, "domain": name.lower().strip(".")}
        found.append(Suggestion("this name", terms, "this device, asking for this name or one below it"))
    if device:
        found.append(Suggestion("whole device", device, "whatever this device does: it can be taken over unseen"))
    return [one for one in found if _can_be(one.terms)]


def _can_be(terms: dict[str, str]) -> bool:
    """Tell whether an allowance can have these conditions: what came over the wire may be anything."""
    port = int(terms["port"]) if "port" in terms else None
    texts = {name: text for name, text in terms.items() if name != "port"}
    try:
        Allowance.of("redshank", "a suggestion", 0.0, None, port=port, **texts)
    except ConfigError:
        return False
    return True


def preview(desk: Desk, allowance: Allowance, alert: Alert | None = None) -> Preview:
    """Tell what an allowance would do.

    Args:
        desk: The store.
        allowance: It need not be given.
        alert: The alert that it is made for, and that is called false with it.
    """
    found, now_s = effect(desk.alerts, allowance, LOOKED_AT), allowance.given_at_s
    itself = None if alert is None else AllowList([allowance]).covers(alert, now_s) is not None
    gone = unsupported(desk, () if alert is None else (alert.id,), allowance).gone
    return Preview(allowance, found, tuple(one.entry for one in gone), itself)

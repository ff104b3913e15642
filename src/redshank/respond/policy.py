"""What to do about an alert: a table, read from the top, and the first line that fits.

In: an alert, what is known of its device's past, the never-block list. Out: a decision: an action with its time to live
and whether a person must approve it first, or the reason why there is none. The one idea: nothing is read here but the
arguments, so that a person can tell in advance what the table will do, and a test can try it on everything.

What an alert rests on, each a word for the table:

| evidence | when |
|---|---|
| model | always |
| models | two or more detectors raised the alarm |
| signature | a rule was hit |
| repeated | the device did the same in several windows of the last day that nobody called false |
| analyst | a person confirmed it |

An address may be forged, to have somebody else blocked: where the kernel knows a device's link-layer address and its
flows came from another, nothing is done. An address of the internet comes through a gateway: where its flows came from
another link-layer address, a person must approve.

An alert that rests on one model alone blocks nothing by itself: whatever the table says, a person must approve, unless
`model_alone` is set.
"""

import math
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.core.records import FAMILY_NAME, MEASURES, SEVERITIES, Action, Alert
from redshank.respond.protected import Protected
from redshank.respond.target import address, canonical, is_mac, network

EVIDENCE = ("model", "models", "signature", "repeated", "analyst")
SIGNATURES = "signatures"
"""The detector whose verdicts are a rule's, not a model's."""
NOTHING, NOTIFY, ISOLATE = "nothing", "notify", "isolate"
CHOICES = (NOTHING, *MEASURES)
LADDER_S = (600.0, 3_600.0, 86_400.0, 604_800.0)
"""How long the first, second, third and every later action against one address holds: 10 min, 1 h, 24 h, 7 d."""
MOST_S = 30 * 86_400.0
"""No action holds longer: a mistake that nobody noticed must end."""
DAY_S = 86_400.0

Choice = Literal["nothing", "notify", "rate_limit", "block", "isolate"]


@dataclass(frozen=True)
class Rule:
    """One line of the table. What is empty fits everything.

    Args:
        measure: What to do: nothing, notify, rate_limit, block or isolate.
        family: Attack families that it is for.
        severity: Severities: low, medium, high, critical.
        evidence: Kinds of evidence of which the alert must have at least one.
        device: Classes of the device that acts, as respond.devices names them.
        ttl_s: How long the first action holds, in s, above 0 and at most 30 days; later ones climb the ladder.
        approval: Whether a person must approve it first.

    Raises:
        ConfigError: With every value that is not allowed.
    """

    measure: Choice
    family: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    device: tuple[str, ...] = ()
    ttl_s: float = LADDER_S[0]
    approval: bool = False

    def __post_init__(self) -> None:
        """Refuse what could never fit, or would hold forever."""
        problems = [
            f"respond.rules.{name}: {given!r} is not allowed; allowed are {', '.join(allowed)}"
            for name, values, allowed in (
                ("measure", (self.measure,), CHOICES),
                ("severity", self.severity, SEVERITIES),
                ("evidence", self.evidence, EVIDENCE),
            )
            for given in values
            if given not in allowed
        ]
        problems += [
            f"respond.rules.family: {given!r} is no name; use small letters, digits and underscores"
            for given in self.family
            if not FAMILY_NAME.fullmatch(given)
        ]
        if not 0 < self.ttl_s <= MOST_S:
            problems.append(
                f"respond.rules.ttl_s: {self.ttl_s} is not allowed; give seconds above 0, at most {MOST_S:.0f}"
            )
        if problems:
            raise ConfigError(problems)

    def fits(self, alert: Alert, evidence: frozenset[str], device_class: str) -> bool:
        """Tell whether the line is for this alert."""
        return (
            (not self.family or alert.family in self.family)
            and (not self.severity or alert.severity in self.severity)
            and (not self.evidence or not evidence.isdisjoint(self.evidence))
            and (not self.device or device_class in self.device)
        )


STRONG = ("models", "signature", "repeated", "analyst")
DEFAULT = (
    # Whose traffic was led astray is what such flows name: the victim.
    Rule("notify", family=("mitm",)),
    Rule("block", severity=("high", "critical"), evidence=STRONG),
    Rule("rate_limit", severity=("medium",), evidence=STRONG),
    Rule("block", severity=("high", "critical"), approval=True),
    Rule("notify"),
)
"""The table unless the settings give another. Where nothing fits, somebody is told."""


@dataclass(frozen=True)
class Policy:
    """The table and what goes with it.

    Args:
        rules: The table; the first line that fits counts.
        repeats: Windows with the same family after which evidence counts as repeated, at least 2.
        repeat_s: Within how long, in s, above 0.
        model_alone: Whether one model's word may act without a person.
        fresh_s: How long after its last flow an alert is answered, in s, above 0: later, as in an old log, the address
            may be another device's. A person who confirms the alert may be later.
        ladder_s: How long the first, second, ... action against one address holds at least, in s; each no shorter than
            the one before.
        devices: Addresses, networks and MACs by the name of a device class, for `Rule.device`.

    Raises:
        ConfigError: With every value that is not allowed.
    """

    rules: tuple[Rule, ...] = DEFAULT
    repeats: int = 3
    repeat_s: float = DAY_S
    model_alone: bool = False
    fresh_s: float = math.inf
    ladder_s: tuple[float, ...] = LADDER_S
    devices: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what would never end or never count."""
        problems = []
        if self.repeats < 2:
            problems.append(f"respond.repeats: {self.repeats} is not allowed; once is no repetition, give 2 or more")
        if not 0 < self.repeat_s < math.inf:
            problems.append(f"respond.repeat_s: {self.repeat_s} is not allowed; give seconds above 0")
        if not self.fresh_s > 0:
            problems.append(f"respond.fresh_s: {self.fresh_s} is not allowed; give seconds above 0, or inf")
        steps = self.ladder_s
        if not steps or list(steps) != sorted(steps) or not all(0 < step <= MOST_S for step in steps):
            problems.append(
                f"respond.ladder_s: {list(steps)} is no ladder; give one or more times in s, each at least the one "
                f"before, at most {MOST_S:.0f}"
            )
        for name, members in self.devices.items():
            for member in members:
                try:
                    network(member) if "/" in member else canonical(member)
                except ValueError as error:
                    problems.append(f"respond.devices.{name}: {error}")
        known = {name for rule in self.rules for name in rule.device} - set(self.devices)
        problems += [
            f"respond.rules.device: there is no class {name!r}; name its addresses in [respond.devices]"
            for name in sorted(known)
        ]
        if problems:
            raise ConfigError(problems)

    def device_class(self, targets: tuple[str, ...]) -> str:
        """Return the first class that holds one of a device's canonical addresses, or ""."""
        for name, members in self.devices.items():
            if any(_holds(member, target) for member in members for target in targets):
                return name
        return ""

    def ttl_s(self, first_s: float, strikes: int) -> float:
        """Return how long the next action holds.

        Args:
            first_s: What the rule says.
            strikes: Actions that held before, and count.

        Example:
            >>> [Policy().ttl_s(600, strikes) for strikes in (0, 1, 2, 3, 9)]
            [600, 3600.0, 86400.0, 604800.0, 604800.0]
        """
        return max(first_s, self.ladder_s[min(strikes, len(self.ladder_s) - 1)]) if strikes else first_s


@dataclass(frozen=True)
class History:
    """What is known of a device beside the alert.

    Args:
        repeats: Windows with this family that nobody called false, this one included.
        confirmed: Whether a person confirmed the alert.
        refuted: Whether a person called the alert false.
        strikes: Actions against the device that held before, but for those whose alerts a person called false.
        open: Hardest measure that is open against it, or "".
        allowed: Until when a person allows it, in words, or "".
    """

    repeats: int = 1
    confirmed: bool = False
    refuted: bool = False
    strikes: int = 0
    open: str = ""
    allowed: str = ""


@dataclass(frozen=True)
class Decision:
    """What is to be done about an alert.

    Args:
        outcome: "proposed", or why there is no action: nothing, notify, false_alarm, old, never_block, forged,
            allowed, already, no_address.
        words: The same for a person.
        action: The action, if any.
        approval: Whether a person must approve it.
    """

    outcome: str
    words: str
    action: Action | None = None
    approval: bool = False


def evidence_of(alert: Alert, policy: Policy, history: History) -> frozenset[str]:
    """Return what the alert rests on, in words of EVIDENCE."""
    found = {"model"}
    if len(set(alert.detectors)) > 1:
        found.add("models")
    if alert.rules or SIGNATURES in alert.detectors:
        found.add("signature")
    if history.repeats >= policy.repeats:
        found.add("repeated")
    if history.confirmed:
        found.add("analyst")
    return frozenset(found)


def decide(
    alert: Alert,
    policy: Policy,
    protected: Protected,
    now_s: float,
    *,
    macs: tuple[str, ...] = (),
    history: History | None = None,
) -> Decision:
    """Decide what to do about an alert.

    Args:
        alert: The alert; its device is hostile text.
        policy: The table.
        protected: The never-block list.
        now_s: The time, s since the epoch.
        macs: Link-layer addresses that the device's address is known under, and no other device's.
        history: What is known of the device.
    """
    history = history or History()
    try:
        device = canonical(alert.device)
    except ValueError:
        return Decision("no_address", f"{inert(alert.device[:40])!r} is no address")
    if is_mac(device):
        return Decision("no_address", f"{device} is a link-layer address; actions follow on the IP address of an alert")
    if history.refuted:
        return Decision("false_alarm", "a person called the alert false")
    evidence = evidence_of(alert, policy, history)
    rule = next((one for one in policy.rules if one.fits(alert, evidence, policy.device_class((device, *macs)))), None)
    measure = rule.measure if rule else NOTIFY
    if rule is None or measure in {NOTHING, NOTIFY}:
        return Decision(measure, f"the table says {measure}")
    if (age_s := now_s - alert.last_seen_s) > policy.fresh_s and not history.confirmed:
        return Decision("old", f"its last flow is {age_s / 3_600:.1f} h old: {device} may be another device's by now")
    if (reason := protected.why(device)) is not None:
        return Decision("never_block", f"{device} is protected: {reason}")
    if macs and (others := _senders(alert, device).difference(macs)):
        return Decision("forged", f"{device} is {', '.join(macs)}, and its flows came from {', '.join(sorted(others))}")
    if history.allowed:
        return Decision("allowed", f"{device} is allowed {history.allowed}")
    if history.open and MEASURES.index(history.open) >= MEASURES.index(measure):
        return Decision("already", f"{history.open} against {device} is open already")
    target = device
    if measure == ISOLATE and len(macs) == 1 and protected.why(macs[0]) is None:
        # A device has more addresses than the one that was seen. Forged answers may give it a protected MAC: then no.
        target = macs[0]
    alone = evidence == {"model"} and not policy.model_alone
    words = ", ".join(kind for kind in EVIDENCE if kind in evidence)
    inside = _inside(alert, device, protected) if not macs else []
    doubt = f"; sent by {', '.join(inside)}, which is no gateway's: is the address forged?" if inside else ""
    action = Action.of(
        *(measure, target, policy.ttl_s(rule.ttl_s, history.strikes)),
        f"{inert(alert.family)} by {device}, {alert.severity}, {alert.count} flows; evidence: {words}{doubt}",
        *("policy", now_s),
        alert=alert.id,
    )
    return Decision("proposed", action.reason, action, approval=rule.approval or alone or bool(inside))


def _inside(alert: Alert, device: str, protected: Protected) -> list[str]:
    """Return a few of the link-layer addresses, not ours nor a gateway's, that sent as an address of the internet."""
    if not address(device).is_global:
        return []
    return sorted(mac for mac in _senders(alert, device) if protected.why(mac) is None)[:3]


def _senders(alert: Alert, device: str) -> set[str]:
    """Return the link-layer addresses that the flows of a device came from: whoever forges its address has another."""
    found = set()
    for flow in alert.evidence:
        with suppress(ValueError):
            if flow.src_mac and canonical(flow.src_ip) == device:
                found.add(canonical(flow.src_mac))
    return found


def _holds(member: str, target: str) -> bool:
    if "/" not in member:
        return canonical(member) == target
    return not is_mac(target) and address(target) in network(member)

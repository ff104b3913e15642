"""How bad an alert is, and what to do about it.

In: family, score, number of flows and of targets of a group, and what the devices in it are worth. Out: one of
SEVERITIES, and a sentence or two that a plant operator can act on without knowing what a flow is. The one idea: the
table below is all there is, so that a person can tell in advance how an alert will be rated.

| rule | severity |
|---|---|
| start | that of the family in FAMILIES; OTHER for a family that is not there |
| at least 10 targets, or at least 100 flows | one step up |
| one flow, or fewer than 10 that one model alone speaks of; none with a score of 0.9 or more | one step down |
| family "unknown" | low, whatever the numbers: nobody knows yet what it is |
| the device or one of its targets is worth more than normal (`alerts/asset.py`) | high: one step up; critical: two |
| all of them are worth less | one step down |

Flows that a device sends within minutes are alike, so a model that is wrong about one is wrong about the next: a few
that it is not sure of say little more than one. That changes with a surer flow, a second detector, a rule, or ten.
"""

from collections.abc import Collection
from dataclasses import dataclass

from redshank.alerts.asset import NORMAL
from redshank.core.records import SEVERITIES

UNKNOWN = "unknown"
"""The family of flows that no known class fits."""
SIGNATURES = "signatures"
"""The detector whose alarms are a rule's word."""

WIDE_TARGETS = 10
MANY_FLOWS = 100
FEW_FLOWS = 10
WEAK_SCORE = 0.9


@dataclass(frozen=True)
class Response:
    """Where a family starts, and what a person does about it.

    Args:
        severity: One of SEVERITIES.
        measure: What to do; `{device}` and `{targets}` stand for addresses.
    """

    severity: str
    measure: str


FAMILIES = {
    "scanning": Response(
        "low",
        "Find out who runs {device}: a scan on purpose is announced. If nobody did, take it off the network and check "
        "it for malware; close the services on {targets} that nobody needs.",
    ),
    "password": Response(
        "medium",
        "{device} is guessing passwords on {targets}. Block {device} there, look for a login that succeeded, and "
        "change default passwords.",
    ),
    "dos": Response(
        "medium",
        "{device} is flooding {targets}. Check that {targets} still answers, limit or block traffic from {device} at "
        "the switch, then find out why it sends.",
    ),
    "ddos": Response(
        "high",
        "{device} takes part in a flood against {targets}. Block it at the switch and ask your network provider to "
        "filter; look for other devices of the same model with the same alert.",
    ),
    "injection": Response(
        "high",
        "{device} sends commands hidden in requests to {targets}. Block {device} there, check the logs of {targets} "
        "for commands that ran, and install its updates.",
    ),
    "xss": Response(
        "medium",
        "{device} plants scripts in web pages of {targets}. Do not open those pages as administrator; check their "
        "input fields and install updates.",
    ),
    "mitm": Response(
        "high",
        "{device} may be reading or changing traffic of {targets}. Compare the hardware addresses of the gateway and "
        "the controllers with your list, unplug {device}, and renew passwords used since.",
    ),
    "backdoor": Response(
        "high",
        "{device} keeps a hidden way in or out, to {targets}. Disconnect it, keep it powered for the investigation, "
        "and set it up anew from a clean image.",
    ),
    "c2": Response(
        "high",
        "{device} reports to {targets} as devices do that somebody else controls. Disconnect it, keep it powered for "
        "the investigation, look for others that talk to {targets}, and set it up anew from a clean image.",
    ),
    "exfiltration": Response(
        "high",
        "{device} may be sending data out, to {targets}. Block {targets} at the gateway, find out what {device} knows, "
        "and renew passwords and keys that it holds.",
    ),
    "ransomware": Response(
        "critical",
        "Disconnect {device} now; do not switch it off. Check that backups are offline and readable, and look for "
        "changed files on {targets}.",
    ),
    "attack": Response(
        "medium",
        "{device} behaves as devices under attack or in an attacker's hands do, toward {targets}. Check what it should "
        "be doing; if nobody knows, take it off the network.",
    ),
    UNKNOWN: Response(
        "low",
        "{device} does something that Redshank has never seen, toward {targets}. If it is new or was changed, this is "
        "expected: label it. If not, check it.",
    ),
}
OTHER = Response(
    "medium",
    "{device} takes part in an attack toward {targets}. Check what it should be doing; if nobody knows, take it off "
    "the network.",
)


def severity(
    family: str, *, score: float, count: int, targets: int, asset: int = NORMAL, detectors: Collection[str] = ()
) -> str:
    """Rate a group of flows by the table above.

    Args:
        family: Attack family, or "unknown".
        score: Highest calibrated score, 0 to 1.
        count: Flows in the group.
        targets: Distinct targets.
        asset: Place in `asset.VALUES` of the device or target that is worth most.
        detectors: Who raised the alarm, as far as is known.

    Example:
        >>> severity("scanning", score=0.99, count=500, targets=20)
        'medium'
    """
    step = SEVERITIES.index(FAMILIES.get(family, OTHER).severity)
    if family != UNKNOWN:
        step += targets >= WIDE_TARGETS or count >= MANY_FLOWS
        alone = len(detectors) == 1 and SIGNATURES not in detectors
        step -= score < WEAK_SCORE and count < (FEW_FLOWS if alone else 2)
    step += asset - NORMAL
    return SEVERITIES[min(max(step, 0), len(SEVERITIES) - 1)]


def measure(family: str, device: str, targets: tuple[str, ...], target_count: int) -> str:
    """Say what to do about it.

    Args:
        family: Attack family, or "unknown".
        device: Address of the device that acted.
        targets: Some of the addresses acted on, most important first.
        target_count: How many there are.

    Example:
        >>> measure("ransomware", "10.0.0.9", ("10.0.0.2", "10.0.0.3"), 7).split(". ")[-1]
        'Check that backups are offline and readable, and look for changed files on 10.0.0.2 and 6 others.'
    """
    first = targets[0] if targets else "its targets"
    others = target_count - 1
    where = first if others < 1 else f"{first} and {others} other{'s' if others > 1 else ''}"
    return FAMILIES.get(family, OTHER).measure.format(device=device or "The device", targets=where)

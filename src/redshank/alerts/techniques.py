"""Which techniques of MITRE ATT&CK fit an alert.

In: a family, and the ids that signature rules are tagged with. Out: technique ids, of the enterprise matrix first, then
of the matrix for industrial control systems (T0...), and their names. The one idea: what a flow can tell of, and no
more: a family of flows says what happens on the wire, not what an intruder wants. A rule knows better, so its ids come
before those of the family.
Source: MITRE ATT&CK (https://attack.mitre.org), from which the names are; enterprise as of version 17.0. Ids
of the ICS matrix were checked by name against a public list that tells no version.
"""

from collections.abc import Iterable

MOST_OF_EACH = 8
"""Ids of one matrix that an alert names: several rules may have hit."""

_SCANNING = (
    "T1046",
    "T1595.001",
    "T0846",
    "T0888",
)
_CONTROL = (
    "T1071",
    "T1095",
    "T1571",
    "T0869",
    "T0885",
)
_THEFT = (
    "T1041",
    "T1048",
    "T0882",
)
TECHNIQUES = {
    "scanning": _SCANNING,
    "reconnaissance": _SCANNING,
    "probe": _SCANNING,
    "password": (
        "T1110",
        "T0812",
        "T0859",
    ),
    "dos": (
        "T1498.001",
        "T1499",
        "T0814",
    ),
    "ddos": (
        "T1498",
        "T0814",
    ),
    "injection": (
        "T1190",
        "T1059",
        "T0819",
        "T0866",
    ),
    "xss": (
        "T1189",
        "T1059.007",
        "T0817",
    ),
    "mitm": (
        "T1557",
        "T0830",
    ),
    "backdoor": _CONTROL,
    "c2": _CONTROL,
    "botnet": _CONTROL,
    "exfiltration": _THEFT,
    "theft": _THEFT,
    "ransomware": (
        "T1486",
        "T0826",
        "T0828",
    ),
}
"""By family. Of "attack" and "unknown" there is nothing to say."""

NAMES = {
    "T0812": "Default Credentials",
    "T0814": "Denial of Service",
    "T0817": "Drive-by Compromise",
    "T0819": "Exploit Public-Facing Application",
    "T0826": "Loss of Availability",
    "T0828": "Loss of Productivity and Revenue",
    "T0830": "Adversary-in-the-Middle",
    "T0846": "Remote System Discovery",
    "T0859": "Valid Accounts",
    "T0866": "Exploitation of Remote Services",
    "T0867": "Lateral Tool Transfer",
    "T0869": "Standard Application Layer Protocol",
    "T0882": "Theft of Operational Information",
    "T0883": "Internet Accessible Device",
    "T0885": "Commonly Used Port",
    "T0886": "Remote Services",
    "T0888": "Remote System Information Discovery",
    "T1018": "Remote System Discovery",
    "T1021": "Remote Services",
    "T1021.002": "Remote Services: SMB/Windows Admin Shares",
    "T1040": "Network Sniffing",
    "T1041": "Exfiltration Over C2 Channel",
    "T1046": "Network Service Discovery",
    "T1048": "Exfiltration Over Alternative Protocol",
    "T1059": "Command and Scripting Interpreter",
    "T1059.007": "Command and Scripting Interpreter: JavaScript",
    "T1071": "Application Layer Protocol",
    "T1071.004": "Application Layer Protocol: DNS",
    "T1095": "Non-Application Layer Protocol",
    "T1102": "Web Service",
    "T1105": "Ingress Tool Transfer",
    "T1110": "Brute Force",
    "T1133": "External Remote Services",
    "T1189": "Drive-by Compromise",
    "T1190": "Exploit Public-Facing Application",
    "T1219": "Remote Access Tools",
    "T1486": "Data Encrypted for Impact",
    "T1498": "Network Denial of Service",
    "T1498.001": "Network Denial of Service: Direct Network Flood",
    "T1498.002": "Network Denial of Service: Reflection Amplification",
    "T1499": "Endpoint Denial of Service",
    "T1499.002": "Service Exhaustion Flood",
    "T1557": "Adversary-in-the-Middle",
    "T1557.002": "Adversary-in-the-Middle: ARP Cache Poisoning",
    "T1567": "Exfiltration Over Web Service",
    "T1568": "Dynamic Resolution",
    "T1570": "Lateral Tool Transfer",
    "T1571": "Non-Standard Port",
    "T1572": "Protocol Tunneling",
    "T1573": "Encrypted Channel",
    "T1590": "Gather Victim Network Information",
    "T1595": "Active Scanning",
    "T1595.001": "Active Scanning: Scanning IP Blocks",
}
"""Of the techniques that families and the rules of the package name."""


def techniques(family: str, of_rules: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the ids that fit a family, none where it is too wide or not known, and those of rules, each once.

    Args:
        family: Attack family.
        of_rules: Ids that rules are tagged with, the most important first.

    Example:
        >>> techniques("mitm", ["T1557.002"])
        ('T1557.002', 'T1557', 'T0830')
    """
    found = list(dict.fromkeys([*of_rules, *TECHNIQUES.get(family, ())]))
    industrial = [one for one in found if one.startswith("T0")]
    enterprise = [one for one in found if not one.startswith("T0")]
    return (*enterprise[:MOST_OF_EACH], *industrial[:MOST_OF_EACH])

"""Which techniques of MITRE ATT&CK fit a family.

In: a family. Out: technique ids, of the enterprise matrix first, then of the matrix for industrial control systems
(T0...). The one idea: what a flow can tell of, and no more: a family of flows says what happens on the wire, not what
an intruder wants. A signature rule may know better; its ids stand in its reason.
Source: MITRE ATT&CK (https://attack.mitre.org), whose names stand beside the ids; enterprise as of version 17.0. Ids
of the ICS matrix were checked by name against a public list that tells no version.
"""

_SCANNING = (
    "T1046",  # Network Service Discovery
    "T1595.001",  # Active Scanning: Scanning IP Blocks
    "T0846",  # Remote System Discovery
    "T0888",  # Remote System Information Discovery
)
_CONTROL = (
    "T1071",  # Application Layer Protocol
    "T1095",  # Non-Application Layer Protocol
    "T1571",  # Non-Standard Port
    "T0869",  # Standard Application Layer Protocol
    "T0885",  # Commonly Used Port
)
_THEFT = (
    "T1041",  # Exfiltration Over C2 Channel
    "T1048",  # Exfiltration Over Alternative Protocol
    "T0882",  # Theft of Operational Information
)
TECHNIQUES = {
    "scanning": _SCANNING,
    "reconnaissance": _SCANNING,
    "probe": _SCANNING,
    "password": (
        "T1110",  # Brute Force
        "T0812",  # Default Credentials
        "T0859",  # Valid Accounts
    ),
    "dos": (
        "T1498.001",  # Network Denial of Service: Direct Network Flood
        "T1499",  # Endpoint Denial of Service
        "T0814",  # Denial of Service
    ),
    "ddos": (
        "T1498",  # Network Denial of Service
        "T0814",  # Denial of Service
    ),
    "injection": (
        "T1190",  # Exploit Public-Facing Application
        "T1059",  # Command and Scripting Interpreter
        "T0819",  # Exploit Public-Facing Application
        "T0866",  # Exploitation of Remote Services
    ),
    "xss": (
        "T1189",  # Drive-by Compromise
        "T1059.007",  # Command and Scripting Interpreter: JavaScript
        "T0817",  # Drive-by Compromise
    ),
    "mitm": (
        "T1557",  # Adversary-in-the-Middle
        "T0830",  # Adversary-in-the-Middle
    ),
    "backdoor": _CONTROL,
    "c2": _CONTROL,
    "botnet": _CONTROL,
    "exfiltration": _THEFT,
    "theft": _THEFT,
    "ransomware": (
        "T1486",  # Data Encrypted for Impact
        "T0826",  # Loss of Availability
        "T0828",  # Loss of Productivity and Revenue
    ),
}
"""By family. Of "attack" and "unknown" there is nothing to say."""


def techniques(family: str) -> tuple[str, ...]:
    """Return the ids that fit a family; none where it is too wide, or not known.

    Example:
        >>> techniques("mitm")
        ('T1557', 'T0830')
    """
    return TECHNIQUES.get(family, ())

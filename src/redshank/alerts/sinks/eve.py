r"""Append alerts to a file as Suricata would: EVE JSON, one object per line.

In: an Alert. Out: one line that a reader of Suricata's eve.json takes without being told of Redshank. The one idea:
nothing stands at the top level that Suricata does not have; what is ours goes into `alert.metadata`, where rules keep
their own keys, as lists of strings.

The address pair, the time and `flow_p_value` are those of the first flow of evidence. A line is ASCII, with every
control character escaped, and is written by a single append, so that two writers never mix lines and log rotation needs
no signal: the file is opened anew for each alert. What a crash left of a last line is ended first, and a revision of an
alert that stands there already is not written again: it came back because the crash was before it was noted as
delivered.
Source: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html; categories are the descriptions in
Suricata's classification.config; signature numbers are from the range for local use (https://sidallocation.org/).
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from redshank.alerts.message import cut, moment
from redshank.alerts.sink import Sink
from redshank.core.errors import ConfigError, DeliveryError
from redshank.core.files import append_line, has_line
from redshank.core.records import Alert, Evidence

SEVERITY = {"critical": 1, "high": 1, "medium": 2, "low": 3}

# Numbers never change once used: people filter by them.
SIGNATURES = {
    "scanning": (1_970_001, "Detection of a Network Scan"),
    "password": (1_970_002, "Attempted User Privilege Gain"),
    "dos": (1_970_003, "Attempted Denial of Service"),
    "ddos": (1_970_004, "Attempted Denial of Service"),
    "injection": (1_970_005, "Web Application Attack"),
    "xss": (1_970_006, "Web Application Attack"),
    "mitm": (1_970_007, "Potentially Bad Traffic"),
    "backdoor": (1_970_008, "A Network Trojan was detected"),
    "ransomware": (1_970_009, "A Network Trojan was detected"),
    "attack": (1_970_010, "Misc Attack"),
    "unknown": (1_970_011, "Unknown Traffic"),
    "c2": (1_970_012, "Malware Command and Control Activity Detected"),
    "exfiltration": (1_970_013, "Attempted Information Leak"),
}
OTHER = (1_970_000, "Misc Attack")

ICMP_ERRORS = {"ICMP": {3, 4, 5, 11, 12}, "IPv6-ICMP": {1, 2, 3, 4}}
"""Types (RFC 792, RFC 4443) of which a flow's second port is the code; of a request it is the type that answers."""


@dataclass(frozen=True)
class Eve(Sink):
    """Append each alert to a file in Suricata's EVE format.

    Args:
        path: File to append to; created if absent. Its folder must exist.

    Raises:
        ConfigError: If something else than a file is there.
    """

    path: Path
    recognises: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Look before the first alert comes."""
        if self.path.exists() and not self.path.is_file():
            raise ConfigError(f"eve: '{self.path}' is a folder, a device or a pipe; name a file to append alerts to")

    def deliver(self, alert: Alert) -> None:
        """Append one line, if it is not among the last that are there.

        Raises:
            DeliveryError: If the file cannot be written, is no regular file, or the disk took only part of the line.
        """
        try:
            append_line(self.path, to_line(alert), unless=lambda tail: _holds(tail, alert))
        except OSError as error:
            raise DeliveryError(
                f"eve: alert {alert.id} not appended to '{self.path}' ({error.strerror}); see that the disk has "
                "room and that the file may be written"
            ) from None

    def problem(self) -> str:
        """Say why the file cannot be appended to."""
        path, folder = self.path, self.path.parent
        if path.exists():
            return (
                "" if os.access(path, os.W_OK) else f"path: '{path}' may not be written; name a file that you may write"
            )
        if not folder.is_dir():
            return f"path: there is no folder '{folder}'; make it, or name a file in another"
        well = os.access(folder, os.W_OK | os.X_OK)
        return "" if well else f"path: nothing may be written to folder '{folder}'; name a file in another"

    def close(self) -> None:
        """Do nothing: no file stays open between alerts."""


def _holds(tail: bytes, alert: Alert) -> bool:
    """Tell whether this revision of the alert is there already, as a whole line."""
    wanted = f'"redshank_id": {json.dumps([cut(alert.id)])}, "revision": ["{alert.revision}"]'.encode()
    return has_line(tail, wanted, b"}}}")


def to_line(alert: Alert) -> bytes:
    """Return the alert as one line of EVE JSON, newline included."""
    number, category = SIGNATURES.get(alert.family, OTHER)
    flow = alert.evidence[0] if alert.evidence else None
    event: dict[str, Any] = {"timestamp": _time(flow.ts_s if flow else alert.first_seen_s)}
    if flow:
        event["flow_id"] = int.from_bytes(hashlib.sha256(flow.uid.encode(errors="replace")).digest()[:8]) >> 12
    event["event_type"] = "alert"
    event |= _tuple(flow) if flow else {"src_ip": cut(alert.device)}
    event["alert"] = {
        "action": "allowed",
        "gid": 1,
        "signature_id": number,
        "rev": 1,
        "signature": cut(f"REDSHANK {alert.family} by {alert.device or 'a device without address'}"),
        "category": category,
        "severity": SEVERITY[alert.severity],
        "metadata": _metadata(alert, flow),
    }
    # json escapes what lies below 0x20 and above 0x7e, but not DEL.
    return (json.dumps(event).replace("\x7f", "\\u007f") + "\n").encode("ascii")


def _tuple(flow: Evidence) -> dict[str, Any]:
    proto = flow.proto.upper()
    fields: dict[str, Any] = {"src_ip": cut(flow.src_ip) or None, "dest_ip": cut(flow.dst_ip) or None}
    if proto in {"TCP", "UDP"}:
        fields |= {"src_port": flow.src_port, "dest_port": flow.dst_port, "proto": proto}
    elif proto == "ICMP":
        proto = "IPv6-ICMP" if ":" in flow.src_ip else "ICMP"
        code = flow.dst_port if flow.src_port in ICMP_ERRORS[proto] else None
        fields |= {"proto": proto, "icmp_type": flow.src_port, "icmp_code": code}
    fields["community_id"] = cut(flow.community_id) if flow.community_id else None
    order = ("src_ip", "src_port", "dest_ip", "dest_port", "proto", "icmp_type", "icmp_code", "community_id")
    return {name: fields[name] for name in order if fields.get(name) is not None}


def _metadata(alert: Alert, flow: Evidence | None) -> dict[str, list[str]]:
    return {
        "redshank_id": [cut(alert.id)],
        "revision": [str(alert.revision)],
        "over": ["true" if alert.over else "false"],
        "family": [cut(alert.family)],
        "redshank_severity": [alert.severity],
        "device": [cut(alert.device)],
        "targets": [cut(target) for target in alert.targets],
        "target_count": [str(alert.target_count)],
        "count": [str(alert.count)],
        "score": [f"{alert.score:.6f}"],
        **({"flow_p_value": [repr(flow.p_value)]} if flow and flow.p_value is not None else {}),
        "first_seen": [_time(alert.first_seen_s)],
        "last_seen": [_time(alert.last_seen_s)],
        "detectors": [cut(name) for name in alert.detectors],
        "rules": [cut(rule) for rule in alert.rules],
        "reasons": [cut(reason) for reason in alert.reasons],
        "techniques": [cut(technique) for technique in alert.techniques],
        "measure": [cut(alert.measure)],
        "bundle": [cut(alert.bundle)],
    }


def _time(seconds: float) -> str:
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")

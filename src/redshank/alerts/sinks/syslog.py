r"""Send alerts to a syslog server: RFC 5424, over UDP, TCP or TLS.

In: an Alert. Out: one message whose structured data hold the alert, and whose text is a line for a person or in
ArcSight's Common Event Format (CEF). Over TCP and TLS a message is counted, never ended by a newline, so nothing in it
can pass for another. Syslog servers answer nothing; but they close a link that was ended only after they read all of
it. So an alert has arrived when the server closes, and nothing is lost in a link that broke. Over UDP nobody can tell.

Source: RFC 5424 (format), RFC 6587 section 3.4.1 (octet counting), RFC 5425 (TLS), RFC 5426 (UDP); the enterprise
number of RFC 5612 stands for none; CEF: ArcSight Common Event Format Implementation Standard, version 0.
"""

import ipaddress
import os
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from redshank import __version__
from redshank.alerts import peer
from redshank.alerts.message import cut, headline, moment
from redshank.alerts.sink import Sink
from redshank.core.errors import DeliveryError
from redshank.core.inert import inert
from redshank.core.records import Alert, Evidence

SEVERITIES = {"critical": 2, "high": 3, "medium": 4, "low": 5}
CEF_SEVERITIES = {"critical": 10, "high": 8, "medium": 6, "low": 3}
PORTS = {"udp": 514, "tcp": 514, "tls": 6514}
FACILITIES = 24
MOST_CHARACTERS = 128  # of one value: a datagram should stay below what every receiver takes (RFC 5426 section 3.2)


@dataclass(frozen=True)
class Syslog(Sink):
    """Send each alert as a message.

    Args:
        host: Name or address of the server.
        transport: "udp", "tcp" or "tls".
        port: 1 to 65535; 514, with TLS 6514, if absent.
        format: What the text of a message is: "text" for a person, or "cef".
        facility: 0 to 23; 16 is local0.
        enterprise: Private enterprise number in the name of the structured data; 32473 is kept for examples.
        ca_file: Certificates that are trusted, in PEM format; those of the system if absent.
        certificate_file: Our own certificate, for servers that ask for one.
        key_file: Its key, if that is in another file.
        timeout_s: Seconds that a delivery may take, 0.1 to 60.
        may_repeat: Whether a message that may have arrived is sent again; else the alert is a dead letter.

    Raises:
        ConfigError: If a setting is not allowed.
    """

    host: str
    transport: Literal["udp", "tcp", "tls"] = "udp"
    port: int | None = None
    format: Literal["text", "cef"] = "text"
    facility: int = 16
    enterprise: int = 32_473
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    timeout_s: float = 5.0
    may_repeat: bool = True

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        problems = peer.host_problems(self.host, self._port()) + peer.time_problems(self.timeout_s)
        if not 0 <= self.facility < FACILITIES:
            problems.append(f"facility: {self.facility} is none; allowed are 0 to {FACILITIES - 1}")
        if self.enterprise < 0:
            problems.append(f"enterprise: {self.enterprise} is no number of an enterprise; give one from 0 on")
        if self.transport == "tls":
            problems += peer.tls_problems(self.ca_file, self.certificate_file, self.key_file)
        peer.refuse("syslog", problems)

    def deliver(self, alert: Alert) -> None:
        """Send one message.

        Raises:
            DeliveryError: If the server cannot be reached, or over TCP and TLS did not take it in time.
        """
        message = to_message(alert, self.facility, self.enterprise, cef=self.format == "cef")
        deadline = peer.Deadline(self.timeout_s)
        try:
            with deadline:
                if self.transport == "udp":
                    self._send_datagram(message)
                else:
                    self._send_counted(message, deadline)
        except OSError as error:
            raise DeliveryError(
                f"syslog: alert {alert.id} not sent to {self.host}:{self._port()} over {self.transport} "
                f"({peer.reason(error)}); see that the server runs and takes {self.transport} there",
                in_doubt=deadline.given,
            ) from None

    def problem(self) -> str:
        """Say why the host cannot be reached from here."""
        return peer.family_problem(self.host)

    def unreached(self) -> str:
        """Say why no link to the host can be made; over UDP, why it has no address."""
        return peer.unreached(self.host, self._port(), self.timeout_s, datagrams=self.transport == "udp")

    def close(self) -> None:
        """Do nothing: no link stays open between alerts."""

    def _port(self) -> int:
        return PORTS[self.transport] if self.port is None else self.port

    def _send_datagram(self, message: bytes) -> None:
        family, kind, number, _, address = socket.getaddrinfo(self.host, self._port(), type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, number) as link:
            link.settimeout(self.timeout_s)
            link.connect(address)
            link.send(message)
            # A machine that is there and takes no syslog may have said so already.
            if error := link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(error, os.strerror(error))

    def _send_counted(self, message: bytes, deadline: peer.Deadline) -> None:
        context = peer.tls(self.ca_file, self.certificate_file, self.key_file) if self.transport == "tls" else None
        with deadline.open(self.host, self._port(), context) as link:
            deadline.given = True
            link.sendall(f"{len(message)} ".encode() + message)
            if isinstance(link, ssl.SSLSocket):
                # Without a goodbye of its own the server has closed, which is as good.
                with suppress(ssl.SSLEOFError, ssl.SSLZeroReturnError):
                    link.unwrap()
            else:
                link.shutdown(socket.SHUT_WR)
                while link.recv(4_096):
                    continue
            if deadline.over():
                raise TimeoutError


def to_message(alert: Alert, facility: int, enterprise: int, *, cef: bool = False) -> bytes:
    """Return the alert as RFC 5424 writes it, without the frame of a transport."""
    at = moment(alert.last_seen_s).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    name = "".join(c for c in socket.gethostname() if "!" <= c <= "~")[:255] or "-"
    head = f"<{facility * 8 + SEVERITIES[alert.severity]}>1 {at} {name} redshank {os.getpid()} alert"
    data = "".join(f' {key}="{_value(text)}"' for key, text in _parameters(alert).items() if text)
    text = _cef(alert) if cef else f"{headline(alert, MOST_CHARACTERS)}: {inert(cut(alert.measure, 300))}"
    return f"{head} [redshank@{enterprise}{data}] {text}".encode("ascii", errors="backslashreplace")


def _parameters(alert: Alert) -> dict[str, str]:
    flow = alert.evidence[0] if alert.evidence else None
    return {
        "id": alert.id,
        "revision": str(alert.revision),
        "over": "true" if alert.over else "false",
        "family": alert.family,
        "severity": alert.severity,
        "device": alert.device,
        "target": (alert.targets or ("",))[0],
        "targetCount": str(alert.target_count),
        "count": str(alert.count),
        "score": f"{alert.score:.6f}",
        "firstSeen": moment(alert.first_seen_s).isoformat(),
        "lastSeen": moment(alert.last_seen_s).isoformat(),
        "detectors": ",".join(alert.detectors),
        "rules": ",".join(alert.rules),
        "techniques": ",".join(alert.techniques),
        "communityId": (flow.community_id or "") if flow else "",
        "flowPValue": _p_value(flow),
        "bundle": alert.bundle,
    }


def _p_value(flow: Evidence | None) -> str:
    return f"{flow.p_value:.6f}" if flow and flow.p_value is not None else ""


def _value(text: str) -> str:
    """Escape a value of structured data (RFC 5424 section 6.3.3)."""
    return "".join(f"\\{c}" if c in '"\\]' else c for c in inert(cut(text, MOST_CHARACTERS)))


def _cef(alert: Alert) -> str:
    flow = alert.evidence[0] if alert.evidence else None
    fields = {
        "rt": str(int(moment(alert.last_seen_s).timestamp() * 1_000)),
        "start": str(int(moment(alert.first_seen_s).timestamp() * 1_000)),
        "externalId": f"{alert.id}-{alert.revision}",
        "cnt": str(alert.count),
        "cat": alert.family,
        **_address(alert.device, "src", "c6a2"),
        **_address((alert.targets or ("",))[0], "dst", "c6a3"),
        "proto": flow.proto.upper() if flow else "",
        "dpt": str(flow.dst_port or "") if flow else "",
        "cs1Label": "device",
        "cs1": alert.device,
        "cs2Label": "techniques",
        "cs2": ",".join(alert.techniques),
        "cs3Label": "rules",
        "cs3": ",".join(alert.rules),
        **({"cfp1Label": "flowPValue", "cfp1": p_value} if (p_value := _p_value(flow)) else {}),
        "msg": alert.measure,
    }
    extension = " ".join(f"{name}={_escaped(text, '=')}" for name, text in fields.items() if text)
    head = ("CEF:0", "Redshank", "redshank", __version__, alert.family, headline(alert, MOST_CHARACTERS))
    words = [_escaped(text, "|") for text in head]
    return "|".join([*words, str(CEF_SEVERITIES[alert.severity]), extension])


def _address(text: str, name4: str, name6: str) -> dict[str, str]:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return {}
    if address.version == 4:
        return {name4: text}
    return {f"{name6}Label": "Source IPv6 Address" if name6 == "c6a2" else "Destination IPv6 Address", name6: text}


def _escaped(text: str, special: str) -> str:
    return "".join(f"\\{c}" if c in ("\\", special) else c for c in inert(cut(text, MOST_CHARACTERS)))

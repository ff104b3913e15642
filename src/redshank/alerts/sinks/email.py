"""Send alerts by e-mail.

In: an Alert. Out: one message, handed to a mail server that answers for it from then on. Headers and text are ASCII
with everything that could begin a header or steer a terminal written as an escape. `Message-ID` names the revision of
the alert, so a message that was sent twice is seen as one; later revisions refer to the first, to stand below it.
Source: RFC 5321 (when a server has taken a message), RFC 3207 (STARTTLS), RFC 8314 (TLS from the beginning), RFC 5322.
"""

import logging
import re
import smtplib
import socket
import ssl
from collections import Counter
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

from redshank.alerts import peer
from redshank.alerts.message import cut, headline, mark, moment, rarity
from redshank.alerts.sink import Sink
from redshank.core.errors import ConfigError, DeliveryError
from redshank.core.inert import inert
from redshank.core.records import Alert

PORTS = {"starttls": 587, "tls": 465, "none": 25}
_ADDRESS = re.compile(r"[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]{1,64}@[0-9A-Za-z.-]{1,253}")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Email(Sink):
    """Send each alert as a message.

    Args:
        host: Name or address of the mail server.
        sender: Address that messages come from.
        recipients: Addresses that they go to.
        security: "starttls", "tls" from the beginning, or "none".
        port: 1 to 65535; 587, 465 or 25 by the security, if absent.
        user: Name to log in with; nobody logs in if empty.
        password_file: File with the password.
        password_env: Environment variable with the password.
        ca_file: Certificates that are trusted, in PEM format; those of the system if absent.
        timeout_s: Seconds that a delivery may take, 0.1 to 60.
        may_repeat: Whether a message that may have arrived is sent again; else the alert is a dead letter.

    Raises:
        ConfigError: If a setting is not allowed.
    """

    host: str
    sender: str
    recipients: tuple[str, ...]
    security: Literal["starttls", "tls", "none"] = "starttls"
    port: int | None = None
    user: str = ""
    password_file: Path | None = None
    password_env: str = ""
    ca_file: Path | None = None
    timeout_s: float = 20.0
    may_repeat: bool = True
    _untold: Counter[str] = field(default_factory=Counter, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        problems = peer.host_problems(self.host, self._port()) + peer.time_problems(self.timeout_s)
        problems += peer.tls_problems(self.ca_file)
        problems += peer.secret_problems("password", self.password_file, self.password_env)
        for name, addresses in (("sender", (self.sender,)), ("recipients", self.recipients)):
            problems += [
                f"{name}: {address[:80]!r} is no address; give one as in 'soc@example.net'"
                for address in addresses
                if not _ADDRESS.fullmatch(address)
            ]
        if not self.recipients:
            problems.append("recipients: there are none; name at least one address")
        has_password = bool(self.password_file or self.password_env)
        if has_password != bool(self.user):
            problems.append(f"user: {self.user[:80]!r} and a password belong together; give both or none")
        if has_password and self.security == "none":
            problems.append("security: 'none' would show the password to everybody; give 'starttls' or 'tls'")
        peer.refuse("email", problems)

    @property
    def untold(self) -> int:
        """How often the server refused a recipient and took the message for others."""
        return self._untold.total()

    def deliver(self, alert: Alert) -> None:
        """Send one message.

        Raises:
            DeliveryError: If the server cannot be reached, or did not take the message in time.
        """
        message, deadline = to_message(alert, self.sender, self.recipients), peer.Deadline(self.timeout_s)
        try:
            with deadline:
                try:
                    self._send(message, deadline)
                except smtplib.SMTPServerDisconnected:
                    if deadline.over():
                        raise TimeoutError from None
                    raise
        except (OSError, ValueError, ConfigError) as error:  # smtplib's own are OSErrors
            raise DeliveryError(
                f"email: alert {alert.id} not sent through {self.host}:{self._port()} ({_reason(error)}); see that the "
                "mail server runs and takes messages from this machine",
                in_doubt=deadline.given and not isinstance(error, smtplib.SMTPResponseException),
            ) from None

    def problem(self) -> str:
        """Say why the host cannot be reached from here."""
        return peer.family_problem(self.host)

    def unreached(self) -> str:
        """Say why no link to the host can be made."""
        return peer.unreached(self.host, self._port(), self.timeout_s)

    def close(self) -> None:
        """Do nothing: no link stays open between alerts."""

    def _port(self) -> int:
        return PORTS[self.security] if self.port is None else self.port

    def _send(self, message: EmailMessage, deadline: peer.Deadline) -> None:
        context = None if self.security == "none" else peer.tls(self.ca_file)
        server = _Server(self.host, self._port(), deadline, context if self.security == "tls" else None)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, peer.secret("password", self.password_file, self.password_env))
            refused = server.send_message(message)
        finally:
            server.close()
        if refused:
            # Those that were taken would get it twice if it were tried again.
            self._untold.update(refused.keys())
            _log.warning("email: %s: %d of %d recipients refused", self.host, len(refused), len(self.recipients))


class _Server(smtplib.SMTP):
    """A mail server on a link that ends with the time."""

    def __init__(self, host: str, port: int, deadline: peer.Deadline, context: ssl.SSLContext | None) -> None:
        self._deadline = deadline
        self._context = context
        # Without a name of ours smtplib would look one up, in its own time.
        super().__init__(host, port, local_hostname=socket.gethostname(), timeout=deadline.left_s())

    def data(self, msg: Any) -> tuple[int, bytes]:  # noqa: ANN401  bytes, or whatever smtplib takes for them
        self._deadline.given = True
        return super().data(msg)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del timeout
        return self._deadline.open(host, port, self._context)


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answered {int(error.smtp_code)}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "it refused every recipient"
    return peer.reason(error)


def to_message(alert: Alert, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """Return the alert as a message."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _ascii(f"[redshank] {headline(alert, 60)}")
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Date"] = format_datetime(moment(alert.last_seen_s))
    domain = sender.rpartition("@")[2]
    message["Message-ID"] = f"<{mark(alert)}@{domain}>"
    if alert.revision:
        message["References"] = f"<{mark(replace(alert, revision=0))}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    flow = alert.evidence[0] if alert.evidence else None
    lines = {
        "What to do": alert.measure,
        "Alert": f"{alert.id}, told for the {alert.revision + 1}. time" if alert.revision else alert.id,
        "Device": alert.device,
        "Family": alert.family,
        "Severity": alert.severity,
        "First seen": str(moment(alert.first_seen_s)),
        "Last seen": str(moment(alert.last_seen_s)),
        "Targets": ", ".join(alert.targets) + (f" ({alert.target_count} in all)" if alert.targets else ""),
        "Flows": str(alert.count),
        "Score": f"{alert.score:.4f}",
        "First flow": rarity(flow.p_value) if flow else "",
        "Detectors": ", ".join(alert.detectors),
        "Rules": ", ".join(alert.rules),
        "Reasons": "; ".join(alert.reasons),
        "ATT&CK": ", ".join(alert.techniques),
        "Community ID": (flow.community_id or "") if flow else "",
        "Bundle": alert.bundle,
    }
    message.set_content("".join(f"{name}: {_ascii(text)}\n" for name, text in lines.items() if text))
    return message


def _ascii(text: str) -> str:
    return inert(cut(text)).encode("ascii", errors="backslashreplace").decode()

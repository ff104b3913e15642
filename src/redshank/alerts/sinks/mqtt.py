"""Publish alerts to an MQTT broker, and show them in Home Assistant.

In: an Alert. Out: one message of JSON under TOPIC/alerts, with quality of service 1: it has arrived when the broker
acknowledges it. If that does not come in time it is published again later, so who listens may get a revision twice, and
tells by `id` and `revision`. A broker that does not let us write to a topic acknowledges all the same (MQTT 3.1.1 knows
no other answer).

With Home Assistant's discovery, every device and family that there was an alert for gets a binary sensor, which is on
until the alert is over. Devices come from the wire, and these messages stay in the broker: so there are at most so many
sensors, and a device whose name is no address has a digest in its topics.
Source: MQTT 3.1.1 sections 3.3 and 4.3.2; https://www.home-assistant.io/integrations/binary_sensor.mqtt/ for discovery.
"""

import hashlib
import ipaddress
import json
import logging
import re
import socket
import ssl
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from paho.mqtt.client import Client, ConnectFlags, error_string
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from redshank.alerts import peer
from redshank.alerts.message import cut, document, moment
from redshank.alerts.sink import Sink
from redshank.core.errors import ConfigError, DeliveryError
from redshank.core.inert import inert
from redshank.core.records import Alert

PORT, TLS_PORT = 1883, 8883
KEEP_ALIVE_S = 60
LOOK_S = 0.1
_NEVER = (0.0, 0)
_TOPIC = re.compile(r"[0-9A-Za-z_.-]+(/[0-9A-Za-z_.-]+)*")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mqtt(Sink):
    """Publish each alert.

    Args:
        host: Name or address of the broker.
        port: 1 to 65535; 1883, with TLS 8883, if absent.
        topic: What our topics begin with.
        user: Name to log in with; nobody logs in if empty.
        password_file: File with the password.
        password_env: Environment variable with the password.
        client_id: Name that the broker knows us by; it gives us one if empty.
        tls: Whether to speak TLS.
        ca_file: Certificates that are trusted, in PEM format; those of the system if absent.
        certificate_file: Our own certificate, for brokers that ask for one.
        key_file: Its key, if that is in another file.
        home_assistant: What Home Assistant's discovery topics begin with, as a rule "homeassistant"; none if empty.
        most_sensors: Most sensors that Home Assistant is told of, 1 to 10000, from each start on.
        timeout_s: Seconds that a delivery may take, 0.1 to 60.
        may_repeat: Whether an alert that may have arrived is published again; else it is a dead letter.

    Raises:
        ConfigError: If a setting is not allowed.
    """

    host: str
    port: int | None = None
    topic: str = "redshank"
    user: str = ""
    password_file: Path | None = None
    password_env: str = ""
    client_id: str = ""
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    home_assistant: str = ""
    most_sensors: int = 500
    timeout_s: float = 5.0
    may_repeat: bool = True
    _sensors: dict[str, tuple[float, int]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _before: dict[str, tuple[float, int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        problems = peer.host_problems(self.host, self._port()) + peer.time_problems(self.timeout_s)
        problems += peer.secret_problems("password", self.password_file, self.password_env)
        files = {"ca_file": self.ca_file, "certificate_file": self.certificate_file, "key_file": self.key_file}
        problems += peer.tls_problems(*files.values()) if self.tls else peer.file_problems(files)
        problems += [
            f"{name}: {text[:80]!r} is no topic; use letters, digits, '_', '-', '.', and '/' between them"
            for name, text in (("topic", self.topic), ("home_assistant", self.home_assistant or "none"))
            if not _TOPIC.fullmatch(text) or len(text) > 100
        ]
        if bool(self.password_file or self.password_env) and not self.user:
            problems.append("user: '' with a password; name who logs in")
        if any(files.values()) and not self.tls:
            problems.append("tls: false, but certificates are given; set it to true")
        if not 1 <= self.most_sensors <= 10_000:
            problems.append(f"most_sensors: {self.most_sensors} is not allowed; give 1 to 10000")
        peer.refuse("mqtt", problems)

    def resume(self, taken: Callable[[], Iterable[Alert]]) -> None:
        """Learn which states the broker has from an earlier run, so that no older one comes in their place."""
        if self.home_assistant:
            for alert in taken():
                name = _name(alert)
                self._before[name] = max(self._before.get(name, _NEVER), (alert.last_seen_s, alert.revision))

    def deliver(self, alert: Alert) -> None:
        """Publish one alert.

        Raises:
            DeliveryError: If the broker cannot be reached, refuses us, or does not acknowledge in time.
        """
        messages = [(f"{self.topic}/alerts", document(alert), False), *self._sensor(alert)]
        deadline = peer.Deadline(self.timeout_s)
        try:
            with deadline:
                self._publish(messages, deadline)
        # Of what a broker sends that is no MQTT, paho also raises struct.error and IndexError.
        except (OSError, ValueError, RuntimeError, IndexError, struct.error, ConfigError) as error:
            raise DeliveryError(
                f"mqtt: alert {alert.id} not published at {self.host}:{self._port()} ({peer.reason(error)}); see "
                "that the broker runs and lets us in",
                in_doubt=deadline.given,
            ) from None
        self._remember(alert)

    def problem(self) -> str:
        """Say why the host cannot be reached from here."""
        return peer.family_problem(self.host)

    def unreached(self) -> str:
        """Say why no link to the host can be made."""
        return peer.unreached(self.host, self._port(), self.timeout_s)

    def close(self) -> None:
        """Do nothing: no link stays open between alerts."""

    def _port(self) -> int:
        return self.port if self.port is not None else TLS_PORT if self.tls else PORT

    def _publish(self, messages: list[tuple[str, str, bool]], deadline: peer.Deadline) -> None:
        answers: list[ReasonCode] = []

        def on_answer(_: Client, __: object, ___: ConnectFlags, code: ReasonCode, ____: Properties | None) -> None:
            answers.append(code)

        context = peer.tls(self.ca_file, self.certificate_file, self.key_file) if self.tls else None
        client = _Link(self.client_id, deadline, context)
        client.on_connect = on_answer
        if self.user:
            client.username_pw_set(self.user, peer.secret("password", self.password_file, self.password_env) or None)
        try:
            client.connect(self.host, self._port(), KEEP_ALIVE_S)
            _until(client, lambda: bool(answers), deadline)
            if answers[0].is_failure:
                raise ConnectionRefusedError(0, f"it answered: {inert(str(answers[0]))}")
            deadline.given = True
            sent = [client.publish(topic, text, qos=1, retain=keep) for topic, text, keep in messages]
            _until(client, lambda: all(one.is_published() for one in sent), deadline)
        finally:
            client.disconnect()

    def _sensor(self, alert: Alert) -> list[tuple[str, str, bool]]:
        """Return what tells Home Assistant of the alert: a sensor, the first time, and its state."""
        name = _name(alert)
        known = self._sensors.get(name)
        if not self.home_assistant or (known is None and len(self._sensors) >= self.most_sensors):
            return []
        late = max(known or _NEVER, self._before.get(name, _NEVER)) > (alert.last_seen_s, alert.revision)
        state = f"{self.topic}/state/{name}"
        told = {
            "state": "OFF" if alert.over else "ON",
            "alert": cut(alert.id),
            "severity": alert.severity,
            "flows": alert.count,
            "targets": [cut(target) for target in alert.targets],
            "last_seen": moment(alert.last_seen_s).isoformat(),
            "measure": cut(alert.measure),
        }
        device = inert(cut(alert.device, 60)) or "a device without address"
        sensor = {
            "name": inert(cut(alert.family, 60)),
            "unique_id": f"redshank_{name}",
            "state_topic": state,
            "value_template": "{{ value_json.state }}",
            "json_attributes_topic": state,
            "device_class": "safety",
            "device": {"identifiers": [f"redshank_{name.partition('-')[0]}"], "name": f"Redshank: {device}"},
        }
        topic = f"{self.home_assistant}/binary_sensor/redshank_{name}/config"
        first = [] if known else [(topic, json.dumps(sensor), True)]
        # One that comes after a later one would set the sensor back.
        return first if late else [*first, (state, json.dumps(told), True)]

    def _remember(self, alert: Alert) -> None:
        name = _name(alert)
        if self.home_assistant and (name in self._sensors or len(self._sensors) < self.most_sensors):
            self._sensors[name] = max(self._sensors.get(name, _NEVER), (alert.last_seen_s, alert.revision))
            if len(self._sensors) == self.most_sensors:
                _log.warning("mqtt: Home Assistant knows %d sensors; no more are added", self.most_sensors)


class _Link(Client):
    """paho's client on a link that ends with the time, and is closed if the broker does not prove its name."""

    def __init__(self, client_id: str, deadline: peer.Deadline, context: ssl.SSLContext | None) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=False)
        self._deadline = deadline
        self._context = context

    def _create_socket(self) -> socket.socket:
        return self._deadline.open(self.host, self.port, self._context)


def _name(alert: Alert) -> str:
    """Return what stands for device and family in a topic."""
    try:
        device = re.sub("[.:]", "_", str(ipaddress.ip_address(alert.device)).replace("%", "_"))
    except ValueError:
        device = hashlib.sha256(alert.device.encode(errors="replace")).hexdigest()[:16]
    family = re.sub("[^0-9a-z_]", "_", cut(alert.family, 40).lower())
    return f"{device}-{family}"


def _until(client: Client, true: Callable[[], bool], deadline: peer.Deadline) -> None:
    while not true():
        code = client.loop(min(LOOK_S, deadline.left_s()))
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS and not true():
            deadline.left_s()
            raise ConnectionAbortedError(0, error_string(code))

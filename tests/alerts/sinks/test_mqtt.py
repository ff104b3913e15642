import json
import socket
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from peers import Broker, Peer, certificate, until
from redshank.alerts.dead_letters import LetterFile
from redshank.alerts.delivery import Delivery
from redshank.alerts.sinks.mqtt import Mqtt
from redshank.core.errors import ConfigError, DeliveryError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.outbox import Outbox
from told import ALERT, HOSTILE

PASSWORD = "hush-hush-1234"


def peer(place: Path, port: int) -> Broker:
    return Broker(place, port)


def towards(port: int) -> Mqtt:
    return Mqtt("127.0.0.1", port, timeout_s=20.0)


def example(place: Path) -> Mqtt:
    return towards(peer(place, 0).port)


@pytest.mark.service
def test_the_whole_alert_is_published(tmp_path: Path) -> None:
    broker = peer(tmp_path, 0)
    towards(broker.port).deliver(ALERT)
    until(lambda: broker.topics)
    ((topic, text, kept),) = broker.topics
    assert (topic, kept) == ("redshank/alerts", False)
    assert Alert.from_json(text) == ALERT


@pytest.mark.service
def test_home_assistant_learns_of_a_sensor_once_and_of_every_state(tmp_path: Path) -> None:
    broker = peer(tmp_path, 0)
    sink = replace(towards(broker.port), home_assistant="homeassistant")
    sink.deliver(ALERT)
    sink.deliver(replace(ALERT, revision=3, over=True, last_seen_s=ALERT.last_seen_s + 9))
    sink.deliver(replace(ALERT, revision=2))  # it waited for its next try while the third came
    until(lambda: len(broker.topics) == 6)
    others = [(topic, json.loads(text)) for topic, text, _ in broker.topics if topic != "redshank/alerts"]
    assert [topic for topic, _ in others] == [
        "homeassistant/binary_sensor/redshank_10_0_0_66-dos/config",
        "redshank/state/10_0_0_66-dos",
        "redshank/state/10_0_0_66-dos",
    ]
    assert others[0][1]["state_topic"] == "redshank/state/10_0_0_66-dos"
    assert others[0][1]["device"]["name"] == "Redshank: 10.0.0.66"
    assert [told["state"] for _, told in others[1:]] == ["ON", "OFF"]
    assert others[1][1]["targets"] == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.service
def test_after_a_restart_a_revision_that_waited_sets_no_sensor_back(tmp_path: Path) -> None:
    broker = peer(tmp_path, 0)
    over = replace(ALERT, revision=3, over=True, last_seen_s=ALERT.last_seen_s + 9)
    with closing(Database(tmp_path / "store.db", create=True)) as database:
        Alerts(database).record([ALERT, over], ["mqtt"], 5.0)
        outbox, metrics = Outbox(database), Metrics()
        waits, told = outbox.due("mqtt", 5.0, 2)
        outbox.failed(waits.key, "no answer in time", 6.0, begun=True)
        outbox.delivered([told.key], 5.0)
        sink = replace(towards(broker.port), home_assistant="homeassistant")
        assert Delivery(outbox, {"mqtt": sink}, LetterFile(tmp_path / "dead", metrics), metrics).step("mqtt") == 1
    sink.deliver(replace(over, revision=4))
    until(lambda: len(broker.topics) == 4)
    assert [topic for topic, _, _ in broker.topics] == [
        "redshank/alerts",
        "homeassistant/binary_sensor/redshank_10_0_0_66-dos/config",
        "redshank/alerts",
        "redshank/state/10_0_0_66-dos",
    ]


@pytest.mark.service
def test_devices_of_an_attacker_make_so_many_sensors_and_no_topics_of_their_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = peer(tmp_path, 0)
    sink = replace(towards(broker.port), home_assistant="ha", most_sensors=2)
    for device in ("a/#/+\x00" + HOSTILE, "fe80::1%eth0", "10.0.0.7"):
        sink.deliver(replace(ALERT, device=device, family="dos/+"))
    until(lambda: len(broker.topics) == 7)
    topics = [topic for topic, _, _ in broker.topics if topic != "redshank/alerts"]
    assert topics[1::2] == [topics[1], "redshank/state/fe80__1_eth0-dos__"]
    assert topics[1].removesuffix("-dos__").removeprefix("redshank/state/").isalnum()
    assert "Home Assistant knows 2 sensors; no more are added" in caplog.text


@pytest.mark.service
def test_who_logs_in_does_so_with_a_broker_that_proved_its_name(tmp_path: Path) -> None:
    own = certificate(tmp_path)
    users, secret = tmp_path / "users", tmp_path / "password"
    users.touch(0o600)
    subprocess.run(["mosquitto_passwd", "-b", users, "ids", PASSWORD], check=True, timeout=10, capture_output=True)
    secret.write_text(PASSWORD)
    settings = (f"cafile {own}", f"certfile {own}", f"keyfile {own}", "allow_anonymous false", f"password_file {users}")
    broker = Broker(tmp_path, 0, settings, listens=False)
    sink = Mqtt("localhost", broker.port, user="ids", password_file=secret, tls=True, ca_file=own)
    sink.deliver(ALERT)
    secret.write_text("another")
    with pytest.raises(DeliveryError, match=r"at localhost:\d+ \(it answered: Not authorized\); see that") as caught:
        sink.deliver(ALERT)
    assert "another" not in str(caught.value) + repr(sink)
    with pytest.raises(DeliveryError, match=r"at localhost:\d+ \(certificate not trusted: self-signed certificate"):
        replace(sink, ca_file=None).deliver(ALERT)


def test_a_broker_that_lets_us_in_and_acknowledges_nothing_is_a_delivery_error_in_time(tmp_path: Path) -> None:
    def talk(peer: Peer, link: socket.socket) -> None:
        link.recv(1_000)
        link.sendall(bytes([0x20, 2, 0, 0]))  # CONNACK: accepted
        peer.over.wait()

    with pytest.raises(DeliveryError, match=r"not published at 127.0.0.1:\d+ \(no answer in time\); see") as caught:
        Mqtt("127.0.0.1", Peer(tmp_path, talk).port, timeout_s=1.0).deliver(ALERT)
    assert caught.value.in_doubt


def test_every_wrong_setting_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Mqtt(
            "so c", 0, "a/#", password_file=tmp_path / "no", ca_file=tmp_path / "ca.pem", home_assistant="a//b",
            most_sensors=0, timeout_s=100,
        )  # fmt: skip
    assert [problem.removeprefix("mqtt.") for problem in caught.value.problems] == [
        "host: 'so c' is no name or address; give one as in 'logs.example.net' or '192.0.2.7'",
        "port: 0 is none; allowed are 1 to 65535",
        "timeout_s: 100 is not allowed; give 0.1 to 60 seconds",
        f"password_file: '{tmp_path}/no' cannot be read (FileNotFoundError); put the secret there",
        f"ca_file: cannot read '{tmp_path}/ca.pem'; name a file that this program may read",
        "topic: 'a/#' is no topic; use letters, digits, '_', '-', '.', and '/' between them",
        "home_assistant: 'a//b' is no topic; use letters, digits, '_', '-', '.', and '/' between them",
        "user: '' with a password; name who logs in",
        "tls: false, but certificates are given; set it to true",
        "most_sensors: 0 is not allowed; give 1 to 10000",
    ]

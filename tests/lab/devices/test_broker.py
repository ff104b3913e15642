import asyncio
import socket
from pathlib import Path

import pytest

from redshank.core.errors import ActionError
from redshank.lab.arena import choose
from redshank.lab.devices import broker
from redshank.lab.network import Network
from redshank.lab.protocols import mqtt

ADDRESSES = choose(8, ("gateway", "broker", "sensor1"), ("api",), ipv6=("gateway", "broker"))


def test_the_configuration_demands_passwords_and_listens_where_told() -> None:
    text = broker.configuration(Path("/place"), 1883, ("10.0.0.2", "fd00::2"))
    for line in ("listener 1883 10.0.0.2", "listener 1883 fd00::2", "allow_anonymous false", "persistence false"):
        assert line in text.splitlines()
    assert "password_file /place/passwords" in text


async def answer(network: Network, password: str) -> bytes:
    with network.inside("sensor1"):
        made = socket.create_connection((ADDRESSES.v4["broker"], 1883), timeout=5)
    reader, writer = await asyncio.open_connection(sock=made)
    writer.write(mqtt.connect("c", "device", password, 10))
    packet = await mqtt.read(reader)
    writer.close()
    assert packet is not None
    return packet.body


@pytest.mark.root
@pytest.mark.service
def test_mosquitto_takes_the_right_password_only(tmp_path: Path) -> None:
    with Network(ADDRESSES) as network:
        process = broker.start(network, tmp_path, 1883, {"device": "right"})
        assert Path(f"/proc/{process}/comm").read_text() == "mosquitto\n"
        assert asyncio.run(answer(network, "right")) == b"\0\0"
        assert asyncio.run(answer(network, "wrong")) == b"\0\5"


@pytest.mark.root
@pytest.mark.service
def test_a_broker_that_does_not_come_up_is_named_with_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "configuration", lambda *_: "no such setting\n")
    with (
        Network(ADDRESSES) as network,
        pytest.raises(ActionError, match=r"not listen on port 1883; it said: .*Unknown configuration variable"),
    ):
        broker.start(network, tmp_path, 1883, {"device": "right"})

import pytest

from payloads import Flow, fields_of, speaks, survives_anything, survives_cuts


# MQTT 3.1.1, sections 2 and 3: kind and flags, the length of the rest in 7 bits a byte, texts behind a length of two.
def text(value: str) -> bytes:
    return len(value).to_bytes(2, "big") + value.encode()


def packet(first: int, body: bytes = b"") -> bytes:
    size, length = len(body), b""
    while size > 127:
        size, length = size >> 7, length + bytes([size & 127 | 128])
    return bytes([first]) + length + bytes([size]) + body


def connect(client_id: str = "sensor-7", level: int = 4, name: str = "MQTT") -> bytes:
    properties = b"\x05\x11\x00\x00\x00\x0a" if level == 5 else b""
    return packet(0x10, text(name) + bytes([level, 2, 0, 60]) + properties + text(client_id))


def publish(topic: str, message: bytes = b"21.5", quality: int = 0, version_5: bytes = b"") -> bytes:
    number = b"\x00\x0a" if quality else b""
    return packet(0x30 | quality << 1, text(topic) + number + version_5 + message)


def subscribe(*topics: str, properties: bytes = b"") -> bytes:
    return packet(0x82, b"\x00\x01" + properties + b"".join(text(topic) + b"\x00" for topic in topics))


ACCEPTED, REFUSED, ACCEPTED_5 = packet(0x20, b"\x00\x00"), packet(0x20, b"\x00\x05"), packet(0x20, b"\x00\x00\x00")
PING, PONG, BYE = packet(0xC0), packet(0xD0), packet(0xE0)

YES: list[Flow] = [
    (connect() + subscribe("a/+") + publish("b"), ACCEPTED + packet(0x90, b"\x00\x01\x00") + publish("a/1")),
    (connect(), b""),
    (connect(level=3, name="MQIsdp"), ACCEPTED),
    (connect(level=0x84), ACCEPTED),  # a bridge of mosquitto
    (connect(level=5), ACCEPTED_5),
    (b"", ACCEPTED),
    (publish("a/b", quality=2), b""),
    (PING + publish("x" * 200, bytes(3000)), PONG),
    (publish("a") + publish("b", bytes(5000))[:900], b""),  # the second goes on
]
NO: list[Flow] = [
    (b"", b""),
    (bytes.fromhex("10ffffffffff"), b""),
    (bytes.fromhex("1016"), b""),
    (packet(0x10, b"\x00\x04HTTP" + bytes(8)), b""),
    (packet(0x10, text("MQTT") + bytes([9, 2, 0, 60])), b""),
    (PING, PONG),  # nothing is said
    (publish("a/+"), b""),
    (publish("a\x00"), b""),
    (publish(""), b""),
    (packet(0x36, text("a") + b"\x00\x01"), b""),  # quality of service 3
    (packet(0x30, b"\x00\x09a"), b""),
    (publish("a") + b"\x00\x00", b""),
    (publish("a") + packet(0x80, b"\x00\x01" + text("a") + b"\x00"), b""),  # flags that SUBSCRIBE does not have
    (publish("a"), b"HTTP/1.1 200 OK\r\n"),
    (b"", packet(0x20, b"\x02\x00")),
    (b"\x30\xff\xff\xff\xff\xff\xff", b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 1883)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("mqtt", client, server, proto=6, port=1883)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("mqtt", client, server, proto=6, port=1883)


def test_elsewhere_a_session_without_its_beginning_needs_both_sides() -> None:
    assert speaks("mqtt", connect(), proto=6, port=17501)
    assert speaks("mqtt", PING + publish("a"), PONG, proto=6, port=17501)
    assert not speaks("mqtt", PING + publish("a"), proto=6, port=17501)
    assert not speaks("mqtt", publish("a"), PONG, proto=6, port=17501)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("mqtt", *YES[0], proto=17, port=1883)


def test_a_session_is_read() -> None:
    client = connect() + subscribe("lamp/set", "all/#") + publish("lamp/state", quality=1) + BYE
    server = ACCEPTED + packet(0x90, b"\x00\x01\x00\x00") + publish("lamp/set") + publish("all/off", b"")
    assert fields_of("mqtt", client, server, proto=6, port=1883) == {
        "mqtt_client_id": "sensor-7",
        "mqtt_level": 4,
        "mqtt_connect_code": 0,
        "mqtt_topics": "lamp/set,all/#,lamp/state,all/off",
        "mqtt_publishes": 3,
        "mqtt_subscribes": 2,
    }


def test_version_5_has_properties_before_texts() -> None:
    client = connect("c5", 5) + subscribe("t/1", properties=b"\x02\x0b\x07") + publish("t/2", version_5=b"\x02\x01\x01")
    assert fields_of("mqtt", client, ACCEPTED_5, proto=6, port=1883) == {
        "mqtt_client_id": "c5",
        "mqtt_level": 5,
        "mqtt_connect_code": 0,
        "mqtt_topics": "t/1,t/2",
        "mqtt_publishes": 1,
        "mqtt_subscribes": 1,
    }


def test_version_3_has_another_name_and_may_be_refused() -> None:
    found = fields_of("mqtt", connect("old", 3, "MQIsdp"), REFUSED, proto=6, port=1883)
    assert (found["mqtt_level"], found["mqtt_client_id"], found["mqtt_connect_code"]) == (3, "old", 5)


def test_without_the_beginning_the_rest_is_read() -> None:
    client = subscribe("a", properties=b"\x00") + publish("b")  # of version 5, as the empty properties show
    found = fields_of("mqtt", client, b"", proto=6, port=1883)
    assert found == {"mqtt_topics": "a,b", "mqtt_publishes": 1, "mqtt_subscribes": 1}


def test_a_topic_is_told_once_and_of_many_eight() -> None:
    topics = ["t1", "t", "t1", "t11", "t2", "t3", "t4", "t5", "t6", "t7"]
    client = connect() + b"".join(publish(topic) for topic in topics)
    found = fields_of("mqtt", client, b"", proto=6, port=1883)
    assert found["mqtt_topics"] == "t1,t,t11,t2,t3,t4,t5,t6"
    assert found["mqtt_publishes"] == 10


def test_what_does_not_fit_is_cut_or_left_out() -> None:
    client = connect("i" * 300) + publish("a" * 500) + publish("b" * 200) + publish("c")
    found = fields_of("mqtt", client, b"", proto=6, port=1883)
    assert found["mqtt_client_id"] == "i" * 128
    assert found["mqtt_topics"] == "a" * 500 + ",c"


def test_a_packet_that_goes_on_is_counted_and_its_topic_read() -> None:
    client = connect() + publish("big", bytes(90_000))[:300]
    found = fields_of("mqtt", client, b"", proto=6, port=1883)
    assert (found["mqtt_topics"], found["mqtt_publishes"]) == ("big", 1)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("mqtt", YES, proto=6, port=1883)


def test_any_bytes_survive() -> None:
    survives_anything("mqtt", YES, proto=6, port=1883)

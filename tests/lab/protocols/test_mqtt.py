import asyncio

from hypothesis import given
from hypothesis import strategies as st

from redshank.lab.protocols import mqtt


def read_all(data: bytes) -> list[mqtt.Packet]:
    async def feed() -> list[mqtt.Packet]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        found = []
        while (packet := await mqtt.read(reader)) is not None:
            found.append(packet)
        return found

    return asyncio.run(feed())


def test_connect_is_laid_out_as_in_section_3_1_of_the_standard() -> None:
    # By hand: type 1, length 24; "MQTT" level 4; user, password, clean session; keep alive 10; three texts.
    expected = "101600044d51545404c2000a000163000275730003707764"
    assert mqtt.connect("c", "us", "pwd", 10).hex() == expected  # fmt: skip


def test_lengths_take_the_bytes_of_table_2_4() -> None:
    for length, size in ((0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3)):
        assert len(mqtt.encode(mqtt.PUBLISH, bytes(length))) == 1 + size + length


@given(st.binary(max_size=300), st.integers(1, 14), st.integers(0, 15))
def test_what_is_encoded_is_decoded(body: bytes, kind: int, flags: int) -> None:
    data = mqtt.encode(kind, body, flags=flags)
    assert mqtt.decode(data + b"more") == (mqtt.Packet(kind, flags, body), len(data))
    assert read_all(data * 2) == [mqtt.Packet(kind, flags, body)] * 2


@given(st.binary(max_size=64))
def test_any_bytes_are_survived(data: bytes) -> None:
    found = mqtt.decode(data)
    assert found is None or found[1] <= len(data)
    for packet in read_all(data):
        mqtt.puback(packet)


def test_a_packet_that_claims_too_much_is_refused() -> None:
    assert read_all(b"\x30\xff\xff\xff\x7f" + bytes(100)) == []
    assert mqtt.decode(b"\x30\xff\xff\xff\xff\x7f") is None


def test_only_qos_1_is_acknowledged_with_its_identifier() -> None:
    def received(data: bytes) -> mqtt.Packet:
        return read_all(data)[0]

    assert mqtt.puback(received(mqtt.publish("a/b", b"x"))) is None
    assert mqtt.puback(received(mqtt.publish("a/b", b"x", ident=0x1234))) == bytes.fromhex("40021234")
    assert mqtt.puback(mqtt.Packet(mqtt.PUBLISH, 2, b"\x00\x09a")) is None


def test_subscribe_names_topic_and_quality() -> None:
    assert mqtt.subscribe(1, "a/#", 1).hex() == "8208" + "0001" + "0003612f23" + "01"

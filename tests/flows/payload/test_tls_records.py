import numpy as np
import pytest

from hellos import APPLIED, CHANGE, FINISHED, client_hello, record, server_hello
from redshank.flows.payload.tls_records import CLIENT_HELLO, SERVER_HELLO, gather, hello_at, old_hello, refuses


def at(payload: bytes, message: int = CLIENT_HELLO) -> int:
    data = np.frombuffer(b"\x16\x03\x01" + payload + b"\x00\x26\x01\x00", np.uint8)
    place = hello_at(data, 3, len(data) - 4, message)
    return place - 3 if place >= 0 else -1


def test_a_hello_is_found_at_the_start_and_after_an_upgrade() -> None:
    hello = record(client_hello())
    assert at(hello) == 0
    assert at(b"EHLO x\r\nSTARTTLS\r\n" + hello) == 18
    assert at(hello, SERVER_HELLO) == -1
    assert at(b"220 go\r\n" + record(server_hello()), SERVER_HELLO) == 8


def test_a_hello_at_the_start_need_not_be_whole() -> None:
    assert at(record(client_hello())[:6]) == 0
    assert at(record(client_hello())[:5]) == -1
    assert at(b"text" + record(client_hello())[:10]) == -1


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        bytes.fromhex("160501002a01"),
        bytes.fromhex("16030000000100"),
        bytes.fromhex("1603035fff01"),
        b"text" + record(client_hello(), version=0x0305),
        b"text" + record(client_hello(version=0x0203)),
        b"text" + record(client_hello())[:3] + b"\x00\x20" + record(client_hello())[5:],
        b"text" + record(b"\x01\x00\x00\x10\x03\x03" + bytes(40)),
    ],
)
def test_what_is_only_like_a_hello_is_none(payload: bytes) -> None:
    assert at(payload) == -1


def test_the_hello_of_ssl_2_and_a_refusal_are_known() -> None:
    data = np.frombuffer(bytes.fromhex("802e01030100") + bytes.fromhex("15030300020228"), np.uint8)
    assert old_hello(data, 0, 6)
    assert not old_hello(data, 0, 5)
    assert refuses(data, 6, 13)
    assert not refuses(data, 6, 11)
    assert not refuses(data, 0, 6)


def gathered(payload: bytes, room: int = 4096) -> tuple[bytes, int, int, int, bool]:
    data, out = np.frombuffer(payload + b"\x16\x03\x01\x00\xff", np.uint8), np.zeros(room, np.uint8)
    length, changed, sealed, applied = gather(data, 0, len(payload), out)
    return out[: length if length >= 0 else -length - 1].tobytes(), changed, sealed, applied, length < 0


def test_messages_are_put_together_over_records_until_they_are_encrypted() -> None:
    hello = client_hello()
    payload = record(hello[:10]) + record(hello[10:]) + CHANGE + FINISHED + APPLIED + APPLIED
    assert gathered(payload) == (hello, 1, 1, 2, False)


def test_a_second_hello_follows_a_change_of_ciphers_in_the_clear() -> None:
    assert gathered(record(server_hello()) + CHANGE + record(server_hello(0x1302)) + APPLIED) == (
        server_hello() + server_hello(0x1302),
        1,
        0,
        1,
        False,
    )


@pytest.mark.parametrize("cut", [1, 30, 58, 61])
def test_a_record_that_was_cut_is_said_to_be(cut: int) -> None:
    payload = record(client_hello()) + APPLIED
    content, *_, said = gathered(payload[:-cut])
    assert content == client_hello()
    assert said


def test_what_is_no_record_ends_it() -> None:
    hello = record(client_hello())
    assert gathered(hello + b"GET / HTTP/1.1\r\n") == (client_hello(), 0, 0, 0, False)
    assert gathered(b"") == (b"", 0, 0, 0, False)


def test_there_is_room_for_so_much_only() -> None:
    assert gathered(record(b"a" * 50) + record(b"b" * 50), room=64)[0] == b"a" * 50 + b"b" * 14

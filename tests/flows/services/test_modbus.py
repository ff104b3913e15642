import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts


# MODBUS Application Protocol V1.1b3, section 6: the examples of each function, behind the header of TCP: transaction,
# protocol 0, length, unit.
def adu(pdu: str, number: int = 1) -> bytes:
    body = b"\x11" + bytes.fromhex(pdu)
    return number.to_bytes(2, "big") + b"\x00\x00" + len(body).to_bytes(2, "big") + body


READ_COILS, COILS = adu("0100130013"), adu("0103cd6b05")
READ_REGISTERS, REGISTERS = adu("03006b0003"), adu("0306022b00000064")

YES: list[Flow] = [
    (READ_COILS, COILS),
    (READ_REGISTERS, REGISTERS),
    (READ_REGISTERS, b""),
    (b"", REGISTERS),
    (READ_COILS + READ_REGISTERS, COILS + REGISTERS),
    (adu("0500acff00"), adu("0500acff00")),
    (adu("0600010003"), adu("0600010003")),
    (adu("07"), adu("076d")),
    (adu("080000a537"), adu("080000a537")),
    (adu("0b"), adu("0bffff0108")),
    (adu("0f0013000a02cd01"), adu("0f0013000a")),
    (adu("1000010002" + "04000a0102"), adu("1000010002")),
    (adu("11"), adu("1102" + "42ff")),
    (adu("140e0600040001000206000300090002"), adu("140c05060dfe0020050633cd0040")),
    (adu("16000400f20025"), adu("16000400f20025")),
    (adu("1700030006000e00030600ff00ff00ff"), adu("170c00fe0acd00010003000d00ff")),
    (adu("1804de"), adu("1800060002" + "01b81284")),
    (adu("2b0e0100"), adu("2b0e0101000003" + "0003414243")),
    (READ_REGISTERS, adu("8302")),
    (adu("5a0002"), adu("5a00fe00")),
]
NO: list[Flow] = [
    (b"", b""),
    (READ_REGISTERS[:-1], b""),
    (adu("03006b0000"), b""),  # no registers
    (adu("03006b007e"), b""),  # 126 of them
    (adu("0100130000"), b""),
    (adu("0500ac1234"), b""),
    (adu("1000010002" + "05000a0102"), b""),
    (adu("0300"), b""),
    (adu("7f006b0003"), b""),
    (b"\x00\x01\x00\x01\x00\x06\x11\x03\x00\x6b\x00\x03", b""),
    (READ_REGISTERS, b"HTTP/1.1 200 OK\r\n"),
    (READ_REGISTERS, adu("0307022b00000064")),
    (READ_REGISTERS, adu("830c")),
    (READ_REGISTERS + b"\x00\x02\x01\x00\x00\x06", b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 502)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("modbus", client, server, proto=6, port=502)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("modbus", client, server, proto=6, port=502)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("modbus", *YES[0], proto=17, port=502)


def test_elsewhere_both_sides_must_speak_it() -> None:
    assert speaks("modbus", READ_REGISTERS, REGISTERS, proto=6, port=5020)
    assert not speaks("modbus", READ_REGISTERS, b"", proto=6, port=5020)
    assert not speaks("modbus", b"", REGISTERS, proto=6, port=5020)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("modbus", YES, proto=6, port=502)


def test_any_bytes_survive() -> None:
    survives_anything("modbus", YES, proto=6, port=502)

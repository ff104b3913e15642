import pytest

from payloads import speaks, survives_anything

YES = [
    (b"\x01" + bytes(235) + bytes.fromhex("63825363"), b""),
    (b"\x02" + bytes(235) + bytes.fromhex("63825363"), b""),
]
NO = [
    (b"\x01" + bytes(235), b""),
    (b"\x03" + bytes(235) + bytes.fromhex("63825363"), b""),
    (b"", b"\x01" + bytes(235)),
    (b"", b"\x03" + bytes(235) + bytes.fromhex("63825363")),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("dhcp", client, server, proto=17, port=67)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("dhcp", client, server, proto=17, port=67)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("dhcp", *YES[0], proto=6, port=67)


def test_any_bytes_survive() -> None:
    survives_anything("dhcp", YES, proto=17, port=67)

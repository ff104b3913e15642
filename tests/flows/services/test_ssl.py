import pytest

from payloads import speaks, survives_anything

YES = [
    (bytes.fromhex("160301002a01000026"), bytes.fromhex("1603030031020000")),
    (bytes.fromhex("802e01030100"), bytes.fromhex("15030300020228")),
]
NO = [
    (bytes.fromhex("1603"), bytes.fromhex("1603030031020000")),
    (bytes.fromhex("160501002a01"), bytes.fromhex("1603030031020000")),
    (bytes.fromhex("16030100000100"), bytes.fromhex("1603030031020000")),
    (b"GET / HTTP", bytes.fromhex("1603030031020000")),
    (bytes.fromhex("160301002a01000026"), bytes.fromhex("1603")),
    (bytes.fromhex("160301002a01000026"), bytes.fromhex("160501002a01")),
    (bytes.fromhex("160301002a01000026"), bytes.fromhex("16030100000100")),
    (bytes.fromhex("160301002a01000026"), b"GET / HTTP"),
    (bytes.fromhex("160301002a01000026"), b""),
    (b"", bytes.fromhex("1603030031020000")),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ssl", client, server, proto=6, port=443)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ssl", client, server, proto=6, port=443)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ssl", *YES[0], proto=17, port=443)


def test_any_bytes_survive() -> None:
    survives_anything("ssl", YES, proto=6, port=443)

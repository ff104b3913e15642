import pytest

from payloads import found_by, survives_anything

YES = [
    (bytes.fromhex("160301002a01000026"), 1),
    (bytes.fromhex("1603030031020000"), 2),
    (bytes.fromhex("15030300020228"), 2),
    (bytes.fromhex("802e01030100"), 1),
]
NO = [bytes.fromhex("1603"), bytes.fromhex("160501002a01"), bytes.fromhex("16030100000100"), b"GET / HTTP"]


@pytest.mark.parametrize(("payload", "speaker"), YES)
def test_what_it_says_is_recognized(payload: bytes, speaker: int) -> None:
    assert found_by("ssl", payload, proto=6, port=443) == speaker


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert found_by("ssl", payload, proto=6, port=443) == 0


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert found_by("ssl", YES[0][0], proto=17, port=443) == 0


def test_any_bytes_survive() -> None:
    survives_anything("ssl", [payload for payload, _ in YES], proto=6, port=443)

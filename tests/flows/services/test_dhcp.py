import pytest

from payloads import found_by, survives_anything

YES = [(b"\x01" + bytes(235) + bytes.fromhex("63825363"), 3), (b"\x02" + bytes(235) + bytes.fromhex("63825363"), 3)]
NO = [b"\x01" + bytes(235), b"\x03" + bytes(235) + bytes.fromhex("63825363")]


@pytest.mark.parametrize(("payload", "speaker"), YES)
def test_what_it_says_is_recognized(payload: bytes, speaker: int) -> None:
    assert found_by("dhcp", payload, proto=17, port=67) == speaker


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert found_by("dhcp", payload, proto=17, port=67) == 0


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert found_by("dhcp", YES[0][0], proto=6, port=67) == 0


def test_any_bytes_survive() -> None:
    survives_anything("dhcp", [payload for payload, _ in YES], proto=17, port=67)

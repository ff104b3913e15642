import pytest

from redshank.flows.parquet.thrift import BINARY, I32, LIST, number, several, struct, text


@pytest.mark.parametrize(
    ("value", "content"), [(0, "00"), (-64, "7f"), (64, "8001"), (2**63 - 1, "feffffffffffffffff01")]
)
def test_a_number_has_its_sign_in_the_lowest_bit(value: int, content: str) -> None:
    assert number(value).hex() == content
    assert number(-(2**63)).hex() == "ffffffffffffffffff01"


def test_a_long_list_says_its_length_apart() -> None:
    assert several(I32, [b"\0"] * 14)[:1].hex() == "e5"
    assert several(I32, [b"\0"] * 15)[:2].hex() == "f50f"
    assert several(I32, [b"\0"] * 300)[:3].hex() == "f5ac02"


def test_a_struct_counts_its_fields_from_the_one_before() -> None:
    names = several(BINARY, [text("ü")])
    assert struct([(3, LIST, names)], behind=b"\x15\x02", last=1).hex() == "1502291802c3bc00"

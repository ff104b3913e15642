import pytest

from redshank.core.prefix import bits, first, network


@pytest.mark.parametrize(
    ("address", "inside", "held"),
    [
        ("10.0.0.66", "10.0.0.0/24", True),
        ("10.0.0.66", "10.0.0.66", True),
        ("10.0.1.66", "10.0.0.0/24", False),
        ("fd00::1", "fd00::/8", True),
        ("fd00:0:0::1", "fd00::1", True),
        ("10.0.0.66", "::/1", False),
        ("10.0.0.66", "::/0", False),
        ("10.0.0.66", "0.0.0.0/0", True),
        ("::a00:42", "10.0.0.66", False),
    ],
)
def test_an_address_is_in_a_network_whose_first_bits_it_has(address: str, inside: str, *, held: bool) -> None:
    number = bits(address)
    assert number is not None
    start, length = network(inside)
    assert (first(number, length) == start) is held


@pytest.mark.parametrize("text", ["", "camera", "10.0.0", "10.0.0.256", "10.0.0.1\x00", "fe80::1%eth0", "\udcff"])
def test_what_is_no_address_has_no_bits(text: str) -> None:
    assert bits(text) is None


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="camera"):
        network("camera")

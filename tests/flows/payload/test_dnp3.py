import numpy as np
import pytest

from redshank.flows.payload.dnp3 import checksum, is_header

# Printed by the DNP Users Group in application note AN2013-004b.
HEADER = bytes.fromhex("056405f20100efffbfb5")


def test_the_checksum_is_that_of_the_standard() -> None:
    assert checksum(np.frombuffer(HEADER, np.uint8).copy(), 0, 8) == 0xB5BF


@pytest.mark.parametrize("place", range(10))
def test_no_byte_of_a_header_may_change(place: int) -> None:
    data = np.frombuffer(HEADER, np.uint8).copy()
    assert is_header(data, 0, 10)
    assert not is_header(data, 0, 9)
    data[place] ^= 4
    assert not is_header(data, 0, 10)

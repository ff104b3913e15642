import socket
import struct
from ipaddress import IPv4Address, IPv6Address

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.flows.metering.text import addresses, macs, texts


@settings(max_examples=60, deadline=None)
@given(numbers=st.lists(st.integers(0, 2**32 - 1), max_size=8))
def test_ipv4_addresses_are_dotted(numbers: list[int]) -> None:
    count = len(numbers)
    found = addresses(np.full(count, 4, np.uint8), np.zeros(count, np.uint64), np.array(numbers, np.uint64))
    assert found.to_pylist() == [str(IPv4Address(number)) for number in numbers]


def test_ipv6_addresses_are_in_their_short_form() -> None:
    number = int(IPv6Address("fe80::a667:6ff:fef7:ec54"))
    hi, lo = np.array([number >> 64, 0], np.uint64), np.array([number & (2**64 - 1), 0x0A000001], np.uint64)
    assert addresses(np.array([6, 4], np.uint8), hi, lo).to_pylist() == ["fe80::a667:6ff:fef7:ec54", "10.0.0.1"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([0, 0, 0, 1, 0xFFFF, 0x1A2B, 0xC0, 0xB0C]), min_size=8, max_size=8), max_size=6)
)
def test_ipv6_addresses_are_what_the_c_library_writes(groups: list[list[int]]) -> None:
    packed = [struct.pack(">8H", *words) for words in groups]
    words = np.frombuffer(b"".join(packed), ">u8").reshape(-1, 2)
    found = addresses(np.full(len(packed), 6, np.uint8), words[:, 0].astype(np.uint64), words[:, 1].astype(np.uint64))
    assert found.to_pylist() == [socket.inet_ntop(socket.AF_INET6, one) for one in packed]


def test_no_text_is_null_and_all_there_have_no_mask() -> None:
    letters = np.frombuffer(b"abcdef", np.uint8).reshape(3, 2)
    assert texts(letters, np.array([2, 0, 1])).to_pylist() == ["ab", None, "e"]
    assert texts(letters, np.array([2, 2, 1])).buffers()[0] is None
    assert texts(letters[:, ::-1], np.array([2, 2, 1])).to_pylist() == ["ba", "dc", "f"]


def test_macs_have_colons_and_zero_is_null() -> None:
    assert macs(np.array([0xFFFFFFFFFFFF, 0], np.uint64)).to_pylist() == ["ff:ff:ff:ff:ff:ff", None]


def test_no_rows_give_no_texts() -> None:
    assert texts(np.zeros((0, 4), np.uint8), np.zeros(0, np.int64)).to_pylist() == []

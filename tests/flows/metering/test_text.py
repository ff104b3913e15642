import socket
import struct
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.metering.table import HISTORY, ROW
from redshank.flows.metering.text import (
    MAC_LETTERS,
    SPARE,
    V6_LETTERS,
    pairs_of,
    write_addresses,
    write_histories,
    write_macs,
)

ENDS = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.booleans())


def _split(letters: npt.NDArray[np.uint8], ends: npt.NDArray[np.int32]) -> list[str]:
    text = letters.tobytes().decode("latin-1")
    return [text[start:stop] for start, stop in pairwise(ends)]


def _addresses(rows: npt.NDArray[Any]) -> tuple[list[str], list[str]]:
    ends = np.zeros((2, len(rows) + 1), np.int32)
    source, target = np.zeros((2, V6_LETTERS * len(rows) + SPARE), np.uint8)
    write_addresses(rows, 0, ends, source, target)
    return _split(source, ends[0]), _split(target, ends[1])


@settings(max_examples=examples(60), deadline=None)
@given(ends=st.lists(ENDS, max_size=8))
def test_ipv4_addresses_are_dotted_and_the_originators_is_the_source(ends: list[tuple[int, int, bool]]) -> None:
    rows = np.zeros(len(ends), ROW)
    rows["version"] = 4
    for row, (one, other, first) in zip(rows, ends, strict=True):
        row["a_lo"], row["b_lo"], row["orig_is_a"] = one, other, first
    texts = [(str(IPv4Address(one)), str(IPv4Address(other)), first) for one, other, first in ends]
    assert _addresses(rows) == (
        [one if first else other for one, other, first in texts],
        [other if first else one for one, other, first in texts],
    )


def test_ipv6_addresses_are_in_their_short_form_beside_ipv4() -> None:
    number = int(IPv6Address("fe80::a667:6ff:fef7:ec54"))
    rows = np.zeros(2, ROW)
    rows["version"], rows["orig_is_a"] = (6, 4), 1
    rows["a_hi"], rows["a_lo"] = (number >> 64, 0), (number & (2**64 - 1), 0x0A000001)
    assert _addresses(rows) == (["fe80::a667:6ff:fef7:ec54", "10.0.0.1"], ["::", "0.0.0.0"])


@settings(max_examples=examples(150), deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([0, 0, 0, 1, 0xFFFF, 0x1A2B, 0xC0, 0xB0C]), min_size=8, max_size=8), max_size=6)
)
def test_ipv6_addresses_are_what_the_c_library_writes(groups: list[list[int]]) -> None:
    packed = [struct.pack(">8H", *words) for words in groups]
    words = np.frombuffer(b"".join(packed), ">u8").reshape(-1, 2)
    rows = np.zeros(len(packed), ROW)
    rows["version"], rows["b_hi"], rows["b_lo"] = 6, words[:, 0], words[:, 1]
    assert _addresses(rows)[0] == [socket.inet_ntop(socket.AF_INET6, one) for one in packed]


def test_texts_follow_those_of_rows_before() -> None:
    rows = np.zeros(3, ROW)
    rows["version"], rows["orig_is_a"], rows["a_lo"], rows["b_lo"] = 4, 1, (1, 2, 3), (4, 5, 6)
    ends = np.zeros((2, 4), np.int32)
    source, target = np.zeros((2, 3 * V6_LETTERS + SPARE), np.uint8)
    write_addresses(rows[:2], 0, ends, source, target)
    write_addresses(rows[2:], 2, ends, source, target)
    assert _split(source, ends[0]) == ["0.0.0.1", "0.0.0.2", "0.0.0.3"]
    assert _split(target, ends[1]) == ["0.0.0.4", "0.0.0.5", "0.0.0.6"]


def test_macs_have_colons_and_zero_has_no_text() -> None:
    rows, ends = np.zeros(3, ROW), np.zeros((2, 4), np.int32)
    rows["orig_mac"], rows["resp_mac"] = (0xFFFFFFFFFFFF, 0, 0x020000000A01), (0, 1, 2)
    source, target = np.zeros((2, 3 * MAC_LETTERS + SPARE), np.uint8)
    write_macs(rows, 0, ends, source, target)
    assert _split(source, ends[0]) == ["ff:ff:ff:ff:ff:ff", "", "02:00:00:00:0a:01"]
    assert _split(target, ends[1]) == ["", "00:00:00:00:00:01", "00:00:00:00:00:02"]


def test_a_history_has_as_many_letters_as_were_counted() -> None:
    rows, ends = np.zeros(4, ROW), np.zeros(5, np.int32)
    rows["history"], rows["history_length"] = 68, (1, 0, HISTORY, 3)
    letters = np.zeros(4 + HISTORY + SPARE, np.uint8)
    write_histories(rows, 0, ends, letters)
    assert _split(letters, ends) == ["D", "", "D" * HISTORY, "DDD"]


def test_pairs_are_in_the_order_of_the_alphabet() -> None:
    assert pairs_of(b"abc").tobytes() == b"aaabacbabbbccacbcc"

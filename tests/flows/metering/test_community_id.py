"""Goldens: the example of the Community ID specification (a TCP flow, both directions), and hashlib for any other."""

import base64
import hashlib
import struct
from ipaddress import IPv4Address
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.metering.community_id import LENGTH, write_community_ids
from redshank.flows.metering.lanes import SHA1_LANES
from redshank.flows.metering.table import ROW
from traces import metered, trace

_U64 = st.integers(0, 2**64 - 1)


def _ids(rows: npt.NDArray[Any]) -> list[str]:
    ends, letters = np.zeros(len(rows) + 1, np.int32), np.zeros(LENGTH * len(rows), np.uint8)
    write_community_ids(rows, 0, ends, letters, np.zeros((16, SHA1_LANES), np.uint32))
    text = letters.tobytes().decode()
    return [text[start:stop] for start, stop in pairwise(ends)]


def test_both_directions_have_the_identifier_of_the_specification() -> None:
    for sport, dport, swap in ((34855, 80, False), (80, 34855, True)):
        packets = trace("0 > A 5 7", sport=sport, dport=dport)
        client, server = (int(IPv4Address(text)) for text in ("128.232.110.120", "66.35.250.204"))
        packets["src_lo"], packets["dst_lo"] = (server, client) if swap else (client, server)
        (row,) = metered(packets)
        assert row["community_id"] == "1:LQU9qZlK+B5F3KDmev6m5PMibrg="


@settings(max_examples=examples(60), deadline=None)
@given(
    words=st.tuples(_U64, _U64, _U64, _U64),
    ports=st.tuples(*[st.integers(0, 65535)] * 2),
    version=st.sampled_from([4, 6]),
)
def test_the_identifier_is_the_sha1_of_the_flow(
    words: tuple[int, int, int, int], ports: tuple[int, int], version: int
) -> None:
    for proto in (1, 6, 17, 47, 58):
        row = np.zeros(1, ROW)
        row["version"], row["proto"] = version, proto
        row["a_hi"], row["a_lo"], row["b_hi"], row["b_lo"] = words
        row["a_port"], row["b_port"] = ports
        if version == 4:
            row["a_lo"], row["b_lo"] = words[1] & 0xFFFFFFFF, words[3] & 0xFFFFFFFF
            text = struct.pack(">HIIBB", 0, words[1] & 0xFFFFFFFF, words[3] & 0xFFFFFFFF, proto, 0)
        else:
            text = struct.pack(">HQQQQBB", 0, *words, proto, 0)
        if proto != 47:
            text += struct.pack(">HH", *ports)
        expected = "1:" + base64.b64encode(hashlib.sha1(text, usedforsecurity=False).digest()).decode()
        assert _ids(row) == [expected]


def test_flows_hashed_in_step_have_the_identifiers_that_each_has_alone() -> None:
    rows = np.zeros(2 * SHA1_LANES + 3, ROW)
    random = np.random.default_rng(1)
    rows["version"], rows["proto"] = random.choice([4, 6], len(rows)), random.choice([1, 6, 17, 47, 58, 132], len(rows))
    for name in ("a_hi", "a_lo", "b_hi", "b_lo"):
        rows[name] = random.integers(0, 2**32, len(rows))
    rows["a_port"] = random.integers(0, 2**16, len(rows))
    assert _ids(rows) == [_ids(rows[k : k + 1])[0] for k in range(len(rows))]


def test_sctp_has_none_because_its_ports_are_not_metered() -> None:
    row = np.zeros(2, ROW)
    row["version"], row["proto"] = 4, (132, 6)
    assert [len(text) for text in _ids(row)] == [0, LENGTH]

import re

import numpy as np

from redshank.capture.packet import PACKET
from redshank.flows.metering.lanes import NAME_LANES
from redshank.flows.metering.table import ROW
from redshank.flows.metering.uid import LENGTH, PARENTS, tunnel_uid, uid_of, write_parents, write_uid, write_uids


def _written(first: int, second: int) -> str:
    letters = np.zeros(LENGTH + 1, np.uint8)
    write_uid(np.uint64(first % 2**64), np.uint64(second % 2**64), letters, 1)
    return letters[1:].tobytes().decode()


def test_a_name_is_a_c_and_seventeen_letters() -> None:
    for words in ((0, 0), (2**64 - 1, 2**64 - 1), (12345, 678)):
        assert re.fullmatch("C[0-9A-Za-z]{17}", _written(*words))
    assert _written(61, 62) == "Cz0000000001000000"[:1] + "z00000000" + "01000000"


def test_a_flow_is_named_by_its_key_and_first_time() -> None:
    row = np.zeros(1, ROW)[0]
    names = {tuple(uid_of(row))}
    for field in ("a_hi", "a_lo", "b_hi", "b_lo", "a_port", "b_port", "proto", "one_way", "first_ns"):
        row[field] = 1
        names.add(tuple(uid_of(row)))
    assert len(names) == 10
    row["last_ns"], row["serial"], row["orig_is_a"] = 5, 6, 1
    assert tuple(uid_of(row)) in names


def test_a_tunnel_is_named_alike_in_both_directions_and_apart_by_protocol() -> None:
    there, back = np.zeros(2, PACKET)
    there["src_lo"], there["dst_lo"], there["proto"] = 1, 2, 47
    back["src_lo"], back["dst_lo"], back["proto"] = 2, 1, 47
    assert tuple(tunnel_uid(there)) == tuple(tunnel_uid(back))
    back["proto"] = 4
    assert tuple(tunnel_uid(there)) != tuple(tunnel_uid(back))
    there["src_hi"], back["src_hi"], back["proto"] = 9, 9, 47
    assert tuple(tunnel_uid(there)) != tuple(tunnel_uid(back))


def test_names_made_in_step_are_those_of_each_flow_alone() -> None:
    rows, random = np.zeros(2 * NAME_LANES + 3, ROW), np.random.default_rng(1)
    for field in ("a_hi", "a_lo", "b_hi", "b_lo", "first_ns"):
        rows[field] = random.integers(0, 2**63, len(rows))
    for field in ("a_port", "b_port", "proto", "one_way"):
        rows[field] = random.integers(0, 256, len(rows))
    ends, letters = np.full(len(rows) + 2, -1, np.int32), np.zeros(LENGTH * (len(rows) + 1), np.uint8)
    write_uids(rows, 1, ends, letters, np.zeros((6, NAME_LANES), np.uint64))
    assert ends[2:].tolist() == [LENGTH * (k + 2) for k in range(len(rows))]
    found = letters.tobytes().decode()
    assert [found[LENGTH * (k + 1) : LENGTH * (k + 2)] for k in range(len(rows))] == [
        _written(*(int(word) for word in uid_of(row))) for row in rows
    ]


def test_tunnels_that_carried_a_flow_are_joined_by_a_comma() -> None:
    rows, parents = np.zeros(3, ROW), np.array([[0, 0, 0, 0], [5, 6, 7, 8], [1, 2, 3, 4]], np.uint64)
    rows["parents"] = 0, 2, 1
    ends, letters = np.zeros(4, np.int32), np.zeros(3 * PARENTS, np.uint8)
    write_parents(rows, parents, ends, letters)
    assert ends.tolist() == [0, 0, PARENTS, PARENTS + LENGTH]
    assert letters[: ends[-1]].tobytes().decode() == f"{_written(5, 6)},{_written(7, 8)}{_written(1, 2)}"

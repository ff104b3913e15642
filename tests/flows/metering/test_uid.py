import re

import numpy as np

from redshank.capture.packet import PACKET
from redshank.flows.metering.table import ROW
from redshank.flows.metering.uid import ALPHABET, LENGTH, tunnel_uid, uid_of, write_uid


def _written(first: int, second: int) -> str:
    letters = np.zeros(LENGTH + 1, np.uint8)
    write_uid(np.uint64(first % 2**64), np.uint64(second % 2**64), letters, 1, ALPHABET)
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

import numpy as np

from redshank.capture.packet import CARRIES
from redshank.flows.metering import slots
from redshank.flows.metering.lookup import BATCH, look_up
from redshank.flows.metering.orient import key_of
from redshank.flows.metering.table import KEY, Table
from traces import trace


def test_what_is_in_the_table_is_found_and_what_is_not_metered_passed_over() -> None:
    packets = np.concatenate([trace("0 > - 1\n1 < - 1", sport=port) for port in (1, 2, 3)])
    packets["version"][4], packets["carrier"][5] = 0, CARRIES
    tables, key = Table(16, 1), np.zeros(1, KEY)[0]
    key_of(packets[2], key)
    memory = tables.memory
    tag = int(slots.hash_of(key, memory["k0"], memory["k1"])) & 0xFFFFFFFF
    slots.insert(tables.slots, tag, 7)
    keys = np.zeros(BATCH, KEY)
    look_up(packets, np.zeros(1, np.uint8), 0, 6, memory, keys)
    assert keys["row"][:6].tolist() == [-1, -1, 7, 7, -1, -1]
    assert keys["version"][:6].tolist() == [4, 4, 4, 4, 0, 0]
    assert keys["tag"][2] == keys["tag"][3] == tag
    assert keys["from_a"][:4].tolist() == [1, 0, 1, 0]


def test_keys_are_counted_from_the_first_packet_that_is_looked_up() -> None:
    packets = trace("0 > - 1\n1 > 8/0 1\n2 > S 1")
    keys = np.zeros(BATCH, KEY)
    look_up(packets, np.zeros(1, np.uint8), 1, 3, Table(16, 1).memory, keys)
    assert keys["proto"][:3].tolist() == [1, 6, 0]

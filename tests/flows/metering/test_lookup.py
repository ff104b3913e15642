import numpy as np

from redshank.capture.packet import CARRIES
from redshank.flows.metering import slots
from redshank.flows.metering.lookup import KEYS, STEPS, look_up
from redshank.flows.metering.orient import key_of
from redshank.flows.metering.table import GROUP, KEY, Table
from traces import trace


def test_what_is_in_the_table_is_found_and_what_is_not_metered_passed_over() -> None:
    packets = np.concatenate([trace("0 > - 1\n1 < - 1", sport=port) for port in (1, 2, 3)])
    packets["version"][4], packets["carrier"][5] = 0, CARRIES
    tables, key = Table(16, 1), np.zeros(1, KEY)[0]
    key_of(packets[2], key)
    memory = tables.memory
    tag = int(slots.hash_of(key, memory["k0"], memory["k1"])) & 0xFFFFFFFF
    slots.insert(tables.slots, tag, 7)
    keys = np.zeros(KEYS, KEY)
    for step in range(STEPS):
        look_up(packets, np.zeros(1, np.uint8), 0, step * GROUP, memory, keys)
    assert keys["row"][:6].tolist() == [-1, -1, 7, 7, -1, -1]
    assert keys["version"][:6].tolist() == [4, 4, 4, 4, 0, 0]
    assert keys["tag"][2] == keys["tag"][3] == tag
    assert keys["from_a"][:4].tolist() == [1, 0, 1, 0]


def test_keys_stand_at_the_number_of_their_packet_and_before_the_first_there_are_none() -> None:
    packets = np.concatenate([trace("0 > - 1")] * (KEYS + 3))
    packets["src_port"] = np.arange(len(packets))
    keys = np.zeros(KEYS, KEY)
    memory, start = Table(16, 1).memory, KEYS - 2
    for first in range(start, len(packets) + STEPS * GROUP, GROUP):
        look_up(packets, np.zeros(1, np.uint8), start, first, memory, keys)
    ports = np.where(keys["from_a"] == 1, keys["a_port"], keys["b_port"])
    assert ports.tolist() == [KEYS, KEYS + 1, KEYS + 2, *([0] * (KEYS - 5)), KEYS - 2, KEYS - 1]

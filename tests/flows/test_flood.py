"""Hostile load: floods of distinct flows, and keys that are chosen to collide."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from redshank.capture.packet import PACKET
from redshank.flows.meter import Meter, MeterSettings
from redshank.flows.metering.siphash import siphash

ROOT = Path(__file__).resolve().parents[2]
FLOWS = 300_000
MEMORY_MIB = 400
NOTHING = np.zeros(0, np.uint8)


def flood(flows: int) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "flood.py"), "--flows", str(flows)],
        capture_output=True,
        check=True,
        timeout=250,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    found: dict[str, float] = json.loads(run.stdout)
    return found


def test_a_flood_of_flows_takes_bounded_memory_and_loses_none_uncounted() -> None:
    # bench/flood.py alone sends 5 million, 210 MiB at most: that is reached as soon as the table has been full once.
    flood(1_000)  # compiles what is not compiled yet: that takes memory of its own
    found = flood(FLOWS)
    assert found["rows"] == found["packets"] == FLOWS
    assert found["flow_evicted"] == FLOWS - MeterSettings().capacity
    assert found["peak_mib"] < MEMORY_MIB


def syns(flows: int) -> npt.NDArray[Any]:
    """Return as many packets, each of a flow of its own."""
    packets = np.zeros(flows, PACKET)
    number = np.arange(flows, dtype=np.uint64)
    packets["version"], packets["proto"], packets["tcp_flags"], packets["window"] = 4, 6, 2, 1
    packets["src_lo"], packets["dst_lo"], packets["dst_port"] = number // np.uint64(50_000) + np.uint64(1), 7, 80
    packets["src_port"] = number % np.uint64(50_000) + np.uint64(1024)
    packets["ts_ns"], packets["vlan"], packets["ip_length"] = 10**18, -1, 40
    return packets


def metered(packets: npt.NDArray[Any], capacity: int, seed: int) -> Meter:
    meter = Meter(MeterSettings(capacity=capacity, seed=seed, payload_mib=1))
    assert list(meter.feed(packets, NOTHING)) == []
    assert meter.flows == len(packets)
    return meter


def longest_probe(meter: Meter) -> int:
    """Return how far the farthest flow lies from where its hash points."""
    slots = meter.table.slots
    mask = len(slots) - 1
    places = np.flatnonzero(slots)
    homes = (slots[places] >> np.uint64(32)).astype(np.int64) & mask
    return int(((places - homes) & mask).max())


def test_keys_that_collide_under_one_seed_do_not_under_another() -> None:
    many = syns(120_000)
    known = metered(many, 131_072, seed=1).table.rows[: len(many)]["tag"].astype(np.int64)
    chosen = many[(known & 8191) < 16]  # all of them want one of 16 places among 8,192
    assert 150 < len(chosen) < 350
    assert longest_probe(metered(chosen, 4096, seed=1)) > 100, "who knows the seed can do this"
    assert longest_probe(metered(chosen, 4096, seed=2)) < 12
    assert longest_probe(metered(chosen, 4096, seed=3)) < 12


def test_a_full_table_is_probed_in_a_few_steps() -> None:
    # Linear probing at a load of one half: about (1 + 1 / (1 - load)^2) / 2 = 2.5 on average.
    assert longest_probe(metered(syns(65_536), 65_536, seed=5)) < 80


@pytest.mark.parametrize("seed", [0, 1, 42, 4_294_967_295])
def test_siphash_is_that_of_cpython(seed: int) -> None:
    # Golden: CPython 3.11 and later hash bytes by SipHash-1-3, under a key that PYTHONHASHSEED makes by the
    # generator x = 214013 x + 2531011 (Python/bootstrap_hash.c), byte by byte from bits 16 to 23; 0 gives key 0.
    if sys.hash_info.algorithm != "siphash13":
        pytest.skip(f"this Python hashes by {sys.hash_info.algorithm}")
    words = [struct.unpack("<5Q", bytes(range(start, start + 40))) for start in range(20)]
    code = "print([hash(bytes(range(start, start + 40))) for start in range(20)])"
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    x, key = seed, bytearray()
    for _ in range(16 if seed else 0):
        x = (x * 214_013 + 2_531_011) % 2**32
        key.append(x >> 16 & 255)
    k0, k1 = struct.unpack("<QQ", bytes(key) or bytes(16))
    mine = [int(siphash(*(np.uint64(word) for word in (k0, k1, *five)))) % 2**64 for five in words]
    assert mine == [value % 2**64 for value in json.loads(run.stdout)]

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.metering import slots
from redshank.flows.metering.table import KEY, Table

_TAGS = (0, 1, 30, 31, 2**32 - 1)  # neighbours, and those that go round the end


def test_the_hash_depends_on_its_key() -> None:
    key = np.zeros(1, KEY)[0]
    for key["version"] in (4, 6):
        a, b = Table(16, 1).memory, Table(16, 2).memory
        assert slots.hash_of(key, a["k0"], a["k1"]) != slots.hash_of(key, b["k0"], b["k1"])


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("field", ["a_lo", "b_lo", "a_port", "b_port", "proto", "one_way"])
def test_the_hash_depends_on_all_of_the_flow(version: int, field: str) -> None:
    key = np.zeros(1, KEY)[0]
    key["version"] = version
    before = slots.hash_of(key, np.uint64(1), np.uint64(2))
    key[field] = 1
    assert slots.hash_of(key, np.uint64(1), np.uint64(2)) != before


@settings(max_examples=examples(60), deadline=None)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 15), st.sampled_from(_TAGS)), max_size=80))
def test_slots_find_what_is_in_and_nothing_else(steps: list[tuple[bool, int, int]]) -> None:
    tables = Table(16, 1)
    inside: dict[int, int] = {}
    for put, index, tag in steps:
        tables.rows[index]["a_lo"] = index
        if put and index not in inside:
            slots.insert(tables.slots, tag, index)
            inside[index] = tag
        elif not put and index in inside:
            slots.remove(tables.slots, inside.pop(index), index)
        for row in range(16):
            wanted = np.zeros(1, KEY)
            wanted["a_lo"] = row
            for probe in _TAGS:
                found = slots.find(tables.slots, tables.rows, wanted[0], probe)
                assert found == (row if inside.get(row) == probe else -1)
    assert int((tables.slots != 0).sum()) == len(inside)

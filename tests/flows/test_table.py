import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.flows import table

_TAGS = (0, 1, 30, 31, 2**32 - 1)  # neighbours, and those that go round the end


def test_siphash_is_that_of_its_authors() -> None:
    # SipHash-1-3 of 40 bytes; golden: OpenSSL has 2-4 only, so this is an independent sketch in plain integers.
    def reference(key: tuple[int, int], words: list[int]) -> int:
        mask = 2**64 - 1
        v = [key[0] ^ 0x736F6D6570736575, key[1] ^ 0x646F72616E646F6D, key[0] ^ 0x6C7967656E657261]
        v.append(key[1] ^ 0x7465646279746573)

        def turn(x: int, b: int) -> int:
            return (x << b | x >> (64 - b)) & mask

        def rounds(count: int) -> None:
            for _ in range(count):
                v[0] = (v[0] + v[1]) & mask
                v[1] = turn(v[1], 13) ^ v[0]
                v[0] = turn(v[0], 32)
                v[2] = (v[2] + v[3]) & mask
                v[3] = turn(v[3], 16) ^ v[2]
                v[0] = (v[0] + v[3]) & mask
                v[3] = turn(v[3], 21) ^ v[0]
                v[2] = (v[2] + v[1]) & mask
                v[1] = turn(v[1], 17) ^ v[2]
                v[2] = turn(v[2], 32)

        for word in [*words, 40 << 56]:
            v[3] ^= word
            rounds(1)
            v[0] ^= word
        v[2] ^= 0xFF
        rounds(3)
        return v[0] ^ v[1] ^ v[2] ^ v[3]

    random = np.random.default_rng(5)
    for _ in range(20):
        words = random.integers(0, 2**64, 7, dtype=np.uint64)
        found = int(table.siphash(*words))
        assert found % 2**64 == reference((int(words[0]), int(words[1])), [int(word) for word in words[2:]])


def test_the_hash_depends_on_its_key() -> None:
    a, b = table.make(16, 1), table.make(16, 2)
    word = np.uint64(9)
    assert table.siphash(a.key[0], a.key[1], word, word, word, word, word) != table.siphash(
        b.key[0], b.key[1], word, word, word, word, word
    )


def test_without_a_seed_each_table_draws_its_own_key() -> None:
    assert table.make(16, None).key.tolist() != table.make(16, None).key.tolist()


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 15), st.sampled_from(_TAGS)), max_size=80))
def test_slots_find_what_is_in_and_nothing_else(steps: list[tuple[bool, int, int]]) -> None:
    tables = table.make(16, 1)
    inside: dict[int, int] = {}
    for put, index, tag in steps:
        tables.rows[index]["a_lo"] = index
        if put and index not in inside:
            table.insert(tables.slots, tag, index)
            inside[index] = tag
        elif not put and index in inside:
            table.remove(tables.slots, inside.pop(index), index)
        for row in range(16):
            wanted = np.zeros(1, table.ROW)
            wanted["a_lo"] = row
            for probe in _TAGS:
                found = table.find(tables.slots, tables.rows, wanted[0], probe)
                assert found == (row if inside.get(row) == probe else -1)
    assert int((tables.slots != 0).sum()) == len(inside)


def test_a_full_table_has_no_row_to_take() -> None:
    tables = table.make(16, 1)
    assert [table.take(tables.rows, tables.state) for _ in range(17)] == [*range(16), -1]

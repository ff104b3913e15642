import numpy as np

from redshank.flows.metering.pools import take_row
from redshank.flows.metering.table import END, HOLE, MORE, ROW, Table


def test_records_fill_whole_cache_lines_and_take_what_the_settings_say() -> None:
    assert (ROW.itemsize, END.itemsize, MORE.itemsize, HOLE.itemsize) == (256, 192, 256, 104)
    assert ROW.fields is not None
    assert END.fields is not None
    assert (ROW.fields["packets"][1], END.fields["last"][1], END.fields["fin_seq"][1]) == (64, 64, 128)
    tables = Table(16, 1)
    assert [array.ctypes.data % 64 for array in (tables.rows, tables.ends, tables.more, tables.nodes)] == [0, 0, 0, 0]


def test_without_a_seed_each_table_draws_its_own_key() -> None:
    one, other = Table(16, None).memory, Table(16, None).memory
    assert (one["k0"], one["k1"]) != (other["k0"], other["k1"])
    assert Table(16, 3).memory["k0"] == Table(16, 3).memory["k0"]


def test_kernels_see_the_arrays_that_the_table_shows() -> None:
    tables = Table(16, 1)
    tables.memory["free_row"], tables.rows["next"][7] = 7, 3
    assert [take_row(tables.memory) for _ in range(2)] == [7, 3]


def test_the_ring_is_one_memory_in_bytes_and_words() -> None:
    tables = Table(16, 1, ring_bytes=64)
    tables.ring[8] = 1
    assert tables.ring_words.tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert tables.ring.dtype == np.uint8

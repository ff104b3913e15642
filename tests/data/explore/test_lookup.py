import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explored import table
from redshank.data.explore import lookup
from redshank.data.explore.lookup import Split, ceiling, compact, hashes, look_up, ranges, rows_of, split, together
from redshank.data.explore.table import Codes, Table


def of(y: list[int], classes: tuple[str, ...] = ("benign", "dos", "scan")) -> Table:
    return Table("t", (), np.array(y, dtype=np.int64), classes, benign=True)


def parts(train: list[int], held_out: list[int]) -> Split:
    return Split(np.array(train), np.array(held_out), 0.0, None)


def test_a_look_up_says_what_most_training_rows_said() -> None:
    # Value 0: benign, dos, dos -> dos; value 1: benign; value 2 was never seen: the commonest, dos.
    rows = of([0, 1, 1, 0, 1, 0, 2, 1])
    codes = np.array([0, 0, 0, 1, 0, 1, 0, 2])
    right = look_up(rows, codes, 3, parts([0, 1, 2, 3, 4], [5, 6, 7]))
    assert right.family == pytest.approx(2 / 3)  # 5 is benign, 6 is scan and called dos, 7 is dos
    assert right.binary == 1


def test_a_large_table_of_counts_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table()
    codes = np.random.default_rng(0).integers(0, 300, len(rows))
    before = look_up(rows, codes * 7, 2100, split(rows, 0))
    monkeypatch.setattr(lookup, "DENSE", 10)
    assert look_up(rows, codes * 7, 2100, split(rows, 0)) == before


def test_the_held_out_rows_never_change_what_is_looked_up() -> None:
    rows = of([0, 1, 0, 1, 1, 1])
    found = parts([0, 1, 2, 3], [4, 5])
    codes = np.array([0, 1, 0, 1, 0, 0])
    assert look_up(rows, codes, 2, found).binary == 0
    other = of([0, 1, 0, 1, 0, 0])
    assert look_up(other, codes, 2, found).binary == 1


def test_the_split_is_by_seed_and_knows_what_the_commonest_class_gets() -> None:
    rows = table()
    found = split(rows, 5)
    assert np.array_equal(np.sort(np.concatenate([found.train, found.held_out])), np.arange(len(rows)))
    assert len(found.held_out) == 360
    assert np.array_equal(found.train, split(rows, 5).train)
    assert not np.array_equal(found.train, split(rows, 6).train)
    assert found.family == pytest.approx((rows.y[found.held_out] == 0).mean())


def test_ranges_hold_as_many_rows_each_and_absent_is_one_of_its_own() -> None:
    numbers = np.append(np.arange(10_000.0), np.nan)
    codes, size = ranges(numbers, parts(list(range(10_001)), []))
    assert size == 257
    assert np.bincount(codes)[:256].max() - np.bincount(codes)[:256].min() <= 1
    assert codes[-1] == 256


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=40))
def test_pairs_and_ceilings_are_what_a_dictionary_says(drawn: list[tuple[int, int, int]]) -> None:
    first, second, y = (np.array(column, dtype=np.int64) for column in zip(*drawn, strict=True))
    codes, size = together((first, 6), (second, 6))
    votes: dict[tuple[int, int], list[int]] = {}
    for a, b, label in drawn:
        votes.setdefault((a, b), []).append(label)
    assert size == len(votes)
    right = ceiling(of(y.tolist()), codes, size)
    assert right.family == pytest.approx(sum(max(map(v.count, v)) for v in votes.values()) / len(drawn))
    sides = [[int(one > 0) for one in v] for v in votes.values()]
    assert right.binary == pytest.approx(sum(max(map(v.count, v)) for v in sides) / len(drawn))


def test_equal_rows_have_equal_numbers_and_others_do_not() -> None:
    rows = table()
    columns = hashes(rows.fields)
    tuples = list(zip(*(field.row_values()[0].tolist() for field in rows.fields), strict=True))
    for chosen in ([0, 1, 2, 3, 4, 5, 6, 7], [3, 4, 7], [7], [1, 3]):
        _, size = rows_of([columns[at] for at in chosen], len(rows))
        assert size == len({tuple(row[at] for at in chosen) for row in tuples})
    meant: list[Codes] = [field.plain[field.codes] for field in rows.fields]
    _, size = rows_of([hashes(rows.fields, meant=True)[3]], len(rows))
    assert size == len(set(meant[3].tolist())) == 2


def test_numbers_are_compacted_in_order() -> None:
    codes, size = compact(np.array([9, 4, 9, 100]))
    assert (codes.tolist(), size) == ([1, 0, 1, 2], 3)

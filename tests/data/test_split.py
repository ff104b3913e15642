import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.data.clean import Floats
from redshank.data.split import require_disjoint, shared_rows, shuffled, stratified

SHARES = (0.6, 0.1, 0.1, 0.2)


def column(*values: float) -> Floats:
    return np.array(values, dtype=np.float32).reshape(-1, 1)


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), st.integers(0, 2**31))
def test_a_stratified_split_holds_every_row_once_and_every_class_by_its_share(labels: list[int], seed: int) -> None:
    y = np.array(labels)
    parts = stratified(y, SHARES, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(y)))
    for label in set(labels):
        rows = labels.count(label)
        sizes = [int((y[part] == label).sum()) for part in parts]
        assert sum(sizes) == rows
        assert sum(size > 0 for size in sizes) == min(rows, len(SHARES))
        if rows >= 20:
            assert all(abs(size - share * rows) <= 1 for size, share in zip(sizes, SHARES, strict=True))


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [(1, [1, 0, 0, 0]), (2, [1, 0, 0, 1]), (3, [1, 1, 0, 1]), (4, [1, 1, 1, 1]), (5, [2, 1, 1, 1]), (10, [6, 1, 1, 2])],
)
def test_a_scarce_class_goes_where_it_is_needed_most(rows: int, sizes: list[int]) -> None:
    assert [len(part) for part in stratified(np.zeros(rows, np.int64), SHARES, 0)] == sizes


def test_a_stratified_split_repeats_itself_by_seed() -> None:
    y = np.arange(100) % 3
    first, again, other = (stratified(y, SHARES, seed) for seed in (1, 1, 2))
    assert [part.tolist() for part in first] == [part.tolist() for part in again]
    assert [part.tolist() for part in first] != [part.tolist() for part in other]


def test_the_rows_of_one_class_do_not_depend_on_another_class() -> None:
    y = np.repeat([0, 1], 50)
    more = np.concatenate([y, np.full(30, 2)])
    for part, other in zip(stratified(y, SHARES, 3), stratified(more, SHARES, 3), strict=True):
        assert sorted(part.tolist()) == sorted(other[other < 100].tolist())


def test_a_part_is_not_sorted_by_class() -> None:
    y = np.repeat([0, 1], 500)
    train = stratified(y, SHARES, 0)[0]
    assert 0 < y[train[:50]].sum() < 50


@given(st.integers(1, 500), st.integers(0, 2**31))
def test_a_shuffled_split_holds_every_row_once(rows: int, seed: int) -> None:
    parts = shuffled(rows, SHARES, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(rows))


@pytest.mark.parametrize(("rows", "test"), [(211_043, 42_209), (461_043, 92_209), (10, 2), (11, 3)])
def test_the_last_part_of_a_shuffled_split_is_rounded_up(rows: int, test: int) -> None:
    # 92,209 is the number of test rows that the reproduced study reports for its 461,043 rows.
    assert len(shuffled(rows, SHARES, 0)[-1]) == test


@pytest.mark.parametrize("shares", [(), (0.5, 0.4), (1.0, 0.0), (1.5, -0.5)])
def test_shares_that_do_not_make_a_whole_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must be above 0 and sum to 1"):
        stratified(np.zeros(3, np.int64), shares, 0)
    with pytest.raises(ValueError, match="must be above 0 and sum to 1"):
        shuffled(3, shares, 0)


def test_shared_rows_are_those_with_a_vector_that_was_seen() -> None:
    assert shared_rows(column(1, np.nan, 0), column(2, np.nan, 1, -0.0, 3)).tolist() == [1, 2, 3]


def test_parts_that_share_nothing_pass() -> None:
    require_disjoint({"train": column(1, 2, 2), "validation": column(3), "test": column(4, np.nan)})


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"train": column(1, 2), "test": column(3, 2)}, "test row 1 has the same vector as a row of train"),
        (
            {"train": column(1), "validation": column(np.nan), "test": column(5, np.nan)},
            "test row 1 has the same vector as a row of validation",
        ),
    ],
)
def test_a_shared_vector_is_refused(parts: dict[str, Floats], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        require_disjoint(parts)

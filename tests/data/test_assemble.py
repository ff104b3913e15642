import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from redshank.data.assemble import Draft, merged, whole
from redshank.data.parts import OTHER_FAMILY


def rows(*parts: list[int]) -> list[npt.NDArray[np.int64]]:
    return [np.array(part, dtype=np.int64) for part in parts]


def drafted(values: list[int], y: list[int], parts: list[npt.NDArray[np.int64]], *, drop_seen: bool) -> Draft:
    x = np.array(values, dtype=np.float32)[:, None]
    return merged([x[part] for part in parts], np.array(y), parts, drop_seen=drop_seen)


def test_a_vector_belongs_to_the_first_part_that_holds_it() -> None:
    draft = drafted([1, 2, 1, 3, 2, 3], [0, 1, 0, 1, 1, 1], rows([0, 1], [2], [3], [4, 5]), drop_seen=True)
    assert [part.x[:, 0].tolist() for part in draft.parts] == [[1, 2], [], [3], []]
    assert draft.seen == ((0, 0), (1, 1), (0, 0), (2, 2))
    assert draft.seen_notes() == {
        "dropped_as_seen": {"validation vectors": 1, "validation rows": 1, "test vectors": 2, "test rows": 2}
    }


def test_or_it_is_kept_and_counted() -> None:
    draft = drafted([1, 2, 1, 3, 2, 3], [0, 1, 0, 1, 1, 1], rows([0, 1], [2], [3], [4, 5]), drop_seen=False)
    assert [len(part) for part in draft.parts] == [2, 1, 1, 2]
    assert draft.seen_notes()["seen_before"]["test vectors"] == 2


def test_the_rows_of_a_vector_are_its_members_and_its_row_has_its_class() -> None:
    draft = drafted([5, 5, 5, 6], [1, 0, 0, 1], rows([0, 1, 2, 3], [], [], []), drop_seen=True)
    train = draft.parts[0]
    assert train.members is not None
    assert train.members.tolist() == [(0, 0), (0, 1), (0, 2), (1, 3)]
    assert train.row.tolist() == [1, 3]
    assert train.weight.tolist() == [3, 1]
    assert train.minority is not None
    assert train.minority.tolist() == [(0, 1, 1)]
    assert (draft.conflicts, draft.conflict_rows, draft.ceiling) == (1, 3, 0.75)


def test_another_family_keeps_its_number_even_as_a_minority() -> None:
    draft = drafted([5, 6, 7, 7, 7], [0, 1, -1, -1, 1], rows([0], [1], [], [2, 3, 4]), drop_seen=True)
    test = draft.parts[3]
    assert test.y.tolist() == [OTHER_FAMILY]
    draft = drafted([5, 6, 7, 7, 7], [0, 1, -1, 1, 1], rows([0], [1], [], [2, 3, 4]), drop_seen=True)
    assert draft.parts[3].minority is not None
    assert draft.parts[3].minority.tolist() == [(0, OTHER_FAMILY, 1)]


def test_whole_parts_are_rows_as_they_are() -> None:
    x = np.ones((3, 1), np.float32)
    draft = whole([x, x[:0]], np.array([0, 1, 1, 0]), rows([0, 1, 3], []))
    assert [part.row.tolist() for part in draft.parts] == [[0, 1, 3], []]
    assert draft.parts[0].y.tolist() == [0, 1, 0]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 2), st.integers(0, 3)), min_size=1, max_size=40))
def test_no_vector_is_in_two_parts_and_no_row_is_lost_unseen(drawn: list[tuple[int, int, int]]) -> None:
    # Training never holds another family.
    drawn = [(value, abs(y) if part == 0 else y, part) for value, y, part in drawn]
    parts = rows(*([at for at, (_, _, part) in enumerate(drawn) if part == which] for which in range(4)))
    draft = drafted([v for v, _, _ in drawn], [y for _, y, _ in drawn], parts, drop_seen=True)
    held = [value for part in draft.parts for value in part.x[:, 0].tolist()]
    assert len(held) == len(set(held))
    assert sum(part.weight.sum() for part in draft.parts) + sum(count for _, count in draft.seen) == len(drawn)

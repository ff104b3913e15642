import logging

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from redshank.data.clean import (
    IDENTIFIERS,
    Floats,
    Step,
    deduplicate,
    groups,
    label_encode,
    min_max,
    recorded,
    require_no_identifier,
)

VALUES = st.sampled_from([0.0, -0.0, 1.0, 1.5, -3.0, float("nan"), float("inf")])


def tables(columns: int = 2) -> st.SearchStrategy[Floats]:
    return st.integers(1, 30).flatmap(
        lambda rows: arrays.arrays(np.float32, (rows, columns), elements=VALUES.map(np.float32))
    )


def meaning(row: Floats) -> tuple[str, ...]:
    return tuple("nan" if np.isnan(value) else str(float(value) + 0.0) for value in row)


@given(tables())
def test_groups_are_equal_rows_and_nothing_else(x: Floats) -> None:
    number = groups(x)
    pairs = {(int(at), meaning(row)) for at, row in zip(number, x, strict=True)}
    assert len(pairs) == len({at for at, _ in pairs}) == len({row for _, row in pairs})


@given(tables())
def test_groups_are_numbered_by_first_appearance(x: Floats) -> None:
    number = groups(x).tolist()
    assert list(dict.fromkeys(number)) == list(range(max(number) + 1))


def test_the_bits_of_nan_do_not_split_duplicates() -> None:
    bits = np.array([[0x7FC00000], [0xFFC00000], [0x7FC0BEEF], [0x7F800001]], dtype=np.uint32)
    x = bits.view(np.float32)
    assert np.isnan(x).all()
    assert groups(x).tolist() == [0, 0, 0, 0]
    assert len(deduplicate(x, np.zeros(4, np.int64)).x) == 1


def test_groups_leave_their_input_as_it_was() -> None:
    x = np.array([[-0.0, np.nan]], dtype=np.float32)
    before = x.tobytes()
    groups(x)
    assert x.tobytes() == before


def test_rows_without_columns_are_all_the_same() -> None:
    assert groups(np.empty((3, 0), np.float32)).tolist() == [0, 0, 0]


@settings(deadline=None)
@given(st.data())
def test_deduplication_keeps_every_row_once_and_the_majority(data: st.DataObject) -> None:
    x = data.draw(tables())
    y = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(x), max_size=len(x))), dtype=np.int64)
    merged = deduplicate(x, y)
    votes: dict[tuple[str, ...], list[int]] = {}
    for row, label in zip(x, y.tolist(), strict=True):
        votes.setdefault(meaning(row), []).append(label)
    assert [meaning(row) for row in merged.x] == list(votes)
    assert merged.weight.tolist() == [len(labels) for labels in votes.values()]
    assert merged.y.tolist() == [max(sorted(set(labels)), key=labels.count) for labels in votes.values()]
    assert merged.conflicts == sum(len(set(labels)) > 1 for labels in votes.values())
    assert merged.conflict_rows == sum(len(labels) for labels in votes.values() if len(set(labels)) > 1)
    assert merged.ceiling == pytest.approx(sum(max(map(v.count, v)) for v in votes.values()) / len(x))
    assert y[merged.row].tolist() == merged.y.tolist()
    assert [meaning(row) for row in x[merged.row]] == list(votes)


def test_the_row_of_a_vector_is_its_first_with_the_majority_label() -> None:
    merged = deduplicate(np.zeros((4, 1), np.float32), np.array([0, 1, 1, 0]))
    assert merged.y.tolist() == [0]
    assert merged.row.tolist() == [0]
    assert deduplicate(np.zeros((3, 1), np.float32), np.array([0, 1, 1])).row.tolist() == [1]


def test_nothing_cannot_be_deduplicated() -> None:
    with pytest.raises(ValueError, match="there are no rows to deduplicate"):
        deduplicate(np.empty((0, 2), np.float32), np.empty(0, np.int64))


@pytest.mark.parametrize("name", ["label", "type", "src_ip", "dst_port", "ts", "pkSeqID", "http_uri"])
def test_an_identifier_is_no_model_input(name: str) -> None:
    assert name in IDENTIFIERS
    with pytest.raises(ValueError, match=f"column '{name}' names a device, a moment or the answer"):
        require_no_identifier(["duration", name])


def test_text_becomes_its_rank_and_numbers_stay() -> None:
    # As scikit-learn's LabelEncoder does it: values in the order of their code points.
    table = pa.table({"text": ["b", "-", "é", "B", "b"], "number": [3, 1, 2, 5, 4], "real": [0.5, None, 1.0, 2.0, 3.0]})
    encoded = label_encode(table)
    assert encoded[:, 0].tolist() == [2, 0, 3, 1, 2]
    assert encoded[:, 1].tolist() == [3, 1, 2, 5, 4]
    assert np.isnan(encoded[1, 2])


def test_min_max_squeezes_by_the_extremes_of_all_rows() -> None:
    scaled = min_max(np.array([[0.0, 7.0], [3.9e9, 7.0], [1500.0, 7.0]]))
    assert scaled[:, 1].tolist() == [0, 0, 0]
    assert scaled[1, 0] == 1
    assert scaled[2, 0] == pytest.approx(1500 / 3.9e9)


def test_steps_are_logged_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="redshank.data.clean"):
        kept = recorded([Step("deduplicate", 3, "2 rows merged")])
    assert kept == [{"name": "deduplicate", "rows": 3, "detail": "2 rows merged"}]
    assert caplog.messages == ["deduplicate: 2 rows merged; 3 rows left"]

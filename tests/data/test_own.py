from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from partitions import labelled
from redshank.core.errors import ConfigError
from redshank.data.dataset import Labelled, Own
from redshank.data.own import MOST_CODES, OwnEncoding


def offering(columns: dict[str, object], *, identifiers: tuple[str, ...] = ()) -> Labelled:
    table = pa.table(columns)
    own = Own(table, frozenset(identifiers), frozenset({"size"}), {"size": "bytes"})
    return replace(labelled(table.num_rows), own=own)


def test_numbers_stay_and_categories_become_codes_of_the_training_rows() -> None:
    words = ["b", "a", None, "c", "b"]
    data = offering({"size": [1, None, 3, 4, 5], "word": words, "odd": [True, False, None, True, False]})
    found = OwnEncoding(data).encode([np.array([0, 1, 2]), np.array([3, 4])])
    assert [(c.name, c.unit, c.vocabulary, c.heavy_tail) for c in found.columns] == [
        ("size", "bytes", (), True),
        ("word", "category", ("a", "b"), False),
        ("odd", "1", (), False),
    ]
    np.testing.assert_array_equal(found.x[0], np.array([[1, 3, 1], [np.nan, 2, 0], [3, 0, np.nan]], np.float32))
    np.testing.assert_array_equal(found.x[1], np.array([[4, 1, 1], [5, 3, 0]], np.float32))


def test_the_vocabulary_does_not_know_the_other_parts() -> None:
    data = offering({"word": ["a", "b", "a", "b"]})
    train, test = np.array([0, 1]), np.array([2, 3])
    changed = replace(data, own=Own(pa.table({"word": ["a", "b", "x", "y"]})))
    one, two = (OwnEncoding(which).encode([train, test]) for which in (data, changed))
    assert one.columns == two.columns
    np.testing.assert_array_equal(one.x[0], two.x[0])
    assert two.x[1].tolist() == [[1], [1]]


def test_identifiers_are_no_input() -> None:
    data = offering({"size": [1, 2], "src_ip": ["a", "b"], "serial": [7, 8]}, identifiers=("serial",))
    found = OwnEncoding(data).encode([np.array([0, 1])])
    assert [column.name for column in found.columns] == ["size"]
    assert found.dropped == ("src_ip", "serial")
    with pytest.raises(ConfigError, match="feature set: 'drawn' has no own column but identifiers"):
        OwnEncoding(offering({"serial": [1, 2]}, identifiers=("serial",)))


def test_a_column_that_training_never_fills_is_dropped_and_named() -> None:
    found = OwnEncoding(offering({"size": [None, 2], "word": [None, "a"], "gap": [1, 2]})).encode(
        [np.array([0]), np.array([1])]
    )
    assert [column.name for column in found.columns] == ["gap"]
    assert found.dropped == ("size", "word")
    assert "they never fill size, word" in found.taken[1].detail
    with pytest.raises(ConfigError, match="'own' has no column with a value in the training rows"):
        OwnEncoding(offering({"size": [None, 2]})).encode([np.array([0])])


def test_rare_words_of_a_large_vocabulary_are_unknown() -> None:
    words = [f"w{n:04}" for n in range(MOST_CODES + 50)] + ["w0000"] * 3
    found = OwnEncoding(offering({"word": words})).encode([np.arange(len(words))])
    assert len(found.columns[0].vocabulary) == MOST_CODES
    assert found.x[0].max() == MOST_CODES + 1
    assert (found.x[0] == 1).sum() == 50


def test_infinite_values_are_absent_and_equal_rows_share_a_number() -> None:
    data = offering({"size": [np.inf, np.nan, 1e300, 2.0], "word": ["a", "a", "a", None]})
    made = OwnEncoding(data)
    assert made.numbers().tolist() == [0, 0, 0, 1]
    assert np.isnan(made.encode([np.arange(4)]).x[0][:3, 0]).all()


def test_dictionaries_are_text_and_other_types_are_refused() -> None:
    data = offering({"word": pa.array(["a", "b"]).dictionary_encode()})
    assert OwnEncoding(data).encode([np.array([0, 1])]).columns[0].vocabulary == ("a", "b")
    with pytest.raises(ValueError, match=r"own column 'when' is of type timestamp\[s\]"):
        OwnEncoding(offering({"when": pa.array([1, 2], pa.timestamp("s"))}))

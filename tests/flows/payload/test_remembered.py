import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.flows.payload import remembered
from redshank.flows.payload.remembered import Remembered


def texts(table: Remembered, values: list[bytes | None]) -> list[str | None]:
    ends = np.cumsum([0, *(len(value or b"") for value in values)])
    spans = np.array([(-1, -1) if value is None else ends[k : k + 2] for k, value in enumerate(values)], np.int64)
    room = np.frombuffer(b"".join(value or b"" for value in values) + b"\xff", np.uint8)
    found = table.look(room, spans.reshape(-1, 2))
    return [table.texts[start:stop].tobytes().decode() if start >= 0 else None for start, stop in found.tolist()]


def test_a_function_sees_each_value_once() -> None:
    seen: list[bytes] = []

    def name(value: bytes) -> str | None:
        seen.append(value)
        return f"é{value.hex()}" if value else None

    table = Remembered(name)
    assert texts(table, [b"ab", None, b"", b"ab"]) == ["é6162", None, None, "é6162"]
    assert texts(table, [b"a", b"ab"]) == ["é61", "é6162"]
    assert texts(table, []) == []
    assert seen == [b"ab", b"", b"a"]


def test_one_of_several_spans_is_taken() -> None:
    table = Remembered(bytes.decode)
    found = table.look(np.frombuffer(b"abc", np.uint8), np.array([[0, 1, 1, 3]]), 1)
    assert table.texts[slice(*found[0])].tobytes() == b"bc"


@given(st.lists(st.lists(st.none() | st.binary(max_size=300), max_size=60), max_size=4))
def test_any_bytes_keep_their_text(batches: list[list[bytes | None]]) -> None:
    table = Remembered(bytes.hex)
    for batch in batches:
        assert texts(table, batch) == [None if value is None else value.hex() for value in batch]


def test_what_has_grown_large_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 16)
    monkeypatch.setattr(remembered, "MOST_BYTES", 100)
    seen: list[bytes] = []
    table = Remembered(lambda value: seen.append(value) or value.decode())  # type: ignore[func-returns-value]
    for _ in range(2):
        assert texts(table, [b"a", b"a"]) == ["a", "a"]
        assert texts(table, [b"b" * 200]) == ["b" * 200]
    many = [f"{number}".encode() for number in range(40)]
    for _ in range(2):
        assert texts(table, [*many]) == [value.decode() for value in many]
    assert seen == [b"a", b"b" * 200, b"a", b"b" * 200, *many, *many]

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.schema import flow_batch
from redshank.flows.records.join import Waiting, merged

SCHEMA = pa.schema([("value", pa.int64())])


def records(values: list[int]) -> pa.RecordBatch:
    return pa.record_batch([pa.array(values, pa.int64())], schema=SCHEMA)


def texts(keys: list[str | None]) -> pa.StringArray:
    return pa.array(keys, pa.string())


def test_the_oldest_goes_when_there_is_no_room_and_is_counted() -> None:
    waiting = Waiting(SCHEMA, capacity=3)
    assert waiting.add(texts(["a", "b"]), records([1, 2])) == 0
    assert waiting.add(texts(["c", "d", "e"]), records([3, 4, 5])) == 2
    assert len(waiting) == 3
    assert waiting.take(texts(["a", "b", "c", "d", "e"])).column("value").to_pylist() == [None, None, 3, 4, 5]


def test_the_oldest_go_when_long_texts_take_the_room() -> None:
    schema = pa.schema([("value", pa.string())])
    waiting = Waiting(schema, most_bytes=1_000)
    for number in range(3):
        values = pa.record_batch([pa.array(["x" * 200] * 2)], schema=schema)
        evicted = waiting.add(texts([f"{number}a", f"{number}b"]), values)
        assert evicted == (2 if number == 2 else 0)
    assert waiting.has(texts(["0a", "0b", "1a", "1b", "2a", "2b"])).to_pylist() == [
        False,
        False,
        True,
        True,
        True,
        True,
    ]
    waiting.take(texts(["1a", "1b", "2a"]))
    assert waiting.add(texts(["3a", "3b"]), pa.record_batch([pa.array(["x" * 200] * 2)], schema=schema)) == 0
    assert waiting.add(texts(["4a"]), pa.record_batch([pa.array(["x" * 2_000])], schema=schema)) == 4
    assert len(waiting) == 0


def test_what_was_taken_waits_no_longer_unless_kept() -> None:
    waiting = Waiting(SCHEMA)
    waiting.add(texts(["a", None]), records([1, 2]))
    assert len(waiting) == 1
    assert waiting.has(texts(["a", "x", None])).to_pylist() == [True, False, False]
    assert waiting.take(texts(["a", "a"]), keep=True).column("value").to_pylist() == [1, 1]
    assert waiting.take(texts(["a"])).column("value").to_pylist() == [1]
    assert waiting.take(texts(["a"])).column("value").to_pylist() == [None]


KEYS = st.lists(st.none() | st.sampled_from("abcd"), max_size=5)


@given(st.lists(st.tuples(st.booleans(), KEYS), max_size=12))
def test_waiting_does_what_a_dictionary_does(steps: list[tuple[bool, list[str | None]]]) -> None:
    waiting, plain = Waiting(SCHEMA), dict[str, int]()
    for number, (adding, keys) in enumerate(steps):
        if adding:
            values = [number * 10 + i for i in range(len(keys))]
            waiting.add(texts(keys), records(values))
            for key, value in zip(keys, values, strict=True):
                if key is not None:
                    plain.setdefault(key, value)
        else:
            expected = [None if key is None else plain.get(key) for key in keys]
            for key in keys:
                plain.pop(key or "", None)
            assert waiting.take(texts(keys)).column("value").to_pylist() == expected
        assert len(waiting) == len(plain)


def test_records_fill_only_what_a_flow_does_not_have() -> None:
    flows = flow_batch({"uid": ["C1", "C2"], "dns_query": ["mine", None]}, rows=2)
    found = merged(flows, pa.table({"dns_query": ["theirs", "theirs"], "dns_qtype": pa.array([1, None], pa.int32())}))
    assert found.column("dns_query").to_pylist() == ["mine", "theirs"]
    assert found.column("dns_qtype").to_pylist() == [1, None]
    assert found.schema == flows.schema

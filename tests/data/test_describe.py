from pathlib import Path

import pyarrow as pa

from labelled import labelled
from published import doors
from redshank.data.dataset import Own
from redshank.data.describe import columns, families, own_of, repeated


def test_columns_are_described(tmp_path: Path) -> None:
    own = doors(tmp_path).load(tmp_path).own
    assert own is not None
    at, proto, _, pkts = columns(own)
    assert (at["use"], pkts["use"]) == ("identifier", None)
    assert proto == {
        "column": "proto",
        "type": "text",
        "unit": None,
        "missing": 1,
        "distinct": 2,
        "least": None,
        "most": None,
        "examples": "tcp, udp",
        "use": None,
    }
    assert (pkts["type"], pkts["least"], pkts["most"]) == ("number", 3, 9)


def test_many_and_long_texts_are_shortened_and_the_frequent_come_first() -> None:
    (row,) = columns(Own(pa.table({"name": ["b" * 30, "z", "z", *"cde"]}), heavy=frozenset({"name"})))
    assert row["examples"] == f"z, {'b' * 20}..., c, ..."
    assert row["use"] == "heavy"


def test_what_has_no_own_columns_is_described_by_the_fields_of_its_flows() -> None:
    rows = {row["column"]: row for row in columns(own_of(labelled(rows=20)))}
    assert rows["duration"]["unit"] == "s"
    assert rows["ts"]["type"] == "time"
    assert "mqtt_topics" not in rows


def test_lists_and_empty_columns_are_not_compared() -> None:
    own = Own(pa.table({"sizes": [[1], [1]], "none": pa.nulls(2), "flag": [True, True]}))
    assert [row["distinct"] for row in columns(own)] == [None, None, 1]
    assert repeated(own) == {"rows that repeat another": None, "without identifiers": None}


def test_families_are_counted_benign_first_and_by_part() -> None:
    read = labelled(rows=10)
    assert [(row["family"], row["rows"], row["share"]) for row in families(read)] == [
        ("benign", 6, 0.6),
        ("dos", 2, 0.2),
        ("scanning", 2, 0.2),
    ]


def test_rows_that_repeat_others_are_counted() -> None:
    own = Own(pa.table({"id": [1, 2, 3, 3], "x": [1.0, 1.0, None, None]}), identifiers=frozenset({"id"}))
    assert repeated(own) == {"rows that repeat another": 1, "without identifiers": 2}

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.schema import FLOW
from redshank.flows.records.columns import flow_rows, typed
from redshank.flows.records.conn_log import COLUMNS

ENDS = {"src_ip": ["10.0.0.1"], "dst_ip": ["10.0.0.2"]}


def read(
    columns: Mapping[str, Sequence[str | None]], first_row: int = 0
) -> tuple[dict[str, list[Any]], Counter[str], list[bool]]:
    """Read the columns; addresses are added where absent."""
    rows = len(next(iter(columns.values())))
    texts = {name: pa.array(column * rows, pa.string()) for name, column in ENDS.items()}
    texts |= {name: pa.array(column, pa.string()) for name, column in columns.items()}
    counts: Counter[str] = Counter()
    batch, kept = flow_rows(texts, rows, first_row, lambda name, amount: counts.update({name: amount}))
    assert batch.schema.equals(FLOW, check_metadata=True)
    columns_read = {name: batch.column(name).to_pylist() for name in FLOW.names if name != "ts"}
    columns_read["ts"] = batch.column("ts").cast(pa.int64()).to_pylist()
    return columns_read, +counts, kept.to_pylist()


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1540469302.538640", 1_540_469_302_538_640_000),
        ("1562159953.9596689", 1_562_159_953_959_668_900),
        ("1562159953.123456789", 1_562_159_953_123_456_789),
        ("1562159953.1234567899", 1_562_159_953_123_456_789),  # below one ns: cut
        ("928.943457", 928_943_457_000),
        ("0", 0),
        ("9223372035.999999999", 9_223_372_035_999_999_999),
        ("2020-10-06T15:32:46.785668Z", 1_601_998_366_785_668_000),
        ("2020-10-06T15:32:46", 1_601_998_366_000_000_000),
    ],
)
def test_time_is_read_to_the_nanosecond(text: str, ns: int) -> None:
    rows, counts, _ = read({"ts": [text]})
    assert rows["ts"] == [ns]
    assert "ts_unreadable" not in counts


@pytest.mark.parametrize(
    "text", ["", "-1.5", "1e9", "9223372036.0", "99999999999", "1.2.3", "2020-13-40T00:00:00Z", "\u0661"]
)
def test_a_time_that_cannot_be_is_null_and_counted(text: str) -> None:
    rows, counts, _ = read({"ts": [text, "1.000001"]})
    assert rows["ts"] == [None, 1_000_001_000]
    assert counts["ts_unreadable"] == 1


def test_a_masked_time_is_null_and_counted_under_its_own_name() -> None:
    rows, counts, _ = read({"ts": ["XXXXXXXXXX.XXXXXX", None, "junk"]})
    assert rows["ts"] == [None, None, None]
    assert (counts["ts_masked"], counts["ts_unreadable"]) == (1, 1)


def test_absent_is_null_and_no_anomaly() -> None:
    rows, counts, _ = read({"uid": ["C1"], "duration": [None], "src_bytes": [None], "service": [None]})
    assert (rows["duration"], rows["src_bytes"], rows["service"], rows["conn_state"]) == (
        [None],
        [None],
        [None],
        [None],
    )
    assert counts == {}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "src_port",
            {"0": 0, "65535": 65535, "53.0": 53},
            ["65536", "-1", "0x35", "53.5", " 53", "99999999999999999999"],
        ),
        ("vlan", {"4095": 4095}, ["4096"]),
        ("ip_proto", {"255": 255}, ["256", "tcp"]),
        ("src_bytes", {"999999999999999999": 999_999_999_999_999_999}, ["1e3", "1,000", "\uff11"]),
        (
            "duration",
            {"0.000001": 1e-6, "93517": 93517.0, "9.5e-07": 9.5e-7},
            ["nan", "inf", "-0.1", "1e999", "1.", ".5"],
        ),
        ("proto", {"tcp": "tcp", "unknown_transport": "unknown_transport", "arp": "arp"}, ["TCP", "6", "\x1b[2J"]),
    ],
)
def test_a_value_outside_what_is_allowed_is_null_and_counted(name: str, good: dict[str, Any], bad: list[str]) -> None:
    rows, counts, kept = read({name: [*good, *bad]})
    assert rows[name] == [*good.values(), *[None] * len(bad)]
    assert counts[f"{name}_unreadable"] == len(bad)
    assert all(kept)


def test_a_number_too_large_for_its_column_is_null_and_counted() -> None:
    counts: dict[str, int] = {}
    assert typed("src_port", pa.array([5, 2**33], pa.int64()), counts.__setitem__).to_pylist() == [5, None]
    assert counts == {"src_port_unreadable": 1}


def test_a_row_without_two_readable_addresses_is_no_flow() -> None:
    good = ["10.0.0.1", "255.255.255.255", "fe80::1", "::ffff:1.2.3.4", "::"]
    bad = ["10.0.0.256", "10.0.0", "01.2.3.4", "fe80::1%eth0", "1:2", "evil\x1b[2J", "a\x00b", "ü", None]
    rows, counts, kept = read({"src_ip": [*good, *bad], "uid": [f"C{i}" for i in range(14)]})
    assert rows["src_ip"] == good
    assert rows["uid"] == ["C0", "C1", "C2", "C3", "C4"]
    assert kept == [True] * 5 + [False] * 9
    assert counts == {"src_ip_unreadable": 8, "address_missing": 9}


def test_a_row_without_uid_is_called_after_its_number() -> None:
    rows, counts, _ = read({"uid": ["C1", None, "C3"]}, first_row=100)
    assert rows["uid"] == ["C1", "row-101", "C3"]
    assert counts["uid_missing"] == 1
    rows, counts, _ = read({"proto": ["tcp", "udp"]}, first_row=7)
    assert rows["uid"] == ["row-7", "row-8"]
    assert counts["uid_missing"] == 2


def test_every_row_is_the_final_record_of_its_flow() -> None:
    rows, _, _ = read({"uid": ["C1", "C2"]})
    assert (rows["part"], rows["part_reason"]) == (["final"] * 2, ["record"] * 2)


CELL = st.none() | st.text(max_size=12) | st.from_regex(r"[-0-9.eEXTZ:fx]{0,20}", fullmatch=True) | st.just("10.0.0.1")
ROW = st.fixed_dictionaries({name: CELL for name, _, _ in COLUMNS})


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(ROW, min_size=1, max_size=6))
def test_any_text_gives_rows_and_never_raises(rows: list[dict[str, str | None]]) -> None:
    clean = [{k: None if v is None else v.encode("utf-8", "replace").decode() for k, v in r.items()} for r in rows]
    columns, counts, kept = read({name: [row[name] for row in clean] for name in clean[0]})
    assert len(columns["uid"]) == sum(kept)
    assert None not in columns["uid"]
    assert counts["address_missing"] == kept.count(False)

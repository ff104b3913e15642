import pyarrow as pa
import pytest

from redshank.core.schema import FLOW, FLOW_FIELDS, VERDICT, VERDICT_FIELDS, flow_batch


def test_every_field_says_what_it_means() -> None:
    for field in (*FLOW_FIELDS, *VERDICT_FIELDS):
        assert field.meaning, field.name


def test_no_name_stands_twice() -> None:
    assert len(set(FLOW.names)) == len(FLOW.names)
    assert len(set(VERDICT.names)) == len(VERDICT.names)


def test_a_number_of_bytes_or_seconds_carries_its_unit() -> None:
    units = {"_bytes": "bytes", "_pkts": "packets", "_s": "s"}
    for field in FLOW_FIELDS:
        for suffix, unit in units.items():
            if field.name.endswith(suffix):
                assert field.unit == unit, field.name


def test_the_first_columns_are_those_of_a_zeek_conn_log() -> None:
    assert FLOW.names[:18] == [
        "ts", "uid", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "service", "duration", "src_bytes",
        "dst_bytes", "conn_state", "missed_bytes", "history", "src_pkts", "src_ip_bytes", "dst_pkts", "dst_ip_bytes",
    ]  # fmt: skip


def test_a_batch_is_filled_with_null_where_nothing_is_given() -> None:
    batch = flow_batch({"uid": ["C1", "C2"], "src_port": pa.array([1, None], pa.int64())}, rows=2)
    assert batch.schema.equals(FLOW, check_metadata=True)
    assert batch.column("src_port").to_pylist() == [1, None]
    assert batch.column("ts").null_count == 2


def test_a_column_that_flow_has_not_is_refused() -> None:
    with pytest.raises(KeyError, match="not in FLOW: orig_bytes"):
        flow_batch({"orig_bytes": [1]}, rows=1)

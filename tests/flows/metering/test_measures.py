import numpy as np

from redshank.core.schema import FLOW
from redshank.flows.metering.conn_state import STATES
from redshank.flows.metering.emit import BY_TIME
from redshank.flows.metering.measures import measures
from redshank.flows.metering.table import END, MORE, ROW


def test_every_column_has_the_type_of_flow_and_is_null_where_it_says_nothing() -> None:
    rows, ends = np.zeros(2, ROW), np.zeros(4, END)
    rows["vlan"], rows["proto"], rows["reason"] = (-1, 7), (17, 6), (0, BY_TIME)
    rows["packets"], rows["last_ns"], rows["pauses"] = (0, 3), (0, 10**9), (0, 1)
    ends["packets"] = 0, 0, 2, 1
    columns, codes = measures(rows, np.zeros(2, MORE), ends)
    for name, column in columns.items():
        if name != "ts":
            assert column.type == FLOW.field(name).type, name
    assert (columns["vlan"].to_pylist(), columns["duration"].to_pylist()) == ([None, 7], [None, 1.0])
    assert columns["src_size_min_bytes"].to_pylist() == [None, 0.0]
    assert columns["src_gap_max_s"].to_pylist() == [None, 0.0]
    assert columns["dst_gap_max_s"].to_pylist() == [None, None]
    assert (columns["src_syn_count"].to_pylist(), columns["src_pkts"].to_pylist()) == ([None, 0], [0, 2])
    assert (columns["burst_count"].to_pylist(), columns["idle_max_s"].to_pylist()) == ([None, 2], [None, 0.0])
    assert codes["proto"].tolist() == [1, 0]
    assert codes["part"].tolist() == [0, 1]
    assert [STATES[code] for code in codes["conn_state"]] == ["OTH", "OTH"]


def test_what_is_always_there_has_no_mask() -> None:
    columns, _ = measures(np.zeros(3, ROW), np.zeros(3, MORE), np.zeros(6, END))
    assert columns["src_ip_bytes"].null_count == 0
    assert columns["src_ip_bytes"].buffers()[0] is None

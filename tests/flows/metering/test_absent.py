import numpy as np

from redshank.core.schema import FLOW
from redshank.flows.metering.absent import LACKING, LACKS, NOTHING, SCTP, write_there
from redshank.flows.metering.table import END, ROW


def test_what_can_be_lacking_is_a_column_and_has_a_place() -> None:
    assert set(LACKING) <= set(FLOW.names)
    assert set(LACKING.values()) | {NOTHING} == set(range(LACKS))


def test_a_row_lacks_what_it_did_not_see() -> None:
    rows, ends, there = np.zeros(3, ROW), np.zeros(6, END), np.ones((LACKS, 3), np.bool_)
    rows["vlan"], rows["proto"], rows["packets"] = (-1, 0, 7), (17, SCTP, 6), (0, 1, 3)
    rows["last_ns"], rows["pauses"], rows["history_length"] = (0, 0, 5), (0, 0, 1), (0, 1, 2)
    rows["orig_mac"], rows["resp_mac"], ends["packets"] = (0, 1, 2), (3, 0, 4), (0, 0, 1, 0, 2, 1)
    write_there(rows[:1], ends[:2], 0, there)
    write_there(rows[1:], ends[2:], 1, there)
    found = {name: there[LACKING[name]].tolist() for name in LACKING}
    assert found["vlan"] == [False, True, True]
    assert found["duration"] == found["dst_bytes"] == found["idle_max_s"] == [False, False, True]
    assert found["src_fin_count"] == [False, False, True]
    assert found["burst_count"] == found["history"] == found["src_size_std_bytes"] == [False, True, True]
    assert found["src_gap_min_s"] == found["dst_size_mean_bytes"] == [False, False, True]
    assert found["dst_gap_min_s"] == [False, False, False]
    assert (found["src_mac"], found["dst_mac"]) == ([False, True, True], [True, False, True])
    assert found["community_id"] == [True, False, True]
    assert there[NOTHING].all()

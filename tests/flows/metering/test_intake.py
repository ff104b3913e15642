import numpy as np

from redshank.capture.packet import PACKET
from redshank.flows.metering.intake import LAST_NS
from traces import START_NS, metered, trace


def test_what_has_nothing_to_meter_is_passed_over() -> None:
    packets = trace("0 > - 1\n0.1 > - 1")
    packets["version"][0] = 0
    assert [row["src_pkts"] for row in metered(packets)] == [1]


def test_times_outside_of_what_can_be_are_clamped() -> None:
    packets = trace("0 > - 1\n1 < - 1")
    packets["ts_ns"] = -5, np.iinfo(np.int64).max
    rows = metered(packets)
    assert [row["ts"] for row in rows] == [0, LAST_NS]


def test_a_step_back_by_a_year_goes_on_with_the_flow_and_a_step_forward_ends_it() -> None:
    year = 365 * 86400
    rows = metered(trace(f"{year} > - 1\n{year + 1} > - 1\n0 > - 2\n1 > - 2\n{2 * year} > - 3"))
    assert [row["src_pkts"] for row in rows] == [4, 1]
    assert rows[1]["ts"] == START_NS + 2 * year * 10**9


def test_the_packet_record_is_the_one_that_decoding_gives() -> None:
    assert trace("0 > - 1").dtype == PACKET

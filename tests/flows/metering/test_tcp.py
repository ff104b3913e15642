"""TCP connections as wire traces. The states and letters expected are those of Zeek's manual."""

import pytest

from redshank.flows.metering.tcp import delta
from traces import metered, trace

HANDSHAKE = """
0.000 > S 100
0.010 < SA 500 101
0.020 > A 101 501
"""
DATA = """
0.030 > PA 101 501 20
0.040 < A 501 121
0.050 < PA 501 121 300
0.060 > A 121 801
"""
CLOSE = """
0.070 > FA 121 801
0.080 < FA 801 122
0.090 > A 122 802
"""

TRACES = {
    "a_syn_without_answer": ("0 > S 100", "S0", "S"),
    "an_open_connection": (HANDSHAKE, "S1", "ShA"),
    "a_normal_end": (HANDSHAKE + DATA + CLOSE, "SF", "ShADadFf"),
    "a_refused_syn": ("0 > S 100\n0.01 < RA 0 101", "REJ", "Sr"),
    "a_close_attempt_of_the_originator_only": (HANDSHAKE + "0.1 > FA 101 501\n0.2 < A 501 102", "S2", "ShAFa"),
    "a_close_attempt_of_the_responder_only": (HANDSHAKE + "0.1 < FA 501 101\n0.2 > A 101 502", "S3", "ShAf"),
    "a_reset_by_the_originator": (HANDSHAKE + DATA + "0.1 > RA 121 801", "RSTO", "ShADadR"),
    "a_reset_by_the_responder": (HANDSHAKE + DATA + "0.1 < RA 801 121", "RSTR", "ShADadr"),
    "a_syn_and_a_reset_by_its_sender": ("0 > S 100\n0.1 > R 101", "RSTOS0", "SR"),
    "a_syn_and_a_fin_without_answer": ("0 > S 100\n0.1 > FA 101 1", "SH", "SF"),
    "a_syn_ack_and_a_fin_of_a_server": ("0 < SA 500 101\n0.1 < FA 501 101", "SHR", "^hf"),
    "a_syn_ack_and_a_reset_of_a_server": ("0 < SA 500 101\n0.1 < R 501 0", "RSTRH", "^hr"),
    "traffic_from_the_middle": ("0 > PA 500 900 10\n0.1 < A 900 510", "OTH", "Da"),
    "an_answer_whose_question_was_missed": (
        "0 < SA 500 101\n0.01 > A 101 501\n0.02 > PA 101 501 5\n0.03 < A 501 106",
        "S1",
        "^hADa",
    ),
    "a_syn_seen_twice": ("0 > S 100\n1 > S 100\n1.1 < SA 500 101\n1.2 > A 101 501", "S1", "ShA"),
    "a_retransmission": (HANDSHAKE + DATA + "0.1 > PA 101 501 20", "S1", "ShADadT"),
    "a_closed_window": (HANDSHAKE + "0.1 < A 501 101 0 w0", "S1", "ShAaw"),
    "fin_and_rst_at_once": (HANDSHAKE + "0.1 > FRA 101 501", "RSTO", "ShAI"),
    "syn_and_fin_at_once": ("0 > SF 100", "SH", "Q"),
    "a_server_that_acknowledges_before_it_answers": (
        "0 > S 100\n0.01 < A 900 101\n0.02 < SA 500 101\n0.03 > A 101 501",
        "S1",
        "SahA",
    ),
}


@pytest.mark.parametrize("name", TRACES)
def test_state_and_history_of(name: str) -> None:
    text, state, history = TRACES[name]
    (row,) = metered(trace(text))
    assert (row["conn_state"], row["history"]) == (state, history)


def test_bytes_are_counted_by_sequence_numbers_and_retransmissions_do_not_count() -> None:
    (row,) = metered(trace(HANDSHAKE + DATA + "0.065 > PA 101 501 20" + CLOSE))
    assert (row["src_bytes"], row["dst_bytes"], row["missed_bytes"]) == (20, 300, 0)
    assert (row["src_pkts"], row["dst_pkts"]) == (7, 4)
    assert row["src_ip_bytes"] == 7 * 40 + 2 * 20


def test_the_last_acknowledgement_is_no_part_of_the_duration() -> None:
    (row,) = metered(trace(HANDSHAKE + DATA + CLOSE))
    assert row["duration"] == pytest.approx(0.08)


def test_bytes_that_were_acknowledged_but_never_seen_are_missed() -> None:
    (row,) = metered(trace(HANDSHAKE + "0.1 > PA 201 501 50\n0.2 < A 501 251\n0.3 > A 251 501"))
    assert (row["missed_bytes"], row["history"], row["src_bytes"]) == (100, "ShADaG", 150)


def test_data_out_of_order_is_not_missed() -> None:
    (row,) = metered(trace(HANDSHAKE + "0.1 > PA 151 501 50\n0.15 > PA 101 501 50\n0.2 < A 501 201"))
    assert (row["missed_bytes"], row["history"]) == (0, "ShADTa")


def test_retransmissions_are_written_at_powers_of_ten() -> None:
    again = "\n".join(f"0.{k} > PA 101 501 20" for k in range(200, 300))
    (row,) = metered(trace(HANDSHAKE + DATA + again))
    assert row["history"] == "ShADadTTT"


def test_a_connection_that_wraps_the_sequence_space_keeps_counting() -> None:
    top = 2**32 - 10
    (row,) = metered(
        trace(
            f"0 > S {top}\n0.1 < SA 5 {top + 1}\n0.2 > PA {top + 1} 6 40\n0.3 < A 6 31\n0.4 > PA 31 6 10\n0.5 < A 6 41"
        )
    )
    assert (row["src_bytes"], row["missed_bytes"], row["history"]) == (50, 0, "ShDa")


def test_a_new_syn_after_a_close_begins_a_new_flow() -> None:
    rows = metered(trace(HANDSHAKE + DATA + CLOSE + "0.5 > S 9000"))
    assert [(row["conn_state"], row["part_reason"]) for row in rows] == [("SF", "closed"), ("S0", "end_of_input")]
    assert rows[0]["uid"] != rows[1]["uid"]


def test_a_refused_syn_that_is_tried_again_is_another_flow() -> None:
    # Golden: zeek-parity case pop3.basic, where the same SYN is refused three times.
    rows = metered(trace("0 > S 100\n0.05 < RA 0 101\n0.5 > S 100\n0.55 < RA 0 101"))
    assert [row["history"] for row in rows] == ["Sr", "Sr"]
    assert [row["dst_bytes"] for row in rows] == [0, 0]


def test_syn_and_syn_ack_in_the_wrong_order_are_put_right() -> None:
    (row,) = metered(trace("0 < SA 500 101\n0.001 > S 100\n0.002 > A 101 501", sport=40000, dport=40001))
    assert (row["src_port"], row["dst_port"], row["conn_state"]) == (40000, 40001, "S1")
    assert (row["src_pkts"], row["dst_pkts"]) == (2, 1)


def test_the_distance_of_sequence_numbers_is_the_shorter_way_round() -> None:
    assert [delta(5, 2**32 - 5), delta(2**32 - 5, 5), delta(7, 7), delta(2**31, 0)] == [10, -10, 0, -(2**31)]

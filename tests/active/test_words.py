from dataclasses import replace

from questions import questions
from redshank.active.words import flow_lines, question_lines, question_row


def test_a_flow_is_told_in_words() -> None:
    flow = {
        "ts": 1_700_000_100_000_000_000, "src_ip": "fe80::1", "src_port": 40000, "dst_ip": "10.0.0.1", "dst_port": 53,
        "proto": "udp", "service": "dns", "src_pkts": 1, "src_ip_bytes": 2048, "dst_pkts": 0, "duration": 0.25,
        "conn_state": "S0", "dns_query": "evil.example", "dns_qtype": 16,
    }  # fmt: skip
    assert flow_lines(flow) == [
        "2023-11-14 22:15:00 UTC  [fe80::1]:40000 -> 10.0.0.1:53  udp/dns",
        "sent 1 packets of 2,048 bytes in all, was answered 0 packets, in 0.25 s",
        "state S0",
        "dns_query evil.example, dns_qtype 16",
    ]


def test_a_flow_of_which_nothing_is_known_is_told_too() -> None:
    assert flow_lines({}) == ["? -> ?"]


def test_a_question_says_why_it_is_asked_and_what_lies_near() -> None:
    (one,) = questions(("dos",))
    shown = replace(one, probabilities=(0.5, 0.499, 0.001))
    lines = question_lines(shown, [("q7", "dos")])
    assert lines[-4:] == [
        "device 10.0.0.66",
        "bundle tiny: benign 0.50, scanning 0.50",
        "asked by margin: margin 0.20",
        "nearest labels: dos (q7)",
    ]


def test_who_looks_again_does_not_hear_what_a_model_thinks() -> None:
    (one,) = questions(("dos",), doubted_at_s=5.0, why="an answer is in doubt")
    lines = question_lines(one)
    assert lines[-2:] == ["device 10.0.0.66", "asked again: an answer is in doubt"]
    assert not any("scanning" in line for line in lines)


def test_a_question_is_a_row_of_a_table() -> None:
    (one,) = questions(("dos",))
    assert question_row(one)["flow"] == flow_lines(one.flow)[0]
    assert question_row(one)["why"] == "margin 0.20"

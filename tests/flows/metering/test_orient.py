import pytest

from traces import metered, trace


@pytest.mark.parametrize(
    ("sport", "dport", "lines", "flow"),
    [
        (53, 40000, "0 > - 90", (40000, 53, "^d")),  # an answer whose question was missed
        (40000, 53, "0 > - 30", (40000, 53, "D")),
        (123, 123, "0 > - 48", (123, 123, "D")),  # both likely: the first packet decides
        (40000, 40001, "0 > - 48", (40000, 40001, "D")),
        (80, 40000, "0 > PA 5 7 100", (40000, 80, "^d")),
        (80, 443, "0 > PA 5 7 100", (443, 80, "^d")),  # both likely, seen from the middle: the lower port serves
        (80, 443, "0 > SA 5 7", (80, 443, "H")),  # but a SYN-ACK may be a scan
        (80, 40000, "0 > S 5", (80, 40000, "S")),  # a SYN is believed
    ],
)
def test_the_originator_of(sport: int, dport: int, lines: str, flow: tuple[int, int, str]) -> None:
    (row,) = metered(trace(lines, sport=sport, dport=dport))
    assert (row["src_port"], row["dst_port"], row["history"]) == flow


def test_a_broadcast_is_answered_by_nobody() -> None:
    packets = trace("0 > - 300", sport=67, dport=68)
    packets["dst_lo"] = 0xFFFFFFFF
    (row,) = metered(packets)
    assert (row["src_port"], row["dst_ip"]) == (67, "255.255.255.255")


def test_echo_request_and_reply_are_one_flow_named_by_their_types() -> None:
    (row,) = metered(trace("0 > 8/0 56\n0.1 < 0/0 56\n1 > 8/0 56\n1.1 < 0/0 56"))
    assert (row["src_port"], row["dst_port"], row["src_bytes"], row["dst_bytes"]) == (8, 0, 112, 112)
    assert (row["proto"], row["conn_state"], row["history"]) == ("icmp", "OTH", None)


def test_messages_without_an_answer_flow_one_way_and_show_their_code() -> None:
    rows = metered(trace("0 > 3/1 30\n0.1 < 3/1 30\n0.2 > 3/3 30"))
    assert [(row["src_port"], row["dst_port"], row["src_pkts"], row["dst_pkts"]) for row in rows] == [
        (3, 1, 1, 0),
        (3, 1, 1, 0),
        (3, 3, 1, 0),
    ]


def test_icmpv6_pairs_its_own_types() -> None:
    packets = trace("0 > 135/0 24\n0.1 < 136/0 24\n0.2 > 128/0 8\n0.3 < 129/0 8")
    packets["version"], packets["proto"] = 6, 58
    assert [(row["src_port"], row["dst_port"], row["dst_pkts"]) for row in metered(packets)] == [
        (135, 136, 1),
        (128, 129, 1),
    ]


def test_other_protocols_have_no_ports() -> None:
    packets = trace("0 > - 10\n0.1 < - 10")
    packets["proto"] = 132
    (row,) = metered(packets)
    assert (row["proto"], row["ip_proto"], row["src_port"], row["dst_port"]) == ("unknown_transport", 132, 0, 0)
    assert (row["src_bytes"], row["dst_bytes"], row["history"], row["conn_state"]) == (0, 0, None, "OTH")
    assert row["community_id"] is None

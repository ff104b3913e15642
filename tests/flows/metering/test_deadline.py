import pytest

from traces import metered, trace

HANDSHAKE = "0 > S 100\n0.1 < SA 500 101\n0.2 > A 101 501\n"


@pytest.mark.parametrize(
    ("lines", "ends_s"),
    [
        (HANDSHAKE + "1 > FA 101 501\n1.1 < FA 501 102\n1.2 > A 102 502", 6.1),  # tcp_close_s after the second FIN
        (HANDSHAKE + "1 > R 101", 6.0),  # a reset closes at once
        (HANDSHAKE + "1 > FA 101 501\n1.1 < A 501 102", 301.1),  # half closed: may go on for long
        ("0 > S 100\n1 > S 100\n2 > S 100", 5.0),  # nobody answers: counted from the first SYN
        ("0 > A 5 7", 300.0),  # from the middle
    ],
)
def test_a_tcp_flow_ends_at(lines: str, ends_s: float) -> None:
    for after, flows in ((ends_s - 0.001, 1), (ends_s, 2)):
        rows = metered(trace(f"{lines}\n{after} > A 101 501"))
        assert len(rows) == flows, after


def test_a_dns_flow_ends_sooner() -> None:
    # Golden: zeek-parity case core.tunnels.teredo, where questions 16 s apart from one port are two flows.
    assert len(metered(trace("0 > - 30\n0.2 < - 90\n15.9 > - 30", dport=53))) == 2
    assert len(metered(trace("0 > - 30\n0.2 < - 90\n9.9 > - 30\n10.1 > - 30\n19 > - 30", dport=53))) == 1
    assert len(metered(trace("0 > - 30\n0.2 < - 90\n15.9 > - 30", dport=5000))) == 1

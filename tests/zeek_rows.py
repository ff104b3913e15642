"""Lines of Zeek's conn.log for tests."""

HEADER = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\t"
    "conn_state\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tcount\tstring\tcount\t"
    "count\tcount\tcount\n"
)
BENIGN, SCAN, FLOOD = ("10.0.0.5", 600, 8), ("10.0.0.66", 44, 0), ("10.0.0.77", 5_000_000, 0)
"""Device, bytes and answers of a flow that the tiny bundle takes for what the name says."""


def log_line(at: str, i: int, device: str, ip_bytes: int, answers: int) -> str:
    """Write a flow of `device` at time `at`."""
    fields = (at, f"C{i}", device, 40000, f"10.0.1.{i % 250}", 1883, "tcp", "mqtt", 0.5, 100, 100, "SF", 0, "ShADadFf")
    return "\t".join(str(field) for field in (*fields, 5, ip_bytes, answers, 60 * answers)) + "\n"

"""Alerts as tests deliver them, and text that means harm."""

from redshank.core.records import Alert, Evidence

HOSTILE = '\x1b]0;owned\x07\n{"event_type": "alert"}\r\n=cmd|calc\x00\x7f\u202e'
FLOW = Evidence("C1", 1_700_000_100.25, "10.0.0.66", 40_000, "10.0.0.1", 1883, "tcp", "1:abc=", 0.99, p_value=0.0005)
ALERT = Alert(
    id="0123456789abcdef",
    device="10.0.0.66",
    family="dos",
    severity="high",
    first_seen_s=1_700_000_100.25,
    last_seen_s=1_700_000_160.0,
    count=120,
    score=0.99,
    targets=("10.0.0.1", "10.0.0.2"),
    target_count=2,
    measure="Block it.",
    bundle="tiny",
    evidence=(FLOW,),
    detectors=("classifier", "signatures"),
    rules=("telnet_sweep",),
    reasons=("src_pkts: 120, benign below 20",),
    techniques=("T1498",),
    revision=1,
    over=False,
)

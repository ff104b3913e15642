"""Services of shared captures: what their makers say is in them, and the independent opinion of nDPI.

Goldens: the contents column of ../shared/pcaps/README.md for NAMED, and nDPI's own expected results in pcaps/truth,
whose "Confidence: DPI" says that it looked at content. A service that nDPI has no name for proves nothing.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from redshank.capture.sources.pcap import Pcap
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor

NAMED = {
    "benign-iot/ndpi__coap_mqtt.pcap": {"coap": 13, "mqtt": 4},
    "benign-iot/ndpi__mqtt.pcap": {"mqtt": 2},
    "benign-iot/suricata-verify__mqtt31-unsub-qos1.pcap": {"mqtt": 1},
    "benign-iot/suricata-verify__mqtt5-pub-qos2.pcap": {"mqtt": 1},
    "attacks/suricata-verify__mqtt-unintroduced.pcap": {"mqtt": 1},
    "attacks/iot-testbed__final_mqtt_abuse_02.pcap": {"mqtt": 80},
    "benign-iot/ics-pcaps__seperate.pcap": {"coap": 1},
    "benign-iot/iti__ModbusTCP.pcap": {"modbus": 14},
    "attacks/modbus-dataset__CnC_uploading_exe_modbus_6RTU_with_operate.pcap": {
        "modbus": 145,
        "dns": 2,
        "ntlm,smb": 1,
    },
    "benign-iot/icsnpp__dnp3_example.pcap": {"dnp3_tcp": 11},
    "benign-iot/iti__wincc_s400_production.pcapng": {"s7comm": 1},
    "benign-iot/ndpi__ethernetIP.pcap": {"enip": 4},
    "benign-iot/ndpi__bacnet.pcap": {"bacnet": 10},
    "benign-iot/ndpi__opc-ua.pcap": {"opcua": 1},
    "benign-iot/ndpi__rtsp.pcap": {"rtsp": 7},
    "benign-iot/ndpi__ssdp-m-search.pcap": {"ssdp": 1},
    "benign-iot/ndpi__syslog.pcap": {"syslog": 22},
    "benign-iot/zeek__snmpwalk-short.pcap": {"snmp": 1},
    "benign-iot/zeek__NTP_sync.pcap": {"ntp": 15, "dns": 1},
    "benign-iot/zeek__dhcp.pcap": {"dhcp": 4},
    "attacks/zeek__sshguess.pcap": {"ssh": 11},
    "attacks/zeek__vnc-scanner.pcap": {"rfb": 1},
}
"""Final rows by service; those without one are not counted."""

NDPI = {
    "BACnet": "bacnet",
    "COAP": "coap",
    "DNS": "dns",
    "EthernetIP": "enip",
    "HTTP": "http",
    "MQTT": "mqtt",
    "OPC-UA": "opcua",
    "RTSP": "rtsp",
    "SSDP": "ssdp",
    "Syslog": "syslog",
    "TLS": "ssl",
}
"""What we call the protocols that nDPI finds here and we have."""

EXPLAINED = {
    ("ndpi__coap_mqtt.pcap", "Dropbox", "coap"): "a PUT with the option Uri-Path and its acknowledgment, on port 17500",
}
"""Flows that are not what nDPI says."""

_FLOW = re.compile(
    r"^\s+\d+\s+(TCP|UDP) (\S+):(\d+) (?:<->|->) (\S+):(\d+) .*?\[proto: [\d.]+/([^\]]+)\].*?Confidence: DPI\]"
)


def _services(capture: Path) -> dict[frozenset[tuple[str, int]], str | None]:
    found: dict[frozenset[tuple[str, int]], str | None] = {}
    for batch in Sensor(Pcap(capture), MeterSettings(seed=1, interim_packets=0, interim_s=0)).batches():
        for row in batch.select(["src_ip", "src_port", "dst_ip", "dst_port", "service"]).to_pylist():
            ends = frozenset([(row["src_ip"], row["src_port"]), (row["dst_ip"], row["dst_port"])])
            found[ends] = found.get(ends) or row["service"]
    return found


@pytest.mark.data
@pytest.mark.parametrize("capture", NAMED)
def test_captures_give_the_services_that_are_in_them(data: Path, capture: str) -> None:
    rows: Counter[str] = Counter()
    for batch in Sensor(Pcap(data / "pcaps" / capture), MeterSettings(seed=1)).batches():
        for part, service in zip(batch["part"].to_pylist(), batch["service"].to_pylist(), strict=True):
            if part == "final" and service is not None:
                rows[service] += 1
    assert dict(rows) == NAMED[capture]


@pytest.mark.data
def test_what_ndpi_knows_by_content_is_named_so_or_explained(data: Path) -> None:
    compared, missed, wrong = 0, [], []
    for truth in sorted((data / "pcaps" / "truth").glob("*.ndpi.txt")):
        name = truth.name.removesuffix(".ndpi.txt")
        (capture,) = (data / "pcaps").glob(f"*/{name}")
        found = _services(capture)
        for line in truth.read_text().splitlines():
            flow = _FLOW.match(line)
            if flow is None:
                continue
            _, source, source_port, target, target_port, protocol = flow.groups()
            ends = frozenset([(source.strip("[]"), int(source_port)), (target.strip("[]"), int(target_port))])
            assert ends in found, f"{name}: {ends} is no flow"
            compared += 1
            ours, theirs = found[ends], NDPI.get(protocol.split(".")[0])
            if theirs is not None and (ours is None or theirs not in ours.split(",")):
                missed.append((name, protocol, ours))
            elif theirs is None and ours is not None and (name, protocol, ours) not in EXPLAINED:
                wrong.append((name, protocol, ours))
    assert compared >= 100
    assert missed == []
    assert wrong == []

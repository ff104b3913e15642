"""RT-IoT2022: flows of real devices and of tools that attack them, as Zeek's flowmeter sees them.

In: RT_IOT2022.csv. Out: its 84 columns in canonical form. Thing_Speak, MQTT_Publish and Wipro_bulb are what the devices
do and so benign. The first column, without a name, is a row number that begins again with each class; ports are as
good: identifiers. Times between packets are microseconds. A service of `-` is absent.

Source: Sharmila and Nagapadma 2023, Cybersecurity 6; UCI Machine Learning Repository.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from redshank.core.schema import BENIGN
from redshank.data.dataset import Own
from redshank.data.tables import INDEX, Published, Tabular, canonical, families, units

_FIVE = ("min", "max", "tot", "avg", "std")
COLUMNS = (
    *(INDEX, "id.orig_p", "id.resp_p", "proto", "service", "flow_duration"),
    *("fwd_pkts_tot", "bwd_pkts_tot", "fwd_data_pkts_tot", "bwd_data_pkts_tot"),
    *("fwd_pkts_per_sec", "bwd_pkts_per_sec", "flow_pkts_per_sec", "down_up_ratio"),
    *(f"{way}_header_size_{what}" for way in ("fwd", "bwd") for what in ("tot", "min", "max")),
    *("flow_FIN_flag_count", "flow_SYN_flag_count", "flow_RST_flag_count", "fwd_PSH_flag_count"),
    *("bwd_PSH_flag_count", "flow_ACK_flag_count", "fwd_URG_flag_count", "bwd_URG_flag_count"),
    *("flow_CWR_flag_count", "flow_ECE_flag_count"),
    *(f"{way}_pkts_payload.{what}" for way in ("fwd", "bwd", "flow") for what in _FIVE),
    *(f"{way}_iat.{what}" for way in ("fwd", "bwd", "flow") for what in _FIVE),
    *("payload_bytes_per_second", "fwd_subflow_pkts", "bwd_subflow_pkts", "fwd_subflow_bytes", "bwd_subflow_bytes"),
    *("fwd_bulk_bytes", "bwd_bulk_bytes", "fwd_bulk_packets", "bwd_bulk_packets", "fwd_bulk_rate", "bwd_bulk_rate"),
    *(f"{state}.{what}" for state in ("active", "idle") for what in _FIVE),
    *("fwd_init_window_size", "bwd_init_window_size", "fwd_last_window_size", "Attack_type"),
)
_HEAVY = re.compile("flow_duration|.*(pkts_tot|per_sec(ond)?|size_tot|payload|iat|subflow|bulk|active|idle).*")
_UNITS = {
    ".*(iat|active|idle).*": "us",
    ".*_per_second|.*bulk_rate": "bytes/s",
    ".*_per_sec": "packets/s",
    ".*(bytes|header_size|payload|window_size).*": "bytes",
    ".*(pkts|packets).*": "packets",
    "flow_duration": "s",
}
CLASSES = {
    **dict.fromkeys(("Thing_Speak", "MQTT_Publish", "Wipro_bulb"), BENIGN),
    "ARP_poisioning": "arp_poisoning",
    "DDOS_Slowloris": "ddos_slowloris",
    "DOS_SYN_Hping": "dos_syn_hping",
    "Metasploit_Brute_Force_SSH": "brute_force_ssh",
    **{f"NMAP_{what}": f"nmap_{what.lower()}" for what in ("FIN_SCAN", "TCP_scan", "UDP_SCAN", "XMAS_TREE_SCAN")},
    "NMAP_OS_DETECTION": "nmap_os_detection",
}

WHOLE = Published(
    "RT_IOT2022.csv",
    "956956c09c1764584fa08acd0f6876475626bcedcd6a6b1f8c492c2e9a2089ea",
    COLUMNS,
    frozenset({"proto", "service", "Attack_type"}),
    "Attack_type",
    {
        BENIGN: 8_108 + 4_146 + 253,
        "arp_poisoning": 7_750,
        "brute_force_ssh": 37,
        "ddos_slowloris": 534,
        "dos_syn_hping": 94_659,
        "nmap_fin_scan": 28,
        "nmap_os_detection": 2_000,
        "nmap_tcp_scan": 1_002,
        "nmap_udp_scan": 2_590,
        "nmap_xmas_tree_scan": 2_010,
    },
    what="complete, sorted by class",
)


@dataclass(frozen=True)
class RtIot2022(Tabular):
    """RT-IoT2022."""

    name: ClassVar[str] = "rt_iot2022"
    families: ClassVar[tuple[str, ...]] = families(CLASSES)
    published: ClassVar[Mapping[str, tuple[Published, ...]]] = {"": (WHOLE,)}
    classes: ClassVar[Mapping[str, str]] = CLASSES
    terms: ClassVar[str] = "UCI Machine Learning Repository: CC BY 4.0"
    citation: ClassVar[str] = "Sharmila and Nagapadma 2023, Cybersecurity 6"
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "id.*_p": (0, 65_535),
        "*_window_size": (0, 65_535),
        "*": (0, float("inf")),
    }
    values: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "proto": ("icmp", "tcp", "udp"),
        "service": ("dhcp", "dns", "http", "irc", "mqtt", "ntp", "radius", "ssh", "ssl"),
    }

    def own(self, table: pa.Table) -> Own:
        """Return the columns, row number and ports among them as identifiers."""
        names = COLUMNS[5:-1]
        return Own(
            canonical(table),
            identifiers=frozenset({INDEX, "id.orig_p", "id.resp_p"}),
            heavy=frozenset(name for name in names if _HEAVY.fullmatch(name)),
            units=units(names, _UNITS),
        )

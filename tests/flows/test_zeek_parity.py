"""Metering the captures of Zeek's own test suite beside the conn.log that Zeek wrote for them.

Goldens: ../shared/zeek-parity (its README names the upstream commit), and for captures of ../shared/pcaps the baselines
of upstream tests that use them, named below; the sensor was not developed on those. `ts` and `uid` are masked upstream.
Nothing in the sensor knows of these captures. What upstream's command and script change is done here, to its input:
whether checksums are verified (-C), which frames Zeek sees, and which services it could name.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parity import Outcome, captures, compare, ours, same, table, total, zeeks
from redshank.capture.source import Block, PacketSource
from redshank.capture.sources.pcap import Pcap

IDENTICAL = 236
"""Flows, of 247, that must be identical in every field: 95.5 %. Raised as the sensor gets better, never lowered."""

_TUNNELS = ("geneve", "vxlan", "teredo", "gtpv1", "ayiya")
"""Named by packet analyzers, which Zeek always has."""

# Upstream runs many tests with -b: then Zeek has the analyzers that the test's script loads, and no others.
# Source: the scripts of testing/btest/<case>.{zeek,test}, their @load lines.
LOADED = {
    "core.erspanI": (),
    "core.erspanII": (),
    "core.erspanIII": (),
    "core.history-flip": ("http",),
    "core.local-flip": ("http",),
    "core.pcap.dynamic-filter": ("http", "dns"),
    "core.skip_analyzer": (),
    "core.tunnels.geneve": (),
    "core.tunnels.geneve-47101": ("ssl",),
    "core.tunnels.gre-in-gre": (),
    "core.tunnels.gre-over-udp": ("dns", "http"),
    "core.tunnels.teredo": ("http", "dns", "dhcp"),
    "core.tunnels.teredo_bubble_with_payload": ("http",),
    "core.tunnels.vxlan": (),
    "core.unknown-ip-protocol": (),
    "core.vntag": (),
    "core.wlanmon": ("dns",),
    "scripts.base.frameworks.netcontrol.packetfilter": ("smtp", "dns"),
    "scripts.base.protocols.dhcp.dhcp-all-msg-types": ("dhcp",),
    "scripts.base.protocols.ftp.cwd-navigation": ("ftp", "ftp-data"),
    "scripts.base.protocols.ftp.ftp-ipv4": ("ftp", "ftp-data"),
    "scripts.base.protocols.ftp.ftp-missing-space-after-reply-code": ("ftp", "ftp-data"),
    "scripts.base.protocols.http.http-connect-with-header": ("http", "ssl"),
    "scripts.base.protocols.http.http-no-crlf": ("http",),
    "scripts.base.protocols.irc.basic": ("irc", "irc-dcc-data"),
    "scripts.base.protocols.irc.starttls": ("irc", "ssl"),
    "scripts.base.protocols.pop3.basic": ("pop3",),
    "scripts.base.protocols.rdp.rdpeudp-handshake-fail": ("rdp", "rdpeudp", "ssl"),
    "scripts.base.protocols.rdp.rdpeudp-handshake-success": ("rdp", "rdpeudp", "ssl"),
    "scripts.base.protocols.redis.django-cloud": ("redis",),
    "scripts.base.protocols.xmpp.starttls": ("xmpp", "ssl"),
    "held-out: core.tunnels.gre": ("dns", "ssh", "ntp"),
}
"""Case: services that Zeek could have named; the others run with all that Zeek has."""

WHY: dict[str, dict[str, str]] = {
    "core.pcap.dynamic-filter": {
        "service": "Zeek names http when a reply came, and its filter let none through; here a request is enough"
    },
    "core.tunnels.gtp.inner_teredo": {
        "service": "upstream's option delay_teredo_confirmation=F: teredo is named before both sides spoke it"
    },
    "core.tunnels.vxlan": {"history": "X: Zeek gives up a flow whose tunnel changes; here it goes on"},
    "core.tunnels.geneve-truncated": {
        "service": "8 bytes of a frame are too few to tell Geneve by its content; Zeek goes by the port"
    },
}
"""Case, field: why it differs."""

FIELDS = "id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state missed_bytes"
FIELDS += " history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"
# Case: capture in ../shared/pcaps, rows of the conn.log of testing/btest/Baseline/<case> (uids and local_* left out).
HELD_OUT = {
    "core.radiotap": (
        "odd/zeek__radiotap.pcap",
        """172.17.156.76 61738 208.67.220.220 53 udp dns 0.041654 35 128 SF 0 Dd 1 63 1 156 -
           fe80::a667:6ff:fef7:ec54 5353 ff02::fb 5353 udp dns - - - S0 0 D 1 328 0 0 -""",
    ),
    "core.tunnels.geneve-truncated": (
        "malformed/zeek__geneve-truncated.pcapng",
        "20.0.0.1 50901 20.0.0.2 6081 udp geneve - - - S0 0 D 1 44 0 0 -",
    ),
    "core.tunnels.gre": (
        "odd/zeek__gre-sample.pcap",
        """66.59.111.190 40264 172.28.2.3 22 tcp ssh 3.157831 952 1671 SF 0 ShAdDaFf 12 1584 10 2199 tunnel
           66.59.111.190 37675 172.28.2.3 53 udp dns 5.001141 66 0 S0 0 D 2 122 0 0 tunnel
           66.59.111.190 123 18.26.4.105 123 udp ntp 0.074086 48 48 SF 0 Dd 1 76 1 76 tunnel
           66.59.111.190 123 66.59.111.182 123 udp ntp 0.056629 48 48 SF 0 Dd 1 76 1 76 tunnel
           66.59.111.190 123 129.170.17.4 123 udp ntp 0.072374 48 48 SF 0 Dd 1 76 1 76 tunnel
           66.59.111.190 8 172.28.2.3 0 icmp - 3.061298 224 224 OTH 0 - 4 336 4 336 tunnel
           172.28.2.3 3 66.59.111.190 3 icmp - 4.994662 122 0 OTH 0 - 2 178 0 0 tunnel""",
    ),
}


class Seen(PacketSource):
    """The frames of a capture that Zeek saw, as its script left them."""

    def __init__(self, path: Path, change: Callable[[Block], Block]) -> None:
        self.anomalies: dict[str, int] = {}
        self._source = Pcap(path)
        self._change = change

    def blocks(self) -> Iterator[Block]:
        return (self._change(block) for block in self._source.blocks())


def some(block: Block, chosen: list[int]) -> Block:
    picked = {name: getattr(block, name)[chosen] for name in ("offset", "captured", "length", "ts_ns", "link_type")}
    return replace(block, **picked)


def headers(block: Block) -> list[tuple[bytes, bytes, int, int, int]]:
    """Return addresses, ports and TCP flags of Ethernet frames with IPv4, in a capture that has only those."""
    found = []
    for at in block.offset.tolist():
        ip = bytes(block.data[at + 14 : at + 74])
        next_at = (ip[0] & 15) * 4
        ports = struct.unpack(">HH", ip[next_at : next_at + 4])
        found.append((ip[12:16], ip[16:20], *ports, ip[next_at + 13] if ip[9] == 6 else 0))
    return found


def port_80_then_53(block: Block) -> Block:
    """The script installs the filter "port 80" at Zeek's first packet, and "port 53" at the second."""
    ports = [set(frame[2:4]) for frame in headers(block)]
    second = next(number for number in range(1, len(ports)) if 80 in ports[number])
    return some(block, [0, second] + [number for number in range(second + 1, len(ports)) if 53 in ports[number]])


def until_established(block: Block) -> Block:
    """The script drops all packets of an originator for ten minutes, from the SYN-ACK that it got."""
    dropped: set[bytes] = set()
    chosen = []
    for number, (source, target, _, _, flags) in enumerate(headers(block)):
        if dropped & {source, target}:
            continue
        chosen.append(number)
        if flags & 0x12 == 0x12:
            dropped.add(target)
    return some(block, chosen)


def skip_38_bytes(block: Block) -> Block:
    """The script has Zeek skip 38 bytes of every frame: Ethernet, IP and GRE. What follows is IP."""
    count = len(block.offset)
    raw = np.full(count, 101, np.int32)
    short = np.maximum(block.captured - 38, 0).astype(np.int32)
    return replace(block, offset=block.offset + 38, captured=short, length=block.length - 38, link_type=raw)


SCRIPTS = {
    "core.pcap.dynamic-filter": port_80_then_53,
    "scripts.base.frameworks.netcontrol.packetfilter": until_established,
    "core.skip_analyzer": skip_38_bytes,
}


def known(case: str) -> frozenset[str] | None:
    return frozenset(LOADED[case]) | frozenset(_TUNNELS) if case in LOADED else None


@pytest.fixture(scope="session")
def outcomes(data: Path) -> dict[str, Outcome]:
    found = {}
    for case, command in captures(data).items():
        folder = data / "zeek-parity" / case
        (trace,) = folder.glob("trace.*")
        source = Seen(trace, SCRIPTS[case]) if case in SCRIPTS else Pcap(trace)
        theirs, fields = zeeks((folder / "conn.log").read_text().splitlines())
        found[case] = compare(ours(source, checksums=" -C " not in command), theirs, fields, known(case))
    return found


@pytest.mark.data
def test_flows_of_zeeks_own_captures_are_identical_to_its_log(outcomes: dict[str, Outcome]) -> None:
    print(table(outcomes, WHY))  # noqa: T201  `pytest -s` shows the table
    assert len(outcomes) == 46
    odd = {(case, name) for case, outcome in outcomes.items() for name in outcome.differences}
    explained = {(case, name) for case in outcomes for name in WHY.get(case, {})}
    assert odd - explained == set(), table(outcomes, WHY)
    assert explained - odd == set(), "these do not differ any more: take them out of WHY"
    assert sum(one.identical for one in outcomes.values()) >= IDENTICAL, total(outcomes)


@pytest.mark.data
def test_flows_of_captures_that_it_was_not_developed_on_are_identical_too(data: Path) -> None:
    found = {}
    for case, (name, rows) in HELD_OUT.items():
        lines = ["#fields\tuid\t" + "\t".join(FIELDS.split())]
        lines += [f"C{number}\t" + "\t".join(row.split()) for number, row in enumerate(rows.splitlines())]
        theirs, fields = zeeks(lines)
        mine = ours(Pcap(data / "pcaps" / name), checksums=case != "core.radiotap")
        found[case] = compare(mine, theirs, fields, known(f"held-out: {case}"))
    print(table(found, WHY))  # noqa: T201  as above
    odd = {(case, name) for case, outcome in found.items() for name in outcome.differences}
    assert odd == {(case, name) for case in HELD_OUT for name in WHY.get(case, {})}, table(found, WHY)


def test_a_difference_is_named_with_both_values() -> None:
    key = ("10.0.0.1", "1", "10.0.0.2", "2", "udp")
    row = {"uid": "C1", "src_pkts": "1", "dst_pkts": "1"}
    found = compare({key: [row]}, {key: [{**row, "src_pkts": "2"}]}, ["src_pkts", "dst_pkts"])
    assert (found.flows, found.identical) == (1, 0)
    assert found.differences == {"src_pkts": ["10.0.0.1 1 10.0.0.2 2 udp: 1 here, 2 in Zeek"]}
    assert compare({key: [row]}, {}, ["src_pkts"]).differences == {"flows": [f"{' '.join(key)}: 1 here, 0 in Zeek"]}


def test_of_two_flows_with_one_tuple_those_are_paired_that_differ_least() -> None:
    key = ("10.0.0.1", "1", "10.0.0.2", "2", "udp")
    one, two = {"src_pkts": "1"}, {"src_pkts": "2"}
    assert compare({key: [one, two]}, {key: [two, one]}, ["src_pkts"]).identical == 2


def test_services_are_compared_as_sets_of_what_zeek_could_name() -> None:
    assert same("service", "ftp,ssl", "ssl,ftp")
    assert not same("service", "ftp,ssl", "ftp")
    assert same("service", "ftp,ssl", "ftp", frozenset({"ftp"}))
    assert not same("service", "-", "ftp", frozenset({"ftp"}))
    assert not same("service", "http", "-", frozenset({"http"}))


def test_parents_are_compared_by_the_flow_that_they_name() -> None:
    log = """#fields uid id.orig_h id.orig_p id.resp_h id.resp_p proto tunnel_parents
             C1 10.0.0.1 1 10.0.0.2 4789 udp -
             C2 10.0.0.3 1 10.0.0.4 2 udp C1
             C3 10.0.0.3 1 10.0.0.4 3 udp C9"""
    lines = ["\t".join(line.split()) for line in log.splitlines()]
    flows, _ = zeeks(lines)
    renamed, _ = zeeks([line.replace("C1", "Cx").replace("C9", "Cy") for line in lines])
    assert flows[("10.0.0.3", "1", "10.0.0.4", "2", "udp")][0]["tunnel_parents"] == "[10.0.0.1 1 10.0.0.2 4789 udp]"
    assert compare(flows, renamed, ["tunnel_parents"]).identical == 3
    other, _ = zeeks([line.replace("C9", "C1") for line in lines])
    assert compare(flows, other, ["tunnel_parents"]).identical == 2

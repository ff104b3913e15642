import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.errors import ActionError
from redshank.lab.arena import choose
from redshank.lab.network import Network
from redshank.respond import surroundings
from redshank.respond.protected import Surroundings
from redshank.respond.surroundings import (
    Lookout,
    gateways,
    look,
    neighbors,
    operators,
    own,
    resolvers,
    sessions,
)

# As `ip -j address` of iproute2 6.1 prints it, shortened.
LINKS = [
    {"ifname": "lo", "link_type": "loopback", "address": "00:00:00:00:00:00", "addr_info": [{"local": "127.0.0.1"}]},
    {
        "ifname": "eth0",
        "link_type": "ether",
        "address": "02:00:5e:10:00:02",
        "addr_info": [{"local": "10.0.0.2", "broadcast": "10.0.0.255"}, {"local": "fd00::2"}],
    },
]
# Rows as Linux prints them on a little-endian machine (proc_net_tcp.rst): a session of 10.0.0.9 with port 22 and one of
# 10.0.0.66 with port 80, one of port 22 that is only listening.
TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0200000A:0016 0900000A:D431 01 00000000:00000000 02:000A0C5E 00000000     0        0 1
   1: 0200000A:0050 4200000A:D431 01 00000000:00000000 02:000A0C5E 00000000     0        0 2
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3
"""
TCP6 = """  sl  local_address                         remote_address                        st
   0: 000000FD000000000000000002000000:0016 000000FD000000000000000009000000:D431 01 0 0 0
   1: 0000000000000000FFFF00000200000A:0016 0000000000000000FFFF00000900000A:D431 01 0 0 0
"""


def test_own_addresses_and_broadcasts_are_told() -> None:
    assert dict(own(LINKS)) == {
        "127.0.0.1": "own address (lo)",
        "02:00:5e:10:00:02": "own link-layer address (eth0)",
        "10.0.0.2": "own address (eth0)",
        "10.0.0.255": "broadcast (eth0)",
        "fd00::2": "own address (eth0)",
    }


def test_every_kind_of_next_hop_is_a_gateway() -> None:
    routes: list[dict[str, Any]] = [
        {"dst": "default", "gateway": "10.0.0.1", "dev": "eth0"},
        {"dst": "10.9.0.0/16", "nexthops": [{"gateway": "10.0.0.2", "dev": "eth0"}, {"gateway": "10.0.0.3"}]},
        {"dst": "10.8.0.0/16", "via": {"family": "inet6", "host": "fe80::9"}, "dev": "eth1"},
        {"type": "broadcast", "dst": "10.0.0.255", "dev": "eth0"},
    ]
    found = dict(gateways(routes))
    assert {name for name, reason in found.items() if reason.startswith("gateway") and name} == {
        "10.0.0.1", "10.0.0.2", "10.0.0.3", "fe80::9",
    }  # fmt: skip
    assert found["10.0.0.255"] == "broadcast address (eth0)"


def test_neighbors_without_an_answer_are_left_out() -> None:
    entries = [
        {"dst": "10.0.0.1", "dev": "eth0", "lladdr": "02:00:5E:10:00:01", "state": ["REACHABLE"]},
        {"dst": "10.0.0.1", "dev": "eth1", "lladdr": "02:00:5e:10:00:09", "state": ["STALE"]},
        {"dst": "10.0.0.8", "dev": "eth0", "state": ["FAILED"]},
    ]
    assert neighbors(entries) == {"10.0.0.1": ("02:00:5e:10:00:01", "02:00:5e:10:00:09")}


def test_resolvers_are_read_and_comments_are_not() -> None:
    text = "# nameserver 10.9.9.9\nnameserver 10.0.0.4\n  nameserver\tfd00::4%eth0\nsearch home\n"
    assert [server for server, _ in resolvers(text)] == ["10.0.0.4", "fd00::4%eth0"]


@pytest.mark.skipif(socket.htons(1) == 1, reason="the rows are of a little-endian machine")
def test_sessions_with_the_ssh_port_are_an_operators() -> None:
    assert [peer for peer, _ in sessions(TCP, (22,))] == ["10.0.0.9"]
    assert [peer for peer, _ in sessions(TCP6, (22,))] == ["fd00::9", "::ffff:a00:9"]
    assert list(sessions(TCP, ())) == []


def test_the_operator_is_who_this_was_started_by() -> None:
    environment = {"SSH_CONNECTION": "fe80::9%eth0 51000 fe80::2 22", "SSH_CLIENT": ""}
    assert list(operators(environment)) == [("fe80::9%eth0", "operator (SSH_CONNECTION)")]


@given(st.text(max_size=300))
def test_no_file_makes_them_fail(text: str) -> None:
    list(resolvers(text))
    list(sessions(text, (22,)))
    list(operators({"SSH_CONNECTION": text}))


def test_files_are_read_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.9 51000 10.0.0.2 22")
    files = {
        "etc/resolv.conf": b"nameserver 10.0.0.4\nnameserver 10.0.0.5",
        "run/NetworkManager/devices/2": b"[device]\nmanaged=true\n[dhcp4]\ndhcp4.dhcp_server_identifier=10.0.0.3\n",
        "var/lib/dhcpcd/eth0.lease": bytes(236) + b"\x63\x82\x53\x63" + b"\x36\x04\x0a\x00\x00\x07\xff",
        "var/lib/dhcpcd/eth0.lease6": bytes.fromhex("07010203 0002 000a 00030001 02005e100003"),
        "run/udhcpc/eth1.lease": b"serverid=10.0.0.8\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    found = dict(look((("10.0.0.5", "settings"),), root=tmp_path).named)
    assert found["10.0.0.5"] == "DNS server", "the later reason: the list itself keeps the first"
    assert {"10.0.0.3", "10.0.0.4", "10.0.0.7", "10.0.0.8", "10.0.0.9", "127.0.0.1"} <= set(found)
    assert found["02:00:5e:10:00:03"] == "DHCP server (its identifier)"


def test_without_iproute2_there_is_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ActionError, match=r"`ip -j address` failed \(.*'ip'\); without it nobody knows whom to protect"
    ):
        look()
    (tmp_path / "ip").write_text("#!/bin/sh\necho nonsense\n")
    (tmp_path / "ip").chmod(0o755)
    with pytest.raises(ActionError, match="`ip -j address` failed"):
        look()


def test_a_change_that_could_not_be_looked_at_is_looked_at_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(*_: object) -> Surroundings:
        raise ActionError("blind")

    lookout = Lookout(every_s=3_600.0)
    try:
        first = lookout.protected()
        assert lookout.protected() is first
        monkeypatch.setattr(surroundings, "look", blind)
        lookout._news = {16}  # RTM_NEWLINK
        for _ in range(2):
            with pytest.raises(ActionError, match="blind"):
                lookout.protected()
        monkeypatch.undo()
        assert lookout.protected() is not first
        lookout._news = {28}
        assert lookout.protected() is lookout.protected(), "neighbors alone are waited for"
    finally:
        lookout.close()


@pytest.mark.root
@pytest.mark.service
def test_the_list_follows_the_kernel() -> None:
    addresses = choose(11, ("gateway", "hub"), ("api",), ipv6=("gateway", "hub"))
    with Network(addresses) as network, network.inside("hub"):
        lookout = Lookout(every_s=3_600.0)
        try:
            first = lookout.protected()
            assert first.why(addresses.v4["hub"]) == "own address (eth0)"
            assert first.why(addresses.v6["hub"]) == "own address (eth0)"
            assert first.why(addresses.macs["hub"]) == "own link-layer address (eth0)"
            assert first.why(addresses.v4["gateway"]) == "gateway (eth0)"
            assert first.why(str(addresses.lan.broadcast_address)) == "broadcast (eth0)"
            assert lookout.protected() is first
            assert first.why("10.254.254.1") is None
            # Traffic with the gateway makes the kernel learn who it is; another address comes by hand.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
                made.sendto(b"x", (addresses.v4["gateway"], 9))
            subprocess.run(["ip", "address", "add", "10.254.254.1/24", "dev", "eth0"], check=True)
            second = lookout.protected()
            assert second.why("10.254.254.1") == "own address (eth0)"
            while second.why(addresses.macs["gateway"]) is None:
                second = lookout.protected()
        finally:
            lookout.close()

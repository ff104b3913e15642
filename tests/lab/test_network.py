import os
import socket
import struct
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from redshank.core.errors import ActionError
from redshank.lab.arena import choose
from redshank.lab.network import FOLDER, GATEWAY, LAN_LINK, Network, ip, leftovers, need_root

ADDRESSES = choose(7, ("gateway", "hub", "sensor1"), ("api",), ipv6=("gateway", "hub"))


ETH_P_ALL, SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 3, 263, 1, 1  # linux/if_ether.h, if_packet.h


def senders(tap: socket.socket, texts: Sequence[bytes]) -> list[tuple[str, bytes]]:
    """Return who sent which of these texts, in the order in which the frames came, up to the last text."""
    tap.settimeout(60)
    found: list[tuple[str, bytes]] = []
    while not found or found[-1][1] != texts[-1]:
        frame = tap.recv(2048)
        found += [(frame[6:12].hex(":"), text) for text in texts if text in frame]
    return found


def ours() -> list[str]:
    return [path.name for path in FOLDER.glob(f"rsk{os.getpid()}-*")]


def test_without_root_it_says_so_in_one_line() -> None:
    with pytest.raises(ActionError, match="needs root to make network namespaces, this is user 1000") as caught:
        need_root(user=1000)
    assert len(str(caught.value).splitlines()) == 1


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ActionError, match="not installed: ip, tcpdump, mosquitto, mosquitto_passwd; run `make services`"
    ):
        need_root(user=0)


@pytest.mark.root
@pytest.mark.service
def test_hosts_reach_each_other_and_the_upstream_and_nothing_is_left_afterwards() -> None:
    before = ip("-o", "link")  # of the machine itself
    with Network(ADDRESSES) as network:
        assert sorted(ours()) == sorted(map(network.namespace, ("bridge", "gateway", "hub", "sensor1", "cloud")))
        for target in (ADDRESSES.v4["hub"], ADDRESSES.v4["api"]):
            place = "hub" if target == ADDRESSES.v4["hub"] else "cloud"
            with network.inside(place):
                server = socket.create_server((target, 8000))
            with network.inside("sensor1"):
                client = socket.create_connection((target, 8000), timeout=60)
            peer, address = server.accept()
            assert address[0] == ADDRESSES.v4["sensor1"]
            for made in (peer, client, server):
                made.close()
        assert network.neighbors("sensor1")[ADDRESSES.v4["hub"]] == ADDRESSES.macs["hub"]
        assert ip("-o", "link") == before
    assert ours() == []


@pytest.mark.root
@pytest.mark.service
def test_a_gateway_that_is_the_switch_too_sees_what_two_devices_send_each_other() -> None:
    v4, v6, macs = ADDRESSES.v4, ADDRESSES.v6, ADDRESSES.macs
    with Network(ADDRESSES, GATEWAY) as network:
        assert sorted(ours()) == sorted(map(network.namespace, ("gateway", "hub", "sensor1", "cloud")))
        with network.inside(GATEWAY):
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            tap.bind((LAN_LINK, 0))
            membership = struct.pack("IHH8s", socket.if_nametoindex(LAN_LINK), PACKET_MR_PROMISC, 0, b"")
            tap.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)
        said = [("sensor1", "hub", v4["hub"]), ("sensor1", "cloud", v4["api"]), ("hub", GATEWAY, v6[GATEWAY])]
        with tap:
            for sender, place, target in said:
                family = socket.AF_INET6 if ":" in target else socket.AF_INET
                with network.inside(place):
                    server = socket.create_server((target, 8000), family=family)
                with network.inside(sender):
                    client = socket.create_connection((target, 8000), timeout=60)
                with server, client:
                    client.sendall(f"said to {target}.".encode())
            expected = [(macs[sender], f"said to {target}.".encode()) for sender, _, target in said]
            assert senders(tap, [text for _, text in expected]) == expected, "each once, from whom it is"


@pytest.mark.root
@pytest.mark.service
def test_no_namespace_of_the_lab_has_a_way_out() -> None:
    with Network(ADDRESSES) as network:
        for name in ("sensor1", "gateway", "cloud"):
            with network.inside(name), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
                if name == "sensor1":
                    made.connect(("192.0.2.1", 9))  # as far as its gateway, which knows no further
                    continue
                with pytest.raises(OSError, match="unreachable"):
                    made.connect(("192.0.2.1", 9))


@pytest.mark.root
@pytest.mark.service
def test_a_failure_inside_still_takes_everything_down() -> None:
    def fail() -> None:
        with Network(ADDRESSES) as network:
            network.start("hub", ["sleep", "60"])
            raise RuntimeError("fails")

    with pytest.raises(RuntimeError, match="fails"):
        fail()
    assert ours() == []


@pytest.mark.root
@pytest.mark.service
def test_only_namespaces_of_this_lab_can_be_entered() -> None:
    with Network(ADDRESSES) as network:
        with pytest.raises(ActionError, match="no namespace 'stranger' in this lab"), network.inside("stranger"):
            pass
        with pytest.raises(ActionError, match="no namespace 'stranger' in this lab"):
            network.start("stranger", ["true"])
        network._files["own"] = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        with pytest.raises(ActionError, match="namespace 'own' is the machine's own"), network.inside("own"):
            pass


@pytest.mark.root
@pytest.mark.service
def test_a_second_lab_of_one_process_is_refused() -> None:
    with Network(ADDRESSES), pytest.raises(ActionError, match="one process runs one lab at a time"), Network(ADDRESSES):
        pass


@pytest.mark.root
@pytest.mark.service
def test_leftovers_of_a_killed_lab_are_removed_and_those_of_a_living_one_are_not() -> None:
    # Killed, and not yet waited for: a zombie, as a lab under a careless parent leaves.
    gone = subprocess.Popen(["sleep", "60"])
    gone.kill()
    os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)
    dead, alive = f"rsk{gone.pid}-hub", f"rsk{os.getppid()}-hub"
    ip("netns", "add", dead)
    ip("netns", "add", alive)
    try:
        assert dead in leftovers()
        with subprocess.Popen(["ip", "netns", "exec", dead, "sleep", "60"]) as inside:
            while not ip("netns", "pids", dead):
                time.sleep(0.02)
            with Network(ADDRESSES):
                assert not (FOLDER / dead).exists()
                assert (FOLDER / alive).exists()
            assert inside.wait(60) != 0
    finally:
        ip("netns", "del", alive)
        gone.wait()
    assert dead not in leftovers()


@pytest.mark.root
@pytest.mark.service
def test_a_failing_ip_command_is_named_with_its_reason() -> None:
    with pytest.raises(ActionError, match="`ip netns del rsk0-nobody` failed: .*No such file"):
        ip("netns", "del", "rsk0-nobody")

import socket
from collections.abc import Callable
from typing import Any

import pytest

from redshank.lab.scene import Scene


@pytest.mark.parametrize("variant", ["connect", "udp", "sweep"])
def test_every_row_is_labeled_and_starts_at_the_attacker(
    attack: Callable[..., Any], scene: Scene, variant: str
) -> None:
    rows = attack("scanning", variant, "hub")
    assert {row.family for row in rows} == {"scanning"}
    attacker = scene.hosts["sensor1"].ip
    assert all(row.src_ip == attacker or (row.proto, row.src_port) == ("icmp", 3) for row in rows)


def test_a_connect_scan_tries_distinct_ports_of_the_victim(attack: Callable[..., Any], scene: Scene) -> None:
    rows = attack("scanning", "connect", "hub")
    assert {row.dst_ip for row in rows} == {scene.hosts["hub"].ip}
    assert len({row.dst_port for row in rows}) == len(rows) >= 4


def test_a_half_open_scan_sends_one_syn_for_each_row(
    attack: Callable[..., Any], scene: Scene, sent: Callable[[str], list[bytes]]
) -> None:
    rows = attack("scanning", "syn", "hub")
    packets = sent("sensor1")
    ports = [(int.from_bytes(p[20:22], "big"), int.from_bytes(p[22:24], "big")) for p in packets]
    assert ports == [(row.src_port, row.dst_port) for row in rows]
    assert all(p[33] == 0x02 and socket.inet_ntoa(p[16:20]) == scene.hosts["hub"].ip for p in packets)


def test_a_udp_scan_also_labels_what_the_victim_answers(attack: Callable[..., Any], scene: Scene) -> None:
    answers = [row for row in attack("scanning", "udp", "hub") if row.proto == "icmp"]
    hub, attacker = scene.hosts["hub"].ip, scene.hosts["sensor1"].ip
    assert [(row.src_ip, row.src_port, row.dst_ip, row.dst_port) for row in answers] == [(hub, 3, attacker, 3)]


def test_a_sweep_leaves_out_whom_the_device_pinged_lately(attack: Callable[..., Any], scene: Scene) -> None:
    gateway = scene.hosts["gateway"].ip
    scene.journal.end(scene.journal.begin("icmp", (scene.hosts["sensor1"].ip, 8), (gateway, 0), "benign", "ping"))
    swept = {row.dst_ip for row in attack("scanning", "sweep", "hub") if row.family == "scanning"}
    assert swept == {scene.hosts[name].ip for name in scene.cast.lan if name not in ("gateway", "sensor1")}

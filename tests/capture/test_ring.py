import errno
import mmap
import os
import time
from typing import Any

import numpy as np
import pytest

from frames import ethernet, ipv4, tcp, udp, vlan
from redshank.capture.bpf import compiled, everything
from redshank.capture.interface import ANY, COOKED, MIXED, Interface, find
from redshank.capture.ring import NEW_GROUP, STRETCH_BYTES, Ring, _walk, afford, group, opened, prepare
from redshank.capture.source import Block
from redshank.core.errors import RefusedError, SourceError
from wires import FAR, NEAR, NO_HEADER, PPP, ip, ip_says, private_network, send, tun

pytestmark = pytest.mark.root


def _ring(name: str, mib: int = 1, *, start: bool = True, fanout: int | None = None) -> Ring:
    (interface,) = find([name])
    one = Ring(opened(interface, mib, promiscuous=True, fanout=fanout), interface, mib)
    if start:
        one.start(everything(65_535))
    return one


def _wait(one: Ring) -> None:
    give_up = time.monotonic() + 60
    while not one.ready and time.monotonic() < give_up:
        time.sleep(0.001)
    assert one.ready


def _all(one: Ring, count: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < count:
        _wait(one)
        found += _frames(one.block())
        one.release()
    return found


def _frames(block: Block) -> list[bytes]:
    return [block.data[at : at + size].tobytes() for at, size in zip(block.offset, block.captured, strict=True)]


def test_what_indexes_a_stretch_is_there_before_the_first_one() -> None:
    prepare()
    with private_network():
        one = _ring(FAR)
        send([ethernet(ipv4(udp(b"marsh")))])
        _all(one, 1)
        one.close()
    kernel: Any = _walk
    assert len(kernel.compiled) == 1, "a ring has other types than what was prepared for it"


def test_frames_come_as_they_were_sent_from_the_memory_of_the_ring() -> None:
    sent = [ethernet(ipv4(udp(bytes([n]) * n))) for n in range(200)]
    with private_network():
        one = _ring(FAR)
        before_ns = time.time_ns()
        send(sent)
        _wait(one)
        block = one.block()
        after_ns = time.time_ns()
        one.close()
        sent = sent[: len(block.offset)]  # a slow sender's come in more than one stretch
        assert len(sent) > 0
        assert _frames(block) == sent  # still there: nobody else has written to it
    base: object = block.data
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base.obj if isinstance(base, memoryview) else base, mmap.mmap), "the bytes were copied"
    assert block.length.tolist() == block.captured.tolist() == [len(frame) for frame in sent]
    assert (np.diff(block.ts_ns) >= 0).all()
    assert before_ns <= block.ts_ns[0] <= block.ts_ns[-1] <= after_ns
    assert block.clock_ns == block.ts_ns[-1]
    assert block.vlan is not None
    assert set(block.vlan.tolist()) == {-1}


def test_nothing_arrives_before_the_start_and_after_the_last_filter() -> None:
    with private_network():
        one = _ring(FAR, start=False)
        send([ethernet(ipv4(udp(b"early")))])
        one.start(everything(60))
        send([ethernet(ipv4(udp(b"seen" * 20)))])
        one.start(everything(0))
        send([ethernet(ipv4(udp(b"late")))])
        (frame,) = _all(one, 1)
        time.sleep(0.05)
        assert one.empty
        one.count()
        one.close()
    assert frame == ethernet(ipv4(udp(b"seen" * 20)))[:60]
    assert (one.counters.received, one.counters.dropped) == (1, 0)


def test_a_ring_is_empty_only_when_the_kernel_holds_no_packet_either() -> None:
    with private_network():
        one = _ring(FAR)
        empty = [one.empty]
        send([ethernet(ipv4(udp(b"x")))])
        empty.append(one.empty)
        _wait(one)
        empty.append(one.empty)
        assert one.fill == STRETCH_BYTES / 2**20
        assert len(_all(one, 1)) == 1
        empty.append(one.empty)
        assert empty == [True, False, False, True]
        assert one.fill == 0
        one.close()


def test_the_smallest_frames_fill_stretches_without_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    # Else a busy machine, which sends slowly, uses all stretches up before they are full.
    monkeypatch.setattr("redshank.capture.ring.RETIRE_MS", 1_000)
    with private_network():
        one = _ring(FAR, 8, start=False)
        one.start(everything(1))
        send([ethernet(ipv4(udp(b"x")))] * 20_000)
        one.count()
        assert (one.counters.received, one.counters.dropped) == (20_000, 0)
        assert _all(one, 20_000) == [b"\x02"] * 20_000
        one.close()


def test_what_the_ring_has_no_room_for_is_counted_exactly() -> None:
    with private_network():
        one = _ring(FAR)
        send([ethernet(ipv4(udp(bytes(1000))))] * 3000)
        one.count()
        received = one.counters.received
        assert 0 < received < 1100
        assert one.counters.dropped == 3000 - received
        assert one.counters.freezes >= 1
        assert len(_all(one, received)) == received
        send([ethernet(ipv4(udp(b"again")))])
        assert _all(one, 1) == [ethernet(ipv4(udp(b"again")))]
        one.close()


def test_a_tag_that_was_taken_out_of_the_frame_is_told_beside_it() -> None:
    inner = vlan(ipv4(udp(b"x")), 7)
    with private_network():
        one = _ring(FAR)
        send([ethernet(inner, 0x8100), ethernet(ipv4(udp(b"y"))), ethernet(vlan(inner, 9, 0x8100), 0x88A8)])
        tags: list[int] = []
        frames: list[bytes] = []
        while len(frames) < 3:  # the kernel may hand them over in more than one stretch
            _wait(one)
            block = one.block()
            assert block.vlan is not None
            tags += block.vlan.tolist()
            frames += _frames(block)
            one.release()
        one.close()
    assert tags == [7, -1, 9]
    assert frames == [ethernet(ipv4(udp(b"x"))), ethernet(ipv4(udp(b"y"))), ethernet(inner, 0x8100)]


def test_hardware_we_do_not_know_gets_a_cooked_header() -> None:
    packet = ipv4(tcp(flags="S"))
    with private_network(), tun("ppp0", PPP) as device:
        one = _ring("ppp0")
        os.write(device, packet)
        _wait(one)
        block = one.block()
        (frame,) = _frames(block)
        assert block.link_type.tolist() == [COOKED]
        assert frame[20:] == packet
        assert block.length.tolist() == [20 + len(packet)]
        number = one.interface.index.to_bytes(4, "big")
        # Protocol, reserved, interface, hardware, packet type (to us), length of the address, address.
        assert frame[:20] == b"\x08\x00\0\0" + number + PPP.to_bytes(2, "big") + b"\0\0" + bytes(8)
        one.close()


def test_a_flow_goes_to_one_ring_of_a_group_in_both_directions() -> None:
    there = [ethernet(ipv4(udp(b"a", src_port=1000 + n, dst_port=53))) for n in range(64)]
    back = [
        ethernet(ipv4(udp(b"b", src_port=53, dst_port=1000 + n), src="10.0.0.2", dst="10.0.0.1")) for n in range(64)
    ]
    with private_network():
        first = _ring(FAR, fanout=NEW_GROUP)
        second = _ring(FAR, fanout=group(first.handle))
        send(there + back)
        counts = []
        for one in (first, second):
            one.count()
            counts.append(one.counters.received)
        ports = [
            {tuple(sorted((frame[34:36], frame[36:38]))) for frame in _all(one, count)}
            for one, count in zip((first, second), counts, strict=True)
        ]
        first.close()
        second.close()
    assert sum(counts) == 128
    assert min(counts) > 20
    assert not ports[0] & ports[1]


def test_an_interface_that_goes_down_is_noticed_and_one_that_is_removed_is_an_error() -> None:
    with private_network():
        one = _ring(FAR)
        assert not one.went_down()
        ip(f"link set {FAR} down")
        assert one.went_down()
        assert not one.went_down()
        ip(f"link set {FAR} up", f"link set {NEAR} up")
        send([ethernet(ipv4(udp(b"again")))])
        assert _all(one, 1) == [ethernet(ipv4(udp(b"again")))]
        ip(f"link del {FAR}")
        with pytest.raises(SourceError, match="live: interface 'far' is gone .it was removed.; start again"):
            one.went_down()
        one.close()


def test_without_the_right_to_capture_it_says_how_to_get_it() -> None:
    with private_network():
        (interface,) = find([FAR])
        os.seteuid(65534)
        try:
            with pytest.raises(
                RefusedError,
                match=r"no right to capture on 'far' \(CAP_NET_RAW\); the unit in deploy/systemd gives it, and root",
            ):
                opened(interface, 1, promiscuous=True)
        finally:
            os.seteuid(0)


def test_rings_that_would_take_most_of_the_memory_are_refused_before_any_is_made() -> None:
    afford(8, 64, "MemTotal: 9000000 kB\nMemAvailable:    1048576 kB\n")  # exactly half
    with pytest.raises(SourceError) as caught:
        afford(9, 64, "MemTotal: 9000000 kB\nMemAvailable:    1048576 kB\n")
    assert str(caught.value) == (
        "live: 9 rings of 64 MiB need 576 MiB, more than half of the 1024 MiB that are free; "
        "set sensor.ring_mib or sensor.workers lower"
    )
    afford(1, 1)


def test_an_interface_that_is_gone_already_is_an_error() -> None:
    with private_network(), pytest.raises(SourceError, match=f"'x9' is gone .{os.strerror(errno.ENODEV)}"):
        opened(Interface("x9", 99, 1, 1), 1, promiscuous=True)


def test_frames_of_all_interfaces_come_in_order_each_with_its_own_link_layer() -> None:
    lan, loop, bare = ethernet(ipv4(udp(b"lan"))), ethernet(ipv4(udp(b"loop"))), ipv4(udp(b"bare"))
    modem = ipv4(udp(b"modem"))
    with private_network(), tun("tun0", NO_HEADER) as tunnel, tun("ppp0", PPP) as serial:
        one = _ring(ANY, 16, start=False)
        one.start(compiled("", MIXED, 65_535))
        send([lan], NEAR)
        os.write(tunnel, bare)
        os.write(serial, modem)
        send([loop], "lo")
        found: list[tuple[int, bytes]] = []
        while len(found) < 5:
            _wait(one)
            block = one.block()
            assert block.length.tolist() == block.captured.tolist()
            found += zip(block.link_type.tolist(), _frames(block), strict=True)
            one.release()
        # Sent at one end and received at the other; on the loopback interface only received.
        assert [kind for kind, _ in found] == [1, 1, 101, COOKED, 1]
        assert [frame for _, frame in found[:3]] == [lan, lan, bare]
        assert (found[3][1][:2], found[3][1][8:10], found[3][1][20:]) == (b"\x08\x00", b"\x02\x00", modem)
        assert found[4] == (1, loop)
        one.close()


def test_all_interfaces_are_promiscuous_as_long_as_their_ring_is_open() -> None:
    with private_network():
        handle = opened(find([ANY])[0], 1, promiscuous=True)
        assert " promiscuity 1 " in ip_says(f"-d link show {FAR}")
        handle.close()
        assert " promiscuity 0 " in ip_says(f"-d link show {FAR}")

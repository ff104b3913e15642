import ctypes
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from frames import UDP, ethernet, ipv4, udp
from peers import until
from redshank.capture.bpf import everything
from redshank.capture.interface import find
from redshank.capture.ring import Ring, opened
from redshank.capture.rings import QUIET_MS, Rings
from wires import FAR, NEAR, private_network, send

pytestmark = pytest.mark.root


@contextmanager
def _watching(*names: str) -> Iterator[Rings]:
    with Rings([Ring(opened(one, 1, promiscuous=True), one, 1) for one in find(names)]) as rings:
        for ring in rings.rings:
            ring.start(everything(65_535))
        yield rings


def _marsh(number: int) -> bytes:
    return ethernet(ipv4(udp(b"marsh %d" % number, dst_port=number), UDP))


def test_several_interfaces_give_their_packets_in_the_order_of_arrival() -> None:
    second = ("link add left type veth peer name right", "link set left up arp off", "link set right up arp off")
    with private_network(*second), _watching(FAR, "right") as live:
        blocks = live.blocks()
        for number, name in enumerate([NEAR, "left", "left", NEAR]):
            send([_marsh(number)], name)
            time.sleep(0.001)
            if number == 1:  # what comes now is in later stretches
                until(lambda: all(ring.ready for ring in live.rings))
        live.stop()
        times = [int(ts_ns) for block in blocks for ts_ns in block.ts_ns]
        assert {name: one.received for name, one in live.counters.items()} == {FAR: 2, "right": 2}
    assert len(times) == 4
    assert times[:2] == sorted(times)[:2]


def test_on_a_silent_wire_the_clock_goes_on_and_never_past_the_present() -> None:
    with private_network(), _watching(FAR) as live:
        clocks = []
        for block in live.blocks():
            assert not len(block.offset)
            assert block.clock_ns is not None
            clocks.append((block.clock_ns, time.time_ns()))
            if len(clocks) == 5:
                live.stop()
    assert all((now - clock) / 1e6 >= QUIET_MS for clock, now in clocks)
    gaps = [(late[0] - early[0]) / 1e6 for early, late in itertools.pairwise(clocks)]
    assert min(gaps) >= QUIET_MS
    assert min(gaps) < 10 * QUIET_MS


def test_the_clock_never_passes_a_packet_that_comes_later() -> None:
    clock_ns, packets, silences = 0, 0, 0
    with private_network(), _watching(FAR) as live:

        def talk() -> None:
            for number in range(60):
                send([_marsh(number)])
                time.sleep(0.001 * (number % 40))
            until(lambda: packets == 60)  # the kernel gives a block that is not full when its time is over
            live.stop()

        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        talker = threading.Thread(target=_inside, args=(home, talk))
        talker.start()
        for block in live.blocks():
            if len(block.offset):
                packets += len(block.offset)
                assert block.ts_ns[0] >= clock_ns
            else:
                silences += 1
                assert block.clock_ns is not None
                clock_ns = block.clock_ns
        talker.join()
        os.close(home)
    assert packets == 60
    assert silences > 3


def _inside(home: int, work: Callable[[], None]) -> None:
    assert ctypes.CDLL(None).setns(home, 0x40000000) == 0
    work()

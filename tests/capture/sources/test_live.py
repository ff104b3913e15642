import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from frames import UDP, ethernet, ipv4, udp
from redshank.capture.source import Block
from redshank.capture.sources.live import Live, plan
from redshank.core.errors import ConfigError, SourceError
from wires import FAR, NEAR, NO_HEADER, ip, ip_says, private_network, send, tun

NEEDS_ROOT = True
pytestmark = pytest.mark.root


class Ending(Live):
    """Capture that ends by itself when nothing more comes; a busy machine hands over late what was sent."""

    def blocks(self) -> Iterator[Block]:
        seen, empty = 0, 0
        for block in super().blocks():
            yield block
            seen += len(block.offset)
            empty += not len(block.offset)
            if empty and (seen or empty > 50):
                self.stop()


def example(place: Path) -> Live:
    """A wire that a few packets were sent to, for the contract test."""
    del place
    with private_network():
        live = Ending([FAR], ring_mib=1)
        send([ethernet(ipv4(udp(bytes([n])))) for n in range(9)])
    return live


def _frames(live: Live) -> list[bytes]:
    return [frame for block in live.blocks() for frame in _frames_of(block)]


def _frames_of(block: Block) -> list[bytes]:
    return [block.data[at : at + size].tobytes() for at, size in zip(block.offset, block.captured, strict=True)]


def _marsh(number: int) -> bytes:
    return ethernet(ipv4(udp(b"marsh %d" % number, dst_port=number), UDP))


def test_what_was_queued_before_the_stop_is_given_and_nothing_after() -> None:
    with private_network():
        live = Live([FAR], ring_mib=1)
        send([_marsh(n) for n in range(300)])
        live.stop()
        assert _frames(live) == [_marsh(n) for n in range(300)]
        assert (live.received, live.dropped, live.fill) == (300, 0, 0.0)
        assert list(live.blocks()) == []


def test_a_filter_and_a_snap_length_are_kept_from_the_first_packet_on() -> None:
    with private_network():
        live = Live([FAR], bpf="udp port 7", snap_bytes=64, ring_mib=1)
        send([_marsh(6), _marsh(7), ethernet(ipv4(udp(b"long" * 99, dst_port=7), UDP))])
        live.stop()
        (block,) = [block for block in live.blocks() if len(block.offset)]
    assert block.captured.tolist() == [len(_marsh(7)), 64]
    assert block.length.tolist() == [len(_marsh(7)), 42 + 396]
    assert live.received == 2


def test_both_directions_are_seen_on_a_pair_and_each_packet_once_on_loopback() -> None:
    with private_network(), Live([NEAR, "lo"], ring_mib=1) as live:
        send([_marsh(1)], NEAR)
        send([_marsh(2)], FAR)
        send([_marsh(3)], "lo")
        live.stop()
        assert sorted(_frames(live)) == [_marsh(1), _marsh(2), _marsh(3)]


def test_frames_for_others_are_taken_unless_told_otherwise() -> None:
    with private_network():
        for promiscuous in (True, False):
            with Live([FAR], promiscuous=promiscuous, ring_mib=1):
                assert f" promiscuity {int(promiscuous)} " in ip_says(f"-d link show {FAR}")
        assert " promiscuity 0 " in ip_says(f"-d link show {FAR}")


def test_drops_and_a_full_ring_are_counted_as_anomalies() -> None:
    with private_network(), Live([FAR], ring_mib=1) as live:
        send([ethernet(ipv4(udp(bytes(1000))))] * 3000)
        live.stop()
        given = sum(len(block.offset) for block in live.blocks())
    assert given == live.received
    assert live.anomalies["ring_dropped"] == live.dropped == 3000 - given > 0
    assert live.anomalies["ring_frozen"] >= 1


def test_an_interface_that_goes_down_is_counted_and_watched_further() -> None:
    with private_network(), Live([FAR], ring_mib=1) as live:
        seen = 0
        for number, block in enumerate(live.blocks()):
            seen += len(block.offset)
            if number == 0:
                ip(f"link set {FAR} down", f"link set {FAR} up")
            if number == 2:
                send([_marsh(1)])
                live.stop()
    assert seen == 1
    assert live.anomalies["interface_down"] == 1


def test_an_interface_that_is_removed_ends_the_capture_with_an_error() -> None:
    with private_network(), Live([FAR], ring_mib=1) as live:
        blocks = live.blocks()
        next(blocks)
        ip(f"link del {FAR}")
        with pytest.raises(SourceError, match="live: interface 'far' is gone"):
            list(itertools.islice(blocks, 50))


def test_a_capture_that_cannot_be_is_refused_when_it_is_made() -> None:
    with private_network():
        with pytest.raises(ConfigError, match="live: no interface 'fra'; did you mean 'far'"):
            Live(["fra"])
        with pytest.raises(ConfigError, match="bpf: 'prot 7': can't parse filter"):
            Live([FAR], bpf="prot 7")
        with pytest.raises(ConfigError) as caught:
            plan([FAR], None, 63, 0)
    assert caught.value.problems == [
        "sensor.snap_bytes: 63 is not 64 to 262,144 bytes",
        "sensor.ring_mib: 0 is not 1 to 4,096 MiB",
    ]


def test_any_takes_the_packets_of_all_interfaces_that_a_filter_lets_through() -> None:
    second = ("link add left type veth peer name right", "link set left up arp off", "link set right up arp off")
    with (
        private_network(*second),
        tun("tun0", NO_HEADER) as tunnel,
        Live(["any"], bpf="udp port 7", ring_mib=16) as live,
    ):
        for name in (NEAR, "right", "lo"):
            send([_marsh(6), _marsh(7)], name)
        os.write(tunnel, ipv4(udp(b"bare", dst_port=7), UDP))
        os.write(tunnel, ipv4(udp(b"bare", dst_port=8), UDP))
        came: list[bytes] = []
        for block in live.blocks():  # what comes in on one interface because it was sent on another takes its time
            came += _frames_of(block)
            if len(came) >= 6:
                live.stop()
        assert sorted(came) == sorted([_marsh(7)] * 5 + [ipv4(udp(b"bare", dst_port=7), UDP)])
        assert live.counters["any"].received == 6


def test_any_outlives_every_interface_and_takes_those_that_come_later() -> None:
    with private_network(), Live(["any"], ring_mib=16) as live:
        seen = 0
        for number, block in enumerate(live.blocks()):
            seen += len(block.offset)
            if number == 0:
                ip(f"link del {FAR}", "link add left type veth peer name right", "link set left up arp off")
                ip("link set right up arp off")
            if seen or number > 200:
                live.stop()
            else:
                send([_marsh(1)], "left")
    assert seen > 0
    assert live.anomalies == {}

"""The sensor on a wire: does it keep up, does it count what it cannot take, and how soon is a flow told?

In: nothing; needs root. Out: a table. Everything happens on a veth pair in a network namespace of this program's own,
gone with it: nothing can leave. The sensor has one core and the sender, with all of the kernel's work on both ends of
the pair, another.

1. tcpreplay a little above the rate that is the goal (--pps), over a capture of made-up traffic (traffic.py, whole
   packets), again and again. No packet may be dropped.
2. The same as fast as it can.
3. The same by a sender of our own (sendmmsg, PACKET_QDISC_BYPASS), where tcpreplay is the limit.
4. Overload on purpose: a small ring and a sensor that pauses; sent = metered + dropped has to hold exactly.
5. From a flow's 32nd packet on the wire to its row in the hands of the consumer, under moderate load: time of arrival
   minus `ts` + `duration` of rows that came because of it. Both are this machine's clock.

Where packets are dropped, the table says in which seconds of the run, and how long the sensor was away from the ring at
most: a pause of our own is as long there as in the ring.

    python bench/live.py --seconds 60
"""

import argparse
import ctypes
import json
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from redshank.capture.source import Block
from redshank.capture.sources.live import Live
from redshank.capture.sources.pcap import Pcap
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor
from redshank.flows.warm import warm

HERE = Path(__file__).parent
NEAR, FAR = "near", "far"
GOAL_PER_S, GOAL_MS = 500_000, 100.0
_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET, _SOL_PACKET, _PACKET_QDISC_BYPASS = 0x40000000, 263, 20
_AT_ONCE = 256


class Paused(Live):
    """A wire whose reader pauses, and that knows when packets were dropped and how long nobody asked for the next."""

    pause_s = 0.0
    away_s = 0.0

    def blocks(self) -> Iterator[Block]:
        """Give the blocks, and sleep before each that holds frames."""
        self.drops: dict[int, int] = {}
        begin, before = time.monotonic(), 0
        for block in super().blocks():
            if self.pause_s and len(block.offset):
                time.sleep(self.pause_s)
            left = time.monotonic()
            yield block
            now = time.monotonic()
            self.away_s = max(self.away_s, now - left)
            if self.dropped > before:
                self.drops[int(now - begin)] = self.drops.get(int(now - begin), 0) + self.dropped - before
                before = self.dropped


def sense(ring_mib: int, pause_s: float) -> None:
    """Meter the far end until standard input ends; print what was seen as JSON. A process of its own."""
    warm()
    live = Paused([FAR], ring_mib=ring_mib)
    live.pause_s = pause_s
    sensor = Sensor(live, MeterSettings(), live=True)
    os.set_blocking(0, False)
    print("ready", flush=True)
    rows = metered = 0
    fill = 0.0
    waits: list[np.ndarray[Any, Any]] = []
    before = resource.getrusage(resource.RUSAGE_SELF)
    begin = looked = time.monotonic()
    for batch in sensor.batches():
        now_ns = time.time_ns()
        rows += batch.num_rows
        packets = pc.add(batch["src_pkts"], batch["dst_pkts"])
        metered += pc.sum(packets.filter(pc.equal(batch["part"], "final"))).as_py() or 0
        chosen = pc.and_(pc.equal(batch["part_reason"], "packets"), pc.equal(packets, 32))
        told = batch.filter(chosen)
        last_ns = told["ts"].cast("int64").to_numpy() + told["duration"].to_numpy(zero_copy_only=False) * 1e9
        waits.append((now_ns - last_ns) / 1e6)
        if time.monotonic() - looked > 0.1:
            looked = time.monotonic()
            fill = max(fill, live.fill)
            try:
                if not os.read(0, 1):
                    sensor.stop()
            except BlockingIOError:
                pass
    seconds = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wait_ms = np.concatenate(waits) if waits else np.empty(0)
    seen = {"packets": sensor.packets, "metered": metered, "dropped": live.dropped, "rows": rows, "fill": fill}
    tails = {f"p{q}": float(np.percentile(wait_ms, q)) for q in (50, 99, 100)} if len(wait_ms) else {}
    odd = {".".join(name): count for name, count in sensor.anomalies.items()}
    late = {"drops": live.drops, "away_ms": live.away_s * 1e3}
    print(json.dumps({**seen, **late, "cpu": cpu_s / seconds, "told": len(wait_ms), **tails, "anomalies": odd}))


class _Message(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint),
        ("pieces", ctypes.c_void_p),
        ("piece_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("sent", ctypes.c_uint),
    )


class _Piece(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


def shout(path: Path, seconds: float) -> None:
    """Send the frames of a capture again and again, many with each call. A process of its own."""
    copies = [(block.data.copy(), block.offset.tolist(), block.captured.tolist()) for block in Pcap(path).blocks()]
    count = sum(len(offsets) for _, offsets, _ in copies)
    messages, pieces = (_Message * count)(), (_Piece * count)()
    at = 0
    for data, offsets, sizes in copies:
        for offset, size in zip(offsets, sizes, strict=True):
            pieces[at] = _Piece(data.ctypes.data + offset, size)
            messages[at].pieces = ctypes.addressof(pieces) + at * ctypes.sizeof(_Piece)
            messages[at].piece_count = 1
            at += 1
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as handle:
        handle.setsockopt(_SOL_PACKET, _PACKET_QDISC_BYPASS, 1)
        handle.bind((NEAR, 0))
        address, size = ctypes.addressof(messages), ctypes.sizeof(_Message)
        end = time.monotonic() + seconds
        at = 0
        while time.monotonic() < end:
            done = _LIBC.sendmmsg(handle.fileno(), ctypes.c_void_p(address + at * size), min(_AT_ONCE, count - at), 0)
            if done < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            at = (at + done) % count


@dataclass(frozen=True)
class Result:
    """What one run gave: what the far end of the pair took, in how long, and what the sensor saw of it."""

    sent: int
    seconds: float
    seen: dict[str, Any]

    @property
    def per_s(self) -> float:
        """Packets a second on the wire."""
        return self.sent / self.seconds


def run(sender: list[str], *, ring_mib: int = 64, pause_s: float = 0.0) -> Result:
    """Let the sensor watch while somebody sends."""
    argv = ["taskset", "-c", "1", sys.executable, __file__, "--sense", str(ring_mib), str(pause_s)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sensor:
        assert sensor.stdin is not None
        assert sensor.stdout is not None
        assert sensor.stdout.readline() == "ready\n", "the sensor did not start"
        before, begin = arrived(), time.monotonic()
        subprocess.run(["taskset", "-c", "0", *sender], check=True, stdout=subprocess.DEVNULL)
        sent, seconds = arrived() - before, time.monotonic() - begin
        sensor.stdin.close()
        seen = json.loads(sensor.stdout.readline())
    return Result(sent, seconds, seen)


def arrived() -> int:
    """Packets that came out of the far end, as the kernel counts them."""
    text = Path("/proc/thread-self/net/dev").read_text(encoding="ascii")
    found = re.search(rf"^\s*{FAR}:\s*\d+\s+(\d+)", text, re.MULTILINE)
    assert found
    return int(found[1])


def show(name: str, result: Result) -> None:
    """Print one line."""
    seen = result.seen
    exact = seen["packets"] + seen["dropped"] == result.sent and seen["metered"] == seen["packets"]
    print(
        f"{name:22} {result.per_s:>11,.0f} {result.sent:>12,} {seen['metered']:>12,} {seen['dropped']:>10,} "
        f"{'yes' if exact else 'NO':>6} {seen['cpu']:>6.0%} {seen['fill']:>6.0%} "
        f"{seen['away_ms']:>8.0f} {seen['rows']:>10,}"
    )
    if seen["drops"]:
        print(
            f"{'':22} dropped: {', '.join(f'{count:,} in second {second}' for second, count in seen['drops'].items())}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each of the fast runs lasts")
    parser.add_argument("--pps", type=int, default=520_000, help="packets a second that are all metered")
    parser.add_argument("--packets", type=int, default=200_000, help="packets of the capture that is sent again")
    parser.add_argument("--sense", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--shout", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sense:
        sense(int(given.sense[0]), float(given.sense[1]))
        return
    if given.shout:
        shout(Path(given.shout[0]), float(given.shout[1]))
        return
    if _LIBC.unshare(_CLONE_NEWNET) != 0:
        sys.exit(f"live: {os.strerror(ctypes.get_errno())}; a network namespace needs root")
    Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1", encoding="ascii")
    lines = [
        f"link add {NEAR} type veth peer name {FAR}",
        *(f"link set {name} up arp off mtu 9000" for name in (NEAR, FAR)),
    ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "traffic.pcap")
        writer = [sys.executable, str(HERE / "traffic.py"), str(path), "--packets", str(given.packets)]
        subprocess.run([*writer, "--snap-bytes", "65535"], check=True, stdout=subprocess.DEVNULL)
        measure(path, given.seconds, given.pps)


def measure(path: Path, seconds: float, pps: int) -> None:
    """Do all five measurements."""
    replay = ["tcpreplay", "-q", "-K", "-i", NEAR, "--loop", "0"]
    loud = [sys.executable, __file__, "--shout", str(path)]
    print(
        f"{'':22} {'packets/s':>11} {'sent':>12} {'metered':>12} {'dropped':>10} "
        f"{'exact':>6} {'CPU':>6} {'ring':>6} {'away ms':>8} {'rows':>10}"
    )
    steady = run([*replay, "--pps", str(pps), "--duration", str(round(seconds)), str(path)])
    show(f"tcpreplay, {pps:,}", steady)
    fast = run([*replay, "--topspeed", "--duration", str(round(seconds)), str(path)])
    show("tcpreplay, topspeed", fast)
    own = run([*loud, str(seconds)])
    show("sendmmsg", own)
    show("overload", run([*loud, str(min(seconds, 10.0))], ring_mib=4, pause_s=0.02))
    calm = run([*replay, "--pps", "100000", "--duration", str(round(min(seconds, 20.0))), str(path)])
    show("100,000 packets/s", calm)
    seen = calm.seen
    whole = [result for result in (steady, fast, own) if not result.seen["dropped"] and result.per_s >= GOAL_PER_S]
    best = max((result.per_s for result in whole), default=0)
    print(
        f"{round(seconds)} s at {GOAL_PER_S:,} packets/s or more without a drop: "
        f"{f'met, at {best:,.0f}' if whole else 'MISSED'}"
    )
    print(
        f"from a flow's 32nd packet to its row: p50 {seen['p50']:.1f} ms, p99 {seen['p99']:.1f} ms "
        f"(goal {GOAL_MS:.0f}), longest {seen['p100']:.1f} ms, over {seen['told']:,} flows"
    )
    for name, result in ((f"{pps:,}", steady), ("topspeed", fast), ("sendmmsg", own), ("calm", calm)):
        print(f"anomalies, {name}: {result.seen['anomalies'] or 'none'}")


if __name__ == "__main__":
    main()

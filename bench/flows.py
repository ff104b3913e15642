"""Packets a second of the meter beside argus, as whole processes on one core, over the same synthetic capture.

Prints both times, their ratio and the sensor's peak memory. The ratio is the result: the machine's speed cancels out.
The capture: 1.5 M packets of 117 k flows (TCP sessions, DNS questions, single SYNs, pings), interleaved in time.

    python bench/flows.py                # writes the capture to a temporary folder first
    python bench/flows.py --flows 20000  # a smaller one
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

FLOWS = 117_000
START_S = 1_700_000_000
_KINDS = ("tcp", "dns", "syn", "ping")
_SHARES = (0.45, 0.35, 0.15, 0.05)

SENSOR = """
import resource, sys
from pathlib import Path
from redshank.capture.sources.pcap import Pcap
from redshank.flows.sources.sensor import Sensor
sensor = Sensor(Pcap(Path(sys.argv[1])))
flows = sum(batch.num_rows for batch in sensor.batches())
print(sensor.packets, flows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def header(src: int, dst: int, proto: int, size: int) -> npt.NDArray[np.uint8]:
    """Return Ethernet and IPv4 headers of a packet with `size` bytes behind them; checksums are left zero."""
    frame = np.zeros(34, np.uint8)
    frame[0], frame[6], frame[12], frame[14], frame[22], frame[23] = 2, 2, 8, 0x45, 64, proto
    frame[11] = frame[5] = 1
    frame[16:18] = divmod(20 + size, 256)
    frame[26:30] = np.frombuffer(src.to_bytes(4, "big"), np.uint8)
    frame[30:34] = np.frombuffer(dst.to_bytes(4, "big"), np.uint8)
    return frame


def packet(src: int, dst: int, sport: int, dport: int, proto: int, payload: int, tcp: tuple[int, int, int]) -> bytes:
    """Return one frame; `tcp` is (seq, ack, flags)."""
    if proto == 6:
        seq, ack, flags = tcp
        head = sport.to_bytes(2, "big") + dport.to_bytes(2, "big") + seq.to_bytes(4, "big") + ack.to_bytes(4, "big")
        rest = head + bytes((0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0))
    elif proto == 17:
        rest = sport.to_bytes(2, "big") + dport.to_bytes(2, "big") + (8 + payload).to_bytes(2, "big") + b"\0\0"
    else:
        rest = bytes((sport, 0, 0, 0, 0, 1, 0, 1))
    return header(src, dst, proto, len(rest) + payload).tobytes() + rest + bytes(payload)


def flow(kind: str, src: int, dst: int, port: int, exchanges: int) -> list[bytes]:
    """Return the frames of one flow in order."""
    if kind == "syn":
        return [packet(src, dst, port, 23, 6, 0, (1000, 0, 2))]
    if kind in ("dns", "ping"):
        proto, there, back = (17, port, 53) if kind == "dns" else (1, 8, 0)
        return [
            packet(src, dst, there, back, proto, 32, (0, 0, 0)),
            packet(dst, src, back, there, proto, 64, (0, 0, 0)),
        ]
    a, b = 1001, 9001
    frames = [
        packet(src, dst, port, 1883, 6, 0, (1000, 0, 2)),
        packet(dst, src, 1883, port, 6, 0, (9000, a, 18)),
        packet(src, dst, port, 1883, 6, 0, (a, b, 16)),
    ]
    for _ in range(exchanges):
        frames += [
            packet(src, dst, port, 1883, 6, 120, (a, b, 24)),
            packet(dst, src, 1883, port, 6, 40, (b, a + 120, 24)),
            packet(src, dst, port, 1883, 6, 0, (a + 120, b + 40, 16)),
        ]
        a, b = a + 120, b + 40
    return [
        *frames,
        packet(src, dst, port, 1883, 6, 0, (a, b, 17)),
        packet(dst, src, 1883, port, 6, 0, (b, a + 1, 17)),
        packet(src, dst, port, 1883, 6, 0, (a + 1, b + 1, 16)),
    ]


def write(path: Path, flows: int, seed: int = 1) -> int:
    """Write the capture; return its packets."""
    random = np.random.default_rng(seed)
    kinds = random.choice(len(_KINDS), flows, p=_SHARES)
    begins = np.sort(random.uniform(0, 600, flows))
    exchanges = random.integers(1, 14, flows)
    times: list[float] = []
    frames: list[bytes] = []
    for number in range(flows):
        src, dst = 0x0A000000 + int(random.integers(1, 4000)), 0x0A010000 + int(random.integers(1, 400))
        made = flow(_KINDS[kinds[number]], src, dst, 1024 + number % 60000, int(exchanges[number]))
        times += (begins[number] + np.cumsum(random.exponential(0.2, len(made)))).tolist()
        frames += made
    with path.open("wb") as file:
        file.write(np.array([0xA1B2C3D4, 0x00040002, 0, 0, 65535, 1], "<u4").tobytes())
        for place in np.argsort(times, kind="stable"):
            micros, frame = int(times[place] * 1e6), frames[place]
            head = (START_S + micros // 1_000_000, micros % 1_000_000, len(frame), len(frame))
            file.write(np.array(head, "<u4").tobytes() + frame)
    return len(frames)


def timed(command: list[str], core: int) -> tuple[float, str]:
    """Run a command on one core; return the CPU seconds it took and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, done.stdout.decode(errors="replace") if b"\0" not in done.stdout[:64] else ""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, default=FLOWS)
    flows = parser.parse_args().flows
    core = min(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.pcap"
        began = time.perf_counter()
        packets = write(path, flows)
        size = path.stat().st_size / 1e6
        print(f"{packets} packets of {flows} flows, {size:.0f} MB, in {time.perf_counter() - began:.0f} s")
        sensor = [sys.executable, "-c", SENSOR, str(path)]
        timed(sensor, core)  # compiles the kernels once
        tiny = Path(folder) / "tiny.pcap"
        write(tiny, 50)
        start_up, _ = timed([*sensor[:-1], str(tiny)], core)
        ours, text = timed(sensor, core)
        counted, rows, megabytes = text.split()
        print(
            f"redshank  {ours:7.2f} s CPU  {packets / ours / 1e6:5.2f} M packets/s  {rows} flows, {megabytes} MiB peak"
        )
        if int(counted) != packets:
            raise SystemExit(f"bench: the sensor counted {counted} of {packets} packets")
        argus = shutil.which("argus")
        if argus is None:
            print("argus     not installed; run `make services`")
            return
        theirs, _ = timed([argus, "-X", "-r", str(path), "-w", "-"], core)
        print(f"argus     {theirs:7.2f} s CPU  {packets / theirs / 1e6:5.2f} M packets/s")
        print(f"start-up  {start_up:7.2f} s CPU of redshank's (imports, loading compiled kernels)")
        print(
            f"ratio     {theirs / ours:7.2f} argus's time over ours, {theirs / (ours - start_up):.2f} without start-up"
        )


if __name__ == "__main__":
    main()
